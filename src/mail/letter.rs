//! The closed list of letters Portico writes.

use crate::kernel::Timestamp;

/// One letter; links are complete addresses.
#[derive(Clone, Debug)]
pub enum Letter {
    /// Someone is invited into an organization.
    Invitation {
        /// The organization.
        organization: String,
        /// Who invites.
        inviter: String,
        /// The link to the landing page.
        link: String,
        /// The code to type by hand.
        code: String,
        /// When link and code stop working.
        expires_at: Timestamp,
        /// Applications that come with it.
        applications: Vec<String>,
    },
    /// Someone takes over from a leaver.
    HandOver {
        /// The organization.
        organization: String,
        /// Who arranged it.
        inviter: String,
        /// Whom they take over from.
        leaver: String,
        /// The link to the landing page.
        link: String,
        /// The code to type by hand.
        code: String,
        /// When link and code stop working.
        expires_at: Timestamp,
    },
    /// A person who already has an account was added to an organization.
    MembershipAdded {
        /// The organization.
        organization: String,
        /// Who added them.
        inviter: String,
        /// The start page.
        link: String,
    },
    /// A new password was asked for.
    PasswordReset {
        /// The link.
        link: String,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// The password was changed; a warning in case it was not them.
    PasswordChanged {
        /// When.
        at: Timestamp,
    },
    /// The second factor was set up, changed or taken off.
    SecondFactorChanged {
        /// When.
        at: Timestamp,
        /// What happened, in a sentence.
        what: String,
    },
    /// So many wrong codes of the second factor were entered that no more are looked at for a while.
    SecondFactorGuessed {
        /// How many.
        wrong: i32,
        /// When codes are looked at again.
        until: Timestamp,
        /// The page to ask for a new password on.
        link: String,
    },
    /// A membership was paused.
    MembershipSuspended {
        /// The organization.
        organization: String,
        /// Why, when it was said.
        reason: Option<String>,
    },
    /// A paused membership counts again.
    MembershipReinstated {
        /// The organization.
        organization: String,
        /// The start page.
        link: String,
    },
    /// An application was assigned.
    ApplicationAssigned {
        /// The organization.
        organization: String,
        /// The application.
        application: String,
        /// Who assigned it.
        by: String,
        /// When it ends; none means as long as the organization holds it.
        ends_at: Option<Timestamp>,
        /// The application's page.
        link: String,
    },
    /// Somebody answers for a partner from now on.
    OwnerNamed {
        /// The partner.
        organization: String,
        /// As deputy, not as owner.
        as_deputy: bool,
        /// The partner's page.
        link: String,
    },
    /// Somebody does not answer for a partner any more.
    OwnerReleased {
        /// The partner.
        organization: String,
        /// Who does now.
        successor: String,
    },
    /// The last contract of a partner ends soon.
    ContractEnding {
        /// The partner.
        organization: String,
        /// Number or name on the paper.
        reference: String,
        /// When it ends.
        ends_at: Timestamp,
        /// How many people have access.
        people: u64,
        /// The page of the contracts.
        link: String,
    },
    /// People of an organization sign in through its own identity provider now, or no longer.
    SignInSwitched {
        /// The partner.
        organization: String,
        /// The connection, as its people know it.
        provider: String,
        /// It is in use now.
        live: bool,
        /// When.
        at: Timestamp,
        /// The page of the connection.
        link: String,
    },
    /// Somebody without an account is asked to set up an organization's sign-in.
    SetupLink {
        /// The partner.
        organization: String,
        /// Who asks.
        sender: String,
        /// The link to the landing page.
        link: String,
        /// When it stops working.
        expires_at: Timestamp,
        /// How long whoever opens it can go on.
        hours: i64,
    },
    /// Whoever had a set-up link is finished.
    SetupFinished {
        /// The partner.
        organization: String,
        /// The connections, as their people know them.
        providers: String,
        /// Whom the link was sent to.
        by: String,
        /// A trial since the last change would have let somebody in.
        tried: bool,
        /// The page of the connections.
        link: String,
    },
    /// The DNS record of a proven domain is not there any more.
    DomainMissing {
        /// The partner.
        organization: String,
        /// The domain.
        domain: String,
        /// It was missing for too long.
        lost: bool,
        /// The page of the domains.
        link: String,
    },
    /// The signing certificate of a partner's identity provider ends soon.
    CertificateEnding {
        /// The partner.
        organization: String,
        /// The connection, as its people know it.
        provider: String,
        /// When.
        ends_at: Timestamp,
        /// The page of the connection.
        link: String,
    },
    /// A membership is over.
    MembershipEnded {
        /// The organization.
        organization: String,
    },
    /// A certification is due or overdue.
    CertificationDue {
        /// The partner.
        organization: String,
        /// When it is (or was) due.
        due_at: Timestamp,
        /// When its access is paused if nothing happens.
        suspended_at: Timestamp,
        /// That moment has come already.
        paused: bool,
        /// The page to decide on.
        link: String,
    },
    /// A certification is due or overdue, and neither owner nor deputy can decide.
    NobodyCertifies {
        /// The partner.
        organization: String,
        /// When it is (or was) due.
        due_at: Timestamp,
        /// When its access is paused if nothing happens.
        suspended_at: Timestamp,
        /// That moment has come already.
        paused: bool,
        /// The page to name an owner on.
        link: String,
    },
    /// A partner was suspended because nobody certified it, or someone declined.
    PartnerSuspended {
        /// The partner.
        organization: String,
        /// Why.
        reason: String,
        /// The partner's page.
        link: String,
    },
    /// The relationship with a partner was ended for good.
    PartnerOffboarded {
        /// The partner.
        organization: String,
        /// Why.
        reason: String,
        /// The partner's page.
        link: String,
    },
}

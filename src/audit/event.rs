//! The closed list of things the trail can tell, and the shape in which it tells them.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    kernel::{ApplicationId, OrganizationId, string_enum},
    signin::Ended,
};

string_enum! {
    /// How it ended.
    pub enum Outcome {
        /// A change was made.
        Success = "success",
        /// An attempt failed.
        Failure = "failure",
        /// A decision let someone through.
        Allowed = "allowed",
        /// A decision refused.
        Denied = "denied",
    }
}

string_enum! {
    /// What happened. The spelling is stable: exports and filters depend on it.
    pub enum EventKind {
        /// Signed in.
        SignedIn = "sign_in.succeeded",
        /// A sign-in was refused.
        SignInFailed = "sign_in.failed",
        /// Too many attempts.
        SignInThrottled = "sign_in.throttled",
        /// Signed out.
        SignedOut = "sign_in.ended",
        /// A fresh second factor was given.
        SteppedUp = "sign_in.stepped_up",
        /// Switched to another organization.
        HatSwitched = "session.switched",
        /// Sessions were ended by their owner.
        SessionsEnded = "session.ended",
        /// A reset link was asked for.
        PasswordResetRequested = "password.reset_requested",
        /// A password was set or changed.
        PasswordChanged = "password.changed",
        /// A second factor was set up.
        TotpEnrolled = "second_factor.enrolled",
        /// A second factor was taken off.
        TotpRemoved = "second_factor.removed",
        /// Recovery codes were made.
        RecoveryCodesCreated = "recovery_codes.created",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_codes.used",
        /// A partner's identity provider named somebody for the first time.
        IdentityLinked = "identity.linked",
        /// An organization said that a domain is theirs.
        DomainClaimed = "domain.claimed",
        /// The DNS record of a domain was seen.
        DomainProven = "domain.proven",
        /// The DNS record of a proven domain was not there.
        DomainMissing = "domain.missing",
        /// The DNS record was missing for too long.
        DomainLost = "domain.lost",
        /// A domain was given up.
        DomainGivenUp = "domain.given_up",
        /// A domain was given another connection.
        DomainAssigned = "domain.assigned",
        /// A connection to an identity provider was begun.
        ProviderCreated = "identity_provider.created",
        /// A connection was changed.
        ProviderChanged = "identity_provider.changed",
        /// People sign in through it from now on.
        ProviderSwitchedOver = "identity_provider.switched_over",
        /// It was switched off.
        ProviderPaused = "identity_provider.paused",
        /// It was removed.
        ProviderRemoved = "identity_provider.removed",
        /// Somebody without an account was sent a set-up link.
        SetupLinkSent = "setup_link.sent",
        /// It was sent again, under a new value.
        SetupLinkResent = "setup_link.resent",
        /// It was withdrawn.
        SetupLinkWithdrawn = "setup_link.withdrawn",
        /// It was opened.
        SetupLinkOpened = "setup_link.opened",
        /// A trial of a connection was begun with it.
        SetupLinkTrial = "setup_link.trial",
        /// Whoever had it is finished.
        SetupLinkFinished = "setup_link.finished",
        /// Both sides were told that a certificate of an identity provider ends soon.
        CertificateEnding = "identity_provider.certificate_ending",
        /// Too many sign-ins through a partner's identity provider failed; local passwords are let in again.
        ProviderFellBack = "identity_provider.fell_back",
        /// Name or zone was changed.
        ProfileChanged = "person.changed",
        /// A person was created.
        PersonCreated = "person.created",
        /// A role in the tenant was given.
        TenantRoleGranted = "tenant_role.granted",
        /// A role in the tenant was taken away.
        TenantRoleRevoked = "tenant_role.revoked",
        /// The tenant's own settings were changed.
        TenantChanged = "tenant.changed",
        /// A template for new partners was written.
        TemplateCreated = "organization_template.created",
        /// A template was changed.
        TemplateChanged = "organization_template.changed",
        /// A template was removed.
        TemplateRemoved = "organization_template.removed",
        /// A partner took over what a template gives.
        TemplateApplied = "organization_template.applied",
        /// An organization was created.
        OrganizationCreated = "organization.created",
        /// An organization was changed.
        OrganizationChanged = "organization.changed",
        /// An organization was activated.
        OrganizationActivated = "organization.activated",
        /// An organization was suspended.
        OrganizationSuspended = "organization.suspended",
        /// An organization was offboarded.
        OrganizationOffboarded = "organization.offboarded",
        /// Colour or logo was changed.
        BrandingChanged = "organization.branding_changed",
        /// A contract was added.
        ContractCreated = "contract.created",
        /// A contract was changed.
        ContractChanged = "contract.changed",
        /// The owner was told that a contract ends soon.
        ContractEnding = "contract.ending",
        /// Someone was invited.
        MemberInvited = "invitation.sent",
        /// An invitation was sent again.
        InvitationResent = "invitation.resent",
        /// An invitation was withdrawn.
        InvitationWithdrawn = "invitation.withdrawn",
        /// An invitation's page was opened.
        InvitationOpened = "invitation.opened",
        /// An invitation was accepted.
        InvitationAccepted = "invitation.accepted",
        /// A member was added without an invitation.
        MemberAdded = "member.added",
        /// A leaver handed over to a joiner.
        MemberRotated = "member.rotated",
        /// A member was suspended.
        MemberSuspended = "member.suspended",
        /// A member was reinstated.
        MemberReinstated = "member.reinstated",
        /// A member was removed.
        MemberRemoved = "member.removed",
        /// A leave date was set or cleared.
        LeaveScheduled = "member.leave_scheduled",
        /// A role was changed.
        RoleChanged = "member.role_changed",
        /// A member's end came.
        MemberEnded = "member.ended",
        /// An application was added to the catalogue.
        ApplicationCreated = "application.created",
        /// An application was changed.
        ApplicationChanged = "application.changed",
        /// An application was retired.
        ApplicationRetired = "application.retired",
        /// An application was restored.
        ApplicationRestored = "application.restored",
        /// A scope was added or changed.
        ScopeChanged = "application.scope_changed",
        /// An organization was entitled.
        EntitlementGranted = "entitlement.granted",
        /// An entitlement was changed.
        EntitlementChanged = "entitlement.changed",
        /// An entitlement was taken away.
        EntitlementRevoked = "entitlement.revoked",
        /// An application was assigned.
        AssignmentGranted = "assignment.granted",
        /// An assignment was changed.
        AssignmentChanged = "assignment.changed",
        /// An assignment was taken away.
        AssignmentRevoked = "assignment.revoked",
        /// A member gave an application back.
        AssignmentReturned = "assignment.returned",
        /// A launch was decided.
        Launched = "application.launched",
        /// A client's request to know who somebody is was decided.
        Authorized = "authorization.decided",
        /// Tokens were issued, or refused.
        TokenIssued = "token.issued",
        /// A client asked for a token in which it acts for somebody.
        TokenExchanged = "token.exchanged",
        /// A system was let to act for somebody.
        DelegationGiven = "delegation.given",
        /// That was ended.
        DelegationEnded = "delegation.ended",
        /// A client was stopped from acting for somebody, or from holding what they had let it have.
        ActingStopped = "delegation.stopped",
        /// An operator said where a client may act for people.
        ActingDeclared = "client.acting_declared",
        /// Took that back.
        ActingWithdrawn = "client.acting_withdrawn",
        /// Somebody allowed an application what it asked for.
        ConsentGiven = "consent.given",
        /// Took that back.
        ConsentWithdrawn = "consent.withdrawn",
        /// Tokens were ended before their time.
        TokensRevoked = "token.revoked",
        /// A client was registered.
        ClientRegistered = "client.registered",
        /// A client was changed.
        ClientChanged = "client.changed",
        /// A client failed to prove who it is.
        ClientFailed = "client.failed",
        /// A policy got a text; it decides nothing yet.
        PolicyWritten = "policy.written",
        /// A version of a policy decides from now on.
        PolicyActivated = "policy.activated",
        /// An earlier version decides again.
        PolicyRolledBack = "policy.rolled_back",
        /// A policy decides no more.
        PolicyRetired = "policy.retired",
        /// The next signing key was made.
        SigningKeyRotated = "signing_key.rotated",
        /// A partner was certified.
        Certified = "certification.certified",
        /// A partner was declined.
        CertificationDeclined = "certification.declined",
        /// A certification lapsed.
        CertificationLapsed = "certification.lapsed",
        /// So many partners would have been suspended at once that none was.
        SweepStopped = "lifecycle.stopped",
        /// Somebody tried what they may not.
        AccessDenied = "access.denied",
        /// The trail was exported.
        TrailExported = "audit.exported",
        /// A declaration was applied.
        DeclarationApplied = "declaration.applied",
        /// A dead message was put back into the queue.
        OutboxRetried = "outbox.retried",
    }
}

impl EventKind {
    /// What happened, for a person, e.g. "Suspended a member".
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::SignedIn => "Signed in",
            Self::SignInFailed => "Failed to sign in",
            Self::SignInThrottled => "Too many sign-in attempts",
            Self::SignedOut => "Signed out",
            Self::SteppedUp => "Confirmed with a second factor",
            Self::HatSwitched => "Switched organization",
            Self::SessionsEnded => "Ended sessions",
            Self::PasswordResetRequested => "Asked for a new password",
            Self::PasswordChanged => "Changed a password",
            Self::TotpEnrolled => "Set up an authenticator app",
            Self::TotpRemoved => "Removed an authenticator app",
            Self::RecoveryCodesCreated => "Created recovery codes",
            Self::RecoveryCodeUsed => "Used a recovery code",
            Self::IdentityLinked => "First sign-in through the company's own sign-in",
            Self::DomainClaimed => "Added a domain",
            Self::DomainProven => "Proved a domain",
            Self::DomainMissing => "The record of a domain is missing",
            Self::DomainLost => "Lost a domain",
            Self::DomainGivenUp => "Gave a domain up",
            Self::DomainAssigned => "Changed the sign-in of a domain",
            Self::ProviderCreated => "Began to connect the company's own sign-in",
            Self::ProviderChanged => "Changed the company's own sign-in",
            Self::ProviderSwitchedOver => "Switched over to the company's own sign-in",
            Self::ProviderPaused => "Switched the company's own sign-in off",
            Self::ProviderRemoved => "Removed the company's own sign-in",
            Self::SetupLinkSent => "Sent a set-up link",
            Self::SetupLinkResent => "Sent a set-up link again",
            Self::SetupLinkWithdrawn => "Withdrew a set-up link",
            Self::SetupLinkOpened => "Opened a set-up link",
            Self::SetupLinkTrial => "Tried a connection with a set-up link",
            Self::SetupLinkFinished => "Finished the set-up with a link",
            Self::CertificateEnding => "Told that a certificate ends soon",
            Self::ProviderFellBack => "Let local passwords in again",
            Self::ProfileChanged => "Changed a profile",
            Self::PersonCreated => "Created a person",
            Self::TenantRoleGranted => "Gave a company role",
            Self::TenantRoleRevoked => "Took a company role away",
            Self::TenantChanged => "Changed company settings",
            Self::TemplateCreated => "Wrote a partner template",
            Self::TemplateChanged => "Changed a partner template",
            Self::TemplateRemoved => "Removed a partner template",
            Self::TemplateApplied => "Set a partner up from a template",
            Self::OrganizationCreated => "Created an organization",
            Self::OrganizationChanged => "Changed an organization",
            Self::OrganizationActivated => "Activated an organization",
            Self::OrganizationSuspended => "Suspended an organization",
            Self::OrganizationOffboarded => "Offboarded an organization",
            Self::BrandingChanged => "Changed the branding",
            Self::ContractCreated => "Added a contract",
            Self::ContractChanged => "Changed a contract",
            Self::ContractEnding => "Told that a contract ends soon",
            Self::MemberInvited => "Invited a person",
            Self::InvitationResent => "Sent an invitation again",
            Self::InvitationWithdrawn => "Withdrew an invitation",
            Self::InvitationOpened => "Opened an invitation",
            Self::InvitationAccepted => "Accepted an invitation",
            Self::MemberAdded => "Added a member",
            Self::MemberRotated => "Handed over to a successor",
            Self::MemberSuspended => "Suspended a member",
            Self::MemberReinstated => "Reinstated a member",
            Self::MemberRemoved => "Removed a member",
            Self::LeaveScheduled => "Changed a leave date",
            Self::RoleChanged => "Changed a role",
            Self::MemberEnded => "Membership ended",
            Self::ApplicationCreated => "Added an application",
            Self::ApplicationChanged => "Changed an application",
            Self::ApplicationRetired => "Retired an application",
            Self::ApplicationRestored => "Restored an application",
            Self::ScopeChanged => "Changed a permission",
            Self::EntitlementGranted => "Entitled an organization",
            Self::EntitlementChanged => "Changed an entitlement",
            Self::EntitlementRevoked => "Took an entitlement away",
            Self::AssignmentGranted => "Assigned an application",
            Self::AssignmentChanged => "Changed an assignment",
            Self::AssignmentRevoked => "Took an assignment away",
            Self::AssignmentReturned => "Gave an application back",
            Self::Launched => "Launched an application",
            Self::Authorized => "Asked to sign in to an application",
            Self::TokenIssued => "Gave an application tokens",
            Self::TokenExchanged => "Acted for a person at an application",
            Self::DelegationGiven => "Let a system act for a person",
            Self::DelegationEnded => "Ended what let a system act for a person",
            Self::ActingStopped => "Stopped an application from acting for a person",
            Self::ActingDeclared => "Said where a client may act for people",
            Self::ActingWithdrawn => "Took back where a client may act for people",
            Self::ConsentGiven => "Allowed an application what it asked for",
            Self::ConsentWithdrawn => "Took back what an application was allowed",
            Self::TokensRevoked => "Ended tokens of an application",
            Self::ClientRegistered => "Registered a client of an application",
            Self::ClientChanged => "Changed a client of an application",
            Self::ClientFailed => "Failed to prove itself",
            Self::PolicyWritten => "Wrote a policy",
            Self::PolicyActivated => "Put a policy in force",
            Self::PolicyRolledBack => "Rolled a policy back",
            Self::PolicyRetired => "Retired a policy",
            Self::SigningKeyRotated => "Made the next signing key",
            Self::Certified => "Certified a partner",
            Self::CertificationDeclined => "Declined to certify a partner",
            Self::CertificationLapsed => "Certification lapsed",
            Self::SweepStopped => "Stopped a mass suspension",
            Self::AccessDenied => "Was refused",
            Self::TrailExported => "Exported the trail",
            Self::DeclarationApplied => "Applied a declaration",
            Self::OutboxRetried => "Retried a message",
        }
    }
}

/// The thing an event is about, named so that it can be read after the thing is gone.
#[derive(Clone, Debug)]
pub struct Subject {
    pub(super) kind: &'static str,
    pub(super) id: Uuid,
    pub(super) label: String,
}

impl Subject {
    /// A subject of a kind (a word of the domain, e.g. `member`).
    #[must_use]
    pub fn new(kind: &'static str, id: impl Into<Uuid>, label: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            label: label.into(),
        }
    }
}

/// One thing that happened, before who, when and from where are added by [`super::record`].
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) kind: EventKind,
    pub(super) outcome: Outcome,
    pub(super) organization: Option<(OrganizationId, String)>,
    pub(super) subject: Option<Subject>,
    pub(super) application: Option<(ApplicationId, String)>,
    pub(super) reason: Option<String>,
    pub(super) details: Map<String, Value>,
}

impl Event {
    /// A successful change; use the other methods to say more.
    #[must_use]
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            outcome: Outcome::Success,
            organization: None,
            subject: None,
            application: None,
            reason: None,
            details: Map::new(),
        }
    }
    /// How it ended, when not by a change that was made.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
    /// Whose trail it belongs to.
    #[must_use]
    pub fn organization(mut self, id: OrganizationId, name: impl Into<String>) -> Self {
        self.organization = Some((id, name.into()));
        self
    }
    /// What it is about.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }
    /// The application concerned.
    #[must_use]
    pub fn application(mut self, id: ApplicationId, name: impl Into<String>) -> Self {
        self.application = Some((id, name.into()));
        self
    }
    /// Why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
    /// Why, when somebody said so.
    #[must_use]
    pub fn reason_given(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }
    /// A particular, e.g. the new end date; never a secret.
    #[must_use]
    pub fn detail(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
    /// How many sessions and grants of clients ended with it.
    #[must_use]
    pub fn ended(self, ended: Ended) -> Self {
        self.detail("sessions_ended", ended.sessions)
            .detail("grants_ended", ended.grants)
            .detail("delegations_ended", ended.delegations)
    }
}

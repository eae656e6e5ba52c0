//! What the pages of invitations show.

pub use crate::store::invitations::InvitationFilter;

use std::collections::HashMap;

use super::{
    Draft, Facts, Invitation, InvitationState, Report, acceptance,
    acceptance::Opened,
    facts::{self, may_grant, may_manage},
    plan::review,
};
use crate::{
    access::{Action, Refused},
    cx::{Cx, Qx},
    kernel::{EmailAddress, InvitationId, OrganizationId, Page, PageRequest, PersonId, Timestamp},
    mail::MessageStatus,
    organizations::{self, Organization, commands::same_team},
    people::MemberRole,
    store::{self, StoreError},
    web::{PageError, routes},
};

/// How many invitations a page of the list shows.
pub const PAGE_SIZE: usize = 50;

/// The organization somebody invites into: their own, or a partner they answer for. Each has its own addresses.
#[derive(Clone, Debug)]
pub struct Place {
    /// The organization.
    pub organization: Organization,
    /// Reached as a partner, by the tenant's people.
    pub as_partner: bool,
}

impl Place {
    /// The page to invite.
    #[must_use]
    pub fn invite(&self) -> String {
        self.page(routes::TEAM_INVITE, "invite")
    }
    /// The page of the report.
    #[must_use]
    pub fn review(&self) -> String {
        self.page(routes::TEAM_INVITE_REVIEW, "invite/review")
    }
    /// The list.
    #[must_use]
    pub fn invitations(&self) -> String {
        self.page(routes::TEAM_INVITATIONS, "invitations")
    }
    /// The value of the forms' field that names the partner; empty for one's own organization.
    #[must_use]
    pub fn field(&self) -> String {
        if self.as_partner {
            self.organization.slug.clone()
        } else {
            String::new()
        }
    }
    /// The value of the field that says whose form it is in one's own organization; empty for a partner's.
    #[must_use]
    pub fn team(&self) -> String {
        if self.as_partner {
            String::new()
        } else {
            self.organization.id.to_string()
        }
    }
    fn page(&self, own: &str, part: &str) -> String {
        if self.as_partner {
            routes::partner_part(&self.organization.slug, part)
        } else {
            own.to_owned()
        }
    }
}

/// The place of a page; `partner` comes from the path of the tenant's pages.
///
/// # Errors
/// [`PageError`] when there is none, or the person may not invite there.
pub async fn place(qx: &Qx, partner: Option<&str>) -> Result<Place, PageError> {
    let organization = match partner {
        Some(slug) => organizations::queries::partner(qx, slug).await?,
        None => {
            let id = qx.actor.organization().ok_or(if qx.actor.person().is_none() {
                Refused::SignedOut
            } else {
                Refused::NotFound
            })?;
            store::organizations::get(&qx.db, id).await?.ok_or(PageError::NotFound)?
        }
    };
    qx.authorise(Action::InviteMember, &organization)?;
    Ok(Place {
        organization,
        as_partner: partner.is_some(),
    })
}

/// The place of a form. A partner's people name none: theirs comes from the actor.
///
/// # Errors
/// [`Refused`] when there is none, or the person may not invite there.
pub async fn place_of_form(cx: &Cx, partner: &str) -> Result<Place, PlaceError> {
    if cx.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let organization = match (cx.actor.organization(), partner) {
        (Some(id), "") => store::organizations::get(&cx.tx, id).await?,
        (None, slug) if !slug.is_empty() => store::organizations::find_by_slug(&cx.tx, slug).await?,
        _ => None,
    };
    let organization = organization.ok_or(Refused::NotFound)?;
    cx.authorise(Action::InviteMember, &organization)?;
    Ok(Place {
        organization,
        as_partner: !partner.is_empty(),
    })
}

/// The place of a form that begins something: nothing in it but `team` says which of their organizations a person filled it in for.
///
/// # Errors
/// As [`place_of_form`]; [`StoreError::Stale`] when another hat is worn by now.
pub async fn place_to_begin_in(cx: &Cx, partner: &str, team: &str) -> Result<Place, PlaceError> {
    let place = place_of_form(cx, partner).await?;
    same_team(cx, team.parse().ok())?;
    Ok(place)
}

/// Why a form has no place.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// None, or not for this person.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PlaceError> for crate::web::Refusal {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Access(refused) => refused.into(),
            PlaceError::Store(error) => error.into(),
        }
    }
}

/// What the form to invite offers, and how many seats there are.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn invite_form(qx: &Qx, place: &Place) -> Result<(Facts, Seats), StoreError> {
    let facts = facts::load(&qx.db, &qx.actor, &place.organization, &[], qx.tenant.time_zone, qx.now).await?;
    let seats = seats(qx, place.organization.id).await?;
    Ok((facts, seats))
}

/// Seats of the contract in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// What the contract has.
    pub all: u64,
    /// Members.
    pub taken: u64,
    /// Held free for invitations that wait.
    pub reserved: u64,
}

impl Seats {
    /// Seats for new invitations.
    #[must_use]
    pub fn left(self) -> u64 {
        self.all.saturating_sub(self.taken + self.reserved)
    }
}

async fn seats(qx: &Qx, organization: OrganizationId) -> Result<Seats, StoreError> {
    let contract = store::contracts::in_force(&qx.db, organization, qx.now).await?;
    Ok(Seats {
        all: contract.map_or(0, |contract| u64::try_from(contract.seats).unwrap_or_default()),
        taken: store::members::seats_taken(&qx.db, organization, qx.now).await?,
        reserved: store::invitations::seats_reserved(&qx.db, organization, qx.now).await?,
    })
}

/// The report of a draft as things stand now.
///
/// # Errors
/// [`PageError::NotFound`] when the draft is another organization's.
pub async fn report(qx: &Qx, place: &Place, draft: &Draft) -> Result<Report, PageError> {
    if draft.organization != place.organization.id {
        return Err(PageError::NotFound);
    }
    let facts = facts::load(
        &qx.db,
        &qx.actor,
        &place.organization,
        &draft.addresses(),
        qx.tenant.time_zone,
        qx.now,
    )
    .await?;
    Ok(review(draft, &facts))
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The invitation.
    pub invitation: Invitation,
    /// Where it stands.
    pub state: InvitationState,
    /// Who invited.
    pub inviter: Option<String>,
    /// Where the mail of the last sending stands.
    pub mail: Option<MessageStatus>,
    /// Names of the applications that come with it.
    pub applications: Vec<String>,
    /// Can be sent again by this person.
    pub may_resend: bool,
    /// Can be withdrawn by this person.
    pub may_withdraw: bool,
}

/// The list of invitations.
#[derive(Clone, Debug)]
pub struct List {
    /// One page.
    pub page: Page<Listed>,
    /// How many wait.
    pub waiting: u64,
    /// Seats.
    pub seats: Seats,
}

/// One page of the invitations of a place.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list(qx: &Qx, place: &Place, filter: &InvitationFilter, page: PageRequest) -> Result<List, StoreError> {
    let organization = place.organization.id;
    let found = store::invitations::list(&qx.db, organization, filter, page, PAGE_SIZE, qx.now).await?;
    let mails: HashMap<InvitationId, MessageStatus> = store::invitations::mails(&qx.db, &found.rows).await?;
    let inviters: HashMap<PersonId, String> =
        store::people::get_many(&qx.db, found.rows.iter().filter_map(|row| row.invited_by).collect::<Vec<_>>())
            .await?
            .into_iter()
            .map(|person| (person.id, person.name))
            .collect();
    let names: HashMap<_, _> = facts::holdings(&qx.db, organization, qx.now)
        .await?
        .into_iter()
        .map(|holding| (holding.entitlement.id, holding.application.name))
        .collect();
    let rows = found
        .rows
        .into_iter()
        .map(|invitation| {
            let state = invitation.state_at(qx.now);
            let pending = invitation.status == super::InvitationStatus::Pending;
            let over = invitation.member_ends_at.is_some_and(|end| end <= qx.now);
            Listed {
                state,
                inviter: invitation.invited_by.and_then(|id| inviters.get(&id).cloned()),
                mail: mails.get(&invitation.id).copied(),
                applications: invitation
                    .grants
                    .iter()
                    .filter_map(|grant| names.get(&grant.entitlement).cloned())
                    .collect(),
                may_resend: pending && !over && may_grant(&qx.actor, invitation.role),
                may_withdraw: pending && !invitation.is_hand_over() && may_manage(&qx.actor, invitation.role),
                invitation,
            }
        })
        .collect();
    Ok(List {
        page: Page {
            rows,
            older: found.older,
            newer: found.newer,
        },
        waiting: store::invitations::waiting(&qx.db, organization, qx.now).await?,
        seats: seats(qx, organization).await?,
    })
}

/// What the invited person is shown: enough to know what they accept, to whoever holds link or code.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The organization.
    pub organization: Organization,
    /// Who invited.
    pub inviter: Option<String>,
    /// The invited address.
    pub email: EmailAddress,
    /// Their name as the inviter knows it.
    pub name: String,
    /// The role.
    pub role: MemberRole,
    /// The applications.
    pub applications: Vec<String>,
    /// When the membership ends.
    pub ends_at: Option<Timestamp>,
    /// When link and code stop working.
    pub expires_at: Timestamp,
    /// It sets up the account of a member that exists.
    pub hand_over: bool,
}

/// How the invited person goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Choose name and password.
    SetUp,
    /// There is an account: sign in.
    SignIn,
    /// Signed in as the invited person: accept.
    Accept,
    /// Somebody else is signed in, with this address.
    OtherAccount(String),
}

async fn shown(qx: &Qx, invitation: Invitation) -> Result<Option<Shown>, StoreError> {
    let Some(organization) = store::organizations::get(&qx.db, invitation.organization).await? else {
        return Ok(None);
    };
    let inviter = match invitation.invited_by {
        Some(id) => store::people::get(&qx.db, id).await?.map(|person| person.name),
        None => None,
    };
    let applications = facts::application_names(&qx.db, organization.id, &invitation.grants).await?;
    let hand_over = invitation.is_hand_over();
    Ok(Some(Shown {
        inviter,
        applications,
        organization,
        email: invitation.email,
        name: invitation.name,
        role: invitation.role,
        ends_at: invitation.member_ends_at,
        expires_at: invitation.expires_at,
        hand_over,
    }))
}

/// The invitation behind a mailed link; none when it cannot be used (any more). Changes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn landing(qx: &Qx, token: &str) -> Result<Option<Shown>, StoreError> {
    match acceptance::by_link(&qx.db, token, qx.now).await? {
        Some(invitation) => shown(qx, invitation).await,
        None => Ok(None),
    }
}

/// The invitation that this browser opened, and how its person goes on.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn opened(qx: &Qx, opened: Option<&Opened>) -> Result<Option<(Shown, Next)>, StoreError> {
    let Some(opened) = opened else { return Ok(None) };
    let Some(invitation) = opened.usable(&qx.db, qx.now).await? else {
        return Ok(None);
    };
    let next = match qx.actor.person() {
        Some(person) if person.email.parse::<EmailAddress>().is_ok_and(|email| email == invitation.email) => Next::Accept,
        Some(person) => Next::OtherAccount(person.email.clone()),
        None => match store::people::find_by_email(&qx.db, &invitation.email).await? {
            Some(person) if person.has_password => Next::SignIn,
            _ => Next::SetUp,
        },
    };
    Ok(shown(qx, invitation).await?.map(|shown| (shown, next)))
}

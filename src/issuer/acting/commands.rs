//! Letting systems act for people, and stopping them.

use thiserror::Error;

use super::model::{Delegation, MOST_DELEGATION, Object};
use crate::{
    access::{Action, Refused},
    apps::Application,
    audit::{self, Event, EventKind, Subject},
    cx::Cx,
    issuer::{
        ActingKind, Client, Grant,
        standing::{Standing, Who, stand},
    },
    kernel::{ApplicationId, ClientId, DelegationId, GrantId, MemberId, ProviderId, Timestamp},
    organizations::Organization,
    people::{ActorChanged, Member, delegation::may_manage, still_acting},
    store::{
        self, StoreError,
        holdings::Which,
        issuer::{acting, clients, delegations, ending, grants},
    },
    web::Refusal,
};

/// Why a system is not let to act.
#[derive(Debug, Error)]
pub enum DelegationError {
    /// The client may not, or not there.
    #[error("This system cannot act for people at this application.")]
    Client,
    /// The person does not hold the application now.
    #[error("{0}")]
    Nothing(String),
    /// A permission that the person does not hold.
    #[error("Choose among the permissions that the person holds now.")]
    Scopes,
    /// An end that is too late, past, or missing.
    #[error("The last day is at most {0}: nothing outlives the access behind it.")]
    Late(String),
    /// An end that has come.
    #[error("The last day is over already.")]
    Past,
    /// The object.
    #[error("Enter kind and name of the thing, each with up to 100 characters.")]
    Object,
    /// Whoever asks is somebody else by now.
    #[error(transparent)]
    ActorChanged(#[from] ActorChanged),
    /// Not allowed.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DelegationError> for Refusal {
    fn from(error: DelegationError) -> Self {
        let field = match &error {
            DelegationError::Client => "client",
            DelegationError::Scopes => "scopes[]",
            DelegationError::Late(_) | DelegationError::Past => "ends",
            DelegationError::Object => "object_type",
            DelegationError::Nothing(_) | DelegationError::ActorChanged(_) | DelegationError::Access(_) | DelegationError::Store(_) => "",
        };
        match error {
            DelegationError::Access(refused) => refused.into(),
            DelegationError::Store(error) => error.into(),
            other if field.is_empty() => Self::because(other.to_string()),
            other => Self::field(field, other.to_string()),
        }
    }
}

/// Somebody whose systems are to be changed, and in which organization.
#[derive(Clone, Debug)]
pub struct Whom {
    /// The organization of whoever asks.
    pub organization: Organization,
    /// The member.
    pub member: Member,
}

/// Finds the member and asks whether the actor may do this for them: `own` when it is themselves, else `others`. The organization is held,
/// so that a suspension at this moment comes before or after, and ends what is given here.
///
/// # Errors
/// [`Refused`] in [`DelegationError::Access`].
pub async fn whom(cx: &Cx, member: MemberId, own: Action, others: Action) -> Result<Whom, DelegationError> {
    let person = cx.actor.person().ok_or(Refused::SignedOut)?;
    let acting = person.member.as_ref().ok_or(Refused::NotFound)?;
    let organization = store::organizations::get_locked(&cx.tx, acting.organization)
        .await?
        .ok_or(Refused::NotFound)?;
    let found = store::members::get(&cx.tx, organization.id, member)
        .await?
        .ok_or(Refused::NotFound)?;
    if found.id == acting.id {
        cx.authorise(own, &organization)?;
    } else {
        cx.authorise(others, &organization)?;
        if !may_manage(&cx.actor, &found) {
            return Err(Refused::Forbidden {
                action: others,
                reason: "This person's role is above yours.".to_owned(),
            }
            .into());
        }
    }
    still_acting::<DelegationError>(cx).await?;
    Ok(Whom {
        organization,
        member: found,
    })
}

/// A delegation as it is to be.
#[derive(Clone, Debug)]
pub struct GiveDelegation {
    /// For whom.
    pub member: MemberId,
    /// Which system.
    pub client: ClientId,
    /// At which application, by its name in addresses.
    pub application: String,
    /// With which permissions.
    pub scopes: Vec<String>,
    /// What for.
    pub purpose: String,
    /// On one thing alone.
    pub object: Option<Object>,
    /// Until when.
    pub ends_at: Timestamp,
    /// The partner's provider that signed in whoever gives it.
    pub provider: Option<ProviderId>,
}

/// Whether a client can be let to act at an application for somebody who holds that: it acts for people at all, and it is the application's
/// own, declared there, or of an application that they hold as well.
#[must_use]
pub fn is_eligible(client: &Client, application: ApplicationId, declared: &[ClientId], held: &[ApplicationId]) -> bool {
    client.terms.may_act_for != ActingKind::None
        && client.may(crate::issuer::GrantType::TokenExchange)
        && client.disabled_at.is_none()
        && (client.application == application || declared.contains(&client.id) || held.contains(&client.application))
}

/// Lets a system act for a member while they are away.
///
/// # Errors
/// [`DelegationError`].
pub async fn give_delegation(cx: &mut Cx, input: GiveDelegation) -> Result<Delegation, DelegationError> {
    let Whom { organization, member } = whom(cx, input.member, Action::DelegateOneself, Action::GiveDelegation).await?;
    let application = store::applications::find_by_slug(&cx.tx, &input.application)
        .await?
        .ok_or(Refused::NotFound)?;
    let who = Who {
        person: member.person,
        member: member.id,
        organization: organization.id,
        provider: input.provider,
        authenticated_at: cx.now,
        second_factor_at: None,
    };
    let standing = stand(&cx.tx, &cx.policies, &cx.tenant, &who, application.id, cx.now).await?;
    let standing = standing.map_err(|refusal| DelegationError::Nothing(refusal.reason()))?;
    let client = clients::get(&cx.tx, input.client).await?.ok_or(DelegationError::Client)?;
    let declared: Vec<ClientId> = acting::at(&cx.tx, application.id)
        .await?
        .iter()
        .map(|acting| acting.client)
        .collect();
    let held = store::holdings::held_by_member(&cx.tx, member.id, Which::All).await?;
    let held: Vec<ApplicationId> = held.iter().map(|held| held.application.id).collect();
    if !is_eligible(&client, application.id, &declared, &held) {
        return Err(DelegationError::Client);
    }
    let delegation = checked(cx, input, &standing, &application, &client, &member)?;
    delegations::insert(&cx.tx, &delegation).await?;
    let person = store::people::get(&cx.tx, member.person).await?.ok_or(Refused::NotFound)?;
    let mut event = Event::new(EventKind::DelegationGiven)
        .organization(organization.id, organization.name)
        .application(application.id, application.name)
        .subject(Subject::new("member", member.id, person.name))
        .detail("delegation", delegation.id.to_string())
        .detail("client", client.terms.client_id.clone())
        .detail("scopes", delegation.scopes.clone())
        .detail("ends_at", delegation.ends_at.to_rfc3339())
        .detail("policies", standing.policies(&delegation.scopes))
        .reason(&delegation.purpose);
    if let Some(object) = &delegation.object {
        event = event.detail("object", object.details());
    }
    audit::record(cx, event).await?;
    Ok(delegation)
}

fn checked(
    cx: &mut Cx,
    input: GiveDelegation,
    standing: &Standing,
    application: &Application,
    client: &Client,
    member: &Member,
) -> Result<Delegation, DelegationError> {
    let held: Vec<&str> = standing.scopes().collect();
    if input.scopes.is_empty() || input.scopes.iter().any(|scope| !held.contains(&scope.as_str())) {
        return Err(DelegationError::Scopes);
    }
    if input.object.as_ref().is_some_and(|object| !object.is_well_made()) {
        return Err(DelegationError::Object);
    }
    if input.ends_at <= cx.now {
        return Err(DelegationError::Past);
    }
    let latest = standing.ends_at().into_iter().chain([cx.now + MOST_DELEGATION]).min();
    if let Some(latest) = latest.filter(|latest| input.ends_at > *latest) {
        let day = crate::kernel::last_day(latest, cx.tenant.time_zone);
        return Err(DelegationError::Late(day.format("%-d %b %Y").to_string()));
    }
    let given_by = cx.actor.person().ok_or(Refused::SignedOut)?.id;
    Ok(Delegation {
        id: DelegationId::new(cx.now, &mut cx.rng),
        organization: member.organization,
        member: member.id,
        person: member.person,
        client: client.id,
        application: application.id,
        provider: input.provider,
        scopes: input.scopes,
        purpose: input.purpose,
        object: input.object,
        given_by,
        created_at: cx.now,
        ends_at: input.ends_at,
        last_used_at: None,
        ended_at: None,
    })
}

/// An event about what a client does for a member.
async fn about(cx: &Cx, kind: EventKind, whom: &Whom, client: ClientId, application: ApplicationId) -> Result<(Event, String), StoreError> {
    let mut event = Event::new(kind).organization(whom.organization.id, whom.organization.name.clone());
    let mut name = String::new();
    if let Some(application) = store::applications::get(&cx.tx, application).await? {
        event = event.application(application.id, application.name);
    }
    if let Some(person) = store::people::get(&cx.tx, whom.member.person).await? {
        event = event.subject(Subject::new("member", whom.member.id, person.name));
    }
    if let Some(client) = clients::get(&cx.tx, client).await? {
        event = event.detail("client", client.terms.client_id);
        name = client.terms.name;
    }
    Ok((event, name))
}

/// Why something ended: whoever asked for it.
fn because(cx: &Cx, whom: &Whom) -> &'static str {
    if cx.actor.member().is_some_and(|member| member.id == whom.member.id) {
        "The person stopped it."
    } else {
        "Somebody who runs the person's organization stopped it."
    }
}

/// Ends a delegation, and with it every token that came of it. Answers the system's name.
///
/// # Errors
/// [`DelegationError::Access`].
pub async fn end_delegation(cx: &mut Cx, id: DelegationId) -> Result<String, DelegationError> {
    let delegation = delegations::get(&cx.tx, id).await?;
    let organization = cx.actor.organization();
    if cx.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let delegation = delegation
        .filter(|delegation| Some(delegation.organization) == organization)
        .ok_or(Refused::NotFound)?;
    let whom = whom(cx, delegation.member, Action::EndOwnDelegation, Action::EndDelegation).await?;
    let because = because(cx, &whom);
    let (event, name) = about(cx, EventKind::DelegationEnded, &whom, delegation.client, delegation.application).await?;
    let by = cx.actor.person().map(|person| person.id);
    // Ended twice is ended.
    if delegations::end(&cx.tx, id, by, because, cx.now).await? {
        let tokens = ending::revoke_of_delegation(&cx.tx, id, because, cx.now).await?;
        tell(cx, &tokens).await?;
        let event = event
            .detail("delegation", id.to_string())
            .detail("grants", named(&tokens))
            .reason(because);
        audit::record(cx, event).await?;
    }
    Ok(name)
}

/// Stops a client from acting for a member at an application by what the operator declared, now and later: from then on it needs a
/// delegation. Answers the system's name.
///
/// # Errors
/// [`DelegationError::Access`].
pub async fn stop_acting(cx: &mut Cx, member: MemberId, client: ClientId, application: ApplicationId) -> Result<String, DelegationError> {
    let whom = whom(cx, member, Action::EndOwnDelegation, Action::EndDelegation).await?;
    let because = because(cx, &whom);
    let (event, name) = about(cx, EventKind::ActingStopped, &whom, client, application).await?;
    let stopped = ending::stop(&cx.tx, member, client, application, because, cx.now).await?;
    if !stopped.is_empty() {
        tell(cx, &stopped).await?;
        let event = event.detail("what", "acting").detail("grants", named(&stopped));
        audit::record(cx, event.reason(because)).await?;
    }
    Ok(name)
}

/// Ends what an application holds of a member's sign-in: its refresh tokens, its access tokens, and what was exchanged for them. Answers
/// the application's name.
///
/// # Errors
/// [`DelegationError::Access`].
pub async fn stop_application(cx: &mut Cx, id: GrantId) -> Result<String, DelegationError> {
    let organization = cx.actor.organization();
    if cx.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let grant: Grant = grants::get(&cx.tx, id)
        .await?
        .filter(|grant| Some(grant.organization) == organization && grant.parent.is_none() && grant.delegation.is_none())
        .ok_or(Refused::NotFound)?;
    let whom = whom(cx, grant.member, Action::EndOwnDelegation, Action::EndDelegation).await?;
    let because = because(cx, &whom);
    let (event, name) = about(cx, EventKind::ActingStopped, &whom, grant.client, grant.application).await?;
    let ended = ending::revoke_of_client(&cx.tx, grant.member, grant.client, because, cx.now).await?;
    if !ended.is_empty() {
        tell(cx, &ended).await?;
        let event = event.detail("what", "sign-in").detail("grants", named(&ended));
        audit::record(cx, event.reason(because)).await?;
    }
    Ok(name)
}

/// The applications are told that something of this person's has ended, those that want to know.
async fn tell(cx: &Cx, ended: &[Grant]) -> Result<(), StoreError> {
    for grant in ended {
        store::issuer::logouts::tell_of_grant(&cx.tx, grant, cx.now).await?;
    }
    Ok(())
}

fn named(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(|grant| grant.id.to_string()).collect()
}

//! The ledger: what acts for people, what they allowed, and which applications hold refresh tokens of theirs.

use std::collections::HashMap;

use chrono::Duration;

use super::{
    commands::is_eligible,
    model::{Delegation, MOST_DELEGATION},
};
use crate::{
    access::{Action, Refused},
    apps::{Application, Scope},
    cx::Qx,
    issuer::{
        Acting, Client, Consent,
        standing::{Who, stand},
    },
    kernel::{ApplicationId, ClientId, GrantId, MemberId, PersonId, ProviderId, Timestamp},
    organizations::Organization,
    people::{Member, delegation::may_manage},
    store::{
        self, StoreError,
        holdings::Which,
        issuer::{
            acting, clients, consents, delegations,
            grants::{self, Whose},
        },
    },
    web::PageError,
};

/// What acted within so many days is in the ledger.
const LEDGER_DAYS: i64 = 30;
/// So many rows of each kind are shown.
const MOST: u64 = 200;

/// Somebody in the ledger.
#[derive(Clone, Debug)]
pub struct Somebody {
    /// The member.
    pub member: MemberId,
    /// Their name.
    pub name: String,
}

/// A delegation in the ledger.
#[derive(Clone, Debug)]
pub struct GivenDelegation {
    /// It.
    pub delegation: Delegation,
    /// For whom.
    pub person: Somebody,
    /// The system's name.
    pub system: String,
    /// The application's name.
    pub application: String,
    /// Who gave it.
    pub given_by: String,
}

/// A client that acts by what the operator declared.
#[derive(Clone, Debug)]
pub struct ActingSystem {
    /// For whom.
    pub person: Somebody,
    /// Which client.
    pub client: ClientId,
    /// Its name.
    pub system: String,
    /// At which application.
    pub application_id: ApplicationId,
    /// Its name.
    pub application: String,
    /// With which permissions at most.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: Timestamp,
    /// Last, when.
    pub last_used_at: Option<Timestamp>,
}

/// An application that holds a refresh token.
#[derive(Clone, Debug)]
pub struct Holder {
    /// What it holds.
    pub grant: GrantId,
    /// Of whom.
    pub person: Somebody,
    /// The client's name.
    pub system: String,
    /// The application's name.
    pub application: String,
    /// With which permissions.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: Timestamp,
    /// Last, when.
    pub last_used_at: Option<Timestamp>,
}

/// What somebody allowed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// It.
    pub consent: Consent,
    /// The client's name.
    pub system: String,
}

/// Everything in the ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What people let systems do while they are away.
    pub delegations: Vec<GivenDelegation>,
    /// What systems do by the operator's word, while people use an application.
    pub acting: Vec<ActingSystem>,
    /// Applications that stay signed in for them.
    pub holders: Vec<Holder>,
    /// What they allowed once and for all; shown to themselves alone.
    pub allowed: Vec<Allowed>,
    /// Whether there may be more than is here.
    pub cut: bool,
}

/// Names of what the rows speak of, looked up once.
struct Names {
    clients: HashMap<ClientId, Client>,
    applications: HashMap<ApplicationId, String>,
    members: HashMap<MemberId, String>,
    people: HashMap<PersonId, String>,
}

impl Names {
    fn system(&self, id: ClientId) -> String {
        self.clients.get(&id).map(|client| client.terms.name.clone()).unwrap_or_default()
    }
    fn application(&self, id: ApplicationId) -> String {
        self.applications.get(&id).cloned().unwrap_or_default()
    }
    fn somebody(&self, member: MemberId) -> Somebody {
        Somebody {
            member,
            name: self.members.get(&member).cloned().unwrap_or_default(),
        }
    }
}

/// What acts for whoever asks.
///
/// # Errors
/// [`PageError`].
pub async fn own(qx: &Qx) -> Result<Ledger, PageError> {
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    // In the hat of the company itself nobody holds an application, so nothing acts there.
    let Some(member) = &person.member else {
        return Ok(Ledger::default());
    };
    let given = delegations::of_member(&qx.db, member.id, qx.now).await?;
    let consents = consents::of_member(&qx.db, member.id).await?;
    Ok(ledger(qx, Whose::Member(member.id), given, consents).await?)
}

/// What acts for the people of the organization of whoever asks.
///
/// # Errors
/// [`PageError`].
pub async fn of_team(qx: &Qx) -> Result<(Organization, Ledger), PageError> {
    let organization = own_organization(qx, Action::ViewDelegations).await?;
    let given = delegations::of_organization(&qx.db, organization.id, qx.now, MOST).await?;
    let ledger = ledger(qx, Whose::Organization(organization.id), given, Vec::new()).await?;
    Ok((organization, ledger))
}

async fn own_organization(qx: &Qx, action: Action) -> Result<Organization, PageError> {
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    let member = person.member.as_ref().ok_or(Refused::NotFound)?;
    let organization = store::organizations::get(&qx.db, member.organization)
        .await?
        .ok_or(Refused::NotFound)?;
    qx.authorise(action, &organization)?;
    Ok(organization)
}

async fn ledger(qx: &Qx, whose: Whose, given: Vec<Delegation>, consents: Vec<Consent>) -> Result<Ledger, StoreError> {
    let since = qx.now - Duration::days(LEDGER_DAYS);
    let by_declaration = grants::acting_since(&qx.db, whose, since, MOST).await?;
    let with_tokens = grants::with_refresh_token(&qx.db, whose, qx.now, MOST).await?;
    let full = usize::try_from(MOST).unwrap_or(usize::MAX);
    let cut = [given.len(), by_declaration.len(), with_tokens.len()].contains(&full);
    let declared = by_declaration.iter().map(|it| (it.client, it.application, it.member, it.person));
    let holding = with_tokens
        .iter()
        .map(|(grant, _)| (grant.client, grant.application, grant.member, grant.person));
    let names = names(qx, &given, &consents, declared.chain(holding)).await?;
    let mut acting: Vec<ActingSystem> = Vec::new();
    for found in by_declaration {
        let known = acting
            .iter_mut()
            .find(|row| row.person.member == found.member && row.client == found.client && row.application_id == found.application);
        match known {
            Some(row) => {
                row.since = row.since.min(found.since);
                row.last_used_at = row.last_used_at.max(found.last_used_at);
                let more: Vec<String> = found.scopes.into_iter().filter(|scope| !row.scopes.contains(scope)).collect();
                row.scopes.extend(more);
            }
            None => acting.push(ActingSystem {
                person: names.somebody(found.member),
                client: found.client,
                system: names.system(found.client),
                application_id: found.application,
                application: names.application(found.application),
                scopes: found.scopes,
                since: found.since,
                last_used_at: found.last_used_at,
            }),
        }
    }
    let mut holders: Vec<(Holder, ClientId)> = Vec::new();
    for (grant, used) in with_tokens {
        let known = holders
            .iter_mut()
            .find(|(row, client)| row.person.member == grant.member && *client == grant.client);
        match known {
            Some((row, _)) => {
                row.since = row.since.min(grant.created_at);
                row.last_used_at = row.last_used_at.max(used);
            }
            None => holders.push((
                Holder {
                    grant: grant.id,
                    person: names.somebody(grant.member),
                    system: names.system(grant.client),
                    application: names.application(grant.application),
                    scopes: grant.scopes,
                    since: grant.created_at,
                    last_used_at: used,
                },
                grant.client,
            )),
        }
    }
    let given = given.into_iter().map(|delegation| GivenDelegation {
        person: names.somebody(delegation.member),
        system: names.system(delegation.client),
        application: names.application(delegation.application),
        given_by: names.people.get(&delegation.given_by).cloned().unwrap_or_default(),
        delegation,
    });
    let allowed = consents.into_iter().map(|consent| Allowed {
        system: names.system(consent.client),
        consent,
    });
    Ok(Ledger {
        cut,
        delegations: given.collect(),
        acting,
        holders: holders.into_iter().map(|(holder, _)| holder).collect(),
        allowed: allowed.collect(),
    })
}

async fn names(
    qx: &Qx,
    given: &[Delegation],
    consents: &[Consent],
    held: impl Iterator<Item = (ClientId, ApplicationId, MemberId, PersonId)>,
) -> Result<Names, StoreError> {
    let (mut client_ids, mut application_ids, mut people_ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut members: Vec<(MemberId, PersonId)> = Vec::new();
    for (client, application, member, person) in held {
        client_ids.push(client);
        application_ids.push(application);
        members.push((member, person));
    }
    for delegation in given {
        client_ids.push(delegation.client);
        application_ids.push(delegation.application);
        people_ids.push(delegation.given_by);
        members.push((delegation.member, delegation.person));
    }
    client_ids.extend(consents.iter().map(|consent| consent.client));
    people_ids.extend(members.iter().map(|(_, person)| *person));
    people_ids.sort();
    people_ids.dedup();
    client_ids.sort();
    client_ids.dedup();
    application_ids.sort();
    application_ids.dedup();
    let clients = clients::get_many(&qx.db, client_ids).await?;
    let applications = store::applications::get_many(&qx.db, &application_ids).await?;
    let people = store::people::get_many(&qx.db, people_ids).await?;
    let people: HashMap<PersonId, String> = people.into_iter().map(|person| (person.id, person.name)).collect();
    Ok(Names {
        clients: clients.into_iter().map(|client| (client.id, client)).collect(),
        applications: applications.into_iter().map(|it| (it.id, it.name)).collect(),
        members: members
            .into_iter()
            .filter_map(|(member, person)| Some((member, people.get(&person)?.clone())))
            .collect(),
        people,
    })
}

/// What a new delegation can be about.
#[derive(Clone, Debug)]
pub struct Possible {
    /// For whom.
    pub member: Member,
    /// Their name.
    pub name: String,
    /// Applications that they hold now.
    pub applications: Vec<Application>,
    /// Of the chosen one: it, its permissions that they hold now, the systems that can act there, and the latest end.
    pub chosen: Option<Chosen>,
}

/// One application that a delegation can be about.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The application.
    pub application: Application,
    /// What the person holds of it.
    pub scopes: Vec<Scope>,
    /// Systems that can act there.
    pub systems: Vec<Client>,
    /// No later than this.
    pub latest: Timestamp,
}

/// What a new delegation for oneself, or for somebody of the organization, can be about.
///
/// # Errors
/// [`PageError`].
pub async fn possible(
    qx: &Qx,
    member: Option<MemberId>,
    application: Option<&str>,
    provider: Option<ProviderId>,
) -> Result<Possible, PageError> {
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    let acting = person.member.as_ref().ok_or(Refused::NotFound)?;
    let own = member.is_none_or(|member| member == acting.id);
    let action = if own { Action::DelegateOneself } else { Action::GiveDelegation };
    let organization = own_organization(qx, action).await?;
    let member = store::members::get(&qx.db, organization.id, member.unwrap_or(acting.id))
        .await?
        .ok_or(Refused::NotFound)?;
    if !own && !may_manage(&qx.actor, &member) {
        return Err(Refused::NotFound.into());
    }
    let found = store::people::get(&qx.db, member.person).await?.ok_or(Refused::NotFound)?;
    let held = store::holdings::held_by_member(&qx.db, member.id, Which::All).await?;
    let mut applications: Vec<Application> = Vec::new();
    for held in held {
        let fits = held.assignment.is_in_force_at(qx.now) && held.entitlement.is_in_force_at(qx.now) && held.application.is_offered();
        if fits && applications.iter().all(|known| known.id != held.application.id) {
            applications.push(held.application);
        }
    }
    applications.sort_by(|a, b| a.name.cmp(&b.name));
    let wanted = match application {
        Some(slug) => applications.iter().find(|application| application.slug == slug),
        None if applications.len() == 1 => applications.first(),
        None => None,
    };
    let chosen = match wanted {
        Some(application) => chosen(qx, &member, application, &applications, provider).await?,
        None => None,
    };
    Ok(Possible {
        member,
        name: found.name,
        applications,
        chosen,
    })
}

async fn chosen(
    qx: &Qx,
    member: &Member,
    application: &Application,
    held: &[Application],
    provider: Option<ProviderId>,
) -> Result<Option<Chosen>, PageError> {
    let who = Who {
        person: member.person,
        member: member.id,
        organization: member.organization,
        provider,
        authenticated_at: qx.now,
        second_factor_at: None,
    };
    let Ok(standing) = stand(&qx.db, &qx.policies, &qx.tenant, &who, application.id, qx.now).await? else {
        return Ok(None);
    };
    let names: Vec<&str> = standing.scopes().collect();
    let scopes = standing
        .judged
        .facts
        .scopes
        .iter()
        .filter(|scope| names.contains(&scope.name.as_str()));
    let scopes = scopes.cloned().collect();
    let declared: Vec<ClientId> = acting::at(&qx.db, application.id)
        .await?
        .iter()
        .map(|acting| acting.client)
        .collect();
    let held: Vec<ApplicationId> = held.iter().map(|application| application.id).collect();
    let systems = clients::that_act(&qx.db).await?;
    Ok(Some(Chosen {
        scopes,
        systems: systems
            .into_iter()
            .filter(|client| is_eligible(client, application.id, &declared, &held))
            .collect(),
        latest: standing
            .ends_at()
            .into_iter()
            .chain([qx.now + MOST_DELEGATION])
            .min()
            .unwrap_or(qx.now),
        application: application.clone(),
    }))
}

/// The people of the organization for whom whoever asks can give a delegation.
///
/// # Errors
/// [`PageError`].
pub async fn people(qx: &Qx) -> Result<Vec<Somebody>, PageError> {
    let organization = own_organization(qx, Action::GiveDelegation).await?;
    let members = store::members::current_with_people(&qx.db, organization.id, qx.now, MOST).await?;
    let mut people: Vec<Somebody> = members
        .into_iter()
        .filter(|(member, _)| may_manage(&qx.actor, member))
        .map(|(member, person)| Somebody {
            member: member.id,
            name: person.name,
        })
        .collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(people)
}

/// What is said of the clients of an application, and the applications that more can be said of, by name in addresses and on tiles.
#[derive(Clone, Debug)]
pub struct Declared {
    /// What is said: with the names of client and application.
    pub said: Vec<(Acting, String, String)>,
    /// Applications on offer.
    pub targets: Vec<(String, String)>,
}

/// What an operator said of the clients of an application.
///
/// # Errors
/// [`PageError`].
pub async fn declared(qx: &Qx, of: &[Client]) -> Result<Declared, PageError> {
    qx.authorise(Action::ManageCatalogue, crate::access::Resource::Tenant)?;
    let ids: Vec<ClientId> = of.iter().map(|client| client.id).collect();
    let said = acting::of_clients(&qx.db, &ids).await?;
    let applications = store::applications::all(&qx.db).await?;
    let row = |said: Acting| {
        let client = of.iter().find(|client| client.id == said.client)?.terms.name.clone();
        let application = applications
            .iter()
            .find(|application| application.id == said.application)?
            .name
            .clone();
        Some((said, client, application))
    };
    let said = said.into_iter().filter_map(row).collect();
    let targets = applications
        .into_iter()
        .filter(Application::is_offered)
        .map(|it| (it.slug, it.name));
    Ok(Declared {
        said,
        targets: targets.collect(),
    })
}

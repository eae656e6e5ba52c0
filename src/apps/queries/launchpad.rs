//! What the active member can launch now, and one application in their hands with its chain.

use chrono::Duration;

use crate::{
    access::{Refused, Verdict},
    apps::chain::{Circumstances, Judged},
    cx::Qx,
    kernel::PersonId,
    organizations::Organization,
    store::{self, holdings::Which, lookup::Somebody},
    web::PageError,
};

/// The tiles of the launchpad.
#[derive(Debug)]
pub struct Launchpad {
    /// In whose name.
    pub organization: Organization,
    /// What ends within the warning window, the first end first.
    pub ending: Vec<Judged>,
    /// The rest, by category and name.
    pub lasting: Vec<Judged>,
    /// Whom to ask, when there is nothing.
    pub ask: Vec<Somebody>,
}

/// Somebody to ask.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
}

/// Exactly what the active member can launch now: every holding is put to the policies, in memory. The number of
/// queries does not depend on how many there are.
///
/// # Errors
/// [`PageError`] when nobody is signed in or no partner's hat is worn.
pub async fn launchpad(qx: &Qx) -> Result<Launchpad, PageError> {
    let circumstances = circumstances(qx).await?;
    let held = store::holdings::held_by_member(&qx.db, circumstances.member.id, Which::All).await?;
    let soon = qx.now + Duration::days(qx.tenant.warning_days.into());
    let (mut ending, mut lasting): (Vec<_>, Vec<_>) = held
        .into_iter()
        .map(|held| circumstances.judge(&qx.policies, &qx.actor, held))
        // What only a second factor stands before can be launched: it is asked for on the way.
        .filter(|judged| judged.decision.verdict != Verdict::Deny)
        .partition(|judged| judged.facts.ends_at().is_some_and(|end| end <= soon));
    ending.sort_by_key(|judged| (judged.facts.ends_at(), judged.held.application.name.to_lowercase()));
    lasting.sort_by_key(|judged| {
        (
            judged.held.application.category.to_lowercase(),
            judged.held.application.name.to_lowercase(),
        )
    });
    let ask = if ending.is_empty() && lasting.is_empty() {
        store::lookup::managers(&qx.db, circumstances.organization.id, qx.now, 5).await?
    } else {
        Vec::new()
    };
    Ok(Launchpad {
        organization: circumstances.organization,
        ending,
        lasting,
        ask,
    })
}

/// One application in the active member's hands.
#[derive(Debug)]
pub struct MyApplication {
    /// In whose name.
    pub organization: Organization,
    /// Grants, chain and decision.
    pub judged: Judged,
    /// Who answers for the application.
    pub owner: Option<Contact>,
    /// Who assigns it.
    pub managers: Vec<Somebody>,
}

/// One application the active member holds, in force or not.
///
/// # Errors
/// [`PageError::NotFound`] when they hold nothing of that name.
pub async fn my_application(qx: &Qx, slug: &str) -> Result<MyApplication, PageError> {
    let circumstances = circumstances(qx).await?;
    let held = store::holdings::held_by_member(&qx.db, circumstances.member.id, Which::Named(slug)).await?;
    let judged = held
        .into_iter()
        .map(|held| circumstances.judge(&qx.policies, &qx.actor, held))
        .max_by_key(|judged| (judged.decision.verdict == Verdict::Allow, judged.held.assignment.id))
        .ok_or(PageError::NotFound)?;
    let owner = match judged.held.application.owner {
        Some(owner) => contact(qx, owner).await?,
        None => None,
    };
    let managers = store::lookup::managers(&qx.db, circumstances.organization.id, qx.now, 5).await?;
    Ok(MyApplication {
        organization: circumstances.organization,
        judged,
        owner,
        managers,
    })
}

async fn contact(qx: &Qx, person: PersonId) -> Result<Option<Contact>, PageError> {
    let person = store::people::get(&qx.db, person).await?;
    Ok(person.filter(|person| person.disabled_at.is_none()).map(|person| Contact {
        name: person.name,
        email: person.email.as_str().to_owned(),
    }))
}

async fn circumstances(qx: &Qx) -> Result<Circumstances, PageError> {
    let person = qx.actor.person().ok_or(Refused::SignedOut)?;
    let member = person.member.as_ref().ok_or(PageError::NotFound)?;
    let found = Circumstances::load(&qx.db, member.organization, member.id, qx.tenant.certification_grace_days, qx.now).await?;
    found.ok_or(PageError::NotFound)
}

//! Passwords of the file, compared with what is stored and hashed where they differ, before the transaction begins.

use std::collections::HashMap;

use futures::future::try_join_all;

use super::super::{
    error::Stop,
    model::{Declaration, PersonEntry},
};
use crate::{
    cx::Portal,
    kernel::Password,
    signin::passwords::{self, HashedPassword},
    store,
};

/// The hashes to store, by the normal form of the address.
pub(super) type Prepared = HashMap<String, NewPassword>;

/// A hash to store instead of the one that was seen.
pub(super) struct NewPassword {
    /// What is to be stored.
    pub hashed: HashedPassword,
    typed: Password,
    seen: Option<String>,
}

impl NewPassword {
    /// Whether the stored hash is one of this password after all, because somebody else set it meanwhile.
    pub async fn is_stored(&self, stored: Option<&str>) -> Result<bool, passwords::PasswordError> {
        if stored == self.seen.as_deref() {
            Ok(false)
        } else {
            passwords::verify(&self.typed, stored).await
        }
    }
}

/// Checks and hashes every password that is not the one the person has.
pub(super) async fn prepare(portal: &Portal, declaration: &Declaration) -> Result<Prepared, Stop> {
    let people = declaration.people.iter().enumerate();
    let hashes = try_join_all(people.map(|(index, person)| hash(portal, declaration, index, person))).await?;
    Ok(hashes.into_iter().flatten().collect())
}

async fn hash(
    portal: &Portal,
    declaration: &Declaration,
    index: usize,
    person: &PersonEntry,
) -> Result<Option<(String, NewPassword)>, Stop> {
    let Some(secret) = &person.password else { return Ok(None) };
    let key = format!("people[{index}].password");
    let password = secret.to_password();
    let db = portal.store.reader();
    let known = store::people::find_by_email(&db, &person.email).await?;
    let stored = match &known {
        Some(known) => store::people::credentials(&db, known.id)
            .await?
            .and_then(|credentials| credentials.password_hash),
        None => None,
    };
    let unusable = |error: passwords::PasswordError| Stop::at(&key, error.to_string());
    if let Some(stored) = &stored
        && passwords::verify(&password, Some(stored)).await.map_err(unusable)?
    {
        return Ok(None);
    }
    let name = person.name.clone().or_else(|| known.map(|known| known.name));
    let mut words: Vec<&str> = vec![person.email.as_str()];
    words.extend(name.as_deref());
    words.extend(declaration.tenant.as_ref().and_then(|tenant| tenant.name.as_deref()));
    for membership in &person.memberships {
        words.push(&membership.organization);
        let organization = declaration
            .organizations
            .iter()
            .find(|organization| organization.slug == membership.organization);
        words.extend(organization.and_then(|organization| organization.name.as_deref()));
    }
    let hashed = passwords::prepare(&password, &words, &mut portal.entropy.rng())
        .await
        .map_err(unusable)?;
    Ok(Some((
        person.email.normalized().to_owned(),
        NewPassword {
            hashed,
            typed: password,
            seen: stored,
        },
    )))
}

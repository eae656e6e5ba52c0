//! The tenant, people as such, and their roles in the tenant.

use super::{
    super::{
        Mark,
        changes::{Fields, optional, plain, text, yes},
        check::totp_bytes,
        error::Stop,
        model::{PersonEntry, TenantEntry},
    },
    passwords::NewPassword,
    step::{Step, needed},
};
use crate::{
    audit::{Event, EventKind, Subject},
    kernel::{PersonId, new_uuid},
    people::{Person, TenantRole},
    signin::{commands::store_password, passwords::PasswordError},
    store,
};

impl Step<'_> {
    /// The company that runs the portal.
    pub async fn tenant(&mut self, entry: &TenantEntry) -> Result<(), Stop> {
        let stored = store::tenant::get(&self.cx.tx).await?;
        let is_new = stored.is_none();
        let mut tenant = stored.unwrap_or_else(|| self.cx.tenant.clone());
        let mut fields = Fields::default();
        fields.set("name", &mut tenant.name, entry.name.clone(), |name| text(name));
        fields.set(
            "accent",
            &mut tenant.accent,
            entry.accent.as_ref().and_then(|accent| accent.parse().ok()),
            |accent| accent.as_str().to_owned(),
        );
        fields.set(
            "time_zone",
            &mut tenant.time_zone,
            entry.time_zone.as_ref().and_then(|zone| zone.parse().ok()),
            |zone| zone.name().to_owned(),
        );
        fields.set(
            "support_contact",
            &mut tenant.support_contact,
            or_cleared(entry.support_contact.as_ref()),
            optional,
        );
        fields.set("warning_days", &mut tenant.warning_days, entry.warning_days, plain);
        fields.set(
            "certification_grace_days",
            &mut tenant.certification_grace_days,
            entry.certification_grace_days,
            plain,
        );
        if !is_new && fields.is_empty() {
            return Ok(());
        }
        store::tenant::put(&self.cx.tx, &tenant, self.cx.now).await?;
        self.record(Event::new(EventKind::TenantChanged).detail("changed", fields.detail()))
            .await?;
        let name = tenant.name.clone();
        self.cx.tenant = tenant;
        if is_new {
            self.did(Mark::Create, "tenant", name, Fields::default());
        } else {
            self.did(Mark::Change, "tenant", name, fields);
        }
        Ok(())
    }

    /// A person: profile, password, second factor, roles in the tenant.
    pub async fn person(&mut self, key: &str, entry: &PersonEntry, password: Option<NewPassword>) -> Result<(), Stop> {
        let known = store::people::find_by_email(&self.cx.tx, &entry.email).await?;
        let is_new = known.is_none();
        let mut fields = Fields::default();
        let person = match known {
            None => self.create_person(key, entry).await?,
            Some(person) => self.change_person(entry, person, &mut fields).await?,
        };
        if let Some(password) = password {
            let stored = store::people::credentials(&self.cx.tx, person.id)
                .await?
                .and_then(|credentials| credentials.password_hash);
            let unusable = |error: PasswordError| Stop::at(format!("{key}.password"), error.to_string());
            if !password.is_stored(stored.as_deref()).await.map_err(unusable)? {
                fields.note("password", if person.has_password { "(other)" } else { "—" }, "(set)");
                store_password(self.cx, &person, password.hashed).await?;
            }
        }
        self.authenticator(entry, &person, &mut fields).await?;
        self.tenant_roles(entry, &person, &mut fields).await?;
        let shown = format!("{} ({})", entry.email.as_str(), person.name);
        if is_new {
            self.did(Mark::Create, "person", shown, Fields::default());
        } else if !fields.is_empty() {
            self.did(Mark::Change, "person", shown, fields);
        }
        Ok(())
    }

    async fn create_person(&mut self, key: &str, entry: &PersonEntry) -> Result<Person, Stop> {
        let zone = entry.time_zone.as_ref().and_then(|zone| zone.parse().ok());
        let person = Person {
            id: PersonId::new(self.cx.now, &mut self.cx.rng),
            email: entry.email.clone(),
            name: needed(key, "name", entry.name.clone(), "this person")?,
            time_zone: zone.unwrap_or_else(|| self.zone()),
            has_password: false,
            totp_confirmed_at: None,
            disabled_at: entry.disabled.unwrap_or_default().then_some(self.cx.now),
            created_at: self.cx.now,
            version: 1,
        };
        if !store::people::insert(&self.cx.tx, &person).await? {
            return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
        }
        self.record(Event::new(EventKind::PersonCreated).subject(subject(&person))).await?;
        Ok(person)
    }

    async fn change_person(&mut self, entry: &PersonEntry, mut person: Person, fields: &mut Fields) -> Result<Person, Stop> {
        fields.set("name", &mut person.name, entry.name.clone(), |name| text(name));
        fields.set(
            "time_zone",
            &mut person.time_zone,
            entry.time_zone.as_ref().and_then(|zone| zone.parse().ok()),
            |zone| zone.name().to_owned(),
        );
        let mut disabled = person.disabled_at.is_some();
        let switched = fields.set("disabled", &mut disabled, entry.disabled, yes);
        if fields.is_empty() {
            return Ok(person);
        }
        if switched {
            person.disabled_at = disabled.then_some(self.cx.now);
        }
        store::people::update_profile(&self.cx.tx, &person).await?;
        let mut event = Event::new(EventKind::ProfileChanged)
            .subject(subject(&person))
            .detail("changed", fields.detail());
        if switched && disabled {
            self.took_operator = true;
            event = event.ended(store::sessions::end_of_person(&self.cx.tx, person.id, self.cx.now).await?);
        }
        self.record(event).await?;
        person.version += 1;
        Ok(person)
    }

    async fn authenticator(&mut self, entry: &PersonEntry, person: &Person, fields: &mut Fields) -> Result<(), Stop> {
        let Some(secret) = entry.totp_secret.as_ref().and_then(|secret| totp_bytes(secret.reveal())) else {
            return Ok(());
        };
        let stored = store::people::credentials(&self.cx.tx, person.id).await?;
        let current = stored
            .filter(|stored| stored.totp_confirmed_at.is_some())
            .and_then(|stored| stored.totp_secret);
        if current
            .as_ref()
            .is_some_and(|sealed| self.cx.master_key.open(sealed).is_ok_and(|opened| opened == secret))
        {
            return Ok(());
        }
        fields.note("totp_secret", if current.is_some() { "(other)" } else { "—" }, "(set)");
        let sealed = self.cx.master_key.seal(&secret, &mut self.cx.rng);
        store::people::set_totp(&self.cx.tx, person.id, Some(sealed), Some(self.cx.now)).await?;
        self.record(Event::new(EventKind::TotpEnrolled).subject(subject(person))).await
    }

    async fn tenant_roles(&mut self, entry: &PersonEntry, person: &Person, fields: &mut Fields) -> Result<(), Stop> {
        let Some(wanted) = &entry.tenant_roles else { return Ok(()) };
        let held = store::tenant::roles_of(&self.cx.tx, person.id).await?;
        let titles = |roles: &[TenantRole]| match roles {
            [] => "—".to_owned(),
            roles => TenantRole::ALL
                .iter()
                .filter(|role| roles.contains(role))
                .map(|role| role.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        };
        let (old, new) = (titles(&held), titles(wanted));
        if old == new {
            return Ok(());
        }
        fields.note("tenant_roles", old, new);
        for role in TenantRole::ALL {
            let event = match (held.contains(role), wanted.contains(role)) {
                (false, true) => {
                    let id = new_uuid(self.cx.now, &mut self.cx.rng);
                    store::tenant::grant_role(&self.cx.tx, id, person.id, *role, self.cx.now).await?;
                    EventKind::TenantRoleGranted
                }
                (true, false) => {
                    store::tenant::revoke_role(&self.cx.tx, person.id, *role).await?;
                    self.took_operator |= *role == TenantRole::Operator;
                    EventKind::TenantRoleRevoked
                }
                _ => continue,
            };
            self.record(Event::new(event).subject(subject(person)).detail("role", role.as_str()))
                .await?;
        }
        Ok(())
    }
}

fn subject(person: &Person) -> Subject {
    Subject::new("person", person.id, person.name.clone())
}

/// A text of the file, where an empty one means none.
pub(super) fn or_cleared(value: Option<&String>) -> Option<Option<String>> {
    value.map(|value| (!value.trim().is_empty()).then(|| value.clone()))
}

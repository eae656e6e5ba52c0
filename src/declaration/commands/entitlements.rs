//! What organizations may use.

use super::{
    super::{Mark, changes::Fields, error::Stop, model::EntitlementEntry},
    step::{Step, scope_ids, scope_names, sorted},
};
use crate::{
    apps::{Application, Entitlement, Scope},
    audit::{Event, EventKind, Subject},
    kernel::EntitlementId,
    organizations::Organization,
    signin::Ended,
    store::{
        self, StoreError,
        issuer::{ending, grants::Whose},
    },
};

impl Step<'_> {
    /// An entitlement, known by its application.
    pub async fn entitlement(&mut self, key: &str, organization: &Organization, entry: &EntitlementEntry) -> Result<(), Stop> {
        let (application, scopes) = self.find_application(&format!("{key}.application"), &entry.application).await?;
        let held = store::grants::entitlement_for(&self.cx.tx, organization.id, application.id).await?;
        let shown = format!("{} of {}", application.slug, organization.slug);
        if entry.revoked {
            let Some(held) = held else { return Ok(()) };
            let revoked = held.revoke(self.cx.now).map_err(|error| Stop::at(key, error.to_string()))?;
            store::grants::update_entitlement(&self.cx.tx, &revoked).await?;
            let assignments = store::grants::revoke_assignments_of_entitlement(&self.cx.tx, revoked.id, self.cx.now).await?;
            let event = about(EventKind::EntitlementRevoked, organization, &application, &revoked)
                .detail("assignments_ended", assignments)
                .ended(self.end_use(organization, &application).await?);
            self.record(event).await?;
            self.did(Mark::End, "entitlement", shown, Fields::default());
            return Ok(());
        }
        let known: Vec<&Scope> = scopes.iter().collect();
        let wanted = entry.scopes.as_ref().map(|names| scope_ids(key, names, &known)).transpose()?;
        let starts = self.starts(key, entry.starts)?;
        let ends = self.ends(&format!("{key}.ends"), entry.ends)?;
        let seats = entry.seats.map(|seats| (seats > 0).then_some(seats));
        let mut fields = Fields::default();
        let is_new = held.is_none();
        let entitlement = match held {
            None => Entitlement {
                id: EntitlementId::new(self.cx.now, &mut self.cx.rng),
                organization: organization.id,
                application: application.id,
                starts_at: starts.unwrap_or(self.cx.now),
                ends_at: ends.flatten(),
                seats: seats.flatten(),
                revoked_at: None,
                scopes: wanted.unwrap_or_else(|| sorted(scopes.iter().filter(|scope| !scope.high_value).map(|scope| scope.id).collect())),
                version: 1,
            },
            Some(mut entitlement) => {
                entitlement.scopes = sorted(entitlement.scopes);
                fields.set("scopes", &mut entitlement.scopes, wanted, scope_names(&scopes));
                fields.set("starts", &mut entitlement.starts_at, starts, self.show_start());
                fields.set("ends", &mut entitlement.ends_at, ends, self.show_end());
                fields.set("seats", &mut entitlement.seats, seats, |seats| {
                    seats.map_or_else(|| "as many as the contract".to_owned(), |seats| seats.to_string())
                });
                if fields.is_empty() {
                    return Ok(());
                }
                entitlement
            }
        };
        if entitlement.scopes.is_empty() {
            return Err(Stop::at(
                format!("{key}.scopes"),
                "would be empty; expected at least one scope of the application",
            ));
        }
        if entitlement.ends_at.is_some_and(|end| end <= entitlement.starts_at) {
            return Err(Stop::at(
                format!("{key}.ends"),
                "is before the first day; expected a later last day",
            ));
        }
        self.crowded_entitlements
            .entry(entitlement.id)
            .or_insert_with(|| (organization.id, key.to_owned()));
        let kind = if is_new {
            EventKind::EntitlementGranted
        } else {
            EventKind::EntitlementChanged
        };
        let mut event = about(kind, organization, &application, &entitlement)
            .detail("scopes", scope_names(&scopes)(&entitlement.scopes))
            .detail("ends_at", entitlement.ends_at.map(|end| end.to_rfc3339()))
            .detail("seats", entitlement.seats);
        if is_new {
            if !store::grants::insert_entitlement(&self.cx.tx, &entitlement, self.cx.now).await? {
                return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
            }
            self.did(Mark::Create, "entitlement", shown, fields);
        } else {
            store::grants::update_entitlement(&self.cx.tx, &entitlement).await?;
            if entitlement.ends_at.is_some_and(|end| end <= self.cx.now) {
                event = event.ended(self.end_use(organization, &application).await?);
            }
            event = event.detail("changed", fields.detail());
            self.did(Mark::Change, "entitlement", shown, fields);
        }
        self.record(event).await
    }

    /// Ends what clients hold of an application that the organization does not have any more.
    async fn end_use(&self, organization: &Organization, application: &Application) -> Result<Ended, StoreError> {
        let because = "The organization no longer has the application.";
        ending::end_at(
            &self.cx.tx,
            Whose::Organization(organization.id),
            application.id,
            because,
            self.cx.now,
        )
        .await
    }
}

fn about(kind: EventKind, organization: &Organization, application: &Application, entitlement: &Entitlement) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .application(application.id, application.name.clone())
        .subject(Subject::new("entitlement", entitlement.id, application.name.clone()))
}

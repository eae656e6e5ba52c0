//! What every step needs: the transaction, the day it is done on, ways to look things up by their names, and the report.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::super::{Change, Mark, Report, When, changes::Fields, error::Stop};
use crate::{
    apps::{Application, Scope},
    audit::{self, Event},
    cx::Cx,
    kernel::{Day, EmailAddress, EntitlementId, OrganizationId, PersonId, ScopeId, Timestamp, day_of, end_of_day, last_day, start_of_day},
    organizations::Organization,
    people::Person,
    store,
};

/// One application of a file under way.
pub(super) struct Step<'a> {
    pub cx: &'a mut Cx,
    pub report: Report,
    /// Organizations whose people or seats changed, with the key to blame.
    pub crowded: BTreeMap<OrganizationId, String>,
    /// Entitlements whose holders or seats changed, with the key to blame.
    pub crowded_entitlements: BTreeMap<EntitlementId, (OrganizationId, String)>,
    /// Organizations an admin of which is taken away or ends earlier: until when one ran it before, and the key to blame.
    pub led_until: BTreeMap<OrganizationId, (Timestamp, String)>,
    /// Somebody is no operator any more.
    pub took_operator: bool,
}

impl<'a> Step<'a> {
    pub fn new(cx: &'a mut Cx) -> Self {
        Self {
            cx,
            report: Report::default(),
            crowded: BTreeMap::new(),
            crowded_entitlements: BTreeMap::new(),
            led_until: BTreeMap::new(),
            took_operator: false,
        }
    }

    pub fn zone(&self) -> Tz {
        self.cx.tenant.time_zone
    }

    fn day(&self, key: &str, when: When) -> Result<Day, Stop> {
        let today = day_of(self.cx.now, self.zone());
        when.day(today)
            .ok_or_else(|| Stop::at(key, "is outside of the calendar; expected a day"))
    }

    /// The first instant of a declared first day.
    pub fn starts(&self, key: &str, when: Option<When>) -> Result<Option<Timestamp>, Stop> {
        when.map(|when| Ok(start_of_day(self.day(&format!("{key}.starts"), when)?, self.zone())))
            .transpose()
    }

    /// The first instant of a day under a key of its own.
    pub fn instant(&self, key: &str, when: Option<When>) -> Result<Option<Timestamp>, Stop> {
        when.map(|when| Ok(start_of_day(self.day(key, when)?, self.zone()))).transpose()
    }

    /// The exclusive end of a declared last day; the inner none is "none".
    pub fn ends(&self, key: &str, when: Option<When>) -> Result<Option<Option<Timestamp>>, Stop> {
        match when {
            None => Ok(None),
            Some(When::Never) => Ok(Some(None)),
            Some(when) => Ok(Some(Some(end_of_day(self.day(key, when)?, self.zone())))),
        }
    }

    pub fn show_start(&self) -> impl Fn(&Timestamp) -> String + use<> {
        let zone = self.zone();
        move |at| day_of(*at, zone).to_string()
    }

    pub fn show_end(&self) -> impl Fn(&Option<Timestamp>) -> String + use<> {
        let zone = self.zone();
        move |at| at.map_or_else(|| "none".to_owned(), |at| last_day(at, zone).to_string())
    }

    pub async fn find_person(&self, key: &str, address: &str) -> Result<Person, Stop> {
        let missing = || {
            Stop::at(
                key,
                format!("names {address}, who is neither in the file nor in the portal; expected the address of a person"),
            )
        };
        let address: EmailAddress = address.parse().map_err(|_| missing())?;
        store::people::find_by_email(&self.cx.tx, &address).await?.ok_or_else(missing)
    }

    pub async fn find_organization(&self, key: &str, slug: &str) -> Result<Organization, Stop> {
        let missing = || {
            Stop::at(
                key,
                format!("names {slug:?}, which is neither in the file nor in the portal; expected the short name of an organization"),
            )
        };
        store::organizations::find_by_slug(&self.cx.tx, slug).await?.ok_or_else(missing)
    }

    pub async fn find_application(&self, key: &str, slug: &str) -> Result<(Application, Vec<Scope>), Stop> {
        let missing = || {
            Stop::at(
                key,
                format!("names {slug:?}, which is neither in the file nor in the portal; expected the short name of an application"),
            )
        };
        let application = store::applications::find_by_slug(&self.cx.tx, slug).await?.ok_or_else(missing)?;
        let scopes = store::applications::scopes_of(&self.cx.tx, &[application.id]).await?;
        Ok((application, scopes))
    }

    /// Sets who is named under a key, told by names.
    pub async fn change_person_of(
        &self,
        field: &'static str,
        slot: &mut Option<PersonId>,
        wanted: Option<Option<PersonId>>,
        fields: &mut Fields,
    ) -> Result<(), Stop> {
        let Some(wanted) = wanted.filter(|wanted| wanted != slot) else {
            return Ok(());
        };
        let (old, new) = (self.name_of(*slot).await?, self.name_of(wanted).await?);
        fields.note(field, old, new);
        *slot = wanted;
        Ok(())
    }

    async fn name_of(&self, person: Option<PersonId>) -> Result<String, Stop> {
        let found = match person {
            Some(id) => store::people::get(&self.cx.tx, id).await?,
            None => None,
        };
        Ok(found.map_or_else(|| "—".to_owned(), |person| person.name))
    }

    pub fn did(&mut self, mark: Mark, kind: &'static str, name: impl Into<String>, fields: Fields) {
        self.report.changes.push(Change {
            mark,
            kind,
            name: name.into(),
            fields: fields.0,
        });
    }

    pub async fn record(&mut self, event: Event) -> Result<(), Stop> {
        Ok(audit::record(self.cx, event).await?)
    }

    /// More people than the contract in force has seats, or more holders than an entitlement has: refused.
    pub async fn check_seats(&mut self) -> Result<(), Stop> {
        for (organization, key) in &self.crowded {
            let Some(contract) = store::contracts::in_force(&self.cx.tx, *organization, self.cx.now).await? else {
                continue;
            };
            let taken = store::members::seats_taken(&self.cx.tx, *organization, self.cx.now).await?;
            if taken > u64::try_from(contract.seats).unwrap_or_default() {
                let text = format!(
                    "would make {taken} members, but contract {} has {} seats; expected no more",
                    contract.reference, contract.seats
                );
                return Err(Stop::at(key, text));
            }
        }
        for (entitlement, (organization, key)) in &self.crowded_entitlements {
            let Some(found) = store::grants::entitlement(&self.cx.tx, *organization, *entitlement).await? else {
                continue;
            };
            let Some(seats) = found.seats else { continue };
            let taken = store::grants::entitlement_seats_taken(&self.cx.tx, *entitlement, self.cx.now).await?;
            if taken > u64::try_from(seats).unwrap_or_default() {
                return Err(Stop::at(
                    key,
                    format!("would make {taken} people hold it, but the entitlement has {seats} seats; expected no more"),
                ));
            }
        }
        Ok(())
    }
}

/// The ids of scopes by their names; `known` are those that may be named.
pub(super) fn scope_ids(key: &str, names: &[String], known: &[&Scope]) -> Result<Vec<ScopeId>, Stop> {
    let mut ids = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let Some(scope) = known.iter().find(|scope| &scope.name == name) else {
            let names: Vec<&str> = known.iter().map(|scope| scope.name.as_str()).collect();
            return Err(Stop::at(
                format!("{key}.scopes[{index}]"),
                format!("is {name:?}; expected one of {}", names.join(", ")),
            ));
        };
        ids.push(scope.id);
    }
    Ok(sorted(ids))
}

/// Each once, in a fixed order.
pub(super) fn sorted(mut ids: Vec<ScopeId>) -> Vec<ScopeId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Names of scopes for people, sorted.
pub(super) fn scope_names<'a>(known: &'a [Scope]) -> impl Fn(&Vec<ScopeId>) -> String + use<'a> {
    |ids| {
        let mut names: Vec<&str> = known
            .iter()
            .filter(|scope| ids.contains(&scope.id))
            .map(|scope| scope.name.as_str())
            .collect();
        names.sort_unstable();
        names.join(", ")
    }
}

/// What a new thing needs.
pub(super) fn needed<T>(key: &str, field: &str, value: Option<T>, thing: &str) -> Result<T, Stop> {
    value.ok_or_else(|| {
        Stop::at(
            format!("{key}.{field}"),
            format!("is missing; expected a value, because {thing} is new"),
        )
    })
}

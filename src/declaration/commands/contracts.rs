//! Contracts of an organization, each known by its reference.

use super::{
    super::{
        Mark,
        changes::{Fields, plain},
        error::Stop,
        model::ContractEntry,
    },
    step::{Step, needed},
};
use crate::{
    audit::{Event, EventKind, Subject},
    kernel::ContractId,
    organizations::{Contract, Organization},
    store,
};

impl Step<'_> {
    /// A contract, known by its reference.
    pub(super) async fn contract(&mut self, key: &str, organization: &Organization, entry: &ContractEntry) -> Result<(), Stop> {
        let starts = self.starts(key, entry.starts)?;
        let ends = self.ends(&format!("{key}.ends"), entry.ends)?.flatten();
        let known = store::contracts::of_organization(&self.cx.tx, organization.id).await?;
        let mut fields = Fields::default();
        let shown = format!("{} of {}", entry.reference, organization.slug);
        let before = known.into_iter().find(|contract| contract.reference == entry.reference);
        let contract = match before.clone() {
            None => Contract {
                id: ContractId::new(self.cx.now, &mut self.cx.rng),
                organization: organization.id,
                reference: entry.reference.clone(),
                starts_at: needed(key, "starts", starts, "this contract")?,
                ends_at: needed(key, "ends", ends, "this contract")?,
                notice_days: entry.notice_days.unwrap_or(30),
                seats: needed(key, "seats", entry.seats, "this contract")?,
                version: 1,
            },
            Some(mut contract) => {
                let was_over = contract.ends_at <= self.cx.now;
                fields.set("starts", &mut contract.starts_at, starts, self.show_start());
                let show = self.show_end();
                fields.set("ends", &mut contract.ends_at, ends, |at| show(&Some(*at)));
                fields.set("notice_days", &mut contract.notice_days, entry.notice_days, plain);
                fields.set("seats", &mut contract.seats, entry.seats, plain);
                if fields.is_empty() {
                    return Ok(());
                }
                if was_over && contract.ends_at > self.cx.now {
                    return Err(Stop::at(
                        format!("{key}.ends"),
                        "would revive a contract that has ended; expected a new contract with a reference of its own",
                    ));
                }
                contract
            }
        };
        let contract = contract
            .checked()
            .map_err(|error| Stop::at(format!("{key}.ends"), format!("cannot be so. {error}")))?;
        self.crowded.entry(organization.id).or_insert_with(|| key.to_owned());
        let facts = |contract: &Contract| serde_json::json!({ "starts_at": contract.starts_at, "ends_at": contract.ends_at, "notice_days": contract.notice_days, "seats": contract.seats });
        let subject = Subject::new("contract", contract.id, contract.reference.clone());
        if let Some(before) = before {
            store::contracts::update(&self.cx.tx, &contract).await?;
            let mut event = Event::new(EventKind::ContractChanged)
                .organization(organization.id, organization.name.clone())
                .subject(subject)
                .detail("from", facts(&before))
                .detail("to", facts(&contract));
            if !contract.is_in_force_at(self.cx.now)
                && store::contracts::in_force(&self.cx.tx, organization.id, self.cx.now)
                    .await?
                    .is_none()
            {
                event = event.ended(store::sessions::end_of_organization(&self.cx.tx, organization.id, self.cx.now).await?);
            }
            self.record(event).await?;
            self.did(Mark::Change, "contract", shown, fields);
        } else {
            if !store::contracts::insert(&self.cx.tx, &contract, self.cx.now).await? {
                return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
            }
            let event = Event::new(EventKind::ContractCreated)
                .organization(organization.id, organization.name.clone())
                .subject(subject);
            let event = event
                .detail("starts_at", serde_json::json!(contract.starts_at))
                .detail("ends_at", serde_json::json!(contract.ends_at))
                .detail("notice_days", contract.notice_days)
                .detail("seats", contract.seats);
            self.record(event).await?;
            let (first, last) = (self.show_start()(&contract.starts_at), self.show_end()(&Some(contract.ends_at)));
            self.did(
                Mark::Create,
                "contract",
                format!("{shown} ({first} to {last}, {} seats)", contract.seats),
                Fields::default(),
            );
        }
        Ok(())
    }
}

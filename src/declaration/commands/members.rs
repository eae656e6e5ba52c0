//! Memberships and what members hold.

use super::{
    super::{
        Mark,
        changes::{Fields, optional, plain},
        error::Stop,
        model::{AssignmentEntry, MembershipEntry, PersonEntry},
    },
    people::or_cleared,
    step::{Step, scope_ids, scope_names, sorted},
};
use crate::{
    apps::{Application, Assignment, Scope},
    audit::{Event, EventKind, Subject},
    kernel::{AssignmentId, MemberId, Timestamp},
    organizations::{Organization, OrganizationStatus},
    people::{Member, MemberRole, MemberStatus, Person, invitations::withdraw_hand_over, run_until},
    signin::Ended,
    store::{
        self, StoreError,
        issuer::{ending, grants::Whose},
    },
};

impl Step<'_> {
    /// The memberships of a person, each with what it holds.
    pub async fn memberships(&mut self, key: &str, entry: &PersonEntry) -> Result<(), Stop> {
        if entry.memberships.is_empty() {
            return Ok(());
        }
        let person = self.find_person(key, entry.email.as_str()).await?;
        for (index, membership) in entry.memberships.iter().enumerate() {
            let key = format!("{key}.memberships[{index}]");
            let organization = self
                .find_organization(&format!("{key}.organization"), &membership.organization)
                .await?;
            let Some(member) = self.membership(&key, &person, &organization, membership).await? else {
                continue;
            };
            for (number, assignment) in membership.assignments.iter().enumerate() {
                self.assignment(&format!("{key}.assignments[{number}]"), &person, &organization, &member, assignment)
                    .await?;
            }
        }
        Ok(())
    }

    /// The membership; none when it is over.
    async fn membership(
        &mut self,
        key: &str,
        person: &Person,
        organization: &Organization,
        entry: &MembershipEntry,
    ) -> Result<Option<Member>, Stop> {
        let starts = self.starts(key, entry.starts)?;
        let ends = self.ends(&format!("{key}.ends"), entry.ends)?;
        let shown = format!("{} in {}", person.email.as_str(), organization.slug);
        let known = store::members::find(&self.cx.tx, organization.id, person.id).await?;
        let removed = entry.status == Some(MemberStatus::Removed);
        let member = match known {
            None if removed => return Ok(None),
            None => {
                let status = entry.status.unwrap_or(MemberStatus::Active);
                let member = Member {
                    id: MemberId::new(self.cx.now, &mut self.cx.rng),
                    organization: organization.id,
                    person: person.id,
                    role: entry.role.unwrap_or(MemberRole::Member),
                    status,
                    status_reason: entry.status_reason.clone().filter(|_| status != MemberStatus::Active),
                    starts_at: starts.unwrap_or(self.cx.now),
                    ends_at: ends.flatten(),
                    read_only: false,
                    rotated_to: None,
                    rotated_from: None,
                    last_seen_at: None,
                    created_at: self.cx.now,
                    version: 1,
                };
                check_window(key, &member)?;
                if !store::members::insert(&self.cx.tx, &member).await? {
                    return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
                }
                self.crowded.entry(organization.id).or_insert_with(|| key.to_owned());
                let event = about(EventKind::MemberAdded, organization, person, &member)
                    .detail("role", member.role.as_str())
                    .detail("status", member.status.as_str())
                    .detail("ends_at", member.ends_at.map(|end| end.to_rfc3339()));
                self.record(event).await?;
                self.did(Mark::Create, "member", format!("{shown} ({})", member.role), Fields::default());
                member
            }
            Some(member) if member.read_only => {
                self.report
                    .notes
                    .push(format!("{key}: {shown} is handing over to a successor and stays as it is"));
                return Ok(None);
            }
            Some(member) if removed => {
                self.note_admin(key, organization, &member).await?;
                let member = member
                    .remove(entry.status_reason.clone(), self.cx.now)
                    .map_err(|error| Stop::at(key, error.to_string()))?;
                store::members::update(&self.cx.tx, &member).await?;
                let assignments = store::grants::revoke_assignments_of_member(&self.cx.tx, member.id, self.cx.now).await?;
                let ended = store::sessions::end_of_member(&self.cx.tx, member.id, self.cx.now).await?;
                let event = about(EventKind::MemberRemoved, organization, person, &member)
                    .reason_given(member.status_reason.clone())
                    .detail("assignments_ended", assignments)
                    .ended(ended);
                self.record(event).await?;
                withdraw_hand_over(self.cx, organization, member.id).await?;
                self.did(Mark::End, "member", shown, Fields::default());
                return Ok(None);
            }
            Some(mut member) => {
                let before = member.clone();
                let mut fields = Fields::default();
                fields.set("role", &mut member.role, entry.role, plain);
                fields.set("starts", &mut member.starts_at, starts, self.show_start());
                fields.set("ends", &mut member.ends_at, ends, self.show_end());
                fields.set("status", &mut member.status, entry.status, plain);
                match member.status {
                    MemberStatus::Active => member.status_reason = None,
                    _ => {
                        fields.set(
                            "status_reason",
                            &mut member.status_reason,
                            or_cleared(entry.status_reason.as_ref()),
                            optional,
                        );
                    }
                }
                if !fields.is_empty() {
                    check_window(key, &member)?;
                    self.note_admin(key, organization, &before).await?;
                    store::members::update(&self.cx.tx, &member).await?;
                    member.version += 1;
                    self.crowded.entry(organization.id).or_insert_with(|| key.to_owned());
                    self.tell_membership(organization, person, &member, &fields).await?;
                    self.did(Mark::Change, "member", shown, fields);
                }
                member
            }
        };
        Ok(Some(member))
    }

    /// Remembers until when somebody ran the organization, before the first of its admins is changed.
    async fn note_admin(&mut self, key: &str, organization: &Organization, before: &Member) -> Result<(), Stop> {
        if !before.runs_organization_at(self.cx.now) || self.led_until.contains_key(&organization.id) {
            return Ok(());
        }
        let admins = store::members::admins(&self.cx.tx, organization.id).await?;
        let until = run_until(&admins, self.cx.now);
        self.led_until.insert(organization.id, (until, key.to_owned()));
        Ok(())
    }

    /// The last-admin guard of the pages (mission E3), once everything is in place: no organization is without a partner admin any
    /// earlier than it would have been without the file, as long as its contract lasts.
    pub async fn check_admins(&self) -> Result<(), Stop> {
        for (id, (before, key)) in &self.led_until {
            let organization = store::organizations::get(&self.cx.tx, *id).await?;
            let Some(organization) = organization.filter(|found| found.status != OrganizationStatus::Offboarded) else {
                continue;
            };
            let contracts = store::contracts::of_organization(&self.cx.tx, *id).await?;
            let contract = contracts.first().map_or(Timestamp::MAX_UTC, |contract| contract.ends_at);
            let admins = store::members::admins(&self.cx.tx, *id).await?;
            if run_until(&admins, self.cx.now) < (*before).min(contract) {
                let text = format!(
                    "would leave {} without a partner admin; expected another active membership with the role partner_admin that lasts as long",
                    organization.slug
                );
                return Err(Stop::at(key, text));
            }
        }
        Ok(())
    }

    /// One event for each kind of difference, as if it had been done on the pages.
    async fn tell_membership(
        &mut self,
        organization: &Organization,
        person: &Person,
        member: &Member,
        fields: &Fields,
    ) -> Result<(), Stop> {
        if fields.has("role") {
            self.record(about(EventKind::RoleChanged, organization, person, member).detail("changed", fields.detail()))
                .await?;
        }
        if fields.has("starts") || fields.has("ends") {
            let event = about(EventKind::LeaveScheduled, organization, person, member)
                .detail("changed", fields.detail())
                .detail("ends_at", member.ends_at.map(|end| end.to_rfc3339()));
            self.record(event).await?;
        }
        if fields.has("status") || fields.has("status_reason") {
            let kind = if member.status == MemberStatus::Suspended {
                EventKind::MemberSuspended
            } else {
                EventKind::MemberReinstated
            };
            let mut event = about(kind, organization, person, member).reason_given(member.status_reason.clone());
            if member.status == MemberStatus::Suspended {
                event = event.ended(store::sessions::end_of_member(&self.cx.tx, member.id, self.cx.now).await?);
            }
            self.record(event).await?;
        }
        Ok(())
    }

    /// A member's share of an entitlement, never beyond it.
    async fn assignment(
        &mut self,
        key: &str,
        person: &Person,
        organization: &Organization,
        member: &Member,
        entry: &AssignmentEntry,
    ) -> Result<(), Stop> {
        let (application, scopes) = self.find_application(&format!("{key}.application"), &entry.application).await?;
        let Some(entitlement) = store::grants::entitlement_for(&self.cx.tx, organization.id, application.id).await? else {
            if entry.revoked {
                return Ok(());
            }
            let text = format!(
                "is {:?}, which {} does not hold; expected an application that the organization is entitled to",
                entry.application, organization.slug
            );
            return Err(Stop::at(format!("{key}.application"), text));
        };
        let held = store::grants::assignment_of(&self.cx.tx, member.id, entitlement.id).await?;
        let shown = format!("{} of {} in {}", application.slug, person.email.as_str(), organization.slug);
        if entry.revoked {
            let Some(held) = held else { return Ok(()) };
            let revoked = held.revoke(self.cx.now).map_err(|error| Stop::at(key, error.to_string()))?;
            store::grants::update_assignment(&self.cx.tx, &revoked).await?;
            let event = about_share(EventKind::AssignmentRevoked, organization, person, member, &application, &revoked);
            let event = event.ended(self.end_share(member, &application).await?);
            self.record(event).await?;
            self.did(Mark::End, "assignment", shown, Fields::default());
            return Ok(());
        }
        let known: Vec<&Scope> = scopes.iter().filter(|scope| entitlement.scopes.contains(&scope.id)).collect();
        let wanted = entry.scopes.as_ref().map(|names| scope_ids(key, names, &known)).transpose()?;
        let starts = self.starts(key, entry.starts)?;
        let ends = self.ends(&format!("{key}.ends"), entry.ends)?;
        let mut fields = Fields::default();
        let is_new = held.is_none();
        let assignment = match held {
            None => Assignment {
                id: AssignmentId::new(self.cx.now, &mut self.cx.rng),
                organization: organization.id,
                entitlement: entitlement.id,
                application: application.id,
                member: member.id,
                starts_at: starts.unwrap_or(self.cx.now),
                ends_at: ends.flatten(),
                revoked_at: None,
                last_used_at: None,
                scopes: wanted.unwrap_or_else(|| sorted(known.iter().filter(|scope| !scope.high_value).map(|scope| scope.id).collect())),
                version: 1,
            },
            Some(mut assignment) => {
                assignment.scopes = sorted(assignment.scopes);
                fields.set("scopes", &mut assignment.scopes, wanted, scope_names(&scopes));
                fields.set("starts", &mut assignment.starts_at, starts, self.show_start());
                fields.set("ends", &mut assignment.ends_at, ends, self.show_end());
                if fields.is_empty() {
                    return Ok(());
                }
                assignment
            }
        };
        if assignment.scopes.is_empty() {
            return Err(Stop::at(
                format!("{key}.scopes"),
                "would be empty; expected at least one scope that the organization holds",
            ));
        }
        if assignment.ends_at.is_some_and(|end| end <= assignment.starts_at) {
            return Err(Stop::at(
                format!("{key}.ends"),
                "is before the first day; expected a later last day",
            ));
        }
        self.crowded_entitlements
            .entry(entitlement.id)
            .or_insert_with(|| (organization.id, key.to_owned()));
        let kind = if is_new {
            EventKind::AssignmentGranted
        } else {
            EventKind::AssignmentChanged
        };
        let mut event = about_share(kind, organization, person, member, &application, &assignment)
            .detail("scopes", scope_names(&scopes)(&assignment.scopes))
            .detail("ends_at", assignment.ends_at.map(|end| end.to_rfc3339()));
        if is_new {
            if !store::grants::insert_assignment(&self.cx.tx, &assignment, self.cx.now).await? {
                return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
            }
            self.did(Mark::Create, "assignment", shown, fields);
        } else {
            store::grants::update_assignment(&self.cx.tx, &assignment).await?;
            if assignment.ends_at.is_some_and(|end| end <= self.cx.now) {
                event = event.ended(self.end_share(member, &application).await?);
            }
            event = event.detail("changed", fields.detail());
            self.did(Mark::Change, "assignment", shown, fields);
        }
        self.record(event).await
    }

    /// Ends what clients hold of an application that the member does not have any more.
    async fn end_share(&self, member: &Member, application: &Application) -> Result<Ended, StoreError> {
        let because = "The assignment was taken away.";
        ending::end_at(&self.cx.tx, Whose::Member(member.id), application.id, because, self.cx.now).await
    }
}

fn check_window(key: &str, member: &Member) -> Result<(), Stop> {
    if member.ends_at.is_some_and(|end| end <= member.starts_at) {
        return Err(Stop::at(
            format!("{key}.ends"),
            "is before the first day; expected a later last day",
        ));
    }
    Ok(())
}

fn about(kind: EventKind, organization: &Organization, person: &Person, member: &Member) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("member", member.id, person.name.clone()))
}

fn about_share(
    kind: EventKind,
    organization: &Organization,
    person: &Person,
    member: &Member,
    application: &Application,
    assignment: &Assignment,
) -> Event {
    about(kind, organization, person, member)
        .application(application.id, application.name.clone())
        .detail("assignment", assignment.id.to_string())
}

//! Organizations: their family, owners, status and certification; contracts and entitlements of each follow.

use std::collections::BTreeSet;

use super::{
    super::{
        Mark,
        changes::{Fields, optional, text, yes},
        error::Stop,
        model::{Declaration, OrganizationEntry},
    },
    lifetimes::{shown_lifetimes, wanted_lifetimes},
    people::or_cleared,
    step::{Step, needed},
};
use crate::{
    audit::{Event, EventKind, Subject},
    kernel::{AccentColor, OrganizationId, PersonId},
    organizations::{Lifetimes, Organization, OrganizationStatus},
    people::TenantRole,
    store,
};

/// Deeper families than this are taken for a circle.
const DEEPEST: usize = 20;

impl Step<'_> {
    /// Holds every organization that the file is about until the transaction ends, always in the order of their ids: who is a member and
    /// who runs it is then as it is counted at the end. Before the first change of a person, as everywhere else.
    pub async fn hold_organizations(&self, declaration: &Declaration) -> Result<(), Stop> {
        let declared = declaration.organizations.iter().map(|organization| organization.slug.as_str());
        let joined = declaration
            .people
            .iter()
            .flat_map(|person| &person.memberships)
            .map(|membership| membership.organization.as_str());
        let mut ids = Vec::new();
        for slug in declared.chain(joined).collect::<BTreeSet<_>>() {
            ids.extend(
                store::organizations::find_by_slug(&self.cx.tx, slug)
                    .await?
                    .map(|organization| organization.id),
            );
        }
        ids.sort_unstable();
        for id in ids {
            store::organizations::get_locked(&self.cx.tx, id).await?;
        }
        Ok(())
    }

    /// Every organization, a parent before its children, then what each may use.
    pub async fn all_organizations(&mut self, entries: &[OrganizationEntry]) -> Result<(), Stop> {
        let mut waiting: Vec<usize> = (0..entries.len()).collect();
        while !waiting.is_empty() {
            let waits_for_parent = |index: &usize| {
                let parent = entries[*index].parent.as_ref();
                parent.is_some_and(|parent| waiting.iter().any(|other| entries[*other].slug == *parent))
            };
            let (later, now): (Vec<usize>, Vec<usize>) = waiting.iter().copied().partition(waits_for_parent);
            if now.is_empty() {
                let key = format!("organizations[{}].parent", later[0]);
                return Err(Stop::at(
                    key,
                    "leads back to the organization itself; expected a parent that is above it",
                ));
            }
            for index in now {
                let key = format!("organizations[{index}]");
                let begun = self.begun_from_template(&key, &entries[index]).await?;
                let entry = begun.as_ref().map_or(&entries[index], |begun| &begun.entry);
                let organization = self.organization(&key, entry).await?;
                for (number, contract) in entry.contracts.iter().enumerate() {
                    self.contract(&format!("{key}.contracts[{number}]"), &organization, contract)
                        .await?;
                }
                for (number, entitlement) in entry.entitlements.iter().enumerate() {
                    self.entitlement(&format!("{key}.entitlements[{number}]"), &organization, entitlement)
                        .await?;
                }
                if let Some(begun) = &begun {
                    self.took_from_template(&organization, begun).await?;
                }
            }
            waiting = later;
        }
        Ok(())
    }

    async fn organization(&mut self, key: &str, entry: &OrganizationEntry) -> Result<Organization, Stop> {
        let parent = match entry.parent.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(slug) => Some(Some(self.find_organization(&format!("{key}.parent"), slug).await?)),
        };
        let owner = self.owner(&format!("{key}.owner"), entry.owner.as_deref()).await?;
        let deputy = self.owner(&format!("{key}.deputy"), entry.deputy.as_deref()).await?;
        let known = match store::organizations::find_by_slug(&self.cx.tx, &entry.slug).await? {
            Some(known) => store::organizations::get_locked(&self.cx.tx, known.id).await?,
            None => None,
        };
        let parent_id = parent.as_ref().map(|parent| parent.as_ref().map(|parent| parent.id));
        let organization = match known {
            None => {
                self.create_organization(key, entry, parent_id.flatten(), owner.flatten(), deputy.flatten())
                    .await?
            }
            Some(known) => self.change_organization(key, entry, known, parent_id, owner, deputy).await?,
        };
        if organization.owner.is_some() && organization.owner == organization.deputy {
            return Err(Stop::at(format!("{key}.deputy"), "is the owner; expected somebody else"));
        }
        if organization.owner.is_none() && organization.deputy.is_some() {
            return Err(Stop::at(format!("{key}.deputy"), "stands in for nobody; expected an owner too"));
        }
        if parent_id.is_some() {
            self.check_family(key, &organization).await?;
        }
        Ok(organization)
    }

    /// Owners and deputies hold the tenant role.
    async fn owner(&self, key: &str, address: Option<&str>) -> Result<Option<Option<PersonId>>, Stop> {
        match address {
            None => Ok(None),
            Some("") => Ok(Some(None)),
            Some(address) => {
                let person = self.find_person(key, address).await?;
                let roles = store::tenant::roles_of(&self.cx.tx, person.id).await?;
                if !roles.contains(&TenantRole::Owner) {
                    return Err(Stop::at(
                        key,
                        format!("names {address}, who is no owner; expected somebody with the tenant role owner"),
                    ));
                }
                Ok(Some(Some(person.id)))
            }
        }
    }

    async fn check_family(&self, key: &str, organization: &Organization) -> Result<(), Stop> {
        let mut above = organization.parent;
        for _ in 0..DEEPEST {
            let Some(id) = above else { return Ok(()) };
            if id == organization.id {
                break;
            }
            above = store::organizations::get(&self.cx.tx, id).await?.and_then(|parent| parent.parent);
        }
        Err(Stop::at(
            format!("{key}.parent"),
            "leads back to the organization itself; expected a parent that is above it",
        ))
    }

    async fn create_organization(
        &mut self,
        key: &str,
        entry: &OrganizationEntry,
        parent: Option<OrganizationId>,
        owner: Option<PersonId>,
        deputy: Option<PersonId>,
    ) -> Result<Organization, Stop> {
        let status = entry.status.unwrap_or(OrganizationStatus::Onboarding);
        let accent: Option<AccentColor> = entry.accent.as_ref().and_then(|accent| accent.parse().ok());
        let organization = Organization {
            id: OrganizationId::new(self.cx.now, &mut self.cx.rng),
            slug: entry.slug.clone(),
            name: needed(key, "name", entry.name.clone(), "this organization")?,
            kind: entry.kind.clone().unwrap_or_default(),
            description: entry.description.clone().unwrap_or_default(),
            metadata: entry.metadata.clone().unwrap_or_default(),
            status,
            status_reason: reason(entry, status),
            parent,
            owner,
            deputy,
            accent: accent.unwrap_or_else(|| self.cx.tenant.accent.clone()),
            has_logo: false,
            require_step_up: entry.require_step_up.unwrap_or_default(),
            lifetimes: wanted_lifetimes(key, Lifetimes::default(), entry.token_lifetimes)?.unwrap_or_default(),
            certification_due_at: self.ends(&format!("{key}.certification_due"), entry.certification_due)?.flatten(),
            certified_at: self.instant(&format!("{key}.certified"), entry.certified)?,
            suspended_by_certification: false,
            created_at: self.cx.now,
            version: 1,
        };
        if !store::organizations::insert(&self.cx.tx, &organization).await? {
            return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
        }
        let event = about(EventKind::OrganizationCreated, &organization)
            .detail("short_name", organization.slug.as_str())
            .detail("kind", organization.kind.as_str())
            .detail("status", organization.status.as_str())
            .reason_given(organization.status_reason.clone());
        self.record(event).await?;
        self.did(
            Mark::Create,
            "organization",
            format!("{} ({})", organization.slug, organization.name),
            Fields::default(),
        );
        Ok(organization)
    }

    async fn change_organization(
        &mut self,
        key: &str,
        entry: &OrganizationEntry,
        mut organization: Organization,
        parent: Option<Option<OrganizationId>>,
        owner: Option<Option<PersonId>>,
        deputy: Option<Option<PersonId>>,
    ) -> Result<Organization, Stop> {
        let before = organization.clone();
        let mut profile = Fields::default();
        profile.set("name", &mut organization.name, entry.name.clone(), |name| text(name));
        profile.set("kind", &mut organization.kind, entry.kind.clone(), |kind| text(kind));
        profile.set("description", &mut organization.description, entry.description.clone(), |words| {
            text(words)
        });
        profile.set("metadata", &mut organization.metadata, entry.metadata.clone(), |pairs| {
            format!("{pairs:?}")
        });
        if let Some(parent) = parent.filter(|parent| *parent != organization.parent) {
            profile.note("parent", self.slug_of(organization.parent).await?, self.slug_of(parent).await?);
            organization.parent = parent;
        }
        self.change_person_of("owner", &mut organization.owner, owner, &mut profile).await?;
        self.change_person_of("deputy", &mut organization.deputy, deputy, &mut profile)
            .await?;
        profile.set("require_step_up", &mut organization.require_step_up, entry.require_step_up, yes);
        let lifetimes = wanted_lifetimes(key, organization.lifetimes, entry.token_lifetimes)?;
        profile.set("token_lifetimes", &mut organization.lifetimes, lifetimes, shown_lifetimes);
        self.certification(key, entry, &mut organization, &mut profile)?;
        let mut branding = Fields::default();
        branding.set(
            "accent",
            &mut organization.accent,
            entry.accent.as_ref().and_then(|accent| accent.parse().ok()),
            |accent| accent.as_str().to_owned(),
        );
        let mut status = Fields::default();
        let mut organization = self.status(key, entry, organization, &mut status)?;
        if profile.is_empty() && branding.is_empty() && status.is_empty() {
            return Ok(organization);
        }
        store::organizations::update(&self.cx.tx, &organization).await?;
        organization.version += 1;
        if !profile.is_empty() {
            self.record(about(EventKind::OrganizationChanged, &organization).detail("changed", profile.detail()))
                .await?;
        }
        if !branding.is_empty() {
            self.record(about(EventKind::BrandingChanged, &organization).detail("accent", organization.accent.as_str()))
                .await?;
        }
        if organization.status != before.status {
            let kind = match organization.status {
                OrganizationStatus::Onboarding => EventKind::OrganizationChanged,
                OrganizationStatus::Active => EventKind::OrganizationActivated,
                OrganizationStatus::Suspended => EventKind::OrganizationSuspended,
                OrganizationStatus::Offboarded => EventKind::OrganizationOffboarded,
            };
            let mut event = about(kind, &organization).reason_given(organization.status_reason.clone());
            if matches!(organization.status, OrganizationStatus::Suspended | OrganizationStatus::Offboarded) {
                event = event.ended(store::sessions::end_of_organization(&self.cx.tx, organization.id, self.cx.now).await?);
            }
            self.record(event).await?;
        } else if !status.is_empty() {
            self.record(about(EventKind::OrganizationChanged, &organization).detail("changed", status.detail()))
                .await?;
        }
        let fields = Fields([profile.0, branding.0, status.0].concat());
        self.did(Mark::Change, "organization", organization.slug.clone(), fields);
        Ok(organization)
    }

    /// Certification as declared, unless a newer one was made in the portal.
    fn certification(
        &mut self,
        key: &str,
        entry: &OrganizationEntry,
        organization: &mut Organization,
        fields: &mut Fields,
    ) -> Result<(), Stop> {
        let certified = self.instant(&format!("{key}.certified"), entry.certified)?;
        if certified.is_some() && organization.certified_at > certified {
            return Ok(());
        }
        let show = self.show_start();
        let renewed = fields.set("certified", &mut organization.certified_at, certified.map(Some), |at| {
            at.as_ref().map_or_else(|| "—".to_owned(), &show)
        });
        let due = self.ends(&format!("{key}.certification_due"), entry.certification_due)?;
        fields.set("certification_due", &mut organization.certification_due_at, due, self.show_end());
        let grace = self.cx.tenant.certification_grace_days;
        if renewed && organization.suspended_by_certification && !organization.certification_lapsed_at(self.cx.now, grace) {
            organization.suspended_by_certification = false;
        }
        Ok(())
    }

    fn status(
        &mut self,
        key: &str,
        entry: &OrganizationEntry,
        organization: Organization,
        fields: &mut Fields,
    ) -> Result<Organization, Stop> {
        let Some(wanted) = entry.status else { return Ok(organization) };
        let (old, old_reason) = (organization.status, organization.status_reason.clone());
        if wanted == old {
            let mut organization = organization;
            fields.set(
                "status_reason",
                &mut organization.status_reason,
                or_cleared(entry.status_reason.as_ref()),
                optional,
            );
            return Ok(organization);
        }
        if wanted == OrganizationStatus::Active && organization.suspended_by_certification {
            let slug = &entry.slug;
            self.report.notes.push(format!("{key}.status: {slug} stays suspended, because its certification is overdue or was declined; certify it in the portal, or declare a newer certified and certification_due"));
            return Ok(organization);
        }
        let why = reason(entry, wanted).unwrap_or_default();
        let changed = match wanted {
            OrganizationStatus::Active => organization.activate(),
            OrganizationStatus::Suspended => organization.suspend(why, false),
            OrganizationStatus::Offboarded => organization.offboard(why),
            OrganizationStatus::Onboarding => {
                return Err(Stop::at(
                    format!("{key}.status"),
                    format!("is onboarding, but the organization is {old} already; expected active, suspended or offboarded"),
                ));
            }
        };
        let changed = changed.map_err(|_| {
            Stop::at(
                format!("{key}.status"),
                format!("cannot become {wanted}, because it is {old}; expected another status"),
            )
        })?;
        fields.note("status", old.as_str(), wanted.as_str());
        if changed.status_reason != old_reason {
            fields.note("status_reason", optional(&old_reason), optional(&changed.status_reason));
        }
        Ok(changed)
    }

    async fn slug_of(&self, organization: Option<OrganizationId>) -> Result<String, Stop> {
        let found = match organization {
            Some(id) => store::organizations::get(&self.cx.tx, id).await?,
            None => None,
        };
        Ok(found.map_or_else(|| "—".to_owned(), |organization| organization.slug))
    }
}

/// Why it stands where it stands; a pause or an end always has a reason.
fn reason(entry: &OrganizationEntry, status: OrganizationStatus) -> Option<String> {
    match status {
        OrganizationStatus::Onboarding | OrganizationStatus::Active => None,
        OrganizationStatus::Suspended | OrganizationStatus::Offboarded => {
            let given = entry.status_reason.clone().filter(|reason| !reason.trim().is_empty());
            Some(given.unwrap_or_else(|| "Decided by the company that runs this portal.".to_owned()))
        }
    }
}

pub(super) fn about(kind: EventKind, organization: &Organization) -> Event {
    Event::new(kind)
        .organization(organization.id, organization.name.clone())
        .subject(Subject::new("organization", organization.id, organization.name.clone()))
}

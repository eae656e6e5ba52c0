//! What shows in a declaration without looking at the database: shapes, ranges, doubles. Every problem is collected.

use std::{collections::HashSet, fmt::Display};

use super::{
    Problem, When,
    model::{
        ApplicationEntry, AssignmentEntry, Declaration, EntitlementEntry, MembershipEntry, OrganizationEntry, PersonEntry, TemplateEntry,
        TenantEntry,
    },
};
use crate::{
    apps::catalogue,
    kernel::{AccentColor, EmailAddress},
    organizations::{
        OrganizationStatus,
        profile::{METADATA_MAX, checked_slug},
    },
    people::MemberStatus,
    ui::icon::APP_ICONS,
};

/// What stands for the portal's own address in a launch URL.
pub(super) const PUBLIC_URL: &str = "{public_url}";

/// Every problem of the file as such.
pub(super) fn check(declaration: &Declaration) -> Vec<Problem> {
    let mut check = Check::default();
    if let Some(tenant) = &declaration.tenant {
        check.tenant(tenant);
    }
    for (index, application) in declaration.applications.iter().enumerate() {
        check.application(&format!("applications[{index}]"), application);
    }
    for (index, template) in declaration.templates.iter().enumerate() {
        check.template(&format!("templates[{index}]"), template);
    }
    for (index, organization) in declaration.organizations.iter().enumerate() {
        check.organization(&format!("organizations[{index}]"), organization);
    }
    for (index, person) in declaration.people.iter().enumerate() {
        check.person(&format!("people[{index}]"), person);
    }
    check.doubles(
        "applications",
        "slug",
        declaration.applications.iter().map(|entry| entry.slug.clone()),
    );
    for (index, policy) in declaration.policies.iter().enumerate() {
        let key = format!("policies[{index}]");
        check.words(format!("{key}.name"), Some(&policy.name), 80, false);
        check.words(format!("{key}.reason"), policy.reason.as_ref(), 500, false);
    }
    check.doubles("policies", "name", declaration.policies.iter().map(|entry| entry.name.clone()));
    check.doubles(
        "templates",
        "name",
        declaration.templates.iter().map(|entry| entry.name.to_lowercase()),
    );
    check.doubles(
        "organizations",
        "slug",
        declaration.organizations.iter().map(|entry| entry.slug.clone()),
    );
    check.doubles(
        "people",
        "email",
        declaration.people.iter().map(|entry| entry.email.normalized().to_owned()),
    );
    check.0
}

/// The secret of an authenticator app, from base32 (RFC 4648 §6); spaces and case do not matter. At least 128 bits (RFC 4226 §4).
pub(super) fn totp_bytes(typed: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for letter in typed.trim_end_matches('=').chars().filter(|letter| !letter.is_whitespace()) {
        let value = match letter.to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            letter @ '2'..='7' => u32::from(letter) - u32::from('2') + 26,
            _ => return None,
        };
        buffer = (buffer << 5) | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).ok()?);
        }
    }
    (bytes.len() >= 16).then_some(bytes)
}

#[derive(Default)]
struct Check(Vec<Problem>);

impl Check {
    fn problem(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem::new(key, text));
    }

    fn doubles<T: Eq + std::hash::Hash + Display>(&mut self, list: &str, key: &str, values: impl Iterator<Item = T>) {
        let mut seen = HashSet::new();
        for (index, value) in values.enumerate() {
            let shown = value.to_string();
            if !seen.insert(value) {
                self.problem(
                    format!("{list}[{index}].{key}"),
                    format!("{shown:?} is there twice; expected one entry for each"),
                );
            }
        }
    }

    fn words(&mut self, key: String, value: Option<&String>, max: usize, may_be_empty: bool) {
        let Some(value) = value else { return };
        if value.trim().is_empty() && !may_be_empty {
            self.problem(key, "is empty; expected a text");
        } else if value.chars().count() > max || value.chars().any(|c| c.is_control()) {
            self.problem(
                key,
                format!("is too long or has control characters; expected a text of at most {max} characters"),
            );
        }
    }

    fn range(&mut self, key: String, value: Option<i32>, from: i32, to: i32) {
        if let Some(value) = value.filter(|value| !(from..=to).contains(value)) {
            self.problem(key, format!("is {value}; expected a number from {from} to {to}"));
        }
    }

    fn accent(&mut self, key: String, value: Option<&String>) {
        if let Some(value) = value.filter(|value| value.parse::<AccentColor>().is_err()) {
            self.problem(key, format!("is {value:?}; expected a colour like #2f5bd3"));
        }
    }

    fn zone(&mut self, key: String, value: Option<&String>) {
        if let Some(value) = value.filter(|value| value.parse::<chrono_tz::Tz>().is_err()) {
            self.problem(key, format!("is {value:?}; expected a time zone like Europe/Berlin"));
        }
    }

    fn address(&mut self, key: String, value: Option<&String>) {
        if let Some(value) = value.filter(|value| !value.is_empty() && value.parse::<EmailAddress>().is_err()) {
            self.problem(
                key,
                format!("is {value:?}; expected an e-mail address like name@example.com, or an empty text for nobody"),
            );
        }
    }

    fn organization_slug(&mut self, key: String, value: &str) {
        if checked_slug(value).ok().as_deref() != Some(value) {
            self.problem(
                key,
                format!("is {value:?}; expected a short name of letters a to z, digits and single dashes, like acme-consulting"),
            );
        }
    }

    fn application_slug(&mut self, key: String, value: &str) {
        if catalogue::slug(value).ok().as_deref() != Some(value) {
            self.problem(
                key,
                format!("is {value:?}; expected a short name of 2 to 60 small letters, digits and dashes, like orders"),
            );
        }
    }

    fn scopes(&mut self, key: &str, scopes: Option<&Vec<String>>) {
        let Some(scopes) = scopes else { return };
        if scopes.is_empty() {
            self.problem(format!("{key}.scopes"), "is empty; expected at least one scope, or revoked = true");
        }
    }

    /// A first and a last day: the first is a day, and not after the last when both are of one kind.
    fn window(&mut self, key: &str, starts: Option<When>, ends: Option<When>) {
        if starts == Some(When::Never) {
            self.problem(format!("{key}.starts"), "is none; expected a first day");
        }
        let before = match (starts, ends) {
            (Some(When::On(first)), Some(When::On(last))) => last < first,
            (Some(When::Days(first)), Some(When::Days(last))) | (Some(When::Months(first)), Some(When::Months(last))) => last < first,
            _ => false,
        };
        if before {
            self.problem(
                format!("{key}.ends"),
                "is before starts; expected a last day that is not before the first",
            );
        }
    }

    fn tenant(&mut self, tenant: &TenantEntry) {
        self.words("tenant.name".to_owned(), tenant.name.as_ref(), 120, false);
        self.accent("tenant.accent".to_owned(), tenant.accent.as_ref());
        self.zone("tenant.time_zone".to_owned(), tenant.time_zone.as_ref());
        self.words("tenant.support_contact".to_owned(), tenant.support_contact.as_ref(), 200, true);
        self.range("tenant.warning_days".to_owned(), tenant.warning_days, 1, 365);
        self.range(
            "tenant.certification_grace_days".to_owned(),
            tenant.certification_grace_days,
            0,
            365,
        );
    }

    fn application(&mut self, key: &str, application: &ApplicationEntry) {
        self.application_slug(format!("{key}.slug"), &application.slug);
        self.words(format!("{key}.name"), application.name.as_ref(), 120, false);
        self.words(format!("{key}.description"), application.description.as_ref(), 500, true);
        self.words(format!("{key}.category"), application.category.as_ref(), 60, false);
        self.address(format!("{key}.owner"), application.owner.as_ref());
        if let Some(icon) = application.icon.as_ref().filter(|icon| !APP_ICONS.contains(&icon.as_str())) {
            self.problem(
                format!("{key}.icon"),
                format!("is {icon:?}; expected one of {}", APP_ICONS.join(", ")),
            );
        }
        if let Some(url) = &application.launch_url {
            let own = url
                .strip_prefix(PUBLIC_URL)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if !own && let Err(error) = catalogue::launch_url(url) {
                self.problem(
                    format!("{key}.launch_url"),
                    format!("is {url:?}; expected https://…, or {PUBLIC_URL}/… for the portal's own address. {error}"),
                );
            }
        }
        for (index, scope) in application.scopes.iter().enumerate() {
            if catalogue::scope_name(&scope.name).ok().as_ref() != Some(&scope.name) {
                let text = format!(
                    "is {:?}; expected letters, digits and signs without spaces, like orders:write",
                    scope.name
                );
                self.problem(format!("{key}.scopes[{index}].name"), text);
            }
            self.words(format!("{key}.scopes[{index}].description"), scope.description.as_ref(), 300, true);
        }
        self.doubles(
            &format!("{key}.scopes"),
            "name",
            application.scopes.iter().map(|scope| scope.name.clone()),
        );
    }

    fn template(&mut self, key: &str, template: &TemplateEntry) {
        self.words(format!("{key}.name"), Some(&template.name), 60, false);
        self.words(format!("{key}.kind"), template.kind.as_ref(), 60, false);
        self.range(format!("{key}.certification_months"), template.certification_months, 1, 24);
        self.range(format!("{key}.joining_days"), template.joining_days, 0, 3650);
        if let Some(terms) = &template.contract {
            self.range(format!("{key}.contract.months"), terms.months, 0, 240);
            self.range(format!("{key}.contract.notice_days"), terms.notice_days, 0, 3650);
            self.range(format!("{key}.contract.seats"), terms.seats, 1, 1_000_000);
        }
        for (index, given) in template.applications.iter().enumerate() {
            let key = format!("{key}.applications[{index}]");
            self.application_slug(format!("{key}.application"), &given.application);
            self.scopes(&key, given.scopes.as_ref());
            self.range(format!("{key}.days"), given.days, 0, 3650);
        }
        self.doubles(
            &format!("{key}.applications"),
            "application",
            template.applications.iter().map(|entry| entry.application.clone()),
        );
    }

    fn organization(&mut self, key: &str, organization: &OrganizationEntry) {
        self.organization_slug(format!("{key}.slug"), &organization.slug);
        self.words(format!("{key}.name"), organization.name.as_ref(), 120, false);
        self.words(format!("{key}.template"), organization.template.as_ref(), 60, false);
        self.words(format!("{key}.kind"), organization.kind.as_ref(), 60, true);
        self.words(format!("{key}.description"), organization.description.as_ref(), 500, true);
        self.words(format!("{key}.status_reason"), organization.status_reason.as_ref(), 500, true);
        let closed = matches!(
            organization.status,
            Some(OrganizationStatus::Suspended | OrganizationStatus::Offboarded)
        );
        if organization.status_reason.is_some() && !closed {
            self.problem(
                format!("{key}.status_reason"),
                "goes with a status of suspended or offboarded alone; expected one of them, or no reason",
            );
        }
        self.accent(format!("{key}.accent"), organization.accent.as_ref());
        self.address(format!("{key}.owner"), organization.owner.as_ref());
        self.address(format!("{key}.deputy"), organization.deputy.as_ref());
        if organization.parent.as_ref() == Some(&organization.slug) {
            self.problem(format!("{key}.parent"), "is the organization itself; expected another one");
        }
        if organization.certified == Some(When::Never) {
            self.problem(format!("{key}.certified"), "is none; expected a day");
        }
        for (name, value) in organization.metadata.iter().flatten() {
            self.words(format!("{key}.metadata.{name}"), Some(value), 300, false);
        }
        if organization.metadata.as_ref().is_some_and(|pairs| pairs.len() > METADATA_MAX) {
            self.problem(
                format!("{key}.metadata"),
                format!("has too many pairs; expected at most {METADATA_MAX}"),
            );
        }
        for (index, contract) in organization.contracts.iter().enumerate() {
            let key = format!("{key}.contracts[{index}]");
            self.words(format!("{key}.reference"), Some(&contract.reference), 120, false);
            self.window(&key, contract.starts, contract.ends);
            if contract.ends == Some(When::Never) {
                self.problem(
                    format!("{key}.ends"),
                    "is none; expected a last day, because every contract has one",
                );
            }
            self.range(format!("{key}.seats"), contract.seats, 1, 1_000_000);
            self.range(format!("{key}.notice_days"), contract.notice_days, 0, 3650);
        }
        self.doubles(
            &format!("{key}.contracts"),
            "reference",
            organization.contracts.iter().map(|entry| entry.reference.clone()),
        );
        for (index, entitlement) in organization.entitlements.iter().enumerate() {
            self.entitlement(&format!("{key}.entitlements[{index}]"), entitlement);
        }
        self.doubles(
            &format!("{key}.entitlements"),
            "application",
            organization.entitlements.iter().map(|entry| entry.application.clone()),
        );
    }

    fn entitlement(&mut self, key: &str, entitlement: &EntitlementEntry) {
        self.application_slug(format!("{key}.application"), &entitlement.application);
        self.scopes(key, entitlement.scopes.as_ref());
        self.window(key, entitlement.starts, entitlement.ends);
        self.range(format!("{key}.seats"), entitlement.seats, 0, 1_000_000);
    }

    fn person(&mut self, key: &str, person: &PersonEntry) {
        self.words(format!("{key}.name"), person.name.as_ref(), 120, false);
        self.zone(format!("{key}.time_zone"), person.time_zone.as_ref());
        if person
            .totp_secret
            .as_ref()
            .is_some_and(|secret| totp_bytes(secret.reveal()).is_none())
        {
            self.problem(
                format!("{key}.totp_secret"),
                "is no secret of an authenticator app; expected at least 26 letters of base32 (A to Z, 2 to 7)",
            );
        }
        for (index, membership) in person.memberships.iter().enumerate() {
            self.membership(&format!("{key}.memberships[{index}]"), membership);
        }
        self.doubles(
            &format!("{key}.memberships"),
            "organization",
            person.memberships.iter().map(|entry| entry.organization.clone()),
        );
    }

    fn membership(&mut self, key: &str, membership: &MembershipEntry) {
        self.organization_slug(format!("{key}.organization"), &membership.organization);
        self.words(format!("{key}.status_reason"), membership.status_reason.as_ref(), 500, true);
        if membership.status_reason.is_some() && !matches!(membership.status, Some(MemberStatus::Suspended | MemberStatus::Removed)) {
            self.problem(
                format!("{key}.status_reason"),
                "goes with a status of suspended or removed alone; expected one of them, or no reason",
            );
        }
        if membership.status == Some(MemberStatus::Removed) && !membership.assignments.is_empty() {
            self.problem(
                format!("{key}.assignments"),
                "cannot be held by somebody who is removed; expected none",
            );
        }
        self.window(key, membership.starts, membership.ends);
        for (index, assignment) in membership.assignments.iter().enumerate() {
            self.assignment(&format!("{key}.assignments[{index}]"), assignment);
        }
        self.doubles(
            &format!("{key}.assignments"),
            "application",
            membership.assignments.iter().map(|entry| entry.application.clone()),
        );
    }

    fn assignment(&mut self, key: &str, assignment: &AssignmentEntry) {
        self.application_slug(format!("{key}.application"), &assignment.application);
        self.scopes(key, assignment.scopes.as_ref());
        self.window(key, assignment.starts, assignment.ends);
    }
}

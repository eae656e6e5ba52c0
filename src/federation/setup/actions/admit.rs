//! What is read of somebody who arrives, and who may come in.

use leptos::prelude::*;

use super::{
    super::commands::{self, Admission, SetupError},
    id_of,
    typed::NamesTyped,
};
use crate::{
    access::Refused,
    federation::{
        JoinPolicy, Joining, Rules,
        commands::managed_organization,
        mapping::{GroupApplication, GroupRole},
        place::connection_of,
    },
    kernel::ApplicationId,
    organizations::actions::version_of,
    people::MemberRole,
    ui::Flash,
    web::{Done, FieldErrors, Post, fields},
};

/// `left = right` on each line; empty lines are left out.
fn pairs(errors: &mut FieldErrors, field: &str, typed: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (number, line) in typed.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match line.split_once('=') {
            Some((left, right)) if !left.trim().is_empty() && !right.trim().is_empty() => {
                found.push((left.trim().to_owned(), right.trim().to_owned()));
            }
            _ => errors.add(field, format!("Line {} is not of the form left = right.", number + 1)),
        }
    }
    if found.len() > 100 {
        errors.add(field, "Use at most 100 lines.");
    }
    found
}

/// `POST /do/change-mapping`: which claims become what.
#[server(prefix = "/do", endpoint = "change-mapping")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_mapping(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] subject: String,
    #[server(default)] email: String,
    #[server(default)] given_name: String,
    #[server(default)] family_name: String,
    #[server(default)] groups: String,
    #[server(default)] group_roles: String,
    #[server(default)] group_applications: String,
    #[server(default)] attributes: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("subject", subject.clone()),
        ("email", email.clone()),
        ("given_name", given_name.clone()),
        ("family_name", family_name.clone()),
        ("groups", groups.clone()),
        ("group_roles", group_roles.clone()),
        ("group_applications", group_applications.clone()),
        ("attributes", attributes.clone()),
    ];
    let mut post = Post::begin("mapping", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let mut errors = FieldErrors::default();
        let mut mapping = commands::theirs(&post.cx, &found, id).await?.mapping;
        let names = NamesTyped {
            subject: &subject,
            email: &email,
            given_name: &given_name,
            family_name: &family_name,
        };
        names.put_into(&mut errors, &mut mapping);
        mapping.groups = fields::optional_text(&mut errors, "groups", &groups, 200).unwrap_or_default();
        let mut roles = Vec::new();
        for (group, role) in pairs(&mut errors, "group_roles", &group_roles) {
            match role.parse::<MemberRole>() {
                Ok(role) => roles.push(GroupRole { group, role }),
                Err(()) => errors.add(
                    "group_roles",
                    format!("{role} is no role. Use member, auditor, user_manager or partner_admin."),
                ),
            }
        }
        mapping.group_roles = roles;
        mapping.group_applications = pairs(&mut errors, "group_applications", &group_applications)
            .into_iter()
            .map(|(group, application)| GroupApplication { group, application })
            .collect();
        mapping.attributes = pairs(&mut errors, "attributes", &attributes).into_iter().collect();
        errors.check()?;
        commands::change_mapping(&mut post.cx, &found, id, version_of(&version), mapping).await?;
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good("Saved. Try the connection to see what is read now.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/change-admission`: who may come in.
#[server(prefix = "/do", endpoint = "change-admission")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_admission(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] policy: String,
    #[server(default)] role: String,
    #[server(default)] applications: Vec<String>,
    #[server(default)] days: String,
    #[server(default)] rules: String,
    #[server(default)] trusts_second_factor: String,
) -> Result<(), ServerFnError> {
    let mut values = vec![
        ("policy".to_owned(), policy.clone()),
        ("role".to_owned(), role.clone()),
        ("days".to_owned(), days.clone()),
        ("rules".to_owned(), rules.clone()),
        ("trusts_second_factor".to_owned(), trusts_second_factor.clone()),
    ];
    values.extend(applications.iter().map(|id| ("applications[]".to_owned(), id.clone())));
    let mut post = Post::begin("admission", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let mut errors = FieldErrors::default();
        let policy = fields::choice::<JoinPolicy>(&mut errors, "policy", &policy);
        let role = fields::choice::<MemberRole>(&mut errors, "role", &role);
        let days = match days.trim() {
            "" => None,
            typed => fields::number(&mut errors, "days", typed, 1..=3_650).and_then(|days| u16::try_from(days).ok()),
        };
        let rules = errors.take("rules", Rules::parse(&rules));
        let chosen: Result<Vec<ApplicationId>, _> = applications.iter().map(|id| id.parse()).collect();
        let applications = errors.take("applications[]", chosen.map_err(|_| SetupError::NotHeld));
        errors.check()?;
        let (Some(policy), Some(role), Some(rules), Some(applications)) = (policy, role, rules, applications) else {
            return Err(Refused::NotFound.into());
        };
        let admission = Admission {
            joining: Joining {
                policy,
                role,
                applications,
                days,
            },
            rules,
            trusts_second_factor: trusts_second_factor == "yes",
        };
        commands::change_admission(&mut post.cx, &found, id, version_of(&version), admission).await?;
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good("Saved. It counts from the next sign-in on.")))
    }
    .await;
    post.finish(outcome).await
}

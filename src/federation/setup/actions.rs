//! Forms of the set-up of a connection.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::commands::{self, Admission, OidcConnection, SetupError};
use crate::{
    access::Refused,
    cx::Cx,
    federation::{
        ClientAuth, JoinPolicy, Joining, Mapping, OidcSettings, Preset, Rules,
        commands::{managed_organization, read_metadata},
        mapping::{GroupApplication, GroupRole},
        oidc::discovery,
        place::{connection_of, sign_in_of},
    },
    kernel::{ApplicationId, ProviderId},
    organizations::{Organization, actions::version_of},
    people::MemberRole,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, RequestCx, fields},
};

const NOTHING: [(&str, String); 0] = [];

/// The connection that a form is about: found before anything typed is looked at.
async fn id_of(cx: &Cx, organization: &Organization, provider: &str) -> Result<ProviderId, Refusal> {
    let id = provider.parse().map_err(|_| Refused::NotFound)?;
    Ok(commands::ensure_theirs(cx, organization, id).await?)
}

/// Whether whoever asks may manage the organization's sign-in: nothing is fetched for anybody else.
async fn may_manage(organization: &str) -> Result<RequestCx, Refusal> {
    let request = RequestCx::current().ok_or(Refused::NotFound)?;
    let cx = request.begin().await?;
    let allowed = managed_organization(&cx, organization).await;
    cx.tx.rollback().await?;
    allowed?;
    Ok(request)
}

/// `POST /do/create-provider`: begins a connection.
#[server(prefix = "/do", endpoint = "create-provider")]
pub async fn create_provider(
    #[server(default)] organization: String,
    #[server(default)] preset: String,
    #[server(default)] name: String,
) -> Result<(), ServerFnError> {
    let back = format!("{}/new", sign_in_of(&organization));
    let form = format!("create-{}", preset.parse::<Preset>().map_or("", Preset::as_str));
    let mut post = Post::begin(&form, back, [("name", name.clone())]).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let mut errors = FieldErrors::default();
        let preset = fields::choice::<Preset>(&mut errors, "preset", &preset);
        let name = fields::required_text(
            &mut errors,
            "name",
            &name,
            60,
            "Say what your people call their sign-in, for example \u{201c}Acme account\u{201d}.",
        );
        let (Some(preset), Some(name)) = (preset, name) else {
            return Err(errors.refusal());
        };
        let provider = commands::create_provider(&mut post.cx, &found, preset, name).await?;
        Ok(Done::to(connection_of(&organization, &provider.id.to_string())).saying(Flash::good(
            "The connection is begun. Nobody signs in through it before you switch over.",
        )))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/change-oidc`: issuer and client. The provider's configuration is read at once.
#[server(prefix = "/do", endpoint = "change-oidc")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_oidc(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] issuer: String,
    #[server(default)] client_id: String,
    #[server(default)] client_secret: String,
    #[server(default)] client_auth: String,
    #[server(default)] scopes: String,
    #[server(default)] userinfo: String,
) -> Result<(), ServerFnError> {
    let issuer = issuer.trim().to_owned();
    // Before the transaction: the network takes its time.
    let read = match may_manage(&organization).await {
        Ok(request) => Ok(discovery::fetch(&request.portal.outbound, &issuer).await),
        Err(refusal) => Err(refusal),
    };
    let values = [
        ("issuer", issuer.clone()),
        ("client_id", client_id.clone()),
        ("client_auth", client_auth.clone()),
        ("scopes", scopes.clone()),
        ("userinfo", userinfo.clone()),
    ];
    let mut post = Post::begin("connection", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let mut errors = FieldErrors::default();
        let published = errors.take("issuer", read?);
        let client = fields::required_text(
            &mut errors,
            "client_id",
            &client_id,
            300,
            "Enter the client id that your provider shows.",
        );
        let auth = fields::choice::<ClientAuth>(&mut errors, "client_auth", &client_auth);
        let scopes = fields::optional_text(&mut errors, "scopes", &scopes, 300).unwrap_or_default();
        let secret = fields::optional_text(&mut errors, "client_secret", &client_secret, 1_000);
        errors.check()?;
        let (Some(published), Some(client_id), Some(client_auth)) = (published, client, auth) else {
            return Err(Refused::NotFound.into());
        };
        let settings = OidcSettings {
            issuer,
            client_id,
            client_auth,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            userinfo: userinfo == "yes",
        };
        let connection = OidcConnection {
            settings,
            secret,
            published,
        };
        commands::change_oidc(&mut post.cx, &found, id, version_of(&version), connection).await?;
        Ok(Done::to(connection_of(&organization, &provider))
            .saying(Flash::good("The connection is saved and the provider answers. Try it next.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/change-saml`: metadata, pasted or by address.
#[server(prefix = "/do", endpoint = "change-saml")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_saml(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] metadata_url: String,
    #[server(default)] metadata: String,
    #[server(default)] post_binding: String,
    #[server(default)] accept_signed_response: String,
) -> Result<(), ServerFnError> {
    let address = metadata_url.trim().to_owned();
    let read = match (may_manage(&organization).await, address.is_empty()) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), true) => Ok(None),
        (Ok(request), false) => Ok(Some(read_metadata(&request.portal, &address).await)),
    };
    let values = [
        ("metadata_url", address.clone()),
        ("metadata", if metadata.len() < 60_000 { metadata.clone() } else { String::new() }),
        ("post_binding", post_binding.clone()),
        ("accept_signed_response", accept_signed_response.clone()),
    ];
    let mut post = Post::begin("connection", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let mut errors = FieldErrors::default();
        let xml = match read? {
            Some(read) => errors.take("metadata_url", read).map(|(xml, _)| xml),
            None if metadata.trim().is_empty() => {
                errors.add(
                    "metadata_url",
                    "Enter the address of your provider's metadata, or paste the metadata below.",
                );
                None
            }
            None => Some(metadata.trim().to_owned()),
        };
        let Some(xml) = xml else { return Err(errors.refusal()) };
        commands::change_saml(
            &mut post.cx,
            &found,
            id,
            version_of(&version),
            xml,
            (!address.is_empty()).then_some(address),
            post_binding == "yes",
            accept_signed_response == "yes",
        )
        .await?;
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good("The metadata is saved. Try the connection next.")))
    }
    .await;
    post.finish(outcome).await
}

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
        let subject = fields::required_text(
            &mut errors,
            "subject",
            &subject,
            200,
            "Name the claim that never changes for a person.",
        );
        let email = fields::required_text(&mut errors, "email", &email, 200, "Name the claim with the e-mail address.");
        let mut optional = |field: &str, typed: &str| fields::optional_text(&mut errors, field, typed, 200).unwrap_or_default();
        let given_name = optional("given_name", &given_name);
        let family_name = optional("family_name", &family_name);
        let groups = optional("groups", &groups);
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
        let applications = pairs(&mut errors, "group_applications", &group_applications)
            .into_iter()
            .map(|(group, application)| GroupApplication { group, application })
            .collect();
        let attributes: BTreeMap<String, String> = pairs(&mut errors, "attributes", &attributes).into_iter().collect();
        errors.check()?;
        let (Some(subject), Some(email)) = (subject, email) else {
            return Err(Refused::NotFound.into());
        };
        let mapping = Mapping {
            subject,
            email,
            given_name,
            family_name,
            groups,
            group_roles: roles,
            group_applications: applications,
            attributes,
        };
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

/// `POST /do/change-provider-key`: publishes a further key of ours (SAML), or drops the older one.
#[server(prefix = "/do", endpoint = "change-provider-key")]
pub async fn change_provider_key(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("key", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        commands::change_key(&mut post.cx, &found, id, version_of(&version)).await?;
        Ok(Done::to(connection_of(&organization, &provider))
            .saying(Flash::good("Our metadata is changed. Let your provider read it again.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/switch-over`: people sign in through it from now on.
#[server(prefix = "/do", endpoint = "switch-over")]
pub async fn switch_over(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] exclusive: String,
    #[server(default)] break_glass: String,
) -> Result<(), ServerFnError> {
    let values = [("exclusive", exclusive.clone()), ("break_glass", break_glass.clone())];
    let mut post = Post::begin("switch", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let exception = match break_glass.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| Refused::NotFound)?),
        };
        let provider_now = commands::switch_over(&mut post.cx, &found, id, version_of(&version), exclusive == "yes", exception).await?;
        let text = format!("People of {} sign in with {} from now on.", found.name, provider_now.name);
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/pause-provider`: local passwords again.
#[server(prefix = "/do", endpoint = "pause-provider")]
pub async fn pause_provider(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("pause", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let ended = commands::pause_provider(&mut post.cx, &found, id, version_of(&version)).await?;
        let text = match ended {
            1 => "The connection is switched off. 1 session ended.".to_owned(),
            ended => format!("The connection is switched off. {ended} sessions ended."),
        };
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/remove-provider`: a connection that is not in use goes.
#[server(prefix = "/do", endpoint = "remove-provider")]
pub async fn remove_provider(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("remove", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        commands::remove_provider(&mut post.cx, &found, id, version_of(&version)).await?;
        Ok(Done::to(sign_in_of(&organization)).saying(Flash::good("The connection is removed.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/end-fall-back`: local passwords are kept out again.
#[server(prefix = "/do", endpoint = "end-fall-back")]
pub async fn end_fall_back(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("fall-back", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        commands::end_fall_back(&mut post.cx, &found, id, version_of(&version)).await?;
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good("Local passwords are kept out again.")))
    }
    .await;
    post.finish(outcome).await
}

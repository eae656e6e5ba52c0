//! The forms that create, edit, activate, suspend and offboard a partner and name its owner.

use leptos::prelude::*;

use super::{end_of, page_of, version_of};
use crate::{
    access::Action,
    kernel::PersonId,
    organizations::{commands, profile, templates},
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

const NAME_MISSING: &str = "Enter the partner's name.";
const KIND_MISSING: &str = "Say what kind of partner it is, for example consultancy.";
const REASON_MISSING: &str = "Say why, in a sentence. It is kept in the audit trail.";

/// One of the people offered; what does not read is nobody who was offered.
fn chosen(errors: &mut FieldErrors, field: &str, typed: &str) -> Option<PersonId> {
    if typed.trim().is_empty() {
        None
    } else {
        fields::choice(errors, field, typed)
    }
}

fn optional(typed: &str) -> Option<String> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.to_lowercase())
}

/// Creates a partner.
#[server(prefix = "/do", endpoint = "create-partner")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn create_partner(
    #[server(default)] name: String,
    #[server(default)] short_name: String,
    #[server(default)] kind: String,
    #[server(default)] description: String,
    #[server(default)] metadata: String,
    #[server(default)] parent: String,
    #[server(default)] owner: String,
    #[server(default)] deputy: String,
    #[server(default)] next_due: String,
    #[server(default)] require_step_up: String,
    #[server(default)] template: String,
    #[server(default)] template_version: String,
    #[server(default)] reference: String,
    #[server(default)] ends: String,
    #[server(default)] notice_days: String,
    #[server(default)] seats: String,
    #[server(default)] applications: Vec<String>,
) -> Result<(), ServerFnError> {
    let taken = templates::actions::Taken {
        template,
        template_version,
        reference,
        ends,
        notice_days,
        seats,
        applications,
    };
    let mut values = vec![
        ("name", name.clone()),
        ("short_name", short_name.clone()),
        ("kind", kind.clone()),
        ("description", description.clone()),
        ("metadata", metadata.clone()),
        ("parent", parent.clone()),
        ("owner", owner.clone()),
        ("deputy", deputy.clone()),
        ("next_due", next_due.clone()),
        ("require_step_up", require_step_up.clone()),
    ];
    values.extend(taken.values());
    let mut post = Post::begin("partner", taken.page(), values).await?;
    let outcome = async {
        commands::may_in_tenant(&post.cx, Action::CreateOrganization)?;
        let mut errors = FieldErrors::default();
        let zone = post.cx.tenant.time_zone;
        let name = fields::required_text(&mut errors, "name", &name, 120, NAME_MISSING);
        let slug = optional(&short_name).and_then(|typed| errors.take("short_name", profile::checked_slug(&typed)));
        let kind = fields::required_text(&mut errors, "kind", &kind, 60, KIND_MISSING);
        let description = fields::optional_text(&mut errors, "description", &description, 500).unwrap_or_default();
        let metadata = errors.take("metadata", profile::metadata_from(&metadata));
        let owner = chosen(&mut errors, "owner", &owner);
        let deputy = chosen(&mut errors, "deputy", &deputy);
        let due = end_of(&mut errors, "next_due", &next_due, zone);
        let from = taken.read(&post.cx, &mut errors).await?;
        let (Some(name), Some(kind), Some(metadata), Some(certification_due_at)) = (name, kind, metadata, due) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let input = commands::CreatePartner {
            name,
            slug,
            kind,
            description,
            metadata,
            parent: optional(&parent),
            owner,
            deputy,
            certification_due_at,
            require_step_up: require_step_up == "yes",
        };
        let (partner, next) = match from {
            None => {
                let partner = commands::create_partner(&mut post.cx, input).await?;
                (partner, "Add its contract and its applications, then activate it.")
            }
            Some(from) => {
                let partner = templates::commands::create_partner_from(&mut post.cx, input, from).await?;
                (partner, "It has what its template gives. Check it, then activate it.")
            }
        };
        let said = format!("{} is there. {next}", partner.name);
        Ok(Done::to(routes::partner(&partner.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Edits a partner's profile.
#[server(prefix = "/do", endpoint = "change-partner")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn change_partner(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] description: String,
    #[server(default)] metadata: String,
    #[server(default)] parent: String,
    #[server(default)] require_step_up: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("name", name.clone()),
        ("kind", kind.clone()),
        ("description", description.clone()),
        ("metadata", metadata.clone()),
        ("parent", parent.clone()),
        ("require_step_up", require_step_up.clone()),
    ];
    let mut post = Post::begin("profile", page_of(&organization, "edit"), values).await?;
    let outcome = async {
        commands::may::<Refusal>(&post.cx, &organization, Action::EditOrganization).await?;
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &name, 120, NAME_MISSING);
        let kind = fields::required_text(&mut errors, "kind", &kind, 60, KIND_MISSING);
        let description = fields::optional_text(&mut errors, "description", &description, 500).unwrap_or_default();
        let metadata = errors.take("metadata", profile::metadata_from(&metadata));
        let (Some(name), Some(kind), Some(metadata)) = (name, kind, metadata) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let input = commands::ChangePartner {
            organization,
            version: version_of(&version),
            name,
            kind,
            description,
            metadata,
            parent: optional(&parent),
            require_step_up: require_step_up == "yes",
        };
        let partner = commands::change_partner(&mut post.cx, input).await?;
        Ok(Done::to(routes::partner(&partner.slug)).saying(Flash::good(format!("{} was changed.", partner.name))))
    }
    .await;
    post.finish(outcome).await
}

/// Names owner and deputy.
#[server(prefix = "/do", endpoint = "assign-owner")]
pub async fn assign_owner(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] owner: String,
    #[server(default)] deputy: String,
) -> Result<(), ServerFnError> {
    let values = [("owner", owner.clone()), ("deputy", deputy.clone())];
    let mut post = Post::begin("owner", page_of(&organization, "edit"), values).await?;
    let outcome = async {
        commands::may::<Refusal>(&post.cx, &organization, Action::AssignOwner).await?;
        let mut errors = FieldErrors::default();
        let owner: Option<PersonId> = fields::choice(&mut errors, "owner", &owner);
        let deputy = chosen(&mut errors, "deputy", &deputy);
        let Some(owner) = owner else { return Err(errors.refusal()) };
        errors.check()?;
        let input = commands::AssignOwner {
            organization,
            version: version_of(&version),
            owner,
            deputy,
        };
        let partner = commands::assign_owner(&mut post.cx, input).await?;
        let said = format!(
            "The owner of {} was set. They see it among their partners from now on.",
            partner.name
        );
        Ok(Done::to(routes::partner(&partner.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Opens a partner's access.
#[server(prefix = "/do", endpoint = "activate-partner")]
pub async fn activate_partner(#[server(default)] organization: String, #[server(default)] version: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("status", page_of(&organization, ""), [] as [(&str, String); 0]).await?;
    let outcome = async {
        let input = commands::ChangeStatus {
            organization,
            version: version_of(&version),
            reason: String::new(),
        };
        let partner = commands::activate_partner(&mut post.cx, input).await?;
        let said = format!("{} is active. Its people can sign in and start what they hold.", partner.name);
        Ok(Done::to(routes::partner(&partner.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Pauses a partner's access.
#[server(prefix = "/do", endpoint = "suspend-partner")]
pub async fn suspend_partner(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("status", page_of(&organization, ""), [("reason", reason.clone())]).await?;
    let outcome = async {
        commands::may::<Refusal>(&post.cx, &organization, Action::ChangeOrganizationStatus).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::required_text(&mut errors, "reason", &reason, 500, REASON_MISSING);
        let Some(reason) = reason else { return Err(errors.refusal()) };
        let input = commands::ChangeStatus {
            organization,
            version: version_of(&version),
            reason,
        };
        let partner = commands::suspend_partner(&mut post.cx, input).await?;
        let said = format!(
            "{} is paused and its sessions ended. Activate it to give back everything that has not ended by then.",
            partner.name
        );
        Ok(Done::to(routes::partner(&partner.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Ends the relationship with a partner.
#[server(prefix = "/do", endpoint = "offboard-partner")]
pub async fn offboard_partner(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("status", page_of(&organization, ""), [("reason", reason.clone())]).await?;
    let outcome = async {
        commands::may::<Refusal>(&post.cx, &organization, Action::ChangeOrganizationStatus).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::required_text(&mut errors, "reason", &reason, 500, REASON_MISSING);
        let Some(reason) = reason else { return Err(errors.refusal()) };
        let input = commands::ChangeStatus {
            organization,
            version: version_of(&version),
            reason,
        };
        let partner = commands::offboard_partner(&mut post.cx, input).await?;
        Ok(Done::to(routes::partner(&partner.slug)).saying(Flash::good(format!(
            "The relationship with {} is over and its sessions ended.",
            partner.name
        ))))
    }
    .await;
    post.finish(outcome).await
}

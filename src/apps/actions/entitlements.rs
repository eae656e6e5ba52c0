//! Forms about what partners hold.

use leptos::prelude::*;
use server_fn::ServerFnError;

use super::{identifier, scopes as ticked, seats as seats_of, segment, several};
use crate::{
    apps::commands::{self, EntitlementTerms},
    kernel::{ScopeId, end_of_day, start_of_day},
    organizations::Tenant,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

struct Typed {
    scopes: Vec<String>,
    starts: String,
    ends: String,
    seats: String,
}

impl Typed {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let single = [
            ("starts", self.starts.clone()),
            ("ends", self.ends.clone()),
            ("seats", self.seats.clone()),
        ];
        several("scopes[]", &self.scopes).chain(single).collect()
    }

    fn terms(&self, ticked: Vec<ScopeId>, tenant: &Tenant) -> Result<EntitlementTerms, Refusal> {
        let mut errors = FieldErrors::default();
        if self.scopes.is_empty() {
            errors.add("scopes[]", "Choose at least one permission.");
        }
        let starts = fields::required_day(&mut errors, "starts", &self.starts);
        let ends = fields::optional_day(&mut errors, "ends", &self.ends);
        let seats = seats_of(&mut errors, &self.seats);
        let Some(starts) = starts else { return Err(errors.refusal()) };
        errors.check()?;
        Ok(EntitlementTerms {
            scopes: ticked,
            starts_at: start_of_day(starts, tenant.time_zone),
            ends_at: ends.map(|day| end_of_day(day, tenant.time_zone)),
            seats,
        })
    }
}

/// Lets a partner use an application.
#[server(prefix = "/do", endpoint = "grant-entitlement")]
pub async fn grant_entitlement(
    #[server(default)] organization: String,
    #[server(default)] application: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] starts: String,
    #[server(default)] ends: String,
    #[server(default)] seats: String,
) -> Result<(), ServerFnError> {
    let (organization, application) = (segment(&organization), segment(&application));
    let typed = Typed {
        scopes,
        starts,
        ends,
        seats,
    };
    let mut post = Post::begin("entitlement", routes::partner_app(&organization, &application), typed.pairs()).await?;
    let outcome = async {
        let ticked = ticked(&typed.scopes)?;
        commands::may_entitle(&post.cx, &organization, &application).await?;
        let terms = typed.terms(ticked, &post.cx.tenant)?;
        commands::grant_entitlement(&mut post.cx, &organization, &application, terms).await?;
        let said = "The partner holds this application now. Its admins can assign it to their people.";
        Ok(Done::to(routes::partner_part(&organization, "apps")).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Changes what a partner holds.
#[server(prefix = "/do", endpoint = "change-entitlement")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn change_entitlement(
    #[server(default)] organization: String,
    #[server(default)] application: String,
    #[server(default)] entitlement: String,
    #[server(default)] version: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] starts: String,
    #[server(default)] ends: String,
    #[server(default)] seats: String,
    #[server(default)] give_back: String,
) -> Result<(), ServerFnError> {
    let (organization, application) = (segment(&organization), segment(&application));
    let typed = Typed {
        scopes,
        starts,
        ends,
        seats,
    };
    let mut kept = typed.pairs();
    kept.push(("give_back", give_back.clone()));
    let mut post = Post::begin("entitlement", routes::partner_app(&organization, &application), kept).await?;
    let outcome = async {
        let id = identifier(&entitlement)?;
        let ticked = ticked(&typed.scopes)?;
        commands::may_change_entitlement(&post.cx, &organization, id).await?;
        let terms = typed.terms(ticked, &post.cx.tenant)?;
        let version = identifier(&version)?;
        let changed = commands::change_entitlement(&mut post.cx, &organization, id, version, terms, give_back == "yes").await?;
        let said = match (changed.given_back, changed.not_given_back) {
            (0, 0) => "What the partner holds was changed. It counts from now on.".to_owned(),
            (0, _) => "The partner holds it again. Nobody has it yet: its admins assign it anew.".to_owned(),
            (1, _) => "The partner holds it again, and one person has it back.".to_owned(),
            (people, _) => format!("The partner holds it again, and {people} people have it back."),
        };
        Ok(Done::to(routes::partner_part(&organization, "apps")).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Takes an application away from a partner.
#[server(prefix = "/do", endpoint = "revoke-entitlement")]
pub async fn revoke_entitlement(
    #[server(default)] organization: String,
    #[server(default)] application: String,
    #[server(default)] entitlement: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let (organization, application) = (segment(&organization), segment(&application));
    let mut post = Post::begin(
        "revoke",
        routes::partner_app(&organization, &application),
        [("reason", reason.clone())],
    )
    .await?;
    let outcome = async {
        let id = identifier(&entitlement)?;
        commands::may_change_entitlement(&post.cx, &organization, id).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::optional_text(&mut errors, "reason", &reason, 500);
        errors.check()?;
        let (application, ended) = commands::revoke_entitlement(&mut post.cx, &organization, id, reason).await?;
        let people = match ended {
            0 => "Nobody had it.".to_owned(),
            1 => "One person lost it.".to_owned(),
            more => format!("{more} people lost it."),
        };
        let said = format!("{} was taken away. {people}", application.name);
        Ok(Done::to(routes::partner_part(&organization, "apps")).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

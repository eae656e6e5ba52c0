//! The form about how long tokens in a partner's name live.

use leptos::prelude::*;

use crate::{
    access::Action,
    organizations::{
        Lifetimes, commands,
        commands::LifetimesError,
        lifetimes::{LEAST_SECONDS, MOST_LONG_SECONDS, MOST_SHORT_SECONDS},
    },
    ui::Flash,
    web::{Done, FieldErrors, Post, fields},
};

/// Limits as typed; an empty one is none.
pub(crate) fn typed_lifetimes(errors: &mut FieldErrors, access: &str, id: &str, refresh: &str) -> Lifetimes {
    let mut limit = |field: &str, typed: &str, most: i32| {
        if typed.trim().is_empty() {
            None
        } else {
            fields::number(errors, field, typed, LEAST_SECONDS..=most)
        }
    };
    Lifetimes {
        access_seconds: limit("access_seconds", access, MOST_SHORT_SECONDS),
        id_seconds: limit("id_seconds", id, MOST_SHORT_SECONDS),
        refresh_seconds: limit("refresh_seconds", refresh, MOST_LONG_SECONDS),
    }
}

/// Sets how long tokens in a partner's name live at most.
#[server(prefix = "/do", endpoint = "change-token-lifetimes")]
pub async fn change_token_lifetimes(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] access_seconds: String,
    #[server(default)] id_seconds: String,
    #[server(default)] refresh_seconds: String,
) -> Result<(), ServerFnError> {
    let back = super::page_of(&organization, "edit");
    let values = [
        ("access_seconds", access_seconds.clone()),
        ("id_seconds", id_seconds.clone()),
        ("refresh_seconds", refresh_seconds.clone()),
    ];
    let mut post = Post::begin("lifetimes", back.clone(), values).await?;
    let outcome = async {
        commands::may::<LifetimesError>(&post.cx, &organization, Action::EditOrganization).await?;
        let mut errors = FieldErrors::default();
        let lifetimes = typed_lifetimes(&mut errors, &access_seconds, &id_seconds, &refresh_seconds);
        errors.check()?;
        let version = version.parse().unwrap_or(-1);
        let partner = commands::change_lifetimes(&mut post.cx, &organization, version, lifetimes).await?;
        let said = format!("The next tokens in the name of {} live no longer than that.", partner.name);
        Ok(Done::to(back).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

//! The forms that add and change contracts.

use leptos::prelude::*;

use super::{end_of, page_of, version_of};
use crate::{
    access::{Action, Refused},
    kernel::{ContractId, start_of_day},
    organizations::commands::{self, ContractEnd, ContractRefused},
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

const REFERENCE_MISSING: &str = "Enter the number or name on the paper, for example C-1042.";

/// Adds a contract.
#[server(prefix = "/do", endpoint = "add-contract")]
pub async fn add_contract(
    #[server(default)] organization: String,
    #[server(default)] reference: String,
    #[server(default)] starts: String,
    #[server(default)] ends: String,
    #[server(default)] notice_days: String,
    #[server(default)] seats: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("reference", reference.clone()),
        ("starts", starts.clone()),
        ("ends", ends.clone()),
        ("notice_days", notice_days.clone()),
        ("seats", seats.clone()),
    ];
    let back = page_of(&organization, "contracts");
    let mut post = Post::begin("contract", back.clone(), values).await?;
    let outcome = async {
        commands::may::<Refusal>(&post.cx, &organization, Action::ManageContract).await?;
        let mut errors = FieldErrors::default();
        let zone = post.cx.tenant.time_zone;
        let reference = fields::required_text(&mut errors, "reference", &reference, 80, REFERENCE_MISSING);
        let starts_at = fields::required_day(&mut errors, "starts", &starts).map(|day| start_of_day(day, zone));
        let ends_at = end_of(&mut errors, "ends", &ends, zone);
        let notice_days = fields::number(&mut errors, "notice_days", &notice_days, 0..=3650);
        let seats = fields::number(&mut errors, "seats", &seats, 1..=1_000_000);
        let (Some(reference), Some(starts_at), Some(ends_at), Some(notice_days), Some(seats)) =
            (reference, starts_at, ends_at, notice_days, seats)
        else {
            return Err(errors.refusal());
        };
        let input = commands::AddContract {
            organization,
            reference,
            starts_at,
            ends_at,
            notice_days,
            seats,
        };
        let contract = commands::add_contract(&mut post.cx, input).await?;
        Ok(Done::to(back).saying(Flash::good(format!("Contract {} was added.", contract.reference))))
    }
    .await;
    post.finish(outcome).await
}

/// Changes a contract, or leads to the page that shows what would end.
#[server(prefix = "/do", endpoint = "change-contract")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn change_contract(
    #[server(default)] organization: String,
    #[server(default)] contract: String,
    #[server(default)] version: String,
    #[server(default)] reference: String,
    #[server(default)] starts: String,
    #[server(default)] ends: String,
    #[server(default)] notice_days: String,
    #[server(default)] seats: String,
    #[server(default)] confirmed: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("reference", reference.clone()),
        ("starts", starts.clone()),
        ("ends", ends.clone()),
        ("notice_days", notice_days.clone()),
        ("seats", seats.clone()),
    ];
    let back = match contract.parse::<ContractId>() {
        Ok(id) => page_of(&organization, &format!("contracts/{id}")),
        Err(_) => page_of(&organization, "contracts"),
    };
    let mut post = Post::begin("contract", back.clone(), values.clone()).await?;
    let outcome = async {
        let id: ContractId = contract.parse().map_err(|_| Refused::NotFound)?;
        commands::may_change_contract(&post.cx, &organization, id).await?;
        let mut errors = FieldErrors::default();
        let zone = post.cx.tenant.time_zone;
        let reference = fields::required_text(&mut errors, "reference", &reference, 80, REFERENCE_MISSING);
        let starts_at = fields::optional_day(&mut errors, "starts", &starts).map(|day| start_of_day(day, zone));
        let ends = if ends.trim() == "now" {
            Some(ContractEnd::Now)
        } else {
            end_of(&mut errors, "ends", &ends, zone).map(ContractEnd::At)
        };
        let notice_days = fields::number(&mut errors, "notice_days", &notice_days, 0..=3650);
        let seats = fields::number(&mut errors, "seats", &seats, 1..=1_000_000);
        let (Some(reference), Some(ends), Some(notice_days), Some(seats)) = (reference, ends, notice_days, seats) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let input = commands::ChangeContract {
            organization: organization.clone(),
            contract: id,
            version: version_of(&version),
            reference,
            starts_at,
            ends,
            notice_days,
            seats,
            confirmed: confirmed == "yes",
        };
        match commands::change_contract(&mut post.cx, input).await {
            Ok(contract) => {
                let said = format!("Contract {} was changed.", contract.reference);
                Ok(Done::to(page_of(&organization, "contracts")).saying(Flash::good(said)))
            }
            // Nothing was written: the page shows what would end and asks again.
            Err(ContractRefused::NeedsConfirmation) => Ok::<Done, Refusal>(Done::to(routes::with_query(
                &back,
                values.into_iter().chain([("preview", "yes".to_owned())]),
            ))),
            Err(error) => Err(error.into()),
        }
    }
    .await;
    post.finish(outcome).await
}

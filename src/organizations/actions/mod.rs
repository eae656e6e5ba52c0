//! The forms about partners, contracts, branding and the tenant.

mod branding;
mod contracts;
mod lifetimes;
mod partners;
mod tenant;

pub use branding::*;
pub use contracts::*;
pub use lifetimes::*;
pub use partners::*;
pub use tenant::*;

use super::{
    ContractError, OrganizationError,
    commands::{BrandingError, ContractRefused, ProfileError, StatusError, TenantError},
};
use crate::{
    kernel::Timestamp,
    web::{FieldErrors, Refusal, fields, routes},
};

/// A part of a partner's page, for a short name that came with a form and may be anything.
pub(crate) fn page_of(slug: &str, part: &str) -> String {
    let plain = !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match (plain, part) {
        (false, _) => routes::PARTNERS.to_owned(),
        (true, "") => routes::partner(slug),
        (true, part) => routes::partner_part(slug, part),
    }
}

/// The version a form was made from; one that does not read is one that does not fit.
pub(crate) fn version_of(typed: &str) -> i32 {
    typed.trim().parse().unwrap_or(-1)
}

/// A last day that is typed, as the exclusive end in the tenant's zone.
pub(crate) fn end_of(errors: &mut FieldErrors, field: &str, typed: &str, zone: chrono_tz::Tz) -> Option<Timestamp> {
    fields::required_day(errors, field, typed).map(|day| crate::kernel::end_of_day(day, zone))
}

impl From<OrganizationError> for Refusal {
    fn from(error: OrganizationError) -> Self {
        match error {
            OrganizationError::DueOutOfRange => Self::field("next_due", error.to_string()),
            other => Self::because(other.to_string()),
        }
    }
}

impl From<ProfileError> for Refusal {
    fn from(error: ProfileError) -> Self {
        let sentence = error.to_string();
        match error {
            ProfileError::SlugTaken | ProfileError::SlugMissing => Self::field("short_name", sentence),
            ProfileError::UnknownParent | ProfileError::OwnParent => Self::field("parent", sentence),
            ProfileError::NotAnOwner => Self::field("owner", sentence),
            ProfileError::DeputyNotAnOwner | ProfileError::DeputyIsOwner => Self::field("deputy", sentence),
            ProfileError::NoSecondFactor => Self::field("require_step_up", sentence),
            ProfileError::Organization(error) => error.into(),
            ProfileError::Refused(refused) => refused.into(),
            ProfileError::Store(error) => error.into(),
        }
    }
}

impl From<StatusError> for Refusal {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::NoOwner => Self::because(error.to_string()),
            StatusError::Organization(error) => error.into(),
            StatusError::Refused(refused) => refused.into(),
            StatusError::Store(error) => error.into(),
        }
    }
}

impl From<ContractRefused> for Refusal {
    fn from(error: ContractRefused) -> Self {
        let sentence = error.to_string();
        match error {
            ContractRefused::Contract(ContractError::EndsBeforeStart) | ContractRefused::EndInThePast => Self::field("ends", sentence),
            ContractRefused::Contract(ContractError::NoSeats) | ContractRefused::SeatsTaken(_) => Self::field("seats", sentence),
            ContractRefused::Begun => Self::field("starts", sentence),
            ContractRefused::ReferenceTaken(_) => Self::field("reference", sentence),
            ContractRefused::Contract(ContractError::Ended) | ContractRefused::NeedsConfirmation => Self::because(sentence),
            ContractRefused::Organization(error) => error.into(),
            ContractRefused::Refused(refused) => refused.into(),
            ContractRefused::Store(error) => error.into(),
        }
    }
}

impl From<BrandingError> for Refusal {
    fn from(error: BrandingError) -> Self {
        let sentence = error.to_string();
        match error {
            BrandingError::NotAnImage | BrandingError::TooLarge => Self::field("logo", sentence),
            BrandingError::NoSecondFactor => Self::field("require_step_up", sentence),
            BrandingError::ActorChanged(_) => Self::because(sentence),
            BrandingError::Organization(error) => error.into(),
            BrandingError::Refused(refused) => refused.into(),
            BrandingError::Store(error) => error.into(),
        }
    }
}

impl From<TenantError> for Refusal {
    fn from(error: TenantError) -> Self {
        let sentence = error.to_string();
        match error {
            TenantError::UnknownPerson => Self::field("name", sentence),
            TenantError::Disabled => Self::field("email", sentence),
            TenantError::AlreadyHeld(_) => Self::field("role", sentence),
            TenantError::NotHeld | TenantError::LastOperator => Self::because(sentence),
            TenantError::Refused(refused) => refused.into(),
            TenantError::Store(error) => error.into(),
        }
    }
}

//! What the pages about applications show; each asks the decision point first and is scoped by organization in SQL.

mod catalogue;
mod launchpad;
mod partner;
mod search;
mod team;

pub use crate::store::{
    holdings::{Held, Position},
    lookup::Somebody,
};
pub use catalogue::{CatalogueEntry, CatalogueRow, Employee, catalogue, catalogue_entry, employees};
pub use launchpad::{Contact, Launchpad, MyApplication, launchpad, my_application};
pub use partner::{PartnerApp, PartnerApps, PartnerEntitlement, partner_app, partner_apps};
pub use search::{SearchResults, search};
pub use team::{
    AssignChoices, Holder, MemberHoldings, TeamApp, TeamApplication, TeamApps, assign_choices, holdings_of_member, team_application,
    team_apps, team_assignment,
};

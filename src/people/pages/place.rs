//! Where a page about people stands: in the team's own portal, or on the page of one partner.

use leptos::prelude::*;

use crate::{
    kernel::MemberId,
    organizations::Organization,
    people::Standing,
    ui::{Badge, Tone},
    web::routes,
};

/// Whose people, and from which side.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) organization: Organization,
    pub(super) is_own: bool,
}

impl Place {
    pub(super) fn own(organization: Organization) -> Self {
        Self {
            organization,
            is_own: true,
        }
    }
    pub(super) fn of_partner(organization: Organization) -> Self {
        Self {
            organization,
            is_own: false,
        }
    }
    pub(super) fn list(&self) -> String {
        if self.is_own {
            routes::TEAM.to_owned()
        } else {
            routes::partner_part(&self.organization.slug, "people")
        }
    }
    pub(super) fn csv(&self) -> String {
        if self.is_own {
            routes::TEAM_CSV.to_owned()
        } else {
            routes::partner_part(&self.organization.slug, "people.csv")
        }
    }
    pub(super) fn member(&self, id: MemberId) -> String {
        if self.is_own {
            routes::member(id)
        } else {
            routes::partner_member(&self.organization.slug, id)
        }
    }
    /// What forms say about the organization: nothing in its own portal.
    pub(super) fn slug(&self) -> String {
        if self.is_own {
            String::new()
        } else {
            self.organization.slug.clone()
        }
    }
}

/// Where a membership stands, in a word and a colour.
pub(super) fn standing_badge(standing: Standing) -> AnyView {
    let tone = match standing {
        Standing::Active => Tone::Good,
        Standing::Upcoming => Tone::Info,
        Standing::HandingOver => Tone::Warn,
        Standing::Suspended => Tone::Bad,
        Standing::Ended | Standing::Removed => Tone::Neutral,
    };
    view! { <Badge tone=tone>{standing.title()}</Badge> }.into_any()
}

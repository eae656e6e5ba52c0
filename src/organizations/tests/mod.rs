//! Promises about partners, contracts, branding and the tenant.

mod branding;
mod contracts;
mod model;
mod partners;
mod tenant;

use std::collections::BTreeMap;

use chrono::Duration;

use super::{Organization, commands};
use crate::{access::Actor, kernel::*, people::Person, store, testing::World};

/// An employee in the tenant's hat.
async fn acting(world: &World, person: &Person) -> Actor {
    world.actor(person.id, None).await
}

/// The organization as it is stored now.
async fn stored(world: &World, organization: &Organization) -> Organization {
    store::organizations::get(&world.portal.store.reader(), organization.id)
        .await
        .unwrap()
        .unwrap()
}

fn new_partner(world: &World, name: &str) -> commands::CreatePartner {
    commands::CreatePartner {
        name: name.to_owned(),
        slug: None,
        kind: "Consultancy".to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
        parent: None,
        owner: None,
        deputy: None,
        certification_due_at: world.now() + Duration::days(365),
        require_step_up: false,
    }
}

fn status(organization: &Organization) -> commands::ChangeStatus {
    commands::ChangeStatus {
        organization: organization.slug.clone(),
        version: organization.version,
        reason: "Because of a test.".to_owned(),
    }
}

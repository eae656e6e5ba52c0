//! Portico's schema, one file per step. Steps never import the application's entities, so that an old step stays as it was.

use sea_orm_migration::prelude::*;

mod columns;
mod m0001_people;
mod m0002_organizations;
mod m0003_applications;
mod m0004_grants;
mod m0005_invitations;
mod m0006_signin;
mod m0007_audit;
mod m0008_outbox;
mod m0009_certifications;
mod m0010_federation;
mod m0011_templates;
mod m0012_setup_links;
mod m0013_issuer;
mod m0014_policies;
mod m0015_delegations;
mod m0017_forward;

pub use sea_orm_migration::{MigratorTrait, prelude::DbErr};

/// Every step in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_organizations::Migration),
            Box::new(m0003_applications::Migration),
            Box::new(m0004_grants::Migration),
            Box::new(m0005_invitations::Migration),
            Box::new(m0006_signin::Migration),
            Box::new(m0007_audit::Migration),
            Box::new(m0008_outbox::Migration),
            Box::new(m0009_certifications::Migration),
            Box::new(m0010_federation::Migration),
            Box::new(m0011_templates::Migration),
            Box::new(m0012_setup_links::Migration),
            Box::new(m0013_issuer::Migration),
            Box::new(m0014_policies::Migration),
            Box::new(m0015_delegations::Migration),
            Box::new(m0017_forward::Migration),
        ]
    }
}

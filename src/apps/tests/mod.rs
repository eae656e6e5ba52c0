//! What applications and grants promise.

mod assigning;
mod catalogue;
mod entitling;
mod launching;
mod pages;

use crate::{
    apps::{Application, Assignment, Entitlement, Scope, commands},
    organizations::Organization,
    people::{Member, MemberRole},
    testing::World,
};

/// A partner whose only member may launch `orders`.
struct Acme {
    organization: Organization,
    admin: Member,
    member: Member,
    application: Application,
    scopes: Vec<Scope>,
    entitlement: Entitlement,
    assignment: Assignment,
}

async fn acme(world: &World) -> Acme {
    let organization = world.organization("Acme").await;
    let admin = world.member(&organization, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let member = world.member(&organization, "Bo Lind", MemberRole::Member).await;
    let (application, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&organization, &application, &scopes).await;
    let assignment = world.assign(&member, &entitlement).await;
    Acme {
        organization,
        admin,
        member,
        application,
        scopes,
        entitlement,
        assignment,
    }
}

/// Another partner, whose admin tries things.
async fn rival(world: &World) -> (Organization, Member) {
    let organization = world.organization("Rival").await;
    let admin = world.member(&organization, "Eve Stone", MemberRole::PartnerAdmin).await;
    (organization, admin)
}

/// Launches in a transaction of its own, committed whatever was decided.
async fn launch(world: &World, actor: crate::access::Actor, slug: &str) -> Result<commands::LaunchOutcome, commands::LaunchError> {
    let mut cx = world.cx(actor).await;
    let outcome = commands::launch(&mut cx, slug).await;
    match outcome {
        Ok(outcome) => {
            cx.commit().await.unwrap();
            Ok(outcome)
        }
        Err(error) => {
            cx.tx.rollback().await.unwrap();
            Err(error)
        }
    }
}

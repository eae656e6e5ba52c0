//! Whoever lost the grounds gets nothing, by any path: one table of path × reason.

use chrono::Duration;
use rstest::rstest;

use super::{
    desk::*,
    forwarding::{asked, let_in, register_host},
};
use crate::{apps::ApplicationStatus, issuer::Client, organizations::OrganizationStatus, people::MemberStatus, store, testing::World};

/// Why somebody gets nothing any more.
#[derive(Clone, Copy, Debug)]
pub enum Lost {
    MemberSuspended,
    MemberRemoved,
    MembershipEnded,
    OrganizationSuspended,
    ContractEnded,
    CertificationLapsed,
    EntitlementRevoked,
    AssignmentRevoked,
    AssignmentEnded,
    ApplicationRetired,
    AccountOff,
    ClientOff,
}

pub async fn lose(desk: &Desk, lost: Lost) {
    let world = &desk.world;
    let cx = world.system().await;
    match lost {
        Lost::MemberSuspended => {
            let member = desk.kim.clone().suspend(None).unwrap();
            store::members::update(&cx.tx, &member).await.unwrap();
        }
        Lost::MemberRemoved => {
            let member = desk.kim.clone().remove(None, cx.now).unwrap();
            assert_eq!(member.status, MemberStatus::Removed);
            store::members::update(&cx.tx, &member).await.unwrap();
        }
        Lost::MembershipEnded => {
            let mut member = desk.kim.clone();
            member.ends_at = Some(cx.now + Duration::seconds(1));
            store::members::update(&cx.tx, &member).await.unwrap();
        }
        Lost::OrganizationSuspended => {
            let mut acme = desk.acme.clone();
            acme.status = OrganizationStatus::Suspended;
            store::organizations::update(&cx.tx, &acme).await.unwrap();
        }
        Lost::ContractEnded => {
            let mut contract = store::contracts::of_organization(&cx.tx, desk.acme.id).await.unwrap().remove(0);
            contract.ends_at = cx.now + Duration::seconds(1);
            store::contracts::update(&cx.tx, &contract).await.unwrap();
        }
        Lost::CertificationLapsed => {
            let mut acme = desk.acme.clone();
            acme.certification_due_at = Some(cx.now - Duration::days(400));
            store::organizations::update(&cx.tx, &acme).await.unwrap();
        }
        Lost::EntitlementRevoked => {
            let mut entitlement = desk.entitlement.clone();
            entitlement.revoked_at = Some(cx.now);
            store::grants::update_entitlement(&cx.tx, &entitlement).await.unwrap();
        }
        Lost::AssignmentRevoked => {
            let mut assignment = desk.assignment.clone();
            assignment.revoked_at = Some(cx.now);
            store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
        }
        Lost::AssignmentEnded => {
            let mut assignment = desk.assignment.clone();
            assignment.ends_at = Some(cx.now + Duration::seconds(1));
            store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
        }
        Lost::ApplicationRetired => {
            let mut orders = desk.orders.clone();
            orders.status = ApplicationStatus::Retired;
            store::applications::update(&cx.tx, &orders).await.unwrap();
        }
        Lost::AccountOff => {
            use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
            use store::{Db as _, entity::person as p};
            p::Entity::update_many()
                .col_expr(p::Column::DisabledAt, Some(cx.now).into())
                .filter(p::Column::Id.eq(desk.kim.person.0))
                .exec(cx.tx.connection())
                .await
                .unwrap();
        }
        Lost::ClientOff => {
            let client = Client {
                disabled_at: Some(cx.now),
                ..desk.client.clone()
            };
            store::issuer::clients::update(&cx.tx, &client).await.unwrap();
        }
    }
    cx.commit().await.unwrap();
    world.clock.advance(Duration::seconds(2));
}

async fn nothing_by_any_path(world: World, lost: Lost) {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let code = desk.code().await;
    let mut browser = desk.browser().await;
    register_host(&desk).await;
    let mut behind_proxy = let_in(&desk).await;
    assert_eq!(asked(&mut behind_proxy).await.status.as_u16(), 200, "before");
    assert_eq!(desk.introspect(access).await["active"], true, "before");
    assert_eq!(desk.userinfo(access).await.status.as_u16(), 200, "before");
    lose(&desk, lost).await;

    let answer = browser.get(&desk.address(&[])).await;
    let location = answer.location.unwrap_or_default();
    assert!(
        !location.contains("code=") || location.starts_with("/"),
        "authorization: {location}"
    );
    assert!(matches!(answer.status.as_u16(), 303 | 400), "authorization: {}", answer.status);
    assert_eq!(desk.userinfo(access).await.status.as_u16(), 401, "userinfo");
    if matches!(lost, Lost::ClientOff) {
        for answer in [desk.redeem(&code).await, desk.refresh(refresh).await] {
            assert_eq!(json_of(&answer, 401)["error"], "invalid_client");
        }
        return;
    }
    assert_eq!(
        desk.introspect(access).await,
        serde_json::json!({ "active": false }),
        "introspection"
    );
    assert_eq!(json_of(&desk.redeem(&code).await, 400)["error"], "invalid_grant", "code");
    assert_eq!(json_of(&desk.refresh(refresh).await, 400)["error"], "invalid_grant", "refresh");
    let asked = asked(&mut behind_proxy).await;
    assert!(matches!(asked.status.as_u16(), 401 | 403), "forward-auth: {}", asked.status);
    assert!(!asked.headers.contains_key("remote-user"), "forward-auth names nobody");
    let launched = browser.get("/launch/orders").await;
    let elsewhere = launched.location.is_some_and(|location| !location.starts_with('/'));
    assert!(!elsewhere, "launch in a live session");
}

#[rstest]
#[tokio::test]
async fn whoever_lost_the_grounds_gets_nothing_by_any_path(
    #[values(
        Lost::MemberSuspended,
        Lost::MemberRemoved,
        Lost::MembershipEnded,
        Lost::OrganizationSuspended,
        Lost::ContractEnded,
        Lost::CertificationLapsed,
        Lost::EntitlementRevoked,
        Lost::AssignmentRevoked,
        Lost::AssignmentEnded,
        Lost::ApplicationRetired,
        Lost::AccountOff,
        Lost::ClientOff
    )]
    lost: Lost,
    #[values(false, true)] postgres: bool,
) {
    let world = if postgres { World::postgres().await } else { World::sqlite().await };
    nothing_by_any_path(world, lost).await;
}

/// Gives back what was lost.
async fn regain(desk: &Desk, lost: Lost) {
    let cx = desk.world.system().await;
    match lost {
        Lost::MemberSuspended => {
            let member = store::members::get(&cx.tx, desk.acme.id, desk.kim.id).await.unwrap().unwrap();
            store::members::update(&cx.tx, &member.reinstate(cx.now).unwrap()).await.unwrap();
        }
        Lost::OrganizationSuspended => {
            let mut acme = store::organizations::get(&cx.tx, desk.acme.id).await.unwrap().unwrap();
            acme.status = OrganizationStatus::Active;
            store::organizations::update(&cx.tx, &acme).await.unwrap();
        }
        _ => unreachable!("not given back here"),
    }
    cx.commit().await.unwrap();
}

crate::for_each_backend!(what_was_ended_stays_ended_when_the_person_is_back, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    // As the commands do: sessions and what applications hold end in the same transaction.
    let cx = desk.world.system().await;
    store::sessions::end_of_member(&cx.tx, desk.kim.id, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    lose(&desk, Lost::MemberSuspended).await;
    regain(&desk, Lost::MemberSuspended).await;
    assert_eq!(desk.introspect(tokens["access_token"].as_str().unwrap()).await["active"], false);
    let refused = desk.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refused, 400)["error"], "invalid_grant");

    let tokens = desk.tokens().await;
    let cx = desk.world.system().await;
    store::sessions::end_of_organization(&cx.tx, desk.acme.id, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    lose(&desk, Lost::OrganizationSuspended).await;
    regain(&desk, Lost::OrganizationSuspended).await;
    let refused = desk.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refused, 400)["error"], "invalid_grant");
});

crate::for_each_backend!(a_new_password_ends_what_applications_hold, |world| {
    let desk = Desk::new(world).await;
    let tokens = desk.tokens().await;
    let mut cx = desk.world.system().await;
    let password = crate::kernel::Password::new("plinth gravel ocean tuba".to_owned());
    crate::signin::commands::set_password(&mut cx, desk.kim.person, password)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let refused = desk.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(json_of(&refused, 400)["error"], "invalid_grant");
    assert_eq!(desk.introspect(tokens["access_token"].as_str().unwrap()).await["active"], false);
});

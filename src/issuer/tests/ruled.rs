//! Policies of the operator decide about tokens as they do about launches, and a second factor that is wanted is said so (RFC 9470).

use chrono::Duration;

use super::{desk::*, scene::*};
use crate::{
    access::STEP_UP_MINUTES,
    apps::Scope,
    for_each_backend,
    kernel::AssignmentId,
    people::TenantRole,
    policies::commands::{PolicyDraft, activate_policy, write_policy},
    store::{self, sessions::SignedInAs},
    testing::{Browser, World},
};

async fn rule(world: &World, text: &str, partner: Option<&str>) {
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let mut cx = world.cx(world.actor(operator.id, None).await).await;
    let draft = PolicyDraft {
        name: "A policy".to_owned(),
        partner: partner.map(str::to_owned),
        application: Some("orders".to_owned()),
        text: text.to_owned(),
        reason: "Because of a test".to_owned(),
    };
    let policy = write_policy(&mut cx, draft).await.expect("it is written");
    activate_policy(&mut cx, policy.id, 1, 1, "Now".to_owned())
        .await
        .expect("it comes into force");
    cx.commit().await.expect("commit");
}

/// Kim's browser, a second factor given just now.
async fn fresh(desk: &Desk) -> Browser {
    let who = SignedInAs {
        person: desk.kim.person,
        member: Some(desk.kim.id),
        at: desk.world.now(),
        second_factor_at: Some(desk.world.now()),
        through: None,
    };
    desk.world.browser_signed_in(&who).await
}

const NO_WRITING: &str = r#"@id("no-writing")
@reason("Writing is not allowed here.")
forbid (principal, action == Action::"UseScope", resource)
when { resource.access == "write" };"#;

const FRESH: &str = r#"@id("fresh-for-orders")
@reason("Orders needs a fresh confirmation.")
@advice("step_up")
forbid (principal, action == Action::"Launch", resource)
unless { context.fresh_second_factor };"#;

for_each_backend!(a_forbidden_scope_leaves_every_token_at_once, |world| {
    let desk = Desk::new(world).await;
    let before = desk.tokens().await;
    assert!(before["scope"].as_str().unwrap().contains("orders:write"));
    rule(&desk.world, NO_WRITING, Some("acme")).await;
    let inspected = desk.introspect(before["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (&inspected["active"], inspected["scope"].as_str().unwrap().contains("orders:write")),
        (&true.into(), false)
    );
    assert!(inspected["scope"].as_str().unwrap().contains("orders:read"));
    let refreshed = json_of(&desk.refresh(before["refresh_token"].as_str().unwrap()).await, 200);
    assert!(!refreshed["scope"].as_str().unwrap().contains("orders:write"));
    let anew = desk.tokens().await;
    assert!(!anew["scope"].as_str().unwrap().contains("orders:write"));
    let told: serde_json::Value = serde_json::from_str(&last_details(&desk.world, crate::audit::EventKind::TokenIssued).await).unwrap();
    assert_eq!(told["circumstances"]["device"], "api");
});

for_each_backend!(another_partners_policy_takes_nothing, |world| {
    world.organization("Rival").await;
    let desk = Desk::new(world).await;
    rule(&desk.world, NO_WRITING, Some("rival")).await;
    assert!(desk.tokens().await["scope"].as_str().unwrap().contains("orders:write"));
});

for_each_backend!(a_replay_looks_at_exchanged_tokens_too, |world| {
    let scene = Scene::declared(world).await;
    scene.exchanged(&[]).await;
    let world = &scene.desk.world;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let actor = world.actor(operator.id, None).await;
    let mut cx = world.cx(actor.clone()).await;
    let draft = PolicyDraft {
        name: "A draft".to_owned(),
        partner: None,
        application: Some("orders".to_owned()),
        text: NO_WRITING.to_owned(),
        reason: "Because of a test".to_owned(),
    };
    let policy = write_policy(&mut cx, draft).await.expect("it is written");
    cx.commit().await.expect("commit");
    let replay = crate::policies::replay::replay(&world.qx(actor).await, policy.id).await.unwrap();
    assert_eq!(
        (replay.decisions, replay.skipped),
        (3, 0),
        "the authorization, the tokens, the exchange"
    );
});

/// Gives Kim the scope of high value.
async fn with_admin(desk: &Desk) -> Scope {
    let scopes = store::applications::scopes_of(&desk.world.portal.store.reader(), &[desk.orders.id])
        .await
        .unwrap();
    let cx = desk.world.system().await;
    let ids: Vec<_> = scopes.iter().map(|scope| scope.id).collect();
    let mut entitlement = desk.entitlement.clone();
    entitlement.scopes.clone_from(&ids);
    store::grants::update_entitlement(&cx.tx, &entitlement).await.unwrap();
    let id: AssignmentId = desk.assignment.id;
    let mut assignment = store::grants::assignment(&cx.tx, desk.acme.id, id).await.unwrap().unwrap();
    assignment.scopes = ids;
    store::grants::update_assignment(&cx.tx, &assignment).await.unwrap();
    cx.commit().await.unwrap();
    scopes.into_iter().find(|scope| scope.high_value).unwrap()
}

for_each_backend!(a_scope_of_high_value_is_given_after_a_fresh_second_factor_and_as_long, |world| {
    let desk = Desk::new(world).await;
    with_admin(&desk).await;
    let asks = [("scope", "openid offline_access orders:read orders:admin")];
    let answer = desk.browser().await.get(&desk.address(&asks)).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/step-up"));
    let silent = desk.ask(&mut desk.browser().await, &[asks[0], ("prompt", "none")]).await;
    assert_eq!(silent["error"], "interaction_required");
    // Without it nothing waits.
    assert!(desk.tokens().await["scope"].as_str().unwrap().contains("orders:read"));

    let mut browser = fresh(&desk).await;
    let code = desk.ask(&mut browser, &asks).await["code"].as_str().unwrap().to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    assert_eq!(tokens["scope"], "openid offline_access orders:read orders:admin");
    // What the factor opened ends with it, in tokens that nobody asks us about, too.
    desk.world.clock.advance(Duration::minutes(STEP_UP_MINUTES - 2));
    let (refresh, asked) = (tokens["refresh_token"].as_str().unwrap(), "openid orders:read");
    let narrow = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", asked)];
    let without = json_of(&desk.token(&narrow).await, 200);
    assert_eq!(without["expires_in"], 600);
    let tokens = json_of(&desk.refresh(without["refresh_token"].as_str().unwrap()).await, 200);
    assert_eq!(
        (&tokens["expires_in"], tokens["scope"].as_str().unwrap().contains("orders:admin")),
        (&120.into(), true)
    );
    desk.world.clock.advance(Duration::minutes(2));
    let later = json_of(&desk.refresh(tokens["refresh_token"].as_str().unwrap()).await, 200);
    assert_eq!(later["scope"], "openid offline_access orders:read");
});

for_each_backend!(an_application_is_told_that_a_second_factor_would_do, |world| {
    let desk = Desk::new(world).await;
    let early = desk.tokens().await;
    rule(&desk.world, FRESH, None).await;
    let answer = desk.browser().await.get(&desk.address(&[])).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/step-up"));
    // A token of the time before the rule.
    let access = early["access_token"].as_str().unwrap();
    let answer = desk.userinfo(access).await;
    assert_eq!(answer.status, 401);
    let said = answer.headers["www-authenticate"].to_str().unwrap();
    for part in [
        "error=\"insufficient_user_authentication\"",
        "acr_values=\"urn:portico:acr:two-factors\"",
        "max_age=\"900\"",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(desk.introspect(access).await["active"], false);
    let mut browser = fresh(&desk).await;
    let code = desk.ask(&mut browser, &[]).await["code"].as_str().unwrap().to_owned();
    let tokens = json_of(&desk.redeem(&code).await, 200);
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    desk.world.clock.advance(Duration::minutes(5));
    assert_eq!(desk.userinfo(&access).await.status, 200);

    // Fresh tokens of a factor that is about to be stale end with it.
    desk.world.clock.advance(Duration::minutes(STEP_UP_MINUTES - 6));
    let refreshed = json_of(&desk.refresh(tokens["refresh_token"].as_str().unwrap()).await, 200);
    assert_eq!(refreshed["expires_in"], 60);
    desk.world.clock.advance(Duration::minutes(2));
    let refresh = refreshed["refresh_token"].as_str().unwrap();
    let refused = json_of(&desk.refresh(refresh).await, 400);
    assert_eq!(refused["error"], "invalid_grant");
    assert!(
        refused["error_description"]
            .as_str()
            .unwrap()
            .starts_with("insufficient_user_authentication"),
        "{refused}"
    );
});

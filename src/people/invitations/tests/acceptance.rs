//! From link to membership.

use chrono::Duration;

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    people::{
        TenantRole,
        invitations::{InvitationStatus, invite_joiner},
    },
};

/// Invites and opens.
async fn opened(world: &World, organization: &Organization, inviter: &Member, email: &str) -> Opened {
    send(world, world.acting(inviter).await, &draft(organization, &[email]))
        .await
        .unwrap();
    open(world, &mailed(world, email).await.0).await.unwrap()
}

for_each_backend!(an_accepted_invitation_makes_account_membership_and_assignments, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let (orders, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &orders, &scopes).await;
    let mut list = with_grant(draft(&acme, &["new@example.com"]), entitlement.id, &[scopes[0].id, scopes[1].id]);
    list.until = Some((world.now() + Duration::days(30)).date_naive());
    send(&world, world.acting(&ana).await, &list).await.unwrap();
    // Meanwhile the organization lost a permission.
    let cx = world.system().await;
    let mut narrowed = entitlement.clone();
    narrowed.scopes.retain(|scope| *scope != scopes[1].id);
    store::grants::update_entitlement(&cx.tx, &narrowed).await.unwrap();
    cx.commit().await.unwrap();

    let opened = open(&world, &mailed(&world, "new@example.com").await.0).await.unwrap();
    let accepted = accept(&world, &opened).await.unwrap();
    let db = world.portal.store.reader();
    let member = store::members::get(&db, acme.id, accepted.member).await.unwrap().unwrap();
    let person = store::people::get(&db, accepted.person).await.unwrap().unwrap();
    assert_eq!(
        (person.name.as_str(), person.has_password, member.role),
        ("Cleo Vance", true, MemberRole::Member)
    );
    assert!(
        member
            .ends_at
            .is_some_and(|end| end > world.now() + Duration::days(29) && end < world.now() + Duration::days(32))
    );
    let assignments = store::grants::assignments_of_member(&db, member.id).await.unwrap();
    assert_eq!(assignments.len(), 1);
    assert_eq!(assignments[0].scopes, [scopes[0].id]);
    assert_eq!(assignments[0].ends_at, member.ends_at);
    assert_eq!(world.events(EventKind::InvitationAccepted).await, 1);
    assert_eq!(world.events(EventKind::InvitationOpened).await, 1);
    assert_eq!(world.events(EventKind::ProfileChanged).await, 0, "a new name is no other name");
});

for_each_backend!(an_invitation_is_accepted_once, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    accept(&world, &opened).await.unwrap();
    assert!(matches!(accept(&world, &opened).await, Err(AcceptError::Unusable)));
});

for_each_backend!(two_browsers_with_one_link_make_one_member, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    let (one, two) = tokio::join!(accept(&world, &opened), accept(&world, &opened));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(world.events(EventKind::InvitationAccepted).await, 1);
});

for_each_backend!(an_expired_invitation_lets_nobody_in, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    let (link, _) = mailed(&world, "new@example.com").await;
    world.clock.advance(Duration::days(7));
    assert!(matches!(open(&world, &link).await, Err(AcceptError::Unusable)));
    assert!(matches!(accept(&world, &opened).await, Err(AcceptError::Unusable)));
});

for_each_backend!(nobody_comes_into_a_partner_that_nobody_certified_in_time, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    world.clock.advance(Duration::days(90 + 14) - Duration::hours(1));
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    world.clock.advance(Duration::hours(1));
    let refused = accept(&world, &opened).await;
    assert!(matches!(refused, Err(AcceptError::Closed(_))), "{refused:?}");
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let more = draft(&acme, &["more@example.com"]);
    let refused = send(&world, world.actor(operator.id, None).await, &more).await;
    assert!(matches!(refused, Err(InviteError::Closed)), "{refused:?}");
});

for_each_backend!(of_two_acceptances_for_the_last_seat_one_wins, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let first = opened(&world, &acme, &ana, "one@example.com").await;
    let second = opened(&world, &acme, &ana, "two@example.com").await;
    // The contract shrank after both were sent: Ana and one more.
    seats(&world, &acme, 2).await;
    let (one, two) = tokio::join!(accept(&world, &first), accept(&world, &second));
    let outcomes = [one, two];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(AcceptError::NoSeat(_)))));
    let taken = store::members::seats_taken(&world.portal.store.reader(), acme.id, world.now())
        .await
        .unwrap();
    assert_eq!(taken, 2);
});

for_each_backend!(nobody_joins_without_a_contract_or_into_a_paused_organization, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    let cx = world.system().await;
    let paused = acme.clone().suspend("paused".to_owned(), false).unwrap();
    store::organizations::update(&cx.tx, &paused).await.unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(accept(&world, &opened).await, Err(AcceptError::Closed(_))));
    let cx = world.system().await;
    let again = store::organizations::get(&cx.tx, acme.id)
        .await
        .unwrap()
        .unwrap()
        .activate()
        .unwrap();
    store::organizations::update(&cx.tx, &again).await.unwrap();
    let mut contract = store::contracts::in_force(&cx.tx, acme.id, cx.now).await.unwrap().unwrap();
    contract.ends_at = cx.now;
    store::contracts::update(&cx.tx, &contract).await.unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(accept(&world, &opened).await, Err(AcceptError::Closed(_))));
});

for_each_backend!(a_crash_before_the_commit_leaves_the_invitation_waiting, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    let password = prepared(&world, &opened, PASSWORD).await;
    let mut cx = world.cx(Actor::Anonymous).await;
    crate::people::invitations::acceptance::accept_invitation(&mut cx, &opened, "Cleo", password)
        .await
        .unwrap();
    drop(cx);
    let email = "new@example.com".parse().unwrap();
    assert!(
        store::people::find_by_email(&world.portal.store.reader(), &email)
            .await
            .unwrap()
            .is_none()
    );
    assert!(accept(&world, &opened).await.is_ok());
});

for_each_backend!(a_bad_password_uses_nothing_up, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    let password = prepared(&world, &opened, "short").await;
    let mut cx = world.cx(Actor::Anonymous).await;
    let short = crate::people::invitations::acceptance::accept_invitation(&mut cx, &opened, "Cleo", password).await;
    assert!(matches!(short, Err(AcceptError::Password(_))));
    cx.tx.rollback().await.unwrap();
    assert!(accept(&world, &opened).await.is_ok());
});

#[tokio::test]
async fn a_password_is_hashed_while_somebody_else_writes() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::sqlite_file(&folder.path().join("portico.db")).await;
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let opened = opened(&world, &acme, &ana, "new@example.com").await;
    // The one writer of the embedded database is taken: who hashed inside a transaction would wait for it here.
    let writer = world.system().await;
    let hashed = prepared(&world, &opened, PASSWORD).await;
    assert!(hashed.is_ok(), "the password waits for the writer");
    drop(writer);
    // Whoever has no usable invitation has nothing hashed for them.
    accept(&world, &opened).await.unwrap();
    assert!(matches!(prepared(&world, &opened, PASSWORD).await, Err(PasswordError::NotHashed)));
}

for_each_backend!(the_link_alone_never_joins_an_account_with_a_password, |world| {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let ana = admin(&world, &acme).await;
    let bo = world.member(&other, "Bo Lind", MemberRole::Member).await;
    let cx = world.system().await;
    store::people::set_password(&cx.tx, bo.person, "$argon2id$x", cx.now).await.unwrap();
    cx.commit().await.unwrap();
    let opened = opened(&world, &acme, &ana, "bo.lind@example.com").await;
    assert!(matches!(accept(&world, &opened).await, Err(AcceptError::SignInFirst)));
    // Signed in as somebody else: no.
    let fay = world.member(&other, "Fay Other", MemberRole::Member).await;
    assert!(matches!(
        join(&world, world.acting(&fay).await, &opened).await,
        Err(AcceptError::OtherAccount)
    ));
    assert!(matches!(join(&world, Actor::Anonymous, &opened).await, Err(AcceptError::Access(_))));
    // Signed in as themself: a second membership of the same person.
    let accepted = join(&world, world.acting(&bo).await, &opened).await.unwrap();
    assert_eq!(accepted.person, bo.person);
    let memberships = store::members::of_person(&world.portal.store.reader(), bo.person).await.unwrap();
    assert_eq!(memberships.len(), 2);
});

for_each_backend!(what_the_organization_lost_is_left_out_and_said, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let (orders, scopes) = world.application("orders").await;
    let entitlement = world.entitle(&acme, &orders, &scopes).await;
    let list = with_grant(draft(&acme, &["new@example.com"]), entitlement.id, &[scopes[0].id]);
    send(&world, world.acting(&ana).await, &list).await.unwrap();
    let cx = world.system().await;
    let mut over = entitlement.clone();
    over.ends_at = Some(cx.now);
    store::grants::update_entitlement(&cx.tx, &over).await.unwrap();
    cx.commit().await.unwrap();
    let opened = open(&world, &mailed(&world, "new@example.com").await.0).await.unwrap();
    let accepted = accept(&world, &opened).await.unwrap();
    assert_eq!(accepted.left_out, ["orders"]);
});

for_each_backend!(who_was_a_member_until_a_date_can_come_back, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let cx = world.system().await;
    let mut leaving = bo.clone();
    leaving.ends_at = Some(cx.now + Duration::hours(1));
    store::members::update(&cx.tx, &leaving).await.unwrap();
    cx.commit().await.unwrap();
    world.clock.advance(Duration::hours(2));
    // Nothing tidied up yet: a browser still has the old hat on.
    world.browser_as(bo.person, Some(bo.id)).await;
    let opened = opened(&world, &acme, &ana, "bo.lind@example.com").await;
    let accepted = accept(&world, &opened).await.unwrap();
    assert_ne!(accepted.member, bo.id);
    let told = world.told(EventKind::MemberEnded).await;
    assert_eq!((told.len(), &told[0]["sessions_ended"]), (1, &serde_json::json!(1)), "{told:?}");
    let left = store::sessions::live_of_member(&world.portal.store.reader(), bo.id, world.now(), Duration::minutes(60)).await;
    assert_eq!(left.unwrap(), 0);
});

for_each_backend!(the_joiner_of_a_rotation_only_sets_up_their_account, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let leaver = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let joiner = world.member(&acme, "Cleo New", MemberRole::Member).await;
    let mut cx = world.cx(world.acting(&ana).await).await;
    let mut joiner = store::members::get(&cx.tx, acme.id, joiner.id).await.unwrap().unwrap();
    joiner.rotated_from = Some(leaver.id);
    let person = store::people::get(&cx.tx, joiner.person).await.unwrap().unwrap();
    invite_joiner(&mut cx, &acme, &joiner, &person, "Bo Lind").await.unwrap();
    cx.commit().await.unwrap();
    // Every seat is taken, and that does not matter: the joiner has theirs.
    seats(&world, &acme, 3).await;
    let opened = open(&world, &mailed(&world, "cleo.new@example.com").await.0).await.unwrap();
    let accepted = accept(&world, &opened).await.unwrap();
    assert_eq!((accepted.member, accepted.person), (joiner.id, joiner.person));
    // They corrected their name on the way, and the trail has it.
    let told = world.told(EventKind::ProfileChanged).await;
    assert_eq!((told.len(), &told[0]["name"]), (1, &serde_json::json!("Cleo Vance")), "{told:?}");
    let db = world.portal.store.reader();
    assert_eq!(store::members::seats_taken(&db, acme.id, world.now()).await.unwrap(), 3);
    assert!(store::people::get(&db, joiner.person).await.unwrap().unwrap().has_password);
});

for_each_backend!(a_joiner_with_an_account_is_only_told, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let joiner = world.member(&acme, "Cleo New", MemberRole::Member).await;
    let mut cx = world.cx(world.acting(&ana).await).await;
    store::people::set_password(&cx.tx, joiner.person, "$argon2id$x", cx.now)
        .await
        .unwrap();
    let person = store::people::get(&cx.tx, joiner.person).await.unwrap().unwrap();
    invite_joiner(&mut cx, &acme, &joiner, &person, "Bo Lind").await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(mails(&world).await, 1);
    assert!(waiting(&world, &acme, "cleo.new@example.com").await.is_none());
});

for_each_backend!(a_hand_over_takes_the_place_of_an_invitation_that_waits, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let cleo = world.person("Cleo New").await;
    let before = opened(&world, &acme, &ana, "cleo.new@example.com").await;
    let joiner = world.membership(&acme, &cleo, MemberRole::Member).await;
    let mut cx = world.cx(world.acting(&ana).await).await;
    invite_joiner(&mut cx, &acme, &joiner, &cleo, "Bo Lind").await.unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(accept(&world, &before).await, Err(AcceptError::Unusable)));
    let now_waiting = waiting(&world, &acme, "cleo.new@example.com").await.unwrap();
    assert_eq!(
        (now_waiting.member, now_waiting.status),
        (Some(joiner.id), InvitationStatus::Pending)
    );
});

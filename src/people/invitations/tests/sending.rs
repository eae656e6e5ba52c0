//! Sending, sending again, withdrawing.

use chrono::Duration;

use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    for_each_backend,
    people::{
        TenantRole,
        invitations::{InvitationError, InvitationState, commands::*},
    },
    store::StoreError,
};

for_each_backend!(an_invitation_reaches_its_address_and_is_in_the_trail, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let actor = world.acting(&ana).await;
    assert_eq!(
        send(&world, actor, &draft(&acme, &["new@example.com"])).await.unwrap(),
        Sent { sent: 1, left_out: 0 }
    );
    let invitation = waiting(&world, &acme, "new@example.com").await.unwrap();
    assert_eq!(invitation.state_at(world.now()), InvitationState::Sent);
    assert_eq!(world.events(EventKind::MemberInvited).await, 1);
    let (token, code) = mailed(&world, "new@example.com").await;
    // At rest there is neither link nor code.
    assert_ne!(invitation.token_hash, token.as_bytes());
    assert_ne!(invitation.code_hash, code.as_bytes());
});

for_each_backend!(bad_rows_are_left_out_only_when_that_was_confirmed, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    let draft = draft(&acme, &["good@example.com", "bad"]);
    let mut cx = world.cx(actor.clone()).await;
    let facts = facts::load(&cx.tx, &actor, &acme, &draft.addresses(), cx.tenant.time_zone, cx.now)
        .await
        .unwrap();
    let seen = plan::review(&draft, &facts).fingerprint();
    let refused = send_invitations(&mut cx, acme.id, &draft, &seen, false).await;
    assert!(matches!(refused, Err(InviteError::LeftOutNotConfirmed)), "{refused:?}");
    let sent = send_invitations(&mut cx, acme.id, &draft, &seen, true).await.unwrap();
    assert_eq!(sent, Sent { sent: 1, left_out: 1 });
});

for_each_backend!(nothing_is_sent_when_the_report_is_not_what_was_seen, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    let list = draft(&acme, &["new@example.com"]);
    send(&world, actor.clone(), &list).await.unwrap();
    // The same list once more: the report is another one by now.
    let mut cx = world.cx(actor).await;
    let seen = "the report of before";
    assert!(matches!(
        send_invitations(&mut cx, acme.id, &list, seen, true).await,
        Err(InviteError::Changed)
    ));
    drop(cx);
    assert_eq!(mails(&world).await, 1);
});

for_each_backend!(a_crash_before_the_commit_sends_nothing, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    let list = draft(&acme, &["new@example.com"]);
    let mut cx = world.cx(actor).await;
    let facts = facts::load(&cx.tx, &cx.actor, &acme, &list.addresses(), cx.tenant.time_zone, cx.now)
        .await
        .unwrap();
    let seen = plan::review(&list, &facts).fingerprint();
    send_invitations(&mut cx, acme.id, &list, &seen, true).await.unwrap();
    drop(cx);
    assert!(waiting(&world, &acme, "new@example.com").await.is_none());
    assert_eq!((mails(&world).await, world.events(EventKind::MemberInvited).await), (0, 0));
});

for_each_backend!(waiting_invitations_hold_their_seats, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    seats(&world, &acme, 2).await;
    send(&world, actor.clone(), &draft(&acme, &["first@example.com"])).await.unwrap();
    assert!(matches!(
        send(&world, actor.clone(), &draft(&acme, &["second@example.com"])).await,
        Err(InviteError::NothingToSend)
    ));
    // One that ran out holds none any more.
    world.clock.advance(Duration::days(8));
    assert_eq!(
        send(&world, actor.clone(), &draft(&acme, &["second@example.com"]))
            .await
            .unwrap()
            .sent,
        1
    );
    // And needs a free one to come back.
    let first = waiting(&world, &acme, "first@example.com").await.unwrap();
    let mut cx = world.cx(actor).await;
    assert!(matches!(
        resend_invitation(&mut cx, acme.id, first.id, first.version).await,
        Err(InviteError::NoSeat)
    ));
});

for_each_backend!(waiting_invitations_hold_the_seats_of_an_entitlement, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    let (orders, scopes) = world.application("orders").await;
    let mut entitlement = world.entitle(&acme, &orders, &scopes).await;
    entitlement.seats = Some(1);
    let cx = world.system().await;
    store::grants::update_entitlement(&cx.tx, &entitlement).await.unwrap();
    cx.commit().await.unwrap();
    let list = with_grant(
        draft(&acme, &["one@example.com", "two@example.com"]),
        entitlement.id,
        &[scopes[0].id],
    );
    assert_eq!(send(&world, actor, &list).await.unwrap(), Sent { sent: 1, left_out: 1 });
});

for_each_backend!(nobody_invites_above_their_own_role, |world| {
    let acme = world.organization("Acme").await;
    let manager = world.member(&acme, "Uma Manager", MemberRole::UserManager).await;
    let actor = world.acting(&manager).await;
    let mut list = draft(&acme, &["boss@example.com"]);
    list.role = MemberRole::PartnerAdmin;
    assert!(matches!(send(&world, actor.clone(), &list).await, Err(InviteError::NothingToSend)));
    // Nor do they send such an invitation of somebody else again, or withdraw it.
    let ana = admin(&world, &acme).await;
    send(&world, world.acting(&ana).await, &list).await.unwrap();
    let boss = waiting(&world, &acme, "boss@example.com").await.unwrap();
    let mut cx = world.cx(actor).await;
    let again = resend_invitation(&mut cx, acme.id, boss.id, boss.version).await;
    assert!(matches!(again, Err(InviteError::Access(Refused::Forbidden { .. }))));
    let back = withdraw_invitation(&mut cx, acme.id, boss.id, boss.version).await;
    assert!(matches!(back, Err(InviteError::Access(Refused::Forbidden { .. }))));
});

for_each_backend!(members_invite_nobody_and_others_do_not_see_the_organization, |world| {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let foreign = world.member(&other, "Fay Other", MemberRole::PartnerAdmin).await;
    let list = draft(&acme, &["new@example.com"]);
    let refused = send(&world, world.acting(&member).await, &list).await;
    assert!(matches!(refused, Err(InviteError::Access(Refused::Forbidden { .. }))));
    let refused = send(&world, world.acting(&foreign).await, &list).await;
    assert!(matches!(refused, Err(InviteError::Access(Refused::NotFound))));
});

for_each_backend!(whoever_was_suspended_meanwhile_invites_nobody, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    // Identified before, asked after the suspension.
    let actor = world.acting(&ana).await;
    send(&world, actor.clone(), &draft(&acme, &["first@example.com"])).await.unwrap();
    let first = waiting(&world, &acme, "first@example.com").await.unwrap();
    world.suspend(&ana).await;
    let refused = send(&world, actor.clone(), &draft(&acme, &["new@example.com"])).await;
    assert!(matches!(refused, Err(InviteError::ActorChanged(_))), "{refused:?}");
    let mut cx = world.cx(actor).await;
    let again = resend_invitation(&mut cx, acme.id, first.id, first.version).await;
    assert!(matches!(again, Err(InviteError::ActorChanged(_))), "{again:?}");
    let back = withdraw_invitation(&mut cx, acme.id, first.id, first.version).await;
    assert!(matches!(back, Err(InviteError::ActorChanged(_))), "{back:?}");
    drop(cx);
    assert!(waiting(&world, &acme, "new@example.com").await.is_none());
    assert_eq!(waiting(&world, &acme, "first@example.com").await, Some(first));
});

for_each_backend!(an_owner_invites_the_first_partner_admin, |world| {
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let other = world.organization("Other").await;
    let actor = world.actor(owner.id, None).await;
    let mut list = draft(&acme, &["first@example.com"]);
    list.role = MemberRole::PartnerAdmin;
    assert_eq!(send(&world, actor.clone(), &list).await.unwrap().sent, 1);
    let not_theirs = send(&world, actor, &draft(&other, &["x@example.com"])).await;
    assert!(matches!(not_theirs, Err(InviteError::Access(Refused::NotFound))), "{not_theirs:?}");
});

for_each_backend!(sending_again_kills_the_old_link_and_code, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    send(&world, actor.clone(), &draft(&acme, &["new@example.com"])).await.unwrap();
    let (old_link, old_code) = mailed(&world, "new@example.com").await;
    let held = open(&world, &old_link).await.unwrap();
    let invitation = waiting(&world, &acme, "new@example.com").await.unwrap();
    world.clock.advance(Duration::minutes(1));
    let mut cx = world.cx(actor).await;
    resend_invitation(&mut cx, acme.id, invitation.id, invitation.version)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let (new_link, new_code) = mailed(&world, "new@example.com").await;
    assert!(old_link != new_link && old_code != new_code);
    assert!(matches!(open(&world, &old_link).await, Err(AcceptError::Unusable)));
    // A browser that had opened it before does not get in either.
    assert!(matches!(accept(&world, &held).await, Err(AcceptError::Unusable)));
    assert!(try_code(&world, "new@example.com", &old_code).await.is_err());
    assert!(try_code(&world, "new@example.com", &new_code).await.is_ok());
    assert_eq!(world.events(EventKind::InvitationResent).await, 1);
});

async fn try_code(world: &World, email: &str, code: &str) -> Result<Opened, crate::people::invitations::acceptance::CodeError> {
    let mut cx = world.cx(Actor::Anonymous).await;
    let outcome = crate::people::invitations::acceptance::check_code(&mut cx, email, code).await;
    cx.commit().await?;
    outcome
}

for_each_backend!(a_withdrawn_invitation_lets_nobody_in_and_can_be_followed_by_another, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    send(&world, actor.clone(), &draft(&acme, &["new@example.com"])).await.unwrap();
    let (link, code) = mailed(&world, "new@example.com").await;
    let invitation = waiting(&world, &acme, "new@example.com").await.unwrap();
    let mut cx = world.cx(actor.clone()).await;
    withdraw_invitation(&mut cx, acme.id, invitation.id, invitation.version)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(matches!(open(&world, &link).await, Err(AcceptError::Unusable)));
    assert!(try_code(&world, "new@example.com", &code).await.is_err());
    let mut cx = world.cx(actor.clone()).await;
    let twice = withdraw_invitation(&mut cx, acme.id, invitation.id, invitation.version + 1).await;
    assert!(matches!(twice, Err(InviteError::State(InvitationError::NotPending(_)))));
    drop(cx);
    assert_eq!(send(&world, actor, &draft(&acme, &["new@example.com"])).await.unwrap().sent, 1);
});

for_each_backend!(a_stale_page_withdraws_nothing, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    send(&world, actor.clone(), &draft(&acme, &["new@example.com"])).await.unwrap();
    let invitation = waiting(&world, &acme, "new@example.com").await.unwrap();
    let mut cx = world.cx(actor.clone()).await;
    resend_invitation(&mut cx, acme.id, invitation.id, invitation.version)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let mut cx = world.cx(actor).await;
    let stale = withdraw_invitation(&mut cx, acme.id, invitation.id, invitation.version).await;
    assert!(matches!(stale, Err(InviteError::Store(StoreError::Stale))));
});

for_each_backend!(another_organizations_invitation_is_not_found, |world| {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    send(&world, actor, &draft(&acme, &["new@example.com"])).await.unwrap();
    let invitation = waiting(&world, &acme, "new@example.com").await.unwrap();
    let foreign = world.member(&other, "Fay Other", MemberRole::PartnerAdmin).await;
    let mut cx = world.cx(world.acting(&foreign).await).await;
    let found = withdraw_invitation(&mut cx, other.id, invitation.id, invitation.version).await;
    assert!(matches!(found, Err(InviteError::Access(Refused::NotFound))));
    let found = resend_invitation(&mut cx, other.id, invitation.id, invitation.version).await;
    assert!(matches!(found, Err(InviteError::Access(Refused::NotFound))));
});

for_each_backend!(codes_cannot_be_guessed_for_long, |world| {
    let acme = world.organization("Acme").await;
    let actor = world.acting(&admin(&world, &acme).await).await;
    send(&world, actor, &draft(&acme, &["new@example.com"])).await.unwrap();
    let (_, code) = mailed(&world, "new@example.com").await;
    for _ in 0..10 {
        assert!(try_code(&world, "new@example.com", "0000-0000").await.is_err());
    }
    assert!(try_code(&world, "new@example.com", &code).await.is_err());
    assert_eq!(world.events(EventKind::SignInThrottled).await, 1);
    world.clock.advance(Duration::hours(1));
    // Case, dashes and look-alikes do not matter.
    let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    assert!(try_code(&world, "new@example.com", &typed).await.is_ok());
});

//! Through the router: forms, pages, redirects.

use super::*;
use crate::{
    audit::EventKind,
    for_each_backend,
    people::{TenantRole, invitations::invite_joiner},
    testing::Browser,
};

async fn browser(world: &World, member: &Member) -> Browser {
    world.browser_as(member.person, Some(member.id)).await
}

/// The value of a hidden field.
fn hidden(html: &str, name: &str) -> String {
    let at = html.split(&format!("name=\"{name}\"")).nth(1).expect("the field is there");
    at.split("value=\"")
        .nth(1)
        .expect("a value")
        .split('"')
        .next()
        .expect("a value")
        .to_owned()
}

for_each_backend!(from_the_form_over_the_report_and_the_mail_to_the_launchpad, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let (orders, scopes) = world.application("orders").await;
    world.entitle(&acme, &orders, &scopes).await;
    let mut admin = browser(&world, &ana).await;
    let page = admin.get("/team/invite").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("scopes[orders][]"));
    let (team, scope) = (acme.id.to_string(), scopes[0].id.to_string());
    assert_eq!(hidden(&page.text, "team"), team);
    let answer = admin
        .post(
            "/do/preview-invitations",
            &[
                ("team", &team),
                ("by", "one"),
                ("email", "new@example.com"),
                ("role", "member"),
                ("scopes[orders][]", &scope),
                ("until", "2026-12-31"),
            ],
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.location.as_deref()),
        (303, Some("/team/invite/review"))
    );
    let report = admin.get("/team/invite/review").await;
    assert!(report.text.contains("Send 1 invitation"), "{}", report.text);
    assert_eq!(mails(&world).await, 0);
    let seen = hidden(&report.text, "seen");
    let answer = admin.post("/do/send-invitations", &[("seen", &seen)]).await;
    assert_eq!(answer.location.as_deref(), Some("/team/invitations"));
    // Pressed twice: nothing more happens.
    let answer = admin.post("/do/send-invitations", &[("seen", &seen)]).await;
    assert_eq!(answer.location.as_deref(), Some("/team/invitations"));
    assert_eq!(mails(&world).await, 1);
    let list = admin.get("/team/invitations").await;
    assert!(list.text.contains("new@example.com") && list.text.contains("Mail is waiting"));

    let (token, _) = mailed(&world, "new@example.com").await;
    let mut invited = world.browser();
    let landing = invited.get(&format!("/invitation/{token}")).await;
    assert_eq!(landing.status, 200);
    assert!(landing.text.contains("Ana Ruiz") && landing.text.contains("Open the invitation"));
    let answer = invited.post("/do/open-invitation", &[("token", &token)]).await;
    assert_eq!(answer.location.as_deref(), Some("/invitation/accept"));
    let page = invited.get("/invitation/accept").await;
    assert!(page.text.contains("Create account and join"), "{}", page.text);
    let answer = invited.post("/do/accept-invitation", &[("name", ""), ("password", PASSWORD)]).await;
    assert_eq!(answer.location.as_deref(), Some("/invitation/accept"));
    assert!(invited.get("/invitation/accept").await.text.contains("Enter your name."));
    let answer = invited
        .post("/do/accept-invitation", &[("name", "Cleo Vance"), ("password", PASSWORD)])
        .await;
    assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some("/")));
    let home = invited.get("/me").await;
    assert!(home.text.contains("Cleo Vance"), "{}", home.text);
    assert!(admin.get("/team/invitations?state=accepted").await.text.contains("new@example.com"));
});

for_each_backend!(looking_at_an_invitation_changes_nothing, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    send(&world, world.acting(&ana).await, &draft(&acme, &["new@example.com"]))
        .await
        .unwrap();
    let (token, _) = mailed(&world, "new@example.com").await;
    let before = waiting(&world, &acme, "new@example.com").await.unwrap();
    let mut scanner = world.browser();
    for _ in 0..3 {
        assert_eq!(scanner.get(&format!("/invitation/{token}")).await.status, 200);
    }
    assert_eq!(waiting(&world, &acme, "new@example.com").await.unwrap(), before);
    assert_eq!(world.events(EventKind::InvitationOpened).await, 0);
    assert!(
        scanner
            .get(&format!("/do/open-invitation?token={token}"))
            .await
            .status
            .is_client_error()
    );
    assert_eq!(waiting(&world, &acme, "new@example.com").await.unwrap(), before);
});

for_each_backend!(what_sets_up_a_members_account_is_sent_again_and_not_withdrawn, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let joiner = world.member(&acme, "Cleo New", MemberRole::Member).await;
    let mut cx = world.cx(world.acting(&ana).await).await;
    let person = store::people::get(&cx.tx, joiner.person).await.unwrap().unwrap();
    invite_joiner(&mut cx, &acme, &joiner, &person, "Bo Lind").await.unwrap();
    cx.commit().await.unwrap();
    let mut admin = browser(&world, &ana).await;
    let list = admin.get("/team/invitations").await.text;
    assert!(list.contains("cleo.new@example.com") && list.contains("/do/resend-invitation"));
    assert!(!list.contains("/do/withdraw-invitation"), "{list}");
});

for_each_backend!(an_invitation_that_cannot_be_used_says_what_to_do, |world| {
    let mut anyone = world.browser();
    let page = anyone.get("/invitation/nothing-of-ours").await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("ask the person who invited you") && page.text.contains("/sign-in"));
    let answer = anyone.post("/do/open-invitation", &[("token", "x\r\nSet-Cookie: a=b")]).await;
    assert_eq!((answer.status.as_u16(), answer.location.as_deref()), (303, Some("/invitation")));
    assert_eq!(anyone.get("/invitation/accept").await.status, 404);
});

for_each_backend!(a_code_typed_by_hand_opens_too, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    send(&world, world.acting(&ana).await, &draft(&acme, &["new@example.com"]))
        .await
        .unwrap();
    let (_, code) = mailed(&world, "new@example.com").await;
    let mut invited = world.browser();
    assert_eq!(invited.get("/invitation").await.status, 200);
    let wrong = invited
        .post("/do/check-invitation-code", &[("email", "new@example.com"), ("code", "0000-0000")])
        .await;
    assert_eq!(wrong.location.as_deref(), Some("/invitation"));
    let unknown = invited.get("/invitation").await.text;
    assert!(unknown.contains("do not belong together"));
    let right = invited
        .post("/do/check-invitation-code", &[("email", "new@example.com"), ("code", &code)])
        .await;
    assert_eq!(right.location.as_deref(), Some("/invitation/accept"));
});

for_each_backend!(a_csv_file_with_bad_rows_sends_nothing_by_itself, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let mut admin = browser(&world, &ana).await;
    let file = b"email,name,role\ngood@example.com,Good,member\nbad,Bad,member\ngood@example.com,Again,member\n";
    let team = acme.id.to_string();
    let form = [("team", team.as_str()), ("role", "member")];
    let answer = admin.upload("/do/upload-invitations", &form, "file", file).await;
    assert_eq!(
        (answer.status.as_u16(), answer.location.as_deref()),
        (303, Some("/team/invite/review")),
        "{}",
        answer.text
    );
    let report = admin.get("/team/invite/review").await.text;
    assert!(
        report.contains("Send 1 invitation") && report.contains("2 rows with a problem"),
        "{report}"
    );
    assert_eq!(mails(&world).await, 0);
    let seen = hidden(&report, "seen");
    let answer = admin.post("/do/send-invitations", &[("seen", &seen)]).await;
    assert_eq!(answer.location.as_deref(), Some("/team/invite/review"));
    assert!(admin.get("/team/invite/review").await.text.contains("Confirm that the rows"));
    assert_eq!(mails(&world).await, 0);
    admin.post("/do/send-invitations", &[("seen", &seen), ("leave_out", "yes")]).await;
    assert_eq!(mails(&world).await, 1);
});

for_each_backend!(a_file_that_is_no_list_comes_back_with_the_reason, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let mut admin = browser(&world, &ana).await;
    let team = acme.id.to_string();
    let form = [("team", team.as_str()), ("role", "member")];
    for (file, reason) in [
        (&b"email,phone\n"[..], "There is no column"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"e\0m\0a\0i\0l\0\n\0", "UTF-8"),
        (b"", "Choose a file"),
    ] {
        let answer = admin.upload("/do/upload-invitations", &form, "file", file).await;
        assert_eq!(answer.location.as_deref(), Some("/team/invite?by=file"));
        assert!(admin.get("/team/invite?by=file").await.text.contains(reason));
    }
    let answer = admin.post("/do/upload-invitations", &[("role", "member")]).await;
    assert!(answer.status.is_client_error());
});

for_each_backend!(who_has_an_account_signs_in_first, |world| {
    let acme = world.organization("Acme").await;
    let other = world.organization("Other").await;
    let ana = admin(&world, &acme).await;
    let bo = world.member(&other, "Bo Lind", MemberRole::Member).await;
    let cx = world.system().await;
    store::people::set_password(&cx.tx, bo.person, "$argon2id$x", cx.now).await.unwrap();
    cx.commit().await.unwrap();
    send(&world, world.acting(&ana).await, &draft(&acme, &["bo.lind@example.com"]))
        .await
        .unwrap();
    let (token, _) = mailed(&world, "bo.lind@example.com").await;
    let mut signed_out = world.browser();
    signed_out.post("/do/open-invitation", &[("token", &token)]).await;
    let page = signed_out.get("/invitation/accept").await.text;
    assert!(page.contains("Sign in to accept") && !page.contains("new-password"));
    let answer = signed_out.post("/do/join-organization", &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in"));
    let mut signed_in = browser(&world, &bo).await;
    signed_in.post("/do/open-invitation", &[("token", &token)]).await;
    assert!(signed_in.get("/invitation/accept").await.text.contains("Join Acme"));
    let answer = signed_in.post("/do/join-organization", &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/"));
    assert_eq!(
        store::members::of_person(&world.portal.store.reader(), bo.person)
            .await
            .unwrap()
            .len(),
        2
    );
});

for_each_backend!(pages_are_closed_to_whom_they_are_not_for, |world| {
    let acme = world.organization("Acme").await;
    world.organization("Other").await;
    let bo = world.member(&acme, "Bo Lind", MemberRole::Member).await;
    let ana = admin(&world, &acme).await;
    let owner = world.employee("Olga Owner", TenantRole::Owner).await;
    world.own(&acme, &owner).await;
    let mut member = browser(&world, &bo).await;
    let mut admin = browser(&world, &ana).await;
    let mut olga = world.browser_as(owner.id, None).await;
    for path in ["/team/invite", "/team/invitations", "/team/invite/review"] {
        assert_eq!(member.get(path).await.status, 403, "{path}");
        assert_eq!(world.browser().get(path).await.location.as_deref(), Some("/sign-in"), "{path}");
        assert_eq!(olga.get(path).await.status, 404, "{path}");
    }
    for path in ["/partners/acme/invite", "/partners/acme/invitations"] {
        assert_eq!(olga.get(path).await.status, 200, "{path}");
        assert_eq!(admin.get(path).await.status, 404, "{path}");
    }
    assert_eq!(olga.get("/partners/other/invite").await.status, 404);
    let answer = admin
        .post(
            "/do/preview-invitations",
            &[("partner", "other"), ("email", "x@example.com"), ("role", "member")],
        )
        .await;
    assert_eq!(answer.status, 404);
    let answer = member
        .post("/do/preview-invitations", &[("email", "x@example.com"), ("role", "member")])
        .await;
    assert_eq!(answer.status, 403);
    let answer = olga
        .post(
            "/do/preview-invitations",
            &[("partner", "acme"), ("email", "x@example.com"), ("role", "partner_admin")],
        )
        .await;
    assert_eq!(answer.location.as_deref(), Some("/partners/acme/invite/review"));
    assert!(olga.get("/partners/acme/invite/review").await.text.contains("Send 1 invitation"));
});

for_each_backend!(a_form_that_was_made_in_another_hat_drafts_nothing, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let ana = admin(&world, &acme).await;
    let person = store::people::get(&world.portal.store.reader(), ana.person).await.unwrap().unwrap();
    let elsewhere = world.membership(&other, &person, MemberRole::PartnerAdmin).await;
    // The page was about Acme; in another tab Ana has put on the hat of Other since.
    let mut browser = browser(&world, &elsewhere).await;
    let team = acme.id.to_string();
    for form in [
        vec![("team", team.as_str()), ("email", "new@example.com"), ("role", "member")],
        vec![("email", "new@example.com"), ("role", "member")],
    ] {
        let answer = browser.post("/do/preview-invitations", &form).await;
        assert_eq!(answer.location.as_deref(), Some("/team/invite"));
        let page = browser.get("/team/invite").await.text;
        assert!(page.contains("so nothing was done") && page.contains("new@example.com"), "{page}");
        assert_eq!(hidden(&page, "team"), other.id.to_string());
    }
});

for_each_backend!(a_refused_form_keeps_what_was_typed, |world| {
    let acme = world.organization("Acme").await;
    let ana = admin(&world, &acme).await;
    let mut admin = browser(&world, &ana).await;
    let team = acme.id.to_string();
    let answer = admin
        .post(
            "/do/preview-invitations",
            &[
                ("team", &team),
                ("email", "not-an-address"),
                ("name", "Bo Lind"),
                ("role", "member"),
                ("until", "2030-01-01"),
            ],
        )
        .await;
    assert_eq!(answer.location.as_deref(), Some("/team/invite"));
    let page = admin.get("/team/invite").await.text;
    assert!(
        page.contains("not-an-address") && page.contains("Bo Lind") && page.contains("The contract ends on 2027-06-01"),
        "{page}"
    );
});

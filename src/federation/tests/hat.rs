//! What a session through a provider may do: wear that hat, and nothing that belongs to the account as a whole.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use serde_json::json;

use super::{company::*, provider::Provider};
use crate::{
    audit::EventKind,
    for_each_backend,
    kernel::{Password, PersonId},
    people::{MemberRole, TenantRole},
    signin::commands::set_password,
    store,
    testing::{Browser, World},
};

const PASSWORD: &str = "plinth gravel ocean tuba";

async fn give_password(world: &World, person: PersonId) {
    let mut cx = world.system().await;
    set_password(&mut cx, person, Password::new(PASSWORD.to_owned())).await.unwrap();
    cx.commit().await.unwrap();
}

async fn give_authenticator(world: &World, person: PersonId) {
    let cx = world.system().await;
    store::people::set_totp(&cx.tx, person, Some(vec![1]), Some(cx.now)).await.unwrap();
    cx.commit().await.unwrap();
}

/// The account's own things, as the database has them.
async fn account(world: &World, person: PersonId) -> String {
    let db = world.portal.store.reader();
    let credentials = store::people::credentials(&db, person).await.unwrap().unwrap();
    let codes = store::credentials::recovery_codes_left(&db, person).await.unwrap();
    format!("{:?} {:?} {codes}", credentials.password_hash, credentials.totp_secret)
}

/// Kim, who runs Beta too and operates the portal.
async fn kim_of_many(company: &Company) -> (PersonId, crate::people::Member) {
    let acme = company.employ("Kim Larsen", "kim@acme.example", MemberRole::Member).await;
    let beta = company.world.organization("Beta").await;
    let person = store::people::get(&company.world.portal.store.reader(), acme.person)
        .await
        .unwrap()
        .unwrap();
    let beta = company.world.membership(&beta, &person, MemberRole::PartnerAdmin).await;
    let mut cx = company.world.system().await;
    let id = crate::kernel::new_uuid(cx.now, &mut cx.rng);
    store::tenant::grant_role(&cx.tx, id, person.id, TenantRole::Operator, cx.now)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    (person.id, beta)
}

for_each_backend!(a_session_through_a_provider_opens_that_hat_and_no_other, |world| {
    let company = Company::new(world).await;
    let (person, beta) = kim_of_many(&company).await;
    let mut browser = company.must_sign_in(&kim()).await;
    let page = browser.get("/").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(
        !page.text.contains("Beta") && !page.text.contains("Operator"),
        "{}",
        readable(&page.text)
    );
    for path in ["/team", "/admin", "/partners", "/partners/beta", "/partners/acme"] {
        let status = browser.get(path).await.status.as_u16();
        assert!(matches!(status, 403 | 404), "{path}: {status}");
    }
    for hat in ["tenant".to_owned(), beta.id.to_string()] {
        let status = browser.post("/do/switch-hat", &[("hat", &hat)]).await.status.as_u16();
        assert_eq!(status, 404, "{hat}");
    }
    assert_eq!(company.world.events(EventKind::HatSwitched).await, 0);
    let mut local = company.world.browser_as(person, None).await;
    assert_eq!(
        local.get("/partners").await.status.as_u16(),
        200,
        "with the password it is all there"
    );
});

for_each_backend!(a_session_through_a_provider_changes_nothing_of_the_account, |world| {
    let company = Company::new(world).await;
    let (person, _) = kim_of_many(&company).await;
    give_password(&company.world, person).await;
    let before = account(&company.world, person).await;
    company.change(|connection| connection.trusts_second_factor = true).await;
    let strong = with(
        kim(),
        json!({ "amr": ["pwd", "otp"], "auth_time": company.world.now().timestamp() }),
    );
    let mut browser = company.must_sign_in(&strong).await;
    let refuses = async |browser: &mut Browser, endpoint: &str, form: &[(&str, &str)]| {
        let answer = browser.post(&format!("/do/{endpoint}"), form).await;
        assert_eq!(answer.location.as_deref(), Some("/me/security"), "{endpoint}");
        let text = readable(&browser.get("/me/security").await.text);
        assert!(text.contains("You signed in through your company"), "{endpoint}: {text}");
    };
    refuses(
        &mut browser,
        "change-password",
        &[("current", PASSWORD), ("password", "lantern moss quarrel yeti")],
    )
    .await;
    refuses(&mut browser, "begin-totp", &[("current", PASSWORD)]).await;
    refuses(&mut browser, "confirm-totp", &[("code", "123456")]).await;
    assert_eq!(account(&company.world, person).await, before);

    give_authenticator(&company.world, person).await;
    let before = account(&company.world, person).await;
    refuses(&mut browser, "remove-totp", &[]).await;
    refuses(&mut browser, "create-recovery-codes", &[]).await;
    assert_eq!(account(&company.world, person).await, before);
    let kinds = [EventKind::TotpEnrolled, EventKind::TotpRemoved, EventKind::RecoveryCodesCreated];
    for kind in kinds {
        let own = company.world.events(kind).await;
        assert_eq!(own, 0, "{kind:?}");
    }
});

for_each_backend!(a_session_through_a_provider_ends_no_session_of_another_hat, |world| {
    let company = Company::new(world).await;
    let (person, beta) = kim_of_many(&company).await;
    let mut tenant = company.world.browser_as(person, None).await;
    let mut of_beta = company.world.browser_as(person, Some(beta.id)).await;
    let db = company.world.portal.store.reader();
    let local = store::sessions::of_person(&db, person, company.world.now()).await.unwrap();
    assert_eq!(local.len(), 2);
    let mut first = company.must_sign_in(&kim()).await;
    let mut second = company.must_sign_in(&kim()).await;
    for session in local {
        second
            .post("/do/end-session", &[("session", &URL_SAFE_NO_PAD.encode(session.key))])
            .await;
    }
    assert!(is_signed_in(&mut tenant).await && is_signed_in(&mut of_beta).await, "one by one");
    assert!(is_signed_in(&mut first).await);
    second.post("/do/end-other-sessions", &[]).await;
    assert!(is_signed_in(&mut tenant).await && is_signed_in(&mut of_beta).await, "all at once");
    assert!(!is_signed_in(&mut first).await && is_signed_in(&mut second).await);
});

/// Sends somebody who is signed in through the provider there again, to confirm; answers the provider's page.
async fn confirm(browser: &mut Browser) -> String {
    let answer = browser.post("/do/confirm-away", &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/away"));
    away(browser).await
}

/// Whether the session may do now what needs a fresh second factor.
async fn is_fresh(browser: &mut Browser) -> bool {
    browser.get("/sign-in/step-up").await.status.as_u16() == 303
}

for_each_backend!(a_confirmation_at_the_company_asks_anew_and_counts_where_it_is_trusted, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.trusts_second_factor = true).await;
    let now = || company.world.now().timestamp();
    let (weak, old, strong) = (
        || with(kim(), json!({ "amr": ["pwd"], "auth_time": now() })),
        || with(kim(), json!({ "amr": ["pwd", "otp"], "auth_time": now() - 3600 })),
        || with(kim(), json!({ "amr": ["pwd", "otp"], "auth_time": now() })),
    );
    let undated = || with(kim(), json!({ "amr": ["pwd", "otp"] }));
    let mut browser = company.must_sign_in(&weak()).await;
    assert!(!is_fresh(&mut browser).await);
    assert!(browser.get("/sign-in/step-up").await.text.contains("Confirm with your company"));
    for (who, counts) in [(weak(), false), (old(), false), (undated(), false), (strong(), true)] {
        let there = confirm(&mut browser).await;
        assert!(there.contains("max_age=0"), "{there}");
        let answer = browser.get(&company.provider.answer(&there, &who)).await;
        assert_eq!(answer.status.as_u16(), 303);
        assert_eq!(is_fresh(&mut browser).await, counts, "{who}");
    }
    company.world.clock.advance(Duration::minutes(16));
    assert!(!is_fresh(&mut browser).await);
    // Whoever does not confirm stays signed in as they were.
    let there = confirm(&mut browser).await;
    browser.get(&company.provider.refuse(&there, "access_denied")).await;
    assert!(is_signed_in(&mut browser).await && !is_fresh(&mut browser).await);
});

for_each_backend!(where_the_company_is_not_trusted_with_it_its_second_factor_is_none, |world| {
    let company = Company::new(world).await;
    let strong = with(
        kim(),
        json!({ "amr": ["pwd", "otp"], "auth_time": company.world.now().timestamp() }),
    );
    let mut browser = company.must_sign_in(&strong).await;
    assert!(!is_fresh(&mut browser).await);
    let answer = browser.post("/do/confirm-away", &[]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/step-up"));
    let text = readable(&browser.get("/sign-in/step-up").await.text);
    assert!(text.contains("cannot confirm this"), "{text}");
    assert!(is_signed_in(&mut browser).await);
    // A local session has no company to confirm at.
    let local = company.employ("Bo Lind", "bo@acme.example", MemberRole::Member).await;
    let mut local = company.world.browser_as(local.person, Some(local.id)).await;
    assert_eq!(local.post("/do/confirm-away", &[]).await.status.as_u16(), 404);
});

for_each_backend!(whoever_signs_in_elsewhere_in_between_is_whom_the_provider_names, |world| {
    let company = Company::new(world).await;
    company.change(|connection| connection.trusts_second_factor = true).await;
    let mut browser = company.must_sign_in(&kim()).await;
    let there = confirm(&mut browser).await;
    let bo = with(
        claims("bo-1", "bo@acme.example"),
        json!({ "given_name": "Bo", "family_name": "Lind", "amr": ["otp"] }),
    );
    browser.get(&company.provider.answer(&there, &bo)).await;
    let text = readable(&browser.get("/me").await.text);
    assert!(text.contains("bo@acme.example") && !text.contains("kim@acme.example"), "{text}");
});

for_each_backend!(a_provider_of_another_partner_lends_nobody_this_ones_hat, |world| {
    let company = Company::new(world).await;
    let kim_here = company.employ("Kim Larsen", "kim@acme.example", MemberRole::PartnerAdmin).await;
    // Evil owns a domain and a provider, and says that somebody of Acme is theirs.
    let evil = company.world.organization("Evil").await;
    let theirs = Provider::start(company.world.clock.clone()).await;
    connect(&company.world, &evil, &theirs, "Evil account").await;
    prove(&company.world, &evil, "evil.example", true).await;
    for who in [kim(), claims("kim-1", "kim@acme.example.evil.example")] {
        let mut browser = company.world.browser();
        let page = leave(&mut browser, "boss@evil.example").await;
        browser.get(&theirs.answer(&page, &who)).await;
        let text = browser.get("/").await.text;
        assert!(!text.contains("Acme"), "{}", readable(&text));
    }
    let db = company.world.portal.store.reader();
    assert!(store::federation::links::of_member(&db, kim_here.id).await.unwrap().is_empty());
});

for_each_backend!(a_name_that_other_organizations_see_is_not_changed_through_one_of_them, |world| {
    let company = Company::new(world).await;
    let (known_elsewhere, _) = kim_of_many(&company).await;
    let mut browser = company.must_sign_in(&kim()).await;
    let form = |name: &'static str| [("name", name), ("time_zone", "Europe/Stockholm"), ("version", "1")];
    browser.post("/do/change-profile", &form("Somebody Else")).await;
    let page = readable(&browser.get("/me").await.text);
    assert!(page.contains("your name cannot be changed in this session"), "{page}");
    browser.post("/do/change-profile", &form("Kim Larsen")).await;
    let person = store::people::get(&company.world.portal.store.reader(), known_elsewhere)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((person.name.as_str(), person.time_zone.name()), ("Kim Larsen", "Europe/Stockholm"));

    let newcomer = claims("bo-1", "bo@acme.example");
    let mut browser = company.must_sign_in(&newcomer).await;
    browser.post("/do/change-profile", &form("Bo Lind")).await;
    assert_eq!(
        company.account("bo@acme.example").await.unwrap().name,
        "Bo Lind",
        "nobody else knows them"
    );
});

for_each_backend!(each_of_two_connections_keeps_its_exception, |world| {
    let company = Company::new(world).await;
    let second = connect(&company.world, &company.acme, &company.provider, "Acme's other account").await;
    let first_exception = company.employ("Kim Larsen", "kim@acme.example", MemberRole::PartnerAdmin).await;
    let second_exception = company.employ("Pat Admin", "pat@acme.example", MemberRole::PartnerAdmin).await;
    let neither = company.employ("Bo Lind", "bo@acme.example", MemberRole::PartnerAdmin).await;
    for (connection, exception) in [(company.connection.id, first_exception.id), (second.id, second_exception.id)] {
        let db = company.world.portal.store.reader();
        let mut connection = store::federation::providers::find(&db, connection).await.unwrap().unwrap();
        connection.exclusive = true;
        connection.break_glass = Some(exception);
        let cx = company.world.system().await;
        store::federation::providers::update(&cx.tx, &connection).await.unwrap();
        cx.commit().await.unwrap();
    }
    for (member, kept_out) in [(&first_exception, false), (&second_exception, false), (&neither, true)] {
        let db = company.world.portal.store.reader();
        let identity = store::identity::load(&db, member.person, company.world.now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(identity.memberships[0].provider_only, kept_out);
    }
});

use super::*;
use crate::{
    access::Refused,
    for_each_backend,
    organizations::commands::{BrandingError, ChangeBranding, ChangeSignInRules, LogoChange, change_branding, change_sign_in_rules},
    people::{MemberRole, TenantRole},
    store::StoreError,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot really more";

fn with_logo(organization: Option<&str>, page: &Organization, bytes: &[u8]) -> ChangeBranding {
    ChangeBranding {
        organization: organization.map(str::to_owned),
        team: Some(page.id),
        version: page.version,
        accent: "#0a7d33".parse().unwrap(),
        logo: LogoChange::Replace(bytes.to_vec()),
    }
}

for_each_backend!(an_admin_dresses_their_own_organization_and_no_other, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let mut cx = world.cx(world.acting(&admin).await).await;
    // Naming another organization does not help: the hat decides.
    let changed = change_branding(&mut cx, with_logo(Some("other"), &acme, PNG)).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(changed.id, acme.id);
    assert_eq!(stored(&world, &other).await.accent, AccentColor::default());
    let db = world.portal.store.reader();
    assert_eq!(
        store::organizations::logo(&db, acme.id).await.unwrap(),
        Some((PNG.to_vec(), "image/png".to_owned()))
    );
    assert!(stored(&world, &acme).await.has_logo);
});

for_each_backend!(a_form_that_was_made_in_another_hat_changes_nothing, |world| {
    let (acme, other) = (world.organization("Acme").await, world.organization("Other").await);
    let ana = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let person = store::people::get(&world.portal.store.reader(), ana.person).await.unwrap().unwrap();
    let elsewhere = world.membership(&other, &person, MemberRole::PartnerAdmin).await;
    // The page was about Acme; in another tab Ana has put on the hat of Other since.
    let mut cx = world.cx(world.acting(&elsewhere).await).await;
    let refused = change_branding(&mut cx, with_logo(None, &acme, PNG)).await;
    assert!(matches!(refused, Err(BrandingError::Store(StoreError::Stale))), "{refused:?}");
    let rule = ChangeSignInRules {
        organization: None,
        team: Some(acme.id),
        version: other.version,
        require_step_up: true,
    };
    let refused = change_sign_in_rules(&mut cx, rule).await;
    assert!(matches!(refused, Err(BrandingError::Store(StoreError::Stale))), "{refused:?}");
    drop(cx);
    let mut browser = world.browser_as(ana.person, Some(elsewhere.id)).await;
    let team = acme.id.to_string();
    for form in [
        vec![("team", team.as_str()), ("version", "1"), ("accent", "#0a7d33")],
        vec![("version", "1"), ("accent", "#0a7d33")],
    ] {
        let answer = browser.post("/do/change-branding", &form).await;
        assert_eq!(answer.location.as_deref(), Some("/team/settings"));
        assert!(browser.get("/team/settings").await.text.contains("so nothing was done"));
    }
    assert_eq!(
        (stored(&world, &acme).await.accent, stored(&world, &other).await.accent),
        (AccentColor::default(), AccentColor::default())
    );
    let page = browser.get("/team/settings").await.text;
    assert!(page.contains(&other.id.to_string()) && !page.contains(&team));
});

for_each_backend!(a_logo_is_an_image_and_small, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let mut cx = world.cx(world.acting(&admin).await).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    assert!(matches!(
        change_branding(&mut cx, with_logo(None, &acme, svg)).await,
        Err(BrandingError::NotAnImage)
    ));
    let mut large = PNG.to_vec();
    large.resize(100 * 1024 + 1, 0);
    assert!(matches!(
        change_branding(&mut cx, with_logo(None, &acme, &large)).await,
        Err(BrandingError::TooLarge)
    ));
});

for_each_backend!(a_user_manager_does_not_change_the_look, |world| {
    let acme = world.organization("Acme").await;
    let manager = world.member(&acme, "Uma Man", MemberRole::UserManager).await;
    let mut cx = world.cx(world.acting(&manager).await).await;
    let refused = change_branding(&mut cx, with_logo(None, &acme, PNG)).await;
    assert!(matches!(refused, Err(BrandingError::Refused(Refused::Forbidden { .. }))));
});

for_each_backend!(whoever_was_suspended_meanwhile_changes_neither_look_nor_rules, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    // Identified before, asked after the suspension.
    let actor = world.acting(&admin).await;
    world.suspend(&admin).await;
    let mut cx = world.cx(actor).await;
    let refused = change_branding(&mut cx, with_logo(None, &acme, PNG)).await;
    assert!(matches!(refused, Err(BrandingError::ActorChanged(_))), "{refused:?}");
    let rule = ChangeSignInRules {
        organization: None,
        team: Some(acme.id),
        version: acme.version,
        require_step_up: true,
    };
    let refused = change_sign_in_rules(&mut cx, rule).await;
    assert!(matches!(refused, Err(BrandingError::ActorChanged(_))), "{refused:?}");
});

for_each_backend!(the_multipart_form_stores_the_logo_and_the_browser_gets_it_back, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let mut browser = world.browser_as(admin.person, Some(admin.id)).await;
    let page = browser.get("/team/settings").await;
    assert!(page.text.contains("multipart/form-data") && page.text.contains("/do/upload-branding"));
    let tried = browser.get("/team/settings?try=%230a7d33").await;
    assert!(tried.text.contains("/branding/try.0a7d33.css"));
    assert!(browser.get("/branding/try.0a7d33.css").await.text.contains("--accent"));
    let team = acme.id.to_string();
    let form = [("team", team.as_str()), ("version", "1"), ("accent", "#0a7d33")];
    assert_eq!(
        browser.upload("/do/upload-branding", &form, "logo", PNG).await.location.as_deref(),
        Some("/team/settings")
    );
    let answer = browser.get("/branding/acme/logo").await;
    assert_eq!(
        (answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()),
        (200, "image/png")
    );
    // The same form once more is stale.
    browser.upload("/do/upload-branding", &form, "logo", PNG).await;
    assert_eq!(stored(&world, &acme).await.version, 2);
});

for_each_backend!(who_asks_for_second_factors_needs_one, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Ana Ruiz", MemberRole::PartnerAdmin).await;
    let rule = |require_step_up| ChangeSignInRules {
        organization: None,
        team: Some(acme.id),
        version: acme.version,
        require_step_up,
    };
    let mut cx = world.cx(world.acting(&admin).await).await;
    assert!(matches!(
        change_sign_in_rules(&mut cx, rule(true)).await,
        Err(BrandingError::NoSecondFactor)
    ));
    store::people::set_totp(&cx.tx, admin.person, Some(vec![1]), Some(world.now()))
        .await
        .unwrap();
    cx.commit().await.unwrap();
    let mut cx = world.cx(world.acting(&admin).await).await;
    change_sign_in_rules(&mut cx, rule(true)).await.unwrap();
    cx.commit().await.unwrap();
    // From now on the rule holds for its own change too.
    let acme = stored(&world, &acme).await;
    let mut cx = world.cx(world.acting(&admin).await).await;
    let back = ChangeSignInRules {
        organization: None,
        team: Some(acme.id),
        version: acme.version,
        require_step_up: false,
    };
    assert!(matches!(
        change_sign_in_rules(&mut cx, back.clone()).await,
        Err(BrandingError::Refused(Refused::StepUp))
    ));
    drop(cx);
    let mut cx = world.cx(world.actor_with_second_factor(admin.person, Some(admin.id)).await).await;
    change_sign_in_rules(&mut cx, back).await.unwrap();
});

for_each_backend!(an_owner_dresses_their_partner, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let changed = change_branding(&mut cx, with_logo(Some("acme"), &acme, PNG)).await.unwrap();
    assert_eq!(changed.accent.as_str(), "#0a7d33");
});

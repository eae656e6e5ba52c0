use super::*;
use crate::{
    access::Refused,
    audit::EventKind,
    for_each_backend,
    organizations::{
        Tenant,
        commands::{ChangeTenant, GrantRole, RevokeRole, TenantError, change_tenant, grant_tenant_role, revoke_tenant_role},
    },
    people::TenantRole,
    store::StoreError,
};

for_each_backend!(the_last_operator_stays, |world| {
    let (first, second) = (
        world.employee("Op One", TenantRole::Operator).await,
        world.employee("Op Two", TenantRole::Operator).await,
    );
    let revoke = |person: &Person| RevokeRole {
        person: person.id,
        role: TenantRole::Operator,
    };
    let mut cx = world.cx(acting(&world, &first).await).await;
    revoke_tenant_role(&mut cx, revoke(&second)).await.unwrap();
    assert!(matches!(
        revoke_tenant_role(&mut cx, revoke(&first)).await,
        Err(TenantError::LastOperator)
    ));
    cx.commit().await.unwrap();
    // It counts from the next request on.
    assert!(acting(&world, &second).await.tenant_roles().is_empty());
});

for_each_backend!(two_operators_do_not_remove_each_other, |world| {
    let (first, second) = (
        world.employee("Op One", TenantRole::Operator).await,
        world.employee("Op Two", TenantRole::Operator).await,
    );
    let remove = async |by: &Person, whom: &Person| {
        let mut cx = world.cx(acting(&world, by).await).await;
        let outcome = revoke_tenant_role(
            &mut cx,
            RevokeRole {
                person: whom.id,
                role: TenantRole::Operator,
            },
        )
        .await;
        if outcome.is_ok() {
            cx.commit().await.unwrap()
        } else {
            cx.tx.rollback().await.unwrap()
        }
        outcome.is_ok()
    };
    let (one, two) = tokio::join!(remove(&first, &second), remove(&second, &first));
    assert!(one != two, "exactly one of them wins");
});

for_each_backend!(a_role_is_given_once_and_makes_an_account_when_there_is_none, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let mut cx = world.cx(acting(&world, &operator).await).await;
    let grant = |name: Option<&str>| GrantRole {
        email: "New.Owner@example.com".parse().unwrap(),
        name: name.map(str::to_owned),
        role: TenantRole::Owner,
    };
    assert!(matches!(
        grant_tenant_role(&mut cx, grant(None)).await,
        Err(TenantError::UnknownPerson)
    ));
    let person = grant_tenant_role(&mut cx, grant(Some("New Owner"))).await.unwrap();
    assert!(matches!(
        grant_tenant_role(&mut cx, grant(None)).await,
        Err(TenantError::AlreadyHeld(_))
    ));
    cx.commit().await.unwrap();
    assert!(acting(&world, &person).await.has_tenant_role(TenantRole::Owner));
    assert_eq!(
        (
            world.events(EventKind::PersonCreated).await,
            world.events(EventKind::TenantRoleGranted).await
        ),
        (1, 1)
    );
});

for_each_backend!(only_operators_give_roles, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let mut cx = world.cx(acting(&world, &owner).await).await;
    let grant = GrantRole {
        email: "ada.own@example.com".parse().unwrap(),
        name: None,
        role: TenantRole::Operator,
    };
    assert!(matches!(
        grant_tenant_role(&mut cx, grant).await,
        Err(TenantError::Refused(Refused::Forbidden { .. }))
    ));
});

for_each_backend!(settings_are_changed_by_one_person_at_a_time, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let tenant: Tenant = store::tenant::get(&world.portal.store.reader()).await.unwrap().unwrap();
    let change = |name: &str| ChangeTenant {
        version: tenant.version,
        name: name.to_owned(),
        accent: tenant.accent.clone(),
        time_zone: chrono_tz::Europe::Berlin,
        support_contact: Some("help@example.com".to_owned()),
        warning_days: 30,
        certification_grace_days: 0,
    };
    let mut cx = world.cx(acting(&world, &operator).await).await;
    change_tenant(&mut cx, change("First")).await.unwrap();
    cx.commit().await.unwrap();
    let mut cx = world.cx(acting(&world, &operator).await).await;
    assert!(matches!(
        change_tenant(&mut cx, change("Second")).await,
        Err(TenantError::Store(StoreError::Stale))
    ));
    drop(cx);
    let stored = store::tenant::get(&world.portal.store.reader()).await.unwrap().unwrap();
    assert_eq!(
        (stored.name.as_str(), stored.time_zone, stored.warning_days),
        ("First", chrono_tz::Europe::Berlin, 30)
    );
});

for_each_backend!(the_operators_pages_render_and_their_forms_work, |world| {
    let operator = world.employee("Op", TenantRole::Operator).await;
    let mut browser = world.browser_as(operator.id, None).await;
    assert_eq!(browser.get("/admin").await.location.as_deref(), Some("/admin/apps"));
    assert!(browser.get("/admin/settings").await.text.contains("Save settings"));
    assert!(browser.get("/admin/people").await.text.contains("op@example.com"));
    let form = [
        ("name", "New Corp Ltd"),
        ("short_name", ""),
        ("kind", "Reseller"),
        ("metadata", "nonsense"),
        ("next_due", "2027-01-01"),
    ];
    assert_eq!(
        browser.post("/do/create-partner", &form).await.location.as_deref(),
        Some("/partners/new")
    );
    let page = browser.get("/partners/new").await;
    assert!(
        page.text.contains("New Corp Ltd") && page.text.contains("Line 1 has no ="),
        "the form comes back with its values"
    );
    let form = [("name", "New Corp Ltd"), ("kind", "Reseller"), ("next_due", "2027-01-01")];
    assert_eq!(
        browser.post("/do/create-partner", &form).await.location.as_deref(),
        Some("/partners/new-corp-ltd")
    );
    assert_eq!(browser.get("/partners/new-corp-ltd").await.status, 200);
});

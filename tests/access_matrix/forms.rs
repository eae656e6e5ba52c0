//! Every server function is posted to by nobody, by another partner's admin and by a plain member, with a form that is
//! valid and aims at Acme: each must be turned away, and nothing may have changed.

use axum::http::StatusCode;
use portico::{
    people::{MemberRole, TenantRole},
    testing::{Answer, World},
};

/// Part of signing in, resetting a password, accepting an invitation or using a set-up link: what lets someone in is in the form or the
/// session.
const FOR_ANYONE: &[&str] = &[
    "begin-sign-in",
    "choose-sign-in",
    "check-password",
    "check-code",
    "use-recovery-code",
    "request-reset",
    "reset-password",
    "sign-out",
    "open-invitation",
    "check-invitation-code",
    "accept-invitation",
    "open-setup-link",
    "set-up-begin",
    "set-up-oidc",
    "set-up-saml",
    "set-up-mapping",
    "set-up-try",
    "finish-set-up",
];

/// Acts on the account or session of whoever posts, and on nothing else.
const ON_ONESELF: &[&str] = &[
    "step-up",
    "switch-hat",
    "change-profile",
    "change-password",
    "begin-totp",
    "confirm-totp",
    "cancel-totp",
    "remove-totp",
    "create-recovery-codes",
    "end-session",
    "end-other-sessions",
    "join-organization",
    "return-application",
    "confirm-away",
    "answer-consent",
    "withdraw-consent",
];

/// Needs a role, in the organization or in the tenant.
const BY_ROLE: &[&str] = &[
    "preview-invitations",
    "send-invitations",
    "resend-invitation",
    "withdraw-invitation",
    "suspend-member",
    "reinstate-member",
    "remove-member",
    "schedule-leave",
    "change-role",
    "rotate-member",
    "assign-application",
    "change-assignment",
    "revoke-assignment",
    "create-application",
    "change-application",
    "retire-application",
    "put-scope",
    "register-client",
    "change-client",
    "renew-client-secret",
    "switch-client",
    "declare-acting",
    "withdraw-acting",
    "give-delegation",
    "end-delegation",
    "stop-acting",
    "stop-application",
    "set-forward-hosts",
    "grant-entitlement",
    "change-entitlement",
    "revoke-entitlement",
    "create-partner",
    "change-partner",
    "assign-owner",
    "activate-partner",
    "suspend-partner",
    "offboard-partner",
    "add-contract",
    "change-contract",
    "change-branding",
    "change-sign-in-rules",
    "change-token-lifetimes",
    "change-tenant",
    "grant-tenant-role",
    "revoke-tenant-role",
    "certify-partner",
    "decline-partner",
    "retry-message",
    "claim-domain",
    "check-domain",
    "give-up-domain",
    "assign-domain",
    "try-provider",
    "create-provider",
    "change-oidc",
    "change-saml",
    "change-mapping",
    "change-admission",
    "change-provider-key",
    "switch-over",
    "pause-provider",
    "remove-provider",
    "end-fall-back",
    "send-setup-link",
    "resend-setup-link",
    "withdraw-setup-link",
    "create-template",
    "change-template",
    "put-template-application",
    "drop-template-application",
    "remove-template",
    "write-policy",
    "rewrite-policy",
    "activate-policy",
    "roll-back-policy",
    "retire-policy",
];

fn endpoints() -> Vec<String> {
    let mut endpoints: Vec<String> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.to_owned())
        .collect();
    endpoints.sort();
    endpoints.dedup();
    assert!(endpoints.len() > 40, "the list of server functions is complete: {endpoints:?}");
    endpoints
}

#[test]
fn every_server_function_is_listed_with_who_may_call_it() {
    let unlisted: Vec<_> = endpoints()
        .into_iter()
        .filter(|path| {
            let name = path.trim_start_matches("/do/");
            ![FOR_ANYONE, ON_ONESELF, BY_ROLE].iter().any(|list| list.contains(&name))
        })
        .collect();
    assert!(unlisted.is_empty(), "say in tests/access_matrix/forms.rs who may call {unlisted:?}");
}

const POLICY: &str = r#"@id("nothing-changes")
@reason("Nothing changes.")
forbid (principal, action == Action::"UseScope", resource)
when { resource.access == "write" };"#;

/// A form that fits every server function and aims at Acme's things.
struct Aim {
    fields: Vec<(String, String)>,
    /// Forms of connections mean something else by that name.
    policy: String,
}

impl Aim {
    async fn at_acme(world: &World) -> Self {
        let acme = world.organization("Acme").await;
        let owner = world.employee("Olga Owner", TenantRole::Owner).await;
        let acme = world.own(&acme, &owner).await;
        let member = world.member(&acme, "Bo Lind", MemberRole::Member).await;
        let (application, scopes) = world.application("orders").await;
        let entitlement = world.entitle(&acme, &application, &scopes).await;
        let assignment = world.assign(&member, &entitlement).await;
        let contract = portico::store::contracts::of_organization(&world.portal.store.reader(), acme.id)
            .await
            .expect("contracts")
            .remove(0);
        let mut cx = world.system().await;
        let domain = portico::federation::domains::commands::claim_domain(&mut cx, &acme, "acme.example")
            .await
            .expect("a domain");
        let provider = portico::federation::setup::commands::create_provider(
            &mut cx,
            &acme,
            portico::federation::Preset::Oidc,
            "Acme account".to_owned(),
        )
        .await
        .expect("a connection");
        let terms = portico::organizations::templates::commands::TemplateTerms {
            name: "Consultancies".to_owned(),
            kind: "Consultancy".to_owned(),
            require_step_up: false,
            lifetimes: portico::organizations::Lifetimes::default(),
            certification_months: 12,
            contract: None,
            policy: portico::federation::JoinPolicy::Invited,
            role: MemberRole::Member,
            days: None,
        };
        let template = portico::organizations::templates::commands::create_template(&mut cx, terms)
            .await
            .expect("a template");
        let draft = portico::issuer::ClientTerms {
            redirect_uris: vec!["https://orders.example.com/callback".to_owned()],
            ..portico::issuer::ClientTerms::new("orders-web", "Orders on the web")
        };
        let (client, _) = portico::issuer::commands::register_client(&mut cx, &application, draft, None)
            .await
            .expect("a client");
        let system = portico::issuer::ClientTerms {
            grant_types: vec![portico::issuer::GrantType::TokenExchange],
            may_act_for: portico::issuer::ActingKind::Delegation,
            ..portico::issuer::ClientTerms::new("orders-system", "The system of orders")
        };
        let (system, _) = portico::issuer::commands::register_client(&mut cx, &application, system, None)
            .await
            .expect("a system");
        cx.commit().await.expect("commit");
        let mut cx = world.cx(world.acting(&member).await).await;
        let given = portico::issuer::acting::commands::GiveDelegation {
            member: member.id,
            client: system.id,
            application: application.slug.clone(),
            scopes: vec!["orders:read".to_owned()],
            purpose: "Because of a test".to_owned(),
            object: None,
            ends_at: cx.now + chrono::Duration::days(3),
            provider: None,
        };
        let delegation = portico::issuer::acting::commands::give_delegation(&mut cx, given)
            .await
            .expect("a delegation");
        cx.commit().await.expect("commit");
        let mut cx = world.system().await;
        let draft = portico::policies::commands::PolicyDraft {
            name: "Nothing changes".to_owned(),
            partner: None,
            application: None,
            text: POLICY.to_owned(),
            reason: "Because of a test".to_owned(),
        };
        let policy = portico::policies::commands::write_policy(&mut cx, draft).await.expect("a policy");
        cx.commit().await.expect("commit");
        let mut cx = world.cx(world.actor(owner.id, None).await).await;
        let link =
            portico::federation::setup::link::commands::send_link(&mut cx, &acme, "it@acme.example".parse().expect("an address"), None)
                .await
                .expect("a set-up link");
        cx.commit().await.expect("commit");
        let unknown = "0190a0a0-0000-7000-8000-000000000000";
        let pairs = [
            ("organization", acme.slug.clone()),
            ("partner", acme.slug.clone()),
            ("which", acme.slug.clone()),
            ("team", acme.id.to_string()),
            ("member", member.id.to_string()),
            ("members[]", member.id.to_string()),
            ("application", application.slug.clone()),
            ("entitlement", entitlement.id.to_string()),
            ("assignment", assignment.id.to_string()),
            ("contract", contract.id.to_string()),
            ("domain", domain.id.to_string()),
            ("provider", provider.id.to_string()),
            ("template", template.id.to_string()),
            ("link", link.id.to_string()),
            ("connection", String::new()),
            ("client", client.id.to_string()),
            ("delegation", delegation.id.to_string()),
            ("grant", unknown.to_owned()),
            ("consent", unknown.to_owned()),
            ("of", "team".to_owned()),
            ("purpose", "Because of a test".to_owned()),
            ("authentication", "client_secret_basic".to_owned()),
            ("redirect_uris", "https://joiner.example.com/callback".to_owned()),
            ("signing", "ES256".to_owned()),
            ("subjects", "public".to_owned()),
            ("may_act_for", "none".to_owned()),
            ("template_version", "1".to_owned()),
            ("certification_months", "12".to_owned()),
            ("months", "12".to_owned()),
            ("preset", "oidc".to_owned()),
            ("issuer", "http://127.0.0.1:9".to_owned()),
            ("client_id", "portal".to_owned()),
            ("client_auth", "client_secret_basic".to_owned()),
            ("subject", "sub".to_owned()),
            ("policy", "open".to_owned()),
            ("invitation", unknown.to_owned()),
            ("message", unknown.to_owned()),
            ("person", owner.id.to_string()),
            ("scopes[]", scopes[0].id.to_string()),
            ("apps[]", application.slug.clone()),
            ("version", "1".to_owned()),
            ("role", "auditor".to_owned()),
            ("reason", "Because of a test".to_owned()),
            ("name", "Joiner Jo".to_owned()),
            ("short_name", "joiner".to_owned()),
            ("slug", "joiner".to_owned()),
            ("email", "joiner.jo@example.com".to_owned()),
            ("by", "one".to_owned()),
            ("addresses", "joiner.jo@example.com".to_owned()),
            ("description", "Something".to_owned()),
            ("kind", "Consultancy".to_owned()),
            ("metadata", String::new()),
            ("icon", "package".to_owned()),
            ("category", "Work".to_owned()),
            ("launch_url", "https://joiner.example.com/".to_owned()),
            ("access", "read".to_owned()),
            ("reference", "C-1".to_owned()),
            ("starts", "2026-06-01".to_owned()),
            ("ends", "2026-12-01".to_owned()),
            ("last_day", "2026-12-01".to_owned()),
            ("next_due", "2026-12-01".to_owned()),
            ("notice_days", "30".to_owned()),
            ("seats", "5".to_owned()),
            ("overlap", "0".to_owned()),
            ("accent", "#0a7d33".to_owned()),
            ("time_zone", "Europe/Berlin".to_owned()),
            ("warning_days", "14".to_owned()),
            ("certification_grace_days", "14".to_owned()),
        ];
        Self {
            fields: pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            policy: policy.id.to_string(),
        }
    }

    /// The form for one server function: where two of them mean different things by a name, the one it means.
    fn pairs(&self, path: &str) -> Vec<(&str, &str)> {
        let person = self
            .fields
            .iter()
            .find(|(name, _)| name == "person")
            .map_or("", |(_, value)| value.as_str());
        let mut pairs: Vec<(&str, &str)> = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match path {
            "/do/rewrite-policy" | "/do/activate-policy" | "/do/roll-back-policy" | "/do/retire-policy" => {
                pairs.retain(|(name, _)| *name != "policy");
                pairs.extend([("policy", self.policy.as_str()), ("number", "1"), ("text", POLICY)]);
            }
            "/do/put-scope" => pairs
                .iter_mut()
                .filter(|(name, _)| *name == "name")
                .for_each(|pair| pair.1 = "orders:more"),
            "/do/change-oidc" => pairs.retain(|(name, _)| !name.starts_with("scopes")),
            "/do/assign-owner" => pairs.extend([("owner", person), ("deputy", "")]),
            "/do/preview-invitations" | "/do/send-invitations" => {
                pairs.retain(|(name, _)| !name.starts_with("scopes") && *name != "partner");
                pairs.extend([("partner", ""), ("until", "")]);
            }
            _ => {}
        }
        pairs
    }
}

async fn changes(world: &World) -> u64 {
    let mut all = 0;
    for kind in portico::audit::EventKind::ALL {
        if !matches!(kind, portico::audit::EventKind::AccessDenied) {
            all += world.events(*kind).await;
        }
    }
    all
}

fn is_turned_away(answer: &Answer) -> bool {
    matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
}

#[tokio::test]
async fn nobody_changes_anything_without_signing_in() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let before = changes(&world).await;
    let mut wrong = Vec::new();
    for path in endpoints()
        .iter()
        .filter(|path| !FOR_ANYONE.contains(&path.trim_start_matches("/do/")))
    {
        let answer = world.browser().post(path, &aim.pairs(path)).await;
        let led_to_sign_in =
            answer.status == StatusCode::SEE_OTHER && answer.location.as_deref().is_some_and(|to| to.starts_with("/sign-in"));
        if !led_to_sign_in && !is_turned_away(&answer) {
            wrong.push(format!("{path}: {} {:?}", answer.status, answer.location));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(changes(&world).await, before, "something was changed by nobody");
}

#[tokio::test]
async fn another_partners_admin_changes_nothing_of_acme() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    // These are done in the organization of the hat: whoever sends one of Acme's is told to load the page again, and nothing is done.
    let own = [
        "change-branding",
        "change-sign-in-rules",
        "preview-invitations",
        "send-invitations",
        "claim-domain",
        "create-provider",
    ];
    let before = changes(&world).await;
    let mut wrong = Vec::new();
    for name in own {
        let path = format!("/do/{name}");
        let answer = world
            .browser_as(foreign.person, Some(foreign.id))
            .await
            .post(&path, &aim.pairs(&path))
            .await;
        if answer.status != StatusCode::SEE_OTHER {
            wrong.push(format!("{path}: {} {:?}", answer.status, answer.location));
        }
    }
    for path in endpoints().iter().filter(|path| BY_ROLE.contains(&path.trim_start_matches("/do/"))) {
        if own.contains(&path.trim_start_matches("/do/")) {
            continue;
        }
        let answer = world
            .browser_as(foreign.person, Some(foreign.id))
            .await
            .post(path, &aim.pairs(path))
            .await;
        if !is_turned_away(&answer) {
            wrong.push(format!("{path}: {} {:?}", answer.status, answer.location));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        changes(&world).await,
        before,
        "something of Acme was changed by another partner's admin"
    );
}

#[tokio::test]
async fn a_plain_member_changes_nothing_of_their_organization() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let acme = portico::store::organizations::find_by_slug(&world.portal.store.reader(), "acme")
        .await
        .expect("get")
        .expect("Acme");
    let plain = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let before = changes(&world).await;
    let mut wrong = Vec::new();
    for path in endpoints().iter().filter(|path| BY_ROLE.contains(&path.trim_start_matches("/do/"))) {
        let answer = world
            .browser_as(plain.person, Some(plain.id))
            .await
            .post(path, &aim.pairs(path))
            .await;
        if !is_turned_away(&answer) {
            wrong.push(format!("{path}: {} {:?}", answer.status, answer.location));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(changes(&world).await, before, "something was changed by a plain member");
}

/// Names a thing in some form; everything else is a value.
const NAMES: &[&str] = &[
    "organization",
    "partner",
    "which",
    "team",
    "member",
    "members[]",
    "application",
    "entitlement",
    "assignment",
    "contract",
    "invitation",
    "message",
    "person",
    "domain",
    "provider",
    "template",
    "link",
    "version",
];

/// The same form with every value as no field takes it: empty, too long, or with signs that no field and no header may hold.
fn spoiled<'a>(pairs: &[(&'a str, &'a str)], value: &'a str) -> Vec<(&'a str, &'a str)> {
    pairs
        .iter()
        .filter(|(name, _)| !name.starts_with("scopes"))
        .map(|(name, kept)| (*name, if NAMES.contains(name) { *kept } else { value }))
        .collect()
}

#[tokio::test]
async fn what_is_typed_does_not_matter_to_whoever_may_not() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let acme = portico::store::organizations::find_by_slug(&world.portal.store.reader(), "acme")
        .await
        .expect("get")
        .expect("Acme");
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let plain = world.member(&acme, "Mia Member", MemberRole::Member).await;
    let own = [
        "change-branding",
        "change-sign-in-rules",
        "preview-invitations",
        "send-invitations",
        "claim-domain",
        "create-provider",
    ];
    let long = "~".repeat(5000);
    let mut wrong = Vec::new();
    for path in endpoints() {
        let name = path.trim_start_matches("/do/");
        for value in ["", &long, "\r\nx: \u{e9}"] {
            let form = aim.pairs(&path);
            let form = spoiled(&form, value);
            if !FOR_ANYONE.contains(&name) {
                let answer = world.browser().post(&path, &form).await;
                if answer.location.as_deref() != Some("/sign-in") && !is_turned_away(&answer) {
                    wrong.push(format!(
                        "{path} by nobody with {:.5?}: {} {:?}",
                        value, answer.status, answer.location
                    ));
                }
            }
            if !BY_ROLE.contains(&name) {
                continue;
            }
            let mut askers = vec![("a plain member", &plain)];
            if !own.contains(&name) {
                askers.push(("a foreign admin", &foreign));
            }
            for (who, asker) in askers {
                let answer = world.browser_as(asker.person, Some(asker.id)).await.post(&path, &form).await;
                if !is_turned_away(&answer) {
                    wrong.push(format!(
                        "{path} by {who} with {:.5?}: {} {:?}",
                        value, answer.status, answer.location
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_unknown_name_is_not_found_whatever_else_is_typed() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let acme = portico::store::organizations::find_by_slug(&world.portal.store.reader(), "acme")
        .await
        .expect("get")
        .expect("Acme");
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    // Create something new, or act on what the hat says.
    let nameless = [
        "create-application",
        "create-partner",
        "create-template",
        "write-policy",
        "change-tenant",
        "grant-tenant-role",
        "change-branding",
        "change-sign-in-rules",
        "preview-invitations",
        "send-invitations",
        "claim-domain",
        "create-provider",
    ];
    let unknown = "0190a0a0-0000-7000-8000-000000000001";
    let mut wrong = Vec::new();
    for path in endpoints() {
        let name = path.trim_start_matches("/do/");
        if !BY_ROLE.contains(&name) || nameless.contains(&name) {
            continue;
        }
        for value in ["", "~"] {
            let mut form = aim.pairs(&path);
            for (name, value) in &mut form {
                if NAMES.contains(name) && !["version", "partner", "organization", "team"].contains(name) {
                    *value = unknown;
                }
            }
            // In a partner's hat the organization is the hat's; the operator is told of a partner that does not exist.
            let form = spoiled(&form, value);
            let mut elsewhere = form.clone();
            for (name, value) in &mut elsewhere {
                if ["partner", "organization"].contains(name) {
                    *value = "nobody-knows";
                }
            }
            for (person, hat, form) in [(admin.person, Some(admin.id), &form), (operator.id, None, &elsewhere)] {
                let answer = world.browser_as(person, hat).await.post(&path, form).await;
                if !is_turned_away(&answer) {
                    wrong.push(format!(
                        "{path} with {value:?}, hat {}: {} {:?}",
                        hat.is_some(),
                        answer.status,
                        answer.location
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_name_in_a_form_breaks_the_answer_or_leads_to_another_site() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let acme = portico::store::organizations::find_by_slug(&world.portal.store.reader(), "acme")
        .await
        .expect("get")
        .expect("Acme");
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let operator = world.employee("Opal Operator", TenantRole::Operator).await;
    let mut wrong = Vec::new();
    for path in endpoints() {
        for hostile in [
            "a\r\nset-cookie: x=1",
            "\u{0}",
            "m\u{fc}ller",
            "//evil.example",
            "https://evil.example/",
            "../../x",
            "?a#b",
        ] {
            let mut form: Vec<(&str, &str)> = aim.pairs(&path).into_iter().map(|(name, _)| (name, hostile)).collect();
            form.extend([
                ("token", hostile),
                ("return", hostile),
                ("hat", hostile),
                ("session", hostile),
                ("code", hostile),
            ]);
            for (person, hat) in [(admin.person, Some(admin.id)), (operator.id, None)] {
                for mut browser in [world.browser(), world.browser_as(person, hat).await] {
                    let answer = browser.post(&path, &form).await;
                    let stays = answer
                        .location
                        .as_deref()
                        .is_none_or(|to| to.starts_with('/') && !to.starts_with("//"));
                    if answer.status.is_server_error() || !stays {
                        wrong.push(format!("{path} with {hostile:?}: {} {:?}", answer.status, answer.location));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_form_is_taken_from_another_site() {
    let world = World::sqlite().await;
    let aim = Aim::at_acme(&world).await;
    let acme = portico::store::organizations::find_by_slug(&world.portal.store.reader(), "acme")
        .await
        .expect("get")
        .expect("Acme");
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let before = changes(&world).await;
    for path in endpoints() {
        let answer = world
            .browser_as(admin.person, Some(admin.id))
            .await
            .post_from_elsewhere(&path, &aim.pairs(&path))
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(changes(&world).await, before, "something was changed from another site");
}

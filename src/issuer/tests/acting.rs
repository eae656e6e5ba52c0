//! Acting on behalf: exchanges, delegations, the ledger, and everything that ends them.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::desk::*;
use crate::{
    access::Refused,
    apps::{Application, Assignment},
    audit::EventKind,
    for_each_backend,
    issuer::{
        ActingKind, Client, ClientTerms, Delegation, GrantType, Object, acting,
        acting::{commands, declared::declare_acting},
    },
    kernel::DelegationId,
    people::MemberRole,
    store,
    testing::{Answer, World},
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const DELEGATION: &str = "urn:portico:params:oauth:token-type:delegation";

/// A system that may act.
pub struct System {
    pub client: Client,
    pub secret: String,
}

/// A desk beside which a vendor's system stands: a client of the application `fleet`, which Kim holds with all its scopes but the one of high value.
pub struct Scene {
    pub desk: Desk,
    pub fleet: Application,
    pub fleet_assignment: Assignment,
    pub system: System,
}

fn terms(client_id: &str, kind: ActingKind) -> ClientTerms {
    ClientTerms {
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::ClientCredentials, GrantType::TokenExchange],
        may_act_for: kind,
        ..ClientTerms::new(client_id, format!("The system {client_id}"))
    }
}

impl Scene {
    pub async fn new(world: World) -> Self {
        let desk = Desk::new(world).await;
        let (fleet, scopes) = desk.world.application("fleet").await;
        let entitlement = desk.world.entitle(&desk.acme, &fleet, &scopes[..2]).await;
        let fleet_assignment = desk.world.assign(&desk.kim, &entitlement).await;
        let mut draft = terms("fleet-system", ActingKind::Delegation);
        draft.own_scopes = vec!["fleet:read".to_owned()];
        let (client, secret) = register(&desk.world, &fleet, draft, None).await;
        Self {
            desk,
            fleet,
            fleet_assignment,
            system: System {
                client,
                secret: secret.expect("a secret"),
            },
        }
    }

    /// The operator lets the system act at the desk's application.
    pub async fn declare(&self, client: &Client, application: &Application, scopes: &[&str]) {
        let mut cx = self.desk.world.system().await;
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        declare_acting(&mut cx, client, application, scopes).await.expect("declared");
        cx.commit().await.expect("commit");
    }

    pub async fn declared(world: World) -> Self {
        let scene = Self::new(world).await;
        scene
            .declare(&scene.system.client, &scene.desk.orders, &["orders:read", "orders:write"])
            .await;
        scene
    }

    pub async fn ask(&self, system: &System, form: &[(&str, &str)]) -> Answer {
        let credentials = basic(&system.client.terms.client_id, &system.secret);
        let mut all = vec![("grant_type", EXCHANGE)];
        all.extend(form);
        let mut server = self.desk.world.browser();
        server
            .post_as_server("/oauth/token", &all, &[("authorization", &credentials)])
            .await
    }

    pub async fn exchange(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
        form.extend(more);
        self.ask(&self.system, &form).await
    }

    /// Kim's token for orders, as the orders application has it.
    pub async fn kims(&self) -> String {
        self.desk.tokens().await["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn exchanged(&self, more: &[(&str, &str)]) -> Value {
        let token = self.kims().await;
        json_of(&self.exchange(&token, more).await, 200)
    }

    pub async fn is_live(&self, token: &str) -> bool {
        self.desk.introspect(token).await["active"] == true
    }

    pub async fn give(&self, scopes: &[&str], object: Option<Object>, days: i64) -> Delegation {
        let mut cx = self.desk.world.cx(self.desk.world.acting(&self.desk.kim).await).await;
        let input = commands::GiveDelegation {
            member: self.desk.kim.id,
            client: self.system.client.id,
            application: "orders".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            purpose: "Books deliveries at night".to_owned(),
            object,
            ends_at: cx.now + Duration::days(days),
            provider: None,
        };
        let given = commands::give_delegation(&mut cx, input).await.expect("given");
        cx.commit().await.expect("commit");
        given
    }

    pub async fn by_delegation(&self, id: DelegationId, more: &[(&str, &str)]) -> Answer {
        let id = id.to_string();
        let mut form = vec![("subject_token", id.as_str()), ("subject_token_type", DELEGATION)];
        form.extend(more);
        self.ask(&self.system, &form).await
    }

    pub async fn end(&self, id: DelegationId) {
        let mut cx = self.desk.world.cx(self.desk.world.acting(&self.desk.kim).await).await;
        commands::end_delegation(&mut cx, id).await.expect("ended");
        cx.commit().await.expect("commit");
    }
}

fn token_of(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap()
}

/// The scope of an answer or of claims.
fn scope_of(answer: &Map<String, Value>) -> &str {
    answer["scope"].as_str().unwrap()
}

for_each_backend!(a_declared_system_acts_with_a_narrowed_token_that_names_both, |world| {
    let scene = Scene::declared(world).await;
    let answer = scene
        .exchanged(&[("audience", "https://orders.example.com/"), ("scope", "orders:read")])
        .await;
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(answer["token_type"], "Bearer");
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
    let claims = scene.desk.verified(token_of(&answer)).await;
    assert_eq!(claims["sub"], scene.desk.kim.id.to_string());
    assert_eq!(claims["act"], json!({ "sub": "fleet-system" }));
    assert_eq!(claims["client_id"], "fleet-system");
    assert_eq!(claims["aud"], "https://orders.example.com/");
    assert_eq!(scope_of(&claims), "orders:read");
    assert_eq!(claims["organization_id"], scene.desk.acme.id.to_string());
    assert!(answer["expires_in"].as_i64().unwrap() <= 300);
    // The application that it is for may ask about it; it is told who acts.
    let told = scene.desk.introspect(token_of(&answer)).await;
    assert_eq!((&told["active"], &told["act"]["sub"]), (&json!(true), &json!("fleet-system")));
    let details = last_details(&scene.desk.world, EventKind::TokenExchanged).await;
    assert!(details.contains("fleet-system") && details.contains("orders:read") && details.contains(claims["jti"].as_str().unwrap()));
    assert!(!details.contains(token_of(&answer)), "never the token");
});

for_each_backend!(the_token_of_a_person_names_the_one_system_that_may_act, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    assert_eq!(scene.desk.verified(&token).await["may_act"], json!({ "sub": "fleet-system" }));
});

for_each_backend!(without_declaration_or_delegation_nothing_is_exchanged, |world| {
    let scene = Scene::new(world).await;
    let token = scene.kims().await;
    // It is not even this system's business to have that token.
    assert_eq!(json_of(&scene.exchange(&token, &[]).await, 400)["error"], "invalid_request");
    // A token for the system's own application is; but nobody lets it act.
    let (own, secret) = register(
        &scene.desk.world,
        &scene.desk.orders,
        terms("orders-system", ActingKind::Delegation),
        None,
    )
    .await;
    let own = System {
        client: own,
        secret: secret.unwrap(),
    };
    let form = [("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
    assert_eq!(json_of(&scene.ask(&own, &form).await, 400)["error"], "access_denied");
    assert_eq!(
        scene.desk.world.events(EventKind::TokenExchanged).await,
        2,
        "both refusals are in the trail"
    );
});

for_each_backend!(a_client_that_may_not_act_gets_nothing, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    for (name, terms) in [
        ("never", terms("never", ActingKind::None)),
        (
            "no-grant",
            ClientTerms {
                grant_types: vec![GrantType::ClientCredentials],
                ..terms("no-grant", ActingKind::Delegation)
            },
        ),
    ] {
        let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms, None).await;
        let system = System {
            client,
            secret: secret.unwrap(),
        };
        let form = [("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
        assert_eq!(
            json_of(&scene.ask(&system, &form).await, 400)["error"],
            "unauthorized_client",
            "{name}"
        );
    }
});

for_each_backend!(what_is_not_a_good_token_of_ours_is_refused, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    let id_token = scene.desk.tokens().await["id_token"].as_str().unwrap().to_owned();
    let forged = format!("{}x", &token[..token.len() - 1]);
    let own = json_of(
        &scene
            .desk
            .token(&[("grant_type", "client_credentials"), ("scope", "orders:read")])
            .await,
        200,
    );
    for (what, subject) in [
        ("nothing", ""),
        ("no token", "a.b.c"),
        ("a forged one", &forged),
        ("an id token", &id_token),
        ("a client's own", token_of(&own)),
    ] {
        let answer = scene.exchange(subject, &[]).await;
        assert_eq!(json_of(&answer, 400)["error"], "invalid_request", "{what}");
    }
    for (what, form) in [
        ("no type", vec![("subject_token", token.as_str())]),
        (
            "another type",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
            ],
        ),
        (
            "a refresh token wanted",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
            ],
        ),
        (
            "an actor without type",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("actor_token", token.as_str()),
            ],
        ),
        (
            "a person as actor",
            vec![
                ("subject_token", token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("actor_token", token.as_str()),
                ("actor_token_type", ACCESS_TOKEN),
            ],
        ),
    ] {
        assert_eq!(
            json_of(&scene.ask(&scene.system, &form).await, 400)["error"],
            "invalid_request",
            "{what}"
        );
    }
    scene.desk.world.clock.advance(Duration::seconds(601));
    assert_eq!(
        json_of(&scene.exchange(&token, &[]).await, 400)["error"],
        "invalid_request",
        "an expired one"
    );
});

for_each_backend!(the_target_is_one_application_that_the_person_holds, |world| {
    let scene = Scene::declared(world).await;
    let token = scene.kims().await;
    let (crm, _) = scene.desk.world.application("crm").await;
    scene.declare(&scene.system.client, &crm, &["crm:read"]).await;
    for (what, more) in [
        ("unknown", vec![("audience", "https://nobody.example.com/")]),
        ("not held by the person", vec![("audience", "https://crm.example.com/")]),
        (
            "two of them",
            vec![
                ("audience", "https://orders.example.com/"),
                ("resource", "https://crm.example.com/"),
            ],
        ),
    ] {
        assert_eq!(
            json_of(&scene.exchange(&token, &more).await, 400)["error"],
            "invalid_target",
            "{what}"
        );
    }
    // Named by its client, or by its address, or not at all: the same application.
    for more in [
        vec![("audience", "orders-web")],
        vec![("resource", "https://orders.example.com/")],
        vec![],
    ] {
        let answer = json_of(&scene.exchange(&token, &more).await, 200);
        assert_eq!(scene.desk.verified(token_of(&answer)).await["aud"], "https://orders.example.com/");
    }
});

for_each_backend!(an_exchange_never_widens, |world| {
    let scene = Scene::declared(world).await;
    let narrow = json_of(
        &scene
            .desk
            .redeem(&{
                let mut browser = scene.desk.browser().await;
                let fields = scene.desk.ask(&mut browser, &[("scope", "orders:read")]).await;
                fields["code"].as_str().unwrap().to_owned()
            })
            .await,
        200,
    );
    // Within the same application never more than the token that was brought.
    let answer = scene.exchange(token_of(&narrow), &[("scope", "orders:read orders:write")]).await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_scope");
    let answer = json_of(&scene.exchange(token_of(&narrow), &[]).await, 200);
    assert_eq!(answer["scope"], "orders:read");
    // Never more than declared, never more than held, and nothing of OpenID's.
    let token = scene.kims().await;
    scene.declare(&scene.system.client, &scene.desk.orders, &["orders:read"]).await;
    for scope in ["orders:write", "orders:admin", "fleet:read", "openid", "offline_access"] {
        assert_eq!(
            json_of(&scene.exchange(&token, &[("scope", scope)]).await, 400)["error"],
            "invalid_scope",
            "{scope}"
        );
    }
    assert_eq!(json_of(&scene.exchange(&token, &[]).await, 200)["scope"], "orders:read");
    // At another application what the person holds there counts, not what the first token has.
    scene
        .declare(&scene.system.client, &scene.fleet, &["fleet:read", "fleet:write"])
        .await;
    let there = json_of(&scene.exchange(&token, &[("audience", "fleet-system")]).await, 200);
    assert_eq!(there["scope"], "fleet:read fleet:write");
    assert_eq!(scene.desk.verified(token_of(&there)).await["aud"], "https://fleet.example.com/");
});

for_each_backend!(two_systems_act_behind_each_other_and_a_third_does_not, |world| {
    let scene = Scene::declared(world).await;
    let mut systems = Vec::new();
    for name in ["second", "third"] {
        let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms(name, ActingKind::Delegation), None).await;
        scene.declare(&client, &scene.desk.orders, &["orders:read"]).await;
        systems.push(System {
            client,
            secret: secret.unwrap(),
        });
    }
    let first = scene.exchanged(&[]).await;
    let form = [("subject_token", token_of(&first)), ("subject_token_type", ACCESS_TOKEN)];
    let second = json_of(&scene.ask(&systems[0], &form).await, 200);
    let claims = scene.desk.verified(token_of(&second)).await;
    assert_eq!(claims["act"], json!({ "sub": "second", "act": { "sub": "fleet-system" } }));
    assert!(claims["exp"].as_i64().unwrap() <= scene.desk.verified(token_of(&first)).await["exp"].as_i64().unwrap());
    let form = [("subject_token", token_of(&second)), ("subject_token_type", ACCESS_TOKEN)];
    assert_eq!(
        json_of(&scene.ask(&systems[1], &form).await, 400)["error"],
        "invalid_request",
        "a third"
    );
    // Itself with itself in front of it: nothing that it does not have already.
    assert_eq!(
        json_of(&scene.exchange(token_of(&first), &[]).await, 400)["error"],
        "invalid_request",
        "itself"
    );
    // The end of what stands in front ends what stands behind it.
    assert!(scene.is_live(token_of(&second)).await);
    let cx = scene.desk.world.system().await;
    let mut client = scene.system.client.clone();
    client.disabled_at = Some(cx.now);
    store::issuer::clients::update(&cx.tx, &client).await.unwrap();
    cx.commit().await.unwrap();
    assert!(!scene.is_live(token_of(&first)).await && !scene.is_live(token_of(&second)).await);
});

for_each_backend!(an_actor_token_is_the_clients_own, |world| {
    let scene = Scene::declared(world).await;
    let credentials = basic("fleet-system", &scene.system.secret);
    let mut server = scene.desk.world.browser();
    let form = [("grant_type", "client_credentials")];
    let own = server
        .post_as_server("/oauth/token", &form, &[("authorization", &credentials)])
        .await;
    let own = json_of(&own, 200);
    let token = scene.kims().await;
    let actor = [("actor_token", token_of(&own)), ("actor_token_type", ACCESS_TOKEN)];
    let answer = json_of(&scene.exchange(&token, &actor).await, 200);
    assert_eq!(
        scene.desk.verified(token_of(&answer)).await["act"],
        json!({ "sub": "fleet-system" })
    );
    let foreign = json_of(&scene.desk.token(&[("grant_type", "client_credentials")]).await, 200);
    let actor = [("actor_token", token_of(&foreign)), ("actor_token_type", ACCESS_TOKEN)];
    assert_eq!(json_of(&scene.exchange(&token, &actor).await, 400)["error"], "invalid_request");
});

for_each_backend!(impersonation_is_where_the_operator_says_so_and_goes_no_further, |world| {
    let scene = Scene::declared(world).await;
    let mut systems = Vec::new();
    for (name, kind) in [("twin", ActingKind::Impersonation), ("other", ActingKind::Delegation)] {
        let (client, secret) = register(&scene.desk.world, &scene.desk.orders, terms(name, kind), None).await;
        scene.declare(&client, &scene.desk.orders, &["orders:read"]).await;
        systems.push(System {
            client,
            secret: secret.unwrap(),
        });
    }
    let token = scene.kims().await;
    let form = [("subject_token", token.as_str()), ("subject_token_type", ACCESS_TOKEN)];
    let twin = json_of(&scene.ask(&systems[0], &form).await, 200);
    assert!(scene.desk.verified(token_of(&twin)).await.get("act").is_none());
    assert!(
        last_details(&scene.desk.world, EventKind::TokenExchanged)
            .await
            .contains("\"impersonation\":true")
    );
    let form = [("subject_token", token_of(&twin)), ("subject_token_type", ACCESS_TOKEN)];
    assert_eq!(json_of(&scene.ask(&systems[1], &form).await, 400)["error"], "invalid_request");
    // A chain that is there is never hidden.
    let first = scene.exchanged(&[]).await;
    let form = [("subject_token", token_of(&first)), ("subject_token_type", ACCESS_TOKEN)];
    let behind = json_of(&scene.ask(&systems[0], &form).await, 200);
    let act = json!({ "sub": "twin", "act": { "sub": "fleet-system" } });
    assert_eq!(scene.desk.verified(token_of(&behind)).await["act"], act);
});

for_each_backend!(a_delegation_lets_a_system_act_while_the_person_is_away, |world| {
    let scene = Scene::new(world).await;
    let object = Object {
        kind: "order".to_owned(),
        identifier: "4711".to_owned(),
        actions: vec!["view".to_owned(), "confirm".to_owned()],
    };
    let given = scene.give(&["orders:read"], Some(object), 10).await;
    let answer = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let details = json!([{ "type": "order", "identifier": "4711", "actions": ["view", "confirm"] }]);
    assert_eq!(answer["authorization_details"], details);
    let claims = scene.desk.verified(token_of(&answer)).await;
    assert_eq!(claims["authorization_details"], details);
    assert_eq!(claims["act"], json!({ "sub": "fleet-system" }));
    assert_eq!(scope_of(&claims), "orders:read");
    assert_eq!(claims["acr"], "urn:portico:acr:one-factor");
    for (what, more, error) in [
        ("more", ("scope", "orders:write"), "invalid_scope"),
        ("elsewhere", ("audience", "https://fleet.example.com/"), "invalid_target"),
    ] {
        assert_eq!(
            json_of(&scene.by_delegation(given.id, &[more]).await, 400)["error"],
            error,
            "{what}"
        );
    }
    // To anybody else its id says nothing.
    let (other, secret) = register(&scene.desk.world, &scene.fleet, terms("other", ActingKind::Delegation), None).await;
    let other = System {
        client: other,
        secret: secret.unwrap(),
    };
    let id = given.id.to_string();
    let form = [("subject_token", id.as_str()), ("subject_token_type", DELEGATION)];
    assert_eq!(json_of(&scene.ask(&other, &form).await, 400)["error"], "invalid_request");
    // Ended, it is over at once, with everything that came of it.
    assert!(scene.is_live(token_of(&answer)).await);
    scene.end(given.id).await;
    assert!(!scene.is_live(token_of(&answer)).await);
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "invalid_request");
    assert_eq!(scene.desk.world.events(EventKind::DelegationEnded).await, 1);
    scene.end(given.id).await;
    assert_eq!(scene.desk.world.events(EventKind::DelegationEnded).await, 1, "twice is once");
});

for_each_backend!(a_delegation_outlives_a_sign_out_everywhere_and_its_tokens_do_not, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let before = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    let cx = scene.desk.world.system().await;
    store::sessions::end_others(&cx.tx, scene.desk.kim.person, None, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    assert!(!scene.is_live(token_of(&before)).await);
    let after = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    assert!(scene.is_live(token_of(&after)).await);
});

for_each_backend!(a_token_lives_no_longer_than_its_delegation, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 1).await;
    scene.desk.world.clock.advance(Duration::days(1) - Duration::seconds(100));
    let answer = json_of(&scene.by_delegation(given.id, &[]).await, 200);
    assert_eq!(answer["expires_in"], 100);
    scene.desk.world.clock.advance(Duration::seconds(100));
    assert_eq!(json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"], "invalid_request");
});

for_each_backend!(a_delegation_is_given_within_what_is_held_and_no_longer, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    let give = async |change: &dyn Fn(&mut commands::GiveDelegation)| {
        let mut cx = world.cx(world.acting(&scene.desk.kim).await).await;
        let mut input = commands::GiveDelegation {
            member: scene.desk.kim.id,
            client: scene.system.client.id,
            application: "orders".to_owned(),
            scopes: vec!["orders:read".to_owned()],
            purpose: "For a test".to_owned(),
            object: None,
            ends_at: cx.now + Duration::days(3),
            provider: None,
        };
        change(&mut input);
        commands::give_delegation(&mut cx, input).await
    };
    use commands::DelegationError as E;
    assert!(give(&|_| {}).await.is_ok());
    assert!(matches!(
        give(&|it| it.scopes = vec!["orders:admin".to_owned()]).await,
        Err(E::Scopes)
    ));
    assert!(matches!(give(&|it| it.scopes = Vec::new()).await, Err(E::Scopes)));
    assert!(matches!(give(&|it| it.ends_at += Duration::days(4000)).await, Err(E::Late(_))));
    assert!(matches!(give(&|it| it.ends_at -= Duration::days(4)).await, Err(E::Past)));
    assert!(matches!(
        give(&|it| it.application = "crm".to_owned()).await,
        Err(E::Access(Refused::NotFound))
    ));
    assert!(
        matches!(give(&|it| it.client = scene.desk.client.id).await, Err(E::Client)),
        "it acts for nobody"
    );
    let long = Object {
        kind: "x".repeat(101),
        identifier: "1".to_owned(),
        actions: Vec::new(),
    };
    assert!(matches!(give(&|it| it.object = Some(long.clone())).await, Err(E::Object)));
    let (crm, _) = world.application("crm").await;
    let (stranger, _) = register(world, &crm, terms("stranger", ActingKind::Delegation), None).await;
    assert!(
        matches!(give(&|it| it.client = stranger.id).await, Err(E::Client)),
        "a system that has no business there"
    );
});

for_each_backend!(people_decide_for_themselves_and_their_admins_for_them, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    let admin = world.member(&scene.desk.acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let colleague = world.member(&scene.desk.acme, "Cleo Colleague", MemberRole::Member).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let input = |now| commands::GiveDelegation {
        member: scene.desk.kim.id,
        client: scene.system.client.id,
        application: "orders".to_owned(),
        scopes: vec!["orders:read".to_owned()],
        purpose: "For a test".to_owned(),
        object: None,
        ends_at: now + Duration::days(3),
        provider: None,
    };
    use commands::DelegationError as E;
    for (who, may) in [(&admin, None), (&colleague, Some(true)), (&foreign, Some(false))] {
        let mut cx = world.cx(world.acting(who).await).await;
        let now = cx.now;
        let gave = commands::give_delegation(&mut cx, input(now)).await;
        let ended = commands::end_delegation(&mut cx, given.id).await;
        let stopped = commands::stop_acting(&mut cx, scene.desk.kim.id, scene.system.client.id, scene.desk.orders.id).await;
        match may {
            None => assert!(gave.is_ok() && ended.is_ok() && stopped.is_ok()),
            Some(visible) => {
                for error in [gave.err().unwrap(), ended.err().unwrap(), stopped.err().unwrap()] {
                    let E::Access(refused) = error else { panic!("{error}") };
                    assert_eq!(matches!(refused, Refused::Forbidden { .. }), visible, "{refused}");
                }
            }
        }
        cx.tx.rollback().await.unwrap();
    }
});

for_each_backend!(a_stopped_system_is_stopped_until_it_is_let_again, |world| {
    let scene = Scene::declared(world).await;
    let answer = scene.exchanged(&[]).await;
    assert!(scene.is_live(token_of(&answer)).await);
    let world = &scene.desk.world;
    let mut browser = scene.desk.browser().await;
    let page = browser.get("/me/acting").await;
    assert!(page.text.contains("The system fleet-system") && page.text.contains("Stop it"));
    let fields = [
        ("of", "me".to_owned()),
        ("member", scene.desk.kim.id.to_string()),
        ("client", scene.system.client.id.to_string()),
        ("application", scene.desk.orders.id.to_string()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        browser.post("/do/stop-acting", &fields).await.location.as_deref(),
        Some("/me/acting")
    );
    assert!(!scene.is_live(token_of(&answer)).await);
    assert_eq!(world.events(EventKind::ActingStopped).await, 1);
    let kims = scene.kims().await;
    assert_eq!(
        json_of(&scene.exchange(&kims, &[]).await, 400)["error"],
        "access_denied",
        "also with a new sign-in"
    );
    browser.post("/do/stop-acting", &fields).await;
    assert_eq!(world.events(EventKind::ActingStopped).await, 1, "twice is once");
    // The person's own word stands above it.
    let given = scene.give(&["orders:read"], None, 10).await;
    let again = json_of(&scene.exchange(&kims, &[]).await, 200);
    assert_eq!(again["scope"], "orders:read");
    scene.end(given.id).await;
    assert!(!scene.is_live(token_of(&again)).await);
});

for_each_backend!(an_application_that_is_stopped_takes_with_it_what_was_exchanged, |world| {
    let scene = Scene::declared(world).await;
    let tokens = scene.desk.tokens().await;
    let acting = json_of(&scene.exchange(token_of(&tokens), &[]).await, 200);
    let grant = scene.desk.verified(token_of(&tokens)).await["grant_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut browser = scene.desk.browser().await;
    let page = browser.get("/me/acting").await;
    assert!(page.text.contains(&grant), "{}", page.text);
    let done = browser.post("/do/stop-application", &[("of", "me"), ("grant", &grant)]).await;
    assert_eq!(done.location.as_deref(), Some("/me/acting"));
    assert!(!scene.is_live(token_of(&tokens)).await && !scene.is_live(token_of(&acting)).await);
    assert_eq!(
        json_of(&scene.desk.refresh(tokens["refresh_token"].as_str().unwrap()).await, 400)["error"],
        "invalid_grant"
    );
    let answer = scene.exchange(token_of(&tokens), &[]).await;
    assert_eq!(json_of(&answer, 400)["error"], "invalid_request");
});

for_each_backend!(what_was_declared_and_is_taken_back_ends_what_came_of_it, |world| {
    let scene = Scene::declared(world).await;
    let answer = scene.exchanged(&[]).await;
    let mut cx = scene.desk.world.system().await;
    let known = store::issuer::acting::find(&cx.tx, scene.system.client.id, scene.desk.orders.id)
        .await
        .unwrap()
        .unwrap();
    acting::declared::withdraw_acting(&mut cx, scene.system.client.id, known.id)
        .await
        .unwrap();
    cx.commit().await.unwrap();
    assert!(!scene.is_live(token_of(&answer)).await);
});

for_each_backend!(a_suspension_ends_delegations_for_good, |world| {
    let scene = Scene::new(world).await;
    let given = scene.give(&["orders:read"], None, 10).await;
    let cx = scene.desk.world.system().await;
    store::sessions::end_of_member(&cx.tx, scene.desk.kim.id, cx.now).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(
        json_of(&scene.by_delegation(given.id, &[]).await, 400)["error"],
        "invalid_request",
        "also when the person is back"
    );
});

for_each_backend!(whoever_stops_while_a_token_is_exchanged_ends_that_token_too, |world| {
    let scene = Scene::declared(world).await;
    let given = scene.give(&["orders:write"], None, 10).await;
    for round in 0..4 {
        let id = given.id;
        let (answer, ()) = tokio::join!(scene.by_delegation(id, &[]), async {
            if round == 3 {
                scene.end(id).await;
            }
        });
        // Whichever came first: nothing that was given is left.
        if round == 3 {
            if answer.status.as_u16() == 200 {
                assert!(!scene.is_live(token_of(&json_of(&answer, 200))).await);
            }
            assert_eq!(json_of(&scene.by_delegation(id, &[]).await, 400)["error"], "invalid_request");
        } else {
            json_of(&answer, 200);
        }
    }
    // All of it is one grant: the ledger does not grow with every exchange.
    let cx = scene.desk.world.system().await;
    let ended = store::issuer::grants::revoke_of_delegation(&cx.tx, given.id, "test", cx.now)
        .await
        .unwrap();
    assert!(ended.is_empty(), "{ended:?}");
});

for_each_backend!(the_ledger_of_the_team_shows_everybodys_and_of_nobody_else, |world| {
    let scene = Scene::new(world).await;
    let world = &scene.desk.world;
    scene.give(&["orders:read"], None, 10).await;
    let admin = world.member(&scene.desk.acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let other = world.organization("Other").await;
    let foreign = world.member(&other, "Fay Foreign", MemberRole::PartnerAdmin).await;
    let page = world.browser_as(admin.person, Some(admin.id)).await.get("/team/acting").await;
    assert!(
        page.text.contains("Kim Larsen") && page.text.contains("Books deliveries at night"),
        "{}",
        page.text
    );
    let page = world.browser_as(foreign.person, Some(foreign.id)).await.get("/team/acting").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(!page.text.contains("Kim Larsen") && !page.text.contains("Books deliveries"));
    let page = world.browser_as(admin.person, Some(admin.id)).await.get("/me/acting").await;
    assert!(!page.text.contains("Books deliveries"), "that is another's");
    let kims = scene.desk.browser().await.get("/team/acting").await;
    assert_eq!(kims.status.as_u16(), 403);
});

for_each_backend!(a_delegation_is_given_on_the_page, |world| {
    let scene = Scene::new(world).await;
    let mut browser = scene.desk.browser().await;
    let page = browser.get("/me/acting/new?application=orders").await;
    assert!(page.text.contains("The system fleet-system"), "{}", page.text);
    let client = scene.system.client.id.to_string();
    let wrong = [
        ("of", "me"),
        ("client", client.as_str()),
        ("application", "orders"),
        ("scopes[]", "orders:read"),
        ("ends", "soon"),
    ];
    let back = browser.post("/do/give-delegation", &wrong).await;
    assert_eq!(back.location.as_deref(), Some("/me/acting/new?application=orders"));
    let page = browser.get("/me/acting/new?application=orders").await;
    assert!(page.text.contains("Say what for"), "{}", page.text);
    let ends = (scene.desk.world.now() + Duration::days(3)).format("%Y-%m-%d").to_string();
    let right = [
        ("of", "me"),
        ("client", client.as_str()),
        ("application", "orders"),
        ("scopes[]", "orders:read"),
        ("purpose", "Books deliveries"),
        ("ends", &ends),
    ];
    assert_eq!(
        browser.post("/do/give-delegation", &right).await.location.as_deref(),
        Some("/me/acting")
    );
    let page = browser.get("/me/acting").await;
    assert!(
        page.text.contains("Books deliveries") && page.text.contains("Given by Kim Larsen"),
        "{}",
        page.text
    );
});

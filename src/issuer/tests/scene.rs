//! A desk beside which a vendor's system stands that may act for people.

use chrono::Duration;
use serde_json::{Map, Value};

use super::desk::*;
use crate::{
    apps::{Application, Assignment},
    issuer::{
        ActingKind, Client, ClientTerms, Delegation, GrantType, Object,
        acting::{commands, declared::declare_acting},
    },
    kernel::DelegationId,
    testing::{Answer, World},
};

pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const DELEGATION: &str = "urn:portico:params:oauth:token-type:delegation";

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

pub fn terms(client_id: &str, kind: ActingKind) -> ClientTerms {
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

    /// Kim's token for fleet, as another client of fleet has it; from then on the desk's client is that one.
    pub async fn kims_at_fleet(&mut self) -> String {
        let terms = ClientTerms {
            own_scopes: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            ..draft("fleet-web")
        };
        let (client, secret) = register(&self.desk.world, &self.fleet, terms, None).await;
        (self.desk.client, self.desk.secret) = (client, secret.expect("a secret"));
        let mut browser = self.desk.browser().await;
        let fields = self.desk.ask(&mut browser, &[("scope", "openid fleet:read")]).await;
        let code = fields["code"].as_str().expect("a code");
        let tokens = json_of(&self.desk.redeem(code).await, 200);
        tokens["access_token"].as_str().expect("a token").to_owned()
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

pub fn token_of(answer: &Value) -> &str {
    answer["access_token"].as_str().unwrap()
}

/// The scope of an answer or of claims.
pub fn scope_of(answer: &Map<String, Value>) -> &str {
    answer["scope"].as_str().unwrap()
}

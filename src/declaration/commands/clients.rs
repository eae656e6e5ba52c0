//! Clients of applications at the authorization server.

use super::{
    super::{
        Mark,
        changes::{Fields, plain, text, yes},
        check::PUBLIC_URL,
        error::Stop,
        model::ClientEntry,
    },
    step::{Step, needed},
};
use crate::{
    apps::Application,
    audit::{Event, EventKind, Subject},
    issuer::{
        Client, ClientAuthentication, ClientTerms,
        commands::{ClientError, register_client, switch_client},
    },
    kernel::{constant_time_eq, sha256},
    signin::Ended,
    store::{
        self,
        issuer::{clients, ending},
    },
};

/// Secrets are compared by their hash alone, which is safe for random ones of this length.
const SHORTEST_SECRET: usize = 32;

fn list(words: &[String]) -> String {
    words.join(", ")
}

fn seconds(value: &Option<i32>) -> String {
    value.map_or_else(|| "\u{2014}".to_owned(), |seconds| seconds.to_string())
}

impl Step<'_> {
    /// A client of an application.
    pub async fn client(&mut self, key: &str, application: &Application, entry: &ClientEntry) -> Result<(), Stop> {
        if entry.secret.as_ref().is_some_and(|secret| secret.reveal().len() < SHORTEST_SECRET) {
            return Err(Stop::at(
                format!("{key}.secret"),
                format!("is too short; expected at least {SHORTEST_SECRET} random characters"),
            ));
        }
        match clients::by_name(&self.cx.tx, &entry.client_id).await? {
            None => self.new_client(key, application, entry).await,
            Some(client) if client.application == application.id => self.changed_client(key, application, client, entry).await,
            Some(_) => Err(Stop::at(
                format!("{key}.client_id"),
                format!("{:?} is a client of another application", entry.client_id),
            )),
        }
    }

    fn own(&self, uris: &Option<Vec<String>>) -> Option<Vec<String>> {
        let public_url = &self.cx.settings.public_url;
        uris.as_ref()
            .map(|uris| uris.iter().map(|uri| uri.replace(PUBLIC_URL, public_url)).collect())
    }

    /// An address of the application; none when the file says that there is none.
    fn own_one(&self, uri: &str) -> Option<String> {
        Some(uri.replace(PUBLIC_URL, &self.cx.settings.public_url)).filter(|uri| !uri.is_empty())
    }

    async fn new_client(&mut self, key: &str, application: &Application, entry: &ClientEntry) -> Result<(), Stop> {
        let mut terms = ClientTerms::new(entry.client_id.clone(), needed(key, "name", entry.name.clone(), "this client")?);
        terms.authentication = entry.authentication.unwrap_or(terms.authentication);
        terms.key_set = entry.key_set.clone();
        terms.redirect_uris = self.own(&entry.redirect_uris).unwrap_or_default();
        terms.post_logout_redirect_uris = self.own(&entry.post_logout_redirect_uris).unwrap_or_default();
        terms.audience = entry.audience.clone();
        terms.signing = entry.signing.unwrap_or(terms.signing);
        terms.subjects = entry.subjects.unwrap_or(terms.subjects);
        terms.grant_types = entry.grant_types.clone().unwrap_or(terms.grant_types);
        terms.own_scopes = entry.own_scopes.clone().unwrap_or_default();
        terms.backchannel_logout_uri = entry.backchannel_logout_uri.as_deref().and_then(|uri| self.own_one(uri));
        terms.initiate_login_uri = entry.initiate_login_uri.as_deref().and_then(|uri| self.own_one(uri));
        terms.first_party = entry.first_party.unwrap_or(terms.first_party);
        terms.may_act_for = entry.may_act_for.unwrap_or(terms.may_act_for);
        terms.sender_constrained = entry.sender_constrained.unwrap_or(terms.sender_constrained);
        terms.claim_names = entry.claim_names.clone().unwrap_or_default();
        terms.access_seconds = entry.access_seconds;
        terms.id_seconds = entry.id_seconds;
        terms.refresh_seconds = entry.refresh_seconds;
        let has_secret = matches!(terms.authentication, ClientAuthentication::Basic | ClientAuthentication::Post);
        let secret = entry.secret.as_ref().map(|secret| secret.reveal().to_owned());
        if has_secret {
            needed(key, "secret", secret.clone(), "this client")?;
        }
        let (client, _) = register_client(self.cx, application, terms, secret)
            .await
            .map_err(|error| refused(key, error))?;
        if entry.disabled == Some(true) {
            let off = switch_client(self.cx, client.id, client.version, false).await;
            off.map_err(|error| refused(key, error))?;
        }
        self.did(
            Mark::Create,
            "client",
            format!("{} of {}", client.terms.client_id, application.slug),
            Fields::default(),
        );
        Ok(())
    }

    async fn changed_client(&mut self, key: &str, application: &Application, mut client: Client, entry: &ClientEntry) -> Result<(), Stop> {
        let mut fields = Fields::default();
        let (redirect_uris, after_logout) = (self.own(&entry.redirect_uris), self.own(&entry.post_logout_redirect_uris));
        fields.set("name", &mut client.terms.name, entry.name.clone(), |name| text(name));
        fields.set("authentication", &mut client.terms.authentication, entry.authentication, plain);
        fields.set("key_set", &mut client.terms.key_set, entry.key_set.clone().map(Some), |_| {
            "(set)".to_owned()
        });
        fields.set("redirect_uris", &mut client.terms.redirect_uris, redirect_uris, |uris| list(uris));
        fields.set(
            "post_logout_redirect_uris",
            &mut client.terms.post_logout_redirect_uris,
            after_logout,
            |uris| list(uris),
        );
        fields.set(
            "audience",
            &mut client.terms.audience,
            entry.audience.clone().map(Some),
            |audience| audience.clone().unwrap_or_default(),
        );
        fields.set("signing", &mut client.terms.signing, entry.signing, plain);
        fields.set("subjects", &mut client.terms.subjects, entry.subjects, plain);
        fields.set("grant_types", &mut client.terms.grant_types, entry.grant_types.clone(), |grants| {
            grants.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(", ")
        });
        fields.set("own_scopes", &mut client.terms.own_scopes, entry.own_scopes.clone(), |scopes| {
            list(scopes)
        });
        let told = entry.backchannel_logout_uri.as_deref().map(|uri| self.own_one(uri));
        let begins = entry.initiate_login_uri.as_deref().map(|uri| self.own_one(uri));
        let address = |uri: &Option<String>| uri.clone().unwrap_or_default();
        fields.set("backchannel_logout_uri", &mut client.terms.backchannel_logout_uri, told, address);
        fields.set("initiate_login_uri", &mut client.terms.initiate_login_uri, begins, address);
        fields.set("first_party", &mut client.terms.first_party, entry.first_party, yes);
        fields.set("may_act_for", &mut client.terms.may_act_for, entry.may_act_for, plain);
        fields.set(
            "sender_constrained",
            &mut client.terms.sender_constrained,
            entry.sender_constrained,
            yes,
        );
        fields.set("claim_names", &mut client.terms.claim_names, entry.claim_names.clone(), |names| {
            let names: Vec<String> = names.iter().map(|(ours, theirs)| format!("{ours} = {theirs}")).collect();
            names.join(", ")
        });
        fields.set(
            "access_seconds",
            &mut client.terms.access_seconds,
            entry.access_seconds.map(Some),
            seconds,
        );
        fields.set("id_seconds", &mut client.terms.id_seconds, entry.id_seconds.map(Some), seconds);
        fields.set(
            "refresh_seconds",
            &mut client.terms.refresh_seconds,
            entry.refresh_seconds.map(Some),
            seconds,
        );
        let mut disabled = client.disabled_at.is_some();
        let switched = fields.set("disabled", &mut disabled, entry.disabled, yes);
        if let Some(secret) = &entry.secret {
            let hash = sha256(secret.reveal());
            let same = client.secret_hash.as_deref().is_some_and(|known| constant_time_eq(known, &hash));
            if !same {
                let old = if client.secret_hash.is_some() { "(other)" } else { "\u{2014}" };
                fields.note("secret", old, "(set)");
                client.secret_hash = Some(hash);
            }
        }
        if fields.is_empty() {
            return Ok(());
        }
        let scopes: Vec<String> = store::applications::scopes_of(&self.cx.tx, &[application.id])
            .await?
            .into_iter()
            .map(|scope| scope.name)
            .collect();
        client.terms.check(&scopes).map_err(|error| refused(key, error))?;
        if matches!(
            client.terms.authentication,
            ClientAuthentication::Basic | ClientAuthentication::Post
        ) && client.secret_hash.is_none()
        {
            needed::<String>(key, "secret", None, "this client")?;
        }
        let mut ended = Ended::default();
        if switched {
            if disabled {
                ended = ending::end_of_client(&self.cx.tx, client.id, self.cx.now).await?;
            }
            client.disabled_at = disabled.then_some(self.cx.now);
        }
        clients::update(&self.cx.tx, &client).await?;
        let event = Event::new(EventKind::ClientChanged)
            .application(application.id, application.name.clone())
            .subject(Subject::new("client", client.id, client.terms.name.clone()))
            .detail("client", client.terms.client_id.clone())
            .detail("changed", fields.detail())
            .ended(ended);
        self.record(event).await?;
        self.did(
            Mark::Change,
            "client",
            format!("{} of {}", client.terms.client_id, application.slug),
            fields,
        );
        Ok(())
    }
}

fn refused(key: &str, error: ClientError) -> Stop {
    match error {
        ClientError::Store(error) => error.into(),
        other => Stop::at(key, format!("cannot be so: {other}")),
    }
}

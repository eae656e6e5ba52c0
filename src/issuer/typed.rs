//! What is typed about a client in the operator's form, read into its terms.

use std::collections::BTreeMap;

use super::{ActingKind, ClientAuthentication, ClientTerms, GrantType, SigningAlgorithm, SubjectKind};
use crate::web::{FieldErrors, Refusal, fields};

/// The fields of the form.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub name: String,
    pub authentication: String,
    pub redirect_uris: String,
    pub post_logout_redirect_uris: String,
    pub backchannel_logout_uri: String,
    pub initiate_login_uri: String,
    pub key_set: String,
    pub audience: String,
    pub own_scopes: Vec<String>,
    pub signing: String,
    pub subjects: String,
    pub first_party: String,
    pub may_act_for: String,
    pub sender_constrained: String,
    pub claim_names: String,
    pub access_seconds: String,
    pub id_seconds: String,
    pub refresh_seconds: String,
}

fn lines(typed: &str) -> Vec<String> {
    typed
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn seconds(errors: &mut FieldErrors, name: &'static str, typed: &str) -> Option<i32> {
    if typed.trim().is_empty() {
        None
    } else {
        fields::number(errors, name, typed, 60..=31_536_000)
    }
}

/// One claim per line: our name, an equals sign, the application's name for it or nothing.
fn names(errors: &mut FieldErrors, typed: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for line in lines(typed) {
        match line.split_once('=') {
            Some((ours, theirs)) if !ours.trim().is_empty() => {
                names.insert(ours.trim().to_owned(), theirs.trim().to_owned());
            }
            _ => errors.add("claim_names", format!("Write {line} as: our name = the application's name.")),
        }
    }
    names
}

/// Names of claims as the form shows them.
pub(super) fn names_as_text(names: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = names.iter().map(|(ours, theirs)| format!("{ours} = {theirs}")).collect();
    lines.join("\n")
}

impl Typed {
    /// What the form shows again when it was refused.
    pub(super) fn kept(&self) -> Vec<(&'static str, String)> {
        let mut kept = vec![
            ("name", self.name.clone()),
            ("authentication", self.authentication.clone()),
            ("redirect_uris", self.redirect_uris.clone()),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris.clone()),
            ("backchannel_logout_uri", self.backchannel_logout_uri.clone()),
            ("initiate_login_uri", self.initiate_login_uri.clone()),
            ("key_set", self.key_set.clone()),
            ("audience", self.audience.clone()),
            ("signing", self.signing.clone()),
            ("subjects", self.subjects.clone()),
            ("first_party", self.first_party.clone()),
            ("may_act_for", self.may_act_for.clone()),
            ("sender_constrained", self.sender_constrained.clone()),
            ("claim_names", self.claim_names.clone()),
            ("access_seconds", self.access_seconds.clone()),
            ("id_seconds", self.id_seconds.clone()),
            ("refresh_seconds", self.refresh_seconds.clone()),
        ];
        kept.extend(self.own_scopes.iter().map(|scope| ("own_scopes[]", scope.clone())));
        kept
    }

    /// The terms of the client that calls itself so.
    ///
    /// # Errors
    /// [`Refusal`] with what is wrong per field.
    pub(super) fn terms(self, client_id: &str) -> Result<ClientTerms, Refusal> {
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &self.name, 100, "Enter what people know the application as.");
        let authentication = fields::choice::<ClientAuthentication>(&mut errors, "authentication", &self.authentication);
        let signing = fields::choice::<SigningAlgorithm>(&mut errors, "signing", &self.signing);
        let subjects = fields::choice::<SubjectKind>(&mut errors, "subjects", &self.subjects);
        let may_act_for = match self.may_act_for.as_str() {
            "" => Some(ActingKind::None),
            typed => fields::choice::<ActingKind>(&mut errors, "may_act_for", typed),
        };
        let claim_names = names(&mut errors, &self.claim_names);
        let one = |errors: &mut FieldErrors, name: &str, typed: &str| fields::optional_text(errors, name, typed, 2_000);
        let backchannel_logout_uri = one(&mut errors, "backchannel_logout_uri", &self.backchannel_logout_uri);
        let initiate_login_uri = one(&mut errors, "initiate_login_uri", &self.initiate_login_uri);
        let audience = one(&mut errors, "audience", &self.audience);
        let key_set = fields::optional_text(&mut errors, "key_set", &self.key_set, 20_000);
        let access_seconds = seconds(&mut errors, "access_seconds", &self.access_seconds);
        let id_seconds = seconds(&mut errors, "id_seconds", &self.id_seconds);
        let refresh_seconds = seconds(&mut errors, "refresh_seconds", &self.refresh_seconds);
        let (Some(name), Some(authentication), Some(signing), Some(subjects), Some(may_act_for)) =
            (name, authentication, signing, subjects, may_act_for)
        else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let redirect_uris = lines(&self.redirect_uris);
        let mut grant_types = Vec::new();
        if !redirect_uris.is_empty() {
            grant_types.extend([GrantType::AuthorizationCode, GrantType::RefreshToken]);
        }
        if !self.own_scopes.is_empty() {
            grant_types.push(GrantType::ClientCredentials);
        }
        if may_act_for != ActingKind::None {
            grant_types.push(GrantType::TokenExchange);
        }
        if grant_types.is_empty() {
            return Err(Refusal::field(
                "redirect_uris",
                "Enter where to go back to, or choose permissions of its own, or let it act for people.",
            ));
        }
        Ok(ClientTerms {
            client_id: client_id.trim().to_owned(),
            name,
            authentication,
            key_set,
            redirect_uris,
            post_logout_redirect_uris: lines(&self.post_logout_redirect_uris),
            backchannel_logout_uri,
            initiate_login_uri,
            audience,
            signing,
            subjects,
            grant_types,
            own_scopes: self.own_scopes,
            first_party: !self.first_party.is_empty(),
            may_act_for,
            sender_constrained: !self.sender_constrained.is_empty(),
            claim_names,
            access_seconds,
            id_seconds,
            refresh_seconds,
        })
    }
}

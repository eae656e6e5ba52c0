//! What was typed about a connection, read the same whoever typed it: people with a role, or somebody with a set-up link.

use super::super::commands::OidcConnection;
use crate::{
    access::Refused,
    federation::{
        ClientAuth, Mapping, OidcSettings, Preset,
        commands::DepartError,
        oidc::{DiscoveryError, Published},
        saml::IdpMetadata,
    },
    web::{FieldErrors, Refusal, fields},
};

/// Kind and name of a connection that is begun.
pub(in super::super) fn begun(preset: &str, name: &str) -> Result<(Preset, String), Refusal> {
    let mut errors = FieldErrors::default();
    let preset = fields::choice::<Preset>(&mut errors, "preset", preset);
    let name = fields::required_text(
        &mut errors,
        "name",
        name,
        60,
        "Say what your people call their sign-in, for example \u{201c}Acme account\u{201d}.",
    );
    let (Some(preset), Some(name)) = (preset, name) else {
        return Err(errors.refusal());
    };
    Ok((preset, name))
}

/// The form of an OpenID Connect provider.
pub(in super::super) struct OidcTyped {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    pub client_auth: String,
    pub scopes: String,
    pub userinfo: String,
}

impl OidcTyped {
    /// What comes back with a refused form: no secret.
    pub fn values(&self) -> [(&'static str, String); 5] {
        [
            ("issuer", self.issuer.clone()),
            ("client_id", self.client_id.clone()),
            ("client_auth", self.client_auth.clone()),
            ("scopes", self.scopes.clone()),
            ("userinfo", self.userinfo.clone()),
        ]
    }

    /// The connection, with what the provider publishes.
    pub fn connection(self, published: Result<Published, DiscoveryError>) -> Result<OidcConnection, Refusal> {
        let mut errors = FieldErrors::default();
        let published = errors.take("issuer", published);
        let client = fields::required_text(
            &mut errors,
            "client_id",
            &self.client_id,
            300,
            "Enter the client id that the provider shows.",
        );
        let auth = fields::choice::<ClientAuth>(&mut errors, "client_auth", &self.client_auth);
        let scopes = fields::optional_text(&mut errors, "scopes", &self.scopes, 300).unwrap_or_default();
        let secret = fields::optional_text(&mut errors, "client_secret", &self.client_secret, 1_000);
        errors.check()?;
        let (Some(published), Some(client_id), Some(client_auth)) = (published, client, auth) else {
            return Err(Refused::NotFound.into());
        };
        let settings = OidcSettings {
            issuer: self.issuer,
            client_id,
            client_auth,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            userinfo: self.userinfo == "yes",
        };
        Ok(OidcConnection {
            settings,
            secret,
            published,
        })
    }
}

/// What reading metadata at an address brought; none when no address was typed.
pub(in super::super) type MetadataRead = Option<Result<(String, IdpMetadata), DepartError>>;

/// The form of a SAML provider.
pub(in super::super) struct SamlTyped {
    pub metadata_url: String,
    pub metadata: String,
    pub post_binding: String,
    pub accept_signed_response: String,
}

impl SamlTyped {
    /// What comes back with a refused form.
    pub fn values(&self) -> [(&'static str, String); 4] {
        let short = self.metadata.len() < 60_000;
        [
            ("metadata_url", self.metadata_url.clone()),
            ("metadata", if short { self.metadata.clone() } else { String::new() }),
            ("post_binding", self.post_binding.clone()),
            ("accept_signed_response", self.accept_signed_response.clone()),
        ]
    }

    /// The metadata itself, as it was read or pasted.
    pub fn xml(&self, read: MetadataRead) -> Result<String, Refusal> {
        let mut errors = FieldErrors::default();
        let xml = match read {
            Some(read) => errors.take("metadata_url", read).map(|(xml, _)| xml),
            None if self.metadata.trim().is_empty() => {
                errors.add(
                    "metadata_url",
                    "Enter the address of the provider's metadata, or paste the metadata below.",
                );
                None
            }
            None => Some(self.metadata.trim().to_owned()),
        };
        xml.ok_or_else(|| errors.refusal())
    }

    /// Where the metadata is read again.
    pub fn address(&self) -> Option<String> {
        (!self.metadata_url.is_empty()).then(|| self.metadata_url.clone())
    }
}

/// Which claims name somebody.
pub(in super::super) struct NamesTyped<'a> {
    pub subject: &'a str,
    pub email: &'a str,
    pub given_name: &'a str,
    pub family_name: &'a str,
}

impl NamesTyped<'_> {
    /// Takes them over into a mapping.
    pub fn put_into(self, errors: &mut FieldErrors, mapping: &mut Mapping) {
        let subject = fields::required_text(
            errors,
            "subject",
            self.subject,
            200,
            "Name the claim that never changes for a person.",
        );
        let email = fields::required_text(errors, "email", self.email, 200, "Name the claim with the e-mail address.");
        mapping.subject = subject.unwrap_or_default();
        mapping.email = email.unwrap_or_default();
        let mut optional = |field: &str, typed: &str| fields::optional_text(errors, field, typed, 200).unwrap_or_default();
        mapping.given_name = optional("given_name", self.given_name);
        mapping.family_name = optional("family_name", self.family_name);
    }
}

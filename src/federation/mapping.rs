//! From what a provider says about somebody (claims, attributes) to what we keep: subject, address, name, role, attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::Preset;
use crate::{kernel::EmailAddress, people::MemberRole};

/// Claims of an ID token, userinfo response or assertion: each name with its values as text. Nested objects are written with a
/// dot, e.g. `realm_access.roles`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(pub BTreeMap<String, Vec<String>>);

/// So many values of one claim are read; the rest is left out.
const MAX_VALUES: usize = 500;
/// So many characters of a value are read.
const MAX_LENGTH: usize = 1_000;

impl Claims {
    /// Of a JSON object.
    #[must_use]
    pub fn from_json(object: &serde_json::Map<String, Value>) -> Self {
        let mut claims = Self::default();
        for (name, value) in object {
            claims.add(name, value, 0);
        }
        claims
    }

    fn add(&mut self, name: &str, value: &Value, depth: usize) {
        match value {
            Value::Object(inner) if depth < 3 => {
                for (key, value) in inner {
                    self.add(&format!("{name}.{key}"), value, depth + 1);
                }
            }
            Value::Array(values) => {
                let texts: Vec<String> = values.iter().filter_map(text).take(MAX_VALUES).collect();
                self.0.entry(name.to_owned()).or_default().extend(texts);
            }
            other => {
                if let Some(text) = text(other) {
                    self.0.entry(name.to_owned()).or_default().push(text);
                }
            }
        }
    }

    /// The values of a claim; empty when it is not there.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first value of a claim that is not empty.
    #[must_use]
    pub fn one(&self, name: &str) -> Option<&str> {
        self.all(name).iter().map(|value| value.trim()).find(|value| !value.is_empty())
    }
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    Some(text.chars().take(MAX_LENGTH).collect())
}

/// A group at the provider and the role it gives here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRole {
    /// The group's name or id as the claim has it.
    pub group: String,
    /// The role.
    pub role: MemberRole,
}

/// A group at the provider and the application its people get, by its name in addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupApplication {
    /// The group's name or id as the claim has it.
    pub group: String,
    /// The application's slug.
    pub application: String,
}

/// Which claims become what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Names the person for good; `sub` for OpenID Connect, `NameID` for SAML.
    pub subject: String,
    /// E-mail address.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Groups; empty when they are not used.
    pub groups: String,
    /// Roles by group. The highest one counts.
    #[serde(default)]
    pub group_roles: Vec<GroupRole>,
    /// Applications by group.
    #[serde(default)]
    pub group_applications: Vec<GroupApplication>,
    /// Claims that are kept with the member, by their name here.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// Microsoft's and others' names of SAML attributes.
const SCHEMAS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

impl Mapping {
    /// What fits most installations of a kind.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let base = Self {
            subject: "sub".to_owned(),
            email: "email".to_owned(),
            given_name: "given_name".to_owned(),
            family_name: "family_name".to_owned(),
            groups: "groups".to_owned(),
            group_roles: Vec::new(),
            group_applications: Vec::new(),
            attributes: BTreeMap::new(),
        };
        match preset {
            // Entra's `sub` differs per application; `oid` names the person in the whole directory.
            Preset::Entra => Self {
                subject: "oid".to_owned(),
                ..base
            },
            Preset::Google => Self {
                groups: String::new(),
                ..base
            },
            Preset::Saml => Self {
                subject: "NameID".to_owned(),
                email: "mail".to_owned(),
                given_name: "givenName".to_owned(),
                family_name: "sn".to_owned(),
                ..base
            },
            Preset::Okta | Preset::Keycloak | Preset::Oidc => base,
        }
    }
}

/// What we know of somebody after reading the claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Names the person at the provider.
    pub subject: String,
    /// Address.
    pub email: EmailAddress,
    /// The provider says that the address was not checked.
    pub email_unverified: bool,
    /// Full name; the part before the @ when no claim has one.
    pub name: String,
    /// The highest role that the groups give.
    pub role: Option<MemberRole>,
    /// Applications that the groups give, by slug.
    pub applications: Vec<String>,
    /// Attributes kept with the member.
    pub attributes: BTreeMap<String, String>,
}

/// Why claims do not make a person.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MappingError {
    /// Nothing names the person.
    #[error("The claim \u{201c}{0}\u{201d}, which names the person for good, is missing or empty.")]
    NoSubject(String),
    /// No address.
    #[error("The claim \u{201c}{0}\u{201d}, which holds the e-mail address, is missing or empty.")]
    NoEmail(String),
    /// Not an address.
    #[error("The claim \u{201c}{0}\u{201d} does not hold an e-mail address.")]
    BadEmail(String),
}

impl Mapping {
    /// Reads the claims.
    ///
    /// # Errors
    /// [`MappingError`] names the claim that is missing.
    pub fn profile(&self, claims: &Claims) -> Result<Profile, MappingError> {
        let subject = claims
            .one(&self.subject)
            .ok_or_else(|| MappingError::NoSubject(self.subject.clone()))?;
        let with_schema = format!("{SCHEMAS}/emailaddress");
        let email = claims
            .one(&self.email)
            .or_else(|| claims.one(&with_schema))
            .ok_or_else(|| MappingError::NoEmail(self.email.clone()))?;
        let email: EmailAddress = email.parse().map_err(|_| MappingError::BadEmail(self.email.clone()))?;
        let parts = [
            claims.one(&self.given_name).or_else(|| claims.one(&format!("{SCHEMAS}/givenname"))),
            claims.one(&self.family_name).or_else(|| claims.one(&format!("{SCHEMAS}/surname"))),
        ];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = match (name.is_empty(), claims.one("name")) {
            (false, _) => name,
            (true, Some(whole)) => whole.to_owned(),
            (true, None) => email.as_str().split('@').next().unwrap_or_default().to_owned(),
        };
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        let groups = if self.groups.is_empty() { &[] } else { claims.all(&self.groups) };
        let role = self
            .group_roles
            .iter()
            .filter(|rule| groups.contains(&rule.group))
            .map(|rule| rule.role)
            .max();
        let applications = self
            .group_applications
            .iter()
            .filter(|rule| groups.contains(&rule.group))
            .map(|rule| rule.application.clone())
            .collect();
        let attributes = self
            .attributes
            .iter()
            .filter_map(|(attribute, claim)| Some((attribute.clone(), claims.one(claim)?.to_owned())))
            .collect();
        Ok(Profile {
            subject: subject.to_owned(),
            email_unverified: claims.one("email_verified") == Some("false"),
            email,
            name,
            role,
            applications,
            attributes,
        })
    }
}

//! The parameter `claims` (OpenID Connect Core §5.5): single claims that a client asks for, and what it insists on. Pure.

use serde_json::{Map, Value};

use super::{
    OAuthError,
    claims::{ACR_ONE, ACR_TWO},
    request::Surety,
};

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The scopes that open the claims that were named.
    pub scopes: Vec<&'static str>,
    /// How surely it has to be the person, when `acr` was named.
    pub surety: Option<Surety>,
    /// The very person whom the client asks for (`sub` with a value).
    pub subject: Option<String>,
}

/// The scope that opens a claim; none for claims that everybody gets, and for those that nobody knows, which are left out (§5.5.1).
fn opened_by(claim: &str) -> Option<&'static str> {
    match claim {
        "name" | "zoneinfo" => Some("profile"),
        "email" | "email_verified" => Some("email"),
        _ => None,
    }
}

impl Wanted {
    /// Reads the parameter.
    ///
    /// # Errors
    /// [`OAuthError`] when it is no JSON of this form, or an essential `acr` names nothing that there is.
    pub(super) fn read(parameter: Option<&str>) -> Result<Self, OAuthError> {
        let Some(text) = parameter else { return Ok(Self::default()) };
        let unreadable = || OAuthError::request("claims is no JSON object as OpenID Connect Core §5.5 describes it");
        let asked: Map<String, Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
        let mut wanted = Self::default();
        for place in ["userinfo", "id_token"] {
            let named = match asked.get(place) {
                None | Some(Value::Null) => continue,
                Some(Value::Object(named)) => named,
                Some(_) => return Err(unreadable()),
            };
            for (claim, how) in named {
                if !matches!(how, Value::Null | Value::Object(_)) {
                    return Err(unreadable());
                }
                if let Some(scope) = opened_by(claim)
                    && !wanted.scopes.contains(&scope)
                {
                    wanted.scopes.push(scope);
                }
                // Nobody else's tokens are given then (§5.5.1, §3.1.2.2).
                if claim == "sub"
                    && let Some(value) = how.get("value")
                {
                    let value = value.as_str().ok_or_else(unreadable)?;
                    if wanted.subject.as_deref().is_some_and(|known| known != value) {
                        return Err(unreadable());
                    }
                    wanted.subject = Some(value.to_owned());
                }
                if place == "id_token" && claim == "acr" {
                    wanted.surety = surety(how)?;
                }
            }
        }
        Ok(wanted)
    }
}

/// What is wanted of `acr` (§5.5.1.1).
fn surety(how: &Value) -> Result<Option<Surety>, OAuthError> {
    let mut values: Vec<&str> = how.get("value").and_then(Value::as_str).into_iter().collect();
    if let Some(more) = how.get("values").and_then(Value::as_array) {
        values.extend(more.iter().filter_map(Value::as_str));
    }
    let essential = how.get("essential").and_then(Value::as_bool).unwrap_or_default();
    let known = values.iter().copied().find(|value| [ACR_ONE, ACR_TWO].contains(value));
    match known {
        // Two factors are one factor too.
        Some(ACR_TWO) if essential && !values.contains(&ACR_ONE) => Ok(Some(Surety::TwoFactors)),
        Some(ACR_TWO) => Ok(Some(Surety::TwoFactorsIfPossible)),
        None if essential && !values.is_empty() => Err(unmet("None of the values of acr is known here.")),
        _ => Ok(None),
    }
}

/// What was insisted on is not there (OpenID Connect Unmet Authentication Requirements 1.0).
pub(super) fn unmet(description: &str) -> OAuthError {
    OAuthError::refused("unmet_authentication_requirements", description)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::names(r#"{"userinfo":{"name":{"essential":true},"email":null}}"#, &["profile", "email"], None)]
    #[case::unknown(r#"{"userinfo":{"shoe_size":null},"id_token":{"auth_time":{"essential":true}}}"#, &[], None)]
    #[case::essential(r#"{"id_token":{"acr":{"essential":true,"value":"urn:portico:acr:two-factors"}}}"#, &[], Some(Surety::TwoFactors))]
    #[case::either(r#"{"id_token":{"acr":{"essential":true,"values":["urn:portico:acr:two-factors","urn:portico:acr:one-factor"]}}}"#, &[], Some(Surety::TwoFactorsIfPossible))]
    #[case::wished(r#"{"id_token":{"acr":{"values":["urn:portico:acr:two-factors"]}}}"#, &[], Some(Surety::TwoFactorsIfPossible))]
    #[case::any(r#"{"id_token":{"acr":{"essential":true}}}"#, &[], None)]
    fn claims_are_asked_for_by_name(#[case] text: &str, #[case] scopes: &[&str], #[case] surety: Option<Surety>) {
        let wanted = Wanted::read(Some(text)).expect("it can be read");
        let sorted = |names: &[&str]| {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!((sorted(&wanted.scopes), wanted.surety), (sorted(scopes), surety));
    }

    #[test]
    fn a_person_is_asked_for_by_their_name_here() {
        let wanted = Wanted::read(Some(r#"{"id_token":{"sub":{"value":"m-1"}}}"#)).expect("it can be read");
        assert_eq!(wanted.subject.as_deref(), Some("m-1"));
        let any = Wanted::read(Some(r#"{"id_token":{"sub":null}}"#)).expect("it can be read");
        assert_eq!(any.subject, None);
    }

    #[rstest]
    #[case::two_people(r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#)]
    #[case::no_name(r#"{"id_token":{"sub":{"value":7}}}"#)]
    #[case::no_json("name")]
    #[case::no_object("[]")]
    #[case::no_member(r#"{"userinfo":"name"}"#)]
    #[case::no_request(r#"{"userinfo":{"name":1}}"#)]
    #[case::unknown_level(r#"{"id_token":{"acr":{"essential":true,"value":"urn:other:five-factors"}}}"#)]
    fn what_cannot_be_read_or_met_is_refused(#[case] text: &str) {
        assert!(Wanted::read(Some(text)).is_err());
    }
}

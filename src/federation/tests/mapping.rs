//! From claims to a person.

use serde_json::json;

use crate::{
    federation::{Claims, Mapping, MappingError, Preset, mapping::GroupRole},
    people::MemberRole,
};

fn claims(value: serde_json::Value) -> Claims {
    Claims::from_json(value.as_object().expect("an object"))
}

#[test]
fn the_usual_claims_make_a_person() {
    let mut mapping = Mapping::of(Preset::Oidc);
    mapping.group_roles = vec![
        GroupRole {
            group: "staff".to_owned(),
            role: MemberRole::Member,
        },
        GroupRole {
            group: "leads".to_owned(),
            role: MemberRole::UserManager,
        },
    ];
    mapping.attributes.insert("cost_centre".to_owned(), "cc".to_owned());
    let said = json!({"sub": "42", "email": "Ana@Acme.example", "given_name": "Ana", "family_name": "Ruiz", "groups": ["staff", "leads"], "cc": 17});
    let profile = mapping.profile(&claims(said)).expect("a person");
    assert_eq!(
        (profile.subject.as_str(), profile.email.normalized(), profile.name.as_str()),
        ("42", "ana@acme.example", "Ana Ruiz")
    );
    assert_eq!(profile.role, Some(MemberRole::UserManager), "the highest role counts");
    assert_eq!(profile.attributes["cost_centre"], "17");
}

#[test]
fn a_missing_claim_is_named() {
    let mapping = Mapping::of(Preset::Oidc);
    assert_eq!(
        mapping.profile(&claims(json!({"email": "a@b.example"}))),
        Err(MappingError::NoSubject("sub".to_owned()))
    );
    assert_eq!(
        mapping.profile(&claims(json!({"sub": "1"}))),
        Err(MappingError::NoEmail("email".to_owned()))
    );
    assert_eq!(
        mapping.profile(&claims(json!({"sub": "1", "email": "nobody"}))),
        Err(MappingError::BadEmail("email".to_owned()))
    );
}

#[test]
fn without_a_name_the_address_serves() {
    let profile = Mapping::of(Preset::Oidc).profile(&claims(json!({"sub": "1", "email": "kim@acme.example"})));
    assert_eq!(profile.expect("a person").name, "kim");
}

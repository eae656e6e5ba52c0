//! Messages and metadata made by another implementation: samlify 2.13.1 (npm), with the keys of these tests.

use super::super::{Arrival, Binding, IdpMetadata, Refusal};
use super::support::{REQUEST, Waiting, fixture};

fn from_samlify(form_value: &str) -> Result<Arrival, Refusal> {
    let metadata = IdpMetadata::parse(fixture!("samlify-metadata.xml")).unwrap();
    let waiting = Waiting {
        idp_entity_id: "https://samlify.example/metadata",
        trusted: metadata.signing,
        ..Waiting::default()
    };
    waiting.take_encoded(form_value.trim())
}

#[test]
fn metadata_of_samlify_is_read() {
    let metadata = IdpMetadata::parse(fixture!("samlify-metadata.xml")).unwrap();
    assert_eq!(metadata.entity_id, "https://samlify.example/metadata");
    assert_eq!(metadata.signing[0].subject(), "CN=idp.example");
    assert_eq!(
        (metadata.sso[0].binding, metadata.sso[0].url.as_str()),
        (Binding::Redirect, "https://samlify.example/sso")
    );
    assert_eq!(
        (metadata.slo[0].binding, metadata.slo[0].url.as_str()),
        (Binding::Redirect, "https://samlify.example/slo")
    );
}

#[test]
fn a_response_of_samlify_is_accepted() {
    let arrival = from_samlify(fixture!("samlify.b64")).unwrap();
    assert_eq!(arrival.subject.value, "ada@partner.example");
    assert_eq!(arrival.attributes["mail"], ["ada@partner.example"]);
    assert_eq!(arrival.session_index.as_deref(), Some("_session"));
    assert_eq!(arrival.in_response_to.as_deref(), Some(REQUEST));
}

#[test]
fn an_encrypted_response_of_samlify_is_accepted() {
    assert_eq!(
        from_samlify(fixture!("samlify-encrypted.b64")).unwrap().subject.value,
        "ada@partner.example"
    );
}

#[test]
fn a_response_of_samlify_with_genuine_sha1_signature_is_refused() {
    let refusal = from_samlify(fixture!("samlify-sha1.b64")).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned())
    );
}

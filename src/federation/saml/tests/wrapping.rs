//! Signature wrapping (Somorovsky et al., “On Breaking SAML”, 2012): eight ways to show a signed original to the verifier and a
//! forged assertion to the reader. Each is tried with and without trust in a signed response.

use super::super::Refusal;
use super::super::names::ASSERTION;
use super::super::signature::{signature_of, verify_enveloped};
use super::super::xml::Tree;
use super::support::{Draft, Signing, Waiting, draft, idp, insert_signature, take};

/// What the attacker wants to be read.
fn forged(id: &str) -> Draft {
    draft(|d| {
        d.assertion_id = id.to_owned();
        d.name_id = "<saml:NameID>root</saml:NameID>".to_owned();
    })
}

fn original() -> (String, String) {
    let unsigned = Draft::default().assertion();
    let signature = Signing::default().signature(&unsigned, "a1");
    (unsigned, signature)
}

fn refused_both_ways(response: &str, code: &str) {
    for signed_response_suffices in [false, true] {
        let refusal = Waiting {
            signed_response_suffices,
            ..Waiting::default()
        }
        .take(response)
        .unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
    }
}

fn signed_response() -> (String, String) {
    let draft = Draft::default();
    let response = draft.around(&draft.assertion());
    let signature = Signing::default().signature(&response, "r1");
    (response, signature)
}

#[test]
fn xsw1_the_signed_response_hidden_inside_its_signature() {
    let (response, signature) = signed_response();
    let hiding = signature.replace("</ds:Signature>", &format!("{response}</ds:Signature>"));
    let evil = forged("evil").around(&forged("evil").assertion()).replace("ID=\"r1\"", "ID=\"r2\"");
    refused_both_ways(&insert_signature(&evil, &hiding), "signature_structure");
}

#[test]
fn xsw2_the_signed_response_beside_its_signature() {
    let (response, signature) = signed_response();
    let evil = forged("evil").around(&forged("evil").assertion()).replace("ID=\"r1\"", "ID=\"r2\"");
    refused_both_ways(&insert_signature(&evil, &format!("{response}{signature}")), "reference");
}

#[test]
fn xsw3_a_forged_assertion_before_the_signed_one() {
    let content = format!("{}{}", forged("evil").assertion(), Draft::default().signed_assertion());
    refused_both_ways(&Draft::default().around(&content), "several_assertions");
}

#[test]
fn xsw4_the_signed_assertion_inside_the_forged_one() {
    let content = forged("evil").assertion().replace(
        "</saml:Assertion>",
        &format!("{}</saml:Assertion>", Draft::default().signed_assertion()),
    );
    refused_both_ways(&Draft::default().around(&content), "several_assertions");
}

#[test]
fn xsw5_the_signature_moved_into_the_forged_assertion() {
    let (unsigned, signature) = original();
    let content = format!("{}{unsigned}", insert_signature(&forged("evil").assertion(), &signature));
    refused_both_ways(&Draft::default().around(&content), "several_assertions");
}

#[test]
fn xsw6_the_original_inside_the_signature_of_the_forged_assertion() {
    let (unsigned, signature) = original();
    let hiding = signature.replace("</ds:Signature>", &format!("{unsigned}</ds:Signature>"));
    refused_both_ways(
        &Draft::default().around(&insert_signature(&forged("evil").assertion(), &hiding)),
        "several_assertions",
    );
}

#[test]
fn xsw7_the_forged_assertion_in_extensions_under_the_same_identifier() {
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", forged("a1").assertion());
    let content = format!("{extensions}{}", Draft::default().signed_assertion());
    refused_both_ways(&Draft::default().around(&content), "duplicate_id");
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", forged("evil").assertion());
    let content = format!("{extensions}{}", Draft::default().signed_assertion());
    refused_both_ways(&Draft::default().around(&content), "several_assertions");
}

#[test]
fn xsw8_the_original_in_an_object_of_the_forged_assertions_signature() {
    let (unsigned, signature) = original();
    let hiding = signature.replace("</ds:Signature>", &format!("<ds:Object>{unsigned}</ds:Object></ds:Signature>"));
    refused_both_ways(
        &Draft::default().around(&insert_signature(&forged("evil").assertion(), &hiding)),
        "several_assertions",
    );
}

#[test]
fn the_original_anywhere_else_than_in_the_response_is_refused() {
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", Draft::default().signed_assertion());
    refused_both_ways(&Draft::default().around(&extensions), "misplaced_assertion");
}

#[test]
fn the_same_assertion_twice_is_refused() {
    let twice = format!("{0}{0}", Draft::default().signed_assertion());
    refused_both_ways(&Draft::default().around(&twice), "duplicate_id");
}

#[test]
fn an_identifier_twice_is_refused_whatever_the_attribute_is_called() {
    for attribute in ["ID", "Id", "id", "xml:id"] {
        let content = format!(
            "<samlp:Extensions><x {attribute}=\"a1\"/></samlp:Extensions>{}",
            Draft::default().signed_assertion()
        );
        refused_both_ways(&Draft::default().around(&content), "duplicate_id");
    }
}

/// The second line of defence, without the count of assertions before it.
fn verify_first_assertion(content: &str) -> Result<Option<String>, Refusal> {
    let tree = Tree::parse(&Draft::default().around(content)).unwrap();
    let assertion = tree.root().first(ASSERTION, "Assertion").unwrap();
    let signature = signature_of(assertion)?.unwrap();
    let signed = verify_enveloped(assertion, signature, &[idp().certificate().clone()])?;
    Ok(signed
        .tree
        .root()
        .first(ASSERTION, "Subject")
        .and_then(|subject| subject.first(ASSERTION, "NameID"))
        .and_then(|name| name.text()))
}

#[test]
fn a_signature_counts_only_for_the_element_it_stands_in() {
    let (unsigned, signature) = original();
    assert_eq!(
        verify_first_assertion(&insert_signature(&unsigned, &signature)).unwrap().as_deref(),
        Some("ada")
    );
    let moved = insert_signature(&forged("evil").assertion(), &signature);
    assert_eq!(
        verify_first_assertion(&format!("{moved}{unsigned}")).unwrap_err(),
        Refusal::Reference
    );
    let renamed = insert_signature(&forged("a1").assertion(), &signature);
    assert_eq!(
        verify_first_assertion(&format!("{renamed}{unsigned}")).unwrap_err(),
        Refusal::ContentChanged
    );
}

#[test]
fn what_stands_inside_the_signature_is_never_read() {
    // KeyInfo is the one part of a signature that may carry anything; nothing in it becomes content.
    let attribute = "<saml:AttributeStatement xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><saml:Attribute Name=\"role\">\
                     <saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
    let signing = Signing::with(|s| s.key_info = format!("<ds:KeyInfo>{attribute}</ds:KeyInfo>"));
    let response = Draft::default().around(&signing.enveloped(&Draft::default().assertion(), "a1"));
    assert!(!take(&response).unwrap().attributes.contains_key("role"));
}

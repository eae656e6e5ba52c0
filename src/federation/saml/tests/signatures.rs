//! Signatures that must not count: weak, foreign, missing, of the wrong shape, or over something else.

use super::super::names::{ECDSA_SHA256, ENVELOPED, EXCLUSIVE_C14N, RSA_SHA384, SHA1};
use super::super::{Refusal, SigningCertificate};
use super::support::{
    Draft, Pen, Signing, Waiting, attacker, draft, elliptic_certificate, idp, insert_signature, key_info, portal, refused, take,
};

fn with_signature(change: impl FnOnce(&mut Signing)) -> String {
    let draft = Draft::default();
    draft.around(&Signing::with(change).enveloped(&draft.assertion(), "a1"))
}

#[test]
fn an_unsigned_assertion_is_refused() {
    let draft = Draft::default();
    assert_eq!(refused(&draft.around(&draft.assertion())), "assertion_unsigned");
}

#[test]
fn a_signature_on_the_response_alone_is_refused_unless_allowed() {
    let draft = Draft::default();
    let response = Signing::default().enveloped(&draft.around(&draft.assertion()), "r1");
    assert_eq!(refused(&response), "assertion_unsigned");
    let arrival = Waiting {
        signed_response_suffices: true,
        ..Waiting::default()
    }
    .take(&response)
    .unwrap();
    assert_eq!(arrival.subject.value, "ada");
}

#[test]
fn signatures_on_both_are_verified_both() {
    let response = Signing::default().enveloped(&Draft::default().signed(), "r1");
    assert_eq!(take(&response).unwrap().subject.value, "ada");
    // The response's signature is broken, the assertion's is not.
    let changed = response.replacen("InResponseTo=\"id-request\"", "InResponseTo=\"id-changed\"", 1);
    assert_eq!(refused(&changed), "content_changed");
    let foreign = Signing::with(|s| s.pen = Pen::Rsa(attacker())).enveloped(&Draft::default().signed(), "r1");
    assert_eq!(refused(&foreign), "untrusted_signature");
}

#[test]
fn a_signed_response_must_be_addressed() {
    let response = Signing::default().enveloped(&draft(|d| d.destination = None).signed(), "r1");
    assert_eq!(refused(&response), "destination");
    assert!(take(&draft(|d| d.destination = None).signed()).is_ok());
}

#[test]
fn one_changed_character_is_noticed() {
    let changed = Draft::default().signed().replace(">ada<", ">eda<");
    assert_eq!(refused(&changed), "content_changed");
}

#[test]
fn a_foreign_key_is_refused_even_when_the_message_brings_its_certificate() {
    let with_key = with_signature(|s| (s.pen, s.key_info) = (Pen::Rsa(attacker()), key_info(&attacker())));
    assert_eq!(refused(&with_key), "untrusted_signature");
    // Nor does naming the trusted certificate help.
    let with_name = with_signature(|s| (s.pen, s.key_info) = (Pen::Rsa(attacker()), key_info(&idp())));
    assert_eq!(refused(&with_name), "untrusted_signature");
}

#[test]
fn any_of_several_trusted_certificates_will_do() {
    let waiting = Waiting {
        trusted: vec![portal().certificate().clone(), idp().certificate().clone()],
        ..Waiting::default()
    };
    assert!(waiting.take(&Draft::default().signed()).is_ok());
    assert_eq!(
        Waiting {
            trusted: Vec::new(),
            ..Waiting::default()
        }
        .take(&Draft::default().signed())
        .unwrap_err()
        .code(),
        "untrusted_signature"
    );
}

#[test]
fn ecdsa_is_accepted_with_a_key_of_that_kind_alone() {
    let response = with_signature(|s| (s.pen, s.method) = (Pen::P256, ECDSA_SHA256.to_owned()));
    let waiting = Waiting {
        trusted: vec![elliptic_certificate()],
        ..Waiting::default()
    };
    assert_eq!(waiting.take(&response).unwrap().subject.value, "ada");
    assert_eq!(refused(&response), "untrusted_signature");
}

#[test]
fn a_sha1_signature_is_refused_by_its_name() {
    let uri = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
    let refusal = take(&with_signature(|s| s.method = uri.to_owned())).unwrap_err();
    assert_eq!(refusal, Refusal::SignatureAlgorithm(uri.to_owned()));
}

#[test]
fn a_sha1_digest_is_refused_though_it_fits() {
    let refusal = take(&with_signature(|s| s.digest = SHA1.to_owned())).unwrap_err();
    assert_eq!(refusal, Refusal::DigestAlgorithm(SHA1.to_owned()));
}

#[test]
fn a_mac_made_with_the_public_certificate_is_refused() {
    let uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    for secret in [
        idp().certificate().der().to_vec(),
        idp().certificate().pem().into_bytes(),
        idp().certificate().key().to_vec(),
    ] {
        let refusal = take(&with_signature(|s| (s.pen, s.method) = (Pen::Hmac(secret), uri.to_owned()))).unwrap_err();
        assert_eq!(refusal, Refusal::SignatureAlgorithm(uri.to_owned()));
    }
}

#[test]
fn the_named_algorithm_must_be_the_one_used() {
    assert_eq!(
        refused(&with_signature(|s| s.method = RSA_SHA384.to_owned())),
        "untrusted_signature"
    );
}

#[test]
fn only_exclusive_canonicalisation_without_comments_is_accepted() {
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let comments = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
    for uri in [inclusive, comments] {
        assert_eq!(
            refused(&with_signature(|s| s.canonicalisation = uri.to_owned())),
            "canonicalisation"
        );
        assert_eq!(
            refused(&with_signature(|s| s.transforms = vec![ENVELOPED.to_owned(), uri.to_owned()])),
            "transform"
        );
    }
}

#[test]
fn transforms_that_could_hide_content_are_refused() {
    for uri in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
    ] {
        let transforms = vec![ENVELOPED.to_owned(), uri.to_owned(), EXCLUSIVE_C14N.to_owned()];
        assert_eq!(refused(&with_signature(|s| s.transforms = transforms)), "transform");
    }
    assert_eq!(
        refused(&with_signature(|s| s.transforms = vec![EXCLUSIVE_C14N.to_owned()])),
        "signature_structure"
    );
    assert_eq!(
        refused(&with_signature(|s| s.transforms = vec![ENVELOPED.to_owned()])),
        "signature_structure"
    );
}

#[test]
fn a_reference_to_the_whole_document_or_elsewhere_is_refused() {
    for uri in ["", "#r1", "#xpointer(id('a1'))", "https://evil.example/a1"] {
        assert_eq!(
            refused(&with_signature(|s| s.reference = Some(uri.to_owned()))),
            "reference",
            "{uri}"
        );
    }
}

#[test]
fn a_second_reference_is_refused() {
    let good = Draft::default().signed();
    let (start, end) = (
        good.find("<ds:Reference").unwrap(),
        good.find("</ds:Reference>").unwrap() + "</ds:Reference>".len(),
    );
    let doubled = format!("{}{}{}", &good[..end], &good[start..end], &good[end..]);
    assert_eq!(refused(&doubled), "untrusted_signature");
}

#[test]
fn a_second_signature_is_refused() {
    let draft = Draft::default();
    let forged = Signing::with(|s| s.pen = Pen::Rsa(attacker())).signature(&draft.assertion(), "a1");
    assert_eq!(
        refused(&draft.around(&insert_signature(&draft.signed_assertion(), &forged))),
        "signature_structure"
    );
}

#[test]
fn an_object_in_the_signature_is_refused() {
    assert_eq!(
        refused(&with_signature(|s| s.more = "<ds:Object><x/></ds:Object>".to_owned())),
        "signature_structure"
    );
}

#[test]
fn inclusive_prefixes_are_honoured() {
    // As OpenSAML signs: the prefix of xsi:type's value belongs to what is signed.
    let xml = Draft::default().assertion().replacen(
        "<saml:Assertion ",
        "<saml:Assertion xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ",
        1,
    );
    let signed = Signing::with(|s| s.prefixes = vec!["xs".to_owned()]).enveloped(&xml, "a1");
    assert_eq!(take(&Draft::default().around(&signed)).unwrap().subject.value, "ada");
}

#[test]
fn an_rsa_key_below_2048_bits_is_not_trusted() {
    let error = SigningCertificate::from_pem(super::support::fixture!("weak.crt.pem")).unwrap_err();
    assert_eq!(error, super::super::CertificateError::KeySize);
}

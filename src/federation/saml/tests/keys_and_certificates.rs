//! The portal's own keys, and certificates in their several forms.

use chrono::{Datelike as _, Duration};

use super::super::{CertificateError, KeyError, KeyKind, RsaBits, SigningCertificate, SpKeys};
use super::support::{attacker, elliptic_certificate, fixture, idp, now, portal};

#[test]
fn new_keys_come_with_a_certificate_that_names_them() {
    let keys = SpKeys::generate(RsaBits::Two048, "portal.example", [0xff; 16], now(), now() + Duration::days(1095)).unwrap();
    assert_eq!(keys.certificate().subject(), "CN=portal.example");
    assert_eq!(keys.certificate().not_before(), now());
    assert_eq!(keys.certificate().not_after(), now() + Duration::days(1095));
    assert_eq!(keys.certificate().kind(), KeyKind::Rsa);
    let again = SpKeys::from_pem(&keys.private_key_pem().unwrap(), &keys.certificate().pem()).unwrap();
    assert_eq!(again.certificate(), keys.certificate());
}

#[test]
fn a_certificate_may_end_after_2049() {
    let keys = SpKeys::generate(RsaBits::Two048, "portal.example", [0; 16], now(), now() + Duration::days(36_500)).unwrap();
    assert_eq!(keys.certificate().not_after().year(), 2126);
}

#[test]
fn a_new_certificate_is_signed_with_its_own_key() {
    use x509_cert::der::{Decode as _, Encode as _};
    let keys = SpKeys::generate(RsaBits::Two048, "portal.example", [1; 16], now(), now() + Duration::days(1)).unwrap();
    let parsed = x509_cert::Certificate::from_der(keys.certificate().der()).unwrap();
    let signed = parsed.tbs_certificate.to_der().unwrap();
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
        parsed.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes(),
    );
    assert!(public.verify(&signed, parsed.signature.raw_bytes()).is_ok());
}

#[test]
fn names_and_dates_of_new_certificates_are_checked() {
    let make = |name: &str, days| SpKeys::generate(RsaBits::Two048, name, [1; 16], now(), now() + Duration::days(days)).unwrap_err();
    assert_eq!(make("a,OU=b", 1), KeyError::Name);
    assert_eq!(make(" ", 1), KeyError::Name);
    assert_eq!(make("portal.example", 0), KeyError::Dates);
}

#[test]
fn a_key_and_a_foreign_certificate_are_refused() {
    assert_eq!(
        SpKeys::from_pem(fixture!("sp.key.pem"), fixture!("idp.crt.pem")).unwrap_err(),
        KeyError::Mismatch
    );
    assert_eq!(
        SpKeys::from_pem(fixture!("sp.crt.pem"), fixture!("sp.crt.pem")).unwrap_err(),
        KeyError::UnreadableKey
    );
    assert_eq!(
        SpKeys::from_pem(fixture!("ec.key.pem"), fixture!("ec.crt.pem")).unwrap_err(),
        KeyError::UnreadableKey
    );
}

#[test]
fn debug_output_shows_no_private_key() {
    let shown = format!("{:?}", portal());
    assert!(shown.contains("CN=sp.example"));
    let line = fixture!("sp.key.pem").lines().nth(1).unwrap();
    assert!(!shown.contains(line) && shown.len() < 300);
}

#[test]
fn pem_base64_and_der_give_the_same_certificate() {
    let certificate = idp().certificate().clone();
    assert_eq!(SigningCertificate::from_der(certificate.der()).unwrap(), certificate);
    assert_eq!(SigningCertificate::from_base64(&certificate.base64()).unwrap(), certificate);
    assert_eq!(SigningCertificate::from_pem(&certificate.pem()).unwrap(), certificate);
    assert_ne!(attacker().certificate(), &certificate);
    assert_eq!(elliptic_certificate().kind(), KeyKind::P256);
}

#[test]
fn what_is_no_certificate_is_refused() {
    for text in ["", "AAAA", "not base64!"] {
        assert_eq!(SigningCertificate::from_base64(text).unwrap_err(), CertificateError::Unreadable);
    }
    assert_eq!(
        SigningCertificate::from_pem(fixture!("idp.key.pem")).unwrap_err(),
        CertificateError::Unreadable
    );
}

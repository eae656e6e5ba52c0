//! Metadata of identity providers, good and unusable, and this portal's own.

use chrono::Duration;

use super::super::names::{METADATA, PROTOCOL};
use super::super::xml::Tree;
use super::super::{Binding, CertificateError, IdpMetadata, MAX_METADATA, MetadataError, SpDescription, sp_metadata};
use super::support::{ACS, at, elliptic_certificate, idp, now, portal};

const SSO: &str = "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example/sso\"/>\
                   <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example/post\"/>\
                   <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://idp.example/soap\"/>";

fn key(purpose: &str, certificate: &str) -> String {
    format!(
        "<md:KeyDescriptor{purpose}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>\n{certificate}\n\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn descriptor(attributes: &str, content: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"https://idp.example/metadata\" {attributes}>\
         <md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"{PROTOCOL}\">{content}</md:IDPSSODescriptor>\
         </md:EntityDescriptor>"
    )
}

fn good() -> String {
    let signing = format!(
        "{}{}",
        key(" use=\"signing\"", &idp().certificate().base64()),
        key("", &elliptic_certificate().base64())
    );
    let encryption = key(" use=\"encryption\"", &portal().certificate().base64());
    let logout = "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example/slo\" \
                  ResponseLocation=\"https://idp.example/slo/done\"/>";
    let format = "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>";
    let validity = format!("validUntil=\"{}\" cacheDuration=\"PT6H\"", at(60));
    descriptor(&validity, &format!("{signing}{encryption}{logout}{format}{SSO}"))
}

#[test]
fn good_metadata_is_read() {
    let metadata = IdpMetadata::parse(&good()).unwrap();
    assert_eq!(metadata.entity_id, "https://idp.example/metadata");
    let sso: Vec<_> = metadata
        .sso
        .iter()
        .map(|endpoint| (endpoint.binding, endpoint.url.as_str()))
        .collect();
    assert_eq!(
        sso,
        [
            (Binding::Redirect, "https://idp.example/sso"),
            (Binding::Post, "https://idp.example/post")
        ]
    );
    assert_eq!(metadata.slo[0].response_url.as_deref(), Some("https://idp.example/slo/done"));
    assert_eq!(metadata.signing, [idp().certificate().clone(), elliptic_certificate()]);
    assert!(metadata.wants_authn_requests_signed);
    assert_eq!(metadata.name_id_formats, ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"]);
    assert_eq!(metadata.valid_until, Some(now() + Duration::hours(1)));
    assert_eq!(metadata.cache_duration, Some(Duration::hours(6)));
    assert_eq!(metadata.ensure_current(now()), Ok(()));
}

fn collection(attributes: &str, content: &str) -> String {
    format!("<md:EntitiesDescriptor xmlns:md=\"{METADATA}\" {attributes}>{content}</md:EntitiesDescriptor>")
}

#[test]
fn a_collection_with_one_provider_is_read_with_the_narrower_validity() {
    let metadata = IdpMetadata::parse(&collection(&format!("validUntil=\"{}\"", at(30)), &good())).unwrap();
    assert_eq!(metadata.valid_until, Some(now() + Duration::minutes(30)));
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert!(IdpMetadata::parse(&format!("\u{feff}{}", good())).is_ok());
}

#[test]
fn two_providers_are_refused() {
    assert_eq!(
        IdpMetadata::parse(&collection("", &format!("{0}{0}", good()))),
        Err(MetadataError::SeveralProviders(2))
    );
}

#[test]
fn no_provider_is_refused() {
    assert_eq!(IdpMetadata::parse(&collection("", "")), Err(MetadataError::NoProvider));
    let old = good().replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol");
    assert_eq!(IdpMetadata::parse(&old), Err(MetadataError::NoProvider));
}

#[test]
fn what_is_not_metadata_is_refused() {
    assert_eq!(
        IdpMetadata::parse("<html><body>Sign in</body></html>"),
        Err(MetadataError::NotMetadata("html".to_owned()))
    );
    for text in ["", "nothing", "<md:EntityDescriptor>", "<a></b>"] {
        assert_eq!(IdpMetadata::parse(text), Err(MetadataError::NotXml), "{text}");
    }
}

#[test]
fn a_document_type_is_refused() {
    assert_eq!(
        IdpMetadata::parse(&format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{}", good())),
        Err(MetadataError::DocumentType)
    );
}

#[test]
fn more_than_half_a_megabyte_is_refused() {
    assert_eq!(
        IdpMetadata::parse(&format!("{}{}", good(), " ".repeat(MAX_METADATA))),
        Err(MetadataError::TooLarge)
    );
}

#[test]
fn expired_metadata_is_refused() {
    let metadata = IdpMetadata::parse(&good()).unwrap();
    let end = now() + Duration::hours(1);
    assert_eq!(metadata.ensure_current(end), Err(MetadataError::Expired(end)));
}

#[test]
fn unreadable_validity_is_refused() {
    let parse = |attributes: &str| IdpMetadata::parse(&collection(attributes, &good())).unwrap_err();
    assert_eq!(parse("validUntil=\"soon\""), MetadataError::Validity("validUntil"));
    for duration in ["", "6H", "P", "PT", "PTH", "P1H", "-P1D"] {
        assert_eq!(
            parse(&format!("cacheDuration=\"{duration}\"")),
            MetadataError::Validity("cacheDuration"),
            "{duration}"
        );
    }
}

#[test]
fn metadata_without_a_signing_certificate_is_refused() {
    assert_eq!(IdpMetadata::parse(&descriptor("", SSO)), Err(MetadataError::NoCertificate));
    let encryption = key(" use=\"encryption\"", &idp().certificate().base64());
    assert_eq!(
        IdpMetadata::parse(&descriptor("", &format!("{encryption}{SSO}"))),
        Err(MetadataError::NoCertificate)
    );
}

#[test]
fn a_broken_certificate_is_refused() {
    let broken = descriptor("", &format!("{}{SSO}", key("", "MIIB")));
    assert_eq!(
        IdpMetadata::parse(&broken),
        Err(MetadataError::Certificate(CertificateError::Unreadable))
    );
}

#[test]
fn metadata_without_a_usable_sign_in_address_is_refused() {
    let signing = key("", &idp().certificate().base64());
    assert_eq!(IdpMetadata::parse(&descriptor("", &signing)), Err(MetadataError::NoSignIn));
    for address in [
        "javascript:alert(1)",
        "javascript://idp.example/%0aalert(1)",
        "data:text/html,x",
        "idp.example/sso",
        "",
    ] {
        let bad = descriptor("", &format!("{signing}{}", SSO.replacen("https://idp.example/sso", address, 1)));
        assert_eq!(IdpMetadata::parse(&bad), Err(MetadataError::Address(address.to_owned())));
    }
}

#[test]
fn metadata_without_an_entity_id_is_refused() {
    assert_eq!(
        IdpMetadata::parse(&good().replace("https://idp.example/metadata", " ")),
        Err(MetadataError::EntityId)
    );
}

#[test]
fn own_metadata_shows_both_certificates_during_a_roll_over() {
    let (old, new) = (idp(), portal());
    let xml = sp_metadata(&SpDescription {
        entity_id: "https://portal.example/saml?a&b",
        acs_url: ACS,
        slo_url: Some("https://portal.example/saml/slo"),
        signing: vec![old.certificate(), new.certificate()],
        encryption: vec![new.certificate()],
        name_id_formats: vec![super::super::names::FORMAT_PERSISTENT],
        valid_until: Some(now()),
    });
    let tree = Tree::parse(&xml).unwrap();
    assert_eq!(tree.root().attribute("entityID"), Some("https://portal.example/saml?a&b"));
    let provider = tree.root().only(METADATA, "SPSSODescriptor").unwrap();
    assert_eq!(provider.attribute("WantAssertionsSigned"), Some("true"));
    assert_eq!(provider.attribute("AuthnRequestsSigned"), Some("true"));
    let uses: Vec<_> = provider
        .all(METADATA, "KeyDescriptor")
        .filter_map(|key| key.attribute("use"))
        .collect();
    assert_eq!(uses, ["signing", "signing", "encryption"]);
    assert_eq!(
        provider.only(METADATA, "AssertionConsumerService").unwrap().attribute("Location"),
        Some(ACS)
    );
    assert_eq!(provider.all(METADATA, "SingleLogoutService").count(), 2);
    let (signing, encryption) = xml.split_once("use=\"encryption\"").unwrap();
    assert!(signing.contains(&old.certificate().base64()) && signing.contains(&new.certificate().base64()));
    assert!(!encryption.contains(&old.certificate().base64()) && encryption.contains(&new.certificate().base64()));
}

//! Keys, a clock, and an identity provider that builds and signs responses, good or deliberately bad. The keys in `fixtures/`
//! were made with `openssl req -x509 -nodes` for these tests alone.

use std::collections::BTreeSet;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, TimeZone as _, Utc};

use super::super::names::{BEARER, DSIG, ENVELOPED, EXCLUSIVE_C14N, RSA_SHA256, SHA1, SHA256, SUCCESS};
use super::super::xml::Tree;
use super::super::{Arrival, CLOCK_SKEW, Expectation, Refusal, SigningCertificate, SpKeys, validate_response};

pub const IDP: &str = "https://idp.example/metadata";
pub const PORTAL: &str = "https://portal.example/saml";
pub const ACS: &str = "https://portal.example/saml/acs";
pub const REQUEST: &str = "id-request";

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap()
}

pub fn at(minutes: i64) -> String {
    super::super::time::write(now() + Duration::minutes(minutes))
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/", $name))
    };
}
pub(crate) use fixture;

pub fn idp() -> SpKeys {
    SpKeys::from_pem(fixture!("idp.key.pem"), fixture!("idp.crt.pem")).unwrap()
}

pub fn attacker() -> SpKeys {
    SpKeys::from_pem(fixture!("attacker.key.pem"), fixture!("attacker.crt.pem")).unwrap()
}

pub fn portal() -> SpKeys {
    SpKeys::from_pem(fixture!("sp.key.pem"), fixture!("sp.crt.pem")).unwrap()
}

pub fn elliptic_certificate() -> SigningCertificate {
    SigningCertificate::from_pem(fixture!("ec.crt.pem")).unwrap()
}

/// What the portal of the tests waits for; fields are changed before [`Waiting::take`].
pub struct Waiting {
    pub idp_entity_id: &'static str,
    pub trusted: Vec<SigningCertificate>,
    pub outstanding: BTreeSet<String>,
    pub unsolicited_accepted: bool,
    pub decryption_keys: Vec<SpKeys>,
    pub signed_response_suffices: bool,
    pub now: DateTime<Utc>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            idp_entity_id: IDP,
            trusted: vec![idp().certificate().clone()],
            outstanding: BTreeSet::from([REQUEST.to_owned()]),
            unsolicited_accepted: false,
            decryption_keys: vec![portal()],
            signed_response_suffices: false,
            now: now(),
        }
    }
}

impl Waiting {
    pub fn take(&self, xml: &str) -> Result<Arrival, Refusal> {
        self.take_encoded(&STANDARD.encode(xml))
    }

    pub fn take_encoded(&self, form_value: &str) -> Result<Arrival, Refusal> {
        let expectation = Expectation {
            idp_entity_id: self.idp_entity_id,
            trusted: &self.trusted,
            entity_id: PORTAL,
            acs_url: ACS,
            outstanding: &self.outstanding,
            unsolicited_accepted: self.unsolicited_accepted,
            clock_skew: CLOCK_SKEW,
            decryption_keys: &self.decryption_keys,
            signed_response_suffices: self.signed_response_suffices,
        };
        validate_response(&expectation, form_value, self.now)
    }
}

pub fn take(xml: &str) -> Result<Arrival, Refusal> {
    Waiting::default().take(xml)
}

/// The code of the refusal that `xml` meets; panics when it is accepted.
pub fn refused(xml: &str) -> &'static str {
    take(xml).unwrap_err().code()
}

/// A response with one assertion; every field holds what a good one would.
#[derive(Clone)]
pub struct Draft {
    pub response_issuer: String,
    pub issuer: String,
    pub destination: Option<String>,
    pub recipient: String,
    pub conditions: String,
    pub audience: String,
    pub response_to: Option<String>,
    pub confirmation_to: Option<String>,
    pub confirmation_end: Option<String>,
    pub method: String,
    pub issued: String,
    pub status: String,
    pub name_id: String,
    pub authn: String,
    pub attributes: String,
    pub assertion_id: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            response_issuer: IDP.to_owned(),
            issuer: IDP.to_owned(),
            destination: Some(ACS.to_owned()),
            recipient: ACS.to_owned(),
            conditions: format!("NotBefore=\"{}\" NotOnOrAfter=\"{}\"", at(-1), at(5)),
            audience: format!("<saml:AudienceRestriction><saml:Audience>{PORTAL}</saml:Audience></saml:AudienceRestriction>"),
            response_to: Some(REQUEST.to_owned()),
            confirmation_to: Some(REQUEST.to_owned()),
            confirmation_end: Some(at(5)),
            method: BEARER.to_owned(),
            issued: at(0),
            status: format!("<samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status>"),
            name_id: "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" NameQualifier=\"hr\">ada</saml:NameID>"
                .to_owned(),
            authn: format!(
                "AuthnInstant=\"{}\" SessionIndex=\"s1\" SessionNotOnOrAfter=\"{}\"",
                at(-1),
                at(480)
            ),
            attributes: "<saml:Attribute Name=\"urn:oid:0.9.2342.19200300.100.1.3\" FriendlyName=\"mail\"><saml:AttributeValue \
                         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
                         xsi:type=\"xs:string\">ada@partner.example</saml:AttributeValue></saml:Attribute>"
                .to_owned(),
            assertion_id: "a1".to_owned(),
        }
    }
}

fn optional(name: &str, value: Option<&String>) -> String {
    value.map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default()
}

impl Draft {
    pub fn assertion(&self) -> String {
        format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\">\
             <saml:Issuer>{}</saml:Issuer><saml:Subject>{}<saml:SubjectConfirmation Method=\"{}\">\
             <saml:SubjectConfirmationData Recipient=\"{}\"{}{}/></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions {}>{}</saml:Conditions><saml:AuthnStatement {}><saml:AuthnContext><saml:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>",
            self.assertion_id,
            self.issued,
            self.issuer,
            self.name_id,
            self.method,
            self.recipient,
            optional("NotOnOrAfter", self.confirmation_end.as_ref()),
            optional("InResponseTo", self.confirmation_to.as_ref()),
            self.conditions,
            self.audience,
            self.authn,
            self.attributes,
        )
    }

    /// The response around `content`, unsigned.
    pub fn around(&self, content: &str) -> String {
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"r1\" Version=\"2.0\" IssueInstant=\"{}\"{}{}>\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:Issuer>{}{content}</samlp:Response>",
            self.issued,
            optional("Destination", self.destination.as_ref()),
            optional("InResponseTo", self.response_to.as_ref()),
            self.response_issuer,
            self.status,
        )
    }

    /// The response with the assertion signed by the identity provider.
    pub fn signed(&self) -> String {
        self.around(&self.signed_assertion())
    }

    pub fn signed_assertion(&self) -> String {
        Signing::default().enveloped(&self.assertion(), &self.assertion_id)
    }
}

pub fn draft(change: impl FnOnce(&mut Draft)) -> Draft {
    let mut draft = Draft::default();
    change(&mut draft);
    draft
}

/// What computes the signature value.
pub enum Pen {
    Rsa(SpKeys),
    P256,
    /// HMAC-SHA256 with these bytes as the secret.
    Hmac(Vec<u8>),
}

/// How a signature is made; every field holds what a good one would.
pub struct Signing {
    pub pen: Pen,
    pub method: String,
    pub digest: String,
    pub canonicalisation: String,
    pub transforms: Vec<String>,
    pub reference: Option<String>,
    pub prefixes: Vec<String>,
    pub key_info: String,
    pub more: String,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            pen: Pen::Rsa(idp()),
            method: RSA_SHA256.to_owned(),
            digest: SHA256.to_owned(),
            canonicalisation: EXCLUSIVE_C14N.to_owned(),
            transforms: vec![ENVELOPED.to_owned(), EXCLUSIVE_C14N.to_owned()],
            reference: None,
            prefixes: Vec::new(),
            key_info: String::new(),
            more: String::new(),
        }
    }
}

impl Signing {
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut signing = Self::default();
        change(&mut signing);
        signing
    }

    /// The `ds:Signature` over the root of `xml`, which has the identifier `id`.
    pub fn signature(&self, xml: &str, id: &str) -> String {
        let content = Tree::parse(xml).unwrap().root().canonical(None, &self.prefixes).unwrap();
        let algorithm = if self.digest == SHA1 {
            &digest::SHA1_FOR_LEGACY_USE_ONLY
        } else {
            &digest::SHA256
        };
        let value = STANDARD.encode(digest::digest(algorithm, content.as_bytes()));
        let reference = self.reference.clone().unwrap_or_else(|| format!("#{id}"));
        let parameter = match self.prefixes.as_slice() {
            [] => String::new(),
            prefixes => format!(
                "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE_C14N}\" PrefixList=\"{}\"/>",
                prefixes.join(" ")
            ),
        };
        let transforms: String = self
            .transforms
            .iter()
            .map(|uri| {
                let parameter = if uri == EXCLUSIVE_C14N { parameter.as_str() } else { "" };
                format!("<ds:Transform Algorithm=\"{uri}\">{parameter}</ds:Transform>")
            })
            .collect();
        let signed_info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DSIG}\"><ds:CanonicalizationMethod Algorithm=\"{}\"/><ds:SignatureMethod Algorithm=\"{}\"/>\
             <ds:Reference URI=\"{reference}\"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm=\"{}\"/>\
             <ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            self.canonicalisation, self.method, self.digest
        );
        let bytes = Tree::parse(&signed_info).unwrap().root().canonical(None, &[]).unwrap();
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\">{signed_info}<ds:SignatureValue>{}</ds:SignatureValue>{}{}</ds:Signature>",
            self.pen.write(bytes.as_bytes()),
            self.key_info,
            self.more
        )
    }

    /// `xml` with the signature after the first issuer.
    pub fn enveloped(&self, xml: &str, id: &str) -> String {
        insert_signature(xml, &self.signature(xml, id))
    }
}

pub fn insert_signature(xml: &str, signature: &str) -> String {
    xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
}

impl Pen {
    fn write(&self, bytes: &[u8]) -> String {
        match self {
            Self::Rsa(keys) => keys.signature(bytes).unwrap(),
            Self::Hmac(secret) => STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), bytes)),
            Self::P256 => {
                let (_, der) = x509_cert::der::pem::decode_vec(fixture!("ec.key.pem").trim().as_bytes()).unwrap();
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
                STANDARD.encode(pair.sign(&SystemRandom::new(), bytes).unwrap())
            }
        }
    }
}

/// A `ds:KeyInfo` with the certificate of `keys`.
pub fn key_info(keys: &SpKeys) -> String {
    let certificate = keys.certificate().base64();
    format!("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>")
}

//! Writes this portal's own metadata, which the identity provider's administrator uploads (metadata §2.4.4).

use chrono::{DateTime, Utc};

use super::certificate::SigningCertificate;
use super::names::{self, DSIG, METADATA, POST_BINDING, PROTOCOL, REDIRECT_BINDING};
use super::time;
use super::xml::escape;

/// This portal as identity providers see it.
#[derive(Debug, Clone)]
pub struct SpDescription<'a> {
    /// The entity identifier.
    pub entity_id: &'a str,
    /// Where responses are posted.
    pub acs_url: &'a str,
    /// Where logout messages arrive, by redirect and by POST; `None` publishes no single logout.
    pub slo_url: Option<&'a str>,
    /// Certificates of the keys that sign: one, or the old and the new one during a roll-over.
    pub signing: Vec<&'a SigningCertificate>,
    /// Certificates to encrypt assertions for: the new one alone during a roll-over, since the old key still decrypts.
    pub encryption: Vec<&'a SigningCertificate>,
    /// Name identifier formats in order of preference; may be empty.
    pub name_id_formats: Vec<&'a str>,
    /// When the document ends.
    pub valid_until: Option<DateTime<Utc>>,
}

/// The `EntityDescriptor`, unsigned. It asks for signed assertions and announces signed requests.
pub fn sp_metadata(description: &SpDescription<'_>) -> String {
    let until = description
        .valid_until
        .map(|end| format!(" validUntil=\"{}\"", time::write(end)))
        .unwrap_or_default();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{}\"{until}>\n  \
         <md:SPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\" AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\">\n",
        escape(description.entity_id)
    );
    for certificate in &description.signing {
        xml.push_str(&key_descriptor("signing", certificate, ""));
    }
    let methods: String = [names::AES256_GCM, names::AES128_GCM, names::RSA_OAEP_MGF1P]
        .iter()
        .map(|method| format!("      <md:EncryptionMethod Algorithm=\"{method}\"/>\n"))
        .collect();
    for certificate in &description.encryption {
        xml.push_str(&key_descriptor("encryption", certificate, &methods));
    }
    if let Some(url) = description.slo_url {
        for binding in [REDIRECT_BINDING, POST_BINDING] {
            xml.push_str(&format!(
                "    <md:SingleLogoutService Binding=\"{binding}\" Location=\"{}\"/>\n",
                escape(url)
            ));
        }
    }
    for format in &description.name_id_formats {
        xml.push_str(&format!("    <md:NameIDFormat>{}</md:NameIDFormat>\n", escape(format)));
    }
    xml.push_str(&format!(
        "    <md:AssertionConsumerService Binding=\"{POST_BINDING}\" Location=\"{}\" index=\"0\" isDefault=\"true\"/>\n  \
         </md:SPSSODescriptor>\n</md:EntityDescriptor>\n",
        escape(description.acs_url)
    ));
    xml
}

fn key_descriptor(purpose: &str, certificate: &SigningCertificate, methods: &str) -> String {
    format!(
        "    <md:KeyDescriptor use=\"{purpose}\">\n      <ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo>\n{methods}    </md:KeyDescriptor>\n",
        certificate.base64()
    )
}

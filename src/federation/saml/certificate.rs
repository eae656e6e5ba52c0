//! Certificates of identity providers and of this portal: read from DER, PEM or base64, as carriers of a public key.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use x509_cert::Certificate as X509;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _, pem};

use super::xml::base64_without_space;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The shortest RSA modulus that is trusted, in bytes.
const MIN_MODULUS: usize = 256;
/// The longest RSA modulus that is verified, in bytes.
const MAX_MODULUS: usize = 1024;

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not base64, PEM or DER of an X.509 certificate.
    #[error("The certificate cannot be read. It must be an X.509 certificate.")]
    Unreadable,
    /// Another kind of key than RSA or ECDSA on a NIST curve.
    #[error("The certificate has a kind of key that is not supported. RSA and ECDSA (P-256, P-384, P-521) are.")]
    KeyKind,
    /// RSA below 2048 or above 8192 bits.
    #[error("The certificate's RSA key must have between 2048 and 8192 bits.")]
    KeySize,
}

/// The kind of public key in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with 2048 to 8192 bits.
    Rsa,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
}

/// A certificate whose key is trusted because an administrator or metadata says so; its issuer and dates are shown, not
/// enforced (SAML V2.0 Metadata Interoperability Profile §2.6.1).
#[derive(Clone, PartialEq, Eq)]
pub struct SigningCertificate {
    der: Vec<u8>,
    subject: String,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    kind: KeyKind,
    key: Vec<u8>,
}

impl SigningCertificate {
    /// Reads one certificate in DER.
    ///
    /// # Errors
    /// [`CertificateError`] when it is unreadable or its key is unsuitable.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = X509::from_der(der).map_err(|_| CertificateError::Unreadable)?.tbs_certificate;
        let spki = &certificate.subject_public_key_info;
        let key = spki.subject_public_key.as_bytes().ok_or(CertificateError::Unreadable)?.to_vec();
        let curve = || {
            spki.algorithm
                .parameters
                .as_ref()
                .and_then(|any| any.decode_as::<ObjectIdentifier>().ok())
        };
        let kind = match spki.algorithm.oid {
            RSA_ENCRYPTION => KeyKind::Rsa,
            EC_PUBLIC_KEY => match curve() {
                Some(P256) => KeyKind::P256,
                Some(P384) => KeyKind::P384,
                Some(P521) => KeyKind::P521,
                _ => return Err(CertificateError::KeyKind),
            },
            _ => return Err(CertificateError::KeyKind),
        };
        if kind == KeyKind::Rsa {
            let spki = spki.to_der().map_err(|_| CertificateError::Unreadable)?;
            let modulus = PublicEncryptingKey::from_der(&spki)
                .map_err(|_| CertificateError::KeySize)?
                .key_size_bytes();
            if !(MIN_MODULUS..=MAX_MODULUS).contains(&modulus) {
                return Err(CertificateError::KeySize);
            }
        }
        let instant = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            DateTime::from_timestamp(seconds, 0)
        };
        Ok(Self {
            der: der.to_vec(),
            subject: certificate.subject.to_string(),
            not_before: instant(certificate.validity.not_before).ok_or(CertificateError::Unreadable)?,
            not_after: instant(certificate.validity.not_after).ok_or(CertificateError::Unreadable)?,
            kind,
            key,
        })
    }

    /// Reads one certificate in PEM (`BEGIN CERTIFICATE`).
    ///
    /// # Errors
    /// [`CertificateError`] when it is unreadable or its key is unsuitable.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| CertificateError::Unreadable)?;
        if label != "CERTIFICATE" {
            return Err(CertificateError::Unreadable);
        }
        Self::from_der(&der)
    }

    /// Reads one certificate as `ds:X509Certificate` carries it: base64, perhaps over several lines.
    ///
    /// # Errors
    /// [`CertificateError`] when it is unreadable or its key is unsuitable.
    pub fn from_base64(text: &str) -> Result<Self, CertificateError> {
        let der = STANDARD
            .decode(base64_without_space(text))
            .map_err(|_| CertificateError::Unreadable)?;
        Self::from_der(&der)
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM.
    pub fn pem(&self) -> String {
        let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(&self.der).as_bytes().chunks(64) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
        text
    }

    /// The certificate in base64 on one line, as XML carries it.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// The subject's distinguished name (RFC 4514).
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The first instant of its validity.
    pub fn not_before(&self) -> DateTime<Utc> {
        self.not_before
    }

    /// The last instant of its validity.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// The kind of its key.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// SHA-256 of the DER in upper-case hexadecimal with colons, as consoles of identity providers show it.
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, &self.der);
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<Vec<_>>()
            .join(":")
    }

    /// The content of the key's bit string: an `RSAPublicKey` or an uncompressed point.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

impl fmt::Debug for SigningCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningCertificate({}, {})", self.subject, self.fingerprint())
    }
}

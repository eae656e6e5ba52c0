//! The portal's own RSA key with its self-signed certificate: signs requests, decrypts assertions.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{BitString, GeneralizedTime, ObjectIdentifier, OctetString, UtcTime};
use x509_cert::der::{Any, Decode as _, Encode as _, pem};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::certificate::{CertificateError, SigningCertificate};

const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// Why keys cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a PKCS#8 private key in PEM (`BEGIN PRIVATE KEY`).
    #[error("The private key cannot be read. It must be an RSA key in PKCS#8 PEM.")]
    UnreadableKey,
    /// The certificate beside the key is unsuitable.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Key and certificate do not belong together.
    #[error("The certificate does not belong to the private key.")]
    Mismatch,
    /// Neither 2048 nor 3072 bits.
    #[error("The RSA key must have 2048 or 3072 bits.")]
    Size,
    /// A common name that is empty, longer than 64 characters, or has other characters than letters, digits, space, dot and hyphen.
    #[error("The name in the certificate may have letters, digits, spaces, dots and hyphens, at most 64.")]
    Name,
    /// The dates of the certificate are in the wrong order or out of range.
    #[error("The certificate must end after it begins.")]
    Dates,
    /// The cryptographic library failed; for key generation, the system has no randomness.
    #[error("The key could not be made or used.")]
    Crypto,
}

/// How long the RSA modulus of new keys is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaBits {
    /// 2048 bits.
    Two048,
    /// 3072 bits, for keys that stay for several years.
    Three072,
}

/// An RSA key and the certificate that publishes it. `Debug` shows the certificate alone.
pub struct SpKeys {
    pair: KeyPair,
    decrypting: PrivateDecryptingKey,
    certificate: SigningCertificate,
}

impl SpKeys {
    /// Makes a key and a self-signed certificate for it. The key's randomness is the cryptographic library's own source (the one TLS
    /// uses); `serial` is 16 random bytes from the caller, so that the certificate's number is never repeated.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Dates`], or [`KeyError::Crypto`].
    pub fn generate(
        bits: RsaBits,
        common_name: &str,
        serial: [u8; 16],
        not_before: DateTime<Utc>,
        not_after: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        let size = match bits {
            RsaBits::Two048 => KeySize::Rsa2048,
            RsaBits::Three072 => KeySize::Rsa3072,
        };
        let pair = KeyPair::generate(size).map_err(|_| KeyError::Crypto)?;
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyError::Crypto)?;
        let der = self_signed(spki.as_ref(), SHA256_WITH_RSA, common_name, serial, not_before, not_after, |tbs| {
            sign(&pair, tbs)
        })?;
        Self::assemble(pair, SigningCertificate::from_der(&der)?)
    }

    /// Reads a PKCS#8 private key and its certificate, both PEM.
    ///
    /// # Errors
    /// [`KeyError`] when one is unreadable, too short or long, or they do not belong together.
    pub fn from_pem(private_key: &str, certificate: &str) -> Result<Self, KeyError> {
        let (label, der) = pem::decode_vec(private_key.trim().as_bytes()).map_err(|_| KeyError::UnreadableKey)?;
        if label != "PRIVATE KEY" {
            return Err(KeyError::UnreadableKey);
        }
        let pair = KeyPair::from_pkcs8(&der).map_err(|_| KeyError::UnreadableKey)?;
        let certificate = SigningCertificate::from_pem(certificate)?;
        Self::assemble(pair, certificate)
    }

    fn assemble(pair: KeyPair, certificate: SigningCertificate) -> Result<Self, KeyError> {
        if !matches!(pair.public_modulus_len(), 256 | 384) {
            return Err(KeyError::Size);
        }
        if pair.public_key().as_ref() != certificate.key() {
            return Err(KeyError::Mismatch);
        }
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Crypto)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).map_err(|_| KeyError::Crypto)?;
        Ok(Self {
            pair,
            decrypting,
            certificate,
        })
    }

    /// The certificate to publish in metadata.
    pub fn certificate(&self) -> &SigningCertificate {
        &self.certificate
    }

    /// The private key as PKCS#8 PEM, for storing it encrypted.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the library cannot write the key.
    pub fn private_key_pem(&self) -> Result<String, KeyError> {
        let pkcs8: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| KeyError::Crypto)?;
        pem::encode_string("PRIVATE KEY", pem::LineEnding::LF, pkcs8.as_ref()).map_err(|_| KeyError::Crypto)
    }

    /// RSA-SHA256 over `message`, base64.
    pub(super) fn signature(&self, message: &[u8]) -> Result<String, KeyError> {
        sign(&self.pair, message).map(|signature| STANDARD.encode(signature))
    }

    pub(super) fn decrypting(&self) -> &PrivateDecryptingKey {
        &self.decrypting
    }
}

impl fmt::Debug for SpKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SpKeys")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

fn sign(pair: &KeyPair, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    // PKCS#1 v1.5 draws no randomness; the parameter is the library's interface.
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
        .map_err(|_| KeyError::Crypto)?;
    Ok(signature)
}

/// A self-signed certificate (RFC 5280 §4.1) in DER for signing and key encipherment.
pub(super) fn self_signed(
    spki: &[u8],
    algorithm: ObjectIdentifier,
    common_name: &str,
    mut serial: [u8; 16],
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, KeyError>,
) -> Result<Vec<u8>, KeyError> {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, ' ' | '.' | '-');
    let common_name = common_name.trim();
    if common_name.is_empty() || common_name.len() > 64 || !common_name.chars().all(plain) {
        return Err(KeyError::Name);
    }
    if not_after <= not_before {
        return Err(KeyError::Dates);
    }
    // Positive and without a leading zero byte (RFC 5280 §4.1.2.2).
    serial[0] = (serial[0] & 0x7f) | 0x40;
    let subject: Name = format!("CN={common_name}").parse().map_err(|_| KeyError::Name)?;
    let algorithm = AlgorithmIdentifierOwned {
        oid: algorithm,
        parameters: (algorithm == SHA256_WITH_RSA).then(Any::null),
    };
    let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment);
    let usage = usage.to_der().and_then(OctetString::new).map_err(|_| KeyError::Crypto)?;
    let tbs_certificate = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial).map_err(|_| KeyError::Crypto)?,
        signature: algorithm.clone(),
        issuer: subject.clone(),
        validity: Validity {
            not_before: time(not_before)?,
            not_after: time(not_after)?,
        },
        subject,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(spki).map_err(|_| KeyError::Crypto)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(vec![Extension {
            extn_id: KEY_USAGE,
            critical: true,
            extn_value: usage,
        }]),
    };
    let signature = sign(&tbs_certificate.to_der().map_err(|_| KeyError::Crypto)?)?;
    let signature = BitString::from_bytes(&signature).map_err(|_| KeyError::Crypto)?;
    Certificate {
        tbs_certificate,
        signature_algorithm: algorithm,
        signature,
    }
    .to_der()
    .map_err(|_| KeyError::Crypto)
}

fn time(instant: DateTime<Utc>) -> Result<Time, KeyError> {
    let seconds = u64::try_from(instant.timestamp()).map_err(|_| KeyError::Dates)?;
    let since_epoch = Duration::from_secs(seconds);
    // RFC 5280 §4.1.2.5: two-digit years until 2049, four digits from then on.
    match UtcTime::from_unix_duration(since_epoch) {
        Ok(early) => Ok(Time::UtcTime(early)),
        Err(_) => GeneralizedTime::from_unix_duration(since_epoch)
            .map(Time::GeneralTime)
            .map_err(|_| KeyError::Dates),
    }
}

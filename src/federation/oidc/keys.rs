//! Our own key towards a provider, for `private_key_jwt` (RFC 7523 §2.2): ECDSA on P-256.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::kernel::{Timestamp, sha256};

/// A key pair, stored as PKCS#8 in PEM.
#[derive(Clone)]
pub struct ClientKey(String);

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientKey(…)")
    }
}

impl ClientKey {
    /// A new key; none when the machine's cryptography refuses.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        let der = pair.to_pkcs8v1().ok()?;
        let lines: Vec<String> = STANDARD
            .encode(der.as_ref())
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        Some(Self(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )))
    }

    /// A stored key.
    #[must_use]
    pub const fn from_pem(pem: String) -> Self {
        Self(pem)
    }

    /// For storage, sealed.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.0
    }

    fn pair(&self) -> Option<EcdsaKeyPair> {
        let text: String = self.0.lines().filter(|line| !line.starts_with('-')).collect();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &STANDARD.decode(text).ok()?).ok()
    }

    /// The public half as a key set (RFC 7517), named by its thumbprint (RFC 7638).
    #[must_use]
    pub fn key_set(&self) -> Value {
        let Some(pair) = self.pair() else { return json!({ "keys": [] }) };
        let point = pair.public_key().as_ref();
        // An uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        let kid = thumbprint(&x, &y);
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": kid }] })
    }

    /// The assertion for a token endpoint, good for a minute.
    #[must_use]
    pub fn assertion(&self, client_id: &str, audience: &str, id: &str, now: Timestamp) -> Option<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = self.key_set()["keys"][0]["kid"].as_str().map(str::to_owned);
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": id, "iat": now.timestamp(), "exp": now.timestamp() + 60,
        });
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_pem(self.0.as_bytes()).ok()?).ok()
    }
}

fn thumbprint(x: &str, y: &str) -> String {
    // RFC 7638 §3.2: the required members in lexical order, without white space.
    URL_SAFE_NO_PAD.encode(sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)))
}

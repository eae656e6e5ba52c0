//! Opens `EncryptedAssertion` and `EncryptedID` (core §2.3.4): AES in GCM or CBC mode with a key under RSA-OAEP. PKCS#1 v1.5 key
//! transport is refused, and every failure behind an accepted header looks the same, so that nobody can use this portal as an oracle.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::keys::SpKeys;
use super::names::{self, DSIG, XENC, XENC11};
use super::refusal::Refusal;
use super::xml::{Node, Tree, base64_without_space, escape};

/// An assertion is encrypted for one portal under at most a few certificates.
const MAX_WRAPPED_KEYS: usize = 8;

#[derive(Clone, Copy)]
enum Mode {
    Gcm,
    Cbc,
}

/// Decrypts the `EncryptedData` in `holder`; gives back a tree whose root has the decrypted element as its only child.
///
/// # Errors
/// [`Refusal::EncryptionAlgorithm`] for a header that is not accepted, [`Refusal::Undecryptable`] for everything else.
pub fn decrypt(holder: Node<'_>, keys: &[SpKeys]) -> Result<Tree, Refusal> {
    let data = holder.only(XENC, "EncryptedData").ok_or(Refusal::Structure("EncryptedData"))?;
    let algorithm = method(data).and_then(|method| method.attribute("Algorithm")).unwrap_or_default();
    let (mode, key_length) = match algorithm {
        names::AES128_GCM => (Mode::Gcm, 16),
        names::AES256_GCM => (Mode::Gcm, 32),
        names::AES128_CBC => (Mode::Cbc, 16),
        names::AES256_CBC => (Mode::Cbc, 32),
        other => return Err(Refusal::EncryptionAlgorithm(other.to_owned())),
    };
    // Inside the data's KeyInfo or beside the data: SAML allows both.
    let inside = data.only(DSIG, "KeyInfo");
    let wrapped = inside
        .into_iter()
        .flat_map(|info| info.all(XENC, "EncryptedKey"))
        .chain(holder.all(XENC, "EncryptedKey"));
    let mut candidates = Vec::new();
    for key in wrapped.take(MAX_WRAPPED_KEYS) {
        candidates.push((oaep(key)?, cipher_value(key).ok_or(Refusal::Undecryptable)?));
    }
    if candidates.is_empty() {
        return Err(Refusal::Structure("EncryptedKey"));
    }
    let ciphertext = cipher_value(data).ok_or(Refusal::Undecryptable)?;
    let plain = candidates.iter().find_map(|(oaep, wrapped)| {
        keys.iter().find_map(|own| {
            let key = unwrap(own, oaep, wrapped).filter(|key| key.len() == key_length)?;
            match mode {
                Mode::Gcm => open_gcm(&key, &ciphertext),
                Mode::Cbc => open_cbc(&key, &ciphertext),
            }
        })
    });
    let plain = plain
        .and_then(|plain| String::from_utf8(plain).ok())
        .ok_or(Refusal::Undecryptable)?;
    // XML Encryption §4.5: the plain text is read where it stands, with the namespaces in scope there.
    let mut scope = String::new();
    for (prefix, uri) in holder.namespaces() {
        let colon = if prefix.is_empty() { "" } else { ":" };
        scope.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", escape(&uri)));
    }
    let tree = Tree::parse(&format!("<decrypted{scope}>{plain}</decrypted>")).map_err(|_| Refusal::Undecryptable)?;
    if tree.root().elements().count() != 1 || tree.has_processing_instruction() {
        return Err(Refusal::Undecryptable);
    }
    Ok(tree)
}

fn method(node: Node<'_>) -> Option<Node<'_>> {
    node.only(XENC, "EncryptionMethod")
}

fn cipher_value(node: Node<'_>) -> Option<Vec<u8>> {
    // No CipherReference: it would fetch from elsewhere.
    let text = node.only(XENC, "CipherData")?.only(XENC, "CipherValue")?.text()?;
    STANDARD.decode(base64_without_space(&text)).ok()
}

/// The RSA-OAEP variant a wrapped key names. SHA-1 here hashes an empty label and expands a mask; its collisions do not matter for
/// that, and it is what most identity providers send (XML Encryption 1.1 §5.5.2).
fn oaep(key: Node<'_>) -> Result<&'static OaepAlgorithm, Refusal> {
    let method = method(key).ok_or(Refusal::Structure("EncryptionMethod"))?;
    let algorithm = method.attribute("Algorithm").unwrap_or_default();
    let digest = method
        .only(DSIG, "DigestMethod")
        .and_then(|digest| digest.attribute("Algorithm"))
        .unwrap_or(names::SHA1);
    let mask = method
        .only(XENC11, "MGF")
        .and_then(|mask| mask.attribute("Algorithm"))
        .unwrap_or(names::MGF1_SHA1);
    if method.first(XENC, "OAEPparams").is_some() {
        return Err(Refusal::EncryptionAlgorithm("OAEP parameters".to_owned()));
    }
    match (algorithm, digest, mask) {
        (names::RSA_OAEP_MGF1P | names::RSA_OAEP, names::SHA1, names::MGF1_SHA1) => Ok(&OAEP_SHA1_MGF1SHA1),
        (names::RSA_OAEP, names::SHA256, names::MGF1_SHA256) => Ok(&OAEP_SHA256_MGF1SHA256),
        (names::RSA_OAEP, names::SHA384, names::MGF1_SHA384) => Ok(&OAEP_SHA384_MGF1SHA384),
        (names::RSA_OAEP, names::SHA512, names::MGF1_SHA512) => Ok(&OAEP_SHA512_MGF1SHA512),
        (names::RSA_OAEP_MGF1P | names::RSA_OAEP, digest, mask) => Err(Refusal::EncryptionAlgorithm(format!("{digest} with {mask}"))),
        (other, _, _) => Err(Refusal::EncryptionAlgorithm(other.to_owned())),
    }
}

fn unwrap(own: &SpKeys, oaep: &'static OaepAlgorithm, wrapped: &[u8]) -> Option<Vec<u8>> {
    let key = OaepPrivateDecryptingKey::new(own.decrypting().clone()).ok()?;
    let mut plain = vec![0; key.min_output_size()];
    key.decrypt(oaep, wrapped, &mut plain, None).ok().map(|plain| plain.to_vec())
}

/// XML Encryption 1.1 §5.2.4: a 12-byte nonce, the ciphertext, a 16-byte tag.
fn open_gcm(key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let (nonce, sealed) = ciphertext.split_at_checked(12)?;
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let mut plain = sealed.to_vec();
    let opened = key
        .open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, Aad::empty(), &mut plain)
        .ok()?;
    Some(opened.to_vec())
}

/// XML Encryption 1.1 §5.2.2: a 16-byte initialisation vector, then blocks padded as ISO 10126 does.
fn open_cbc(key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
    let (vector, blocks) = ciphertext.split_at_checked(16)?;
    let key = PaddedBlockDecryptingKey::cbc_iso10126(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    let vector: [u8; 16] = vector.try_into().ok()?;
    let mut plain = blocks.to_vec();
    let opened = key.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(vector))).ok()?;
    Some(opened.to_vec())
}

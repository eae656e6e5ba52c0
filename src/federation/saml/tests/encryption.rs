//! Encrypted assertions: what opens, and what must not.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::names::{AES128_CBC, AES256_GCM, DSIG, MGF1_SHA256, RSA_OAEP, RSA_OAEP_MGF1P, SHA1, SHA256, XENC, XENC11};
use super::super::{Refusal, SpKeys};
use super::support::{Draft, Signing, Waiting, attacker, draft, portal, refused, take};

/// How an assertion is encrypted; every field holds what a good identity provider would choose.
struct Envelope {
    recipient: SpKeys,
    data: String,
    transport: String,
    oaep: &'static OaepAlgorithm,
    parameters: String,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            recipient: portal(),
            data: AES256_GCM.to_owned(),
            transport: RSA_OAEP_MGF1P.to_owned(),
            oaep: &OAEP_SHA1_MGF1SHA1,
            parameters: format!("<ds:DigestMethod xmlns:ds=\"{DSIG}\" Algorithm=\"{SHA1}\"/>"),
        }
    }
}

impl Envelope {
    fn seal(&self, plain: &str) -> String {
        let (key, ciphertext) = if self.data == AES128_CBC { cbc(plain) } else { gcm(plain) };
        let public: PublicKeyX509Der<'_> = self.recipient.decrypting().public_key().as_der().unwrap();
        let public = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(public.as_ref()).unwrap()).unwrap();
        let mut wrapped = vec![0; public.ciphertext_size()];
        let wrapped = public.encrypt(self.oaep, &key, &mut wrapped, None).unwrap();
        format!(
            "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
             Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{}\"/><ds:KeyInfo xmlns:ds=\"{DSIG}\"><xenc:EncryptedKey>\
             <xenc:EncryptionMethod Algorithm=\"{}\">{}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue>\
             </xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>\
             </xenc:EncryptedData></saml:EncryptedAssertion>",
            self.data,
            self.transport,
            self.parameters,
            STANDARD.encode(wrapped),
            STANDARD.encode(ciphertext),
        )
    }
}

fn gcm(plain: &str) -> (Vec<u8>, Vec<u8>) {
    let (key, nonce) = ([7_u8; 32], [9_u8; 12]);
    let mut sealed = plain.as_bytes().to_vec();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
    cipher
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        .unwrap();
    (key.to_vec(), [nonce.as_slice(), &sealed].concat())
}

fn cbc(plain: &str) -> (Vec<u8>, Vec<u8>) {
    let key = [5_u8; 16];
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, &key).unwrap()).unwrap();
    let mut blocks = plain.as_bytes().to_vec();
    let DecryptionContext::Iv128(vector) = cipher.encrypt(&mut blocks).unwrap() else {
        panic!("CBC has a vector")
    };
    (key.to_vec(), [vector.as_ref().as_slice(), &blocks].concat())
}

fn response(envelope: &Envelope, assertion: &str) -> String {
    Draft::default().around(&envelope.seal(assertion))
}

#[test]
fn an_encrypted_signed_assertion_is_accepted() {
    let arrival = take(&response(&Envelope::default(), &Draft::default().signed_assertion())).unwrap();
    assert_eq!(arrival.subject.value, "ada");
}

#[test]
fn cbc_and_oaep_with_sha256_are_accepted() {
    let envelope = Envelope {
        data: AES128_CBC.to_owned(),
        ..Envelope::default()
    };
    assert!(take(&response(&envelope, &Draft::default().signed_assertion())).is_ok());
    let parameters =
        format!("<ds:DigestMethod xmlns:ds=\"{DSIG}\" Algorithm=\"{SHA256}\"/><x:MGF xmlns:x=\"{XENC11}\" Algorithm=\"{MGF1_SHA256}\"/>");
    let envelope = Envelope {
        transport: RSA_OAEP.to_owned(),
        oaep: &OAEP_SHA256_MGF1SHA256,
        parameters,
        ..Envelope::default()
    };
    assert!(take(&response(&envelope, &Draft::default().signed_assertion())).is_ok());
}

#[test]
fn the_previous_key_opens_during_a_roll_over() {
    let waiting = Waiting {
        decryption_keys: vec![attacker(), portal()],
        ..Waiting::default()
    };
    assert!(
        waiting
            .take(&response(&Envelope::default(), &Draft::default().signed_assertion()))
            .is_ok()
    );
}

#[test]
fn encryption_does_not_replace_the_signature() {
    // Anybody can encrypt for the portal: its certificate is public.
    assert_eq!(
        refused(&response(&Envelope::default(), &Draft::default().assertion())),
        "assertion_unsigned"
    );
}

#[test]
fn a_signed_response_around_an_encrypted_unsigned_assertion_counts_only_when_allowed() {
    let signed = Signing::default().enveloped(&response(&Envelope::default(), &Draft::default().assertion()), "r1");
    assert_eq!(refused(&signed), "assertion_unsigned");
    assert!(
        Waiting {
            signed_response_suffices: true,
            ..Waiting::default()
        }
        .take(&signed)
        .is_ok()
    );
}

#[test]
fn an_attackers_assertion_for_the_portal_is_refused() {
    let forged = Signing::with(|s| s.pen = super::support::Pen::Rsa(attacker())).enveloped(&Draft::default().assertion(), "a1");
    assert_eq!(refused(&response(&Envelope::default(), &forged)), "untrusted_signature");
}

#[test]
fn an_assertion_for_another_key_is_refused() {
    let envelope = Envelope {
        recipient: attacker(),
        ..Envelope::default()
    };
    assert_eq!(refused(&response(&envelope, &Draft::default().signed_assertion())), "undecryptable");
    let nobody = Waiting {
        decryption_keys: Vec::new(),
        ..Waiting::default()
    };
    let refusal = nobody
        .take(&response(&Envelope::default(), &Draft::default().signed_assertion()))
        .unwrap_err();
    assert_eq!(refusal, Refusal::Undecryptable);
}

#[test]
fn pkcs1_key_transport_is_refused_before_any_decryption() {
    let uri = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    let envelope = Envelope {
        transport: uri.to_owned(),
        ..Envelope::default()
    };
    let refusal = take(&response(&envelope, &Draft::default().signed_assertion())).unwrap_err();
    assert_eq!(refusal, Refusal::EncryptionAlgorithm(uri.to_owned()));
}

#[test]
fn triple_des_is_refused() {
    let uri = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
    let envelope = Envelope {
        data: uri.to_owned(),
        ..Envelope::default()
    };
    assert_eq!(
        refused(&response(&envelope, &Draft::default().signed_assertion())),
        "encryption_algorithm"
    );
}

#[test]
fn damaged_ciphertexts_all_look_alike() {
    for data in [AES256_GCM, AES128_CBC] {
        let envelope = Envelope {
            data: data.to_owned(),
            ..Envelope::default()
        };
        let sealed = response(&envelope, &Draft::default().signed_assertion());
        let marker = "</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>";
        let start = sealed.find(marker).unwrap() + marker.len();
        let end = start + sealed[start..].find('<').unwrap();
        let bytes = STANDARD.decode(&sealed[start..end]).unwrap();
        // The first block, one in the middle, the padding; and a piece cut off.
        for position in [0, bytes.len() / 2, bytes.len() - 17, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[position] ^= 0x80;
            let changed = format!("{}{}{}", &sealed[..start], STANDARD.encode(changed), &sealed[end..]);
            let refusal = take(&changed).unwrap_err();
            // A flipped bit in CBC may leave text that parses; then the signature notices.
            assert!(
                matches!(refusal, Refusal::Undecryptable | Refusal::ContentChanged),
                "{data} {position} {refusal:?}"
            );
        }
        let cut = format!("{}{}{}", &sealed[..start], STANDARD.encode(&bytes[..8]), &sealed[end..]);
        assert_eq!(refused(&cut), "undecryptable");
    }
}

#[test]
fn a_plain_text_with_two_assertions_or_none_is_refused() {
    let signed = Draft::default().signed_assertion();
    let evil = draft(|d| d.assertion_id = "evil".to_owned()).assertion();
    assert_eq!(
        refused(&response(&Envelope::default(), &format!("{evil}{signed}"))),
        "undecryptable"
    );
    let nested = evil.replace("</saml:Assertion>", &format!("{signed}</saml:Assertion>"));
    assert_eq!(refused(&response(&Envelope::default(), &nested)), "several_assertions");
    assert_eq!(refused(&response(&Envelope::default(), "nothing")), "undecryptable");
    assert_eq!(
        refused(&response(&Envelope::default(), &format!("{signed}<more/>"))),
        "undecryptable"
    );
    assert_eq!(
        refused(&response(&Envelope::default(), &format!("{signed}</decrypted><decrypted>"))),
        "undecryptable"
    );
}

#[test]
fn a_plain_and_an_encrypted_assertion_together_are_refused() {
    let both = format!(
        "{}{}",
        Draft::default().signed_assertion(),
        Envelope::default().seal(&Draft::default().signed_assertion())
    );
    assert_eq!(refused(&Draft::default().around(&both)), "several_assertions");
}

#[test]
fn an_encrypted_name_is_opened_whole() {
    let name = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">ad<!-- x -->a</saml:NameID>";
    let sealed = Envelope::default()
        .seal(name)
        .replace("saml:EncryptedAssertion", "saml:EncryptedID");
    assert_eq!(take(&draft(|d| d.name_id = sealed).signed()).unwrap().subject.value, "ada");
}

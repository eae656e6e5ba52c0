//! Verifies XML signatures of the one shape SAML allows (core §5.4) and detached signatures of the redirect binding. Whatever is
//! read afterwards comes out of the canonical bytes that were verified, never out of the message as it arrived; so nothing that
//! was wrapped around, moved or renamed can be taken for signed. `KeyInfo` is not looked at: keys come from trusted certificates.

use aws_lc_rs::digest;
use aws_lc_rs::signature as verify;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificate::{KeyKind, SigningCertificate};
use super::names::{self, DSIG};
use super::refusal::Refusal;
use super::xml::{Node, Tree, base64_without_space};

/// What a verified signature covers.
pub struct Signed {
    /// The canonical bytes that were signed, without the signature itself, parsed afresh. Its root is the signed element.
    pub tree: Tree,
    /// The signature algorithm.
    pub algorithm: String,
    /// The fingerprint of the certificate whose key made it.
    pub fingerprint: String,
}

/// The signature that stands directly in `element`, if any.
///
/// # Errors
/// [`Refusal::SignatureStructure`] when there are several.
pub fn signature_of<'t>(element: Node<'t>) -> Result<Option<Node<'t>>, Refusal> {
    let mut signatures = element.all(DSIG, "Signature");
    let first = signatures.next();
    match signatures.next() {
        Some(_) => Err(Refusal::SignatureStructure("an element carries several signatures")),
        None => Ok(first),
    }
}

/// Verifies the enveloped `signature` that stands directly in `element` and covers it.
///
/// # Errors
/// A [`Refusal`] naming the first rule that is broken.
pub fn verify_enveloped(element: Node<'_>, signature: Node<'_>, trusted: &[SigningCertificate]) -> Result<Signed, Refusal> {
    for child in signature.elements() {
        // ds:Object is where wrapped originals are hidden; no SAML signature needs it.
        let known = ["SignedInfo", "SignatureValue", "KeyInfo"].iter().any(|name| child.is(DSIG, name));
        if !known {
            return Err(Refusal::SignatureStructure(
                "it contains parts besides SignedInfo, SignatureValue and KeyInfo",
            ));
        }
    }
    let signed_info = signature
        .only(DSIG, "SignedInfo")
        .ok_or(Refusal::SignatureStructure("it needs one SignedInfo"))?;
    let value = signature
        .only(DSIG, "SignatureValue")
        .ok_or(Refusal::SignatureStructure("it needs one SignatureValue"))?;
    let value = value.text().and_then(|text| STANDARD.decode(base64_without_space(&text)).ok());
    let value = value.ok_or(Refusal::SignatureStructure("its value is not base64"))?;

    let method = signed_info
        .only(DSIG, "CanonicalizationMethod")
        .ok_or(Refusal::SignatureStructure("it needs one canonicalisation"))?;
    let prefixes = exclusive(method).map_err(Refusal::Canonicalisation)?;
    let broken = Refusal::SignatureStructure("it cannot be canonicalised");
    let signed_bytes = signed_info.canonical(None, &prefixes).ok_or(broken.clone())?;
    // From here on, only what the signature value covers.
    let signed_info = Tree::parse(&signed_bytes).map_err(|_| broken.clone())?;
    let signed_info = signed_info.root();

    let algorithm = signed_info
        .only(DSIG, "SignatureMethod")
        .and_then(|method| method.attribute("Algorithm"));
    let algorithm = algorithm.ok_or(Refusal::SignatureStructure("it names no algorithm"))?;
    let fingerprint = verify_bytes(algorithm, signed_bytes.as_bytes(), &value, trusted)?;

    let reference = signed_info
        .only(DSIG, "Reference")
        .ok_or(Refusal::SignatureStructure("it needs exactly one reference"))?;
    let id = element.attribute("ID").filter(|id| !id.is_empty()).ok_or(Refusal::Reference)?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(Refusal::Reference);
    }
    let prefixes = transforms(reference)?;
    let digest = reference
        .only(DSIG, "DigestMethod")
        .and_then(|method| method.attribute("Algorithm"));
    let digest = digest_algorithm(digest.ok_or(Refusal::SignatureStructure("it names no digest"))?)?;
    let expected = reference.only(DSIG, "DigestValue").and_then(Node::text);
    let expected = expected.and_then(|text| STANDARD.decode(base64_without_space(&text)).ok());
    let expected = expected.ok_or(Refusal::SignatureStructure("its digest is not base64"))?;

    let content = element.canonical(Some(signature), &prefixes).ok_or(broken.clone())?;
    if digest::digest(digest, content.as_bytes()).as_ref() != expected {
        return Err(Refusal::ContentChanged);
    }
    let tree = Tree::parse(&content).map_err(|_| broken)?;
    Ok(Signed {
        tree,
        algorithm: algorithm.to_owned(),
        fingerprint,
    })
}

/// Verifies `signature` over `message` with the first trusted certificate that fits; gives back its fingerprint.
///
/// # Errors
/// [`Refusal::SignatureAlgorithm`] for any other than RSA or ECDSA with SHA-256 or better, [`Refusal::UntrustedSignature`] when no
/// trusted key made it.
pub fn verify_bytes(algorithm: &str, message: &[u8], signature: &[u8], trusted: &[SigningCertificate]) -> Result<String, Refusal> {
    let known = [
        names::RSA_SHA256,
        names::RSA_SHA384,
        names::RSA_SHA512,
        names::ECDSA_SHA256,
        names::ECDSA_SHA384,
        names::ECDSA_SHA512,
    ];
    if !known.contains(&algorithm) {
        return Err(Refusal::SignatureAlgorithm(algorithm.to_owned()));
    }
    for certificate in trusted {
        let Some(verification) = verification(algorithm, certificate.kind()) else {
            continue;
        };
        if verify::UnparsedPublicKey::new(verification, certificate.key())
            .verify(message, signature)
            .is_ok()
        {
            return Ok(certificate.fingerprint());
        }
    }
    Err(Refusal::UntrustedSignature)
}

/// The algorithm for that kind of key; the key decides, so no key is used for an algorithm of another kind.
fn verification(algorithm: &str, kind: KeyKind) -> Option<&'static dyn verify::VerificationAlgorithm> {
    Some(match (algorithm, kind) {
        (names::RSA_SHA256, KeyKind::Rsa) => &verify::RSA_PKCS1_2048_8192_SHA256,
        (names::RSA_SHA384, KeyKind::Rsa) => &verify::RSA_PKCS1_2048_8192_SHA384,
        (names::RSA_SHA512, KeyKind::Rsa) => &verify::RSA_PKCS1_2048_8192_SHA512,
        (names::ECDSA_SHA256, KeyKind::P256) => &verify::ECDSA_P256_SHA256_FIXED,
        (names::ECDSA_SHA384, KeyKind::P384) => &verify::ECDSA_P384_SHA384_FIXED,
        (names::ECDSA_SHA256, KeyKind::P521) => &verify::ECDSA_P521_SHA256_FIXED,
        (names::ECDSA_SHA384, KeyKind::P521) => &verify::ECDSA_P521_SHA384_FIXED,
        (names::ECDSA_SHA512, KeyKind::P521) => &verify::ECDSA_P521_SHA512_FIXED,
        _ => return None,
    })
}

fn digest_algorithm(uri: &str) -> Result<&'static digest::Algorithm, Refusal> {
    match uri {
        names::SHA256 => Ok(&digest::SHA256),
        names::SHA384 => Ok(&digest::SHA384),
        names::SHA512 => Ok(&digest::SHA512),
        other => Err(Refusal::DigestAlgorithm(other.to_owned())),
    }
}

/// Checks that the reference has the enveloped-signature transform followed by exclusive canonicalisation and nothing else
/// (core §5.4.4); gives back the prefixes of the latter.
fn transforms(reference: Node<'_>) -> Result<Vec<String>, Refusal> {
    let transforms = reference
        .only(DSIG, "Transforms")
        .ok_or(Refusal::SignatureStructure("it names no transforms"))?;
    let transforms: Vec<Node<'_>> = transforms.all(DSIG, "Transform").collect();
    for transform in &transforms {
        let uri = transform.attribute("Algorithm").unwrap_or_default();
        if uri != names::ENVELOPED && uri != names::EXCLUSIVE_C14N {
            return Err(Refusal::Transform(uri.to_owned()));
        }
    }
    match transforms.as_slice() {
        [first, second] if first.attribute("Algorithm") == Some(names::ENVELOPED) && first.elements().next().is_none() => {
            exclusive(*second).map_err(Refusal::Transform)
        }
        _ => Err(Refusal::SignatureStructure(
            "its transforms must be enveloped signature, then exclusive canonicalisation",
        )),
    }
}

/// The PrefixList of a method that must be exclusive canonicalisation without comments.
fn exclusive(method: Node<'_>) -> Result<Vec<String>, String> {
    let uri = method.attribute("Algorithm").unwrap_or_default();
    if uri != names::EXCLUSIVE_C14N {
        return Err(uri.to_owned());
    }
    let mut prefixes = Vec::new();
    for parameter in method.elements() {
        if !parameter.is(names::EXCLUSIVE_C14N, "InclusiveNamespaces") {
            return Err(parameter.local_name().to_owned());
        }
        prefixes.extend(
            parameter
                .attribute("PrefixList")
                .unwrap_or_default()
                .split_ascii_whitespace()
                .map(str::to_owned),
        );
    }
    Ok(prefixes)
}

//! A request shows that its sender holds a key (RFC 9449 §4.3, §7.1).

use axum::http::HeaderMap;

use super::super::{
    OAuthError,
    dpop::{Request, examine},
};
use crate::{cx::Portal, store::issuer::grants, web::routes};

/// The header of a proof.
pub(super) const PROOF: &str = "dpop";

/// The thumbprint of the key that a request proves; none when it brings no proof. The proof is used up, whatever else comes of the request.
///
/// # Errors
/// `invalid_dpop_proof`, or [`OAuthError::Store`].
pub(super) async fn proven(
    portal: &Portal,
    headers: &HeaderMap,
    method: &str,
    path: &str,
    access_token: Option<&str>,
) -> Result<Option<String>, OAuthError> {
    let wrong = |text: &str| OAuthError::refused("invalid_dpop_proof", text);
    let mut proofs = headers.get_all(PROOF).iter();
    let Some(proof) = proofs.next() else { return Ok(None) };
    if proofs.next().is_some() {
        return Err(wrong("The request brings more than one proof."));
    }
    let request = Request {
        method,
        address: &routes::absolute(&portal.settings.public_url, path),
        access_token,
    };
    let proof = proof.to_str().map_err(|_| wrong("The proof cannot be read."))?;
    let proof = examine(proof, request, portal.clock.now()).map_err(wrong)?;
    let tx = portal.store.begin().await?;
    let first = grants::spend(&tx, proof.spent, proof.ends_at).await?;
    tx.commit().await?;
    if first {
        Ok(Some(proof.thumbprint))
    } else {
        Err(wrong("The proof was used before (jti)."))
    }
}

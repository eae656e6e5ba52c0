//! Making the next signing keys, by hand or because the present ones are old.

use super::super::{
    keys::{self, KeyError},
    model::SigningAlgorithm,
};
use crate::{
    audit::{self, Event, EventKind},
    cx::{Cx, Portal},
};

/// Makes the next key of every algorithm that is in use. Answers their names.
///
/// # Errors
/// [`KeyError`].
pub async fn rotate_keys(cx: &mut Cx, portal: &Portal) -> Result<Vec<(SigningAlgorithm, String)>, KeyError> {
    let mut made = Vec::new();
    for algorithm in SigningAlgorithm::ALL {
        if let Some(kid) = keys::rotate(&cx.tx, portal, *algorithm).await? {
            let event = Event::new(EventKind::SigningKeyRotated)
                .detail("algorithm", algorithm.as_str())
                .detail("key", kid.clone());
            audit::record(cx, event).await?;
            made.push((*algorithm, kid));
        }
    }
    Ok(made)
}

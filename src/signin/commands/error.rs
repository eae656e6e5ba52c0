//! Why someone does not get in, in words that do not tell which accounts exist.

use thiserror::Error;

use super::super::passwords::PasswordError;
use crate::{access::Refused, store::StoreError, web::Refusal};

/// Why an attempt is refused. The failed attempt itself is recorded, so the caller commits all the same.
#[derive(Debug, Error)]
pub enum SignInError {
    /// Address and password do not belong together; or no such account; or it is off.
    #[error("That address and password do not belong together. Check both, or ask for a new password below.")]
    WrongPassword,
    /// The present password, asked for again, was wrong.
    #[error("This is not your present password.")]
    WrongCurrentPassword,
    /// Not the code of the authenticator now.
    #[error(
        "This code is not right. Enter the six digits your authenticator app shows now, and check that the clock of your phone is right."
    )]
    WrongCode,
    /// The code was right but was used before (RFC 6238 §5.2).
    #[error("This code was used already. Wait for the next one, at most 30 seconds.")]
    CodeUsed,
    /// Not a recovery code of this person, or used.
    #[error("This is not one of your recovery codes, or it was used already. Each works once.")]
    WrongRecoveryCode,
    /// Too many attempts.
    #[error("Too many attempts. Wait {0} minutes, then try again.")]
    Throttled(i64),
    /// Too long between password and second factor, or the password was changed meanwhile.
    #[error("Too much time went by. Sign in again.")]
    Expired,
    /// The machine could not compute the hash.
    #[error(transparent)]
    Hash(#[from] PasswordError),
    /// Not allowed.
    #[error(transparent)]
    Access(#[from] Refused),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        let text = error.to_string();
        let of_field = |name: &str| Self::Form {
            summary: "That did not work. Nothing was changed.".to_owned(),
            errors: vec![(name.to_owned(), text.clone())],
            keep: true,
        };
        match error {
            SignInError::WrongCode | SignInError::CodeUsed | SignInError::WrongRecoveryCode => of_field("code"),
            SignInError::WrongCurrentPassword => of_field("current"),
            SignInError::WrongPassword | SignInError::Throttled(_) | SignInError::Expired => Self::because(text).kept(),
            SignInError::Hash(_) => Self::because("The portal is busy. Try again in a minute."),
            SignInError::Access(refused) => refused.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

//! Commands of sign-in: passwords, attempts with and without second factor, hats.

mod attempt;
mod error;
mod factor;
mod hats;
mod password;

pub use attempt::{
    NextStep, PasswordAttempt, check_password, confirm_password, sign_in_with_code, sign_in_with_password, sign_in_with_recovery_code,
};
pub use error::SignInError;
pub use factor::{is_fresh, step_up};
pub use hats::{sign_out, switch_hat};
pub use password::{SetPasswordError, person_words, set_password, store_password};

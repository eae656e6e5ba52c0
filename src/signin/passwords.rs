//! Passwords: which are good enough (NIST SP 800-63B §3.1.1.2), and their Argon2id hashes (RFC 9106). Pure but for the CPU time:
//! hashing runs on a blocking thread and belongs outside of a transaction, because SQLite has one writer.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash};
use rand::Rng as _;
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::kernel::{Password, Rng};

/// Shortest password in characters. NIST asks for 15 where a password is the only factor and 8 beside a second one; a second
/// factor can be set up by everyone here, and guesses are throttled, so 12 is asked for.
pub const MIN_CHARACTERS: usize = 12;
/// Longest password in characters.
pub const MAX_CHARACTERS: usize = 256;

/// A password that takes fewer guesses than this power of ten is refused.
const MIN_GUESSES_LOG10: f64 = 8.0;
/// A password of personal words needs at least so many other letters.
const MIN_OTHER_LETTERS: usize = 5;

/// Why a password is refused; the text tells what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Nothing was typed.
    #[error("Enter a password.")]
    Empty,
    /// Shorter than [`MIN_CHARACTERS`].
    #[error("Use at least 12 characters. Three or four unrelated words are easy to remember.")]
    TooShort,
    /// Longer than [`MAX_CHARACTERS`].
    #[error("Use at most 256 characters.")]
    TooLong,
    /// Little more than name, address or company.
    #[error("This is mostly your name, your address or your company. Use words that nobody would connect with you.")]
    Personal,
    /// Known from leaks, or made of patterns that are tried first.
    #[error("This is one of the passwords that are guessed first. Use three or four unrelated words instead.")]
    Guessable,
    /// The hash could not be computed.
    #[error("The password could not be kept just now. Try again.")]
    NotHashed,
}

/// A password that passed the rules, as it is stored (PHC string). Made before a transaction begins.
#[derive(Clone)]
pub struct HashedPassword(pub(super) String);

impl std::fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashedPassword(…)")
    }
}

/// Checks length, guessability and closeness to the person; no rules of composition (NIST SP 800-63B §3.1.1.2).
/// `person_words` are name, address and company names, in any form.
///
/// # Errors
/// [`PasswordError`] tells what to do.
pub fn check_rules(password: &Password, person_words: &[&str]) -> Result<(), PasswordError> {
    let text = password.reveal();
    let length = text.chars().count();
    if length == 0 {
        return Err(PasswordError::Empty);
    }
    if length < MIN_CHARACTERS {
        return Err(PasswordError::TooShort);
    }
    if length > MAX_CHARACTERS {
        return Err(PasswordError::TooLong);
    }
    let words = split_words(person_words);
    if is_mostly_personal(text, &words) {
        return Err(PasswordError::Personal);
    }
    let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
    if zxcvbn::zxcvbn(text, &inputs).guesses_log10() < MIN_GUESSES_LOG10 {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

/// Names, addresses and companies as single words of three letters and more, longest first.
fn split_words(texts: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = texts
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    words.dedup();
    words
}

fn is_mostly_personal(text: &str, words: &[String]) -> bool {
    let typed = text.to_lowercase();
    let rest = words.iter().fold(typed.clone(), |rest, word| rest.replace(word.as_str(), " "));
    rest != typed && rest.chars().filter(|c| c.is_alphabetic()).count() < MIN_OTHER_LETTERS
}

/// Checks the rules and hashes.
///
/// # Errors
/// [`PasswordError`] tells what to do.
pub async fn prepare(password: &Password, person_words: &[&str], rng: &mut Rng) -> Result<HashedPassword, PasswordError> {
    check_rules(password, person_words)?;
    Ok(HashedPassword(hash(password, rng).await?))
}

/// Argon2id with 19 MiB, two passes, one lane, as a PHC string.
///
/// # Errors
/// [`PasswordError::NotHashed`] when the machine has no memory or is stopping.
pub async fn hash(password: &Password, rng: &mut Rng) -> Result<String, PasswordError> {
    let mut salt = [0_u8; 16];
    rng.fill_bytes(&mut salt);
    let password = password.clone();
    on_a_blocking_thread(move || {
        let hash = argon2()?
            .hash_password_with_salt(password.reveal().as_bytes(), &salt)
            .map_err(|_| PasswordError::NotHashed)?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is the one that was hashed. Without a hash (unknown person, no password) it takes as long and says no.
///
/// # Errors
/// [`PasswordError::NotHashed`] when the machine has no memory or is stopping.
pub async fn verify(password: &Password, phc: Option<&str>) -> Result<bool, PasswordError> {
    let known = phc.is_some();
    let phc = phc.unwrap_or(NOBODYS).to_owned();
    let password = password.clone();
    let right = on_a_blocking_thread(move || {
        let Ok(hash) = PasswordHash::new(&phc) else { return Ok(false) };
        Ok(argon2()?.verify_password(password.reveal().as_bytes(), &hash).is_ok())
    })
    .await?;
    Ok(right && known)
}

/// A hash of nothing, of the same cost as a real one.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm8";

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| PasswordError::NotHashed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Each hash takes 19 MiB: so many at once, the others wait, or a burst of sign-ins would take the memory of the machine.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

async fn on_a_blocking_thread<T, F>(work: F) -> Result<T, PasswordError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, PasswordError> + Send + 'static,
{
    let _turn = AT_ONCE.acquire().await.map_err(|_| PasswordError::NotHashed)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::NotHashed)?
}

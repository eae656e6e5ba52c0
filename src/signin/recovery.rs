//! Recovery codes: ten codes to keep on paper, each good once instead of the authenticator. Stored as keyed hashes. Pure.

use crate::kernel::{MasterKey, PersonId, Rng, typed_code};

/// How many codes a person gets.
pub const HOW_MANY: usize = 10;

/// Fresh codes of 80 random bits each.
#[must_use]
pub fn generate(rng: &mut Rng) -> Vec<String> {
    (0..HOW_MANY).map(|_| typed_code(rng, 4)).collect()
}

/// What is stored of a code. Keyed, so that the database alone does not let anyone try codes; bound to the person.
#[must_use]
pub fn hash(key: &MasterKey, person: PersonId, code: &str) -> Vec<u8> {
    key.mac("recovery-code", format!("{person}:{}", as_printed(code)).as_bytes())
}

/// A typed code as it was printed: without separators, in capitals, look-alikes resolved (Crockford's base 32).
fn as_printed(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

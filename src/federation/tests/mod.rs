//! What partners' sign-in promises.

mod mapping;
mod rules;

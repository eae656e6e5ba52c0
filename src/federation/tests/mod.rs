//! What partners' sign-in promises.

mod arriving;
mod choosing;
mod coming_back;
mod company;
mod entering;
mod fresh;
mod hat;
mod leaving;
mod mapping;
pub(super) mod provider;
mod ruled;
mod rules;
mod trying;

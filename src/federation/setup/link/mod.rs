//! Set-up links: an operator or owner lets somebody without an account set up a partner's connection. The link opens once, in one browser,
//! and opens the set-up of one organization alone; switching over stays with the people who answer for it.

pub mod actions;
pub mod bearer;
pub mod commands;
mod model;
pub mod pages;
pub mod queries;

pub use model::{LINK_DAYS, OPEN_HOURS, Reach, SetupLink, Standing};

#[cfg(test)]
mod tests;

//! Mail: letters are rendered and put into the outbox in the command's transaction; a worker delivers them over SMTP.

pub mod actions;
mod commands;
mod delivery;
mod letter;
mod model;
pub mod pages;
pub mod queries;
mod render;

pub use commands::{RetryError, queue, retry_message};
pub use delivery::{Courier, CourierError, Protection, SmtpSettings};
pub use letter::Letter;
pub use model::{MAX_ATTEMPTS, Message, MessageStatus, back_off};

#[cfg(test)]
mod tests;

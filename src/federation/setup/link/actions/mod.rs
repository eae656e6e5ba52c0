//! Forms of set-up links: of whoever sends them, and of whoever has opened one.

pub mod bearer;
pub mod sender;

//! The design system: frame, page parts, tables, forms, time. It knows no domain; pages compose it and write no
//! class of their own. Rendered on the server only; what needs a browser lives in `islands`.

pub mod branding;
pub mod time;

mod buttons;
mod choices;
mod confirm;
mod data;
mod fields;
pub mod form;
pub mod frame;
mod gallery;
mod head;
pub mod icon;
mod identity;
mod launchpad;
mod layout;
mod moments;
mod page;
mod plain;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use buttons::*;
pub use choices::*;
pub use confirm::*;
pub use data::*;
pub use fields::*;
pub use form::*;
pub use frame::*;
pub use gallery::*;
pub use head::*;
pub use icon::*;
pub use identity::*;
pub use launchpad::*;
pub use layout::*;
pub use moments::*;
pub use page::*;
pub use plain::*;
pub use table::*;
pub use text::*;
pub use time::Viewing;

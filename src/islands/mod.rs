//! The only code that also runs in the browser. Islands sharpen markup that already works without them: they find
//! their elements by attribute and render nothing of their own.

#[cfg(feature = "hydrate")]
mod dom;
mod launchpad;
mod relative;
mod sharpen;

pub use launchpad::*;
pub use relative::relative_words;
pub use sharpen::*;

//! Believing tokens.

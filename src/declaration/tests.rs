//! Promises of `portico apply`.

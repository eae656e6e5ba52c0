//! A forgotten password: a mailed link, good once and for half an hour, that lets its bearer set a new one.

pub mod actions;
pub mod commands;
pub mod pages;

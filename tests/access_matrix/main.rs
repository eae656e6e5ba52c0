//! Who may do what: the golden table of role × action, and every server function and page called by people who must not reach it.

mod files;
mod forms;
mod pages;
mod roles;

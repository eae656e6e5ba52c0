//! The authorization server as a client and a browser meet it.

mod authorizing;
mod clients;
mod decided;
mod desk;
mod keys;
mod leaving;
mod redeeming;
mod refreshing;

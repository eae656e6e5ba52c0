//! The authorization server as a client and a browser meet it.

mod acting;
mod authorizing;
mod clients;
mod consenting;
mod decided;
mod delegating;
mod desk;
mod forwarding;
mod keys;
mod launching;
mod leaving;
mod losing;
mod parameters;
mod possession;
mod redeeming;
mod refreshing;
mod ruled;
mod scene;
mod stopping;
mod sweeping;
mod telling;
mod terms;

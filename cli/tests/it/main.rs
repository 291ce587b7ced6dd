//! The command `tigress` as its users run it, a file for each matter, in one program: what is linked once. What needs
//! a whole process's sockets is in `tests/pressure`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod acme;
mod cmd;
mod common;
mod conformance;
mod durable_relay;
mod endings;
mod files;
mod inspect;
mod offer;
mod output;
mod pin;
mod proxy;
mod reach;
mod relay_process;
mod service;
mod state;
mod streams;
mod terminal;
mod transfer;
mod words;

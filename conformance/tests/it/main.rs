//! The suite against relays that keep the rules, and against relays that each break one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod mutants;
mod over;
mod relays;

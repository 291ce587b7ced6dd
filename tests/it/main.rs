//! Whole transfers through the public API, and what must be true of the tree as a whole: a file for each matter, in one
//! program, which is linked once. What must be alone in its process runs itself again in one (`own_process`).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod accepting;
mod connections;
mod consent;
mod credentials;
mod directory_store;
mod docs;
mod examples;
mod fail_over;
mod failures;
mod held_updates;
mod kills;
mod lists;
mod lying_relay;
#[cfg(target_os = "linux")]
mod memory;
mod own_process;
mod pace;
mod pin;
mod plain_relay;
mod proxies;
mod pure;
mod relay_trouble;
mod secrets;
mod story;
mod stubborn_relay;
mod surface;
mod tls;

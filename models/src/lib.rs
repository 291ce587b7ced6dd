//! Every state of small transfers. The machines are the real ones (`tigress-protocol`), the mailbox follows the real rules
//! (`tigress-mailbox`); requests are lost, repeated and late, processes are killed, stores are set back or copied, the
//! relay lies, apps end what they like when they like. [Stateright](https://www.stateright.rs) goes through all of it within
//! stated bounds ([`Bounds`]), and each state must have what [`properties`] says.
//!
//! That the checker can fail is shown by taking a rule of the protocol away ([`SWITCHES`]): it then has to find a story
//! that breaks a property.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod action;
mod bounds;
mod device;
mod finish;
mod model;
pub mod properties;
mod relay;
mod runs;
mod step;
mod world;

pub use action::{Action, Net};
pub use bounds::{Bounds, LIFETIME};
pub use device::{App, Device};
pub use model::{Checked, TransferModel, check};
pub use relay::{Lie, Relay};
pub use runs::{ELSEWHERE, LARGE, SMALL, SWITCHES};
pub use world::{SENDER, World};

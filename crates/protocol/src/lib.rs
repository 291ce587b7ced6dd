//! One transfer, without anything around it: invitations, tokens in order over a slot that either side overwrites, and the
//! state machine that decides what is asked of the relay next. Pure: the time and the randomness are handed in, what is to
//! be sent and stored is handed out.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod exchange;
pub mod inspect;
pub mod invitation;
mod name;
pub mod summary;
pub mod transfer;

//! The protocol's ending codes.

pub(crate) const DONE: u64 = 1;
pub(crate) const DECLINED: u64 = 2;
pub(crate) const CANCELLED: u64 = 3;
pub(crate) const EXPIRED: u64 = 4;
pub(crate) const PIN_TRIES: u64 = 5;
pub(crate) const UNDECODABLE: u64 = 6;
pub(crate) const STATE_LOST: u64 = 7;
pub(crate) const TOO_LARGE: u64 = 8;
pub(crate) const INTERNAL: u64 = 9;

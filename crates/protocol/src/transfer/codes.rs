//! The protocol's ending codes.

pub(super) const DONE: u64 = 1;
pub(super) const DECLINED: u64 = 2;
pub(super) const CANCELLED: u64 = 3;
pub(super) const EXPIRED: u64 = 4;
pub(super) const PIN_TRIES: u64 = 5;
pub(super) const UNDECODABLE: u64 = 6;
pub(super) const STATE_LOST: u64 = 7;
pub(super) const TOO_LARGE: u64 = 8;
pub(super) const INTERNAL: u64 = 9;

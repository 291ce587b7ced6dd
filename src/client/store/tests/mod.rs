//! What needs the store's own parts.

mod power_cuts;

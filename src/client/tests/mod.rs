//! What needs the client's own parts.

mod tries;

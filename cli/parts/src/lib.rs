//! What the command line and the demonstration are both made of: a relay of their own, threads by part with the CPU that
//! they take, and a transport that counts.

pub mod cpu;
pub mod embedded;
pub mod meter;

//! Names (RFC 2743 §4): both sides of a transfer are anonymous to each other and to the relay.

use std::fmt;

use crate::oid::Oid;

/// `GSS_C_NT_ANONYMOUS`, 1.3.6.1.5.6.3 (RFC 2743 §4.6).
const ANONYMOUS: Oid = Oid::known(&[0x2b, 6, 1, 5, 6, 3]);

/// The name of a side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name {
    /// Nobody in particular.
    Anonymous,
}

impl Name {
    /// The OID of the name's type.
    #[must_use]
    pub fn name_type(&self) -> Oid {
        ANONYMOUS
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<anonymous>")
    }
}

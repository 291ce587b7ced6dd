//! The parts of a token as its mechanism names them, before it is known where they lie.

/// A token's body, or a whole message token, as its mechanism takes it apart.
pub(crate) struct Taken<'t> {
    pub(crate) name: &'static str,
    /// In order and without gaps.
    pub(crate) parts: Vec<Part<'t>>,
}

impl<'t> Taken<'t> {
    pub(super) fn unknown(body: &'t [u8]) -> Self {
        Self {
            name: "",
            parts: vec![Part::clear("body of a mechanism that is not known", body)],
        }
    }
}

/// A part, before it is known where it lies.
pub(crate) struct Part<'t> {
    pub(super) name: &'static str,
    pub(super) bytes: &'t [u8],
    pub(super) sealed: bool,
    pub(super) value: Option<String>,
}

impl<'t> Part<'t> {
    pub(crate) fn clear(name: &'static str, bytes: &'t [u8]) -> Self {
        Self {
            name,
            bytes,
            sealed: false,
            value: None,
        }
    }

    pub(crate) fn sealed(name: &'static str, bytes: &'t [u8]) -> Self {
        Self {
            sealed: true,
            ..Self::clear(name, bytes)
        }
    }

    pub(crate) fn saying(name: &'static str, bytes: &'t [u8], value: String) -> Self {
        Self {
            value: Some(value),
            ..Self::clear(name, bytes)
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

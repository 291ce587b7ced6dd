//! Names of formats and media types.

const MAX_NAME: usize = 255;

/// Whether it is 1 to 255 visible ASCII characters or spaces.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

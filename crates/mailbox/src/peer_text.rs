//! Text that a peer supplied: to be shown as theirs, never as ours.

use std::fmt;

use thiserror::Error;

use crate::plain_text;
use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;

/// A text from the other side of a transfer, such as a title. `Display` and `Debug` give it in one line, without
/// characters that could disguise it (`docs/invitation.md`, "Words of others"); [`raw`](Self::raw) gives it as it came.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct PeerText(String);

/// A peer's text is longer than [`PeerText::MAX_LEN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the text is longer than {} bytes", PeerText::MAX_LEN)]
pub struct PeerTextTooLong;

impl PeerText {
    /// The longest text, in bytes of UTF-8.
    pub const MAX_LEN: usize = 4096;

    /// Takes a text as it came.
    ///
    /// # Errors
    /// [`PeerTextTooLong`] over [`MAX_LEN`](Self::MAX_LEN) bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, PeerTextTooLong> {
        let text = text.into();
        if text.len() > Self::MAX_LEN {
            return Err(PeerTextTooLong);
        }
        Ok(Self(text))
    }

    /// Takes the first [`MAX_LEN`](Self::MAX_LEN) bytes of a text, or fewer where a character would be cut: for what is
    /// to be shown whatever its length.
    #[must_use]
    pub fn cut(text: impl Into<String>) -> Self {
        let mut text = text.into();
        let mut end = text.len().min(Self::MAX_LEN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        Self(text)
    }

    /// The text as it came: for storing and sending, not for showing.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl Stored for PeerText {
    fn to_value(&self) -> Option<Value<'_>> {
        self.0.to_value()
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        Self::new(value?.text()?).ok()
    }
}

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        plain_text::write(&self.0, f)
    }
}

impl fmt::Debug for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerText({:?})", self.to_string())
    }
}

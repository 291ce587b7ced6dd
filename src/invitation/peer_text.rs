//! Text that a peer supplied: to be shown as theirs, never as ours.

use std::fmt;

use thiserror::Error;

/// A text from the other side of a transfer, such as a title. `Display` and `Debug` give it in one line, without
/// characters that could disguise it; [`raw`](Self::raw) gives it as it came.
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

    /// Takes as much of a text as is allowed: for what a relay says, which refuses nothing by itself.
    pub(crate) fn cut(mut text: String) -> Self {
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

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .filter_map(shown)
            .try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

impl fmt::Debug for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerText({:?})", self.to_string())
    }
}

fn shown(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() => None,
        // Bidirectional marks, embeddings, overrides and isolates (UAX #9 §2).
        '\u{061c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => None,
        // Invisible ones; the joiners U+200C and U+200D stay, scripts and emoji need them.
        '\u{00ad}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => None,
        '\u{e0000}'..='\u{e007f}' => None,
        c => Some(c),
    }
}

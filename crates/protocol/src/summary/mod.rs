//! What an invitation says to the receiver's user, readable only by who holds it: token 1 carries it, sealed
//! (docs/protocol.md, section 7.2).

#[cfg(test)]
mod tests;

use std::fmt;

use crate::name::is_name;
use tigress_mailbox::PeerText;
use tigress_primitives::cbor::{self, Map};
use tigress_primitives::record;

/// The only version there is.
const VERSION: u8 = 1;
/// A content's length is a multiple of it, so that it tells little of what is inside.
const BLOCK: usize = 256;
/// What stands before the map: the version and the map's length.
const HEAD: usize = 3;

const TITLE: u64 = 1;
const DESCRIPTION: u64 = 2;
const FORMAT: u64 = 3;
const SENDER: u64 = 4;
const MAY_BE_PASSED_ON: u64 = 5;

/// What is offered, in the sender's words. At a receiver, a peer supplied all of it: never trust it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// A short title.
    pub title: PeerText,
    /// A sentence or a note.
    pub description: PeerText,
    /// What the sender calls itself; nothing proves it.
    pub sender: PeerText,
    /// The format of the credential that is to come.
    pub format: Option<String>,
    /// Whether the receiver may pass on what it gets. Nothing here enforces it.
    pub may_be_passed_on: bool,
}

record! {
    struct Summary { title: 1, description: 2, format: 3, sender: 4, may_be_passed_on: 5 }
}

/// Without the words: who reads a log is not invited.
impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary").finish_non_exhaustive()
    }
}

/// Why something can't be a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryError {
    /// Title or description of more than 4096 bytes.
    Text,
    /// More than [`Summary::MAX_SENDER`] bytes.
    Sender,
    /// Not 1 to 255 visible ASCII characters or spaces.
    Format,
}

impl SummaryError {
    /// In words that are fit for an error to the app.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Text => "title and description have at most 4096 bytes",
            Self::Sender => "the sender's name has at most 256 bytes",
            Self::Format => "the format is 1 to 255 visible ASCII characters",
        }
    }
}

/// Not a summary that anybody would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedSummary;

impl Summary {
    /// The longest name of a sender, in bytes of UTF-8.
    pub const MAX_SENDER: usize = 256;

    /// With these texts, within the limits.
    ///
    /// # Errors
    /// [`SummaryError`] names the limit.
    pub fn new(
        title: impl Into<String>,
        description: impl Into<String>,
        sender: impl Into<String>,
        format: Option<String>,
        may_be_passed_on: bool,
    ) -> Result<Self, SummaryError> {
        let text = |text: String| PeerText::new(text).map_err(|_| SummaryError::Text);
        if !format.as_deref().is_none_or(is_name) {
            return Err(SummaryError::Format);
        }
        Ok(Self {
            title: text(title.into())?,
            description: text(description.into())?,
            sender: name(sender.into()).ok_or(SummaryError::Sender)?,
            format,
            may_be_passed_on,
        })
    }

    /// As token 1 carries it; `None` beyond what fits, which [`Self::new`] makes none of.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let text = |text: &'_ PeerText| Some(text.raw().to_owned()).filter(|text| !text.is_empty());
        let map = Map::new()
            .with_opt(TITLE, text(&self.title))
            .with_opt(DESCRIPTION, text(&self.description))
            .with_opt(FORMAT, self.format.as_deref())
            .with_opt(SENDER, text(&self.sender))
            .with(MAY_BE_PASSED_ON, self.may_be_passed_on)
            .encode();
        let length = u16::try_from(map.len()).ok()?;
        let mut content = [&[VERSION][..], &length.to_be_bytes(), &map].concat();
        content.resize(content.len().next_multiple_of(BLOCK), 0);
        Some(content)
    }

    //= protocol/7.2-later protocol/7.2-malformed
    /// What a token carries; `None` for a version that is not known, which says nothing to this one.
    ///
    /// # Errors
    /// [`MalformedSummary`] for what [`Self::encode`] never writes, but for keys that are not known.
    pub fn decode(content: &[u8]) -> Result<Option<Self>, MalformedSummary> {
        let (version, rest) = content.split_first().ok_or(MalformedSummary)?;
        if *version != VERSION {
            return Ok(None);
        }
        let (length, rest) = rest.split_first_chunk().ok_or(MalformedSummary)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (map, padding) = rest.split_at_checked(length).ok_or(MalformedSummary)?;
        let whole = content.len() == (HEAD + length).next_multiple_of(BLOCK);
        if !whole || padding.iter().any(|byte| *byte != 0) {
            return Err(MalformedSummary);
        }
        let map = cbor::decode_map(map).ok_or(MalformedSummary)?;
        read(&map).map(Some).ok_or(MalformedSummary)
    }
}

/// Keys that are not known are passed over.
fn read(map: &Map) -> Option<Summary> {
    let text = |key| match map.get(key) {
        None => Some(String::new()),
        // An empty one is not written.
        Some(value) => Some(value.text()?.to_owned()).filter(|text| !text.is_empty()),
    };
    let format = match map.get(FORMAT) {
        None => None,
        Some(value) => Some(value.text().filter(|format| is_name(format))?.to_owned()),
    };
    Some(Summary {
        title: PeerText::new(text(TITLE)?).ok()?,
        description: PeerText::new(text(DESCRIPTION)?).ok()?,
        sender: name(text(SENDER)?)?,
        format,
        may_be_passed_on: map.boolean(MAY_BE_PASSED_ON)?,
    })
}

fn name(text: String) -> Option<PeerText> {
    (text.len() <= Summary::MAX_SENDER).then_some(())?;
    PeerText::new(text).ok()
}

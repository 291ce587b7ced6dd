//! What an invitation says to whoever holds it, as `tigress inspect` shows it.

use std::fmt;

use serde::Serialize;
use tigress::invitation::Summary;

/// A summary, as it may be shown: without what could disguise it.
#[derive(Serialize)]
pub(crate) struct Offer {
    title: String,
    description: String,
    sender: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    may_be_passed_on: bool,
}

impl Offer {
    /// What a token says; nothing if no receiver of this version could read it.
    pub(crate) fn of(content: &[u8]) -> Option<Self> {
        Summary::decode(content).ok()?.map(Self::from)
    }
}

impl From<Summary> for Offer {
    fn from(summary: Summary) -> Self {
        Self {
            title: summary.title.to_string(),
            description: summary.description.to_string(),
            sender: summary.sender.to_string(),
            format: summary.format,
            may_be_passed_on: summary.may_be_passed_on,
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = self.format.as_deref().unwrap_or_default();
        for (name, text) in [
            ("title", self.title.as_str()),
            ("description", &self.description),
            ("sender", &self.sender),
            ("format", format),
        ] {
            if !text.is_empty() {
                write!(f, "\n  {name}, in the sender's words: {text}")?;
            }
        }
        let yes = if self.may_be_passed_on { "yes" } else { "no" };
        write!(f, "\n  may be passed on, says the sender: {yes}")
    }
}

//! What an app shows of an invitation: the summary that token 1 carries sealed; where there is none, the texts that
//! everybody could read.

use std::fmt;

use super::texts::{Authenticity, PublicTexts};
use crate::summary::Summary;
use tigress_mailbox::PeerText;

/// Text for the user that came with an invitation. At a receiver, a peer supplied it: never trust it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Display {
    /// A short title.
    pub title: PeerText,
    /// A sentence.
    pub description: PeerText,
    /// What the sender calls itself; nothing proves it. Empty if it does not say.
    pub sender: PeerText,
    /// The format of the credential that is to come, if the sender says.
    pub format: Option<String>,
    /// Whether the receiver may pass on what it gets, in the sender's word. Nothing enforces it.
    pub may_be_passed_on: bool,
    /// An https image, if any; nothing here fetches it.
    pub image_url: Option<String>,
    /// Whether the sender has said this.
    pub authenticity: Authenticity,
}

/// Whose word it is, without the words: who reads a log is not invited.
impl fmt::Debug for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Display")
            .field("authenticity", &self.authenticity)
            .finish_non_exhaustive()
    }
}

impl Display {
    //= protocol/7.2-first
    /// A summary is the sender's own word, and stands before what the relay shows to everybody.
    pub(super) fn of(public: &PublicTexts, summary: Option<&Summary>) -> Self {
        let PublicTexts {
            title,
            description,
            image_url,
            authenticity,
        } = public.clone();
        let Some(summary) = summary.cloned() else {
            return Self {
                title,
                description,
                image_url,
                authenticity,
                ..Self::default()
            };
        };
        Self {
            title: summary.title,
            description: summary.description,
            sender: summary.sender,
            format: summary.format,
            may_be_passed_on: summary.may_be_passed_on,
            image_url: image_url.filter(|_| authenticity == Authenticity::Authentic),
            authenticity: Authenticity::Authentic,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= test protocol/7.2-first
    #[test]
    fn beside_a_summary_a_picture_that_nobody_vouches_for_is_not_shown() {
        let image_url = Some("https://pictures.example/car.png".to_owned());
        let shown = |authenticity, summary: Option<&Summary>| {
            let public = PublicTexts {
                image_url: image_url.clone(),
                authenticity,
                ..PublicTexts::default()
            };
            Display::of(&public, summary).image_url
        };
        let summary = Some(&Summary::default());
        assert_eq!(shown(Authenticity::Authentic, summary), image_url);
        assert_eq!(shown(Authenticity::Unbound, summary), None);
        // Without a summary it is shown, as perhaps not the sender's.
        assert_eq!(shown(Authenticity::Unbound, None), image_url);
    }
}

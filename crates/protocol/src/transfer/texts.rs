//! What an invitation says of itself to everybody, and whether its sender has said it: the relay and a `.tigress` file
//! carry the texts in clear, token 1 carries their hash, sealed.

use crate::invitation::{InvitationPreview, PeerText};
use tigress_gss::crypto;
use tigress_primitives::cbor::{Map, Value};
use tigress_primitives::record;
use tigress_primitives::record::Stored;

/// Version of the form that is hashed.
const VERSION: u64 = 1;

/// Whose word the texts of an invitation are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authenticity {
    /// The sender's own: its first token says so, or this device is the sender.
    Authentic,
    /// Nobody knows: the first token says nothing of them. Whoever runs the relay may have written them.
    #[default]
    Unbound,
    /// Not the sender's: what it has written was changed on the way, and what came instead is not kept. The texts
    /// are empty, and there is no image.
    Altered,
}

impl Authenticity {
    /// A stable word: `authentic`, `unbound`, `altered`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentic => "authentic",
            Self::Unbound => "unbound",
            Self::Altered => "altered",
        }
    }
}

/// As a record has them.
const NUMBERS: [(u64, Authenticity); 3] = [
    (1, Authenticity::Authentic),
    (2, Authenticity::Unbound),
    (3, Authenticity::Altered),
];

impl Stored for Authenticity {
    fn to_value(&self) -> Option<Value<'_>> {
        let (number, _) = NUMBERS.iter().find(|(_, one)| one == self)?;
        Some((*number).into())
    }

    fn from_value(value: Option<&Value>) -> Option<Self> {
        let number = value?.uint()?;
        let found = NUMBERS.iter().find(|(one, _)| *one == number);
        found.map(|(_, authenticity)| *authenticity)
    }
}

/// What the preview page shows. At a receiver, a peer supplied it: never trust it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicTexts {
    /// A short title.
    pub title: PeerText,
    /// A sentence.
    pub description: PeerText,
    /// An https image, if any; nothing here fetches it.
    pub image_url: Option<String>,
    /// Whether the sender has said this.
    pub authenticity: Authenticity,
}

record! {
    struct PublicTexts { title: 1, description: 2, image_url: 3, authenticity: 4 }
}

impl PublicTexts {
    /// What a `.tigress` file says; a share URL says nothing.
    pub fn of_file(preview: &InvitationPreview) -> Option<Self> {
        Some(Self {
            title: preview.title.clone()?,
            description: preview.description.clone()?,
            image_url: preview.image_url.clone(),
            authenticity: Authenticity::Unbound,
        })
    }

    /// The three in the form that is hashed.
    pub(super) fn canonical(&self) -> Map<'_> {
        Map::new()
            .with(0, VERSION)
            .with(1, self.title.raw())
            .with(2, self.description.raw())
            .with(3, self.image_url.as_deref().unwrap_or_default())
    }

    /// What token 1 says of them.
    pub(super) fn hash(&self) -> [u8; 32] {
        crypto::sha256(&[b"tigress v1 display", &self.canonical().encode()])
    }

    //= protocol/7-texts
    /// Which of what the relay and a file say is the sender's, by what its first token says of it.
    pub(crate) fn judged(bound: Option<&[u8]>, relay: Self, file: Option<Self>) -> Self {
        let Some(hash) = bound else {
            // The file came with the secret, past the relay.
            let said = file.unwrap_or(relay);
            return Self {
                authenticity: Authenticity::Unbound,
                ..said
            };
        };
        match [file, Some(relay)]
            .into_iter()
            .flatten()
            .find(|said| said.hash() == *hash)
        {
            Some(said) => Self {
                authenticity: Authenticity::Authentic,
                ..said
            },
            None => Self {
                authenticity: Authenticity::Altered,
                ..Self::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(title: &str, description: &str, image_url: Option<&str>) -> PublicTexts {
        PublicTexts {
            title: PeerText::cut(title),
            description: PeerText::cut(description),
            image_url: image_url.map(str::to_owned),
            authenticity: Authenticity::Unbound,
        }
    }

    #[test]
    fn every_text_counts_and_none_runs_into_the_next() {
        let all = [
            said("Key", "For you", Some("https://a.example/k.png")),
            said("Key ", "For you", Some("https://a.example/k.png")),
            said("Key", "For you", None),
            said("KeyFor you", "", None),
            said("", "KeyFor you", None),
            said("", "", None),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.hash() != one.hash()));
        }
    }

    #[test]
    fn what_no_token_binds_is_nobodys_word_whatever_came_with_it() {
        let claims = PublicTexts {
            authenticity: Authenticity::Authentic,
            ..said("Key", "", None)
        };
        let judged = PublicTexts::judged(None, claims.clone(), None);
        assert_eq!(judged, said("Key", "", None));
        let judged = PublicTexts::judged(None, PublicTexts::default(), Some(claims));
        assert_eq!(judged, said("Key", "", None));
    }

    #[test]
    fn a_file_says_its_texts_and_a_link_says_nothing() {
        let link = "https://relay.example/v1/m/2bba630e-519b-41ec-81d3-0242ac130003?v=c\
                    #AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let link = crate::invitation::parse_invitation(link.as_bytes()).unwrap();
        assert_eq!(PublicTexts::of_file(&link), None);
        let file = InvitationPreview {
            title: Some(PeerText::cut("Key")),
            description: Some(PeerText::cut("For you")),
            image_url: Some("https://a.example/k.png".to_owned()),
            ..link
        };
        let texts = said("Key", "For you", Some("https://a.example/k.png"));
        assert_eq!(PublicTexts::of_file(&file), Some(texts));
    }

    #[test]
    fn the_words_of_authenticity_are_stable() {
        use Authenticity::{Altered, Authentic, Unbound};
        let words = [Authentic, Unbound, Altered].map(Authenticity::name);
        assert_eq!(words, ["authentic", "unbound", "altered"]);
    }

    #[test]
    fn what_the_token_says_wins_and_nothing_else_is_shown_as_the_senders() {
        let (sender, other) = (said("Key", "", None), said("Bank", "", None));
        let hash = sender.hash();
        let judged = |bound: Option<&[u8]>, relay: &PublicTexts, file: Option<&PublicTexts>| {
            PublicTexts::judged(bound, relay.clone(), file.cloned())
        };
        let with = |display: &PublicTexts, authenticity| PublicTexts {
            authenticity,
            ..display.clone()
        };
        let authentic = with(&sender, Authenticity::Authentic);
        for (relay, file) in [
            (&sender, None),
            (&sender, Some(&sender)),
            (&other, Some(&sender)),
            (&sender, Some(&other)),
        ] {
            assert_eq!(judged(Some(&hash), relay, file), authentic);
        }
        let altered = with(&PublicTexts::default(), Authenticity::Altered);
        assert_eq!(judged(Some(&hash), &other, None), altered);
        assert_eq!(judged(Some(&hash), &other, Some(&other)), altered);
        assert_eq!(judged(Some(&hash[..31]), &sender, None), altered);
        // A token that says nothing: the file's word before the relay's.
        assert_eq!(judged(None, &sender, None), sender);
        assert_eq!(judged(None, &other, Some(&sender)), sender);
    }
}

//! The page's texts in each language, and which of them a reader gets.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// Languages of a request that are looked at: browsers send a handful.
const ASKED: usize = 16;

/// One language's texts.
pub(super) struct Language {
    /// As in `lang` and `Content-Language` (RFC 5646).
    pub(super) tag: &'static str,
    /// As in `dir`.
    pub(super) direction: &'static str,
    bundle: FluentBundle<FluentResource>,
}

macro_rules! languages {
    ($($tag:literal $direction:literal,)+) => {
        /// English first: it stands for what nobody asked for.
        static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| vec![$(
            Language::new($tag, $direction, include_str!(concat!("languages/", $tag, ".ftl"))),
        )+]);
    };
}

languages! {
    "en" "ltr",
    "ar" "rtl",
    "de" "ltr",
    "es" "ltr",
    "fr" "ltr",
    "it" "ltr",
    "ja" "ltr",
    "ko" "ltr",
    "nl" "ltr",
    "pl" "ltr",
    "pt" "ltr",
    "sv" "ltr",
    "tr" "ltr",
    "uk" "ltr",
    "zh" "ltr",
}

impl Language {
    fn new(tag: &'static str, direction: &'static str, texts: &str) -> Self {
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // A line that can't be read is left out; the tests find it.
        let texts = FluentResource::try_new(texts.to_owned());
        let _ = bundle.add_resource(texts.unwrap_or_else(|(rest, _)| rest));
        Self {
            tag,
            direction,
            bundle,
        }
    }

    /// The one that a request asks for (RFC 9110, §12.5.4), by the lookup of RFC 4647, §3.4; English if there is none.
    pub(super) fn of(accept: Option<&str>) -> &'static Self {
        let mut asked: Vec<(f32, &str)> = accept
            .unwrap_or_default()
            .split(',')
            .take(ASKED)
            .map(|range| {
                let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
                let weight = weight.trim().strip_prefix("q=");
                let weight = weight.map_or(1.0, |text| text.parse().unwrap_or(0.0));
                (weight, tag.trim())
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        // Of equals the first one, as browsers mean it.
        asked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let found = asked.iter().find_map(|(_, tag)| Self::named(tag));
        found.unwrap_or(&LANGUAGES[0])
    }

    fn named(mut tag: &str) -> Option<&'static Self> {
        loop {
            let found = LANGUAGES
                .iter()
                .find(|language| language.tag.eq_ignore_ascii_case(tag));
            if found.is_some() {
                return found;
            }
            tag = tag.rsplit_once('-')?.0;
        }
    }

    /// One of its texts.
    pub(super) fn text(&self, name: &str) -> String {
        self.text_with(name, &FluentArgs::new())
    }

    /// One of its texts with a value in it.
    pub(super) fn text_with(&self, name: &str, values: &FluentArgs<'_>) -> String {
        let text = self.bundle.get_message(name);
        let Some(text) = text.and_then(|message| message.value()) else {
            return String::new();
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(text, Some(values), &mut errors);
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_bundle::FluentValue;
    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    #[test]
    fn the_reader_gets_what_is_asked_for_first_of_what_there_is() {
        for (asked, given) in [
            ("de", "de"),
            ("de-CH-1996, en", "de"),
            ("DE-at", "de"),
            ("fr;q=0.5, es;q=0.9", "es"),
            ("fr;q=0, es;q=0.1", "es"),
            ("tlh, rm;q=0.9, it;q=0.8", "it"),
            ("zh-Hant-TW", "zh"),
            ("ar-EG,ar;q=0.9", "ar"),
            ("*", "en"),
            ("tlh", "en"),
            ("", "en"),
            ("de;q=nan, fr;q=x, ;;,,-", "en"),
            ("deutsch", "en"),
        ] {
            assert_eq!(Language::of(Some(asked)).tag, given, "{asked}");
        }
        assert_eq!(Language::of(None).tag, "en");
        let last = |before: usize| "tlh,".repeat(before) + "de";
        assert_eq!(Language::of(Some(&last(ASKED - 1))).tag, "de");
        assert_eq!(
            Language::of(Some(&last(ASKED))).tag,
            "en",
            "nobody reads so many"
        );
    }

    type Texts = BTreeMap<String, BTreeSet<String>>;

    /// Each text, and the values that stand in it.
    fn texts(source: &str) -> Texts {
        let resource = fluent_syntax::parser::parse(source).expect("can be read");
        let messages = resource.body.into_iter().filter_map(|entry| match entry {
            Entry::Message(message) => Some(message),
            _ => None,
        });
        messages
            .map(|message| {
                let mut values = BTreeSet::new();
                collect(&message.value.expect("a text"), &mut values);
                (message.id.name.to_owned(), values)
            })
            .collect()
    }

    fn collect(pattern: &Pattern<&str>, values: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            let PatternElement::Placeable { expression } = element else {
                continue;
            };
            let inline = match expression {
                Expression::Inline(inline) => inline,
                Expression::Select { selector, variants } => {
                    for variant in variants {
                        collect(&variant.value, values);
                    }
                    selector
                }
            };
            if let InlineExpression::VariableReference { id } = inline {
                values.insert(id.name.to_owned());
            }
        }
    }

    #[test]
    fn each_language_has_each_text_with_the_same_values() {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/page/languages");
        let read = |tag: &str| std::fs::read_to_string(folder.join(format!("{tag}.ftl"))).unwrap();
        let english = texts(&read("en"));
        for language in LANGUAGES.iter() {
            assert_eq!(texts(&read(language.tag)), english, "{}", language.tag);
        }
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(files, LANGUAGES.len(), "a file that no language is made of");
    }

    #[test]
    fn each_language_counts_by_its_own_rules() {
        let days = |tag: &str, count: u64| {
            let mut values = FluentArgs::new();
            values.set("count", FluentValue::from(count));
            let language = Language::named(tag).unwrap();
            let text = language.text_with("left-days", &values);
            text.replace(['\u{2068}', '\u{2069}'], "")
        };
        assert!(days("en", 1).contains("1 more day."), "{}", days("en", 1));
        assert!(days("en", 2).contains("2 more days."));
        assert!(days("pl", 1).contains("1 dzień"));
        assert!(days("pl", 3).contains("3 dni"));
        assert!(days("uk", 2).contains("2 дні"));
        assert!(days("uk", 5).contains("5 днів"));
        assert!(days("uk", 21).contains("21 день"));
        for language in LANGUAGES.iter() {
            for count in [0, 1, 2, 3, 5, 11, 21, 100] {
                let shown = days(language.tag, count);
                assert!(!shown.is_empty() && !shown.contains('{'), "{shown}");
            }
        }
    }
}

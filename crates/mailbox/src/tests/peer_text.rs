//! What of the other side's words an app shows: all that can be read, nothing that disguises it.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

use proptest::prelude::*;

use super::*;

fn shown(raw: &str) -> String {
    PeerText::new(raw).unwrap().to_string()
}

/// Each of these between two letters.
fn between_letters(chars: impl IntoIterator<Item = char>) -> Vec<(char, String)> {
    let between = |c| (c, shown(&format!("a{c}b")));
    chars.into_iter().map(between).collect()
}

#[test]
fn what_people_write_stays_as_it_is() {
    for text in [
        "Room 303 – “Seaside”, 2. floor (left) 🙂",
        "Schlüssel für Zoë: żółć, Ångström, Việt Nam",
        "e\u{301}te\u{301}, n\u{303}",
        "Ключ от дома",
        "مفتاح السيارة، شُكْرًا",
        "שָׁלוֹם עוֹלָם",
        "钥匙，車のキー、자동차 키",
        "गाड़ी की चाबी, বাড়ির চাবি, ကားသော့, རྡོ་རྗེ",
        "กุญแจรถ ที่จอด",
    ] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn joiners_stay_where_they_shape_words_and_pictures() {
    for text in [
        "می\u{200c}خواهم",                                                // Persian
        "कम\u{94d}\u{200d}प",                                             // Hindi: a half form
        "ক\u{9cd}\u{200c}ষ",                                              // Bengali: no conjunct
        "র\u{200d}\u{9cd}যাব", // Bengali: the joiner stands before the virama
        "ශ\u{dca}\u{200d}රී",  // Sinhala
        "👩\u{200d}👩\u{200d}👧 🏃🏽\u{200d}♀\u{fe0f} ❤\u{fe0f}\u{200d}🔥", // emoji
    ] {
        assert_eq!(shown(text), text);
    }
    for text in [
        "a\u{200d}b",
        "a\u{200c}\u{200c}b",
        "\u{200d}ab",
        "ab\u{200c}",
        "a\u{200d}🙂b".trim_end_matches("b"),
    ] {
        assert!(!shown(text).contains(['\u{200c}', '\u{200d}']), "{text:?}");
    }
    assert_eq!(
        shown("می\u{200c}\u{200d}\u{200c}\u{200c}خ"),
        "می\u{200c}خ",
        "one is enough"
    );
}

#[test]
fn a_variation_selector_stays_where_it_chooses_a_form() {
    for text in [
        "❤\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "☎\u{fe0e}",
        "葛\u{e0100}城",
        "ᠠ\u{180b}",
    ] {
        assert_eq!(shown(text), text);
    }
    // One byte of a hidden message in each of them.
    assert_eq!(shown("🙂\u{e0148}\u{e0155}\u{fe00}"), "🙂");
    assert_eq!(shown("🙂\u{fe0f}\u{fe0f}\u{fe0e}"), "🙂\u{fe0f}");
    assert_eq!(shown("a\u{fe0f}b\u{e0101}"), "ab");
}

#[test]
fn what_nobody_can_see_is_left_out() {
    let classes: [(&str, Vec<char>); 7] = [
        (
            "controls",
            "\0\u{7}\u{8}\u{1b}\u{7f}\u{80}\u{9b}".chars().collect(),
        ),
        (
            "bidirectional",
            "\u{61c}\u{200e}\u{200f}"
                .chars()
                .chain('\u{202a}'..='\u{202e}')
                .chain('\u{2066}'..='\u{206f}')
                .collect(),
        ),
        (
            "zero width",
            "\u{ad}\u{34f}\u{180e}\u{200b}\u{2060}\u{2061}\u{2064}\u{feff}\u{17b4}\u{17b5}"
                .chars()
                .collect(),
        ),
        (
            "Hangul fillers",
            "\u{115f}\u{1160}\u{3164}\u{ffa0}".chars().collect(),
        ),
        (
            "annotations and layout",
            "\u{fff9}\u{fffa}\u{fffb}\u{13430}\u{1343f}\u{1bca0}\u{1d173}\u{1d17a}"
                .chars()
                .collect(),
        ),
        ("tags", ('\u{e0000}'..='\u{e007f}').collect()),
        (
            "reserved for more of them",
            "\u{2065}\u{fff0}\u{fff8}\u{e0080}\u{e01f0}\u{e0fff}"
                .chars()
                .collect(),
        ),
    ];
    for (class, chars) in classes {
        for (c, text) in between_letters(chars) {
            assert_eq!(text, "ab", "{class}: U+{:04X}", u32::from(c));
        }
    }
}

#[test]
fn white_space_of_any_kind_and_blanks_are_one_space() {
    let spaces = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{2800}\u{1d159}";
    for (c, text) in between_letters(spaces.chars().chain('\u{2000}'..='\u{200a}')) {
        assert_eq!(text, "a b", "U+{:04X}", u32::from(c));
    }
    // Nothing is pushed out of sight.
    assert_eq!(
        shown(&format!(
            " \u{2800}Room{}\r\n 303 \n",
            " \u{3000}".repeat(500)
        )),
        "Room 303"
    );
    assert_eq!(shown("\u{3164}\u{2800} \u{200b}"), "");
}

#[test]
fn what_can_not_be_shown_is_told_by_a_replacement_character() {
    // Private use (on some phones the maker's sign), not yet assigned, never to be assigned, a lost picture.
    for (c, text) in between_letters(
        "\u{f8ff}\u{e000}\u{f0000}\u{10fffd}\u{378}\u{fdd0}\u{ffff}\u{10ffff}\u{fffc}".chars(),
    ) {
        assert_eq!(text, "a\u{fffd}b", "U+{:04X}", u32::from(c));
    }
}

#[test]
fn marks_do_not_pile_up() {
    let pile = "\u{30d}\u{331}\u{489}\u{35c}".repeat(50);
    assert_eq!(shown(&format!("Z{pile}a")).chars().count(), 1 + 6 + 1);
    // Neither on the app's own text before it, nor on a space, nor past what is left out.
    assert_eq!(shown("\u{301}\u{200b}\u{903}a \u{301}b"), "a b");
    assert_eq!(
        shown(&format!("Z{}", "\u{301}\u{200b}\u{200d}".repeat(50)))
            .matches('\u{301}')
            .count(),
        6
    );
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let text = PeerText::cut("é".repeat(3000));
    assert_eq!(text.raw(), "é".repeat(2048));
    assert_eq!(PeerText::cut(format!("a{}", text.raw())).raw().len(), 4095);
}

#[test]
fn of_all_characters_none_that_can_not_be_seen_is_shown_between_letters() {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    for (c, text) in between_letters('\0'..=char::MAX) {
        let inner = text
            .strip_prefix('a')
            .and_then(|text| text.strip_suffix('b'))
            .unwrap();
        let may_be = match categories.get(c) {
            GeneralCategory::Control => inner.is_empty() || inner == " ",
            GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => inner == " ",
            _ if ignorable.contains(c) => inner.is_empty(),
            GeneralCategory::PrivateUse | GeneralCategory::Unassigned => inner == "\u{fffd}",
            // What can be seen of the format characters are the signs around numbers.
            GeneralCategory::Format => inner.is_empty() || ('\u{600}'..='\u{110cd}').contains(&c),
            _ => {
                inner.chars().eq([c])
                    || ['\u{2800}', '\u{fffc}', '\u{16fe4}', '\u{1d159}'].contains(&c)
            }
        };
        assert!(may_be, "U+{:04X} is shown as {inner:?}", u32::from(c));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_shown_is_one_line_that_is_shown_the_same_again(text in any::<String>(), odd in "[a🙂ك葛\u{301}\u{200d}\u{200c}\u{fe0f}\u{e0100}\u{3164} \u{202e}]{0,40}") {
        for text in [text, odd] {
            let once = PeerText::cut(text).to_string();
            prop_assert_eq!(&shown(&once), &once);
            let disguised = once.contains(['\n', '\r', '\u{202e}', '\u{3164}']) || once.contains("  ");
            prop_assert!(!disguised, "{:?}", once);
        }
    }
}

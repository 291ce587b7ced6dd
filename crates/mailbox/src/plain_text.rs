//! What of a peer's text is shown: one line, in which every character can be seen and none changes how others look.
//! Decided by properties of the Unicode Character Database, as `icu_properties` has them: the tables that `url`
//! brings along for international domain names.

use std::fmt::{self, Write};

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup,
    JoiningType, PrependedConcatenationMark, UnifiedIdeograph, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// The marks that are shown on one character: more than any language stacks (Hebrew with vowels and accents, Tibetan,
/// Burmese have up to six), and a line that stays a line.
const MAX_MARKS: usize = 6;

/// What a character is to the one line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// White space, and what looks like it.
    Space,
    /// Shown as it is.
    Visible,
    /// A combining mark: shown on a character, and only so many.
    Mark,
    /// U+200C or U+200D: kept where it shapes what is around it.
    Joiner,
    /// Kept directly after a character whose form it chooses.
    VariationSelector,
    /// Something that no font, or only some phone's font, can show: told by U+FFFD.
    Unknown,
    /// Left out.
    Invisible,
}

fn kind(c: char) -> Kind {
    match c {
        ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER => return Kind::Joiner,
        '\u{180b}'..='\u{180d}' | '\u{180f}' => return Kind::VariationSelector,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => return Kind::VariationSelector,
        // Blank, although its category is that of a symbol: Braille pattern blank, musical null notehead.
        '\u{2800}' | '\u{1d159}' => return Kind::Space,
        // What a picture within a text left behind.
        '\u{fffc}' => return Kind::Unknown,
        // Khitan small script filler: blank, although its category is that of a mark.
        '\u{16fe4}' => return Kind::Invisible,
        _ => {}
    }
    if CodePointSetData::new::<WhiteSpace>().contains(c) {
        return Kind::Space;
    }
    // Soft hyphen, bidirectional controls, Hangul fillers, tags, what is reserved for more of them…
    if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) {
        return Kind::Invisible;
    }
    match category(c) {
        GeneralCategory::Control => Kind::Invisible,
        // Signs around numbers of Arabic and other scripts can be seen; interlinear annotation and layout controls can't.
        GeneralCategory::Format
            if !CodePointSetData::new::<PrependedConcatenationMark>().contains(c) =>
        {
            Kind::Invisible
        }
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse => Kind::Unknown,
        category if GeneralCategoryGroup::Mark.contains(category) => Kind::Mark,
        _ => Kind::Visible,
    }
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

/// Whether a joiner between them shapes them: letters that are written together, conjuncts (after a virama, a mark; in
/// Bengali and Kannada before it), pictographs with their selectors and skin colours.
fn are_joined(before: char, after: char) -> bool {
    let letters = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark);
    let is_letter = |c| letters.contains(category(c));
    if is_pictograph(after) {
        // A selector is a mark.
        return is_pictograph(before) || matches!(before, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    }
    let written_together =
        CodePointMapData::<JoiningType>::new().get(before) != JoiningType::NonJoining;
    let before_a_mark = kind(after) == Kind::Mark && is_letter(before);
    is_letter(after) && (written_together || before_a_mark)
}

/// Whether a variation selector chooses between forms of `base`: text and emoji, ideographs in names, Mongolian.
fn has_variations(base: char, selector: char) -> bool {
    match selector {
        '\u{fe0e}' | '\u{fe0f}' => {
            CodePointSetData::new::<Emoji>().contains(base) || is_pictograph(base)
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' => matches!(base, '\u{1820}'..='\u{18aa}'),
        _ => CodePointSetData::new::<UnifiedIdeograph>().contains(base),
    }
}

/// Writes what may be shown of `text`, in time linear in its length.
pub(super) fn write(text: &str, out: &mut dyn Write) -> fmt::Result {
    let mut line = Line {
        out,
        last: None,
        space: false,
        joiner: None,
        marks: 0,
    };
    text.chars().try_for_each(|c| line.add(c))
}

struct Line<'a> {
    out: &'a mut dyn Write,
    /// The last character written.
    last: Option<char>,
    /// White space to be written before the next character: none stands at either end, and never two in a row.
    space: bool,
    /// A joiner to be written if the next character is one to be joined.
    joiner: Option<char>,
    /// How many marks the last character has.
    marks: usize,
}

impl Line<'_> {
    fn add(&mut self, c: char) -> fmt::Result {
        // What a mark, a joiner or a selector would belong to.
        let base = self.last.filter(|_| !self.space);
        match kind(c) {
            Kind::Invisible => Ok(()),
            Kind::Space => {
                self.space = true;
                self.joiner = None;
                Ok(())
            }
            Kind::Visible => {
                self.marks = 0;
                self.put(c)
            }
            Kind::Unknown => {
                self.marks = 0;
                self.joiner = None;
                self.put(char::REPLACEMENT_CHARACTER)
            }
            Kind::Mark if base.is_none() || self.marks == MAX_MARKS => Ok(()),
            Kind::Mark => {
                self.marks += 1;
                self.put(c)
            }
            Kind::Joiner => {
                self.joiner = base.and(Some(c));
                Ok(())
            }
            Kind::VariationSelector if base.is_some_and(|base| has_variations(base, c)) => {
                self.put(c)
            }
            Kind::VariationSelector => Ok(()),
        }
    }

    fn put(&mut self, c: char) -> fmt::Result {
        if self.space && self.last.is_some() {
            self.out.write_char(' ')?;
        }
        let joined = self.last.is_some_and(|last| are_joined(last, c));
        if let Some(joiner) = self.joiner.take().filter(|_| joined) {
            self.out.write_char(joiner)?;
        }
        self.space = false;
        self.last = Some(c);
        self.out.write_char(c)
    }
}

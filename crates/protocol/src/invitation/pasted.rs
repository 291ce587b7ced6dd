//! Finds the share URL in what was pasted: a link with what stands around it, or a whole message.

use super::changed;
use super::error::{InvitationError, LinkChange};
use super::share_url::ShareUrl;

/// What ends a URL, beside white space, control characters and all that is not ASCII (RFC 3986, appendix C, and the
/// characters that it allows nowhere).
const DELIMITERS: &str = "<>\"`\\^{|}";
/// What moreover ends a fragment of ours, which has none of these.
const FRAGMENT_DELIMITERS: &str = "()[]'*";
/// What ends a sentence.
const PUNCTUATION: &str = ".,;:!?";
/// As many characters may stand between a secret and a `p` that was once its suffix: ` `, `).`, `=\r\n.`.
const MAX_GAP: usize = 4;
/// How files of invitations are named.
const FILE_ENDING: &str = ".tigress";
/// How paths and files' URLs start.
const FILE_STARTS: [&str; 8] = ["/", "./", "../", "~/", ".\\", "..\\", "file:", "content:"];

/// Reads the one share URL of a text, in time linear in its length. All that look like one must be one, and the same.
pub(super) fn read(text: &str) -> Result<ShareUrl, InvitationError> {
    let mut found: Option<ShareUrl> = None;
    let mut foreign = None;
    let mut rest = text;
    while let Some(link) = Link::next(rest) {
        rest = link.after;
        match link.read() {
            Ok(url) => match &found {
                Some(before) if *before != url => return Err(InvitationError::SeveralLinks),
                _ => found = Some(url),
            },
            Err(error) if changed::is_about_an_invitation(link.url) => return Err(error),
            Err(error) => foreign = foreign.or(Some(error)),
        }
    }
    match (found, foreign) {
        (Some(url), _) => Ok(url),
        (None, Some(_)) if is_file_name(text) => Err(InvitationError::FileName),
        // One word, and in it what is in no URL: this is told, not what is left of the link.
        (None, Some(_)) if !text.contains(char::is_whitespace) => ShareUrl::parse(text),
        (None, Some(error)) => Err(error),
        (None, None) => Err(without_link(text)),
    }
}

/// A URL in a text.
struct Link<'a> {
    url: &'a str,
    /// The text after it.
    after: &'a str,
}

impl<'a> Link<'a> {
    /// The first URL of a text, up to its end or to what can't be in it.
    fn next(text: &'a str) -> Option<Self> {
        let (before, _) = text.split_once("://")?;
        let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let (_, url) = text.split_at(before.trim_end_matches(is_of_scheme).len());
        let url = url.trim_start_matches(|c: char| c != ':' && !c.is_ascii_alphabetic());
        let (url, after) = url.split_at(end_of(url));
        Some(Self { url, after })
    }

    fn read(&self) -> Result<ShareUrl, InvitationError> {
        let url = ShareUrl::parse(self.url)?;
        if !url.pin_required && is_suffix_apart(self.after) {
            return Err(InvitationError::Changed(LinkChange::Broken));
        }
        Ok(url)
    }
}

/// Where the URL at the start of a text ends, without the punctuation of the sentence that it ends.
fn end_of(text: &str) -> usize {
    let up_to = |text: &str, ends: &dyn Fn(char) -> bool| text.find(ends).unwrap_or(text.len());
    let is_bracket = |c| FRAGMENT_DELIMITERS.contains(c);
    let is_punctuation = |c| PUNCTUATION.contains(c);
    let end = up_to(text, &|c| !c.is_ascii_graphic() || DELIMITERS.contains(c));
    let url = text.get(..end).unwrap_or_default();
    match url.split_once('#') {
        Some((address, fragment)) => {
            let end = up_to(fragment, &is_bracket);
            let fragment = fragment.get(..end).unwrap_or_default();
            address.len() + "#".len() + fragment.trim_end_matches(is_punctuation).len()
        }
        None => {
            let ends = |c| is_punctuation(c) || is_bracket(c);
            url.trim_end_matches(ends).len()
        }
    }
}

/// Whether the suffix that asks for a PIN stands apart from its link: it must not be lost in silence.
fn is_suffix_apart(after: &str) -> bool {
    let is_between = |c: &char| !c.is_alphanumeric();
    let gap = after
        .chars()
        .take_while(is_between)
        .take(MAX_GAP + 1)
        .count();
    let word = after.chars().skip(gap).take_while(|c| c.is_alphanumeric());
    gap <= MAX_GAP && word.eq(['p'])
}

/// What a text is that has no URL.
fn without_link(text: &str) -> InvitationError {
    match changed::without_scheme(text) {
        Some(change) => InvitationError::Changed(change),
        None if is_file_name(text) => InvitationError::FileName,
        None => InvitationError::NotAnInvitation,
    }
}

/// Whether a text looks like a file's name or path, or its URL.
fn is_file_name(text: &str) -> bool {
    let starts_with = |start: &str| {
        let found = text.get(..start.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    let ending = text.len().checked_sub(FILE_ENDING.len());
    let ending = ending.and_then(|at| text.get(at..));
    let is_named = ending.is_some_and(|ending| ending.eq_ignore_ascii_case(FILE_ENDING));
    let is_drive =
        matches!(text.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic());
    (is_named || is_drive || FILE_STARTS.into_iter().any(starts_with))
        && !text.contains(char::is_control)
}

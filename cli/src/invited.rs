//! Shows an invitation to people: the link and what goes with it, on a terminal with a QR code that fits there.

use std::env;
use std::io::{self, IsTerminal as _};

use clap::ValueEnum;
use rustix::termios::tcgetwinsize;
use tigress::invitation::ShareUrl;
use tigress_protocol::invitation::qr_code_terminal;

use crate::output::time;

/// What the QR code's standard asks for; then what cameras still take.
const QUIET_ZONES: [u8; 4] = [4, 3, 2, 1];
/// Of a terminal that does not tell its size.
const USUAL: Size = Size {
    rows: 24,
    columns: 80,
};

/// When the link is shown as a QR code, too.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Qr {
    Never,
    /// On a terminal with colours and enough room.
    Auto,
    Always,
}

/// What is shown.
pub(crate) struct Invited<'a> {
    pub(crate) url: &'a ShareUrl,
    pub(crate) pin: Option<&'a str>,
    pub(crate) expires: u64,
    pub(crate) transfer: String,
    /// The relay is this command's own.
    pub(crate) embedded: bool,
}

#[derive(Clone, Copy)]
struct Size {
    rows: usize,
    columns: usize,
}

impl Invited<'_> {
    /// The lines for stdout.
    pub(crate) fn text(&self, qr: Qr) -> String {
        let plain = self.plain();
        match qr {
            Qr::Never => plain,
            Qr::Always => self
                .picture(screen().unwrap_or(USUAL))
                .unwrap_or_else(|| self.below(QUIET_ZONES[0])),
            Qr::Auto if !io::stdout().is_terminal() => plain,
            Qr::Auto => screen()
                .filter(|_| has_colours())
                .and_then(|size| self.picture(size))
                .unwrap_or_else(|| format!("{plain}\n(--qr always shows a QR code, too)")),
        }
    }

    fn plain(&self) -> String {
        let url = self.url.to_url();
        [vec![url.to_string()], self.words()].concat().join("\n")
    }

    /// Short lines, so that they have room beside the code.
    fn words(&self) -> Vec<String> {
        let mut words = vec![
            "Whoever has this link can take it.".to_owned(),
            format!("expires: {}", time(self.expires)),
        ];
        if let Some(pin) = self.pin {
            words.push(format!("PIN, by another way: {pin}"));
        }
        if self.embedded {
            words.push("The relay ends with this command.".to_owned());
        }
        words.extend(["transfer:".to_owned(), self.transfer.clone()]);
        words
    }

    /// With the QR code, and all of it visible at once; as much of the quiet zone as there is room for.
    fn picture(&self, size: Size) -> Option<String> {
        QUIET_ZONES.into_iter().find_map(|zone| {
            [self.below(zone), self.beside(zone)]
                .into_iter()
                .find(|text| fits(text, size))
        })
    }

    fn below(&self, zone: u8) -> String {
        let code = qr_code_terminal(self.url, zone);
        let url = self.url.to_url();
        format!("{}\n{code}{}", *url, self.words().join("\n"))
    }

    fn beside(&self, zone: u8) -> String {
        let mut words = self.words().into_iter();
        let mut text = self.url.to_url().to_string();
        for line in qr_code_terminal(self.url, zone).lines() {
            text.push('\n');
            text.push_str(line);
            if let Some(word) = words.next() {
                text.push(' ');
                text.push_str(&word);
            }
        }
        text
    }
}

/// The terminal's own size.
fn screen() -> Option<Size> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    Some(match (size.ws_row, size.ws_col) {
        (0, _) | (_, 0) => USUAL,
        (rows, columns) => Size {
            rows: rows.into(),
            columns: columns.into(),
        },
    })
}

/// The code is black on white whatever the terminal's own colours are, so it needs some.
fn has_colours() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("TERM") && env::var_os("TERM").is_none_or(|term| term != "dumb") && !is_set("NO_COLOR")
}

fn fits(text: &str, size: Size) -> bool {
    let rows = text
        .lines()
        .map(|line| width(line).div_ceil(size.columns).max(1));
    let is_code = |line: &str| line.starts_with('\u{1b}');
    rows.sum::<usize>() <= size.rows
        && text
            .lines()
            .all(|line| !is_code(line) || width(line) <= size.columns)
}

/// Columns of a line: its characters without the escape sequences.
fn width(line: &str) -> usize {
    let mut pieces = line.split('\u{1b}');
    let first = pieces.next().map_or(0, |piece| piece.chars().count());
    let after = |piece: &str| {
        piece
            .split_once('m')
            .map_or(0, |(_, rest)| rest.chars().count())
    };
    first + pieces.map(after).sum::<usize>()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const ID: &str = "8958099f-6507-4638-b1ab-ad27b4dc5bcb";

    fn shown(host: &str, rows: usize) -> Option<String> {
        let secret = "zJ9r5gtRzv1-Owns4I_Zsa09JP-fHw7qwwiUCEvV2v0";
        let url = format!("https://{host}/v1/m/{ID}?v=c#{secret}.p");
        let invited = Invited {
            url: &ShareUrl::parse(&url).unwrap(),
            pin: Some("123456789012"),
            expires: 1_800_000_000,
            transfer: ID.to_owned(),
            embedded: true,
        };
        let text = invited.picture(Size { rows, columns: 80 })?;
        for word in [&url, ID, "123456789012", "2027-01-15"] {
            assert!(text.contains(word), "{text}");
        }
        Some(text)
    }

    #[test]
    fn code_and_text_fit_24_rows_up_to_a_host_of_34_characters() {
        let longest = format!("{}.example", "r".repeat(26));
        for host in ["relay.example", &longest] {
            let text = shown(host, 24).unwrap();
            assert!(
                text.lines()
                    .all(|line| !line.contains('▀') || width(line) <= 80),
                "{text}"
            );
        }
        assert!(shown(&format!("r{longest}"), 24).is_none());
        // Where there is more room, the code has more of it, too.
        assert!(
            shown("relay.example", 60).unwrap().len() > shown("relay.example", 24).unwrap().len()
        );
    }
}

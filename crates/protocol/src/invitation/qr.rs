//! The share URL as a QR code (ISO/IEC 18004): its modules, SVG, and text for a terminal. Each holds the secret.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

use super::share_url::ShareUrl;

/// Light modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET_ZONE: i32 = 4;
/// Black on white from the fixed part of the 256-colour palette: no theme, dark or light, changes it.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// A QR code with its quiet zone.
struct Modules {
    code: QrCode,
    quiet_zone: i32,
    width: i32,
}

impl Modules {
    fn of(url: &ShareUrl) -> Self {
        Self::with_quiet_zone(url, QUIET_ZONE)
    }

    #[expect(
        clippy::expect_used,
        reason = "a share URL has at most some 370 characters, a QR code holds 2953 bytes"
    )]
    fn with_quiet_zone(url: &ShareUrl, quiet_zone: i32) -> Self {
        // The lowest level, which the library raises where that costs no size: screens get no scratches.
        let code = QrCode::encode_text(&url.to_url(), QrCodeEcc::Low)
            .expect("a share URL fits into a QR code");
        let width = code.size() + 2 * quiet_zone;
        Self {
            code,
            quiet_zone,
            width,
        }
    }

    fn is_dark(&self, x: i32, y: i32) -> bool {
        self.code
            .get_module(x - self.quiet_zone, y - self.quiet_zone)
    }
}

/// The QR code's modules, row by row from the top, quiet zone included: whether each is dark.
#[must_use]
pub fn qr_code(url: &ShareUrl) -> Vec<Vec<bool>> {
    let modules = Modules::of(url);
    let side = 0..modules.width;
    let row = |y| side.clone().map(|x| modules.is_dark(x, y)).collect();
    side.clone().map(row).collect()
}

/// The QR code as an SVG picture without a size of its own: one unit per module, quiet zone included.
#[must_use]
pub fn qr_code_svg(url: &ShareUrl) -> String {
    let modules = Modules::of(url);
    let width = modules.width;
    let mut path = String::new();
    for y in 0..width {
        for x in (0..width).filter(|x| modules.is_dark(*x, y)) {
            let written = write!(path, "M{x} {y}h1v1h-1z");
            debug_assert!(written.is_ok(), "a String takes all");
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {width}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{width}\" height=\"{width}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>\n"
    )
}

/// The QR code as lines of text, two rows of modules each, quiet zone included. Colours are set by ANSI escape
/// sequences, so that it is black on white in any terminal. The quiet zone is 1 to 4 modules wide; values outside are
/// taken as the nearest of these. The standard asks for 4, and cameras find it with 1, too: a terminal of 24 rows has
/// no room for more.
#[must_use]
pub fn qr_code_terminal(url: &ShareUrl, quiet_zone: u8) -> String {
    let quiet_zone = i32::from(quiet_zone).clamp(1, QUIET_ZONE);
    let modules = Modules::with_quiet_zone(url, quiet_zone);
    let mut text = String::new();
    for y in (0..modules.width).step_by(2) {
        text.push_str(BLACK_ON_WHITE);
        text.extend(
            (0..modules.width)
                .map(|x| half_blocks(modules.is_dark(x, y), modules.is_dark(x, y + 1))),
        );
        text.push_str(RESET);
        text.push('\n');
    }
    text
}

fn half_blocks(upper_dark: bool, lower_dark: bool) -> char {
    match (upper_dark, lower_dark) {
        (false, false) => ' ',
        (true, false) => '▀',
        (false, true) => '▄',
        (true, true) => '█',
    }
}

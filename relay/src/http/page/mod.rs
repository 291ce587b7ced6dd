//! Pages for people who opened a link in a browser: what to do, in their language. The sender supplies some texts, so they
//! are escaped, quoted and short; nothing is loaded, and nothing can run.

mod device;
mod language;

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fluent_bundle::FluentArgs;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use tigress_mailbox::format_timestamp;

use crate::people::People;
use device::Device;
use language::Language;

const STYLE: &str = include_str!("page.css");
/// What is shown of the sender's title and description, in characters.
const TITLE: usize = 60;
const DESCRIPTION: usize = 160;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Nothing but the one style sheet, which is named by its hash (CSP level 3, §2.3.1).
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; sandbox"
    )
});

/// Who reads, and whose page it is.
pub(super) struct Page<'a> {
    language: &'static Language,
    device: Device,
    people: &'a People,
    host: &'a str,
}

/// What is offered here.
pub(super) struct Offer<'a> {
    /// As a wallet shows them.
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    /// When it ends, and what time it is, as Unix seconds.
    pub(super) expires: u64,
    pub(super) now: u64,
}

/// People get a page, programs the problem document.
pub(super) fn is_wanted(list: &HeaderMap) -> bool {
    text_of(list, &header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

fn text_of<'a>(list: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    list.get(name).and_then(|value| value.to_str().ok())
}

impl<'a> Page<'a> {
    /// For whoever makes a request with these headers, at the relay of this origin.
    pub(super) fn for_reader(list: &HeaderMap, people: &'a People, origin: &'a str) -> Self {
        Self {
            language: Language::of(text_of(list, &header::ACCEPT_LANGUAGE)),
            device: Device::of(text_of(list, &header::USER_AGENT)),
            people,
            host: origin.split_once("://").map_or(origin, |(_, host)| host),
        }
    }

    /// The tab's, and the first that a screen reader says: never the sender's.
    pub(super) fn title(&self) -> String {
        self.text(match self.device {
            Device::Computer => "computer-title",
            _ => "phone-title",
        })
    }

    /// What it is about, where the sender says nothing in public.
    pub(super) fn intro(&self) -> String {
        self.text("intro")
    }

    /// `head` is what messengers read.
    pub(super) fn offer(&self, offer: &Offer<'_>, head: &Markup) -> Response {
        let title = self.title();
        let main = html! {
            h1 { (title) }
            p { (self.intro()) }
            (self.steps())
            p.left { time datetime=(format_timestamp(offer.expires)) { (self.left(offer)) } }
            (self.sender(offer))
        };
        self.page(StatusCode::OK, &title, head, &main)
    }

    pub(super) fn gone(&self) -> Response {
        self.message(StatusCode::NOT_FOUND, "gone-title", "gone")
    }

    pub(super) fn busy(&self, status: StatusCode) -> Response {
        self.message(status, "busy-title", "busy")
    }

    fn message(&self, status: StatusCode, title: &str, text: &str) -> Response {
        let title = self.text(title);
        let main = html! {
            h1 { (title) }
            p { (self.text(text)) }
        };
        self.page(status, &title, &html! {}, &main)
    }

    fn text(&self, name: &str) -> String {
        self.language.text(name)
    }

    fn text_with(&self, name: &str, key: &str, value: &str) -> String {
        let mut values = FluentArgs::new();
        values.set(key, value);
        self.language.text_with(name, &values)
    }

    fn steps(&self) -> Markup {
        let computer = self.device == Device::Computer;
        let app = self.people.app.as_deref();
        html! {
            @if computer {
                p { (self.text("on-phone")) }
            }
            @if let Some(app) = app {
                p { (self.text_with(if computer { "on-phone-app" } else { "get-app" }, "app", app)) }
                (self.shops(app))
            } @else {
                p { (self.text("ask-sender")) }
            }
            @if computer {
                p.small { (self.text("no-code")) }
            } @else {
                p { (self.text("tap-again")) }
            }
        }
    }

    /// Where the app is to be had, for the phone at hand first.
    fn shops(&self, app: &str) -> Markup {
        let mut shops = [
            ("for-iphone", &self.people.app_ios),
            ("for-android", &self.people.app_android),
        ];
        if self.device == Device::Android {
            shops.reverse();
        }
        html! {
            ul {
                @for (name, address) in shops {
                    @if let Some(address) = address {
                        li { (away(address, &self.text_with(name, "app", app))) }
                    }
                }
            }
        }
    }

    /// In whole units, rounded down.
    fn left(&self, offer: &Offer<'_>) -> String {
        let left = offer.expires.saturating_sub(offer.now);
        let (name, unit) = match left {
            left if left >= 2 * DAY => ("left-days", DAY),
            left if left >= 2 * HOUR => ("left-hours", HOUR),
            _ => ("left-minutes", MINUTE),
        };
        let mut values = FluentArgs::new();
        values.set("count", left / unit);
        self.language.text_with(name, &values)
    }

    /// What the sender says, as the sender's, below the warning.
    fn sender(&self, offer: &Offer<'_>) -> Markup {
        let title = cut(offer.title, TITLE);
        let description = cut(offer.description, DESCRIPTION);
        html! {
            p.beware { (self.text("beware")) }
            @if !(title.is_empty() && description.is_empty()) {
                section aria-labelledby="sender" {
                    h2 id="sender" { (self.text("sender-writes")) }
                    blockquote {
                        @for text in [title, description] {
                            @if !text.is_empty() {
                                p dir="auto" { (text) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn page(&self, status: StatusCode, title: &str, head: &Markup, main: &Markup) -> Response {
        let Language { tag, direction, .. } = self.language;
        let body = html! {
            (DOCTYPE)
            html lang=(tag) dir=(direction) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex, nofollow";
                    title { (title) }
                    (head)
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main { (main) }
                    footer { (self.footer()) }
                }
            }
        };
        let list = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_LANGUAGE, *tag),
            (header::VARY, "accept, accept-language, user-agent"),
            (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
        ];
        (status, list, body.into_string()).into_response()
    }

    /// Whose relay it is.
    fn footer(&self) -> Markup {
        let people = self.people;
        html! {
            p { (self.text_with("relay", "host", self.host)) }
            p { (self.text("sealed")) }
            @if let Some(operator) = &people.operator {
                @let by = self.text_with("operator", "operator", operator);
                p {
                    @if let Some(address) = &people.operator_url {
                        (away(address, &by))
                    } @else {
                        (by)
                    }
                }
            }
        }
    }
}

/// A link to elsewhere, which is told nothing of where it was followed.
fn away(address: &str, text: &str) -> Markup {
    html! { a href=(address) rel="noopener noreferrer" { (text) } }
}

/// The first characters of a text.
fn cut(text: &str, most: usize) -> String {
    let mut rest = text.trim().chars();
    let mut shown: String = rest.by_ref().take(most).collect();
    if rest.next().is_some() {
        shown.truncate(shown.trim_end().len());
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(cut("Room 7", 6), "Room 7");
        assert_eq!(cut("Room 7 and more", 5), "Room…");
        assert_eq!(cut(" ключ ", 3), "клю…");
        assert_eq!(cut("", 3), "");
    }

    #[test]
    fn time_is_told_in_the_largest_unit_that_says_something() {
        let people = People::default();
        let page = Page::for_reader(&HeaderMap::new(), &people, "https://relay.example");
        let left = |left: u64| {
            let offer = Offer {
                title: "",
                description: "",
                expires: 1_000_000 + left,
                now: 1_000_000,
            };
            page.left(&offer).replace(['\u{2068}', '\u{2069}'], "")
        };
        for (seconds, told) in [
            (0, "0 more minutes"),
            (60, "1 more minute."),
            (119 * MINUTE, "119 more minutes"),
            (2 * HOUR, "2 more hours"),
            (2 * DAY - 1, "47 more hours"),
            (2 * DAY, "2 more days"),
            (30 * DAY + HOUR, "30 more days"),
        ] {
            assert!(left(seconds).contains(told), "{}", left(seconds));
        }
    }
}

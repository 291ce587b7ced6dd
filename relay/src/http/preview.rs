//! The page that a browser or a messenger's preview sees. The sender supplies its texts, so they are escaped, its picture
//! is the only thing that may be loaded, and nothing on it can run.

use std::sync::{Arc, LazyLock};

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use tigress_mailbox::PeerText;
use tigress_mailbox::{DisplayInformation, format_timestamp};
use url::Url;

use super::App;
use super::answer::Cost;
use super::calls::Addressed;
use super::fault::Fault;
use crate::client::Client;
use crate::store::{Answer, Command};

/// More than any page has: each text at most four times, each of its letters as six.
const PAGE: usize = 256 * 1024;
const STYLE: &str = include_str!("preview.css");

/// The one style sheet is named in the policy by its hash (CSP level 3, §2.3.1).
static STYLE_SOURCE: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE))));

/// Shows the preview; a reader without a claim binds nothing.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    addressed: Result<Addressed, Fault>,
    list: HeaderMap,
) -> Response {
    match look(&app, client, addressed).await {
        Ok(response) => response,
        Err(Fault::NotFound) if wants_page(&list) => gone_page(),
        Err(fault) => fault.into_response(),
    }
}

async fn look(
    app: &App,
    client: Client,
    addressed: Result<Addressed, Fault>,
) -> Result<Response, Fault> {
    let Addressed(id) = addressed?;
    let part = app.part(&app.outgoing, client, PAGE).await?;
    let Answer::Shown { display, expires } = app.apply(id, Command::Show).await? else {
        return Err(Fault::NotFound);
    };
    let mut page = preview_page(&display, &app.url(id), expires);
    let cost = Cost::of(part, &page);
    page.extensions_mut().insert(cost);
    Ok(page)
}

/// People get a page, programs the problem document.
fn wants_page(list: &HeaderMap) -> bool {
    let accept = list
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn preview_page(display: &DisplayInformation, url: &str, expires: u64) -> Response {
    let picture = https_url(&display.image_url);
    // As a wallet shows them: a title stands where no markup isolates it.
    let title = PeerText::cut(&display.title).to_string();
    let description = PeerText::cut(&display.description).to_string();
    let until = format_timestamp(expires);
    // For people: `2026-11-27 00:32 UTC`.
    let shown = until.replacen('T', " ", 1);
    let shown = shown.get(..16).unwrap_or(&shown);
    let head = html! {
        meta property="og:title" content=(title);
        meta property="og:type" content="website";
        meta property="og:description" content=(description);
        meta property="og:url" content=(url);
        @if let Some(picture) = &picture {
            meta property="og:image" content=(picture);
        }
    };
    let main = html! {
        @if let Some(picture) = &picture {
            img src=(picture) alt="" referrerpolicy="no-referrer";
        }
        h1 dir="auto" { (title) }
        p dir="auto" { (description) }
        p { "Open this link on your phone to add it to your wallet." }
        p.small {
            "Available until " time datetime=(until) { (shown) " UTC" }
            ". Text and picture come from the sender; nobody has checked them."
        }
    };
    page(StatusCode::OK, &title, &head, &main, picture.as_ref())
}

fn gone_page() -> Response {
    let title = "No longer available";
    let main = html! {
        h1 { (title) }
        p {
            "Whatever was shared here has been received, withdrawn, or has expired. \
             Ask the sender to share it again."
        }
    };
    page(StatusCode::NOT_FOUND, title, &html! {}, &main, None)
}

fn page(
    status: StatusCode,
    title: &str,
    head: &Markup,
    main: &Markup,
    picture: Option<&Url>,
) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) }
                (head)
                style { (PreEscaped(STYLE)) }
            }
            body { main { (main) } }
        }
    };
    let list = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy(picture)),
    ];
    (status, list, body.into_string()).into_response()
}

/// Nothing but our style and the picture's origin.
fn policy(picture: Option<&Url>) -> String {
    let images = picture.map_or("'none'".to_owned(), |url| {
        url.origin().ascii_serialization()
    });
    format!(
        "default-src 'none'; style-src {}; img-src {images}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; sandbox",
        *STYLE_SOURCE
    )
}

/// Only https pictures of the public net are shown; the parser also percent-encodes what could leave an attribute or the
/// policy.
fn https_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let named = url.scheme() == "https" && url.domain().is_some_and(is_public);
    let safe = url
        .origin()
        .ascii_serialization()
        .bytes()
        .all(is_origin_byte);
    (named && safe && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// Whether a name is looked up in the public DNS: a page must not make its readers call their own machine or network.
/// One label, and the names that RFC 6761, RFC 6762 and ICANN's `internal` keep for that.
fn is_public(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let last = domain.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| !matches!(last, "localhost" | "local" | "internal"))
        && !domain.ends_with("home.arpa")
}

fn is_origin_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":/.-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_pictures_are_shown() {
        assert!(https_url("https://pictures.example/a.png").is_some());
        for bad in [
            "",
            "http://pictures.example/a.png",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "//pictures.example",
            "https://u:p@pictures.example/",
            "https://127.0.0.1/a.png",
            "https://2130706433/a.png",
            "https://0x7f.1/a.png",
            "https://[::1]/a.png",
            "https://[2001:db8::1]/a.png",
            "https://localhost/a.png",
            "https://LOCALHOST./a.png",
            "https://wallet.localhost/a.png",
            "https://router/a.png",
            "https://router./a.png",
            "https://printer.local/a.png",
            "https://git.internal/a.png",
            "https://nas.home.arpa/a.png",
            "https://a;script-src/x",
        ] {
            assert_eq!(https_url(bad), None, "{bad}");
        }
    }
}

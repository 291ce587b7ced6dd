//! What a browser or a messenger's preview sees of a mailbox. It binds nobody.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tigress_mailbox::{DisplayInformation, MailboxId, PeerText};
use url::Url;

use super::App;
use super::answer::Reply;
use super::fault::Fault;
use super::page::{self, Offer, Page};
use crate::client::Client;
use crate::store::{Answer, Command};

/// More than any page has: each text at most four times, each of its letters as six.
const PAGE: usize = 256 * 1024;

/// Shows the preview; a reader without a claim binds nothing.
pub(super) async fn show(
    app: &App,
    client: Client,
    id: Option<MailboxId>,
    request: Request,
) -> Reply {
    let list = request.headers();
    let page = Page::for_reader(list, &app.config.people, &app.origin);
    let shown = look(app, client, id, &page).await;
    shown.unwrap_or_else(|fault| told(fault, list, &page).into())
}

/// For a request that was not looked at.
pub(super) fn refused(app: &App, list: &HeaderMap, fault: Fault) -> Response {
    let page = Page::for_reader(list, &app.config.people, &app.origin);
    told(fault, list, &page)
}

async fn look(
    app: &App,
    client: Client,
    id: Option<MailboxId>,
    page: &Page<'_>,
) -> Result<Reply, Fault> {
    let id = id.ok_or(Fault::NotFound)?;
    let part = app.part(&app.outgoing, client, PAGE).await?;
    let Answer::Shown { display, expires } = app.apply(id, Command::Show).await? else {
        return Err(Fault::NotFound);
    };
    // As a wallet shows them: a title stands where no markup isolates it.
    let shown = |text: &str| PeerText::cut(text).to_string();
    let (title, description) = (shown(&display.title), shown(&display.description));
    let offer = Offer {
        title: &title,
        description: &description,
        expires,
        now: app.time.now(),
    };
    let head = open_graph(page, &offer, &display, &app.url(id));
    Ok(Reply::taking(part, page.offer(&offer, &head)))
}

/// A fault that a person can meet, as a page for those who read one; when to try again stays with it.
fn told(fault: Fault, list: &HeaderMap, page: &Page<'_>) -> Response {
    let mut shown = match fault {
        _ if !page::is_wanted(list) => return fault.into_response(),
        Fault::NotFound => page.gone(),
        Fault::TooMany { .. } => page.busy(StatusCode::TOO_MANY_REQUESTS),
        Fault::Unavailable(_) => page.busy(StatusCode::SERVICE_UNAVAILABLE),
        _ => return fault.into_response(),
    };
    if let Some(after) = fault.retry_after() {
        let after = HeaderValue::from(after);
        shown.headers_mut().insert(header::RETRY_AFTER, after);
    }
    shown
}

/// What messengers read. The picture is for them alone: a reader of the page would tell its server where they are.
/// A sender that says nothing in public is neutral there, too.
fn open_graph(
    page: &Page<'_>,
    offer: &Offer<'_>,
    display: &DisplayInformation,
    url: &str,
) -> Markup {
    let or = |text: &str, neutral: String| match text.trim().is_empty() {
        true => neutral,
        false => text.to_owned(),
    };
    html! {
        meta property="og:title" content=(or(offer.title, page.title()));
        meta property="og:type" content="website";
        meta property="og:description" content=(or(offer.description, page.intro()));
        meta property="og:url" content=(url);
        @if let Some(picture) = https_url(&display.image_url) {
            meta property="og:image" content=(picture);
        }
    }
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

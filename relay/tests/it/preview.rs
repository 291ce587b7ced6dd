//! The page that people and previewing programs see.

use reqwest::Method;
use serde_json::json;
use tigress_relay::RelayConfig;

use crate::common::{RECEIVER, SENDER, create_body, start, start_with, url_of};

#[tokio::test]
async fn the_page_shows_what_the_sender_gave_and_binds_nobody() {
    let relay = start().await;
    let url = relay.create().await;
    for agent in ["a browser", "a preview robot", "another"] {
        let headers = [("User-Agent", agent), ("Mailbox-Device-Claim", RECEIVER)];
        let page = relay.call(Method::GET, &url, &headers, None).await;
        assert_eq!(page.status, 200);
    }
    let page = relay.call(Method::GET, &url, &[], None).await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for part in [
        "<title>Open it on your phone</title>",
        "<meta property=\"og:title\" content=\"Hotel key\">",
        "<meta property=\"og:type\" content=\"website\">",
        "<meta property=\"og:description\" content=\"Room 7\">",
        "<meta property=\"og:image\" content=\"https://pictures.example/key.png\">",
        &format!("<meta property=\"og:url\" content=\"{url}\">"),
        "name=\"viewport\"",
        "<time datetime=\"2030-03-17T18:03:20Z\">Available for \u{2068}",
        "prefers-color-scheme:dark",
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    assert!(!page.text().contains("first"), "the payload is not shown");
    let third = relay
        .read(&url, "44444444-4444-4444-8444-444444444444")
        .await;
    assert_eq!(third.status, 200, "the place is still free");
}

#[tokio::test]
async fn who_says_nothing_in_public_has_a_neutral_page_in_the_readers_language() {
    let relay = start().await;
    let mut body = create_body();
    body["displayInformation"] = json!({"title": "", "description": "", "imageURL": ""});
    let url = url_of(&relay.create_from(&body).await);
    for (language, title, intro) in [
        (
            "en",
            "Open it on your phone",
            "Somebody wants to give you a key, a pass or a ticket.",
        ),
        ("de", "Auf dem Telefon öffnen", "Jemand möchte Ihnen"),
    ] {
        let headers = [("Accept-Language", language)];
        let page = relay.call(Method::GET, &url, &headers, None).await;
        let shown = page.text();
        let title = format!("<meta property=\"og:title\" content=\"{title}\">");
        let intro = format!("<meta property=\"og:description\" content=\"{intro}");
        assert!(shown.contains(&title) && shown.contains(&intro), "{shown}");
        assert!(
            !shown.contains("og:image") && !shown.contains("<blockquote"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_page_can_run_nothing_and_tells_nobody() {
    let relay = start().await;
    let url = relay.create().await;
    let page = relay.call(Method::GET, &url, &[], None).await;
    let policy = page.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "img-src 'none';",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "style-src 'sha256-",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    let mut directives = policy.split(';').map(str::trim);
    assert!(
        directives.any(|directive| directive == "sandbox"),
        "with no exception: {policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
    assert!(!page.text().contains("<script"));
    for seen in [
        page,
        relay.read(&url, RECEIVER).await,
        relay.read("/v1/m/x", SENDER).await,
    ] {
        assert_eq!(seen.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(seen.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(seen.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn the_senders_text_stays_text() {
    let relay = start().await;
    let hostile = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;";
    for picture in [
        "javascript:alert(1)",
        "http://pictures.example/x.png",
        "\"><script>",
        "data:text/html,x",
    ] {
        let mut body = create_body();
        body["displayInformation"] =
            json!({"title": hostile, "description": hostile, "imageURL": picture});
        let relay = start().await;
        let url = url_of(&relay.create_from(&body).await);
        let page = relay.call(Method::GET, &url, &[], None).await;
        assert!(!page.text().contains("<script") && !page.text().contains("<img"));
        assert!(!page.text().contains("og:image"));
        assert!(
            page.text()
                .contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&gt;")
        );
        assert!(page.text().contains("&amp;amp;"));
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .contains("img-src 'none'")
        );
        assert_eq!(
            relay.read(&url, RECEIVER).await.json()["displayInformation"]["title"],
            hostile
        );
    }
    let mut body = create_body();
    body["displayInformation"]["imageURL"] =
        json!("https://pictures.example/\"onload=alert(1)//'<>");
    let url = url_of(&relay.create_from(&body).await);
    let page = relay.call(Method::GET, &url, &[], None).await;
    assert!(!page.text().contains("\"onload") && !page.text().contains("'<>"));
}

#[tokio::test]
async fn the_senders_text_turns_no_direction() {
    let relay = start().await;
    let mut body = create_body();
    let turning = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
        '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    let text: String = turning.iter().flat_map(|letter| [*letter, 'x']).collect();
    body["displayInformation"]["title"] = json!(format!("Key{text}"));
    body["displayInformation"]["description"] = json!(format!("Room{text}"));
    let url = url_of(&relay.create_from(&body).await);
    let page = relay.call(Method::GET, &url, &[], None).await;
    // Ours stand around what is put into our own texts, in pairs.
    let own = ['\u{2068}', '\u{2069}'];
    assert_eq!(
        page.text().matches(own[0]).count(),
        page.text().matches(own[1]).count()
    );
    let sent =
        |text: &str| text.contains(|letter| turning.contains(&letter) && !own.contains(&letter));
    assert!(!sent(page.text()));
    for shown in ["og:title\" content=\"Key", "<p dir=\"auto\">Key"] {
        assert!(
            page.text().contains(&format!("{shown}xxxxxxxxxxxx")),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_senders_text_hides_and_piles_up_nothing() {
    let relay = start().await;
    let mut body = create_body();
    let marks = "\u{30d}".repeat(100);
    body["displayInformation"]["title"] = json!(format!(
        "\u{3164}\u{e0041}Z{marks}\u{2800}\u{a0}\n \u{180e}Room \u{f8ff}"
    ));
    let url = url_of(&relay.create_from(&body).await);
    let page = relay.call(Method::GET, &url, &[], None).await;
    let shown = format!("<p dir=\"auto\">Z{} Room \u{fffd}</p>", "\u{30d}".repeat(6));
    assert!(page.text().contains(&shown), "{}", page.text());
}

#[tokio::test]
async fn people_get_a_page_where_nothing_is_left() {
    let relay = start().await;
    let gone = relay
        .call(
            Method::GET,
            "/v1/m/x",
            &[("Accept", "text/html,*/*;q=0.8")],
            None,
        )
        .await;
    assert_eq!(gone.status, 404);
    assert!(gone.text().contains("No longer available"));
    assert_eq!(gone.header("content-language"), Some("en"));
    let list = [
        ("Accept", "text/html"),
        ("Accept-Language", "pl;q=0.9, tlh"),
    ];
    let gone = relay.call(Method::GET, "/v1/m/x", &list, None).await;
    assert!(gone.text().contains("Już niedostępne"));
    assert_eq!(gone.header("content-language"), Some("pl"));
    assert_eq!(
        gone.header("vary"),
        Some("accept, accept-language, user-agent")
    );
    let program = relay.call(Method::GET, "/v1/m/x", &[], None).await;
    assert_eq!(program.problem(), tigress_mailbox::problems::NOT_FOUND);
    let gone = relay
        .call(Method::GET, "/v1/m/x", &[("Accept", "text/html")], None)
        .await;
    assert!(
        gone.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
}

#[tokio::test]
async fn share_links_open_the_wallet_where_that_is_configured() {
    let paths = [
        "/.well-known/apple-app-site-association",
        "/.well-known/assetlinks.json",
    ];
    let plain = start().await;
    let apple = json!({"applinks": {"details": []}}).to_string();
    let configured = start_with(RelayConfig {
        apple_app_site_association: Some(apple.clone()),
        assetlinks: Some("[]".to_owned()),
        ..crate::common::config()
    })
    .await;
    for (path, document) in paths.iter().zip([apple.as_str(), "[]"]) {
        assert_eq!(plain.call(Method::GET, path, &[], None).await.status, 404);
        let seen = configured.call(Method::GET, path, &[], None).await;
        assert_eq!((seen.status, seen.text()), (200, document));
        assert_eq!(seen.header("content-type"), Some("application/json"));
    }
}

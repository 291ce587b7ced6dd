use super::*;
use RelayOriginError as E;

fn origin(text: &str) -> RelayOrigin {
    RelayOrigin::parse(text).unwrap()
}

#[test]
fn an_origin_has_one_written_form() {
    for (read, written) in [
        ("https://relay.example", "https://relay.example"),
        ("HTTPS://Relay.EXAMPLE:443/", "https://relay.example"),
        ("https://relay.example:8443", "https://relay.example:8443"),
        ("https://relay.example:80", "https://relay.example:80"),
        (
            "https://xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
        ),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:DB8:0::1]:1", "https://[2001:db8::1]:1"),
        ("https://[::ffff:192.0.2.7]", "https://[::ffff:c000:207]"),
        ("https://a.0xyz", "https://a.0xyz"),
        ("http://127.8.9.1:80", "http://127.8.9.1"),
        ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
        ("http://LOCALHOST:443", "http://localhost:443"),
    ] {
        assert_eq!(origin(read).to_string(), written);
        assert_eq!(origin(written), origin(read));
    }
    assert_eq!(origin("https://[2001:db8::1]:1").host(), "[2001:db8::1]");
}

//= test draft/4.2-https draft/4.2-only-https
#[test]
fn plain_http_is_for_loopback_alone() {
    for text in [
        "http://127.0.0.1",
        "http://127.255.0.1:9",
        "http://[::1]",
        "http://localhost:1",
    ] {
        assert!(origin(text).is_loopback_http());
    }
    assert!(!origin("https://127.0.0.1").is_loopback_http());
    for host in [
        "relay.example",
        "128.0.0.1",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "a.localhost",
        "[::]",
    ] {
        assert_eq!(
            RelayOrigin::parse(&format!("http://{host}")),
            Err(E::PlainHttp),
            "{host}"
        );
    }
}

#[test]
fn everything_else_is_refused_by_name() {
    let long = format!("https://{}.example", "a.".repeat(130));
    for (text, error) in [
        ("", E::NotAUrl),
        ("relay.example", E::NotAUrl),
        ("https:relay.example", E::NotAUrl),
        ("ftp://relay.example", E::Scheme),
        (" https://relay.example", E::Scheme),
        ("https://me@relay.example", E::UserInfo),
        ("https://relay.example@evil.example", E::UserInfo),
        ("https://", E::Host),
        ("https://:443", E::Host),
        ("https://relay.example.", E::Host),
        ("https://relay..example", E::Host),
        ("https://r\u{e9}lay.example", E::Host),
        ("https://relay.example\u{3002}evil", E::Host),
        ("https://relay%2eexample", E::Host),
        ("https://relay.example\\evil", E::Host),
        ("https://relay'example", E::Host),
        ("https://relay example", E::Host),
        ("https://relay.exam\tple", E::Host),
        ("https://2130706433", E::Host),
        ("http://0x7f.1", E::Host),
        ("http://127.1", E::Host),
        ("http://0177.0.0.1", E::Host),
        ("https://1.2.3.4.5", E::Host),
        ("https://[::1", E::Host),
        ("https://[::1]x", E::Host),
        ("https://::1", E::Port),
        ("https://relay.0x", E::Host),
        ("https://[::1%25eth0]", E::Host),
        ("https://[1.2.3.4]", E::Host),
        (long.as_str(), E::Host),
        ("https://relay.example:", E::Port),
        ("https://relay.example:0", E::Port),
        ("https://relay.example:0443", E::Port),
        ("https://relay.example:+443", E::Port),
        ("https://relay.example:65536", E::Port),
        ("https://relay.example:443:443", E::Port),
        ("https://relay.example/v1", E::NotAnOrigin),
        ("https://relay.example//", E::NotAnOrigin),
        ("https://relay.example?", E::NotAnOrigin),
        ("https://relay.example#x", E::NotAnOrigin),
    ] {
        assert_eq!(RelayOrigin::parse(text), Err(error), "{text}");
    }
}

#[test]
fn an_internationalised_name_is_taken_by_its_letters() {
    // This one stands for nothing, and resolves to nothing.
    assert_eq!(origin("https://XN--a").to_string(), "https://xn--a");
}

#[test]
fn only_the_own_and_the_trusted_relays_are_talked_to() {
    let policy = RelayPolicy {
        own: Some(origin("https://own.example")),
        trusted: vec![origin("https://friend.example:8443")],
        allow_loopback_http: false,
    };
    assert_eq!(policy.check(&origin("https://own.example:443")), Ok(()));
    assert_eq!(policy.check(&origin("https://friend.example:8443")), Ok(()));
    for other in [
        "evil.example",
        "friend.example",
        "own.example:8443",
        "sub.own.example",
        "127.0.0.1",
    ] {
        let other = origin(&format!("https://{other}"));
        let host = other.host().to_owned();
        assert_eq!(
            policy.check(&other),
            Err(RelayPolicyError::UntrustedRelay { host })
        );
    }
    assert!(
        RelayPolicy::default()
            .check(&origin("https://own.example"))
            .is_err()
    );
}

#[test]
fn a_loopback_relay_is_enabled_and_trusted_or_refused() {
    let loopback = origin("http://127.0.0.1:8080");
    let mut policy = RelayPolicy {
        trusted: vec![loopback.clone()],
        ..RelayPolicy::default()
    };
    assert_eq!(
        policy.check(&loopback),
        Err(RelayPolicyError::LoopbackHttpDisabled)
    );
    policy.allow_loopback_http = true;
    assert_eq!(policy.check(&loopback), Ok(()));
    let host = "127.0.0.1".to_owned();
    let other_port = policy.check(&origin("http://127.0.0.1:8081"));
    assert_eq!(other_port, Err(RelayPolicyError::UntrustedRelay { host }));
}

#[test]
fn an_untrusted_relay_is_named_by_its_host_for_the_app_to_ask() {
    let error = RelayPolicy::default()
        .check(&origin("https://evil.example:1"))
        .unwrap_err();
    assert_eq!(error.code(), "untrusted_relay");
    assert_eq!(error.to_string(), "the relay evil.example is not trusted");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_origin_reads_back(relay in relays()) {
        prop_assert_eq!(RelayOrigin::parse(&relay.to_string()), Ok(relay));
    }

    /// What we check is what the HTTP client will connect to.
    #[test]
    fn the_url_library_reads_every_accepted_origin_alike(text in texts()) {
        if let Ok(relay) = RelayOrigin::parse(&text) {
            let written = relay.to_string();
            match url::Url::parse(&written) {
                Ok(url) => {
                    prop_assert_eq!(url.origin().ascii_serialization(), written);
                    prop_assert_eq!(url.host_str(), Some(relay.host()));
                    prop_assert_eq!(url::Url::parse(&text).unwrap().origin(), url.origin());
                }
                // No letters of ours make it so: what the name stands for does.
                Err(_) => prop_assert!(relay.host().split('.').any(|label| label.starts_with("xn--"))),
            }
        }
    }

    /// And the other way round: nothing is refused that has only one reading.
    #[test]
    fn what_the_url_library_would_not_write_otherwise_is_taken(text in texts()) {
        let Ok(url) = url::Url::parse(&text) else { return Ok(()) };
        let written = url.origin().ascii_serialization();
        let host = url.host_str().unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_plain = host.starts_with('[') || host.chars().all(is_name);
        let has_end = host.ends_with('.') || host.split('.').any(str::is_empty);
        if written == text && url.scheme() == "https" && is_plain && !has_end && url.port() != Some(0) {
            prop_assert_eq!(origin(&text).to_string(), written);
        }
    }

    #[test]
    fn the_url_library_reads_every_pictures_url_that_is_taken(
        start in texts(), rest in "[/?#]?[!-~]{0,12}",
    ) {
        let text = format!("{start}{rest}");
        if is_image_url(&text) && !text.to_ascii_lowercase().contains("xn--") {
            let url = url::Url::parse(&text).unwrap();
            prop_assert_eq!(url.scheme(), "https");
        }
    }
}

/// Texts that look like origins, and others.
fn texts() -> impl Strategy<Value = String> {
    let label = "[a-z0-9_-]{1,4}|xn--[a-z0-9]{1,4}|0x[0-9a-f]{0,2}|[0-9]{1,3}|[ -~]";
    let name = proptest::collection::vec(label, 1..5).prop_map(|labels| labels.join("."));
    let groups = proptest::collection::vec("0|[0-9a-fA-F]{1,4}|::|:|[0-9]{1,3}\\.", 1..12);
    let address = groups.prop_map(|groups| format!("[{}]", groups.join(":").replace(":::", "::")));
    let full = any::<[u16; 8]>().prop_map(|parts| {
        let parts = parts.map(|part| {
            if part % 3 == 0 {
                "0".to_owned()
            } else {
                format!("{part:x}")
            }
        });
        format!("[{}]", parts.join(":"))
    });
    let v4 = any::<[u8; 4]>().prop_map(|parts| parts.map(|part| part.to_string()).join("."));
    let mapped = v4.clone().prop_map(|v4| format!("[::ffff:{v4}]"));
    let host = prop_oneof![name, address, full, v4, mapped];
    let origin = ("https?", host, "|:[0-9]{1,5}", "/?")
        .prop_map(|(scheme, host, port, end)| format!("{scheme}://{host}{port}{end}"));
    prop_oneof![
        4 => origin,
        1 => "https?://[!-~]{1,20}",
        1 => "https?://[0-9a-fx.:\\[\\]]{1,20}",
        1 => ".{0,30}",
    ]
}

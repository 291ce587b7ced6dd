use super::*;

const MAILBOX: &str = "https://relay.example.com/v1/m/2bba630e-519b-11ec-81d3-0242ac130003";

/// A share URL with this query and fragment.
fn with(query: &str, fragment: &str) -> Result<ShareUrl, InvitationError> {
    ShareUrl::parse(&format!("{MAILBOX}{query}#{fragment}"))
}

fn error_of(text: &str) -> InvitationError {
    ShareUrl::parse(text).unwrap_err()
}

//= test draft/8.2.1-fragment
#[test]
fn the_sender_writes_it_and_the_receiver_reads_the_same() {
    let url = example();
    assert_eq!(*url.to_url(), format!("{MAILBOX}?v=a#{COUNTED}"));
    assert_eq!(url.mailbox_url(), MAILBOX);
    assert_eq!(ShareUrl::parse(&url.to_url()), Ok(url));
}

#[test]
fn the_suffix_tells_that_a_pin_is_needed() {
    let url = ShareUrl {
        pin_required: true,
        vertical: Vertical::CarKey,
        ..example()
    };
    assert_eq!(*url.to_url(), format!("{MAILBOX}?v=c#{COUNTED}.p"));
    assert_eq!(ShareUrl::parse(&url.to_url()), Ok(url));
    assert!(!with("?v=c", COUNTED).unwrap().pin_required);
}

#[test]
fn it_has_at_most_128_characters_with_a_host_of_20() {
    let relay = RelayOrigin::parse("https://relay.example.online").unwrap();
    assert_eq!(relay.host().len(), 20);
    let url = ShareUrl {
        relay,
        pin_required: true,
        ..example()
    };
    assert!(url.to_url().len() <= 128);
}

#[test]
fn writing_it_leaves_no_copy_behind() {
    let url = ShareUrl {
        pin_required: true,
        ..example()
    }
    .to_url();
    assert_eq!(
        url.capacity(),
        url.len(),
        "the text was made in one piece, never moved"
    );
}

#[test]
fn the_secret_is_shown_by_neither_debug_nor_the_mailbox_url() {
    let url = example();
    for shown in [format!("{url:?}"), format!("{url:#?}"), url.mailbox_url()] {
        assert!(!shown.contains(COUNTED) && !shown.contains("0, 1, 2"));
    }
}

#[test]
fn scheme_host_and_mailbox_are_read_in_either_case() {
    let text = format!(
        "HTTPS://Relay.Example.COM:443/v1/m/2BBA630E-519B-11EC-81D3-0242AC130003?v=a#{COUNTED}"
    );
    assert_eq!(ShareUrl::parse(&text), Ok(example()));
}

#[test]
fn the_secret_is_read_in_all_its_spellings() {
    let secret = SharedSecret::new([0xfb; 32]);
    let expected = ShareUrl {
        secret,
        ..example()
    };
    let url_safe = "-_v7".repeat(10) + "-_s";
    let standard = url_safe.replace('-', "+").replace('_', "/");
    assert_eq!(*expected.to_url(), format!("{MAILBOX}?v=a#{url_safe}"));
    let escaped = standard.replace('+', "%2B").replace('/', "%2f");
    for text in [&url_safe, &standard, &escaped] {
        for padding in ["", "=", "%3D", "%3d"] {
            assert_eq!(
                with("?v=a", &format!("{text}{padding}")).as_ref(),
                Ok(&expected)
            );
            let pin = with("?v=a", &format!("{text}{padding}.p")).unwrap();
            assert!(pin.pin_required && pin.secret == expected.secret);
        }
    }
}

#[test]
fn each_flaw_of_the_secret_has_its_own_error() {
    use InvitationError as E;
    let cut = &COUNTED[..42];
    let flaws = [
        (String::new(), E::SecretMissing),
        (".p".to_owned(), E::SecretMissing),
        (cut.to_owned(), E::SecretLength),
        (format!("{COUNTED}A"), E::SecretLength),
        ("A".repeat(1000), E::SecretLength),
        (format!("{}+-", &COUNTED[..41]), E::SecretMixedAlphabets),
        (format!("{}_%2F", &COUNTED[..41]), E::SecretMixedAlphabets),
        (format!("{cut}9"), E::SecretSpareBits),
        (format!("{cut}!"), E::SecretEncoding),
        (format!("{cut}%38"), E::SecretEncoding),
        (format!("{cut}%2"), E::SecretEncoding),
        (format!("{COUNTED}=="), E::SecretEncoding),
        (format!("={COUNTED}"), E::SecretEncoding),
        (format!("{COUNTED}.q"), E::UnknownFlag),
        (format!("{COUNTED}.P"), E::UnknownFlag),
        (format!("{COUNTED}."), E::UnknownFlag),
        (format!("{COUNTED}.p.p"), E::UnknownFlag),
        (format!("{COUNTED}.p="), E::UnknownFlag),
        (format!("{COUNTED}#"), E::Changed(LinkChange::Repeated)),
    ];
    for (fragment, error) in flaws {
        assert_eq!(with("", &fragment), Err(error));
    }
    assert_eq!(ShareUrl::parse(MAILBOX), Err(E::SecretMissing));
}

#[test]
fn without_a_query_the_vertical_is_general_and_a_query_says_it_once() {
    use InvitationError as E;
    let vertical = |query| with(query, COUNTED).map(|url| url.vertical);
    for query in ["", "?v=a", "?utm=1&v=a&&y", "?v=a&vv=c&w"] {
        assert_eq!(vertical(query), Ok(Vertical::General));
    }
    assert_eq!(vertical("?v=h"), Ok(Vertical::HomeKey));
    assert_eq!(vertical("?x&v=c"), Ok(Vertical::CarKey));
    for query in [
        "?", "?x=1", "?vv=c&w", "?=c", "?vc", "?xv=c", "?x=?v=c", "?x=v=c",
    ] {
        assert_eq!(vertical(query), Err(E::MissingVertical), "{query}");
    }
    for query in [
        "?v",
        "?v=",
        "?v=b",
        "?v=A",
        "?v=C",
        "?v=ah",
        "?v=%61",
        "?v=%63",
        "?v=a=",
        "?v=c;",
        "?v=3Dc",
        "?v=b&v=a",
        "?V=c",
        "?%76=c",
        "?%56=c",
        "?%20v=c",
        "?v+=c",
        "?amp%3Bv=c",
        "?V=c&v=a",
        "?v=a&V=c",
    ] {
        assert_eq!(vertical(query), Err(E::UnknownVertical), "{query}");
    }
    for query in ["?v=a&v=c", "?v=a&x&v=a", "?v=c&amp;v=c"] {
        assert_eq!(vertical(query), Err(E::RepeatedVertical), "{query}");
    }
}

#[test]
fn the_path_is_exact() {
    let id = "2bba630e-519b-11ec-81d3-0242ac130003";
    let plain = id.replace('-', "");
    let paths = [
        String::new(),
        "/".to_owned(),
        format!("/v1/m/{id}/"),
        format!("/v1/m//{id}"),
        format!("/v1/m/../m/{id}"),
        format!("/v2/m/{id}"),
        format!("/v1/m/{plain}"),
        format!("/v1/m/{{{id}}}"),
        format!("/v1/m/{plain}----"),
        format!("/v1/%6d/{id}"),
        format!("/v1/m/{}", &id[..35]),
        format!("/x/v1/m/{id}"),
    ];
    for path in paths {
        let text = format!("https://relay.example.com{path}?v=a#{COUNTED}");
        assert_eq!(error_of(&text), InvitationError::Path, "{path}");
    }
}

#[test]
fn what_no_share_url_is_gets_its_name() {
    use InvitationError as E;
    for text in ["", "hello", "tel:112", COUNTED] {
        assert_eq!(error_of(text), E::NotAnInvitation);
    }
    let url = example().to_url();
    for (from, to) in [
        ("/v1", " /v1"),
        ("relay", "r\u{e9}lay"),
        ("/m/", "/m\n/"),
        ("#", "#\0"),
    ] {
        assert_eq!(error_of(&url.replace(from, to)), E::UrlCharacter);
    }
    assert_eq!(
        error_of(&format!("{}{}", *url, "A".repeat(2000))),
        E::TooLarge { limit: 2048 }
    );
    let ftp = url.replace("https", "ftp");
    assert_eq!(error_of(&ftp), E::Relay(RelayOriginError::Scheme));
    let plain = url.replace("https", "http");
    assert_eq!(error_of(&plain), E::Relay(RelayOriginError::PlainHttp));
}

#[test]
fn a_relays_link_is_read_without_secret() {
    let url = example();
    let expected = Ok((url.relay.clone(), url.mailbox));
    assert_eq!(parse_mailbox_url(MAILBOX), expected);
    assert_eq!(parse_mailbox_url(&format!("{MAILBOX}?v=c")), expected);
    assert_eq!(
        parse_mailbox_url(&url.to_url()),
        Err(InvitationError::UnexpectedFragment)
    );
    assert_eq!(
        parse_mailbox_url(&format!("{MAILBOX}/x")),
        Err(InvitationError::Path)
    );
}

#[test]
fn white_space_around_a_url_is_dropped() {
    let url = example();
    for text in [
        format!("  {}\r\n", *url.to_url()),
        format!("\u{a0}{}\u{2003}", *url.to_url()),
    ] {
        assert_eq!(parse_invitation(text.as_bytes()).unwrap().share_url, url);
    }
}

#[test]
fn the_description_of_a_url_has_its_parts_and_no_secret() {
    let preview = parse_invitation(example().to_url().as_bytes()).unwrap();
    assert_eq!(
        preview.to_string(),
        "relay: https://relay.example.com\nmailbox: 2bba630e-519b-11ec-81d3-0242ac130003\n\
         vertical: general\nPIN: not needed\n"
    );
    assert!(!all_shown(&preview).contains(COUNTED));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_share_url_reads_back(url in share_urls()) {
        let text = url.to_url();
        prop_assert_eq!(&ShareUrl::parse(&text), &Ok(url.clone()));
        prop_assert_eq!(parse_mailbox_url(&url.mailbox_url()), Ok((url.relay, url.mailbox)));
    }

    #[test]
    fn an_edited_url_is_refused_or_means_what_it_says(
        url in share_urls(), at in 0_usize..400, edit in 0_u8..4, with in proptest::char::range(' ', '~'),
    ) {
        let text = edited(&url.to_url(), at, edit, with);
        match ShareUrl::parse(&text) {
            Ok(read) => {
                // Only the spellings that the rules allow may differ from what is written again.
                let plain = |text: &str| {
                    let fragment = text.split_once('#').unwrap().1;
                    fragment.replace('+', "-").replace('/', "_").replace('=', "")
                };
                prop_assert_eq!(plain(&read.to_url()), plain(&text));
                prop_assert!(text.to_ascii_lowercase().contains(&read.mailbox.to_string()));
                prop_assert!(text.to_ascii_lowercase().contains(read.relay.host()));
            }
            Err(error) => prop_assert!(!echoes(&all_shown(&error), &text)),
        }
    }

    #[test]
    fn a_cut_url_never_reads_as_the_same(url in share_urls(), at in 0_usize..400) {
        let text = url.to_url();
        let cut = &text[..at % text.len()];
        match ShareUrl::parse(cut) {
            // Losing all of ".p" can't be seen here: the credential says that a PIN is needed, too.
            Ok(read) => prop_assert!(url.pin_required && !read.pin_required && read.secret == url.secret),
            Err(error) => prop_assert!(!echoes(&all_shown(&error), cut)),
        }
    }

    #[test]
    fn a_changed_character_of_the_secret_is_refused_or_another_secret(
        url in share_urls(), at in 0_usize..43, with in "[A-Za-z0-9_-]",
    ) {
        let text = url.to_url();
        let start = text.find('#').unwrap() + 1 + at;
        prop_assume!(text[start..=start] != with);
        let changed = format!("{}{with}{}", &text[..start], &text[start + 1..]);
        prop_assert!(ShareUrl::parse(&changed).is_err_and(|error| error == InvitationError::SecretSpareBits)
            || ShareUrl::parse(&changed).is_ok_and(|read| read.secret != url.secret));
    }

    #[test]
    fn hostile_text_never_panics_and_is_never_echoed(
        text in prop_oneof![
            ".{0,300}",
            "https?://[ -~]{0,100}",
            "https://relay.example/v1/m/[ -~]{0,100}",
            "https://relay.example/v1/m/2bba630e-519b-11ec-81d3-0242ac130003[?#].{0,100}",
        ],
    ) {
        for error in [ShareUrl::parse(&text).err(), parse_mailbox_url(&text).err()].into_iter().flatten() {
            prop_assert!(!echoes(&all_shown(&error), &text));
            prop_assert!(!error.code().is_empty());
        }
    }
}

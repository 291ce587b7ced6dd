//! A link as it arrives: with the sentence around it, in a whole message, and as programs on the way have changed it.

use super::*;

const MAILBOX: &str = "https://relay.example.com/v1/m/2bba630e-519b-11ec-81d3-0242ac130003";

pub(super) fn car_key() -> ShareUrl {
    ShareUrl {
        vertical: Vertical::CarKey,
        pin_required: true,
        ..example()
    }
}

pub(super) fn read(text: &str) -> Result<ShareUrl, InvitationError> {
    parse_invitation(text.as_bytes()).map(|preview| preview.share_url)
}

/// The error of a text, in which nothing of it is shown.
fn told(text: &str) -> InvitationError {
    let error = read(text).expect_err(text);
    assert!(!all_shown(&error).contains(&COUNTED[..12]));
    error
}

fn changed(text: &str) -> LinkChange {
    match told(text) {
        InvitationError::Changed(change) => change,
        error => panic!("{text:?} is told as {error:?}"),
    }
}

/// What stands before and after links.
pub(super) const BEFORE: [&str; 22] = [
    "",
    " ",
    "\r\n",
    "\u{a0}",
    "\u{feff}",
    "\u{200b}\u{2060}",
    "<",
    "(",
    "[",
    "{",
    "\"",
    "'",
    "“",
    "„",
    "«",
    "‹",
    "「",
    "`",
    "Here is your key: ",
    "> > ",
    "- ",
    "钥匙：",
];
pub(super) const AFTER: [&str; 30] = [
    "",
    " ",
    "\r\n",
    "\u{a0}",
    "\u{200b}",
    "\u{2060}\u{feff}",
    ">",
    ")",
    "]",
    "}",
    "\"",
    "'",
    "”",
    "“",
    "»",
    "›",
    "」",
    "`",
    ".",
    ",",
    ";",
    "!",
    ":",
    "…",
    "。",
    ".)",
    ").",
    "\r\n\r\nSee you at https://hotel.example/?q=1.",
    ", and the PIN comes by telephone",
    "\n-- \nP. Miller, +49 30 1234",
];

#[test]
fn a_link_is_read_with_whatever_stands_around_it() {
    for url in [example(), car_key()] {
        for before in BEFORE {
            for after in AFTER {
                let text = format!("{before}{}{after}", *url.to_url());
                assert_eq!(read(&text).as_ref(), Ok(&url), "{before:?}…{after:?}");
            }
        }
    }
}

#[test]
fn a_whole_message_with_one_invitation_is_read() {
    let (url, link) = (car_key(), car_key().to_url());
    for text in [
        format!(
            "Hi!\n\nHere is your key: {}.\n\nSent from https://mail.example/app#top",
            *link
        ),
        format!("[{0}]({0})", *link),
        format!("<p>Your key: <a href=\"{0}\">{0}</a></p>", *link),
        format!("Your key ({}), as promised.", *link),
        format!("{0}\n\n> {0}\n", *link),
        format!("*{}*", *link),
    ] {
        assert_eq!(read(&text).as_ref(), Ok(&url), "{text}");
    }
    let two = format!("{}\n{}", *link, *example().to_url());
    assert_eq!(told(&two), InvitationError::SeveralLinks);
    // A second one that was damaged may be the right one.
    assert_eq!(
        told(&format!("{}\n{MAILBOX}?v=c", *link)),
        InvitationError::SecretMissing
    );
}

#[test]
fn a_file_is_read_with_a_byte_order_mark_and_is_told_from_a_link_in_brackets() {
    let file = example_file().to_bytes().unwrap();
    let marked = [b"\xef\xbb\xbf".as_slice(), &file].concat();
    assert_eq!(parse_invitation(&marked), parse_invitation(&file));
    assert_eq!(
        read(&format!("{{ {} }}", *example().to_url())),
        Ok(example())
    );
    assert!(matches!(told("{version: 1}"), InvitationError::Json { .. }));
}

#[test]
fn the_ampersand_of_html_changes_no_vertical() {
    for query in [
        "?x=1&amp;v=c",
        "?amp;v=c",
        "?x&amp;amp;v=c&amp;y=2",
        "?v=c&amp;utm_source=x",
    ] {
        assert_eq!(
            read(&format!("{MAILBOX}{query}#{COUNTED}.p")),
            Ok(car_key()),
            "{query}"
        );
    }
    // These were a general key, in silence.
    for query in [
        "?x=1&amp%3Bv=c",
        "?x=1;v=c",
        "?x=1&#38;v=c",
        "?x=1%26v=c",
        "?x=1?v=c",
    ] {
        told(&format!("{MAILBOX}{query}#{COUNTED}.p"));
    }
}

#[test]
fn tracking_in_the_query_is_ignored_and_behind_the_secret_is_told() {
    let tracked = format!("{MAILBOX}?v=c&utm_source=mail&fbclid=Iw_1-2#{COUNTED}.p");
    assert_eq!(read(&tracked), Ok(car_key()));
    for appended in [
        "&utm_source=mail",
        "?utm_source=mail",
        "%20",
        "/",
        "&quot;",
        "~",
    ] {
        told(&format!("{MAILBOX}?v=c#{COUNTED}{appended}"));
        told(&format!("{MAILBOX}?v=c#{COUNTED}.p{appended}"));
    }
}

#[test]
fn a_gateway_has_seen_the_secret_and_is_told_by_name() {
    let escaped = |times: usize| {
        (0..times).fold(car_key().to_url().to_string(), |url, _| {
            url::form_urlencoded::byte_serialize(url.as_bytes()).collect()
        })
    };
    let (once, twice) = (escaped(1), escaped(2));
    let safe = format!(
        "https://eur01.safelinks.protection.outlook.com/?url={once}&data=05%7C02%7C&reserved=0"
    );
    assert_eq!(changed(&safe), LinkChange::SafeLinks);
    assert!(told(&safe).to_string().contains("Microsoft SafeLinks"));
    let plain = safe.replacen("https", "http", 1);
    assert_eq!(changed(&plain), LinkChange::SafeLinks);
    for url in [
        format!("https://www.google.com/url?q={once}&sa=D"),
        format!("https://l.facebook.com/l.php?u={once}&h=AT0"),
        format!("https://linkprotect.cudasvc.com/url?a={once}&c=E,1,x&typo=1"),
        format!("https://urldefense.com/v3/__{MAILBOX}?v=c*{COUNTED}.p__;Iw!!AbC!x$"),
        format!(
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__relay.example.com_v1_m_2bba630e-3Fv-3Dc-23{COUNTED}.p&d=Dw"
        ),
        format!("https://secure-web.cisco.com/1AbC/{once}"),
        format!("https://mail.example/redirect?to={twice}"),
        format!("https://gateway.example/go/{MAILBOX}?v=c#{COUNTED}"),
        "https://protect-eu.mimecast.com/s/AbCdEf?domain=relay.example.com".to_owned(),
        "https://t.co/AbCdEf".to_owned(),
    ] {
        assert_eq!(changed(&url), LinkChange::Gateway, "{url}");
    }
    // Outlook's text form of a mail: the link as it was, and what the gateway made of it.
    let both = format!("Your key: {}<{safe}>", *car_key().to_url());
    assert_eq!(changed(&both), LinkChange::SafeLinks);
    // Somebody else's link beside ours says nothing of ours.
    let beside = format!(
        "{} https://www.google.com/url?q=https%3A%2F%2Fhotel.example",
        *car_key().to_url()
    );
    assert_eq!(read(&beside), Ok(car_key()));
    assert_ne!(
        told("https://not-t.co/v1/m/x"),
        InvitationError::Changed(LinkChange::Gateway)
    );
}

#[test]
fn each_change_that_is_recognised_is_told_as_what_it_is() {
    let link = car_key().to_url();
    let small = link.to_ascii_lowercase();
    for (text, change) in [
        (link.replace('#', "%23"), LinkChange::Escaped),
        (link.replace('#', "%2523"), LinkChange::Escaped),
        (link.replace("/v1/m/", "%2Fv1%2Fm%2F"), LinkChange::Escaped),
        (
            url::form_urlencoded::byte_serialize(link.as_bytes()).collect(),
            LinkChange::Escaped,
        ),
        (link.to_ascii_uppercase(), LinkChange::Case),
        (small, LinkChange::Case),
        (format!("{}:~:text=Key", *link), LinkChange::TextFragment),
        (
            format!("{MAILBOX}?v=c#:~:text=Key"),
            LinkChange::TextFragment,
        ),
        (format!("{}{}", *link, *link), LinkChange::Repeated),
        (format!("{}#top", *link), LinkChange::Repeated),
        (link.replace("https://", ""), LinkChange::SchemeLost),
        (link.replace("://", ":/"), LinkChange::SchemeLost),
    ] {
        assert_eq!(changed(&text), change, "{text}");
        assert!(
            told(&text)
                .to_string()
                .starts_with("the link was changed on the way: ")
        );
    }
}

#[test]
fn the_suffix_for_a_pin_is_never_lost_by_a_break_before_it() {
    for gap in [" ", "\r\n", "=\r\n", "\u{200b}", ")", "\"", "> "] {
        let apart = car_key().to_url().replace(".p", &format!("{gap}.p"));
        assert_eq!(changed(&apart), LinkChange::Broken, "{gap:?}");
    }
    for apart in [". p", " p", "(p", ">p"] {
        assert_eq!(
            changed(&car_key().to_url().replace(".p", apart)),
            LinkChange::Broken,
            "{apart:?}"
        );
    }
}

#[test]
fn a_link_that_was_broken_within_is_told_and_not_glued() {
    let link = car_key().to_url();
    for separator in ["\r\n", " ", "=\r\n", "\u{200b}", "\u{ad}", "\n> "] {
        for (at, _) in link.char_indices().skip(1) {
            let (start, end) = link.split_at(at);
            assert!(
                read(&format!("{start}{separator}{end}")).is_err(),
                "{separator:?} at {at}"
            );
        }
    }
    // Quoted-printable also writes its equals signs otherwise.
    assert_eq!(
        told(&link.replace("v=c", "v=3Dc")),
        InvitationError::UnknownVertical
    );
    // "Corrected" dashes are no dashes any more.
    let dashes = format!("{MAILBOX}?v=c#{}\u{2014}", &COUNTED[..41]);
    assert!(read(&dashes).is_err());
}

#[test]
fn a_files_name_is_told_from_what_is_no_invitation() {
    for name in [
        "rom.tigress",
        "My key.TIGRESS",
        "./room",
        "../x/room.pass",
        "/tmp/room",
        "~/room",
        "C:\\Users\\x\\room.tigress",
        "file:///tmp/room.tigress",
        "content://com.example.files/7",
    ] {
        assert_eq!(told(name), InvitationError::FileName, "{name}");
    }
    for text in [
        "",
        "hello",
        "tel:112",
        COUNTED,
        "room.pass\nand more",
        ":",
        "://",
        "a://",
        "#",
        "[1]",
    ] {
        assert_ne!(told(text), InvitationError::FileName, "{text}");
    }
    assert_eq!(told("hello"), InvitationError::NotAnInvitation);
    assert!(!told("rom.tigress").to_string().contains("share URL"));
}

#[test]
fn a_text_of_the_largest_size_is_read_in_linear_time() {
    // Pieces that are looked at again and again by whoever does not go on from where they end.
    for piece in [
        "a://",
        "https://x/v1/m/#",
        "(",
        ".p",
        "a.",
        "%2fv1%2fm",
        "https://",
        "\u{200b}",
    ] {
        let text = piece.repeat(256 * 1024 / piece.len());
        told(&text);
    }
    let long = format!("{}{}", "a ".repeat(131_073), *car_key().to_url());
    assert_eq!(told(&long), InvitationError::TooLarge { limit: 262_144 });
    assert_eq!(read(&long[1000..]), Ok(car_key()));
}

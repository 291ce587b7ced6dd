use super::*;
use serde_json::{Value, json};

/// The example file with one change to its JSON.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json = serde_json::from_slice(&example_file().to_bytes().unwrap()).unwrap();
    change(&mut json);
    serde_json::to_vec(&json).unwrap()
}

fn error_of(bytes: &[u8]) -> InvitationError {
    let error = parse_invitation(bytes).unwrap_err();
    assert!(!all_shown(&error).contains(COUNTED));
    error
}

/// A frame with this OID content and inner token.
fn frame(oid: &[u8], inner: &[u8]) -> Vec<u8> {
    let length = (2 + oid.len() + inner.len()) as u8;
    [&[0x60, length, 0x06, oid.len() as u8], oid, inner].concat()
}

fn with_token(token: &[u8]) -> InvitationFile {
    InvitationFile {
        token: Some(token.to_vec()),
        ..example_file()
    }
}

#[test]
fn the_file_has_the_specified_shape() {
    let json: Value = serde_json::from_slice(&example_file().to_bytes().unwrap()).unwrap();
    let expected = json!({
        "version": 1,
        "shareURL": example().to_url().as_str(),
        "displayInformation": {
            "title": "Car key",
            "description": "For the weekend",
            "imageURL": "https://pictures.example/car.png",
        },
        "expiration": "2030-01-01T00:00:00Z",
        "token": "YA4GBisGAQQBAQEBYm9keQ",
    });
    assert_eq!(json, expected);
}

#[test]
fn the_receiver_sees_all_parts_and_the_mechanism() {
    let file = example_file();
    let preview = parse_invitation(&file.to_bytes().unwrap()).unwrap();
    assert_eq!(preview.share_url, file.share_url);
    assert_eq!(preview.title, Some(file.title));
    assert_eq!(preview.description, Some(file.description));
    assert_eq!(preview.image_url, file.image_url);
    assert_eq!(preview.expiration, Some(1_893_456_000));
    assert_eq!(preview.token, file.token);
    assert_eq!(
        preview.mechanism_oid.as_deref(),
        Some(b"\x2b\x06\x01\x04\x01\x01".as_slice())
    );
    assert_eq!(
        preview.to_string(),
        "relay: https://relay.example.com\nmailbox: 2bba630e-519b-11ec-81d3-0242ac130003\n\
         vertical: general\nPIN: not needed\ntitle: Car key\ndescription: For the weekend\n\
         image: https://pictures.example/car.png\nexpires: 2030-01-01T00:00:00Z\n\
         mechanism: 1.3.6.1.4.1.1\ntoken: 16 bytes\n"
    );
}

#[test]
fn picture_and_token_may_be_missing_and_unknown_keys_are_ignored() {
    let bytes = changed(|json| {
        json.as_object_mut().unwrap().remove("token");
        json["displayInformation"]["imageURL"] = Value::Null;
        json["displayInformation"]["colour"] = json!({"deep": [[1], {"version": 2}]});
        json["future"] = json!("x");
    });
    let preview = parse_invitation(&bytes).unwrap();
    assert_eq!(
        (preview.image_url, preview.token, preview.mechanism_oid),
        (None, None, None)
    );
    let file = InvitationFile {
        image_url: None,
        token: None,
        ..example_file()
    };
    let text = String::from_utf8(file.to_bytes().unwrap().to_vec()).unwrap();
    assert!(!text.contains("token") && !text.contains("imageURL") && !text.contains("null"));
    assert_eq!(InvitationFile::parse(text.as_bytes()), Ok(file));
}

#[test]
fn slashes_escaped_by_other_json_writers_are_read() {
    let text = String::from_utf8(example_file().to_bytes().unwrap().to_vec()).unwrap();
    let escaped = text.replace('/', "\\/");
    assert_eq!(
        InvitationFile::parse(escaped.as_bytes()),
        Ok(example_file())
    );
}

#[test]
fn another_version_is_its_own_error_whatever_else_the_file_holds() {
    for bytes in [&b"{\"version\":2}"[..], b"{\"version\":0,\"shareURL\":[7]}"] {
        assert_eq!(error_of(bytes), InvitationError::UnsupportedVersion);
    }
}

#[test]
fn each_missing_key_is_named() {
    for key in ["version", "shareURL", "displayInformation", "expiration"] {
        let bytes = changed(|json| drop(json.as_object_mut().unwrap().remove(key)));
        assert_eq!(error_of(&bytes), InvitationError::MissingKey { key });
    }
    for key in ["title", "description"] {
        let bytes = changed(|json| {
            drop(
                json["displayInformation"]
                    .as_object_mut()
                    .unwrap()
                    .remove(key),
            )
        });
        assert_eq!(error_of(&bytes), InvitationError::MissingKey { key });
    }
}

#[test]
fn what_is_not_json_or_of_another_shape_is_told_with_its_place() {
    assert_eq!(
        error_of(b"{\n\"version\":1,,}"),
        InvitationError::Json {
            line: 2,
            column: 13
        }
    );
    assert!(matches!(
        error_of(b"{\"version\":1} x"),
        InvitationError::Json { .. }
    ));
    assert_eq!(
        error_of(b"{\"version\":1,\"a\":\"\xff\"}"),
        InvitationError::NotUtf8
    );
    let shape =
        |bytes: &[u8]| assert!(matches!(error_of(bytes), InvitationError::JsonShape { .. }));
    for bytes in [
        &b"{\"version\":\"1\"}"[..],
        b"{\"version\":1.0}",
        b"{\"version\":-1}",
        b"{\"version\":1,\"version\":1}",
        b"{\"version\":1,\"token\":\"\",\"token\":\"\"}",
    ] {
        shape(bytes);
    }
    shape(&changed(|json| json["shareURL"] = json!([1])));
    shape(&changed(|json| {
        json["displayInformation"] = json!(["Car key", "For the weekend"])
    }));
    shape(&changed(|json| json["expiration"] = json!(1_893_456_000)));
    assert!(InvitationFile::parse(b"[1]").is_err());
    assert_eq!(error_of(b"[1]"), InvitationError::NotAnInvitation);
}

#[test]
fn a_bad_share_url_in_a_file_has_the_same_error_as_alone() {
    let bytes = changed(|json| json["shareURL"] = json!(example().mailbox_url()));
    assert_eq!(error_of(&bytes), InvitationError::SecretMissing);
}

#[test]
fn times_have_one_form() {
    for text in [
        "2030-01-01T00:00:00.5Z",
        "2030-01-01T00:00:00+00:00",
        "2030-01-01 00:00:00Z",
        "2030-01-01t00:00:00z",
        "2030-01-01T00:00Z",
        "2030-02-30T00:00:00Z",
        "2030-01-01T00:00:60Z",
        "1969-12-31T23:59:59Z",
        "+002030-01-01T00:00:00Z",
        "",
    ] {
        let bytes = changed(|json| json["expiration"] = json!(text));
        assert_eq!(error_of(&bytes), InvitationError::Expiration, "{text}");
    }
    let never = InvitationFile {
        expiration: u64::MAX,
        ..example_file()
    };
    assert_eq!(never.to_bytes(), Err(InvitationError::Expiration));
}

#[test]
fn the_picture_is_https_or_refused_by_writer_and_reader() {
    let long = format!("https://pictures.example/{}", "a".repeat(2048));
    for url in [
        "http://127.0.0.1/x",
        "javascript:alert(1)",
        "https://",
        "https://a b",
        "data:,",
        "",
        &long,
    ] {
        let bytes = changed(|json| json["displayInformation"]["imageURL"] = json!(url));
        assert_eq!(error_of(&bytes), InvitationError::ImageUrl, "{url}");
        let file = InvitationFile {
            image_url: Some(url.to_owned()),
            ..example_file()
        };
        assert_eq!(file.to_bytes(), Err(InvitationError::ImageUrl));
    }
}

#[test]
fn the_limits_hold_on_both_ways() {
    let token_limit = InvitationError::TokenTooLarge;
    assert_eq!(with_token(&[0; 65_537]).to_bytes(), Err(token_limit));
    let long = "A".repeat(65_537_usize.div_ceil(3) * 4);
    assert_eq!(
        error_of(&changed(|json| json["token"] = json!(long))),
        token_limit
    );
    let full = with_token(&[0; 65_536]);
    assert_eq!(InvitationFile::parse(&full.to_bytes().unwrap()), Ok(full));

    let long = "a".repeat(PeerText::MAX_LEN + 1);
    let bytes = changed(|json| json["displayInformation"]["title"] = json!(long));
    assert_eq!(
        error_of(&bytes),
        InvitationError::TextTooLong { key: "title" }
    );

    let padded = |length: usize| {
        let bytes = example_file().to_bytes().unwrap();
        let spaces = " ".repeat(length - bytes.len());
        [b"{", spaces.as_bytes(), &bytes[1..]].concat()
    };
    assert!(parse_invitation(&padded(256 * 1024)).is_ok());
    assert_eq!(
        error_of(&padded(256 * 1024 + 1)),
        InvitationError::TooLarge { limit: 262_144 }
    );
}

#[test]
fn the_largest_file_that_can_be_made_fits() {
    let text = PeerText::new("\u{1}".repeat(PeerText::MAX_LEN)).unwrap();
    let file = InvitationFile {
        title: text.clone(),
        description: text,
        ..with_token(&[0; 65_536])
    };
    assert_eq!(InvitationFile::parse(&file.to_bytes().unwrap()), Ok(file));
}

#[test]
fn the_token_is_unpadded_base64url() {
    for text in ["YA4GBisGAQQBAQEBYm9keQ==", "+/+/", "YA4 GBis", "A", "AB"] {
        let bytes = changed(|json| json["token"] = json!(text));
        assert_eq!(error_of(&bytes), InvitationError::TokenEncoding, "{text}");
    }
}

#[test]
fn the_frame_of_the_token_is_checked_to_its_end() {
    let oid = b"\x2b\x06\x01\x04\x01\x01";
    let good = frame(oid, b"\x01\x01body");
    assert_eq!(good, framed_token());
    let long_inner = [b"\x01\x01".as_slice(), &[7; 200]].concat();
    let long = [&[0x60, 0x81, 210, 0x06, 0x06], oid.as_slice(), &long_inner].concat();
    for token in [&good, &long] {
        let preview = parse_invitation(&with_token(token).to_bytes().unwrap()).unwrap();
        assert_eq!(preview.mechanism_oid.as_deref(), Some(oid.as_slice()));
    }
    let bad = [
        vec![],
        vec![0x60],
        vec![0x60, 0x00],
        [&[0x61], &good[1..]].concat(),
        good[..good.len() - 1].to_vec(),
        [good.as_slice(), &[0]].concat(),
        // Lengths that are indefinite, too long a form, or beyond the token.
        [&[0x60, 0x80], &good[2..]].concat(),
        [&[0x60, 0x81, 0x0e], &good[2..]].concat(),
        [&[0x60, 0x82, 0x00, 210], &long[3..]].concat(),
        [&[0x60, 0x84, 0xff, 0xff, 0xff, 0xff], &good[2..]].concat(),
        [&[0x60, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], &good[2..]].concat(),
        frame(b"", b"\x01\x01body"),
        frame(b"\x2b\x86", b"\x01\x01body"),
        frame(b"\x2b\x80\x01", b"\x01\x01body"),
        frame(oid, b"\x01"),
        [&good[..3], &[0x7f], &good[4..]].concat(),
        [&good[..2], &[0x05], &good[3..]].concat(),
    ];
    for token in bad {
        assert_eq!(
            error_of(&with_token(&token).to_bytes().unwrap()),
            InvitationError::TokenFrame,
            "{token:02x?}"
        );
    }
}

#[test]
fn a_peers_text_is_shown_without_disguise_and_kept_as_it_came() {
    let raw = "Pay\u{202e}gpj.\u{2066}x\n\u{1b}[31mred\u{0}\u{200b}\u{e0041} \u{5d0}\u{200d}";
    let text = PeerText::new(raw).unwrap();
    assert_eq!(text.to_string(), "Paygpj.x [31mred \u{5d0}");
    assert_eq!(text.raw(), raw);
    assert!(!format!("{text:?}").contains(['\u{202e}', '\u{1b}', '\n']));
    let file = InvitationFile {
        title: text,
        ..example_file()
    };
    let preview = parse_invitation(&file.to_bytes().unwrap()).unwrap();
    assert_eq!(preview.title.as_ref().map(PeerText::raw), Some(raw));
    assert!(!preview.to_string().contains(['\u{202e}', '\u{1b}']));
    assert_eq!(
        preview.to_string().lines().count(),
        10,
        "one line for each part"
    );
}

prop_compose! {
    fn files()(
        share_url in share_urls(),
        texts in ("\\PC{0,50}", ".{0,50}"),
        image_url in proptest::option::of("https://[a-z]{1,9}\\.example/[a-z0-9/?=]{0,30}"),
        expiration in 0_u64..253_402_300_800,
        body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..100)),
    ) -> InvitationFile {
        let (title, description) = (PeerText::new(texts.0).unwrap(), PeerText::new(texts.1).unwrap());
        let token = body.map(|body| frame(b"\x2b\x06\x01", &[b"\x01\x01", body.as_slice()].concat()));
        InvitationFile { share_url, title, description, image_url, expiration, token }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_file_reads_back(file in files()) {
        let bytes = file.to_bytes().unwrap();
        prop_assert_eq!(&InvitationFile::parse(&bytes), &Ok(file.clone()));
        let preview = parse_invitation(&bytes).unwrap();
        let secret = file.share_url.to_url().split_once('#').unwrap().1[..43].to_owned();
        prop_assert!(!all_shown(&preview).contains(&secret));
    }

    #[test]
    fn an_edited_file_is_refused_without_echo_or_reads_well(
        file in files(), at in any::<usize>(), edit in 0_u8..4, with in any::<char>(),
    ) {
        let text = String::from_utf8(file.to_bytes().unwrap().to_vec()).unwrap();
        let edited = edited(&text, at, edit, with);
        match InvitationFile::parse(edited.as_bytes()) {
            Ok(read) => prop_assert_eq!(InvitationFile::parse(&read.to_bytes().unwrap()), Ok(read)),
            Err(error) => {
                // The specification's name for a missing key is no echo.
                let shown = all_shown(&error);
                let shown = shown.replace("displayInformation", "").replace("description", "");
                prop_assert!(!echoes(&shown, &edited));
            }
        }
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), json in any::<bool>()) {
        let start = if json { b"{\"version\":1,\"token\":\"".as_slice() } else { b"" };
        prop_assert!(parse_invitation(&[start, &bytes].concat()).is_err());
    }

    #[test]
    fn hostile_frames_never_panic(head in proptest::collection::vec(any::<u8>(), 0..12), cut in 0_usize..17) {
        let token = [&framed_token()[..cut.min(16)], &head].concat();
        if let Ok(preview) = parse_invitation(&with_token(&token).to_bytes().unwrap()) {
            let oid = preview.mechanism_oid.unwrap();
            prop_assert!(token.windows(oid.len()).any(|window| window == oid));
        }
    }
}

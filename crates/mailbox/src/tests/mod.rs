mod peer_text;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use tigress_primitives::secret::Secret;

/// The same cases in every run: the core's tests draw no randomness.
fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(4),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn mailbox() -> Mailbox {
    Mailbox {
        url: "http://127.0.0.1:1/v1/m/x".into(),
        claim: DeviceClaim::from(uuid::Uuid::from_u128(1)),
        proof: Some(Secret::new([1; 32])),
    }
}

fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Mailbox-Payload-Version".into(), "7".into())],
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn timestamps_have_one_form() {
    assert_eq!(format_timestamp(0), "1970-01-01T00:00:00Z");
    assert_eq!(parse_timestamp("2026-11-24T03:54:00Z"), Some(1_795_492_440));
    assert_eq!(format_timestamp(1_795_492_440), "2026-11-24T03:54:00Z");
    for bad in [
        "",
        "2026-11-24T03:54:00",
        "2026-11-24 03:54:00Z",
        "2026-11-24T03:54:00z",
        "2026-13-24T03:54:00Z",
        "2026-11-24T03:54+00Z",
        "1969-12-31T23:59:59Z",
        "2026-00-24T03:54:00Z",
        "2026-02-29T03:54:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T03:54:60Z",
        "+026-11-24T03:54:00Z",
        "2026-11-2é03:54:00Z",
    ] {
        assert_eq!(parse_timestamp(bad), None, "{bad}");
    }
    let last = parse_timestamp("9999-12-31T23:59:59Z");
    assert_eq!(parse_timestamp(&format_timestamp(u64::MAX)), last);
    assert_eq!(
        parse_http_date("Tue, 24 Nov 2026 03:54:00 GMT"),
        Some(1_795_492_440)
    );
}

proptest! {
    #![proptest_config(config())]

    /// Some days of each kind of year are among them: 400 years have 146,097.
    #[test]
    fn dates_are_those_of_another_library(
        seconds in prop_oneof![0..253_402_207_200_u64, (0..146_097_u64).prop_map(|day| day * 86_400)],
    ) {
        let theirs = jiff::Timestamp::from_second(seconds as i64).unwrap().to_string();
        prop_assert_eq!(format_timestamp(seconds), theirs.as_str());
        prop_assert_eq!(parse_timestamp(&theirs), Some(seconds));
    }

    #[test]
    fn a_date_is_read_where_another_library_reads_the_same(
        date in "(19[67][0-9]|2[014]00|[2-9][0-9]{3})-[01][0-9]-[0-3][0-9]", time in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
    ) {
        let text = format!("{date}T{time}Z");
        let theirs = text.parse::<jiff::Timestamp>().ok().filter(|theirs| theirs.to_string() == text);
        let theirs = theirs.and_then(|theirs| u64::try_from(theirs.as_second()).ok());
        prop_assert_eq!(parse_timestamp(&text), theirs);
    }
}

#[test]
fn ids_have_one_form_and_claims_are_not_shown() {
    let id: MailboxId = "67E55044-10B1-426F-9247-BB680E5FE0C8".parse().unwrap();
    assert_eq!(id.to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
    assert!(
        "67e5504410b1426f9247bb680e5fe0c8"
            .parse::<MailboxId>()
            .is_err()
    );
    assert_eq!(format!("{:?}", mailbox().claim), "DeviceClaim(..)");
}

#[test]
fn a_waiting_read_says_what_it_knows() {
    let call = Call::Read {
        wait: 30,
        known: Some("7".into()),
    };
    let request = mailbox().request(&call);
    assert_eq!(request.wait, 30);
    assert!(request.headers.contains(&("prefer", "wait=30".into())));
    assert!(
        request
            .headers
            .contains(&("mailbox-payload-version", "7".into()))
    );
    // Without a known version there is nothing to wait for.
    let call = Call::Read {
        wait: 30,
        known: None,
    };
    assert_eq!(mailbox().request(&call).wait, 0);
}

#[test]
fn a_held_update_is_one_request_for_two_and_its_answer_tells_both() {
    let update = |wait| Call::Update {
        payload: "mine".into(),
        request_id: RequestId::from(uuid::Uuid::nil()),
        if_match: Some("6".into()),
        notification: None,
        wait,
    };
    let request = mailbox().request(&update(10));
    assert_eq!(request.wait, 10);
    let preference = ("prefer", "wait=10, return=representation".into());
    assert!(request.headers.contains(&preference));
    let plain = mailbox().request(&update(0));
    assert_eq!(plain.wait, 0);
    assert!(plain.headers.iter().all(|(name, _)| *name != "prefer"));
    assert_eq!(plain.body, request.body);

    let done = |repeated| Reply::Done {
        repeated,
        version: Some("7".into()),
    };
    let both = r#"{"isPushNotificationSupported":false,"payload":{"type":"GSS_API","data":"theirs"},"displayInformation":{"title":"","description":"","imageURL":""}}"#;
    for (status, repeated) in [(200, false), (201, true)] {
        let told = interpret(Some(&update(10)), &response(status, both));
        let Reply::DoneAndRead {
            repeated: again,
            content,
        } = told
        else {
            panic!("{told:?}");
        };
        assert_eq!(again, repeated);
        assert_eq!(
            (content.data.as_str(), content.version.as_deref()),
            ("theirs", Some("7"))
        );
        // Who did not ask for it, or is told something else, has only written.
        assert_eq!(
            interpret(Some(&update(0)), &response(status, both)),
            done(repeated)
        );
        for other in ["", "{}", "[]", r#"{"payload":"theirs"}"#] {
            assert_eq!(
                interpret(Some(&update(10)), &response(status, other)),
                done(repeated)
            );
        }
    }
}

#[test]
fn the_recipient_proof_goes_with_reads_only() {
    let id = RequestId::from(uuid::Uuid::from_u128(2));
    let has_proof = |call: &Call| {
        let request = mailbox().request(call);
        request
            .headers
            .iter()
            .any(|(name, _)| *name == headers::RECIPIENT_PROOF)
    };
    assert!(has_proof(&Call::Read {
        wait: 0,
        known: None
    }));
    assert!(!has_proof(&Call::Delete { request_id: id }));
    assert!(!has_proof(&Call::Relinquish { request_id: id }));
}

#[test]
fn answers_mean_what_the_draft_says() {
    let read = Call::Read {
        wait: 0,
        known: None,
    };
    let delete = Call::Delete {
        request_id: RequestId::from(uuid::Uuid::nil()),
    };
    let created = r#"{"urlLink":"https://r/v1/m/1","isPushNotificationSupported":false,"new":1}"#;
    for status in [200, 201] {
        assert_eq!(
            interpret(None, &response(status, created)),
            Reply::Created {
                url_link: "https://r/v1/m/1".into(),
                version: Some("7".into()),
            }
        );
    }
    let done = |repeated| Reply::Done {
        repeated,
        version: Some("7".into()),
    };
    assert_eq!(interpret(None, &response(201, "")), done(true));
    assert_eq!(interpret(None, &response(200, "")), Reply::Malformed);
    assert_eq!(interpret(Some(&delete), &response(200, "")), done(false));
    assert_eq!(
        interpret(Some(&read), &response(200, "<html>")),
        Reply::Malformed
    );
    assert_eq!(
        interpret(Some(&read), &response(401, "")),
        Reply::Unauthorized
    );
    let update = Call::Update {
        payload: String::new(),
        request_id: RequestId::from(uuid::Uuid::nil()),
        if_match: Some("7".into()),
        notification: None,
        wait: 0,
    };
    assert_eq!(
        interpret(Some(&update), &response(412, "")),
        Reply::Conflict
    );
    for call in [None, Some(&read), Some(&delete)] {
        let told = interpret(call, &response(412, ""));
        assert!(
            matches!(told, Reply::Refused { status: 412, .. }),
            "no condition was set"
        );
    }
    assert_eq!(
        interpret(Some(&read), &response(302, "")),
        Reply::Redirected { status: 302 }
    );
    assert!(matches!(
        interpret(Some(&read), &response(503, "")),
        Reply::RetryLater { status: 503, .. }
    ));
}

#[test]
fn a_retry_after_beyond_all_numbers_is_the_longest_and_no_word_is_none() {
    let asked = |text: &str| {
        let mut response = response(429, "");
        response.headers.push(("Retry-After".into(), text.into()));
        match interpret(None, &response) {
            Reply::RetryLater { after, .. } => after,
            _ => unreachable!(),
        }
    };
    assert_eq!(asked("120"), Some(120));
    assert_eq!(asked("99999999999999999999999"), Some(u64::MAX));
    for bad in ["", "-1", "soon", "1.5", "+3"] {
        assert_eq!(asked(bad), None, "{bad}");
    }
}

#[test]
fn only_the_relays_own_word_makes_not_found_final() {
    let problem = r#"{"type":"urn:tigress:relay:not-found","title":"t","status":404}"#;
    let final_ = |body| interpret(None, &response(404, body));
    assert_eq!(final_(problem), Reply::Gone { final_: true });
    assert_eq!(final_("<html>nginx</html>"), Reply::Gone { final_: false });
    assert_eq!(
        final_(r#"{"type":"about:blank","title":"t","status":404}"#),
        Reply::Gone { final_: false }
    );
}

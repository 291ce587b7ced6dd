//! A token taken apart: where each part lies, what it says, and what the secret opens.

use super::*;
use tigress_primitives::secret::SharedSecret;

/// Offset, length and text of the parts.
fn parts(explained: &ExplainedToken) -> Vec<(&'static str, usize, usize, Option<&str>)> {
    let part = |part: &'_ TokenPart| (part.name, part.offset, part.length);
    let parts = explained.parts.iter();
    parts
        .map(|one| {
            let (name, offset, length) = part(one);
            (name, offset, length, one.value.as_deref())
        })
        .collect()
}

#[test]
fn the_frame_is_told_to_the_byte() {
    let (_, token) = initiate(&OID).unwrap();
    let explained = explain(&BOTH, &token, None).unwrap();
    assert_eq!(explained.oid, Some(OID));
    assert_eq!(explained.mechanism, Some("plain"));
    assert_eq!((explained.id, explained.name), ([9, 1], Some("any")));
    assert_eq!(explained.length(), token.len());
    assert_eq!(explained.opened, None);
    // 60 LENGTH, 06 03 2a 03 04, 09 01, all that follows.
    let content = format!("60, {}", token[1]);
    let rest = token.len() - 9;
    assert_eq!(
        parts(&explained),
        [
            ("frame: tag and length", 0, 2, Some(&*content)),
            ("mechanism's OID", 2, 5, Some("1.2.3.4")),
            ("token id", 7, 2, Some("0901")),
            ("all", 9, rest, None),
        ]
    );
}

#[test]
fn the_body_of_an_unknown_mechanism_is_one_part() {
    let (_, token) = initiate(&OID).unwrap();
    let explained = explain(registry(), &token, None).unwrap();
    assert_eq!((explained.mechanism, explained.name), (None, None));
    let last = explained.parts.last().unwrap();
    assert_eq!(last.name, "body of a mechanism that is not known");
    assert_eq!(explained.length(), token.len());
}

#[test]
fn the_secret_opens_a_first_token_and_another_secret_does_not() {
    let noise = &BOTH.mechanisms()[0];
    let (_, token) = initiate(noise).unwrap();
    let opened = |secret: [u8; 32]| {
        let secret = SharedSecret::new(secret);
        explain(&BOTH, &token, Some(&secret)).unwrap().opened
    };
    let right = opened([2; 32]).unwrap().unwrap();
    assert_eq!(right.credential.issued_at, NOW);
    assert_eq!(right.credential.expires_at, NOW + 60);
    assert!(!right.credential.pin_required);
    assert_eq!(right.payload.len(), 1, "{:?}", right.payload);
    assert_eq!(right.payload[0].0, "flags");
    assert!(opened([3; 32]).unwrap().is_err());
    // The second token is nothing that the secret alone opens.
    let answer = accept(&BOTH, &token).unwrap().token;
    let secret = SharedSecret::new([2; 32]);
    assert_eq!(explain(&BOTH, &answer, Some(&secret)).unwrap().opened, None);
}

#[test]
fn a_message_token_is_told_by_its_mechanism() {
    let noise = &BOTH.mechanisms()[0];
    let (mut sender, token) = initiate(noise).unwrap();
    let accepted = accept(&BOTH, &token).unwrap();
    sender
        .continue_with(&accepted.token, NOW, &mut entropy())
        .unwrap();
    let message = sender.wrap(true, 0, b"hello", NOW, &mut entropy()).unwrap();
    let explained = explain(&BOTH, &message, None).unwrap();
    assert_eq!(explained.oid, None);
    assert_eq!(explained.mechanism, Some("noise-psk"));
    assert_eq!(explained.id, message[..2]);
    assert_eq!(explained.length(), message.len());
    assert!(explained.parts.iter().any(|part| part.sealed));
    let neither = explain(&BOTH, b"hello", None).unwrap_err().to_string();
    assert_eq!(
        neither,
        "neither a framed context token (60 …) nor a message token of a known mechanism"
    );
}

#[test]
fn a_token_of_64_kib_is_explained_and_a_longer_one_is_not() {
    const LONGEST: usize = 64 * 1024;
    let framed = |body: usize| frame(&OID, &vec![0; body]);
    let room = LONGEST - framed(60_000).len() + 60_000;
    let longest = framed(room);
    assert_eq!(longest.len(), LONGEST);
    assert!(explain(&BOTH, &longest, None).is_ok());
    let refused = explain(&BOTH, &framed(room + 1), None).unwrap_err();
    assert_eq!(refused.to_string(), "a context token has at most 64 KiB");
}

//! The tokens taken apart: each part with its place, what is sealed, and what is malformed in words.

use super::pin::{answering_with, asking, wrong};
use super::*;
use crate::gss::{ExplainedToken, explain};

/// A part: its name, its length, whether it is sealed, what it says.
type Told<'e> = (&'e str, usize, bool, Option<&'e str>);

fn apart(token: &[u8]) -> ExplainedToken {
    let explained = explain(registry(), token, None).unwrap();
    assert_eq!(explained.length(), token.len());
    explained
}

fn told(explained: &ExplainedToken) -> Vec<Told<'_>> {
    let part = |at: usize| {
        let part = &explained.parts[at];
        (part.name, part.length, part.sealed, part.value.as_deref())
    };
    (0..explained.parts.len()).map(part).collect()
}

fn malformed(token: &[u8]) -> String {
    explain(registry(), token, None).unwrap_err().to_string()
}

/// The parts after the frame of a context token.
fn body(explained: &ExplainedToken) -> Vec<Told<'_>> {
    told(explained).split_off(3)
}

const NONCE: Told<'static> = ("nonce", 24, false, None);
const TAG: Told<'static> = ("tag", 16, false, None);

#[test]
fn the_context_tokens_of_a_transfer() {
    let (mut sender, first) = initiate();
    let accepted = accept(&first);
    let third = sender.continue_with(&accepted.token, NOW, &mut entropy(4));
    let third = third.unwrap().token.unwrap();

    let explained = apart(&first);
    assert_eq!(explained.id, token::FIRST);
    let name = "first token: auth credential and Noise message 1";
    assert_eq!(explained.name, Some(name));
    let parts = body(&explained);
    let names: Vec<_> = parts.iter().map(|part| (part.0, part.2)).collect();
    let expected = [
        ("length", false),
        ("auth credential: version", false),
        ("auth credential: nonce", false),
        ("auth credential: content and tag", true),
        ("length", false),
        ("Noise message: ephemeral key", false),
        ("Noise message: payload and tag", true),
    ];
    assert_eq!(names, expected);
    let sealed: usize = parts[1..4].iter().map(|part| part.1).sum();
    let message = parts[5].1 + parts[6].1;
    assert_eq!((parts[0].1, parts[0].3), (2, Some(&*sealed.to_string())));
    assert_eq!((parts[4].1, parts[4].3), (2, Some(&*message.to_string())));
    assert_eq!((parts[1].1, parts[1].3), (1, Some("01")));
    assert_eq!((parts[2].1, parts[5].1), (12, 32));

    let explained = apart(&accepted.token);
    assert_eq!(explained.name, Some("second token: Noise message 2"));
    let parts = body(&explained);
    let message = (parts[1].1 + parts[2].1).to_string();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0], ("length", 2, false, Some(&*message)));

    let explained = apart(&third);
    let name = "third token: the initiator's key confirmation";
    assert_eq!(explained.name, Some(name));
    let parts = body(&explained);
    assert_eq!((parts[0], parts[2]), (NONCE, TAG));
    assert_eq!((parts[1].0, parts[1].2), ("content", true));
}

#[test]
fn the_tokens_of_a_pin_and_an_abort() {
    let (mut sender, first) = asking(5);
    let (mut receiver, second) = answering_with(&first, wrong());
    let explained = apart(&second);
    let names: Vec<_> = body(&explained).iter().map(|part| part.0).collect();
    assert_eq!(names[3..], ["nonce", "content", "tag"], "the answer");

    let again = sender.continue_with(&second, NOW, &mut entropy(4)).unwrap();
    let again = again.token.unwrap();
    let name = "the PIN was wrong: another try";
    assert_eq!(apart(&again).name, Some(name));
    receiver
        .continue_with(&again, NOW, &mut entropy(5))
        .unwrap();
    let answer = receiver.provide_pin(&wrong(), NOW, &mut entropy(6));
    let name = "answer to another try at the PIN";
    assert_eq!(apart(&answer.unwrap()).name, Some(name));

    let (sender, _) = established();
    let abort = sender.abort_token(9, &mut entropy(7)).unwrap();
    let explained = apart(&abort);
    assert_eq!(
        (explained.id, explained.name),
        (token::ABORT, Some("abort"))
    );
    assert_eq!(body(&explained)[0], NONCE);
}

/// A sealed message, one in clear, a MIC, a deletion.
fn message_tokens() -> [Vec<u8>; 4] {
    let (mut sender, mut receiver) = established();
    let sealed = sender.wrap(true, 0, b"hello", NOW, &mut entropy(8));
    let clear = receiver.wrap(false, 0, b"hello", NOW, &mut entropy(9));
    let mic = sender.get_mic(0, b"hello", NOW);
    let deletion = receiver.delete_sec_context(1, &mut entropy(10));
    [sealed, clear, mic, deletion].map(Result::unwrap)
}

#[test]
fn the_message_tokens_of_both_sides() {
    let [wrapped, clear, mic, deletion] = message_tokens();
    let header = |flags: &'static str, number: &'static str, says: &'static str| {
        [
            ("token id", 2, false, Some(number)),
            ("flags", 1, false, Some(says)),
            ("filler", 1, false, Some("ff")),
            ("sequence number", 8, false, Some(flags)),
        ]
    };
    let data = |name, length, sealed| (name, length, sealed, None);

    let explained = apart(&wrapped);
    assert_eq!(explained.name, Some("wrap: a sealed message"));
    let mut expected = header("0", "0201", "02: from the initiator, sealed").to_vec();
    expected.extend([NONCE, data("content", 1024, true), TAG]);
    assert_eq!(told(&explained), expected);

    let explained = apart(&clear);
    assert_eq!(explained.name, Some("wrap: a message in clear"));
    let mut expected = header("0", "0201", "01: from the acceptor, not sealed").to_vec();
    expected.extend([NONCE, data("message", 5, false), TAG]);
    assert_eq!(told(&explained), expected);

    let explained = apart(&mic);
    assert_eq!(explained.name, Some("MIC of a message"));
    let mut expected = header("1", "0202", "00: from the initiator, not sealed").to_vec();
    expected.push(data("MIC", 32, false));
    assert_eq!(told(&explained), expected);

    let explained = apart(&deletion);
    assert_eq!(explained.name, Some("deletion: ends the context"));
    assert_eq!(explained.id, deletion[..2]);
    let flags = explained.parts[1].value.as_deref();
    assert_eq!(flags, Some("03: from the acceptor, sealed"));
}

#[test]
fn message_tokens_that_are_none() {
    let [wrapped, clear, mic, deletion] = message_tokens();
    let changed = |token: &[u8], at: usize, to: u8| {
        let mut token = token.to_vec();
        token[at] = to;
        malformed(&token)
    };
    assert_eq!(
        malformed(&mic[..11]),
        "a message token has a header of 12 bytes, and this one ends before"
    );
    assert_eq!(changed(&mic, 2, 4), "the message token has undefined flags");
    assert_eq!(
        changed(&mic, 3, 0),
        "the message token's byte after the flags is not ff"
    );
    assert_eq!(changed(&mic, 1, 9), "no message token has this token id");
    assert_eq!(
        changed(&mic, 2, 2),
        "a MIC token's flags say that it is sealed"
    );
    assert_eq!(malformed(&mic[..43]), "a MIC has 32 bytes");
    let unsealed = "a deletion token's flags do not say that it is sealed";
    assert_eq!(changed(&deletion, 2, 1), unsealed);
    let no_room = "the content has no room for a nonce of 24 bytes and a tag of 16";
    assert_eq!(malformed(&clear[..12 + 39]), no_room);
    assert_eq!(malformed(&deletion[..12 + 39]), no_room);
    let padding = "the length of the sealed content is none that padding gives";
    assert_eq!(malformed(&wrapped[..wrapped.len() - 1]), padding);
    assert_eq!(malformed(&wrapped[..12]), padding);
}

#[test]
fn context_tokens_that_are_none() {
    let (_, first) = initiate();
    let frame = crate::gss::parse(&first).unwrap();
    let (id, body) = (frame.id, frame.body);
    let of = |id: [u8; 2], body: &[u8]| malformed(&framed(id, &[body]));
    let unknown = "the mechanism has no context token with this token id";
    assert_eq!(of([1, 9], body), unknown);
    let lengths = "the lengths of auth credential and Noise message do not add up to the token's";
    assert_eq!(of(id, &body[..body.len() - 1]), lengths);
    let short = token::prefixed(&[1; 8]).unwrap();
    let message = token::prefixed(&[1; 60]).unwrap();
    let no_credential = "the sealed auth credential is too short to be one";
    assert_eq!(of(id, &[short.clone(), message].concat()), no_credential);
    let (sealed, _) = token::first(id, body).unwrap();
    let sealed = token::prefixed(sealed).unwrap();
    let no_message = "the Noise message is shorter than a key and a tag";
    assert_eq!(of(id, &[sealed, short.clone()].concat()), no_message);
    assert_eq!(of(token::ANSWER, &short), no_message);
    let beyond = "the length of the Noise message goes beyond the token";
    assert_eq!(of(token::ANSWER, &short[..5]), beyond);
    let answer = token::prefixed(&[1; 60]).unwrap();
    let no_answer = "the PIN's answer is too short to be one";
    assert_eq!(
        of(token::ANSWER, &[&answer[..], &[1; 39]].concat()),
        no_answer
    );
    for id in [
        token::CONFIRMATION,
        token::PIN_AGAIN,
        token::PIN_ANSWER,
        token::ABORT,
    ] {
        assert!(of(id, &[1; 39]).starts_with("the content has no room"));
    }
}

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use tigress_gss::gss::{OpenedToken, TokenPart};
use tigress_primitives::secret::Secret;

fn vectors(file: &str) -> Value {
    let text = match file {
        "protocol" => include_str!("../../../../tests/vectors/protocol.json"),
        "pin" => include_str!("../../../../tests/vectors/pin.json"),
        _ => include_str!("../../../../tests/vectors/transfer.json"),
    };
    serde_json::from_str(text).unwrap()
}

/// Name and bytes of each token of a file.
fn tokens(file: &str) -> Vec<(String, Vec<u8>)> {
    let of = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (text("name"), hex::decode(text("out")).unwrap())
    };
    let vectors = vectors(file);
    let rows = vectors["tokens"].as_array().unwrap().iter().map(of);
    rows.filter(|(name, _)| name.starts_with('0')).collect()
}

fn token(file: &str, name: &str) -> Vec<u8> {
    let all = tokens(file);
    all.into_iter().find(|(found, _)| found == name).unwrap().1
}

fn secret() -> SharedSecret {
    Secret::new(std::array::from_fn(|n| n as u8))
}

fn as_token(explained: Explained) -> ExplainedToken {
    match explained {
        Explained::Token(token) => token,
        Explained::Envelope(_) => panic!("an envelope"),
    }
}

fn token_of(input: &[u8]) -> ExplainedToken {
    as_token(explain(input, None).unwrap().unwrap())
}

fn envelope_of(input: &[u8]) -> ExplainedEnvelope {
    match explain(input, Some(&secret())).unwrap().unwrap() {
        Explained::Envelope(envelope) => envelope,
        Explained::Token(_) => panic!("a token"),
    }
}

fn opened(input: &[u8], secret: &SharedSecret) -> Option<Result<OpenedToken, gss::Error>> {
    as_token(explain(input, Some(secret)).unwrap().unwrap()).opened
}

fn malformed(input: &[u8]) -> String {
    explain(input, None).unwrap_err().to_string()
}

fn part<'t>(token: &'t ExplainedToken, name: &str) -> &'t TokenPart {
    token.parts.iter().find(|part| part.name == name).unwrap()
}

#[test]
fn each_token_of_the_vectors_is_explained_to_its_last_byte() {
    for file in ["protocol", "pin"] {
        for (name, bytes) in tokens(file) {
            let token = token_of(&bytes);
            assert_eq!(token.length(), bytes.len(), "{name}");
            let id = hex::encode(token.id);
            assert_eq!(id, name[..5].replace(' ', ""));
            assert_eq!(token.mechanism, Some("noise-psk"));
            let mut end = 0;
            for part in &token.parts {
                assert_eq!(part.offset, end, "{name}: {}", part.name);
                end += part.length;
            }
            if name.starts_with("02") {
                assert_eq!(token.oid, None);
                let from = if name.contains("[i]") {
                    "initiator"
                } else {
                    "acceptor"
                };
                let flags = part(&token, "flags").value.as_deref().unwrap();
                assert!(flags.contains(from), "{name}: {flags}");
                assert_eq!(
                    flags.ends_with("not sealed"),
                    !name.contains("sealed [") && !name.starts_with("02 03")
                );
            } else {
                assert_eq!(
                    token.oid.unwrap().to_string(),
                    vectors("protocol")["inputs"]["mechanism"]
                );
            }
        }
    }
}

#[test]
fn the_parts_of_the_first_token_lie_where_the_specification_has_them() {
    let first = token_of(&token("protocol", "01 01"));
    let found: Vec<_> = first
        .parts
        .iter()
        .map(|part| (part.offset, part.length, part.sealed))
        .collect();
    assert_eq!(
        found,
        [
            (0, 4, false),
            (4, 35, false),
            (39, 2, false),
            (41, 2, false),
            (43, 1, false),
            (44, 12, false),
            (56, 122, true),
            (178, 2, false),
            (180, 32, false),
            (212, 92, true)
        ]
    );
    let second = token_of(&token("pin", "01 02"));
    assert!(part(&second, "content").sealed, "the PIN's answer");
}

#[test]
fn the_secret_opens_the_first_token_and_nothing_else() {
    for (name, bytes) in tokens("protocol") {
        assert_eq!(
            opened(&bytes, &secret()).is_some(),
            name == "01 01",
            "{name}"
        );
    }
    let inside = opened(&token("protocol", "01 01"), &secret())
        .unwrap()
        .unwrap();
    assert_eq!(inside.credential.credential_id.as_bytes(), &[0xc1; 16]);
    assert_eq!(inside.credential.issued_at, 1_700_000_000);
    assert_eq!(inside.credential.expires_at, 1_700_172_800);
    assert!(!inside.credential.pin_required);
    let hash = "f4be7d5a40b9408b99548465e0197e8e118d1de342a33f1f73b4570d7f560f70";
    let bindings = ("channel bindings", hash.to_owned());
    let hash = "57a547283168e6c7ea270d5aca42070229f91144efa4f3865e1d8aa434e59d2d";
    let data = ("application data", hash.to_owned());
    assert_eq!(inside.payload, [("flags", "7e".to_owned()), bindings, data]);
    assert_eq!(
        inside.credential.application_data,
        Some(hex::decode(hash).unwrap())
    );
    let inside = opened(&token("pin", "01 01"), &secret()).unwrap().unwrap();
    assert!(inside.credential.pin_required);
    assert!(
        inside
            .payload
            .contains(&("PIN's element", "33 bytes".to_owned()))
    );
    // The credential's key is in none of it.
    assert!(!format!("{inside:?}").contains("c2c2"));
}

#[test]
fn a_secret_that_does_not_fit_is_told_and_the_parts_stay() {
    let bytes = token("protocol", "01 01");
    let other = Secret::new([9; 32]);
    let token = as_token(explain(&bytes, Some(&other)).unwrap().unwrap());
    assert_eq!(token.parts.len(), 10);
    let error = token.opened.unwrap().unwrap_err();
    assert_eq!(error.minor, gss::MinorStatus::SealedCredential);
    // The credential opens, but the Noise message was altered.
    let mut altered = bytes;
    *altered.last_mut().unwrap() ^= 1;
    let error = opened(&altered, &secret()).unwrap().unwrap_err();
    assert_eq!(error.minor, gss::MinorStatus::NotAuthentic);
}

#[test]
fn the_envelopes_of_the_vectors_say_what_they_hold() {
    let vectors = vectors("transfer");
    let tables = ["envelopes", "endings"].map(|table| vectors[table].as_array().unwrap());
    let rows: Vec<_> = tables.into_iter().flatten().collect();
    let envelopes: Vec<_> = rows
        .iter()
        .map(|row| envelope_of(row["data"].as_str().unwrap().as_bytes()))
        .collect();
    let shape: Vec<_> = envelopes
        .iter()
        .map(|e| {
            (
                e.side,
                e.ack,
                e.base,
                e.tokens.len(),
                e.abort.is_some(),
                e.mic,
            )
        })
        .collect();
    let (sender, receiver) = (Role::Initiator, Role::Acceptor);
    assert_eq!(
        shape,
        [
            (sender, 0, 0, 1, false, false),
            (receiver, 1, 0, 1, false, true),
            (sender, 1, 1, 1, false, true),
            // Deletions, acknowledged, crossing.
            (receiver, 2, 1, 1, false, true),
            (receiver, 2, 1, 1, false, true),
            (sender, 1, 2, 1, false, true),
            (sender, 1, 2, 1, false, true),
            (sender, 2, 2, 0, false, true),
            (sender, 2, 2, 0, false, true),
            (sender, 2, 2, 1, false, true),
            // Aborts: only token 2 travels with one.
            (receiver, 1, 0, 1, true, true),
            (sender, 1, 1, 0, true, true),
            (sender, 1, 1, 0, true, true),
            (receiver, 1, 0, 1, true, true),
            (sender, 1, 2, 0, true, true),
            (receiver, 2, 1, 0, true, true),
        ]
    );
    for (envelope, row) in envelopes.iter().zip(rows) {
        let data = row["data"].as_str().unwrap();
        assert_eq!(envelope.length, STANDARD.decode(data).unwrap().len());
        for token in envelope.tokens.iter().chain(&envelope.abort) {
            assert_eq!(token.explained.as_ref().unwrap().length(), token.length);
        }
    }
    let first = envelopes[0].tokens[0].explained.as_ref().unwrap();
    assert!(first.opened.as_ref().unwrap().is_ok());
    let abort = envelopes.last().unwrap().abort.as_ref().unwrap();
    assert_eq!(abort.explained.as_ref().unwrap().id, [1, 0xff]);
}

#[test]
fn one_thing_is_the_same_in_all_its_forms() {
    let bytes = token("protocol", "01 01");
    let digits = hex::encode(&bytes);
    let (half, other_half) = digits.split_at(100);
    let apart = format!("\n{} {}\n", half.to_uppercase(), other_half);
    let base64 = STANDARD.encode(&bytes);
    let url_safe = base64.replace('+', "-").replace('/', "_").replace('=', "");
    for form in [digits, apart, base64, url_safe] {
        assert_eq!(token_of(form.as_bytes()), token_of(&bytes), "{form}");
    }
    let vectors = vectors("transfer");
    let data = vectors["envelopes"][1]["data"].as_str().unwrap();
    let payload = json!({"type": "GSS_API", "data": data});
    let answer = json!({"payload": payload, "displayInformation": {"title": "t"}});
    let expected = envelope_of(data.as_bytes());
    for form in [
        payload.to_string().into_bytes(),
        answer.to_string().into_bytes(),
        STANDARD.decode(data).unwrap(),
        hex::encode(STANDARD.decode(data).unwrap()).into_bytes(),
    ] {
        assert_eq!(envelope_of(&form), expected);
    }
    let create = vectors["CreateMailbox"].to_string();
    assert_eq!(envelope_of(create.as_bytes()).tokens.len(), 1);
}

#[test]
fn what_is_malformed_is_named() {
    let good = token("protocol", "01 01");
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let longer = [&good[..], &[0]].concat();
    let wrap = token("protocol", "02 01 sealed [i]");
    let flagged = [&wrap[..2], &[0x82], &wrap[3..]].concat();
    let unfilled = [&wrap[..3], &[0], &wrap[4..]].concat();
    let mic = token("protocol", "02 02 [i]");
    let payload = |data: &str| {
        json!({"type": "GSS_API", "data": data})
            .to_string()
            .into_bytes()
    };
    for (input, what) in [
        (good[..good.len() - 1].to_vec(), "shorter than its frame"),
        (longer, "longer than its frame"),
        (with(1, 0x80), "as DER has it"),
        (with(4, 0x04), "tag 06"),
        (with(38, 0x81), "malformed"),
        (with(40, 9), "no context token with this token id"),
        (with(42, 0xff), "do not add up"),
        (wrap[..11].to_vec(), "12 bytes"),
        (flagged, "undefined flags"),
        (unfilled, "not ff"),
        (wrap[..wrap.len() - 1].to_vec(), "none that padding gives"),
        (mic[..mic.len() - 1].to_vec(), "32 bytes"),
        (vec![2, 9, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0], "this token id"),
        (b"{\"data\": 7}".to_vec(), "type and data"),
        (b"{\"data\"".to_vec(), "JSON"),
        (b"{\"type\": \"X\", \"data\": \"\"}".to_vec(), "GSS_API"),
        (payload("!"), "base64"),
        (payload("AA=="), "array"),
        (b"82f6f6".to_vec(), "byte string"),
        (b"8240a0".to_vec(), "MIC"),
        (b"8240f6".to_vec(), "not a map"),
        (b"8243a10002f6".to_vec(), "another version"),
        (b"8245a200010907f6".to_vec(), "beyond 6"),
        (b"8243a10001f6".to_vec(), "ack"),
    ] {
        let said = malformed(&input);
        assert!(said.contains(what), "{said}, not {what}");
    }
    for none in [
        &b""[..],
        b"x",
        b"https://relay.example/v1/m/1#x",
        b"{}",
        b"\xff\xfe",
    ] {
        assert_eq!(explain(none, None), Ok(None));
    }
}

#[test]
fn a_malformed_token_leaves_the_rest_of_its_envelope_readable() {
    use crate::exchange::Fields;
    let tokens = vec![token("protocol", "01 02"), vec![0x60, 1], vec![]];
    let fields = Fields {
        side: Side::Receiver,
        ack: 1,
        base: 7,
        tokens,
        hash: [3; 32],
        abort: None,
    };
    let envelope = envelope_of(fields.encode(|_| Some([0; 32])).as_bytes());
    let fine: Vec<_> = envelope
        .tokens
        .iter()
        .map(|t| t.explained.is_ok())
        .collect();
    assert_eq!((fine, envelope.base), (vec![true, false, false], 7));
}

#[test]
fn a_mechanism_that_is_not_known_still_has_its_frame_explained() {
    let oid = gss::Oid::from_content(&[0x2a, 3]).unwrap();
    let token = token_of(&gss::frame(&oid, &[1, 1, 5, 5]));
    assert_eq!(
        (token.mechanism, token.name, token.id),
        (None, None, [1, 1])
    );
    assert_eq!(token.oid.as_ref().unwrap().to_string(), "1.2.3");
    assert_eq!(token.parts.last().unwrap().length, 2);
}

proptest! {
    #[test]
    fn hostile_bytes_do_no_harm(first in prop::sample::select(vec![0x60, 2, 0x82, b'{', b'A']), rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [&[first], &rest[..]].concat();
        let _ = explain(&bytes, Some(&secret()));
        let _ = explain(hex::encode(&bytes).as_bytes(), Some(&secret()));
    }

    #[test]
    fn altered_tokens_are_refused_or_explained_whole(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let all = tokens("pin");
        let mut bytes = which.get(&all).1.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(Some(Explained::Token(token))) = explain(&bytes, Some(&secret())) {
            prop_assert_eq!(token.length(), bytes.len());
        }
    }
}

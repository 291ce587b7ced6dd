//! The published vector for the very pattern, through the handshake that the mechanism uses.

use std::path::PathBuf;

use serde_json::Value;

use super::*;

const NAME: &str = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s";

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn key(value: &Value) -> Secret<32> {
    Secret::from_slice(&bytes(value)).unwrap()
}

fn check(vector: &Value) {
    assert_eq!(vector["protocol_name"], NAME);
    let new = |role, side: &str| {
        let of = |name: &str| &vector[format!("{side}_{name}")];
        let psk = key(&of("psks")[0]);
        let ephemeral = Ephemeral::new(key(of("ephemeral")));
        Handshake::new(role, &bytes(of("prologue")), &psk, &ephemeral).unwrap()
    };
    let mut initiator = new(Role::Initiator, "init");
    let mut responder = new(Role::Acceptor, "resp");
    let messages = vector["messages"].as_array().unwrap();
    let (handshake, transport) = messages.split_at(2);

    for (at, message) in handshake.iter().enumerate() {
        let (from, to) = match at {
            0 => (&mut initiator, &mut responder),
            _ => (&mut responder, &mut initiator),
        };
        let (payload, ciphertext) = (bytes(&message["payload"]), bytes(&message["ciphertext"]));
        assert_eq!(from.write(&payload).unwrap(), ciphertext, "message {at}");
        assert_eq!(*to.read(&ciphertext).unwrap(), payload, "message {at}");
    }
    let (one, two) = (initiator.split().unwrap(), responder.split().unwrap());
    assert_eq!(one.hash[..], bytes(&vector["handshake_hash"]));
    assert_eq!(two.hash, one.hash);
    assert!(one.k1 == two.k1 && one.k2 == two.k2);

    assert!(!transport.is_empty());
    for (at, message) in transport.iter().enumerate() {
        // Both directions in turn, each with its own counter (Noise §5.1).
        let (key, counter) = ([&one.k1, &one.k2][at % 2], (at / 2) as u64);
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&counter.to_le_bytes());
        let sealed = crypto::seal_once(key, &nonce, &[], &bytes(&message["payload"]));
        assert_eq!(
            sealed,
            bytes(&message["ciphertext"]),
            "transport message {at}"
        );
    }
}

#[test]
fn the_published_vector_holds() {
    let text = include_str!("../../../../../../tests/vectors/noise_nnpsk0.json");
    let file: Value = serde_json::from_str(text).unwrap();
    check(&file["vector"]);
}

#[test]
fn it_also_holds_as_it_was_published() {
    let Some(folder) = std::env::var_os("TIGRESS_SHARED_DATA") else {
        return;
    };
    let path = PathBuf::from(folder).join("noise/cacophony-NNpsk0-25519.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        return;
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    check(
        vectors
            .iter()
            .find(|vector| vector["protocol_name"] == NAME)
            .unwrap(),
    );
}

#[test]
fn a_message_has_at_most_65535_bytes_and_a_longer_one_is_refused() {
    const ROOM: usize = 65_535 - 48;
    let side = |role, key: u8| {
        let ephemeral = Ephemeral::new(Secret::new([key; 32]));
        Handshake::new(role, b"", &Secret::new([9; 32]), &ephemeral).unwrap()
    };
    let mut initiator = side(Role::Initiator, 1);
    assert_eq!(initiator.write(&vec![7; ROOM + 1]), None);
    let longest = initiator.write(&vec![7; ROOM]).unwrap();
    assert_eq!(longest.len(), 65_535);
    let mut responder = side(Role::Acceptor, 2);
    assert!(responder.read(&[&longest[..], &[0]].concat()).is_none());
    assert_eq!(*responder.read(&longest).unwrap(), vec![7; ROOM]);
}

//! The worked example in `tests/vectors/pin.json`: a wrong PIN, then the right one. What is not named here is
//! as in `protocol.json`. `TIGRESS_BLESS=1` writes the file anew.

use serde_json::{Value, json};

use super::{NOW, SIDES, drawn, entropy, row, secret};
use crate::auth_credential::AuthCredential;
use crate::crypto;
use crate::gss::{
    self, AcceptorCredential, InitiatorCredential, Role, accept_sec_context, init_sec_context,
};
use crate::mechanism::noise_psk::handshake::{Ephemeral, Handshake};
use crate::mechanism::noise_psk::keys::{self, Keys, Use};
use crate::mechanism::noise_psk::token::{PinAgain, PinAnswer};
use crate::mechanism::noise_psk::{OID, pin, token};
use crate::mechanism::registry;
use crate::pin::Pin;
use tigress_primitives::secret::Secret;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/pin.json");
const TRIES: u8 = 5;

fn credential() -> AuthCredential {
    AuthCredential {
        pin_required: true,
        ..super::credential()
    }
}

fn right() -> Pin {
    Pin::parse("042917").unwrap()
}

fn typed_first() -> Pin {
    Pin::parse("042918").unwrap()
}

/// What is drawn, in order: the initiator's nonce and ephemeral key, its seed; the acceptor's ephemeral key, its
/// seed, the nonce of its answer; the initiator's next seed and nonce; the acceptor's next seed and nonce.
struct Draws {
    nonce: [u8; 12],
    initiator: Secret<32>,
    acceptor: Secret<32>,
    /// Y_1, X_1, Y_2, X_2.
    seeds: [Secret<32>; 4],
    /// Of X_1, Y_2, X_2.
    nonces: [[u8; 24]; 3],
}

fn draws() -> Draws {
    let (mut one, mut two, mut three, mut four) = (entropy(1), entropy(2), entropy(3), entropy(4));
    let (nonce, initiator, y_1) = (one.bytes(), one.secret(), one.secret());
    let (acceptor, x_1, n_1) = (two.secret(), two.secret(), two.bytes());
    let (y_2, n_2) = (three.secret(), three.bytes());
    let (x_2, n_3) = (four.secret(), four.bytes());
    Draws {
        nonce,
        initiator,
        acceptor,
        seeds: [y_1, x_1, y_2, x_2],
        nonces: [n_1, n_2, n_3],
    }
}

fn inputs(draws: &Draws) -> Value {
    let [y_1, x_1, y_2, x_2] = draws
        .seeds
        .each_ref()
        .map(|seed| hex::encode(seed.expose()));
    json!({
        "S, credential, relay origin, mailbox id, application data": "as above, but key 6 of the credential is true",
        "nonce of the sealed credential": hex::encode(draws.nonce),
        "initiator's ephemeral private key": hex::encode(draws.initiator.expose()),
        "acceptor's ephemeral private key": hex::encode(draws.acceptor.expose()),
        "PIN": right().as_str(),
        "PIN typed first": typed_first().as_str(),
        "PIN typed second": right().as_str(),
        "tries that the sender allows": TRIES,
        "seed of Y_1": y_1,
        "seed of X_1": x_1,
        "seed of Y_2": y_2,
        "seed of X_2": x_2,
    })
}

/// One side's element, and how it is made.
fn element_row(name: &str, role: Role, pin: &Pin, seed: &Secret<32>) -> (Value, Vec<u8>) {
    let element = pin::element(role, pin, seed);
    let stream = hex::encode(crypto::expand_long(seed, b"tigress v1 spake2").expose());
    let from = json!({ "PIN": pin.as_str(), "expanded seed": stream });
    (row(name, from, &element), element)
}

/// One run: a wrong PIN, then the right one.
struct Run {
    sealed: Vec<u8>,
    payload: zeroize::Zeroizing<Vec<u8>>,
    messages: [Vec<u8>; 2],
    keys: Keys,
    halves: keys::Halves,
    /// Y_1, X_1, Y_2, X_2, each with its row.
    elements: [(Value, Vec<u8>); 4],
    /// At the receiver, at the sender.
    z_1: [Secret<32>; 2],
    z_2: Secret<32>,
    proofs: [[u8; 32]; 2],
}

fn run(draws: &Draws) -> Run {
    let sealed = credential().seal(&secret(), &mut entropy(1));
    let prologue = keys::prologue(&OID, &sealed).unwrap();
    let psk = keys::psk(&credential());
    let new = |role, secret: &Secret<32>| {
        let ephemeral = Ephemeral::new(secret.clone());
        Handshake::new(role, &prologue, &psk, &ephemeral).unwrap()
    };
    let mut initiator = new(Role::Initiator, &draws.initiator);
    let mut acceptor = new(Role::Acceptor, &draws.acceptor);
    let [seed_y_1, seed_x_1, seed_y_2, seed_x_2] = &draws.seeds;
    let y_1 = element_row("Y_1", Role::Initiator, &right(), seed_y_1);
    let x_1 = element_row("X_1", Role::Acceptor, &typed_first(), seed_x_1);
    let y_2 = element_row("Y_2", Role::Initiator, &right(), seed_y_2);
    let x_2 = element_row("X_2", Role::Acceptor, &right(), seed_x_2);

    let payload = super::payload(Some(&y_1.1));
    let one = initiator.write(&payload).unwrap();
    acceptor.read(&one).unwrap();
    let two = acceptor.write(&token::answer_payload()).unwrap();
    let split = acceptor.split().unwrap();
    let (keys, halves) = (Keys::new(&split, &super::late()), keys::halves(&split));
    let z = |role, pin: &Pin, seed, theirs: &[u8]| pin::run(role, pin, seed, theirs).unwrap().1;
    let z_1 = [
        z(Role::Acceptor, &typed_first(), seed_x_1, &y_1.1),
        z(Role::Initiator, &right(), seed_y_1, &x_1.1),
    ];
    let z_2 = z(Role::Acceptor, &right(), seed_x_2, &y_2.1);
    assert_eq!(z_2, z(Role::Initiator, &right(), seed_y_2, &x_2.1));
    let proofs = [
        pin::proof(&keys.hash, &z_1[0], 1),
        pin::proof(&keys.hash, &z_2, 2),
    ];
    assert!(!pin::proves(&keys.hash, &z_1[1], 1, &proofs[0]));
    Run {
        sealed,
        payload,
        messages: [one, two],
        keys,
        halves,
        elements: [y_1, x_1, y_2, x_2],
        z_1,
        z_2,
        proofs,
    }
}

/// The handshake, with the first element in it.
fn handshake_rows(run: &Run) -> Vec<Value> {
    vec![
        row(
            "sealed",
            json!("K_ac, nonce, credential with PIN"),
            &run.sealed,
        ),
        run.elements[0].0.clone(),
        row(
            "payload 1",
            json!("flags, bindings hash, Y_1"),
            &*run.payload,
        ),
        row(
            "Noise message 1",
            json!("psk, prologue, initiator's ephemeral key, payload 1"),
            &run.messages[0],
        ),
        row(
            "Noise message 2",
            json!("psk, prologue, acceptor's ephemeral key, payload 2"),
            &run.messages[1],
        ),
        row("h", json!("Noise hash after message 2"), run.keys.hash),
        row("k1 ‖ k2", json!("Noise split"), run.halves.expose()),
        row("root", json!("h, k1, k2"), run.keys.root.expose()),
    ]
}

fn answer(element: &[u8], number: u8, proof: &[u8]) -> Vec<u8> {
    let (element, proof) = (element.to_vec(), proof.to_vec());
    let answer = PinAnswer {
        element,
        number,
        proof,
    };
    answer.encode().to_vec()
}

fn key_rows(draws: &Draws) -> Vec<Value> {
    let run = run(draws);
    let mut rows = handshake_rows(&run);
    let Run {
        keys,
        halves,
        elements: [_, (row_x_1, x_1), (row_y_2, y_2), (row_x_2, x_2)],
        z_1,
        z_2,
        proofs,
        ..
    } = run;
    let again = PinAgain {
        element: y_2.clone(),
        tries_left: TRIES - 1,
        number: 2,
    }
    .encode();
    let with_pin = keys.with_pin(&halves, &z_2);
    rows.extend([
        row_x_1,
        row(
            "Z_1 at the receiver",
            json!("X_1's state, Y_1, PIN typed first"),
            z_1[0].expose(),
        ),
        row(
            "Z_1 at the sender",
            json!("Y_1's state, X_1, PIN"),
            z_1[1].expose(),
        ),
        row("cR_1", json!("h, Z_1 at the receiver, 1"), proofs[0]),
        row(
            "content of token 2's PIN",
            json!("X_1, 1, cR_1"),
            answer(&x_1, 1, &proofs[0]),
        ),
        row_y_2,
        row("content of 01 04", json!("Y_2, tries left 4, 2"), again),
        row_x_2,
        row(
            "Z_2",
            json!("X_2's state, Y_2, PIN; or Y_2's state, X_2, PIN"),
            z_2.expose(),
        ),
        row("cR_2", json!("h, Z_2, 2"), proofs[1]),
        row(
            "content of 01 05",
            json!("X_2, 2, cR_2"),
            answer(&x_2, 2, &proofs[1]),
        ),
        row("master", json!("h, k1, k2, Z_2"), with_pin.master.expose()),
        row("K_fin", json!("master"), with_pin.finish().expose()),
        row("K_prf", json!("master"), with_pin.pseudo_random().expose()),
    ]);
    rows.extend(keys_of_sides(&keys, &with_pin));
    rows
}

fn keys_of_sides(keys: &Keys, with_pin: &Keys) -> Vec<Value> {
    let mut rows = Vec::new();
    for (role, d) in SIDES {
        let mut add = |name: &str, from: &str, key: Secret<32>| {
            rows.push(row(&format!("{name}[{d}]"), json!(from), key.expose()));
        };
        add("K_env", "root", keys.envelope(role));
        add("K_ctl", "root", keys.control(role));
        add("K_wrap", "master", with_pin.message(Use::Wrap, role));
    }
    rows
}

/// The same through the calls that applications make.
fn token_rows(draws: &Draws) -> Vec<Value> {
    let bindings = super::bindings();
    let bindings = Some(&bindings);
    let ours = InitiatorCredential::new(credential(), secret())
        .with_pin(right(), TRIES)
        .with_application_data(super::application_data().to_vec());
    let (mut sender, first) =
        init_sec_context(registry(), &ours, bindings, None, NOW, &mut entropy(1)).unwrap();
    let theirs = AcceptorCredential::new(secret()).with_pin(typed_first());
    let fresh = |_: &_| false;
    let draw = &mut entropy(2);
    let accepted =
        accept_sec_context(registry(), &theirs, bindings, &first, &fresh, NOW, draw).unwrap();
    let (mut receiver, second) = (accepted.context, accepted.token);
    let again = sender.continue_with(&second, NOW, &mut entropy(3)).unwrap();
    assert_eq!(again.wrong_pin, Some(TRIES - 1));
    let again = again.token.unwrap();
    receiver
        .continue_with(&again, NOW, &mut entropy(3))
        .unwrap();
    let answer = receiver
        .provide_pin(&right(), NOW, &mut entropy(4))
        .unwrap();
    let third = sender.continue_with(&answer, NOW, &mut entropy(5)).unwrap();
    let third = third.token.unwrap();
    assert!(
        receiver
            .continue_with(&third, NOW, &mut entropy(6))
            .unwrap()
            .complete
    );
    let wrapped = sender
        .wrap(false, 0, b"message from i", NOW, &mut entropy(7))
        .unwrap();
    assert_eq!(
        &**receiver.unwrap(&wrapped, NOW).unwrap().data,
        b"message from i"
    );
    let derived = sender.pseudo_random(b"input", 48, NOW).unwrap();
    let same = receiver.pseudo_random(b"input", 48, NOW).unwrap();
    assert_eq!(same, derived);
    let nonce = |at: usize| json!({ "nonce": hex::encode(draws.nonces[at]) });
    vec![
        row("01 01", json!("sealed, Noise message 1"), &first),
        row("01 02", nonce(0), &second),
        row("01 04", nonce(1), &again),
        row("01 05", nonce(2), &answer),
        row("01 03", json!({ "nonce": drawn::<24>(5) }), &third),
        row(
            "02 01 integrity only [i]",
            json!({ "data": "message from i", "nonce": drawn::<24>(7), "seq": 0 }),
            &wrapped,
        ),
        row(
            "pseudo_random",
            json!({ "in": "input", "length": 48 }),
            &*derived,
        ),
    ]
}

fn worked_example() -> Value {
    let draws = draws();
    json!({
        "about": "A transfer with a PIN, typed wrong and then right: bytes in hex, texts in ASCII. Names as in docs/protocol.md.",
        "inputs": inputs(&draws),
        "keys": key_rows(&draws),
        "tokens": token_rows(&draws),
    })
}

#[test]
fn the_worked_pin_is_what_the_code_does() {
    let made = format!("{:#}\n", worked_example());
    let stored = std::fs::read_to_string(PATH).unwrap_or_default();
    let bless = std::env::var_os("TIGRESS_BLESS").is_some_and(|value| value == "1");
    if bless && stored != made {
        return std::fs::write(PATH, &made).unwrap();
    }
    assert!(
        stored == made,
        "run with TIGRESS_BLESS=1 if the change is meant"
    );
}

#[test]
fn the_contexts_make_what_the_rows_say() {
    let draws = draws();
    let (keys, tokens) = (key_rows(&draws), token_rows(&draws));
    let bytes = |rows: &[Value], name: &str| {
        let found = rows.iter().find(|row| row["name"] == name).expect(name);
        hex::decode(found["out"].as_str().unwrap()).unwrap()
    };
    let key = |name: &str| Secret::from_slice(&bytes(&keys, name)).unwrap();
    let hash = bytes(&keys, "h");
    let body = |name: &str| {
        let token = bytes(&tokens, name);
        let frame = gss::parse(&token).unwrap();
        (frame.id, frame.body.to_vec())
    };
    let opened = |id: [u8; 2], d: &str, sealed: &[u8]| {
        let aad = token::join(id, &[&hash]);
        crypto::open(&key(&format!("K_ctl[{d}]")), &aad, sealed).unwrap()
    };
    let (id, second) = body("01 02");
    let (message, sealed) = token::answer(id, &second).unwrap();
    assert_eq!(message, bytes(&keys, "Noise message 2"));
    assert_eq!(
        **opened(id, "a", sealed),
        bytes(&keys, "content of token 2's PIN")
    );
    let (id, again) = body("01 04");
    assert_eq!(**opened(id, "i", &again), bytes(&keys, "content of 01 04"));
    let (id, answer) = body("01 05");
    assert_eq!(**opened(id, "a", &answer), bytes(&keys, "content of 01 05"));
    let (id, third) = body("01 03");
    let aad = token::join(id, &[&hash]);
    let content = crypto::open(&key("K_fin"), &aad, &third).unwrap();
    assert_eq!(*content, *token::confirmation());
}

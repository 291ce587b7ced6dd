//! The worked example in `tests/vectors/protocol.json`: every key and token of one transfer, from stated
//! inputs. `TIGRESS_BLESS=1` writes the file anew.

mod endings;
mod pin;

use serde_json::{Value, json};

use crate::auth_credential::{self, AuthCredential, CredentialId};
use crate::crypto;
use crate::gss::{
    self, AcceptorCredential, ChannelBindings, InitiatorCredential, Role, Said, SecurityContext,
    accept_sec_context, init_sec_context,
};
use crate::mechanism::noise_psk::handshake::{Ephemeral, Handshake};
use crate::mechanism::noise_psk::keys::{self, Keys, Use};
use crate::mechanism::noise_psk::{OID, padding, token};
use crate::mechanism::registry;
use endings::{deletions, endings};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::{Secret, SharedSecret};

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/protocol.json"
);
pub(super) const NOW: u64 = 1_700_000_060;
pub(super) const ORIGIN: &str = "https://relay.example";
const MAILBOX: &str = "2bba630e-519b-41ec-81d3-0242ac130003";
pub(super) const SIDES: [(Role, &str); 2] = [(Role::Initiator, "i"), (Role::Acceptor, "a")];

pub(super) fn entropy(stream: u8) -> Entropy {
    Entropy::from_seed(&Secret::new([stream; 32]))
}

/// What a call with this entropy draws: a random nonce, for the tokens.
pub(super) fn drawn<const N: usize>(stream: u8) -> String {
    hex::encode(entropy(stream).bytes::<N>())
}

pub(super) fn secret() -> SharedSecret {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
    Secret::new(bytes)
}

pub(super) fn credential() -> AuthCredential {
    AuthCredential {
        version: 1,
        id: CredentialId::new([0xc1; 16]),
        key: Secret::new([0xc2; 32]),
        mechanism: OID,
        issued_at: 1_700_000_000,
        expires_at: 1_700_172_800,
        pin_required: false,
    }
}

pub(super) fn bindings() -> ChannelBindings {
    ChannelBindings::for_mailbox(ORIGIN, MAILBOX)
}

pub(super) fn late() -> [u8; 32] {
    crypto::sha256(&[&bindings().late_data])
}

/// The hash of the worked invitation's texts, which `transfer.json` has, and whose vectors compare it.
const APPLICATION_DATA: &str = "57a547283168e6c7ea270d5aca42070229f91144efa4f3865e1d8aa434e59d2d";

/// The bytes of its summary.
const SUMMARY: &str = include_str!("summary.hex");

/// What a transfer says in token 1.
pub(super) fn application_data() -> [u8; 32] {
    let hash = hex::decode(APPLICATION_DATA).unwrap();
    hash.try_into().unwrap()
}

pub(super) fn payload(element: Option<&[u8]>) -> zeroize::Zeroizing<Vec<u8>> {
    payload_saying(element, None)
}

fn payload_saying(element: Option<&[u8]>, summary: Option<&[u8]>) -> zeroize::Zeroizing<Vec<u8>> {
    let data = application_data();
    let said = Said {
        application_data: Some(&data),
        summary,
    };
    token::first_payload(Some(&bindings().hash()), element, &said)
}

/// The worked invitation's summary, which `transfer.json` has, and whose vectors compare it.
fn summary() -> Vec<u8> {
    hex::decode(SUMMARY).unwrap()
}

/// One row: a name as in the specification's tables, how it is made, its bytes.
pub(super) fn row(name: &str, from: Value, out: impl AsRef<[u8]>) -> Value {
    json!({ "name": name, "from": from, "out": hex::encode(out) })
}

/// A handshake made by hand from the inputs, beside the one inside the contexts.
struct Transcript {
    sealed: Vec<u8>,
    prologue: Vec<u8>,
    messages: [Vec<u8>; 2],
    hash: [u8; 32],
    k1: Secret<32>,
    k2: Secret<32>,
    keys: Keys,
}

/// The order in which the initiator draws: nonce of the sealed credential, ephemeral key.
fn initiator_draws() -> ([u8; 12], Secret<32>) {
    let mut entropy = entropy(1);
    (entropy.bytes(), entropy.secret())
}

fn acceptor_ephemeral() -> Secret<32> {
    entropy(2).secret()
}

fn transcript() -> Transcript {
    let sealed = credential().seal(&secret(), &mut entropy(1));
    let prologue = keys::prologue(&OID, &sealed).unwrap();
    let psk = keys::psk(&credential());
    let new = |role, ephemeral| {
        Handshake::new(role, &prologue, &psk, &Ephemeral::new(ephemeral)).unwrap()
    };
    let mut initiator = new(Role::Initiator, initiator_draws().1);
    let mut acceptor = new(Role::Acceptor, acceptor_ephemeral());
    let one = initiator.write(&payload(None)).unwrap();
    acceptor.read(&one).unwrap();
    let two = acceptor.write(&token::answer_payload()).unwrap();
    let split = acceptor.split().unwrap();
    Transcript {
        keys: Keys::new(&split, &late()),
        messages: [one, two],
        hash: split.hash,
        k1: split.k1,
        k2: split.k2,
        sealed,
        prologue,
    }
}

fn inputs() -> Value {
    let (nonce, ephemeral) = initiator_draws();
    json!({
        "S": hex::encode(secret().expose()),
        "mechanism": OID.to_string(),
        "OID content": hex::encode(OID.content()),
        "credential id": hex::encode([0xc1; 16]),
        "credential key": hex::encode([0xc2; 32]),
        "issued": credential().issued_at,
        "expires": credential().expires_at,
        "relay origin": ORIGIN,
        "mailbox id": MAILBOX,
        "application data": hex::encode(application_data()),
        "nonce of the sealed credential": hex::encode(nonce),
        "initiator's ephemeral private key": hex::encode(ephemeral.expose()),
        "acceptor's ephemeral private key": hex::encode(acceptor_ephemeral().expose()),
    })
}

fn key_rows(t: &Transcript) -> Vec<Value> {
    let sealing = auth_credential::sealing_key(&secret());
    let psk = keys::psk(&credential());
    let proof: Secret<32> = crypto::hkdf(secret().expose(), b"tigress v1 relay bind");
    let mut rows = vec![
        row("K_ac", json!("S"), sealing.expose()),
        row(
            "credential",
            json!("id, key, OID, issued, expires, no PIN"),
            credential().to_cbor(),
        ),
        row("sealed", json!("K_ac, nonce, credential"), &t.sealed),
        row("bindings hash", json!("relay origin"), bindings().hash()),
        row("psk", json!("credential key"), psk.expose()),
        row("prologue", json!("OID, sealed"), &t.prologue),
        row(
            "payload 1",
            json!("flags, bindings hash, application data"),
            payload(None),
        ),
        row(
            "Noise message 1",
            json!("psk, prologue, initiator's ephemeral key, payload 1"),
            &t.messages[0],
        ),
        row("payload 2", json!("flags"), token::answer_payload()),
        row(
            "Noise message 2",
            json!("psk, prologue, acceptor's ephemeral key, payload 2"),
            &t.messages[1],
        ),
        row("h0", json!("Noise hash after message 2"), t.hash),
        row("late hash", json!("mailbox id"), late()),
        row("h", json!("h0, late hash"), t.keys.hash),
        row(
            "k1",
            json!("Noise split, initiator to acceptor"),
            t.k1.expose(),
        ),
        row(
            "k2",
            json!("Noise split, acceptor to initiator"),
            t.k2.expose(),
        ),
        row("root", json!("h, k1, k2"), t.keys.root.expose()),
        row("master", json!("h, k1, k2"), t.keys.master.expose()),
        row("K_fin", json!("master"), t.keys.finish().expose()),
        row("K_prf", json!("master"), t.keys.pseudo_random().expose()),
        row("R", json!("S"), proof.expose()),
    ];
    rows.extend(keys_of_sides(&t.keys));
    rows
}

/// What each side has keys of its own for.
fn keys_of_sides(keys: &Keys) -> Vec<Value> {
    let mut rows = Vec::new();
    for (role, d) in SIDES {
        let mut add = |name: &str, from: &str, key: Secret<32>| {
            rows.push(row(&format!("{name}[{d}]"), json!(from), key.expose()));
        };
        add("K_env", "root", keys.envelope(role));
        add("K_ctl", "root", keys.control(role));
        add("K_wrap", "master", keys.message(Use::Wrap, role));
        add("K_int", "master", keys.message(Use::Integrity, role));
        add("K_mic", "master", keys.message(Use::Mic, role));
        add("K_del", "master", keys.message(Use::Delete, role));
    }
    rows
}

/// Establishes through the calls that applications make; gives both contexts and the three tokens.
fn establish() -> ([SecurityContext; 2], Vec<Value>) {
    let relay = bindings();
    let credential = InitiatorCredential::new(credential(), secret())
        .with_application_data(application_data().to_vec());
    let bindings = Some(&relay);
    let (mut sender, first) = init_sec_context(
        registry(),
        &credential,
        bindings,
        None,
        NOW,
        &mut entropy(1),
    )
    .unwrap();
    let acceptor = AcceptorCredential::new(secret());
    let fresh = |_: &CredentialId| false;
    let entropy2 = &mut entropy(2);
    let mut accepted = accept_sec_context(
        registry(),
        &acceptor,
        bindings,
        &first,
        &fresh,
        NOW,
        entropy2,
    )
    .unwrap();
    let third = sender
        .continue_with(&accepted.token, NOW, &mut entropy(3))
        .unwrap();
    let third = third.token.unwrap();
    accepted
        .context
        .continue_with(&third, NOW, &mut entropy(4))
        .unwrap();
    let rows = vec![
        row("01 01", json!("sealed, Noise message 1"), &first),
        row("01 02", json!("Noise message 2"), &accepted.token),
        row("01 03", json!({ "nonce": drawn::<24>(3) }), &third),
    ];
    ([sender, accepted.context], rows)
}

fn token_rows() -> Vec<Value> {
    let (mut contexts, mut rows) = establish();
    for (at, (role, d)) in SIDES.into_iter().enumerate() {
        let [one, two] = &mut contexts;
        let (from, to) = if at == 0 { (one, two) } else { (two, one) };
        let stream = 10 + 10 * at as u8;
        let data = format!("message from {d}");
        let mut add = |id: &str, from: Value, out: &[u8]| {
            rows.push(row(&format!("{id} [{d}]"), from, out));
        };

        let wrapped = from
            .wrap(true, 0, data.as_bytes(), NOW, &mut entropy(stream))
            .unwrap();
        assert_eq!(**to.unwrap(&wrapped, NOW).unwrap().data, *data.as_bytes());
        let from_json = json!({ "seq": 0, "data": data, "nonce": drawn::<24>(stream) });
        add("02 01 sealed", from_json, &wrapped);

        let plain = from
            .wrap(false, 0, data.as_bytes(), NOW, &mut entropy(stream + 1))
            .unwrap();
        assert!(!to.unwrap(&plain, NOW).unwrap().conf_state);
        let from_json = json!({ "seq": 1, "data": data, "nonce": drawn::<24>(stream + 1) });
        add("02 01 integrity only", from_json, &plain);

        let mic = from.get_mic(0, data.as_bytes(), NOW).unwrap();
        to.verify_mic(data.as_bytes(), &mic, NOW).unwrap();
        add("02 02", json!({ "seq": 2, "message": data }), &mic);

        let abort = from.abort_token(7, &mut entropy(stream + 2)).unwrap();
        assert_eq!(to.open_abort(&abort), Some(7));
        add(
            "01 ff",
            json!({ "code": 7, "nonce": drawn::<24>(stream + 2) }),
            &abort,
        );

        let mic = from.envelope_mic(role, b"envelope body").unwrap();
        assert!(to.verify_envelope(role, b"envelope body", &mic));
        add("envelope MIC", json!({ "body": "envelope body" }), &mic);
    }
    rows.extend(deletions(&mut contexts));
    rows.extend(endings());
    rows
}

/// What is different with a summary: token 1.
fn summary_rows() -> Vec<Value> {
    let summary = summary();
    let payload = payload_saying(None, Some(&summary));
    let sealed = credential().seal(&secret(), &mut entropy(1));
    let prologue = keys::prologue(&OID, &sealed).unwrap();
    let (psk, ephemeral) = (keys::psk(&credential()), initiator_draws().1);
    let mut initiator =
        Handshake::new(Role::Initiator, &prologue, &psk, &Ephemeral::new(ephemeral)).unwrap();
    let message = initiator.write(&payload).unwrap();
    let ours = InitiatorCredential::new(credential(), secret())
        .with_application_data(application_data().to_vec())
        .with_summary(summary);
    let (relay, draws) = (bindings(), &mut entropy(1));
    let made = init_sec_context(registry(), &ours, Some(&relay), None, NOW, draws);
    let (_, first) = made.unwrap();
    vec![
        row(
            "payload 1",
            json!("flags, bindings hash, application data, summary"),
            payload,
        ),
        row(
            "Noise message 1",
            json!("psk, prologue, initiator's ephemeral key, payload 1"),
            message,
        ),
        row("01 01", json!("sealed, Noise message 1"), first),
    ]
}

fn padme_rows() -> Vec<Value> {
    [1, 2, 9, 1024, 1025, 4097, 65_535, 262_148]
        .map(|length| json!([length, padding::padme(length)]))
        .to_vec()
}

fn worked_example() -> Value {
    json!({
        "about": "One transfer without PIN: every key and token, bytes in hex, texts in ASCII. Names as in docs/protocol.md.",
        "inputs": inputs(),
        "keys": key_rows(&transcript()),
        "tokens": token_rows(),
        "with a summary": summary_rows(),
        "padme": padme_rows(),
    })
}

#[test]
fn the_worked_example_is_what_the_code_does() {
    let made = format!("{:#}\n", worked_example());
    if std::env::var_os("TIGRESS_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(PATH, &made).unwrap();
    }
    let stored = std::fs::read_to_string(PATH).unwrap();
    assert_eq!(
        stored, made,
        "run with TIGRESS_BLESS=1 if the change is meant"
    );
}

#[test]
fn the_contexts_make_the_messages_that_the_inputs_give() {
    let t = transcript();
    let (_, rows) = establish();
    let lengths = [token::prefixed(&t.sealed), token::prefixed(&t.messages[0])];
    let first: Vec<_> = lengths.into_iter().flat_map(Option::unwrap).collect();
    let first = gss::frame(&OID, &token::join(token::FIRST, &[&first]));
    assert_eq!(rows[0]["out"], hex::encode(first));
    let answer = token::prefixed(&t.messages[1]).unwrap();
    let answer = gss::frame(&OID, &token::join(token::ANSWER, &[&answer]));
    assert_eq!(rows[1]["out"], hex::encode(answer));
}

//! The security work: the GSS layer with the mechanism noise-psk, against the crates that it is made of.

use std::hint::black_box;
use std::time::Duration;

use chacha20poly1305::aead::{Aead, AeadInPlace, Payload};
use tigress::Pin;
use tigress::secret::{Secret, SharedSecret};
use tigress_gss::auth_credential::AuthCredential;
use tigress_gss::gss::{
    AcceptorCredential, ChannelBindings, InitiatorCredential, SecurityContext, accept_sec_context,
    check_token, init_sec_context,
};
use tigress_gss::mechanism::registry;
use tigress_primitives::entropy::Entropy;

use crate::chart::Panel;
use crate::cpu::{least, thread};
use crate::table::{Table, aim, figure};
use crate::{Findings, bare};

const NOW: u64 = 1_800_000_000;
const KIB: usize = 1024;
const SIZES: [usize; 4] = [KIB, 4 * KIB, 64 * KIB, 256 * KIB];

pub(crate) fn run() -> Findings {
    let (establishing, first) = establishing();
    let (messages, second) = messages();
    let (transfer, third) = transfer();
    Findings {
        tables: vec![establishing, messages, transfer],
        panels: vec![first, second, third],
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

// --- the steps of a transfer, as far as they are security work ------------------------------------------------------

/// Each call of a transfer draws its own seed; here it is not the system that is measured.
fn entropy() -> Entropy {
    Entropy::from_seed(&Secret::new([7; 32]))
}

fn bindings() -> ChannelBindings {
    ChannelBindings::for_relay("https://relay.example")
}

struct Invited {
    secret: SharedSecret,
    context: SecurityContext,
    token: Vec<u8>,
}

/// Steps 1 and 2.
fn invite(pin: Option<&Pin>) -> Invited {
    let entropy = &mut entropy();
    let secret: SharedSecret = entropy.secret();
    let oid = registry().mechanisms()[0].clone();
    let auth = AuthCredential::new(oid, NOW, NOW + 3600, pin.is_some(), entropy);
    let mut credential = InitiatorCredential::new(auth, secret.clone());
    if let Some(pin) = pin {
        credential = credential.with_pin(pin.clone(), 5);
    }
    let bindings = Some(bindings());
    let (context, token) = init_sec_context(
        registry(),
        &credential,
        bindings.as_ref(),
        None,
        NOW,
        entropy,
    )
    .unwrap();
    Invited {
        secret,
        context,
        token,
    }
}

fn acceptor(secret: &SharedSecret, pin: Option<&Pin>) -> AcceptorCredential {
    let credential = AcceptorCredential::new(secret.clone());
    match pin {
        Some(pin) => credential.with_pin(pin.clone()),
        None => credential,
    }
}

/// Step 5, before anything is answered.
fn check(credential: &AcceptorCredential, token: &[u8]) {
    let bindings = Some(bindings());
    check_token(
        registry(),
        credential,
        bindings.as_ref(),
        token,
        &|_| false,
        NOW,
    )
    .unwrap();
}

/// Token 2.
fn accept(credential: &AcceptorCredential, token: &[u8]) -> (SecurityContext, Vec<u8>) {
    let (bindings, entropy) = (Some(bindings()), &mut entropy());
    let used = |_: &_| false;
    let accepted = accept_sec_context(
        registry(),
        credential,
        bindings.as_ref(),
        token,
        &used,
        NOW,
        entropy,
    );
    let accepted = accepted.unwrap();
    (accepted.context, accepted.token)
}

fn take(context: &mut SecurityContext, token: &[u8]) -> Option<Vec<u8>> {
    context
        .continue_with(token, NOW, &mut entropy())
        .unwrap()
        .token
}

/// Tokens 1 to 3, both sides.
fn establish(pin: Option<&Pin>) -> (SecurityContext, SecurityContext) {
    let mut invited = invite(pin);
    let (mut receiver, token) = accept(&acceptor(&invited.secret, pin), &invited.token);
    let token = take(&mut invited.context, &token).unwrap();
    take(&mut receiver, &token);
    (invited.context, receiver)
}

// --- what is measured -------------------------------------------------------------------------------------------------

fn establishing() -> (Table, Panel) {
    let pin = Pin::parse("271828").unwrap();
    let [ours, with_pin, bare] = least([
        &mut || drop(black_box(establish(None))),
        &mut || drop(black_box(establish(Some(&pin)))),
        &mut || bare::handshake(),
    ]);
    let ratio = |ours: Duration| ours.as_secs_f64() / bare.as_secs_f64();
    let mut table = Table::new(
        "Establishing, tokens 1 to 3, both sides (CPU)",
        ["", "µs", "bare Noise, µs", "ratio", "aim"],
    );
    for (name, ours, aims) in [
        ("handshake", ours, aim(ratio(ours) <= 1.25, "≤ 1.25")),
        ("handshake with a PIN", with_pin, String::new()),
    ] {
        table.row([
            name.into(),
            figure(micros(ours)),
            figure(micros(bare)),
            figure(ratio(ours)),
            aims,
        ]);
    }
    let panel = Panel::new("Establishing, tokens 1 to 3, both sides", "µs CPU")
        .bar("Tigress", micros(ours))
        .bar("Tigress with a PIN (SPAKE2)", micros(with_pin))
        .reference("bare NNpsk0 of the same crate", micros(bare))
        .limit(1.25 * micros(bare));
    (table, panel)
}

fn messages() -> (Table, Panel) {
    let mut table = Table::new(
        "A message, sealed and padded, against bare XChaCha20-Poly1305 (CPU)",
        [
            "",
            "µs",
            "MiB/s",
            "bare, MiB/s",
            "of bare",
            "bare in place, MiB/s",
            "of it",
            "aim",
        ],
    );
    let mut panel = Panel::new("Message protection", "MiB/s of content");
    for size in SIZES {
        for (name, [ours, bare, in_place]) in [("wrap", wrap(size)), ("unwrap", unwrap(size))] {
            let speed = |time: Duration| size as f64 / (1 << 20) as f64 / time.as_secs_f64();
            let share = |other: Duration| other.as_secs_f64() / ours.as_secs_f64();
            let at = format!("{name} {} KiB", size / KIB);
            let aimed = name == "wrap" && size == 256 * KIB;
            table.row([
                at.clone(),
                figure(micros(ours)),
                figure(speed(ours)),
                figure(speed(bare)),
                figure(share(bare)),
                figure(speed(in_place)),
                figure(share(in_place)),
                if aimed {
                    aim(share(bare) >= 0.85, "≥ 0.85")
                } else {
                    String::new()
                },
            ]);
            panel = panel
                .bar(at, speed(ours))
                .reference("bare cipher", speed(bare));
        }
    }
    (table, panel)
}

const AAD: [u8; 12] = [7; 12];

/// Ours; the cipher's plain call, data in, a new text out; the cipher in one buffer that it overwrites.
fn wrap(size: usize) -> [Duration; 3] {
    let (mut context, _) = establish(None);
    let data = vec![7; size];
    let mut buffer = data.clone();
    let (cipher, nonce) = bare::cipher();
    let entropy = &mut entropy();
    least([
        &mut || {
            drop(black_box(
                context
                    .wrap(true, 0, black_box(&data), NOW, entropy)
                    .unwrap(),
            ))
        },
        &mut || {
            let payload = Payload {
                msg: black_box(&data),
                aad: &AAD,
            };
            drop(black_box(cipher.encrypt(&nonce, payload).unwrap()));
        },
        &mut || {
            let tag = cipher
                .encrypt_in_place_detached(&nonce, &AAD, &mut buffer)
                .unwrap();
            black_box(tag);
        },
    ])
}

fn unwrap(size: usize) -> [Duration; 3] {
    let (mut initiator, mut acceptor) = establish(None);
    let data = vec![7; size];
    // A token is opened again and again: that it is a duplicate is told with its message.
    let token = initiator.wrap(true, 0, &data, NOW, &mut entropy()).unwrap();
    let (cipher, nonce) = bare::cipher();
    let sealed = cipher
        .encrypt(
            &nonce,
            Payload {
                msg: &data,
                aad: &AAD,
            },
        )
        .unwrap();
    let mut buffer = sealed.clone();
    let in_place = |buffer: &mut Vec<u8>| {
        // Opening gives the text that sealing takes.
        let (text, tag) = buffer.split_at_mut(size);
        let tag = chacha20poly1305::Tag::clone_from_slice(tag);
        cipher
            .decrypt_in_place_detached(&nonce, &AAD, text, &tag)
            .unwrap();
    };
    let restore = |buffer: &mut Vec<u8>| buffer.copy_from_slice(&sealed);
    let [ours, bare, copied, copy] = least([
        &mut || drop(black_box(acceptor.unwrap(black_box(&token), NOW).unwrap())),
        &mut || {
            let payload = Payload {
                msg: black_box(&sealed),
                aad: &AAD,
            };
            drop(black_box(cipher.decrypt(&nonce, payload).unwrap()));
        },
        &mut || {
            let mut copy = std::mem::take(&mut buffer);
            restore(&mut copy);
            in_place(&mut copy);
            buffer = copy;
        },
        &mut || {
            let mut copy = sealed.clone();
            restore(black_box(&mut copy));
        },
    ]);
    [ours, bare, copied.saturating_sub(copy / 2)]
}

/// What an envelope's MIC is made over, with token 3 and a message of 1 KiB in it.
const ENVELOPE: [u8; 1536] = [7; 1536];

/// One transfer of a queued credential: CPU of the sender and of the receiver. The MIC of an envelope, which is not
/// to be had from outside, costs what the MIC of a message costs.
fn sides(content: &[u8], pin: Option<&Pin>) -> [Duration; 2] {
    let mut spent = [Duration::ZERO; 2];
    let mut at = |side: usize, since: Duration| spent[side] += thread() - since;
    let entropy = &mut entropy();

    let since = thread();
    let mut sender = invite(pin);
    at(0, since);

    let since = thread();
    let credential = acceptor(&sender.secret, pin);
    check(&credential, &sender.token);
    let (mut receiver, token) = accept(&credential, &sender.token);
    at(1, since);

    let since = thread();
    let confirmation = take(&mut sender.context, &token).unwrap();
    let message = sender.context.wrap(true, 0, content, NOW, entropy).unwrap();
    let mics = [(); 2].map(|()| sender.context.get_mic(0, &ENVELOPE, NOW).unwrap());
    at(0, since);

    let since = thread();
    take(&mut receiver, &confirmation);
    receiver.unwrap(&message, NOW).unwrap();
    for mic in &mics {
        receiver.verify_mic(&ENVELOPE, mic, NOW).unwrap();
    }
    let mics = [(); 2].map(|()| receiver.get_mic(0, &ENVELOPE, NOW).unwrap());
    let deletion = receiver.delete_sec_context(1, entropy).unwrap();
    at(1, since);

    let since = thread();
    for mic in &mics {
        sender.context.verify_mic(&ENVELOPE, mic, NOW).unwrap();
    }
    sender.context.process_context_token(&deletion).unwrap();
    at(0, since);
    spent
}

fn transfer() -> (Table, Panel) {
    let mut table = Table::new(
        "All security work of one side in a transfer (CPU)",
        ["", "sender, µs", "receiver, µs", "aim"],
    );
    let mut panel =
        Panel::new("All security work of one side in a transfer", "µs CPU").limit(1000.0);
    let pin = Pin::parse("271828").unwrap();
    for (name, size, pin) in [
        ("1 KiB", KIB, None),
        ("256 KiB", 256 * KIB, None),
        ("1 KiB with a PIN", KIB, Some(&pin)),
    ] {
        let content = vec![7; size];
        let mut least = [Duration::MAX; 2];
        for _ in 0..400 {
            for (least, spent) in least.iter_mut().zip(sides(&content, pin)) {
                *least = spent.min(*least);
            }
        }
        let [sender, receiver] = least.map(micros);
        table.row([
            name.into(),
            figure(sender),
            figure(receiver),
            aim(sender.max(receiver) <= 1000.0, "≤ 1000"),
        ]);
        panel = panel
            .bar(format!("{name}: sender"), sender)
            .bar("receiver", receiver);
    }
    (table, panel)
}

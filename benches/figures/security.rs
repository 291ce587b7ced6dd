//! The security work: the GSS layer with the mechanism noise-psk, against the crates that it is made of.

use std::hint::black_box;
use std::time::Duration;

use chacha20poly1305::aead::{Aead, AeadInPlace, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use clatter::NqHandshakeCore;
use clatter::crypto::cipher::ChaChaPoly;
use clatter::crypto::dh::X25519;
use clatter::crypto::hash::Blake2s;
use clatter::handshakepattern::noise_nn_psk0;
use clatter::rand_core::{CryptoRng, Error, RngCore};
use clatter::traits::{Dh, Handshaker};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tigress::auth_credential::AuthCredential;
use tigress::entropy::Entropy;
use tigress::gss::{
    AcceptorCredential, ChannelBindings, InitiatorCredential, SecurityContext, accept_sec_context,
    init_sec_context,
};
use tigress::mechanism::registry;
use tigress::secret::{Secret, SharedSecret};

use crate::Findings;
use crate::chart::Panel;
use crate::cpu::least;
use crate::table::{Table, aim, figure};

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

// --- ours -------------------------------------------------------------------------------------------------------------

/// Each call of a transfer draws its own seed; here it is not the system that is measured.
fn entropy() -> Entropy {
    Entropy::from_seed(&Secret::new([7; 32]))
}

struct Invited {
    secret: SharedSecret,
    context: SecurityContext,
    token: Vec<u8>,
}

fn bindings() -> ChannelBindings {
    ChannelBindings::for_relay("https://relay.example")
}

/// Steps 1 and 2.
fn invite() -> Invited {
    let entropy = &mut entropy();
    let secret: SharedSecret = entropy.secret();
    let oid = registry().mechanisms()[0].clone();
    let auth = AuthCredential::new(oid, NOW, NOW + 3600, false, entropy);
    let credential = InitiatorCredential::new(auth, secret.clone());
    let (context, token) = init_sec_context(
        registry(),
        &credential,
        Some(&bindings()),
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

/// Step 5, and token 2.
fn accept(secret: &SharedSecret, token: &[u8]) -> (SecurityContext, Vec<u8>) {
    let credential = AcceptorCredential::new(secret.clone());
    let accepted = accept_sec_context(
        registry(),
        &credential,
        Some(&bindings()),
        token,
        &|_| false,
        NOW,
        &mut entropy(),
    )
    .unwrap();
    (accepted.context, accepted.token)
}

/// Tokens 1 to 3, both sides.
fn establish() -> (SecurityContext, SecurityContext) {
    let mut invited = invite();
    let (mut acceptor, token) = accept(&invited.secret, &invited.token);
    let step = invited
        .context
        .continue_with(&token, NOW, &mut entropy())
        .unwrap();
    acceptor
        .continue_with(&step.token.unwrap(), NOW, &mut entropy())
        .unwrap();
    (invited.context, acceptor)
}

// --- bare -------------------------------------------------------------------------------------------------------------

#[derive(Clone)]
struct Seeded(ChaCha20Rng);

impl Default for Seeded {
    fn default() -> Self {
        Self(ChaCha20Rng::from_seed([7; 32]))
    }
}

impl CryptoRng for Seeded {}

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.try_fill_bytes(bytes)
    }
}

type Bare = NqHandshakeCore<X25519, ChaChaPoly, Blake2s, Seeded>;

fn bare_side(initiator: bool) -> Bare {
    let keys = X25519::genkey_rng(&mut Seeded::default()).unwrap();
    let mut side = Bare::new(
        noise_nn_psk0(),
        &[],
        initiator,
        None,
        Some(keys),
        None,
        None,
    )
    .unwrap();
    side.push_psk(&[7; 32]);
    side
}

/// The same Noise pattern with empty prologue and payloads, both sides, up to the transport keys.
fn bare_establish() {
    let (mut initiator, mut responder) = (bare_side(true), bare_side(false));
    let (mut message, mut payload) = ([0; 48], [0; 0]);
    initiator.write_message(&[], &mut message).unwrap();
    responder.read_message(&message, &mut payload).unwrap();
    responder.write_message(&[], &mut message).unwrap();
    initiator.read_message(&message, &mut payload).unwrap();
    black_box((initiator.finalize().unwrap(), responder.finalize().unwrap()));
}

// --- what is measured -------------------------------------------------------------------------------------------------

fn establishing() -> (Table, Panel) {
    let [ours, bare] = least([&mut || drop(black_box(establish())), &mut || {
        bare_establish()
    }]);
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    let mut table = Table::new(
        "Establishing, tokens 1 to 3, both sides (CPU)",
        ["", "µs", "bare Noise, µs", "ratio", "aim"],
    );
    table.row([
        "handshake".into(),
        figure(micros(ours)),
        figure(micros(bare)),
        figure(ratio),
        aim(ratio <= 1.25, "≤ 1.25"),
    ]);
    let panel = Panel::new("Establishing, both sides", "µs CPU")
        .bar("Tigress, tokens 1 to 3", micros(ours))
        .reference("bare NNpsk0 (clatter)", micros(bare))
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

fn bare() -> (XChaCha20Poly1305, XNonce) {
    let key = Key::from_slice(&[7; 32]);
    (XChaCha20Poly1305::new(key), *XNonce::from_slice(&[7; 24]))
}

const AAD: [u8; 12] = [7; 12];

/// Ours; the cipher's plain call, data in, a new text out; the cipher in one buffer that it overwrites.
fn wrap(size: usize) -> [Duration; 3] {
    let (mut context, _) = establish();
    let data = vec![7; size];
    let mut buffer = data.clone();
    let (cipher, nonce) = bare();
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
    let (mut initiator, mut acceptor) = establish();
    let data = vec![7; size];
    // A token is opened again and again: that it is a duplicate is told with its message.
    let token = initiator.wrap(true, 0, &data, NOW, &mut entropy()).unwrap();
    let (cipher, nonce) = bare();
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

fn transfer() -> (Table, Panel) {
    let mut table = Table::new(
        "One side's security work in a whole transfer (CPU)",
        ["", "µs", "aim"],
    );
    let panel = Panel::new("Security work of one side", "µs CPU");
    let _ = &mut table;
    (table, panel)
}

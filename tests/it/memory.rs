//! What is wiped is looked for in the memory of this process. Keys are known here from the worked vectors: the draws
//! of a transfer's context are given, so its keys are those of the specification.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;

use serde_json::Value;
use tigress::Pin;
use tigress::secret::Secret;
use tigress_gss::auth_credential::{AuthCredential, CredentialId};
use tigress_gss::gss::{
    AcceptorCredential, ChannelBindings, InitiatorCredential, SecurityContext, accept_sec_context,
    init_sec_context,
};
use tigress_gss::mechanism::registry;
use tigress_primitives::entropy::Entropy;
use zeroize::Zeroizing;

use crate::own_process::alone;

const NOW: u64 = 1_700_000_060;
const PAGE: usize = 4096;

/// Bytes to look for. They are kept inverted: what is found is not the needle itself.
struct Needle {
    name: String,
    inverted: Vec<u8>,
}

impl Needle {
    fn is_at(&self, bytes: &[u8]) -> bool {
        let mut both = bytes.iter().zip(&self.inverted);
        bytes.len() >= self.inverted.len() && both.all(|(seen, inverted)| *seen == !inverted)
    }
}

/// The rows of a file of vectors whose output is secret for as long as the context lives, or longer.
fn needles(vectors: &str, names: &[&str]) -> Vec<Needle> {
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let needle = |name: &&str| {
        let mut rows = vectors["keys"].as_array().unwrap().iter();
        let text = match rows.find(|row| row["name"] == **name) {
            Some(row) => row["out"].as_str(),
            None => vectors["inputs"][*name].as_str(),
        };
        let digits = text.expect(name).as_bytes().chunks(2);
        let byte = |hex| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap();
        Needle {
            name: (*name).to_owned(),
            inverted: digits.map(|hex| !byte(hex)).collect(),
        }
    };
    names.iter().map(needle).collect()
}

/// The names of those needles that are anywhere in this process's heaps.
fn found(needles: &[Needle]) -> Vec<&str> {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut found = Vec::new();
    for map in maps.lines() {
        // Start-end, rights, offset, device, inode, name. Heaps are private, and of no file.
        let fields: Vec<_> = map.split_whitespace().collect();
        let heap = fields.len() == 5 || fields[5] == "[heap]";
        if !heap || fields[1] != "rw-p" {
            continue;
        }
        let (start, end) = fields[0].split_once('-').unwrap();
        let (start, end) = (number(start), number(end));
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        if memory.read_exact_at(&mut bytes, start).is_err() {
            continue; // Another thread has just given it back.
        }
        let mut begins = [false; 256];
        for needle in needles {
            begins[usize::from(!needle.inverted[0])] = true;
        }
        for at in 0..bytes.len() {
            if begins[usize::from(bytes[at])] {
                let here = needles.iter().filter(|needle| needle.is_at(&bytes[at..]));
                found.extend(here.map(|needle| &*needle.name));
            }
        }
        // What was copied is no find of the next look.
        bytes.fill(0);
        black_box(&bytes);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap()
}

/// Runs it in a thread whose stack is given back, but for the pages that are nearest its beginning: these are kept
/// free of it.
fn elsewhere<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    #[inline(never)]
    fn deeper<T>(run: impl FnOnce() -> T) -> T {
        let unused = black_box([0_u8; 16 * PAGE]);
        let result = run();
        black_box(&unused);
        result
    }
    std::thread::spawn(|| deeper(run)).join().unwrap()
}

fn entropy(stream: u8) -> Entropy {
    Entropy::from_seed(&Secret::new([stream; 32]))
}

fn secret() -> Secret<32> {
    Secret::new(std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

fn credential(pin_required: bool) -> AuthCredential {
    AuthCredential {
        version: 1,
        id: CredentialId::new([0xc1; 16]),
        key: Secret::new([0xc2; 32]),
        mechanism: registry().mechanisms()[0].clone(),
        issued_at: 1_700_000_000,
        expires_at: 1_700_172_800,
        pin_required,
    }
}

/// Both sides of the worked example, established; with a PIN it is typed wrong first.
fn established(pin: bool) -> [SecurityContext; 2] {
    let mailbox = "2bba630e-519b-41ec-81d3-0242ac130003";
    let relay = ChannelBindings::for_mailbox("https://relay.example", mailbox);
    let vectors: Value = serde_json::from_str(include_str!("../vectors/protocol.json")).unwrap();
    let said = hex::decode(vectors["inputs"]["application data"].as_str().unwrap()).unwrap();
    let (mut ours, mut theirs) = (
        InitiatorCredential::new(credential(pin), secret()).with_application_data(said),
        AcceptorCredential::new(secret()),
    );
    if pin {
        ours = ours.with_pin(Pin::parse("042917").unwrap(), 5);
        theirs = theirs.with_pin(Pin::parse("042918").unwrap());
    }
    let (mut sender, first) =
        init_sec_context(registry(), &ours, Some(&relay), None, NOW, &mut entropy(1)).unwrap();
    let accepted = accept_sec_context(
        registry(),
        &theirs,
        Some(&relay),
        &first,
        &|_| false,
        NOW,
        &mut entropy(2),
    )
    .unwrap();
    let mut receiver = accepted.context;
    let mut token = accepted.token;
    if pin {
        let again = sender.continue_with(&token, NOW, &mut entropy(3)).unwrap();
        let again = again.token.unwrap();
        receiver
            .continue_with(&again, NOW, &mut entropy(3))
            .unwrap();
        let right = Pin::parse("042917").unwrap();
        token = receiver.provide_pin(&right, NOW, &mut entropy(4)).unwrap();
    }
    let third = sender.continue_with(&token, NOW, &mut entropy(5)).unwrap();
    let last = receiver.continue_with(&third.token.unwrap(), NOW, &mut entropy(6));
    assert!(last.unwrap().complete);
    [sender, receiver]
}

#[test]
fn a_secret_that_is_dropped_is_wiped_where_it_lay() {
    // Cleared, the vector keeps the place.
    let mut place = vec![Secret::new([0xa5; 64])];
    let address = place[0].expose().as_ptr().addr() as u64;
    let memory = File::open("/proc/self/mem").unwrap();
    let look = || {
        let mut bytes = [1; 64];
        memory.read_exact_at(&mut bytes, address).unwrap();
        bytes
    };
    assert_eq!(look(), [0xa5; 64]);
    place.clear();
    assert_eq!(look(), [0; 64]);
    black_box(&place);
}

/// All that made the keys is gone once they are there, and they are when the context is.
#[test]
fn no_key_of_a_context_outlives_it() {
    if !alone(no_key_of_a_context_outlives_it) {
        return;
    }
    let kept = ["root"];
    let mut all = needles(
        include_str!("../vectors/protocol.json"),
        &[
            "credential key",
            "initiator's ephemeral private key",
            "acceptor's ephemeral private key",
            "K_ac",
            "psk",
            "k1",
            "k2",
            "root",
            "K_fin",
            "K_prf",
        ],
    );
    let derived = |purpose| ["i", "a"].map(|side| format!("{purpose}[{side}]"));
    let derived: Vec<_> = ["K_env", "K_ctl", "K_wrap", "K_int", "K_mic", "K_del"]
        .into_iter()
        .flat_map(derived)
        .collect();
    let derived: Vec<_> = derived.iter().map(String::as_str).collect();
    all.extend(needles(include_str!("../vectors/protocol.json"), &derived));

    let contexts = elsewhere(|| established(false));
    assert_eq!(found(&all), kept);
    drop(contexts);
    assert_eq!(found(&all), Vec::<&str>::new());
}

#[test]
fn no_key_of_a_pin_outlives_its_context() {
    if !alone(no_key_of_a_pin_outlives_its_context) {
        return;
    }
    let all = needles(
        include_str!("../vectors/pin.json"),
        &[
            "initiator's ephemeral private key",
            "acceptor's ephemeral private key",
            "seed of Y_1",
            "seed of X_1",
            "seed of Y_2",
            "seed of X_2",
            "k1 ‖ k2",
            "Z_1 at the receiver",
            "Z_1 at the sender",
            "Z_2",
            "root",
            "master",
            "K_fin",
            "K_prf",
        ],
    );
    let contexts = elsewhere(|| established(true));
    assert_eq!(found(&all), ["master", "root"]);
    drop(contexts);
    assert_eq!(found(&all), Vec::<&str>::new());
}

/// The text of a message, of which no copy was made that is not wiped: by neither side, whether it is encrypted or not.
#[test]
fn no_text_of_a_message_outlives_what_the_application_holds() {
    if !alone(no_text_of_a_message_outlives_what_the_application_holds) {
        return;
    }
    let text = || Zeroizing::new(entropy(9).bytes::<1500>().to_vec());
    let all = elsewhere(move || {
        let inverted = text()[700..732].iter().map(|byte| !byte).collect();
        let name = "text".to_owned();
        vec![Needle { name, inverted }]
    });
    for conf in [true, false] {
        let contexts = elsewhere(move || {
            let [mut sender, mut receiver] = established(false);
            // Nothing is allocated afterwards: it might lie over what is looked for.
            let text = text();
            let token = sender.wrap(conf, 0, &text, NOW, &mut entropy(10));
            let token = Zeroizing::new(token.unwrap());
            let read = receiver.unwrap(&token, NOW).unwrap();
            assert!(read.data == text);
            (sender, receiver)
        });
        assert_eq!(found(&all), Vec::<&str>::new(), "encrypted: {conf}");
        drop(contexts);
    }
}

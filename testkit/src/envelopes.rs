//! Envelopes, taken apart and put together as a relay could: it has the bytes, but no keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The heads of the items of an array of byte strings, and where each item's bytes are.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Major type and argument of the next head.
    fn head(&mut self) -> (u8, usize) {
        let first = self.bytes[self.at];
        self.at += 1;
        let extra = match first & 31 {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            small => return (first >> 5, usize::from(small)),
        };
        let argument = self.bytes[self.at..self.at + extra]
            .iter()
            .fold(0, |n, byte| n << 8 | usize::from(*byte));
        self.at += extra;
        (first >> 5, argument)
    }

    fn string(&mut self) -> &'a [u8] {
        let (major, len) = self.head();
        assert!(major == 2 || major == 3, "a string");
        self.at += len;
        &self.bytes[self.at - len..self.at]
    }

    /// Up to the tokens (key 4) of an envelope's body; how many there are.
    fn tokens(&mut self) -> usize {
        assert_eq!(self.head().0, 5, "a map");
        for _ in 0..4 {
            self.head();
            self.head();
        }
        assert_eq!(self.head(), (0, 4));
        self.head().1
    }
}

fn body_of(data: &str) -> Vec<u8> {
    let bytes = STANDARD.decode(data).expect("an envelope is base64");
    let mut reader = Reader {
        bytes: &bytes,
        at: 0,
    };
    assert_eq!(reader.head(), (4, 2), "body and MIC");
    reader.string().to_vec()
}

/// The tokens in a payload's data.
pub fn tokens_of(data: &str) -> Vec<Vec<u8>> {
    let body = body_of(data);
    let mut reader = Reader {
        bytes: &body,
        at: 0,
    };
    let count = reader.tokens();
    (0..count).map(|_| reader.string().to_vec()).collect()
}

/// The same envelope with its last two tokens in the other order, under the MIC that it had.
pub fn swap_tokens(data: &str) -> String {
    let tokens = tokens_of(data);
    let [.., a, b] = &tokens[..] else {
        panic!("two tokens")
    };
    let item = |token: &[u8]| [byte_string_head(token.len()), token.to_vec()].concat();
    let (before, after) = ([item(a), item(b)].concat(), [item(b), item(a)].concat());
    let mut bytes = STANDARD.decode(data).expect("an envelope is base64");
    let found = bytes.windows(before.len()).position(|w| w == before);
    let at = found.expect("the tokens are in it");
    bytes[at..at + after.len()].copy_from_slice(&after);
    STANDARD.encode(bytes)
}

/// The envelope with which a sender begins, around any token: side 0, nothing acknowledged, no MIC.
pub fn first_envelope(token: &[u8]) -> String {
    let mut body = vec![0xa6, 0, 1, 1, 0, 2, 0, 3, 0, 4, 0x81];
    body.extend(byte_string_head(token.len()));
    body.extend(token);
    body.extend([5, 0x58, 32]);
    body.extend([0; 32]);
    let mut envelope = vec![0x82];
    envelope.extend(byte_string_head(body.len()));
    envelope.extend(body);
    envelope.push(0xf6);
    STANDARD.encode(envelope)
}

/// Deterministic CBOR: the shortest form.
fn byte_string_head(len: usize) -> Vec<u8> {
    match len {
        0..24 => vec![0x40 | len as u8],
        24..256 => vec![0x58, len as u8],
        256..65_536 => [&[0x59], &(len as u16).to_be_bytes()[..]].concat(),
        _ => [&[0x5a], &(len as u32).to_be_bytes()[..]].concat(),
    }
}

//! What is read: the one encoding of each item, and no other.

use minicbor::Decoder;
use minicbor::data::Type;

use super::value::{Map, Value};

/// Deepest nesting that [`decode`] follows: arrays and maps in each other, the outermost counted.
const MAX_DEPTH: usize = 6;
/// Most items of one array or map.
pub(super) const MAX_ITEMS: u64 = 4096;

//= protocol/2-strict
/// Decodes one item; `None` for anything but exactly one deterministically encoded item of the forms above.
pub fn decode(bytes: &[u8]) -> Option<Value<'_>> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, MAX_DEPTH)?;
    (decoder.position() == bytes.len()).then_some(value)
}

/// Decodes a map.
pub fn decode_map(bytes: &[u8]) -> Option<Map<'_>> {
    match decode(bytes)? {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn read<'a>(decoder: &mut Decoder<'a>, depth: usize) -> Option<Value<'a>> {
    let begin = decoder.position();
    Some(match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::Uint(uint(decoder)?),
        Type::Bytes => {
            let bytes = decoder.bytes().ok()?;
            is_shortest(decoder, begin, bytes.len() as u64, bytes.len())?;
            Value::from(bytes)
        }
        Type::String => {
            let text = decoder.str().ok()?;
            is_shortest(decoder, begin, text.len() as u64, text.len())?;
            Value::from(text)
        }
        Type::Bool => Value::Bool(decoder.bool().ok()?),
        Type::Null => {
            decoder.null().ok()?;
            Value::Null
        }
        Type::Array => {
            let len = decoder.array().ok()??;
            is_shortest(decoder, begin, len, 0)?;
            (len <= MAX_ITEMS).then_some(())?;
            let depth = depth.checked_sub(1)?;
            let mut items = Vec::new();
            for _ in 0..len {
                items.push(read(decoder, depth)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let len = decoder.map().ok()??;
            is_shortest(decoder, begin, len, 0)?;
            (len <= MAX_ITEMS).then_some(())?;
            let depth = depth.checked_sub(1)?;
            let mut map = Vec::new();
            for _ in 0..len {
                let key = uint(decoder)?;
                if map.last().is_some_and(|(last, _)| *last >= key) {
                    return None;
                }
                map.push((key, read(decoder, depth)?));
            }
            Value::Map(Map(map))
        }
        _ => return None,
    })
}

fn uint(decoder: &mut Decoder<'_>) -> Option<u64> {
    let begin = decoder.position();
    let n = decoder.u64().ok()?;
    is_shortest(decoder, begin, n, 0)?;
    Some(n)
}

/// One encoding per value: the item that began at `begin` has `n` in its head and `content` bytes after that, and
/// its head must be no longer than `n` needs (RFC 8949 §4.2.1).
fn is_shortest(decoder: &Decoder<'_>, begin: usize, n: u64, content: usize) -> Option<()> {
    let head = match n {
        0..=0x17 => 1,
        0x18..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    (decoder.position() - begin == head + content).then_some(())
}

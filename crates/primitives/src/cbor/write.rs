//! The one encoding of each item.

use minicbor::Encoder;
use zeroize::Zeroizing;

use super::value::{Map, Value};

impl Map<'_> {
    /// The deterministic encoding.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        written(map_size(self), |out| write_map(out, self))
    }
}

/// The deterministic encoding of any item.
pub fn encode(value: &Value) -> Zeroizing<Vec<u8>> {
    written(size(value), |out| write(out, value))
}

type Written = Result<(), minicbor::encode::Error<core::convert::Infallible>>;

fn written(
    size: usize,
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written,
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    // Writing to memory can't fail.
    let _ = write(&mut Encoder::new(&mut *out));
    out
}

/// An upper bound, so that the buffer that may hold keys never moves.
fn size(value: &Value) -> usize {
    9 + match value {
        Value::Bytes(b) => b.len(),
        Value::Text(s) => s.len(),
        Value::Array(a) => a.iter().map(size).sum(),
        Value::Map(m) => map_size(m),
        _ => 0,
    }
}

fn map_size(map: &Map) -> usize {
    9 + map.0.iter().map(|(_, v)| 9 + size(v)).sum::<usize>()
}

fn write(out: &mut Encoder<&mut Vec<u8>>, value: &Value) -> Written {
    match value {
        Value::Uint(n) => {
            out.u64(*n)?;
        }
        Value::Bytes(b) => {
            out.bytes(b)?;
        }
        Value::Text(s) => {
            out.str(s)?;
        }
        Value::Bool(b) => {
            out.bool(*b)?;
        }
        Value::Null => {
            out.null()?;
        }
        Value::Array(items) => {
            out.array(items.len() as u64)?;
            for item in items {
                write(out, item)?;
            }
        }
        Value::Map(map) => write_map(out, map)?,
    }
    Ok(())
}

fn write_map(out: &mut Encoder<&mut Vec<u8>>, map: &Map) -> Written {
    out.map(map.0.len() as u64)?;
    for (key, item) in &map.0 {
        out.u64(*key)?;
        write(out, item)?;
    }
    Ok(())
}

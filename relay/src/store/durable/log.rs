//! Looking at the write-ahead log before SQLite does, which drops what is damaged without a word
//! (<https://sqlite.org/fileformat2.html>, §4).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What a log says that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimed {
    /// Nothing that was kept is in it.
    Nothing,
    /// Its frames up to the last that ends a transaction.
    Frames(u64),
    /// There is something, and its beginning is damaged.
    Unreadable,
}

/// Reads the headers only.
pub(super) fn claimed(path: &Path) -> Claimed {
    let Ok(file) = File::open(path) else {
        return Claimed::Nothing;
    };
    read(BufReader::new(file)).unwrap_or(Claimed::Nothing)
}

fn read(mut log: impl Read + Seek) -> io::Result<Claimed> {
    let mut header = [0; HEADER];
    log.read_exact(&mut header)?;
    if !is_whole(&header) {
        return Ok(Claimed::Unreadable);
    }
    let page = u64::from(word(&header, 8));
    let size = log.seek(SeekFrom::End(0))?;
    let mut at = HEADER as u64;
    let mut last = 0;
    let mut frame = [0; FRAME_HEADER];
    for number in 1_u64.. {
        let end = at + FRAME_HEADER as u64 + page;
        if end > size {
            break;
        }
        log.seek(SeekFrom::Start(at))?;
        log.read_exact(&mut frame)?;
        at = end;
        // The salts say that it is of this log, not of an earlier one in the same file.
        let ours = frame.get(8..16) == header.get(16..24);
        if ours && word(&frame, 4) != 0 {
            last = number;
        }
    }
    // A last one that is cut off was never answered.
    Ok(if last == 0 {
        Claimed::Nothing
    } else {
        Claimed::Frames(last)
    })
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    u32::from_be_bytes(bytes.unwrap_or_default())
}

/// The log header's own checksum.
fn is_whole(header: &[u8; HEADER]) -> bool {
    let big = match word(header, 0) {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return false,
    };
    let (mut s0, mut s1) = (0_u32, 0_u32);
    for at in (0..FRAME_HEADER).step_by(8) {
        let swap = |word: u32| if big { word } else { word.swap_bytes() };
        s0 = s0.wrapping_add(swap(word(header, at))).wrapping_add(s1);
        s1 = s1.wrapping_add(swap(word(header, at + 4))).wrapping_add(s0);
    }
    (s0, s1) == (word(header, 24), word(header, 28))
}

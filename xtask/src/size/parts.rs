//! The parts of a library by its symbols, as `nm` lists them: a crate each, and what belongs to none.

use std::collections::BTreeMap;

/// What prints backtraces, of whatever crate: the standard library brings all of it along.
const BACKTRACE: [&str; 5] = [
    "gimli",
    "addr2line",
    "miniz_oxide",
    "rustc_demangle",
    "backtrace",
];

/// The largest parts of a file of `size` bytes, each with its bytes.
pub(super) fn largest(symbols: &str, size: u64, count: usize) -> Vec<(u64, String)> {
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    for (bytes, name) in symbols.lines().filter_map(symbol) {
        *parts.entry(part(name)).or_default() += bytes;
    }
    let named: u64 = parts.values().sum();
    let rest = "unwinding, constants, relocations, names";
    parts.insert(rest.to_owned(), size.saturating_sub(named));
    let mut parts: Vec<(u64, String)> = parts
        .into_iter()
        .map(|(name, bytes)| (bytes, name))
        .collect();
    parts.sort_by(|a, b| b.cmp(a));
    parts.truncate(count);
    parts
}

/// Size and name of what has room in the file: `ADDRESS SIZE KIND NAME`.
fn symbol(line: &str) -> Option<(u64, &str)> {
    let mut words = line.splitn(4, ' ');
    let (_, size, kind, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let size = u64::from_str_radix(size, 16).ok()?;
    (!matches!(kind, "b" | "B")).then_some((size, name))
}

fn part(name: &str) -> String {
    if BACKTRACE.iter().any(|word| name.contains(word)) {
        return "std's backtraces".to_owned();
    }
    if name.contains("UNIFFI_META") {
        return "UniFFI's metadata".to_owned();
    }
    if name.contains("uniffi_core::") || name.starts_with("uniffi_") || name.starts_with("ffi_") {
        return "UniFFI's scaffolding".to_owned();
    }
    // The first path in it: the type's, or else the trait's.
    match name.split_once("::") {
        Some((before, _)) => {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let from = before.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
            before.get(from..).unwrap_or_default().to_owned()
        }
        None => "C and unnamed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_summed_by_their_crates_and_the_rest_is_told() {
        let symbols = "\
0000000000001000 0000000000000010 t alpha::one
0000000000001010 0000000000000020 t <alpha::Two as core::fmt::Display>::fmt
0000000000001030 0000000000000008 t <&mut dyn beta::Three>::four
0000000000001040 0000000000000004 T uniffi_tigress_ffi_fn_func_x
0000000000001044 0000000000000002 r UNIFFI_META_X
0000000000001050 0000000000000003 t <gimli::read::Unit>::new
0000000000001060 0000000000000001 t memcpy_of_c
0000000000002000 0000000000009000 b alpha::ZEROS
                                  U free
";
        let parts = largest(symbols, 200, 7);
        let said: Vec<String> = parts
            .iter()
            .map(|(n, part)| format!("{n} {part}"))
            .collect();
        assert_eq!(
            said,
            [
                "134 unwinding, constants, relocations, names",
                "48 alpha",
                "8 beta",
                "4 UniFFI's scaffolding",
                "3 std's backtraces",
                "2 UniFFI's metadata",
                "1 C and unnamed",
            ]
        );
        assert_eq!(largest(symbols, 200, 2).len(), 2);
    }
}

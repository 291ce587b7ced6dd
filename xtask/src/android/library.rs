//! What a library must be so that a phone can load it.

use std::{fs, path::Path};

use super::PAGE;
use crate::{
    Done, Failure,
    project::Project,
    remap::{names, occurrences, places},
};

pub(super) const ABIS: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "x86_64"];

/// Fails unless a phone of that ABI can load the file.
pub(super) fn loadable(project: &Project, abi: &str, file: &Path) -> Done {
    let refuse = |reason: &str| Err(Failure::because(format!("{abi}: {reason}")));
    let machine = match abi {
        "arm64-v8a" => "AArch64",
        "armeabi-v7a" => "ARM",
        "x86_64" => "X86-64",
        _ => return refuse("unknown ABI"),
    };
    if !file.is_file() {
        return refuse("no library");
    }
    let path = file.display().to_string();
    let readelf =
        |what: &[&str]| project.output(&[&["readelf", "-W"], what, &["--", &path]].concat());
    let header = readelf(&["-h"])?;
    let of_machine = header
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("Machine:"));
    let is_it = |words: &str| {
        words
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .any(|word| word == machine)
    };
    if !of_machine.is_some_and(is_it) {
        return refuse("the library is for another machine");
    }
    let dynamic = readelf(&["-d"])?;
    if !dynamic
        .lines()
        .any(|line| line.contains("(NEEDED)") && line.contains("[libc.so]"))
    {
        return refuse("not linked with Android's libc (no DT_NEEDED libc.so): was there no NDK?");
    }
    if readelf(&["--dyn-syms"])?.contains("UND _Unwind_") {
        return refuse("_Unwind_* is open: the NDK's unwinder is not linked in");
    }
    // Phones with pages of 16 KB are all of 64 bits.
    if abi != "armeabi-v7a" && !aligned(&readelf(&["-l"])?) {
        return refuse(&format!("its segments are not aligned to {PAGE} bytes"));
    }
    Ok(())
}

/// The origin that the relay for tests answers to (`InMemoryRelay::ORIGIN`).
const RELAY_FOR_TESTS: &[u8] = b"https://relay.test";

/// Fails if the file has what is for tests alone, or says where it was built.
pub(super) fn for_phones(project: &Project, abi: &str, file: &Path) -> Done {
    let bytes = fs::read(file).map_err(Failure::because)?;
    if occurrences(&bytes, RELAY_FOR_TESTS) > 0 {
        return Err(Failure::because(format!(
            "{abi}: the library has the relay for tests: scripts/android libraries builds one without"
        )));
    }
    for place in places(project) {
        if names(&bytes, &place) > 0 {
            return Err(Failure::because(format!(
                "{abi}: the library says that it was built in {place}"
            )));
        }
    }
    Ok(())
}

/// By readelf's list of segments.
fn aligned(segments: &str) -> bool {
    let mut loaded = segments
        .lines()
        .map(str::split_whitespace)
        .filter_map(|mut words| (words.next()? == "LOAD").then(|| words.last())?);
    let enough = |align: &str| {
        align
            .strip_prefix("0x")
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .is_some_and(|it| it >= PAGE)
    };
    loaded.all(enough)
}

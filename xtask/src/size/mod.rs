//! How large the library is as apps get it, whether that is within what it may be, and what of it is largest.

mod parts;

use std::{fs, path::PathBuf};

use crate::{
    Done, Failure,
    project::{Project, shared_library},
    remap::{names, places, remapped},
};

/// What an app links: how it is built, and how many bytes it may have on Linux with x86-64.
pub(crate) struct Kind {
    name: &'static str,
    features: &'static [&'static str],
    /// The standard library compiled with it, without what prints backtraces.
    with_std: bool,
    budget: u64,
}

/// What phones have: they bring their own HTTP.
pub(crate) const PHONES: Kind = Kind {
    name: "without-http",
    features: &["--no-default-features"],
    with_std: false,
    budget: 1_600_000,
};
/// With the built-in HTTP.
pub(crate) const WITH_HTTP: Kind = Kind {
    name: "with-http",
    features: &["--no-default-features", "--features", "http"],
    with_std: false,
    budget: 3_400_000,
};
const KINDS: [Kind; 3] = [
    PHONES,
    WITH_HTTP,
    Kind {
        name: "without-http-std",
        features: &["--no-default-features"],
        with_std: true,
        budget: 1_450_000,
    },
];
/// How many parts are told.
const LARGEST: usize = 10;

/// Builds the library of each kind, prints its size and its largest parts; fails if one is too large, or says where it was
/// built.
pub(crate) fn size(project: &Project, words: &[&str]) -> Done {
    let kinds: Vec<&Kind> = match words {
        [] => KINDS.iter().filter(|kind| !kind.with_std).collect(),
        ["--without-http"] => KINDS.iter().take(1).collect(),
        ["--std"] => KINDS.iter().filter(|kind| kind.with_std).collect(),
        _ => {
            return Err(Failure::Usage(
                "usage: scripts/size [--without-http | --std]",
            ));
        }
    };
    let mut failed = false;
    for kind in kinds {
        failed |= !measure(project, kind)?;
    }
    if failed { Err(Failure::Said) } else { Ok(()) }
}

fn measure(project: &Project, kind: &Kind) -> Done<bool> {
    let library = build(project, kind)?;
    let stripped = library.with_extension("stripped");
    let path = |path: &PathBuf| path.display().to_string();
    project.run(&["strip", "-o", &path(&stripped), &path(&library)])?;
    let bytes = fs::read(&stripped).map_err(Failure::because)?;
    let size = bytes.len() as u64;
    println!("{} {size}", kind.name);
    let symbols = project.output(&[
        "nm",
        "--print-size",
        "--defined-only",
        "--demangle",
        &path(&library),
    ])?;
    for (bytes, part) in parts::largest(&symbols, size, LARGEST) {
        println!("  {bytes:>8} {part}");
    }
    let mut good = true;
    if size > kind.budget {
        println!("  more than the {} that it may have", kind.budget);
        good = false;
    }
    for place in places(project) {
        let count = names(&bytes, &place);
        if count > 0 {
            println!("  says {count} times that it was built in {place}");
            good = false;
        }
    }
    Ok(good)
}

/// With its symbols.
pub(crate) fn build(project: &Project, kind: &Kind) -> Done<PathBuf> {
    let rustc = "cargo rustc --locked -p tigress-ffi --profile mobile --lib --crate-type cdylib";
    let mut command = project.command(&rustc.split(' ').collect::<Vec<_>>());
    command
        .args(kind.features)
        .env("CARGO_TARGET_DIR", &project.target)
        .env("CARGO_PROFILE_MOBILE_STRIP", "none")
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(project))
        .stdout(std::io::stderr());
    let mut folder = project.target.clone();
    if kind.with_std {
        let host = host(project)?;
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["--target", &host])
            .args([
                "-Zbuild-std=std,panic_unwind",
                "-Zbuild-std-features=panic-unwind",
            ]);
        folder.push(host);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(folder.join("mobile").join(shared_library())),
        Ok(status) => Err(Failure::because(format!("{rustc}: {status}"))),
        Err(error) => Err(Failure::because(format!("{rustc}: {error}"))),
    }
}

fn host(project: &Project) -> Done<String> {
    let said = project.output(&["rustc", "-vV"])?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::because("rustc does not say for which machine it builds"))
}

//! The packages of a release that any machine can make, and whether another folder gives the same.

use std::{fs, path::Path};

use super::say;
use crate::{
    Done, Failure, bill,
    maven::{copy_all, materials},
    project::{Project, files},
    size::{PHONES, build},
};

/// Puts into `out` what `tree` gives; the Kotlin classes are those that are compiled here, from the same sources.
pub(super) fn make(here: &Project, tree: &Project, out: &Path) -> Done {
    let _ = fs::remove_dir_all(out);
    fs::create_dir_all(out).map_err(Failure::because)?;
    let library = build(tree, &PHONES)?;
    let name = format!("{}.so", std::env::consts::ARCH);
    fs::copy(library, out.join(format!("tigress-for-size-{name}"))).map_err(Failure::because)?;
    let made_of = bill::Library {
        features: &[],
        targets: &["aarch64-linux-android", "aarch64-apple-ios"],
    };
    bill::write(tree, &made_of, &materials(tree)?, out)?;
    let (compiled, there) = ("android/classes", tree.target.join("android/classes"));
    if here.target.join(compiled).join("org/tigress").is_dir() {
        copy_all(&here.target.join(compiled), &there)?;
        jvm(tree)?;
        for file in files(&tree.target.join("jvm/artifact"), "")? {
            let name = file.file_name().unwrap_or_default();
            fs::copy(&file, out.join(name)).map_err(Failure::because)?;
        }
    } else {
        say("no package for the JVM: scripts/kotlin has compiled nothing");
    }
    let url = "https://tigress.example/TigressFFI.xcframework.zip";
    let words = [
        "scripts/xcframework",
        "--macos",
        "--release",
        url,
        "--dry-run",
    ];
    tree.run_quietly(&words)
}

/// By the tree's own program: this one has another version.
fn jvm(tree: &Project) -> Done {
    let words = "cargo run --quiet --locked -p tigress-xtask -- jvm";
    let words: Vec<&str> = words.split(' ').collect();
    let mut command = tree.command(&words);
    command.env("CARGO_TARGET_DIR", &tree.target);
    command.stdout(std::io::stderr());
    tree.finish(command, &words)
}

/// Builds in the second folder, too, and compares byte by byte.
pub(super) fn compare(first: &Project, second: &Project) -> Done {
    let read = |tree: &Project| {
        let library = build(tree, &PHONES)?;
        fs::read(library).map_err(Failure::because)
    };
    let (ours, theirs) = (read(first)?, read(second)?);
    if ours != theirs {
        let at = ours.iter().zip(&theirs).position(|(a, b)| a != b);
        return Err(Failure::because(format!(
            "two folders give two libraries: {} and {} bytes, the first that differs is {at:?}",
            ours.len(),
            theirs.len()
        )));
    }
    say(&format!(
        "two folders give the same library, {} bytes",
        ours.len()
    ));
    Ok(())
}

/// SHA-256 of each file, as `sha256sum --check` reads it.
pub(super) fn sums(project: &Project, out: &Path) -> Done {
    let mut names: Vec<String> = Vec::new();
    for file in files(out, "")? {
        let name = file.file_name().unwrap_or_default();
        names.push(name.to_string_lossy().into_owned());
    }
    let mut command = project.command(&["sha256sum", "--"]);
    let output = command
        .args(&names)
        .current_dir(out)
        .output()
        .map_err(Failure::because)?;
    if !output.status.success() {
        return Err(Failure::because("sha256sum failed"));
    }
    fs::write(out.join("SHA256SUMS"), output.stdout).map_err(Failure::because)
}

//! Builds the library for each ABI, with Android's NDK.

use std::{env, path::Path};

use super::{MIN_SDK, PAGE, all_loadable, library::ABIS};
use crate::{Done, Failure, project::Project, remap::remapped};

/// Builds them into `jni`, with these features beside the usual ones.
pub(super) fn libraries(project: &Project, jni: &Path, features: &str) -> Done {
    if project.output(&["cargo", "ndk", "--version"]).is_err() {
        return Err(Failure::because(
            "cargo-ndk is needed: cargo install cargo-ndk",
        ));
    }
    if env::var_os("ANDROID_NDK_HOME").is_none() {
        return Err(Failure::because(
            "ANDROID_NDK_HOME must name an NDK, version 28 or later",
        ));
    }
    let _ = std::fs::remove_dir_all(jni);
    let to = jni.display().to_string();
    let mut words = vec!["cargo", "ndk", "--platform", MIN_SDK, "--output-dir", &to];
    words.extend(ABIS.iter().flat_map(|abi| ["--target", abi]));
    // Without the built-in HTTP client: the platform's is used, and its trust needs Java anyway.
    let build =
        "-- build --locked -p tigress-ffi --profile mobile --no-default-features --features";
    words.extend(build.split(' '));
    words.push(features);
    // Pages of 16 KB are the NDK's own default since version 28; said, so that an older one gives the same.
    let page = format!("\u{1f}-Clink-arg=-Wl,-z,max-page-size={PAGE}");
    let mut flags = remapped(project);
    flags.push(page);
    let mut command = project.command(&words);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    project.finish(command, &words)?;
    all_loadable(project, jni)
}

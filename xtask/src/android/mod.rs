//! The Android library's file: the AAR with its sources, KDoc and POM, of what was compiled elsewhere.

mod aar;
mod build;
mod library;
mod self_test;

use std::path::{Path, PathBuf};

use crate::{Done, Failure, project::Project};
use aar::Of;

/// Rust's targets of the ABIs.
const ANDROIDS: [&str; 3] = [
    "aarch64-linux-android",
    "armv7-linux-androideabi",
    "x86_64-linux-android",
];
/// The oldest Android.
const MIN_SDK: &str = "26";
/// Bytes of a page: what phones of 64 bits may have.
const PAGE: u64 = 16_384;

/// Checks the libraries in a folder, makes the AAR, or tests that.
pub(crate) fn android(project: &Project, words: &[&str]) -> Done {
    let out = project.target.join("android");
    // Others will run in the project's folder.
    let folder = |path: &str| std::path::absolute(path).map_err(Failure::because);
    match words {
        ["loadable", jni] => all_loadable(project, &folder(jni)?),
        ["libraries"] => build::libraries(project, &out.join("jni"), ""),
        ["libraries", "--testing"] => {
            build::libraries(project, &out.join("jni-testing"), "testing")
        }
        ["aar"] => aar::pack(project, Of::All, &out.join("jni"), &out.join("aar")),
        ["aar", "--incomplete", jni] => {
            aar::pack(project, Of::Some, &folder(jni)?, &out.join("aar"))
        }
        ["aar", jni] => aar::pack(project, Of::All, &folder(jni)?, &out.join("aar")),
        ["self-test"] => self_test::self_test(project),
        _ => Err(Failure::Usage(
            "usage: cargo xtask android libraries [--testing] | loadable JNI | aar [[--incomplete] JNI] | self-test",
        )),
    }
}

fn all_loadable(project: &Project, jni: &Path) -> Done {
    library::ABIS
        .iter()
        .try_for_each(|abi| library::loadable(project, abi, &library_of(jni, abi)))
}

fn library_of(jni: &Path, abi: &str) -> PathBuf {
    jni.join(abi).join("libtigress_ffi.so")
}

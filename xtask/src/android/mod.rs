//! The Android library's file: the AAR with its sources, KDoc and POM, of what was compiled elsewhere.

mod aar;
mod library;
mod self_test;

use std::path::{Path, PathBuf};

use crate::{Done, Failure, project::Project};

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
        ["aar"] => aar::pack(project, &out.join("jni"), &out.join("aar")),
        ["aar", jni] => aar::pack(project, &folder(jni)?, &out.join("aar")),
        ["self-test"] => self_test::self_test(project),
        _ => Err(Failure::Usage(
            "usage: cargo xtask android loadable JNI | aar [JNI] | self-test",
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

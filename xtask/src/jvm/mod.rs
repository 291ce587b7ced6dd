//! The library for unit tests of wallets on a JVM: what is not Android's own, with this machine's library and the relay in
//! memory. JNA finds the library in the jar.

mod wallet;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Done, Failure, bill,
    maven::{Artifact, copy_all, folder_for, materials, remove_old, sources, zip},
    project::{Project, files, shared_library},
    remap::remapped,
};

const JVM: Artifact = Artifact {
    id: "tigress-jvm",
    packaging: "jar",
    name: "Tigress for tests on a JVM",
    jna: "jar",
};
/// With the built-in HTTP client, since a JVM has no other here.
const FEATURES: &str = "http,testing";
/// What names a class of Android's.
const ANDROID: &[u8] = b"android/";
const USAGE: &str = "usage: cargo xtask jvm [LIBRARY] | try";

/// Makes the jar, or tries it from a project that has nothing else.
pub(crate) fn jvm(project: &Project, words: &[&str]) -> Done {
    match words {
        ["try"] => wallet::try_it(project),
        [] => {
            let library = build(project)?;
            pack(project, &library)
        }
        [library] if !library.starts_with('-') => {
            let library = std::path::absolute(library).map_err(Failure::because)?;
            pack(project, &library)
        }
        _ => Err(Failure::Usage(USAGE)),
    }
}

fn build(project: &Project) -> Done<PathBuf> {
    let rustc = "cargo rustc --locked -p tigress-ffi --profile mobile --lib --crate-type cdylib --no-default-features --features";
    let words: Vec<&str> = rustc.split(' ').chain([FEATURES]).collect();
    let mut command = project.command(&words);
    command.env("CARGO_ENCODED_RUSTFLAGS", remapped(project));
    project.finish(command, &words)?;
    Ok(project.target.join("mobile").join(shared_library()))
}

fn pack(project: &Project, library: &Path) -> Done {
    let (out, work) = (folder(project), project.target.join("jvm/packing"));
    let _ = fs::remove_dir_all(&work);
    let (content, compiled) = (work.join("jar"), project.target.join("android/classes"));
    if !compiled.join("org/tigress").is_dir() {
        return Err(Failure::because(
            "nothing is compiled: run scripts/kotlin first",
        ));
    }
    copy_all(&compiled, &content)?;
    without_android(&content)?;
    let native = content.join(platform()?);
    folder_for(&native)?;
    fs::copy(library, native.join(shared_library())).map_err(Failure::because)?;
    let texts = content.join("META-INF/tigress");
    folder_for(&texts)?;
    let made_of = bill::Library {
        features: &["--features", FEATURES],
        targets: &[host()?],
    };
    bill::write(project, &made_of, &materials(project)?, &texts)?;
    folder_for(&out)?;
    remove_old(&out, &JVM.file())?;
    let file = |end: &str| out.join(format!("{}{end}", JVM.file()));
    zip(project, &file(".jar"), &content)?;
    sources(project, &file("-sources.jar"), &work.join("sources"))?;
    project.write(file(".pom"), &JVM.pom(project)?)?;
    println!("{}", file(".jar").display());
    fs::remove_dir_all(&work).map_err(Failure::because)
}

fn folder(project: &Project) -> PathBuf {
    project.target.join("jvm/artifact")
}

/// Takes away each class that names Android's, with the classes in it.
fn without_android(content: &Path) -> Done {
    let all = files(content, ".class")?;
    let outer = |path: &Path| {
        let name = path.display().to_string();
        let name = name.trim_end_matches(".class");
        name.split('$').next().unwrap_or(name).to_owned()
    };
    let mut gone = std::collections::BTreeSet::new();
    for path in &all {
        let bytes = fs::read(path).map_err(Failure::because)?;
        if crate::remap::occurrences(&bytes, ANDROID) > 0 {
            gone.insert(outer(path));
        }
    }
    for path in all.iter().filter(|path| gone.contains(&outer(path))) {
        fs::remove_file(path).map_err(Failure::because)?;
    }
    Ok(())
}

/// JNA's name of this machine, which is that of the folder where it looks for its library.
fn platform() -> Done<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok("linux-x86-64"),
        ("linux", "aarch64") => Ok("linux-aarch64"),
        ("macos", "x86_64") => Ok("darwin-x86-64"),
        ("macos", "aarch64") => Ok("darwin-aarch64"),
        (system, machine) => Err(Failure::because(format!(
            "no jar is made for {system} on {machine}"
        ))),
    }
}

/// The same, in Rust's words.
fn host() -> Done<&'static str> {
    Ok(match platform()? {
        "linux-x86-64" => "x86_64-unknown-linux-gnu",
        "linux-aarch64" => "aarch64-unknown-linux-gnu",
        "darwin-x86-64" => "x86_64-apple-darwin",
        _ => "aarch64-apple-darwin",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_names_androids_goes_with_what_is_in_it() {
        let folder = std::env::temp_dir().join(format!("tigress-jvm-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("A.class", "org/tigress/A"),
            ("A$B.class", "org/tigress/A$B"),
            ("C.class", "org/tigress/C"),
            ("C$D.class", "Landroid/content/Context;"),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        without_android(&folder).unwrap();
        let left = files(&folder, "").unwrap();
        let names: Vec<_> = left.iter().filter_map(|path| path.file_name()).collect();
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["A$B.class", "A.class"]);
    }
}

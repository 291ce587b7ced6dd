//! Tries the jar as a wallet's developer would, with another Rust SDK beside it; and once more when R8 has shrunk all of it.

use std::{fs, path::Path};

use super::{JVM, folder, platform};
use crate::{
    Done, Failure,
    maven::{VERSION, folder_for},
    project::{Project, files},
};

const R8: &str = "com.android.tools:r8:9.5.28";
/// What the wallet says when all went well (wallet/BothTest.kt).
const SAID: &str =
    "0: Ada is invited: true\n1: Ben is invited: true\nmailboxes: 2\nerrors: true, true\n";

/// Runs a wallet's unit test in a Maven project that has the artifact and nothing else of this tree.
pub(super) fn try_it(project: &Project) -> Done {
    let out = folder(project);
    let file = |end: &str| {
        out.join(format!("{}{end}", JVM.file()))
            .display()
            .to_string()
    };
    let wallet = project.target.join("jvm/wallet");
    lay_out(project, &wallet)?;
    let install = [
        "scripts/kotlin",
        "install:install-file",
        &format!("-Dfile={}", file(".jar")),
        &format!("-DpomFile={}", file(".pom")),
    ];
    project.run(&install)?;
    let pom = wallet.join("pom.xml").display().to_string();
    let copy = "dependency:copy-dependencies";
    project.run(&[
        "scripts/kotlin",
        "-f",
        &pom,
        "package",
        copy,
        "-DincludeScope=runtime",
    ])?;
    shrunk(project, &wallet)
}

fn lay_out(project: &Project, wallet: &Path) -> Done {
    let _ = fs::remove_dir_all(wallet);
    let (main, tests) = (
        wallet.join("src/main/kotlin"),
        wallet.join("src/test/kotlin"),
    );
    let native = wallet.join("src/main/resources").join(platform()?);
    for folder in [&main, &tests, &native] {
        folder_for(folder)?;
    }
    let pom = version_of(project, include_str!("wallet/pom.xml"))?;
    project.write(wallet.join("pom.xml"), &pom)?;
    project.write(wallet.join("rules.pro"), include_str!("wallet/rules.pro"))?;
    project.write(main.join("Both.kt"), include_str!("wallet/Both.kt"))?;
    project.write(
        tests.join("BothTest.kt"),
        include_str!("wallet/BothTest.kt"),
    )?;
    // The other SDK, as its makers would publish it.
    let name = if cfg!(target_os = "macos") {
        "libother_sdk.dylib"
    } else {
        "libother_sdk.so"
    };
    let library = project.built(name);
    fs::copy(&library, native.join(name))
        .map_err(|error| Failure::because(format!("{}: {error}", library.display())))?;
    let generate = [
        project.built("uniffi-bindgen"),
        library,
        "kotlin".into(),
        main,
    ];
    let generate = generate.map(|word| word.display().to_string());
    project.run(&generate.each_ref().map(String::as_str))
}

/// Shrinks the wallet with both SDKs, by our rules and theirs, and runs it.
fn shrunk(project: &Project, wallet: &Path) -> Done {
    let path = |below: &str| wallet.join(below).display().to_string();
    let fetch = [
        "scripts/kotlin",
        "dependency:copy",
        &format!("-Dartifact={R8}"),
        &format!("-DoutputDirectory={}", path("r8")),
    ];
    project.run(&fetch)?;
    let tool = files(&wallet.join("r8"), ".jar")?;
    let tool: Vec<String> = tool.iter().map(|jar| jar.display().to_string()).collect();
    let (tool, home, rules, ours) = (
        tool.join(":"),
        java_home(project)?,
        path("rules.pro"),
        project
            .root
            .join("android/tigress/consumer-rules.pro")
            .display()
            .to_string(),
    );
    let jar = path("shrunk.jar");
    let mut words = vec!["java", "-cp", &tool, "com.android.tools.r8.R8", "--release"];
    words.extend(["--classfile", "--lib", &home, "--output", &jar]);
    words.extend(["--pg-conf", &rules, "--pg-conf", &ours]);
    let wallets = path("target/wallet-1.jar");
    let others = files(&wallet.join("target/dependency"), ".jar")?;
    let others: Vec<String> = others.iter().map(|jar| jar.display().to_string()).collect();
    words.push(&wallets);
    words.extend(others.iter().map(String::as_str));
    project.run(&words)?;
    let said = project.output(&["java", "-cp", &jar, "org.example.wallet.BothKt"])?;
    let size = |file: &str| fs::metadata(file).map_or(0, |it| it.len());
    let whole: u64 = others.iter().map(|other| size(other)).sum();
    println!(
        "shrunk by R8 from {whole} bytes to {}, it says:\n{said}",
        size(&jar)
    );
    if said == SAID && size(&jar) < whole {
        println!("test result: ok. 1 passed; 0 failed; 0 ignored");
        Ok(())
    } else {
        Err(Failure::because("the shrunk wallet says something else"))
    }
}

/// Where the Java that runs is installed.
fn java_home(project: &Project) -> Done<String> {
    let program = project.output(&["which", "java"])?;
    let program = fs::canonicalize(program.trim()).map_err(Failure::because)?;
    let home = program.parent().and_then(Path::parent);
    home.map(|home| home.display().to_string())
        .ok_or_else(|| Failure::because("java lies in no installation"))
}

/// The wallet's POM with the versions that android/pom.xml has.
fn version_of(project: &Project, pom: &str) -> Done<String> {
    let ours = project.read("android/pom.xml")?;
    let number = |name: &str| {
        let begins = format!("<{name}>");
        let rest = ours.split(&begins).nth(1).unwrap_or_default();
        rest.split('<').next().unwrap_or_default().to_owned()
    };
    let mut pom = pom.replace("{VERSION}", VERSION);
    for name in [
        "jna.version",
        "kotlin.stdlib.version",
        "junit.version",
        "surefire.version",
    ] {
        pom = pom.replace(&format!("{{{name}}}"), &number(name));
    }
    Ok(pom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wallets_project_has_a_number_for_each_version() {
        let pom = version_of(&Project::here(), include_str!("wallet/pom.xml")).unwrap();
        assert!(
            !pom.contains('{') && !pom.contains("<version></version>"),
            "{pom}"
        );
    }
}

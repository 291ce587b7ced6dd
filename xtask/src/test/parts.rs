//! The parts of the tests, each with its steps.

use std::{env, fs::File, path::PathBuf};

use super::{Run, Step, text_of};
use crate::{
    Done, Failure,
    project::{Running, shared_library, tools},
};

const DENY: &str = "0.20.2";

impl Run {
    pub(super) fn rust(&mut self) -> Done {
        // Before anything else, by the script that called this program.
        self.note("toolchain", self.started, true);
        let deny = self.install_deny()?;
        self.command("rustfmt", "cargo fmt --all --check")?;
        self.step("requirements", requirements)?;
        self.step("circles", circles)?;
        self.step("msrv", msrv)?;
        // Clippy's incompatible_msrv also refuses, in our own code, what the standard library got after Cargo.toml's rust-version.
        self.command(
            "clippy",
            "cargo clippy --workspace --all-targets --locked -- -D warnings",
        )?;
        self.command(
            "core",
            "cargo clippy -p tigress --no-default-features --lib --locked -- -D warnings",
        )?;
        // The tests, and what the other parts need: one build for all of them.
        if self.command(
            "build",
            "cargo build --workspace --lib --bins --tests --examples --locked",
        )? {
            self.variables.push(("TIGRESS_BUILT", "1"));
        }
        // Doc tests too, in the same run: asked for alone, cargo builds the dependencies again with other features for them.
        self.command("tests", "cargo test --workspace --no-fail-fast --locked")?;
        self.command("valkey", "scripts/valkey")?;
        self.command("openapi", "scripts/openapi")?;
        self.command("size", "scripts/size")?;
        self.step("rustdoc", rustdoc)?;
        let installed = self.log("deny-install");
        self.step("deny", |step| deny_check(step, deny, &installed))?;
        Ok(())
    }

    /// cargo-deny comes from the package registry and is kept outside the tree. It is built in the background, without
    /// optimisation: it reads one small graph. None if it is there.
    fn install_deny(&self) -> Done<Option<Running>> {
        let log = File::create(self.log("deny-install")).map_err(Failure::because)?;
        let step = Step {
            project: &self.project,
            variables: &self.variables,
            log: &log,
        };
        if step
            .output(&[&cargo_deny().to_string_lossy(), "--version"])
            .is_some_and(|said| said.trim() == format!("cargo-deny {DENY}"))
        {
            return Ok(None);
        }
        let folder = env::temp_dir().join(format!("tigress-deny-{}", std::process::id()));
        let tools = tools();
        let (folder, tools) = (folder.to_string_lossy(), tools.to_string_lossy());
        let install = "nice -n 19 cargo install cargo-deny --locked --no-default-features --force";
        let mut words: Vec<&str> = install.split(' ').collect();
        words.extend(["--version", DENY, "--root", &tools, "--target-dir", &folder]);
        let mut command = step.prepared(&words).map_err(Failure::because)?;
        let quick = [
            ("OPT_LEVEL", "0"),
            ("LTO", "off"),
            ("CODEGEN_UNITS", "16"),
            ("DEBUG", "false"),
        ];
        command.envs(quick.map(|(name, value)| (format!("CARGO_PROFILE_RELEASE_{name}"), value)));
        command
            .spawn()
            .map(|process| Some(Running(process)))
            .map_err(Failure::because)
    }

    pub(super) fn kotlin(&mut self) -> Done {
        self.step("library", library)?;
        self.command("bindings", "scripts/bindings --check")?;
        if !self.fetched("toolchain", "kotlin")? {
            self.cannot("it needs a JDK and Maven on the PATH, or Debian, from whose packages they are installed");
            return Ok(());
        }
        self.step("versions", versions)?;
        self.step("format", |step| {
            let this = env::current_exe().unwrap_or_default();
            step.run(&[&this.to_string_lossy(), "ktlint"])
        })?;
        self.command("tests", "scripts/kotlin clean test")?;
        self.command("sample", "scripts/kotlin --sample clean test")?;
        self.command("api", "scripts/kotlin-api --check")?;
        self.command("kdoc", "scripts/kotlin dokka:javadocJar")?;
        self.command("aar", "scripts/android self-test")?;
        self.step("jvm", jvm)?;
        let scripts = [
            "android",
            "bindings",
            "kotlin",
            "kotlin-api",
            "pictures",
            "release",
            "size",
        ];
        self.step("scripts", |step| linted(step, &scripts))
            .map(|_| ())
    }

    pub(super) fn swift(&mut self) -> Done {
        self.step("library", library)?;
        if !self.fetched("toolchain", "swift")? {
            self.cannot(
                "it needs Swift 6 on the PATH, or Debian, from whose packages it is fetched",
            );
            return Ok(());
        }
        let format = "scripts/swift format lint --strict --configuration ios/.swift-format --recursive ios Package.swift";
        self.command("format", format)?;
        self.step("build", |step| {
            swift_package(step, &["build"], &["--build-tests"])
        })?;
        let build = self.log("build");
        self.step("warnings", |step| no_warnings(step, &text_of(&build)))?;
        self.step("tests", |step| {
            swift_package(step, &["test"], &["--skip-build"])
        })?;
        self.command("api", "scripts/swift-api --check")?;
        self.step("apple", apple)?;
        self.step("scripts", |step| {
            linted(step, &["swift", "swift-api", "xcframework"])
        })
        .map(|_| ())
    }

    pub(super) fn pairs(&mut self) -> Done {
        self.step("library", library)?;
        let swift = self.fetched("swift", "swift")?;
        let kotlin = self.fetched("kotlin", "kotlin")?;
        if !swift || !kotlin {
            self.cannot(
                "it needs what the parts swift and kotlin need, and one of these can't be had",
            );
            return Ok(());
        }
        self.command("build", "scripts/pairs build")?;
        self.command("pairs", "scripts/pairs run")?;
        self.step("scripts", |step| {
            linted(step, &["mutants", "openapi", "pairs", "test", "valkey"])
        })
        .map(|_| ())
    }
}

fn cargo_deny() -> PathBuf {
    tools().join("bin/cargo-deny")
}

/// Each requirement of the specifications stands beside code and a test.
fn requirements(step: &Step<'_>) -> bool {
    let this = env::current_exe().unwrap_or_default();
    step.run(&[&this.to_string_lossy(), "requirements"])
}

/// No two files and no two folders import each other.
fn circles(step: &Step<'_>) -> bool {
    let this = env::current_exe().unwrap_or_default();
    step.run(&[&this.to_string_lossy(), "circles"])
}

/// Every locked crate says that it works with our oldest Rust, or says nothing. That oldest one itself is in no package that
/// can be counted on, so all else is shown with the installed toolchain.
fn msrv(step: &Step<'_>) -> bool {
    let manifest = step.project.read("Cargo.toml").unwrap_or_default();
    let oldest = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'))
        .unwrap_or_default();
    let Some(graph) = step.output(&[
        "cargo",
        "metadata",
        "--locked",
        "--all-features",
        "--format-version",
        "1",
    ]) else {
        return false;
    };
    let asked = graph
        .split("\"rust_version\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let Some(asked) = asked.max_by_key(|version| numbers(version)) else {
        return false;
    };
    let installed = step.output(&["rustc", "--version"]).unwrap_or_default();
    step.say(&format!("ours: {oldest}; the latest that any crate asks for, these included: {asked}; installed: {installed}"));
    numbers(asked) <= numbers(oldest)
}

fn numbers(version: &str) -> [u64; 3] {
    let mut all = version.split('.').map(|number| number.parse().unwrap_or(0));
    [(); 3].map(|()| all.next().unwrap_or(0))
}

fn rustdoc(step: &Step<'_>) -> bool {
    let strict = ["env", "RUSTDOCFLAGS=-D warnings"].into_iter();
    let doc = "cargo doc --workspace --lib --no-deps --locked".split(' ');
    step.run(&strict.chain(doc).collect::<Vec<_>>())
}

/// The advisories are left out: their database is fetched from elsewhere than the package registry (deny.toml says how).
fn deny_check(step: &Step<'_>, installing: Option<Running>, log: &std::path::Path) -> bool {
    if let Some(mut process) = installing
        && !process.0.wait().is_ok_and(|status| status.success())
    {
        step.say(&text_of(log));
        return false;
    }
    let _ = std::fs::remove_dir_all(
        env::temp_dir().join(format!("tigress-deny-{}", std::process::id())),
    );
    step.run(&[
        &cargo_deny().to_string_lossy(),
        "--workspace",
        "--locked",
        "check",
        "bans",
        "licenses",
        "sources",
    ])
}

/// The host's library, the command, and what generates the bindings. Unless they are there, from the build of all: asked for
/// alone, cargo would build them and many dependencies again, with other features.
fn library(step: &Step<'_>) -> bool {
    let built = step
        .variables
        .iter()
        .any(|(name, _)| *name == "TIGRESS_BUILT")
        || env::var_os("TIGRESS_BUILT").is_some();
    built
        || step.run(&[
            "cargo",
            "build",
            "--locked",
            "-p",
            "tigress-ffi",
            "-p",
            "tigress-cli",
            "-p",
            "tigress-uniffi-bindgen",
            "-p",
            "tigress-other-sdk",
        ])
}

/// The jar for tests on a JVM, with the library of the tests, and a wallet that has it.
fn jvm(step: &Step<'_>) -> bool {
    let this = env::current_exe().unwrap_or_default();
    let this = this.to_string_lossy();
    let library = step.project.built(shared_library());
    step.run(&[&this, "jvm", &library.to_string_lossy()]) && step.run(&[&this, "jvm", "try"])
}

/// What Maven and Gradle both have must be of one version.
fn versions(step: &Step<'_>) -> bool {
    let read = |file| step.project.read(file).unwrap_or_default();
    let (pom, sample) = (read("android/pom.xml"), read("android/sample/pom.xml"));
    let catalogue = read("android/gradle/libs.versions.toml");
    let number = |pom: &str, name: &str| {
        let rest = pom.split(&format!("<{name}.version>")).nth(1)?;
        Some(rest.split('<').next()?.to_owned())
    };
    let of_gradle = [
        "kotlin",
        "kotlin.stdlib",
        "coroutines",
        "jna",
        "junit",
        "robolectric",
    ];
    let mut wrong = Vec::new();
    for name in of_gradle {
        let number = number(&pom, name).unwrap_or_default();
        let line = format!("{} = \"{number}\"", name.replace('.', "-"));
        if !catalogue.lines().any(|it| it == line) {
            wrong.push(format!("{name} is not {number} in the version catalogue\n"));
        }
    }
    for name in ["kotlin", "coroutines", "jna", "surefire", "android.all"] {
        if number(&sample, name) != number(&pom, name) {
            wrong.push(format!("{name} is another in android/sample/pom.xml\n"));
        }
    }
    wrong.iter().for_each(|it| step.say(it));
    wrong.is_empty()
}

/// A command of SwiftPM with the host's library.
fn swift_package(step: &Step<'_>, command: &[&str], rest: &[&str]) -> bool {
    let tigress = format!("TIGRESS_BIN={}", step.project.built("tigress").display());
    let options = step.project.swift_options();
    let options = options.each_ref().map(String::as_str);
    step.run(&[&["env", &tigress, "scripts/swift"], command, &options, rest].concat())
}

/// In what is written by hand.
fn no_warnings(step: &Step<'_>, build: &str) -> bool {
    let warns = |line: &&str| {
        let of_a_file = line
            .split_once("/ios/")
            .and_then(|(_, rest)| rest.split_once(": warning:"));
        line.starts_with("warning:") || of_a_file.is_some_and(|(file, _)| !file.contains(' '))
    };
    let warnings: Vec<&str> = build.lines().filter(warns).collect();
    step.say(&warnings.join("\n"));
    warnings.is_empty()
}

/// What only a Mac can build, as far as it can be looked at elsewhere.
fn apple(step: &Step<'_>) -> bool {
    let package = step
        .output(&[
            "env",
            "TIGRESS_APPLE=1",
            "scripts/swift",
            "package",
            "dump-package",
        ])
        .unwrap_or_default();
    let zip = "https://example.org/TigressFFI.xcframework.zip";
    package.contains("\"path\" : \"target/xcframework/TigressFFI.xcframework\"")
        && step.run(&[
            "scripts/xcframework",
            "--macos",
            "--release",
            zip,
            "--dry-run",
        ])
}

/// By shellcheck, which is installed if it is missing.
fn linted(step: &Step<'_>, scripts: &[&str]) -> bool {
    let install = "source scripts/lib.sh; have shellcheck || apt install --yes --no-install-recommends shellcheck";
    let scripts: Vec<String> = scripts
        .iter()
        .map(|name| format!("scripts/{name}"))
        .collect();
    let mut words = vec![
        "shellcheck",
        "--external-sources",
        "--source-path=SCRIPTDIR",
    ];
    words.extend(scripts.iter().map(String::as_str));
    step.run(&["bash", "-c", install]) && step.run(&words)
}

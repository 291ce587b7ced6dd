//! The programs whose memory `scripts/bench wake` looks at: each is woken, does one sync, and ends.

use std::fs;

use crate::{
    Done, Failure,
    project::{Project, shared_library},
    remap::remapped,
    size,
};

/// Builds them as apps are built, small, and says how each is run, for the environment of what measures. Without Swift there
/// is only Rust's.
pub(crate) fn programs(project: &Project) -> Done<Vec<String>> {
    let library = size::build(project, &size::WITH_HTTP)?;
    let place = project.target.join("wake");
    fs::create_dir_all(&place).map_err(Failure::because)?;
    fs::copy(library, place.join(shared_library())).map_err(Failure::because)?;
    rust(project)?;
    let rust = project.target.join("mobile/examples/wake");
    let mut programs = vec![format!("WAKE_RUST={}", rust.display())];
    if project.run_quietly(&["scripts/swift", "--ready"]).is_ok() {
        let library = place.display().to_string();
        let folder = project.target.join("swift");
        let scratch = folder.display().to_string();
        let build =
            "scripts/swift build -c release --product tigress-wake --scratch-path".split(' ');
        let path = format!("-L{library}");
        let links = [
            "-Xlinker", &path, "-Xlinker", "-rpath", "-Xlinker", &library,
        ];
        let words: Vec<&str> = build.chain([&*scratch]).chain(links).collect();
        project.run_quietly(&words)?;
        let program = folder.join("release/tigress-wake");
        let swift = project.root.join("scripts/swift");
        programs.push(format!(
            "WAKE_SWIFT={} --exec {}",
            swift.display(),
            program.display()
        ));
    }
    Ok(programs)
}

fn rust(project: &Project) -> Done {
    let build = "cargo build --locked -p tigress-ffi --profile mobile --example wake --no-default-features --features http";
    let status = project
        .command(&build.split(' ').collect::<Vec<_>>())
        .env("CARGO_TARGET_DIR", &project.target)
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(project))
        .stdout(std::io::stderr())
        .status()
        .map_err(Failure::because)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::because(format!("{build}: {status}")))
    }
}

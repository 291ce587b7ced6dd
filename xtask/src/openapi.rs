//! Whether a relay, with either store, does what its OpenAPI document says: schemathesis makes requests of every kind from
//! the document, well-formed or not, and judges the answers by it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    Done, Failure,
    project::{self, Project, Running},
};

const VERSION: &str = "4.32.5";
/// Requests of each call, about; and where chance begins, so that CI asks the same each time.
const EXAMPLES: &str = "100";
const SEED: &str = "1";
/// Whatever becomes of this process, a relay ends after so many seconds.
const RELAY: &str = "300";

pub(crate) fn openapi(project: &Project) -> Done {
    let program = program(project)?;
    let work = env::temp_dir().join(format!("tigress-openapi-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(Failure::because)?;
    let file = work.join("mailboxes").display().to_string();
    let asked = ["memory", &file].map(|store| ask(project, &program, &work, store));
    let _ = fs::remove_dir_all(&work);
    asked.into_iter().collect()
}

/// What schemathesis keeps for itself goes to the folder `work`.
fn ask(project: &Project, program: &Path, work: &Path, store: &str) -> Done {
    let (url, _relay) = relay(project, store)?;
    let document = format!("{url}/.well-known/tigress-relay/openapi.json");
    let program = program.display().to_string();
    let own = project.root.join("relay/tests/openapi");
    let config = own.join("schemathesis.toml").display().to_string();
    let words = [
        &program,
        "--config-file",
        &config,
        "run",
        &document,
        "--url",
        &url,
        "--max-examples",
        EXAMPLES,
        "--seed",
        SEED,
        "--no-color",
    ];
    eprintln!("openapi: store {store}");
    let mut command = project.command(&words);
    command
        .current_dir(work)
        .env("PYTHONPATH", own)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::because(
            "the relay is not as its document says: see above",
        )),
        Err(error) => Err(Failure::because(format!("{program}: {error}"))),
    }
}

/// A relay on loopback, and its origin.
fn relay(project: &Project, store: &str) -> Done<(String, Running)> {
    let tigress = project.built("tigress").display().to_string();
    let words = [
        "timeout",
        RELAY,
        &tigress,
        "relay",
        "--store",
        store,
        "--listen",
        "127.0.0.1:0",
    ];
    let mut command = project.command(&words);
    command.env("RUST_LOG", "warn").env_remove("TIGRESS_CONFIG");
    project::relay(command)?
        .ok_or_else(|| Failure::because("the relay does not say where it listens"))
}

fn program(project: &Project) -> Done<PathBuf> {
    let folder = project.python_package("schemathesis", VERSION)?;
    Ok(folder.join("bin/schemathesis"))
}

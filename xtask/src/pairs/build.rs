//! Builds the peers in Swift and Kotlin; Rust's was built by the script that called this program.

use std::{fs, path::Path, time::SystemTime};

use crate::{
    Done, Failure,
    project::{Project, files},
};

/// Builds what is not up to date.
pub(super) fn build(project: &Project) -> Done {
    let options = project.swift_options();
    let options = options.each_ref().map(String::as_str);
    let build = ["scripts/swift", "build", "--product", "tigress-peer"];
    project.run(&[&build[..], &options].concat())?;
    let work = project.target.join("pairs");
    fs::create_dir_all(&work).map_err(Failure::because)?;
    let sources = ["android/tigress/src", "bindings/generated/kotlin"];
    if !up_to_date(
        project,
        &project
            .target
            .join("android/test-classes/org/tigress/peer/PeerKt.class"),
        &sources,
    )? {
        project.run(&["scripts/kotlin", "test-compile"])?;
    }
    let classpath = work.join("classpath");
    if !up_to_date(project, &classpath, &[])? {
        project.run(&[
            "scripts/kotlin",
            "dependency:build-classpath",
            &format!("-Dmdep.outputFile={}", classpath.display()),
        ])?;
    }
    Ok(())
}

/// Maven would do all of it again.
fn up_to_date(project: &Project, file: &Path, sources: &[&str]) -> Done<bool> {
    let time = |path: &Path| fs::metadata(path).and_then(|it| it.modified());
    let Ok(made) = time(file) else {
        return Ok(false);
    };
    let mut all = vec![project.root.join("android/pom.xml")];
    for folder in sources {
        all.extend(files(&project.root.join(folder), "")?);
    }
    Ok(all
        .iter()
        .all(|source| time(source).is_ok_and(|changed: SystemTime| changed <= made)))
}

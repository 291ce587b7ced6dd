//! The Swift and Kotlin bindings, generated from the built library, with the docs of the Rust code.

use std::fs;

use crate::{
    Done, Failure,
    project::{Project, files, shared_library},
};

const KEPT: &str = "bindings/generated";

/// Writes bindings/generated, or compares it.
pub(crate) fn bindings(project: &Project, words: &[&str]) -> Done {
    if !matches!(words, [] | ["--check"]) {
        return Err(Failure::because("usage: scripts/bindings [--check]"));
    }
    let fresh = project.target.join("bindings");
    let _ = fs::remove_dir_all(&fresh);
    let (library, generator) = (
        project.built(shared_library()),
        project.built("uniffi-bindgen"),
    );
    for language in ["kotlin", "swift"] {
        let to = fresh.join(language);
        let words =
            [&generator, &library, &language.into(), &to].map(|word| word.display().to_string());
        project.run(&words.each_ref().map(String::as_str))?;
    }
    for file in files(&fresh, "")? {
        // Without what a formatter would take away.
        let text = project.read(&file)?;
        let lines: Vec<&str> = text
            .split('\n')
            .map(|line| line.trim_end_matches([' ', '\t']))
            .collect();
        project.write(&file, &lines.join("\n"))?;
    }
    let made = fresh.display().to_string();
    if words.is_empty() {
        project.run(&["rm", "-rf", "--", KEPT])?;
        return project.run(&["cp", "-r", "--", &made, KEPT]);
    }
    let same = project.run_quietly(&["diff", "-ru", "--", KEPT, &made]);
    same.map_err(|_| Failure::because("bindings/generated is stale: run scripts/bindings"))?;
    eprintln!("bindings/generated is as it should be");
    Ok(())
}

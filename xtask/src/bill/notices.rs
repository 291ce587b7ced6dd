//! The licences of what is in a library: who must be named, and the texts that must go along.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::graph::{Graph, Material};
use crate::{Done, Failure, project::Project, remap::registries};

/// How files of licences begin, in capitals.
const BEGINNINGS: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];
const LINE: &str =
    "================================================================================";

/// One text for each licence that differs, with the crates that it is of.
pub(super) fn notices(project: &Project, graph: &Graph, beside: &[Material]) -> Done<String> {
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in graph.others.iter().chain(beside) {
        let name = format!("{} {}", one.name, one.version);
        if one.name.starts_with("tigress") {
            continue;
        }
        list.push_str(&format!("{name}: {}", one.license));
        if !one.repository.is_empty() {
            list.push_str(&format!(", {}", one.repository));
        }
        list.push('\n');
        for text in texts_of(project, one)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    // By the first of their crates, so that it is easily found.
    let mut texts: Vec<(Vec<String>, String)> = texts
        .into_iter()
        .map(|(text, names)| (names, text))
        .collect();
    texts.sort();
    let mut all = format!(
        "This library contains the work of others, listed with licences and sources; their licences follow.\n\n{list}"
    );
    for (names, text) in texts {
        all.push_str(&format!(
            "\n{LINE}\n{}\n{LINE}\n\n{text}\n",
            names.join(", ")
        ));
    }
    Ok(all)
}

/// The texts that a crate brings: of several licences to choose from, MIT's alone if there is one.
fn texts_of(project: &Project, one: &Material) -> Done<Vec<String>> {
    // Of no registry: what it may be used under is ours, too, and its texts are in our own files.
    if one.checksum.is_none() {
        return Ok(Vec::new());
    }
    let folder = folder_of(one)
        .ok_or_else(|| Failure::because(format!("{} is not unpacked: cargo fetch", one.name)))?;
    let mut files = texts_in(&folder)?;
    let of_mit = |path: &PathBuf| name_of(path).contains("MIT");
    if one.license.contains(" OR ") && files.iter().any(of_mit) {
        files.retain(|path| of_mit(path) || !name_of(path).starts_with("LICEN"));
    }
    let mut texts = Vec::new();
    for file in files {
        texts.push(even(&project.read(file)?));
    }
    // Some have none in their package, or only at the head of their source.
    if texts.is_empty() {
        let source = project.read(folder.join("src/lib.rs")).unwrap_or_default();
        let head = source
            .strip_prefix("/*")
            .and_then(|rest| rest.split("*/").next());
        texts.push(match head.filter(|head| head.contains("Copyright")) {
            Some(head) => even(head),
            None => format!("{}. Its source code: {}", one.license, one.repository),
        });
    }
    Ok(texts)
}

fn folder_of(one: &Material) -> Option<PathBuf> {
    let name = format!("{}-{}", one.name, one.version);
    registries()
        .into_iter()
        .map(|registry| registry.join(&name))
        .find(|folder| folder.is_dir())
}

fn texts_in(folder: &Path) -> Done<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(Failure::because)?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter(|path| {
            BEGINNINGS
                .iter()
                .any(|word| name_of(path).starts_with(word))
        })
        .collect();
    files.sort();
    Ok(files)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().to_ascii_uppercase()
}

/// Without what differs between systems and editors, so that equal texts are equal.
fn even(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::{Library, graph};

    #[test]
    fn everybody_whose_work_is_in_the_phones_library_is_named_with_a_text() {
        let project = Project::here();
        let library = Library {
            features: &[],
            targets: &["aarch64-linux-android", "aarch64-apple-ios"],
        };
        let graph = graph::of(&project, &library).unwrap();
        let notices = notices(&project, &graph, &[]).unwrap();
        for one in graph.others.iter().filter(|one| one.checksum.is_some()) {
            let name = format!("{} {}", one.name, one.version);
            let times = notices.matches(&name).count();
            assert!(times >= 2, "{name}: in the list and before a text");
        }
        // Which asks for the address of the source code.
        assert_eq!(notices.matches("Its source code: ").count(), 1, "UniFFI's");
        assert!(notices.contains("MPL-2.0. Its source code: https://"));
        assert!(!notices.contains("tigress-"), "ours are elsewhere");
    }
}

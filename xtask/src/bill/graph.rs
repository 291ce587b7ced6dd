//! The crates of a library, as Cargo resolves them, with their licences and checksums.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Done, Failure, project::Project};

/// Which library is meant.
pub(crate) struct Library<'a> {
    pub(crate) features: &'a [&'a str],
    pub(crate) targets: &'a [&'a str],
}

/// A crate, or an artifact of Maven's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Material {
    /// Its name there: `pkg:cargo/serde@1.0.0` (Package URL).
    pub(crate) purl: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// In SPDX's words.
    pub(crate) license: String,
    /// Where its sources are.
    pub(crate) repository: String,
    /// SHA-256, in hex, if it comes from a registry.
    pub(crate) checksum: Option<String>,
}

pub(super) struct Graph {
    /// The library itself.
    pub(super) root: Material,
    pub(super) others: BTreeSet<Material>,
    /// From a material's purl to those that it needs.
    pub(super) needs: BTreeMap<String, BTreeSet<String>>,
}

pub(super) fn of(project: &Project, library: &Library<'_>) -> Done<Graph> {
    let lock = project.read("Cargo.lock")?;
    let mut trees = Vec::new();
    for target in library.targets {
        let tree = "cargo tree --locked -p tigress-ffi --no-default-features --edges normal,no-proc-macro --prefix depth --format {p}|{l}|{r} --target";
        let words = tree
            .split(' ')
            .chain([*target])
            .chain(library.features.iter().copied());
        trees.push(project.output(&words.collect::<Vec<_>>())?);
    }
    let mut graph = read(&trees, &checksums(&lock))?;
    let rust = standard_library(project)?;
    let root = graph.root.purl.clone();
    graph
        .needs
        .entry(root)
        .or_default()
        .insert(rust.purl.clone());
    graph.others.insert(rust);
    Ok(graph)
}

/// It is in every library, and no crate of a registry.
fn standard_library(project: &Project) -> Done<Material> {
    let said = project.output(&["rustc", "--version"])?;
    let version = said.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(Material {
        purl: format!("pkg:generic/rust-std@{version}"),
        name: "rust-std".to_owned(),
        version,
        license: "MIT OR Apache-2.0".to_owned(),
        repository: "https://github.com/rust-lang/rust".to_owned(),
        checksum: None,
    })
}

/// Name and version to SHA-256, of a Cargo.lock.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let blocks = lock.split("[[package]]").skip(1);
    let of = |block: &str, key: &str| {
        let begins = format!("{key} = \"");
        let line = block.lines().find_map(|line| line.strip_prefix(&begins));
        line.and_then(|rest| Some(rest.strip_suffix('"')?.to_owned()))
    };
    let read = |block| {
        let place = (of(block, "name")?, of(block, "version")?);
        Some((place, of(block, "checksum")?))
    };
    blocks.filter_map(read).collect()
}

/// Reads `cargo tree`'s lines: `DEPTHname vVERSION (…)|LICENSE|REPOSITORY (*)`.
fn read(trees: &[String], checksums: &BTreeMap<(String, String), String>) -> Done<Graph> {
    let mut root = None;
    let (mut others, mut needs) = (BTreeSet::new(), BTreeMap::<_, BTreeSet<_>>::new());
    for tree in trees {
        let mut above: Vec<String> = Vec::new();
        for line in tree.lines() {
            let told = || Failure::because(format!("cargo tree says what is not known: {line}"));
            let (depth, material) = material(line, checksums).ok_or_else(told)?;
            above.truncate(depth);
            needs.entry(material.purl.clone()).or_default();
            if let Some(by) = above.last() {
                let by = needs.entry(by.clone()).or_default();
                by.insert(material.purl.clone());
            }
            above.push(material.purl.clone());
            if depth == 0 {
                root = Some(material);
            } else {
                others.insert(material);
            }
        }
    }
    let root = root.ok_or_else(|| Failure::because("cargo tree says nothing"))?;
    Ok(Graph {
        root,
        others,
        needs,
    })
}

fn material(
    line: &str,
    checksums: &BTreeMap<(String, String), String>,
) -> Option<(usize, Material)> {
    let line = line.trim_end_matches(" (*)");
    let digits = line.find(|c: char| !c.is_ascii_digit())?;
    let depth = line.get(..digits)?.parse().ok()?;
    let mut fields = line.get(digits..)?.splitn(3, '|');
    let (package, license, repository) = (fields.next()?, fields.next()?, fields.next()?);
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let place = (name.to_owned(), version.to_owned());
    let material = Material {
        purl: format!("pkg:cargo/{name}@{version}"),
        // An older way to write it.
        license: license
            .split('/')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" OR ")
            .replace("  ", " "),
        repository: repository.to_owned(),
        checksum: checksums.get(&place).cloned(),
        name: place.0,
        version: place.1,
    };
    Some((depth, material))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_who_needs_whom() {
        let lock = "[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nchecksum = \"ab12\"\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n";
        let trees = [
            "0a v1.0.0 (/x y/a)|MIT|\n1b v2.0.0|MIT/Apache-2.0|https://b.example\n2c v3.0.0|MIT|\n1c v3.0.0|MIT| (*)\n".to_owned(),
            "0a v1.0.0 (/x y/a)|MIT|\n1d v4.0.0|MIT|\n".to_owned(),
        ];
        let graph = read(&trees, &checksums(lock)).unwrap();
        assert_eq!(graph.root.purl, "pkg:cargo/a@1.0.0");
        let names: Vec<&str> = graph.others.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["b", "c", "d"]);
        let b = graph.others.first().unwrap();
        assert_eq!(
            (b.license.as_str(), b.checksum.as_deref()),
            ("MIT OR Apache-2.0", Some("ab12"))
        );
        let needs = |purl: &str| graph.needs[purl].iter().cloned().collect::<Vec<_>>();
        assert_eq!(
            needs("pkg:cargo/a@1.0.0"),
            [
                "pkg:cargo/b@2.0.0",
                "pkg:cargo/c@3.0.0",
                "pkg:cargo/d@4.0.0"
            ]
        );
        assert_eq!(needs("pkg:cargo/b@2.0.0"), ["pkg:cargo/c@3.0.0"]);
        assert!(read(&["0a 1.0.0|MIT|".to_owned()], &BTreeMap::new()).is_err());
    }
}

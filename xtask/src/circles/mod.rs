//! `cargo xtask circles`: no two Rust files and no two folders import each other, tests included; a module and its own
//! parts excepted. What a file hands on from another (`use`, seen from outside) counts as that other's.

mod graph;
mod uses;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{Done, Failure, project::Project};
use graph::{Graph, room};
use uses::Read;

/// A program or library: its modules' paths, with their files.
type Modules = BTreeMap<Vec<String>, (PathBuf, Read)>;

/// Prints each import that closes a circle.
pub(crate) fn circles(project: &Project, words: &[&str]) -> Done {
    if !words.is_empty() {
        return Err(Failure::Usage("usage: cargo xtask circles"));
    }
    let (mut flaws, mut count) = (Vec::new(), 0);
    for root in roots(&project.root)? {
        let mut modules = Modules::new();
        let folder = root.parent().unwrap_or(&root).to_owned();
        collect(&root, Vec::new(), &folder, &mut modules)?;
        count += modules.len();
        flaws.extend(of_modules(&modules, &project.root));
    }
    flaws.sort();
    flaws.dedup();
    for flaw in &flaws {
        eprintln!("{flaw}");
    }
    println!("{count} files: {} imports in a circle", flaws.len());
    if count > 0 && flaws.is_empty() {
        Ok(())
    } else {
        Err(Failure::Said)
    }
}

/// The files that Cargo begins with.
fn roots(root: &Path) -> Done<Vec<PathBuf>> {
    let mut roots = Vec::new();
    let mut packages = vec![root.to_owned()];
    while let Some(folder) = packages.pop() {
        let mut has_manifest = false;
        for entry in fs::read_dir(&folder).map_err(Failure::because)? {
            let path = entry.map_err(Failure::because)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            has_manifest |= name == "Cargo.toml";
            if path.is_dir() && !path.is_symlink() && !name.starts_with('.') && name != "target" {
                packages.push(path);
            }
        }
        if !has_manifest {
            continue;
        }
        for name in ["src/lib.rs", "src/main.rs", "build.rs"] {
            roots.push(folder.join(name));
        }
        for name in ["tests", "benches", "examples", "src/bin"] {
            let Ok(entries) = fs::read_dir(folder.join(name)) else {
                continue;
            };
            for entry in entries {
                let path = entry.map_err(Failure::because)?.path();
                if path.extension().is_some_and(|ending| ending == "rs") {
                    roots.push(path);
                } else {
                    roots.push(path.join("main.rs"));
                }
            }
        }
    }
    roots.retain(|path| path.is_file());
    roots.sort();
    Ok(roots)
}

/// A module and those below it. `folder` is where its parts are.
fn collect(file: &Path, at: Vec<String>, folder: &Path, modules: &mut Modules) -> Done {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::because(format!("{}: {error}", file.display())))?;
    let read = uses::read(&text);
    for (inside, name, path) in &read.children {
        let folder = inside
            .iter()
            .fold(folder.to_owned(), |all, one| all.join(one));
        let below = folder.join(name);
        let beside = file.parent().unwrap_or(file);
        let (part, parts) = match path {
            Some(path) => (beside.join(path), beside.join(path).with_extension("")),
            None if below.join("mod.rs").is_file() => (below.join("mod.rs"), below),
            None => (folder.join(format!("{name}.rs")), below),
        };
        let parts = if part.ends_with("mod.rs") {
            part.parent().unwrap_or(&part).to_owned()
        } else {
            parts
        };
        let at = [at.as_slice(), inside.as_slice(), std::slice::from_ref(name)].concat();
        collect(&part, at, &parts, modules)?;
    }
    modules.insert(at, (file.to_owned(), read));
    Ok(())
}

/// The imports that close a circle, of files and of folders.
fn of_modules(modules: &Modules, root: &Path) -> Vec<String> {
    let name = |file: &Path| {
        file.strip_prefix(root)
            .unwrap_or(file)
            .display()
            .to_string()
    };
    let (mut by_file, mut by_room) = (Graph::default(), Graph::default());
    for (from, to) in imports(modules) {
        let (from, to) = (name(&modules[from].0), name(&modules[to].0));
        if let Some((a, b)) = room(&from, &to) {
            by_room.add(a, b, format!("{from} -> {to}"));
        }
        by_file.add(from.clone(), to.clone(), format!("{from} -> {to}"));
    }
    [by_file.circles(), by_room.circles()].concat()
}

/// Who imports whom, those from a module to its own parts left out.
fn imports(modules: &Modules) -> Vec<(&Vec<String>, &Vec<String>)> {
    let mut all = Vec::new();
    // What a module calls something that is another's.
    let mut names = BTreeMap::new();
    let mut named = Vec::new();
    for (module, (_, read)) in modules {
        for one in &read.named {
            let Some((to, rest)) = target(modules, module, one) else {
                continue;
            };
            if to == module {
                continue;
            }
            if let Some(name) = &one.name {
                names
                    .entry((module, name.clone()))
                    .or_insert((to, rest.clone()));
            }
            // What is only handed on is used by others.
            if !one.is_public {
                named.push((module, to, rest));
            }
        }
    }
    for (module, mut to, mut rest) in named {
        let mut steps = 0;
        while let Some((next, its)) = rest.clone().and_then(|name| names.get(&(to, name)))
            && steps < 9
        {
            (to, rest, steps) = (*next, its.clone(), steps + 1);
        }
        if !to.starts_with(module) {
            all.push((module, to));
        }
    }
    all
}

/// The module that a path leads to, and the first name in it.
fn target<'a>(
    modules: &'a Modules,
    module: &[String],
    one: &uses::Named,
) -> Option<(&'a Vec<String>, Option<String>)> {
    let mut at = [module, one.inside.as_slice()].concat();
    let mut path = one.path.iter().peekable();
    match path.peek()?.as_str() {
        "crate" => {
            path.next();
            at.clear();
        }
        "self" | "super" => {
            while let Some(word) = path.next_if(|word| *word == "self" || *word == "super") {
                if word == "super" {
                    at.pop();
                }
            }
        }
        first => {
            let child = [at.as_slice(), &[first.to_owned()]].concat();
            if !modules.contains_key(&child) {
                return None;
            }
        }
    }
    at.extend(path.cloned());
    let mut rest = None;
    while !modules.contains_key(&at) {
        rest = Some(at.pop()?);
    }
    modules.get_key_value(&at).map(|(at, _)| (at, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(texts: &[(&str, &str)]) -> Vec<String> {
        let modules = texts.iter().map(|(path, text)| {
            let at: Vec<String> = path.split('/').map(str::to_owned).collect();
            let at = if *path == "lib" { Vec::new() } else { at };
            (at, (PathBuf::from(format!("{path}.rs")), uses::read(text)))
        });
        of_modules(&modules.collect(), Path::new(""))
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle_however_they_do_it() {
        let both = ["a.rs -> b.rs", "b.rs -> a.rs"];
        for (a, b) in [
            ("use crate::b::B;", "use super::a::A;"),
            ("use crate::{b::{self, B}, c};", "fn f() { crate::a::f() }"),
            (
                "#[cfg(test)] mod tests { use crate::b::B; }",
                "use crate::a::*;",
            ),
        ] {
            let mut found = flaws(&[("lib", "mod a; mod b;"), ("a", a), ("b", b)]);
            found.sort();
            found.dedup();
            assert_eq!(found, both, "{a} {b}");
        }
    }

    #[test]
    fn one_direction_is_none_nor_what_stands_in_comments_and_texts() {
        let b = "// use crate::a::A;\n/* crate::a::f() */ const A: &str = \"use crate::a::A;\"; fn f<'a>(c: char) { c == '\"'; }";
        assert_eq!(
            flaws(&[("lib", ""), ("a", "use crate::b::B;"), ("b", b)]),
            [""; 0]
        );
    }

    #[test]
    fn a_module_and_its_own_parts_may() {
        let parts = [
            ("a", "mod b; use b::B;"),
            ("a/b", "use super::A;"),
            ("lib", "mod a;"),
        ];
        assert_eq!(flaws(&parts), [""; 0]);
    }

    #[test]
    fn what_is_handed_on_is_its_own_files() {
        let lib = ("lib", "mod a; mod b; pub use a::A; pub use b::B;");
        let found = flaws(&[lib, ("a", "use crate::B;"), ("b", "use super::A;")]);
        assert!(found.contains(&"a.rs -> b.rs".to_owned()), "{found:?}");
        assert_eq!(flaws(&[lib, ("a", "use crate::B;"), ("b", "")]), [""; 0]);
    }

    #[test]
    fn two_folders_are_a_circle_although_no_two_files_are() {
        let found = flaws(&[
            ("lib", ""),
            ("x/a", "use crate::y::b::B;"),
            ("x/c", ""),
            ("y/b", ""),
            ("y/d", "use crate::x::c::C;"),
        ]);
        assert_eq!(found, ["x/a.rs -> y/b.rs", "y/d.rs -> x/c.rs"]);
    }
}

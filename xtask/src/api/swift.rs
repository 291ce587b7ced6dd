//! The public surface of the Swift package: by its symbol graph, and the documentation built as Xcode would.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use crate::{
    Done, Failure,
    project::{Project, files},
};

/// Writes ios/api.txt, or compares it.
pub(crate) fn api(project: &Project, words: &[&str]) -> Done {
    if !matches!(words, [] | ["--check"]) {
        return Err(Failure::because("usage: scripts/swift-api [--check]"));
    }
    let out = project.target.join("swift");
    fs::create_dir_all(&out).map_err(Failure::because)?;
    let text = surface(project)?;
    links(project)?;
    super::keep(
        project,
        "ios/api.txt",
        "swift-api",
        words,
        &out.join("api.txt"),
        &text,
    )
}

fn surface(project: &Project) -> Done<String> {
    let out = project.target.join("swift").display().to_string();
    let options = project.swift_options();
    let options = options.each_ref().map(String::as_str);
    // It builds all targets, programs too.
    let dump = [
        "dump-symbol-graph",
        "--minimum-access-level",
        "public",
        "--skip-synthesized-members",
    ];
    let package = ["scripts/swift", "package"];
    project.run_quietly(&[&package[..], &options, &dump].concat())?;
    let program = format!("{out}/api");
    project.run_quietly(&[
        "scripts/swift",
        "--exec",
        "swiftc",
        "-swift-version",
        "6",
        "-o",
        &program,
        "ios/Tools/api.swift",
    ])?;
    let graph = File::open(graph(project)?).map_err(Failure::because)?;
    let text = project.output_from(&["scripts/swift", "--exec", &program], graph.into())?;
    Ok(text + &only_apple(project)?)
}

/// Where the symbol graph was written.
fn graph(project: &Project) -> Done<PathBuf> {
    let found = files(
        &project.target.join("swift"),
        "/symbolgraph/Tigress.symbols.json",
    )?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| Failure::because("no symbol graph was written"))
}

/// What only Apple's systems compile is not in this system's symbol graph: its public lines as they are written.
/// (scripts/swift format lint sees to their documentation.)
fn only_apple(project: &Project) -> Done<String> {
    let mut text = "\nOn Apple's systems also:\n".to_owned();
    for file in files(&project.root.join("ios/Sources/Tigress"), ".swift")? {
        let source = project.read(&file)?;
        let apple = |line: &str| {
            line.starts_with("#if canImport(Security)") || line.starts_with("#if canImport(os)")
        };
        if !source.lines().any(apple) {
            continue;
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        for line in source.lines().filter_map(public_line) {
            text.push_str(&format!("{name}: {line}\n"));
        }
    }
    Ok(text)
}

/// A public declaration without what it consists of.
fn public_line(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(' ');
    line.strip_prefix("public ")?;
    let end = line.find(" {").unwrap_or(line.len());
    Some(line[..end].trim_end())
}

/// The documentation as Xcode would build it, in target/swift/doc: fails if it names what is not there.
fn links(project: &Project) -> Done {
    let out = project.target.join("swift");
    let graphs = out.join("graphs");
    let graph = graph(project)?;
    let _ = fs::remove_dir_all(&graphs);
    fs::create_dir_all(&graphs).map_err(Failure::because)?;
    fs::copy(graph, graphs.join("Tigress.symbols.json")).map_err(Failure::because)?;
    let (graphs, doc) = (
        graphs.display().to_string(),
        out.join("doc").display().to_string(),
    );
    let convert = [
        "scripts/swift",
        "--exec",
        "docc",
        "convert",
        "ios/Sources/Tigress/Tigress.docc",
        "--additional-symbol-graph-dir",
        &graphs,
    ];
    let names = [
        "--fallback-display-name",
        "Tigress",
        "--fallback-bundle-identifier",
        "org.tigress",
    ];
    project.run_quietly(
        &[
            &convert[..],
            &names,
            &["--output-path", &doc, "--warnings-as-errors"],
        ]
        .concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_line_ends_where_its_body_begins() {
        assert_eq!(
            public_line("    public func erase() throws {"),
            Some("public func erase() throws")
        );
        assert_eq!(
            public_line("public struct LogSink: Sendable { let a = 1 }"),
            Some("public struct LogSink: Sendable")
        );
        assert_eq!(
            public_line("    public init(appGroup: String? = nil)"),
            Some("public init(appGroup: String? = nil)")
        );
        assert_eq!(public_line("    let public = 1"), None);
    }
}

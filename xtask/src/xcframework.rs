//! The library for Apple's systems, as an xcframework that Package.swift takes. Needs a Mac; a dry run shows what would be done.

use std::path::PathBuf;

use crate::{Done, Failure, project::Project};

const FRAMEWORK: &str = "TigressFFI";
const ARCHIVE: &str = "libtigress_ffi.a";
const USAGE: &str = "usage: scripts/xcframework [--macos] [--release URL] [--dry-run]";

/// Builds it, and with a URL what is released.
pub(crate) fn xcframework(project: &Project, words: &[&str]) -> Done {
    let (mut macos, mut url, mut dry) = (false, None, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--macos" => macos = true,
            "--dry-run" => dry = true,
            "--release" => url = Some(address(words.next().copied().unwrap_or_default())?),
            _ => return Err(Failure::Usage(USAGE)),
        }
    }
    let build = Build {
        project,
        out: project.root.join("target/xcframework"),
        dry,
    };
    if !dry {
        build.need_a_mac()?;
    }
    build.build(macos)?;
    url.map_or(Ok(()), |url| build.release(url))
}

/// Where the zip will be: the address stands between quotes in Package.swift.
fn address(url: &str) -> Done<&str> {
    let name = url
        .strip_prefix("https://")
        .and_then(|rest| rest.strip_suffix(".zip"))
        .unwrap_or_default();
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || "\"\\".contains(c)) {
        return Err(Failure::because("--release wants the https URL of a .zip"));
    }
    Ok(url)
}

struct Build<'a> {
    project: &'a Project,
    out: PathBuf,
    dry: bool,
}

impl Build<'_> {
    fn need_a_mac(&self) -> Done {
        if std::env::consts::OS != "macos" {
            return Err(Failure::because(
                "an xcframework can only be built on a Mac; --dry-run shows how",
            ));
        }
        for tool in ["xcodebuild", "lipo", "ditto", "rustup", "cargo", "swift"] {
            if self.project.output(&["which", tool]).is_err() {
                return Err(Failure::because(format!(
                    "{tool} is missing: Xcode with its command line tools, and rustup, are needed"
                )));
            }
        }
        if self.project.root.join(self.headers()).is_file() {
            return Ok(());
        }
        Err(Failure::because(format!(
            "{} is missing: scripts/bindings makes it",
            self.headers()
        )))
    }

    fn build(&self, macos: bool) -> Done {
        let mut slices = vec![
            ("ios", vec!["aarch64-apple-ios"]),
            (
                "ios-simulator",
                vec!["aarch64-apple-ios-sim", "x86_64-apple-ios"],
            ),
        ];
        if macos {
            slices.push(("macos", vec!["aarch64-apple-darwin", "x86_64-apple-darwin"]));
        }
        let all: Vec<&str> = slices
            .iter()
            .flat_map(|(_, triples)| triples.iter().copied())
            .collect();
        self.run(&["rm", "-rf", "--", &self.shown("")])?;
        self.run(&["mkdir", "-p", "--", &self.shown("")])?;
        self.run(&[&["rustup", "target", "add"], &all[..]].concat())?;
        // Without the own HTTP client: URLSession is the better one there.
        let rustc = "cargo rustc --locked --release -p tigress-ffi --no-default-features --crate-type staticlib --target";
        for triple in all {
            self.run(&rustc.split(' ').chain([triple]).collect::<Vec<_>>())?;
        }
        let mut create = vec!["xcodebuild".to_owned(), "-create-xcframework".to_owned()];
        for (name, triples) in slices {
            self.slice(name, &triples)?;
            let library = self.shown(&format!("/{name}/{ARCHIVE}"));
            let headers = self.shown(&format!("/{name}/headers"));
            create.extend([
                "-library".to_owned(),
                library,
                "-headers".to_owned(),
                headers,
            ]);
        }
        create.extend(["-output".to_owned(), self.framework()]);
        self.run(&create.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// One library out of those of several processors. The headers lie in a folder of the module's own, so that two frameworks in
    /// one app do not collide.
    fn slice(&self, name: &str, triples: &[&str]) -> Done {
        let headers = self.shown(&format!("/{name}/headers/{FRAMEWORK}"));
        let archive = self.shown(&format!("/{name}/{ARCHIVE}"));
        let of = |triple: &&str| {
            self.project
                .target
                .join(triple)
                .join("release")
                .join(ARCHIVE)
                .display()
                .to_string()
        };
        let libraries: Vec<String> = triples.iter().map(of).collect();
        let libraries: Vec<&str> = libraries.iter().map(String::as_str).collect();
        self.run(&["mkdir", "-p", "--", &headers])?;
        self.run(&[&["lipo", "-create"], &libraries[..], &["-output", &archive]].concat())?;
        // No names of our own machines, and a smaller file.
        self.run(&["strip", "-S", "-x", &archive])?;
        let from = |path: &str| self.project.root.join(path).display().to_string();
        self.run(&[
            "cp",
            "--",
            &from(&self.headers()),
            &format!("{headers}/{FRAMEWORK}.h"),
        ])?;
        let modules = from(&format!("ios/{FRAMEWORK}.modulemap"));
        self.run(&["cp", "--", &modules, &format!("{headers}/module.modulemap")])
    }

    fn release(&self, url: &str) -> Done {
        let zip = format!("{}.zip", self.framework());
        // Without the times of now, so that the same framework gives the same zip.
        self.run(&[
            "find",
            &self.framework(),
            "-exec",
            "touch",
            "-h",
            "-t",
            "200001010000",
            "{}",
            "+",
        ])?;
        self.run(&[
            "ditto",
            "-c",
            "-k",
            "--norsrc",
            "--keepParent",
            &self.framework(),
            &zip,
        ])?;
        let compute = ["swift", "package", "compute-checksum", &zip];
        let manifest = self.project.read("Package.swift")?;
        if self.dry {
            self.run(&compute)?;
            eprintln!("Package.swift would say:");
            let released = released(&manifest, url, "CHECKSUM");
            for line in released
                .lines()
                .filter(|line| line.starts_with("let release"))
            {
                println!("{line}");
            }
            return Ok(());
        }
        let checksum = self.project.output(&compute)?;
        self.project
            .write("Package.swift", &released(&manifest, url, checksum.trim()))?;
        eprintln!("put {zip} at {url}, commit Package.swift and tag it");
        Ok(())
    }

    /// Runs a command, or in a dry run shows it.
    fn run(&self, words: &[&str]) -> Done {
        if !self.dry {
            return self.project.run(words);
        }
        for word in words {
            print!("{} ", quoted(word));
        }
        println!();
        Ok(())
    }

    fn shown(&self, below: &str) -> String {
        format!("{}{below}", self.out.display())
    }

    fn framework(&self) -> String {
        self.shown(&format!("/{FRAMEWORK}.xcframework"))
    }

    fn headers(&self) -> String {
        format!("bindings/generated/swift/{FRAMEWORK}.h")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    word.chars()
        .map(|c| {
            if plain(c) {
                c.to_string()
            } else {
                format!("\\{c}")
            }
        })
        .collect()
}

/// Package.swift with the address of the zip and its checksum; the form that is tagged.
fn released(manifest: &str, url: &str, checksum: &str) -> String {
    let line = |line: &str| {
        let is = |name: &str| line.starts_with(&format!("let {name} = \"")) && line.ends_with('"');
        if is("releaseURL") {
            format!("let releaseURL = \"{url}\"\n")
        } else if is("releaseChecksum") {
            format!("let releaseChecksum = \"{checksum}\"\n")
        } else {
            format!("{line}\n")
        }
    };
    manifest.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_its_zip_and_nothing_else_changes() {
        let manifest =
            "// a\nlet releaseURL = \"\"\nlet releaseChecksum = \"old\"\nlet other = \"\"\n";
        let said = "// a\nlet releaseURL = \"https://a.example/b.zip\"\nlet releaseChecksum = \"12\"\nlet other = \"\"\n";
        assert_eq!(released(manifest, "https://a.example/b.zip", "12"), said);
    }

    #[test]
    fn the_zip_has_an_https_address() {
        assert!(address("https://a.example/b.zip").is_ok());
        for wrong in [
            "",
            "http://a.example/b.zip",
            "https://a.example/b",
            "https://.zip",
            "https://a b.zip",
            "https://a\".zip",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}

//! The library for Apple's systems, as an xcframework that Package.swift takes. Needs a Mac; a dry run shows what would be done.

mod framework;

use std::path::PathBuf;

use crate::{Done, Failure, project::Project, remap::remapped};
use framework::{NAME, SLICES, Slice};

const ARCHIVE: &str = "libtigress_ffi.a";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const USAGE: &str = "usage: scripts/xcframework [--macos] [--testing | --release URL] [--dry-run]";

/// Builds it, and with a URL what is released.
pub(crate) fn xcframework(project: &Project, words: &[&str]) -> Done {
    let (mut macos, mut url, mut dry, mut testing) = (false, None, false, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--macos" => macos = true,
            "--dry-run" => dry = true,
            "--testing" => testing = true,
            "--release" => url = Some(address(words.next().copied().unwrap_or_default())?),
            _ => return Err(Failure::Usage(USAGE)),
        }
    }
    if testing && url.is_some() {
        return Err(Failure::Usage(USAGE));
    }
    let build = Build {
        project,
        out: project.root.join("target/xcframework"),
        dry,
    };
    if !dry {
        build.need_a_mac()?;
    }
    build.build(macos, testing)?;
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
        if self.project.root.join(headers()).is_file() {
            return Ok(());
        }
        Err(Failure::because(format!(
            "{} is missing: scripts/bindings makes it",
            headers()
        )))
    }

    fn build(&self, macos: bool, testing: bool) -> Done {
        let wanted = |slice: &&Slice| macos || !slice.is_macos();
        let slices: Vec<&Slice> = SLICES.iter().filter(wanted).collect();
        let targets = slices.iter().flat_map(|slice| slice.processors);
        let targets: Vec<&str> = targets.map(|(_, target)| *target).collect();
        self.run(&["rm", "-rf", "--", &self.shown("")])?;
        self.run(&["mkdir", "-p", "--", &self.shown("")])?;
        self.run(&[&["rustup", "target", "add"], &targets[..]].concat())?;
        // Without the own HTTP client: URLSession is the better one there.
        let features = if testing { "testing" } else { "" };
        let rustc = "cargo rustc --locked --profile mobile -p tigress-ffi --lib --crate-type staticlib --no-default-features";
        for target in targets {
            let options = ["--features", features, "--target", target];
            self.run(&rustc.split(' ').chain(options).collect::<Vec<_>>())?;
        }
        let mut create = vec!["xcodebuild".to_owned(), "-create-xcframework".to_owned()];
        for slice in &slices {
            create.extend(["-framework".to_owned(), self.slice(slice)?]);
        }
        create.extend(["-output".to_owned(), self.framework()]);
        self.run(&create.iter().map(String::as_str).collect::<Vec<_>>())?;
        let list = format!("{}/Info.plist", self.framework());
        if self.dry {
            println!("# {list}: the same, its libraries in one order");
            return Ok(());
        }
        self.project.write(list, &framework::list_of(&slices))
    }

    /// One framework out of the libraries of several processors; says where it is.
    fn slice(&self, slice: &Slice) -> Done<String> {
        let folder = self.shown(&format!("/{}", slice.identifier));
        let archive = format!("{folder}/{ARCHIVE}");
        let of = |(_, target): &(&str, &str)| {
            let folder = self.project.target.join(target);
            folder.join("mobile").join(ARCHIVE).display().to_string()
        };
        let libraries: Vec<String> = slice.processors.iter().map(of).collect();
        let libraries: Vec<&str> = libraries.iter().map(String::as_str).collect();
        self.run(&["mkdir", "-p", "--", &folder])?;
        self.run(&[&["lipo", "-create"], &libraries[..], &["-output", &archive]].concat())?;
        // A smaller file.
        self.run(&["strip", "-S", "-x", &archive])?;
        let made = PathBuf::from(&folder).join(format!("{NAME}.framework"));
        if self.dry {
            println!(
                "# {}: library, header, module map, Info.plist, privacy manifest, licences, bill of materials",
                made.display()
            );
        } else {
            framework::lay_out(
                self.project,
                slice,
                archive.as_ref(),
                VERSION,
                folder.as_ref(),
            )?;
        }
        Ok(made.display().to_string())
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
            let mut command = self.project.command(words);
            // The same library out of any folder, at any time.
            command.env("CARGO_ENCODED_RUSTFLAGS", remapped(self.project));
            command.env("ZERO_AR_DATE", "1");
            return self.project.finish(command, words);
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
        self.shown(&format!("/{NAME}.xcframework"))
    }
}

fn headers() -> String {
    format!("bindings/generated/swift/{NAME}.h")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    if word.is_empty() {
        return "''".to_owned();
    }
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

//! The clients in the three languages as processes: what they are given, and what they say.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{ChildStdout, Stdio},
};

use crate::{
    Done, Failure,
    project::{Project, Running},
};

/// How a language's client is started.
pub(super) struct Peers<'a> {
    pub(super) project: &'a Project,
    /// Not in /tmp, which Swift's toolchain may have to itself.
    pub(super) work: PathBuf,
    /// Seconds that a transfer may take.
    pub(super) limit: u64,
}

impl Peers<'_> {
    /// Starts one, for `limit` seconds at most. What it says goes to `said` with `.err`, and with `.out` or to a pipe.
    pub(super) fn start(
        &self,
        language: &str,
        said: &Path,
        piped: bool,
        arguments: &[&str],
    ) -> Done<Running> {
        let own = self.command_of(language)?;
        let limit = self.limit.to_string();
        let mut words = vec!["timeout", "--kill-after=5", &limit];
        words.extend(own.iter().map(String::as_str));
        words.extend(arguments);
        let file = |end: &str| File::create(said.with_extension(end)).map_err(Failure::because);
        let output = if piped {
            Stdio::piped()
        } else {
            file("out")?.into()
        };
        let mut command = self.project.command(&words);
        command.stdout(output).stderr(file("err")?);
        command.spawn().map(Running).map_err(Failure::because)
    }

    /// The words that begin its peer's command.
    fn command_of(&self, language: &str) -> Done<Vec<String>> {
        let target = &self.project.target;
        let shown = |path: &str| target.join(path).display().to_string();
        let words = match language {
            "rust" => vec![shown("debug/tigress")],
            "swift" => vec![
                "scripts/swift".to_owned(),
                "--exec".to_owned(),
                shown("swift/debug/tigress-peer"),
            ],
            _ => {
                let others = self.project.read(self.work.join("classpath"))?;
                let classes = [
                    &shown("android/test-classes"),
                    &shown("android/classes"),
                    others.trim(),
                ]
                .join(":");
                // Java's own HTTP has no PATCH, Android's has: the peer sets it by reflection, which must be allowed.
                let options = [
                    "java",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "--add-opens",
                    "java.base/java.net=ALL-UNNAMED",
                ];
                let mut words: Vec<String> = options.map(str::to_owned).into();
                words.extend([
                    format!("-Djna.library.path={}", shown("debug")),
                    "-cp".to_owned(),
                    classes,
                    "org.tigress.peer.PeerKt".to_owned(),
                ]);
                words
            }
        };
        Ok(words)
    }

    /// The end of what a peer said, without the invitation's secret.
    pub(super) fn show(&self, language: &str, files: &Path) {
        for end in ["out", "err"] {
            let file = files.with_extension(end);
            let text = fs::read_to_string(&file).unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            println!(
                "--- {language}, the end of {}:",
                file.strip_prefix(&self.project.root)
                    .unwrap_or(&file)
                    .display()
            );
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines[lines.len().saturating_sub(10)..] {
                println!("{}", without_secrets(line));
            }
        }
    }
}

/// What the sender prints, which is kept in a file.
pub(super) struct Lines {
    from: Box<dyn BufRead>,
    kept: File,
}

impl Lines {
    pub(super) fn new(from: Option<ChildStdout>, kept: &Path) -> Done<Self> {
        let kept = File::create(kept).map_err(Failure::because)?;
        let from: Box<dyn BufRead> = match from {
            Some(output) => Box::new(BufReader::new(output)),
            None => Box::new(std::io::empty()),
        };
        Ok(Self { from, kept })
    }

    /// Reads up to the invitation: its URL. None if the sender ended, as it does when its time is up.
    pub(super) fn invitation(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.from.read_line(&mut line).ok()? == 0 {
                return None;
            }
            self.kept.write_all(line.as_bytes()).ok()?;
            if line.contains("\"event\":\"invited\"")
                && let Some(url) = line
                    .split("\"url\":\"")
                    .nth(1)
                    .and_then(|rest| rest.split('"').next())
            {
                return Some(url.to_owned());
            }
        }
    }

    pub(super) fn rest(&mut self) {
        let _ = std::io::copy(&mut self.from, &mut self.kept);
    }
}

/// A line without what follows a `#`, up to a quote.
fn without_secrets(line: &str) -> String {
    match line.split_once('#') {
        None => line.to_owned(),
        Some((before, after)) => format!(
            "{before}#…{}",
            after.find('"').map_or("", |at| &after[at..])
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_shown_without_its_secret() {
        let line = r#"{"event":"invited","url":"https://relay.example/m/1?v=c#secret","pin":null}"#;
        assert_eq!(
            without_secrets(line),
            r#"{"event":"invited","url":"https://relay.example/m/1?v=c#…","pin":null}"#
        );
        assert_eq!(
            without_secrets("see https://relay.example/m/1#secret"),
            "see https://relay.example/m/1#…"
        );
        assert_eq!(without_secrets("nothing"), "nothing");
    }
}

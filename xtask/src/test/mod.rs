//! Runs the parts of the tests, step by step, and says how long each took and how many tests passed.

mod parts;
mod sum;

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Instant, SystemTime},
};

use crate::{
    Done, Failure,
    project::{Project, Running},
};
use sum::Sum;

const PARTS: [&str; 4] = ["rust", "kotlin", "swift", "pairs"];

/// Runs the parts that are named, or all; fails if one does.
pub(crate) fn test(project: Project, named: &[&str]) -> Done {
    if named.iter().any(|word| !PARTS.contains(word)) {
        return Err(Failure::Usage(
            "usage: scripts/test [PART…]     the parts: rust kotlin swift pairs",
        ));
    }
    let named = if named.is_empty() { &PARTS } else { named };
    let mut run = Run::new(project)?;
    for language in ["swift", "kotlin"] {
        if named.contains(&language) || named.contains(&"pairs") {
            run.fetch(language)?;
        }
    }
    let mut failed = false;
    for part in named {
        run.begin(part)?;
        match *part {
            "rust" => run.rust()?,
            "kotlin" => run.kotlin()?,
            "swift" => run.swift()?,
            _ => run.pairs()?,
        }
        failed |= !run.end()?;
    }
    if failed { Err(Failure::Said) } else { Ok(()) }
}

/// A run of some parts.
struct Run {
    project: Project,
    logs: PathBuf,
    ci: bool,
    /// Handed to everything that is run.
    variables: Vec<(&'static str, &'static str)>,
    fetching: Vec<Fetching>,
    part: String,
    started: Instant,
    rows: Vec<String>,
    failed: bool,
    /// This system can't run the part, and that is not held against it.
    excused: bool,
}

/// A toolchain that is being made ready, in the background.
struct Fetching {
    language: &'static str,
    process: Option<Running>,
    ready: bool,
    /// This system can't have it.
    unfit: bool,
}

/// What a step has while it runs.
struct Step<'a> {
    project: &'a Project,
    variables: &'a [(&'static str, &'static str)],
    log: &'a File,
}

impl Run {
    fn new(project: Project) -> Done<Self> {
        let logs = project.root.join("target/logs");
        fs::create_dir_all(&logs).map_err(Failure::because)?;
        Ok(Self {
            project,
            logs,
            ci: env::var("CI").is_ok_and(|value| value == "true"),
            // One profile (dev), one target folder, nothing incremental, for all of it.
            variables: vec![("CARGO_INCREMENTAL", "0"), ("CARGO_TERM_COLOR", "never")],
            fetching: Vec::new(),
            part: String::new(),
            started: begun(),
            rows: Vec::new(),
            failed: false,
            excused: false,
        })
    }

    fn begin(&mut self, part: &str) -> Done {
        if !self.part.is_empty() {
            self.started = Instant::now();
        }
        part.clone_into(&mut self.part);
        (self.rows, self.failed, self.excused) = (Vec::new(), false, false);
        for log in self.logs_of_part()? {
            fs::remove_file(log).map_err(Failure::because)?;
        }
        Ok(())
    }

    fn logs_of_part(&self) -> Done<Vec<PathBuf>> {
        let begins = format!("{}-", self.part);
        let mut logs = Vec::new();
        for entry in fs::read_dir(&self.logs).map_err(Failure::because)? {
            let path = entry.map_err(Failure::because)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(&begins) && name.ends_with(".log") {
                logs.push(path);
            }
        }
        Ok(logs)
    }

    fn log(&self, step: &str) -> PathBuf {
        self.logs.join(format!("{}-{step}.log", self.part))
    }

    /// Runs it whatever became of the steps before, and notes how it went.
    fn step(&mut self, name: &str, work: impl FnOnce(&Step<'_>) -> bool) -> Done<bool> {
        let started = Instant::now();
        let path = self.log(name);
        let log = File::create(&path).map_err(Failure::because)?;
        eprintln!("{}: {name}", self.part);
        let ok = work(&Step {
            project: &self.project,
            variables: &self.variables,
            log: &log,
        });
        self.note(name, started, ok);
        if !ok {
            // 400 where the logs are not kept.
            let lines = if self.ci { 400 } else { 60 };
            eprintln!(
                "--- {name} failed; the end of target/logs/{}-{name}.log:",
                self.part
            );
            eprint!("{}", end_of(&text_of(&path), lines));
            eprintln!("---");
        }
        Ok(ok)
    }

    /// A step that is one command, whose words have no spaces.
    fn command(&mut self, name: &str, line: &str) -> Done<bool> {
        let words: Vec<&str> = line.split(' ').collect();
        self.step(name, |step| step.run(&words))
    }

    fn note(&mut self, name: &str, started: Instant, ok: bool) {
        self.failed |= !ok;
        let word = if ok { "ok" } else { "FAILED" };
        self.rows
            .push(format!("{name:12} {:>8}  {word}", seconds(started)));
    }

    /// This part can't run on this system: said, and not held against the user, but against CI.
    fn cannot(&mut self, reason: &str) {
        eprintln!("the part {} can't run here: {reason}", self.part);
        self.rows.push(format!("can't run here: {reason}"));
        self.excused = !self.ci;
    }

    /// Prints the table and the sum of the tests. False if a step failed, or if no test ran.
    fn end(&self) -> Done<bool> {
        let seconds = seconds(self.started);
        let mut sum = Sum::default();
        for log in self.logs_of_part()? {
            sum.add(&text_of(&log));
        }
        println!("\n{:12} {:>8}", self.part, "seconds");
        for row in &self.rows {
            println!("{row}");
        }
        let whole = self.started.elapsed().as_secs();
        println!(
            "{:12} {seconds:>8}  ({} min {} s)",
            "total",
            whole / 60,
            whole % 60
        );
        println!(
            "tests ignored: {}\n\n{} passed, {} failed",
            sum.ignored, sum.passed, sum.failed
        );
        Ok(!self.failed && (sum.passed > 0 || self.excused))
    }

    /// Begins to make a language's toolchain ready, by its script.
    fn fetch(&mut self, language: &'static str) -> Done {
        let log = File::create(self.fetching_log(language)).map_err(Failure::because)?;
        let step = Step {
            project: &self.project,
            variables: &self.variables,
            log: &log,
        };
        let process = step
            .start(&[&format!("scripts/{language}"), "--ready"])
            .map_err(Failure::because)?;
        self.fetching.push(Fetching {
            language,
            process: Some(Running(process)),
            ready: false,
            unfit: false,
        });
        Ok(())
    }

    fn fetching_log(&self, language: &str) -> PathBuf {
        self.logs.join(format!("fetching-{language}.log"))
    }

    /// A step that waits until a toolchain is ready. False if this system can't have it, which is no failure yet.
    fn fetched(&mut self, step: &str, language: &str) -> Done<bool> {
        let log = self.fetching_log(language);
        let mut fetching = std::mem::take(&mut self.fetching);
        let mut unfit = false;
        self.step(step, |step| {
            let Some(it) = fetching.iter_mut().find(|it| it.language == language) else {
                return false;
            };
            if let Some(mut process) = it.process.take() {
                let code = process.0.wait().ok().and_then(|status| status.code());
                (it.ready, it.unfit) = (code == Some(0), code == Some(3));
            }
            step.say(&text_of(&log));
            unfit = it.unfit;
            it.ready || it.unfit
        })?;
        self.fetching = fetching;
        Ok(!unfit)
    }
}

impl Step<'_> {
    /// Runs a command; true if it went well.
    fn run(&self, words: &[&str]) -> bool {
        match self.start(words) {
            Ok(mut process) => process.wait().is_ok_and(|status| status.success()),
            Err(error) => {
                self.say(&format!("{}: {error}\n", words.join(" ")));
                false
            }
        }
    }

    fn start(&self, words: &[&str]) -> std::io::Result<Child> {
        self.prepared(words)?.spawn()
    }

    fn prepared(&self, words: &[&str]) -> std::io::Result<Command> {
        let mut command = self.project.command(words);
        command.envs(self.variables.iter().copied());
        command
            .stdout(Stdio::from(self.log.try_clone()?))
            .stderr(Stdio::from(self.log.try_clone()?));
        Ok(command)
    }

    /// What a command prints; None if it fails.
    fn output(&self, words: &[&str]) -> Option<String> {
        let output = self
            .prepared(words)
            .ok()?
            .stdout(Stdio::piped())
            .spawn()
            .ok()?
            .wait_with_output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn say(&self, text: &str) {
        let _ = (&mut &*self.log).write_all(text.as_bytes());
    }
}

/// When the script that called this one began, which made the Rust toolchain ready: microseconds are said by TIGRESS_BEGUN.
fn begun() -> Instant {
    let now = Instant::now();
    let since = env::var("TIGRESS_BEGUN")
        .ok()
        .and_then(|value| value.parse::<u64>().ok())
        .and_then(|micros| {
            let then = SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(micros);
            now.checked_sub(SystemTime::now().duration_since(then).ok()?)
        });
    since.unwrap_or(now)
}

fn seconds(since: Instant) -> String {
    let tenths = since.elapsed().as_millis() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// What a log says, whatever bytes a program put there.
fn text_of(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

fn end_of(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    all[all.len().saturating_sub(lines)..].concat()
}

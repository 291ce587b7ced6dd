//! Where the project is, and other programs run in it.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{Done, Failure};

/// The project's folders.
#[derive(Clone)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Cargo's, and what else is built.
    pub(crate) target: PathBuf,
}

impl Project {
    pub(crate) fn here() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.parent().unwrap_or(own).to_owned();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| root.join(folder));
        Self { root, target }
    }

    /// A program of the host's build.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.built_as("dev", name)
    }

    /// The same in a profile, whose folder has another name only for that of the tests.
    pub(crate) fn built_as(&self, profile: &str, name: &str) -> PathBuf {
        let folder = if profile == "dev" { "debug" } else { profile };
        self.target.join(folder).join(name)
    }

    /// SwiftPM's options for a package that is linked with the host's library.
    pub(crate) fn swift_options(&self) -> [String; 8] {
        let folder = |name: &str| self.target.join(name).display().to_string();
        let (scratch, library) = (folder("swift"), folder("debug"));
        let linker = || "-Xlinker".to_owned();
        [
            "--scratch-path".to_owned(),
            scratch,
            linker(),
            format!("-L{library}"),
            linker(),
            "-rpath".to_owned(),
            linker(),
            library,
        ]
    }

    /// A command that will run in the project's folder, and reads nothing.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let (program, arguments) = words.split_first().unwrap_or((&"false", &[]));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.root)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command; what it says is seen.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.finish(self.command(words), words)
    }

    /// Runs a command; what it says is seen, all of it as errors.
    pub(crate) fn run_quietly(&self, words: &[&str]) -> Done {
        let mut command = self.command(words);
        command.stdout(std::io::stderr());
        self.finish(command, words)
    }

    /// Runs a command that was made of `words`.
    pub(crate) fn finish(&self, mut command: Command, words: &[&str]) -> Done {
        let status = command
            .status()
            .map_err(|error| Failure::because(format!("{}: {error}", words.join(" "))))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::because(format!("{}: {status}", words.join(" "))))
        }
    }

    /// What a command prints.
    pub(crate) fn output(&self, words: &[&str]) -> Done<String> {
        self.output_from(words, Stdio::null())
    }

    /// What a command prints that reads `input`.
    pub(crate) fn output_from(&self, words: &[&str], input: Stdio) -> Done<String> {
        let told = |what: &str| Failure::because(format!("{}: {what}", words.join(" ")));
        let output = self
            .command(words)
            .stdin(input)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| told(&error.to_string()))?;
        if !output.status.success() {
            return Err(told(&output.status.to_string()));
        }
        String::from_utf8(output.stdout).map_err(|_| told("prints what is no text"))
    }

    /// The folder of a package from the registry of Python's packages, kept outside the tree.
    pub(crate) fn python_package(&self, name: &str, version: &str) -> Done<PathBuf> {
        let folder = tools().join(format!("{name}-{version}"));
        let whole = folder.join("installed");
        if !whole.exists() {
            let environment = folder.display().to_string();
            let pip = folder.join("bin/pip").display().to_string();
            self.run_quietly(&["python3", "-m", "venv", "--clear", &environment])?;
            let package = format!("{name}=={version}");
            self.run_quietly(&[&pip, "install", "--quiet", &package])?;
            fs::write(&whole, "").map_err(Failure::because)?;
        }
        Ok(folder)
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Done<String> {
        let path = self.root.join(path);
        fs::read_to_string(&path)
            .map_err(|error| Failure::because(format!("{}: {error}", path.display())))
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, text: &str) -> Done {
        let path = self.root.join(path);
        fs::write(&path, text)
            .map_err(|error| Failure::because(format!("{}: {error}", path.display())))
    }
}

/// A process that is ended, if it has not by itself, when nobody is interested any more.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // TERM, not KILL: `timeout`, cargo and the scripts then end their own children.
        if let Ok(None) = self.0.try_wait() {
            let _ = Command::new("kill")
                .arg(self.0.id().to_string())
                .stderr(Stdio::null())
                .status();
            let _ = self.0.wait();
        }
    }
}

/// Starts a relay by this command, and says where it listens; nothing if it does not say so.
pub(crate) fn relay(mut command: Command) -> Done<Option<(String, Running)>> {
    command.stdout(Stdio::piped());
    let mut running = Running(command.spawn().map_err(Failure::because)?);
    let mut line = String::new();
    if let Some(output) = running.0.stdout.take() {
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(Failure::because)?;
    }
    let url = line.trim_end().strip_prefix("listening on ");
    Ok(url.map(|url| (url.to_owned(), running)))
}

/// The files under `folder` whose names end with `end`, sorted.
pub(crate) fn files(folder: &Path, end: &str) -> Done<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|error| Failure::because(format!("{}: {error}", folder.display())))?;
        for entry in entries {
            let path = entry.map_err(Failure::because)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Tools that are no part of the tree.
pub(crate) fn tools() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
        .unwrap_or_default();
    cache.join("tigress/tools")
}

/// The library of the bindings, as this system names it.
pub(crate) fn shared_library() -> &'static str {
    if cfg!(target_os = "macos") {
        "libtigress_ffi.dylib"
    } else {
        "libtigress_ffi.so"
    }
}

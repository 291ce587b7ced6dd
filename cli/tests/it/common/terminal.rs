//! A terminal with a user: what the command shows there, what is typed, and whether typing is shown.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::{Desk, PATIENCE};

/// A terminal of 24 rows and 80 columns, and a process in a session of its own on it.
pub(crate) struct Terminal {
    child: Child,
    master: File,
    /// Held open, so that its modes can be seen after the process.
    _slave: File,
    shows: Receiver<Vec<u8>>,
    /// All that was shown so far.
    pub(crate) shown: String,
}

impl Terminal {
    /// Runs a line of the shell, in which `$TIGRESS` is the command.
    pub(crate) fn shell(desk: &Desk, line: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = desk.command_of("setsid", &["--ctty", "sh", "-c", line]);
        command.envs(environment.iter().copied());
        Self::start(command)
    }

    /// Runs the command itself.
    pub(crate) fn run(desk: &Desk, words: &[&str]) -> Self {
        Self::run_in(desk, words, &[])
    }

    pub(crate) fn run_in(desk: &Desk, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let tigress = env!("CARGO_BIN_EXE_tigress");
        let mut command = desk.command_of("setsid", &[&["--ctty", tigress], words].concat());
        command.envs(environment.iter().copied());
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        let mut options = OpenOptions::new();
        let slave = options.read(true).write(true).open(path.to_str().unwrap());
        let slave = slave.unwrap();
        let master = File::from(master);
        let child = command
            .env("TIGRESS", env!("CARGO_BIN_EXE_tigress"))
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave.try_clone().unwrap())
            .spawn()
            .unwrap();
        let (show, shows) = channel();
        let mut output = master.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let _ = show.send(buffer[..count].to_vec());
            }
        });
        Self {
            child,
            master,
            _slave: slave,
            shows,
            shown: String::new(),
        }
    }

    /// Waits until this is shown, after all that was waited for before.
    pub(crate) fn until(&mut self, what: &str) {
        let from = self.shown.len();
        let mut seen = String::new();
        while !seen.contains(what) {
            let more = self.shows.recv_timeout(PATIENCE);
            let more = more.unwrap_or_else(|_| panic!("no {what} in {}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&more));
            seen = self.shown[from..].to_owned();
        }
    }

    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.master, "{line}").unwrap();
    }

    /// Stops what is in the foreground.
    pub(crate) fn presses_ctrl_z(&mut self) {
        self.master.write_all(b"\x1a").unwrap();
    }

    /// Whether it shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.master).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }

    /// As a shell or another program may do.
    pub(crate) fn set_echo(&self) {
        let mut modes = tcgetattr(&self.master).unwrap();
        modes.local_modes.insert(LocalModes::ECHO);
        tcsetattr(&self.master, OptionalActions::Now, &modes).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the process is stopped.
    pub(crate) fn stopped(&self) {
        let pid = Some(Pid::from_child(&self.child));
        let (_, status) = waitpid(pid, WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{status:?}");
    }

    /// Waits for the end: the exit code, or the signal that ended it.
    pub(crate) fn end(&mut self) -> Result<i32, i32> {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.child.wait().unwrap();
        while let Ok(more) = self.shows.try_recv() {
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
        status.code().ok_or(status.signal().unwrap_or_default())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The command as its users run it: real processes, whose lines on stdout are what a test waits for.

mod desk;
pub(crate) mod terminal;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

pub(crate) use desk::Desk;
pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use serde_json::Value;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Desk {
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn start(&self, words: &[&str]) -> Process {
        Process::of(self.command(words))
    }

    /// Runs it to its end, without waiting for anything on the way.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        self.start(words).end()
    }

    /// A relay of its own process, and its origin.
    pub(crate) fn relay(&self) -> Relay {
        let mut process = self.start(&["relay"]);
        let line = process.line().unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Relay { process, url }
    }

    /// A sender of the file `key` that has invited, and the link.
    pub(crate) fn offer(&self, relay: &str) -> (Process, String) {
        self.invited(&["key", "--relay", relay, "--state", "s"])
    }

    /// A sender that has invited, and the link.
    pub(crate) fn invited(&self, words: &[&str]) -> (Process, String) {
        let mut sender = self.start(&[&["send", "--json"], words].concat());
        let invited = sender.until("invited");
        (sender, text(&invited, "url"))
    }
}

pub(crate) struct Relay {
    pub(crate) process: Process,
    pub(crate) url: String,
}

/// The value of a key.
pub(crate) fn text(event: &Value, key: &str) -> String {
    event[key].as_str().unwrap().to_owned()
}

pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    /// Every line so far.
    pub(crate) said: Vec<String>,
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn events(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).expect(line);
        self.stdout.iter().map(parse).collect()
    }

    /// The last event of this name.
    pub(crate) fn event(&self, name: &str) -> Value {
        let found = self.events().into_iter().rfind(|e| e["event"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}, {}", self.stdout, self.stderr))
    }
}

impl Process {
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (lines_to, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = lines_to.send(line);
            }
        });
        let (errors_to, errors) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = errors_to.send(line + "\n");
            }
        });
        Self {
            child,
            lines,
            errors,
            said: Vec::new(),
        }
    }

    /// The next line; none if there is no more.
    pub(crate) fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.said.push(line.clone());
                Some(line)
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(_) => panic!("nothing happens after {:?}", self.said),
        }
    }

    /// The next event of this name.
    pub(crate) fn until(&mut self, name: &str) -> Value {
        while let Some(line) = self.line() {
            let event: Value = serde_json::from_str(&line).expect(&line);
            if event["event"] == name {
                return event;
            }
        }
        panic!("no {name} in {:?}: {}", self.said, self.stderr());
    }

    /// All that is left of it.
    fn stderr(&self) -> String {
        std::iter::from_fn(|| self.errors.recv_timeout(PATIENCE).ok()).collect()
    }

    /// Waits for a line with this on stderr.
    pub(crate) fn warns(&self, what: &str) {
        while let Ok(line) = self.errors.recv_timeout(PATIENCE) {
            if line.contains(what) {
                return;
            }
        }
        panic!("no {what} on stderr; stdout: {:?}", self.said);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// As by a power cut.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        while self.line().is_some() {}
        let code = self.child.wait().unwrap().code();
        Ended {
            code,
            stderr: self.stderr(),
            stdout: std::mem::take(&mut self.said),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stands before a relay and tells of each write that the relay has taken.
pub(crate) struct Watcher {
    pub(crate) url: String,
    written: Receiver<()>,
}

impl Watcher {
    /// Before the relay's own address is known: its public URL is the watcher's.
    pub(crate) fn before(desk: &Desk) -> (Self, Relay) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let mut process = desk.start(&["relay", "--public-url", &url]);
        let line = process.line().unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        let address = address.split(' ').next().unwrap().to_owned();
        let (tell, written) = channel();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let relay = TcpStream::connect(&address).unwrap();
                watch(client, relay, &tell);
            }
        });
        let relay = Relay {
            process,
            url: url.clone(),
        };
        (Self { url, written }, relay)
    }

    /// Waits until a write was taken since the last call.
    pub(crate) fn written(&self) {
        self.written.recv_timeout(PATIENCE).expect("no write");
    }
}

/// Passes on what client and relay say, request after request.
fn watch(client: TcpStream, relay: TcpStream, tell: &Sender<()>) {
    let (mut from_client, mut to_relay) = (client.try_clone().unwrap(), relay.try_clone().unwrap());
    let (mut from_relay, mut to_client) = (relay, client);
    let (put_to, puts) = channel();
    std::thread::spawn(move || {
        pass(&mut from_client, &mut to_relay, |bytes| {
            if let Some(at) = METHODS.iter().position(|method| bytes.starts_with(method)) {
                let _ = put_to.send(at == 0);
            }
        });
        let _ = to_relay.shutdown(std::net::Shutdown::Write);
    });
    let tell = tell.clone();
    std::thread::spawn(move || {
        pass(&mut from_relay, &mut to_client, |bytes| {
            if bytes.starts_with(b"HTTP/1.1 ") {
                let was_put = puts.recv_timeout(PATIENCE).unwrap_or_default();
                if was_put && bytes.starts_with(b"HTTP/1.1 200") {
                    let _ = tell.send(());
                }
            }
        });
        let _ = to_client.shutdown(std::net::Shutdown::Both);
    });
}

const METHODS: [&[u8]; 5] = [b"PUT ", b"POST ", b"GET ", b"PATCH ", b"DELETE "];

fn pass(from: &mut TcpStream, to: &mut TcpStream, mut look: impl FnMut(&[u8])) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
        look(&buffer[..count]);
    }
}

/// Bytes without any structure.
pub(crate) fn arbitrary(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

/// Who may read a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().unwrap().permissions().mode() & 0o777
}

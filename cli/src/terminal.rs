//! Asks on the terminal without showing what is typed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::exit::Failure;

/// Longest line that is taken for a PIN.
const MAX_LINE: usize = 64;

/// Whether there is somebody to ask.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal() && open().is_ok()
}

/// A PIN as it was typed. Dropped meanwhile, the terminal shows again what is typed.
pub(crate) async fn ask_pin() -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| {
        let reason = format!("the terminal can't be read: {error}");
        Failure::new("terminal", reason)
    };
    let mut terminal = open().map_err(failed)?;
    let _quiet = Quiet::of(&terminal).map_err(failed)?;
    write!(terminal, "PIN: ").map_err(failed)?;
    let typed = tokio::task::spawn_blocking(read_line).await;
    let typed = typed.map_err(|_| Failure::new("terminal", "the terminal can't be read"))?;
    // The line's end was not shown either.
    let _ = writeln!(terminal);
    typed.map_err(failed)
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn read_line() -> io::Result<Zeroizing<String>> {
    use io::Read as _;
    let mut line = Zeroizing::new(String::with_capacity(MAX_LINE));
    BufReader::new(open()?.take(MAX_LINE as u64)).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

/// A terminal without echo, as long as this lives.
struct Quiet {
    terminal: File,
    before: Termios,
}

impl Quiet {
    fn of(terminal: &File) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

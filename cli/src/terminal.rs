//! Asks on the terminal without showing what is typed. However the command ends meanwhile, by a signal or a panic too,
//! the terminal shows again what is typed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// Longest line that is taken for a PIN.
const MAX_LINE: usize = 64;

/// The terminal while it shows nothing, and how it was before.
static QUIET: Mutex<Option<Quiet>> = Mutex::new(None);
/// Who reads a line that is not asked for any more: reading can't be stopped, and the next line is theirs.
static READER: Mutex<Option<Reader>> = Mutex::new(None);
/// Signals are handled from the first question on, to the end of the process.
static WATCHED: OnceLock<()> = OnceLock::new();

type Reader = JoinHandle<io::Result<Zeroizing<String>>>;

struct Quiet {
    terminal: File,
    before: Termios,
    quiet: Termios,
}

/// Whether there is somebody to ask. What stands at stdin tells it, unless the invitation came from there.
pub(crate) fn is_there(stdin_is_taken: bool) -> bool {
    (stdin_is_taken || io::stdin().is_terminal()) && open().is_ok()
}

/// A PIN that is being typed.
pub(crate) struct Prompt(Option<Reader>);

impl Prompt {
    /// Asks. Dropped before anything was typed, it takes the question back.
    pub(crate) fn start() -> Result<Self, Failure> {
        watch_signals().map_err(unreadable)?;
        silence().map_err(unreadable)?;
        ask();
        let reader = locked(&READER).take();
        let reader = reader.unwrap_or_else(|| tokio::task::spawn_blocking(read_line));
        Ok(Self(Some(reader)))
    }

    /// The PIN as it was typed; none if the terminal's input has ended. Loses nothing when it is dropped.
    pub(crate) async fn typed(&mut self) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(reader) = &mut self.0 else {
            return Ok(None);
        };
        let typed = reader.await;
        self.0 = None;
        let typed = typed.unwrap_or_else(|error| Err(io::Error::other(error)));
        let typed = typed.map_err(unreadable)?;
        Ok(Some(typed).filter(|typed| !typed.is_empty()))
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        restore();
        *locked(&READER) = self.0.take();
    }
}

fn locked<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreadable(error: io::Error) -> Failure {
    let reason = format!("the terminal can't be read: {error}");
    Failure::new("terminal", reason)
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn read_line() -> io::Result<Zeroizing<String>> {
    use io::Read as _;
    let mut line = Zeroizing::new(String::with_capacity(MAX_LINE));
    BufReader::new(open()?.take(MAX_LINE as u64)).read_line(&mut line)?;
    Ok(line)
}

fn silence() -> io::Result<()> {
    let terminal = open()?;
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    let mut place = locked(&QUIET);
    tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
    *place = Some(Quiet {
        terminal,
        before,
        quiet,
    });
    Ok(())
}

fn ask() {
    if let Ok(mut terminal) = open() {
        let _ = write!(terminal, "PIN: ");
    }
}

/// Shows again what is typed, on a line of its own; what was typed so far is dropped.
pub(crate) fn restore() {
    if let Some(mut quiet) = locked(&QUIET).take() {
        quiet.lift();
    }
}

impl Quiet {
    fn lift(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        // The line's end was not shown either.
        let _ = writeln!(self.terminal);
    }

    /// After a stop, in which others may have used the terminal.
    fn renew(&self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.quiet);
        ask();
    }
}

/// What ends or stops the command does so with the terminal as it was; when it goes on, the question is asked again.
fn watch_signals() -> io::Result<()> {
    if WATCHED.set(()).is_err() {
        return Ok(());
    }
    let handle = |number| signal(SignalKind::from_raw(number));
    let [mut term, mut hup, mut quit] = [handle(SIGTERM)?, handle(SIGHUP)?, handle(SIGQUIT)?];
    let [mut stop, mut cont] = [handle(SIGTSTP)?, handle(SIGCONT)?];
    tokio::spawn(async move {
        loop {
            let number = tokio::select! {
                _ = term.recv() => SIGTERM,
                _ = hup.recv() => SIGHUP,
                _ = quit.recv() => SIGQUIT,
                _ = stop.recv() => SIGTSTP,
                _ = cont.recv() => SIGCONT,
            };
            if let Some(quiet) = locked(&QUIET).as_mut() {
                match number {
                    SIGCONT => quiet.renew(),
                    _ => quiet.lift(),
                }
            }
            if number != SIGCONT {
                let _ = emulate_default_handler(number);
            }
        }
    });
    Ok(())
}

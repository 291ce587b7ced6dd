//! Asks on the terminal, where it is secret without showing what is typed. However the command ends meanwhile, by a signal or a panic too,
//! the terminal shows again what is typed. In the background the terminal is somebody else's and is left alone.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN};
use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Not shown while it is typed.
    Pin,
    /// Whether the user takes what is offered.
    Consent,
}

impl Asked {
    fn words(self) -> &'static str {
        match self {
            Self::Pin => "PIN: ",
            Self::Consent => "take it? [y/N] ",
        }
    }
}

/// Longest line that is taken for an answer.
const MAX_LINE: usize = 64;
/// How long a signal that ends the command may be overtaken by one that stops it: they come on several threads.
const OVERTAKING: Duration = Duration::from_millis(50);

/// The question that stands.
static QUESTION: Mutex<Option<Question>> = Mutex::new(None);
/// Who reads a line that is not asked for any more: reading can't be stopped, and the next line is theirs.
static READER: Mutex<Option<Reader>> = Mutex::new(None);
/// Signals are handled from the first question on, to the end of the process.
static WATCHED: OnceLock<()> = OnceLock::new();

type Reader = JoinHandle<io::Result<Zeroizing<String>>>;

struct Question {
    asked: Asked,
    /// The line's end was shown as it was typed.
    ended: bool,
    terminal: File,
    /// How the terminal was before it showed nothing; none while it could not be asked there.
    before: Option<Termios>,
}

/// Whether there is somebody to ask. What stands at stdin tells it, unless the invitation came from there.
pub(crate) fn is_there(stdin_is_taken: bool) -> bool {
    (stdin_is_taken || io::stdin().is_terminal()) && open().is_ok()
}

/// An answer that is being typed.
pub(crate) struct Prompt {
    asked: Asked,
    reader: Option<Reader>,
}

impl Prompt {
    /// Asks. Dropped before anything was typed, it takes the question back.
    pub(crate) fn start(asked: Asked) -> Result<Self, Failure> {
        watch_signals().map_err(unreadable)?;
        ask(asked).map_err(unreadable)?;
        let reader = locked(&READER).take();
        let reader = reader.unwrap_or_else(|| tokio::task::spawn_blocking(read_line));
        let reader = Some(reader);
        Ok(Self { asked, reader })
    }

    /// What it asks.
    pub(crate) fn asked(&self) -> Asked {
        self.asked
    }

    /// The line as it was typed; none if the terminal's input has ended. Loses nothing when it is dropped.
    pub(crate) async fn typed(&mut self) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        let typed = reader.await;
        self.reader = None;
        let typed = typed.unwrap_or_else(|error| Err(io::Error::other(error)));
        let typed = typed.map_err(unreadable)?;
        if let Some(question) = locked(&QUESTION).as_mut() {
            question.ended = self.asked == Asked::Consent && typed.ends_with('\n');
        }
        Ok(Some(typed).filter(|typed| !typed.is_empty()))
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        restore();
        *locked(&READER) = self.reader.take();
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

/// In the background, setting the terminal would stop the process, over and over.
fn is_ours(terminal: &File) -> bool {
    tcgetpgrp(terminal).is_ok_and(|foreground| foreground == getpgrp())
}

fn ask(asked: Asked) -> io::Result<()> {
    let terminal = open()?;
    let question = Question {
        asked,
        ended: false,
        terminal,
        before: None,
    };
    locked(&QUESTION).insert(question).put()
}

/// Shows again what is typed, on a line of its own; what was typed so far is dropped.
pub(crate) fn restore() {
    if let Some(mut question) = locked(&QUESTION).take() {
        question.lift();
    }
}

impl Question {
    /// Puts it, again after a stop, in which others may have used the terminal. In the background it waits to be put
    /// when the process is continued in the foreground.
    fn put(&mut self) -> io::Result<()> {
        if !is_ours(&self.terminal) {
            return Ok(());
        }
        let before = match self.before.take() {
            Some(before) => before,
            None => tcgetattr(&self.terminal)?,
        };
        let mut quiet = before.clone();
        if self.asked == Asked::Pin {
            quiet.local_modes.remove(LocalModes::ECHO);
        }
        self.before = Some(before);
        tcsetattr(&self.terminal, OptionalActions::Flush, &quiet)?;
        let _ = write!(self.terminal, "{}", self.asked.words());
        Ok(())
    }

    fn lift(&mut self) {
        let Some(before) = &self.before else {
            return;
        };
        if is_ours(&self.terminal) {
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, before);
            if !self.ended {
                let _ = writeln!(self.terminal);
            }
        }
    }
}

/// What ends or stops the command does so with the terminal as it was; when it goes on, the question is asked again.
fn watch_signals() -> io::Result<()> {
    if WATCHED.set(()).is_err() {
        return Ok(());
    }
    let handle = |number| signal(SignalKind::from_raw(number));
    let mut ends = Ends([handle(SIGTERM)?, handle(SIGHUP)?, handle(SIGQUIT)?]);
    let [mut stop, mut cont, mut read] = [handle(SIGTSTP)?, handle(SIGCONT)?, handle(SIGTTIN)?];
    tokio::spawn(async move {
        loop {
            let number = tokio::select! {
                biased;
                number = ends.recv() => number,
                _ = stop.recv() => SIGTSTP,
                _ = cont.recv() => SIGCONT,
                // A job that is killed while it is stopped reads again before the other signal is told here.
                _ = read.recv() => timeout(OVERTAKING, ends.recv()).await.unwrap_or(SIGTTIN),
            };
            obey(number);
        }
    });
    Ok(())
}

/// SIGTERM, SIGHUP and SIGQUIT.
struct Ends([Signal; 3]);

impl Ends {
    async fn recv(&mut self) -> i32 {
        let Self([term, hup, quit]) = self;
        tokio::select! {
            _ = term.recv() => SIGTERM,
            _ = hup.recv() => SIGHUP,
            _ = quit.recv() => SIGQUIT,
        }
    }
}

fn obey(number: i32) {
    if let Some(question) = locked(&QUESTION).as_mut() {
        match number {
            SIGTTIN => {}
            SIGCONT => {
                let _ = question.put();
            }
            _ => question.lift(),
        }
    }
    let stays = match number {
        SIGCONT => true,
        // Somebody reads in the background, who may have come to the foreground since.
        SIGTTIN => open().is_ok_and(|terminal| is_ours(&terminal)),
        _ => false,
    };
    if !stays {
        let _ = emulate_default_handler(number);
    }
}

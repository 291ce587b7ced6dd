//! Options that several commands have.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tigress::invitation::RelayOrigin;
use tigress::{Error, Pin};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::files;
use crate::output::Output;
use crate::state::{Content, State};

/// What a file is when nothing else is said.
pub(crate) const DEFAULT_FORMAT: &str = "application/octet-stream";

/// Longest invitation that is read; the core says what is wrong with a longer one.
const MAX_INVITATION: usize = 256 * 1024;

/// Longest file with certificates: more than all of a system's.
const MAX_CERTIFICATES: usize = 1 << 20;

/// Where the transfers are kept, and how to speak.
#[derive(Args)]
pub(crate) struct Common {
    /// State folder; without it, the user's own ($XDG_STATE_HOME/tigress or ~/.local/state/tigress).
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// One JSON object a line on stdout.
    #[arg(long)]
    json: bool,
}

impl Common {
    pub(crate) fn state(&self) -> Result<State, Failure> {
        State::open(self.state.as_deref())
    }

    pub(crate) fn output(&self) -> Output {
        Output::new(self.json)
    }
}

/// How the relay is reached.
#[derive(Args)]
pub(crate) struct Reach {
    /// Seconds without any answer from the relay after which the command ends with exit code 4.
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds)]
    pub(crate) give_up_after: Duration,
    /// Certificates (PEM or DER) of authorities that the relay may have its own from, besides the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Reach {
    /// The certificates, if any were named.
    pub(crate) fn ca(&self) -> Result<Option<Content>, Failure> {
        let Some(file) = &self.ca else {
            return Ok(None);
        };
        let certificates = files::read(file, MAX_CERTIFICATES)?;
        if certificates.len() > MAX_CERTIFICATES {
            let reason = format!("{} is too long for certificates", file.display());
            return Err(Failure::new("file", reason));
        }
        Ok(Some(Content(certificates)))
    }
}

/// How a transfer is carried.
#[derive(Args)]
pub(crate) struct Carry {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Also prints requests, bytes and CPU.
    #[arg(long)]
    pub(crate) stats: bool,
}

/// Seconds, or a part of one.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration <= Duration::from_secs(1 << 32) => Ok(duration),
        _ => Err("not a number of seconds".to_owned()),
    }
}

/// A lifetime: seconds, or a number with s, m, h or d.
pub(crate) fn lifetime(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.chars().last() {
        Some('s') => (&text[..text.len() - 1], 1),
        Some('m') => (&text[..text.len() - 1], 60),
        Some('h') => (&text[..text.len() - 1], 3600),
        Some('d') => (&text[..text.len() - 1], 24 * 3600),
        _ => (text, 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|seconds| (1..=30 * 24 * 3600).contains(seconds))
        .map(Duration::from_secs)
        .ok_or("a lifetime is 1s to 30d".to_owned())
}

/// A relay's origin: https, or plain http on this machine. What else it was is in no error: it may be an invitation.
pub(crate) fn relay(option: &str, text: &str) -> Result<RelayOrigin, Failure> {
    RelayOrigin::parse(text)
        .map_err(|error| Failure::usage(format!("{option} is no relay: {error}")))
}

/// PINs as they were typed.
pub(crate) fn pins(typed: &[String]) -> Result<VecDeque<Pin>, Failure> {
    let parse = |typed: &String| Pin::parse(typed).map_err(|error| Error::from(error).into());
    typed.iter().map(parse).collect()
}

/// What was given as an argument for something to read.
pub(crate) struct Argument {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// No file of this name is there, so the bytes are the argument itself.
    is_text: bool,
}

impl Argument {
    /// Reads a file, or `-` for stdin, one byte more than `limit` at most; what is no file is the text itself.
    pub(crate) fn read(argument: &OsStr, limit: usize) -> io::Result<Self> {
        let read = |bytes| Self {
            bytes,
            is_text: false,
        };
        if argument == "-" {
            return files::read_from(io::stdin(), limit).map(read);
        }
        let is_url = argument.to_str().is_some_and(|text| text.contains("://"));
        match File::open(argument) {
            // Pipes are files, too: what a shell puts in the place of a command.
            Ok(file) if !is_url => files::read_from(file, limit).map(read),
            // Only what can't be a file's name, or is none here, is the text itself.
            Err(error) if !is_url && !is_no_file(&error) => Err(error),
            _ => Ok(Self {
                bytes: Zeroizing::new(argument.as_encoded_bytes().to_vec()),
                is_text: true,
            }),
        }
    }

    /// The failure to make anything of it: of a text that is no link, most likely a file's name is mistyped.
    pub(crate) fn unless_missing(&self, failure: Failure) -> Failure {
        let is_like = |mark: &str| {
            self.bytes
                .windows(mark.len())
                .any(|at| at == mark.as_bytes())
        };
        if !self.is_text || ["://", "#", "{"].into_iter().any(is_like) {
            return failure;
        }
        Failure::new("file", "there is no such file")
    }
}

fn is_no_file(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(
        error.kind(),
        NotFound | NotADirectory | InvalidFilename | InvalidInput
    )
}

/// Reads an invitation: a share URL, a file, or `-` for stdin. What it was is in no error.
pub(crate) fn read_invitation(argument: &OsStr) -> Result<Argument, Failure> {
    Argument::read(argument, MAX_INVITATION).map_err(|error| {
        let reason = format!("the invitation's file can't be read: {error}");
        Failure::new("file", reason)
    })
}

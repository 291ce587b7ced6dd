//! What the command says on stdout: words for people, or one JSON object a line (`docs/cli.md`).

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use tigress::TransferId;

use crate::checked::Checked;
use crate::exit::Failure;
use crate::explained::{Envelope, Token};
use crate::inspected::Inspected;

/// One line of `--json`; the names and keys are stable.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// An embedded relay was started.
    Relay {
        url: String,
    },
    /// Shown to people by `invited`.
    Invited {
        url: String,
        expires: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        pin: Option<String>,
    },
    /// Receiver: what the invitation says to people, and whose word that is.
    Offered {
        title: String,
        description: String,
        sender: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<String>,
        may_be_passed_on: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<String>,
        texts: &'static str,
    },
    /// Sender: somebody has answered. Receiver: the invitation was taken on.
    Accepted,
    PinRequired,
    PinRejected {
        tries_left: u8,
    },
    Established,
    CredentialDelivered {
        index: u64,
    },
    CredentialReceived {
        index: u64,
        format: String,
        bytes: usize,
        /// None: kept in the state folder.
        #[serde(serialize_with = "text_of_path")]
        out: Option<PathBuf>,
    },
    RejectedToken,
    Closed {
        outcome: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<u64>,
        #[serde(flatten)]
        counts: Counts,
    },
    Error {
        code: &'static str,
        reason: String,
    },
    Transfer {
        #[serde(skip)]
        id: TransferId,
        role: &'static str,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<&'static str>,
        title: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<u64>,
    },
    Invitation(Box<Inspected>),
    Token(Box<Token>),
    Envelope(Box<Envelope>),
    Check(Checked),
    Stats {
        requests: u64,
        waits: u64,
        bytes_sent: u64,
        bytes_received: u64,
        cpu_ms: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        relay_cpu_ms: Option<f64>,
    },
}

/// Messages of a transfer.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    /// Those of them that the other side has stored.
    pub(crate) delivered: u64,
    pub(crate) received: u64,
}

#[derive(Serialize)]
struct Line<'e> {
    #[serde(flatten)]
    event: &'e Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<String>,
}

/// Where events go.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    /// Stdout is for the content of what is received, and for nothing else.
    beside: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            beside: false,
        }
    }

    /// On stderr, if stdout is for content.
    pub(crate) fn beside(self, content: bool) -> Self {
        Self {
            beside: content,
            ..self
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// What happened. A stdout that is closed or full ends no transfer.
    pub(crate) fn event(self, transfer: Option<TransferId>, event: &Event) {
        let told = match event {
            Event::Error { .. } if !self.json => self.complain(event),
            _ => self.result(transfer, event),
        };
        // What the exit code is about is told somewhere.
        if told.is_err() && matches!(event, Event::Error { .. }) {
            let _ = self.complain(event);
        }
    }

    /// What the command is for: if it can't be said, the command has failed.
    pub(crate) fn result(self, transfer: Option<TransferId>, event: &Event) -> Result<(), Failure> {
        if self.json {
            let transfer = transfer.map(|id| id.to_string());
            let line = serde_json::to_string(&Line { event, transfer });
            return self.say(&line.unwrap_or_default());
        }
        self.say(&event.to_string())
    }

    /// Lines for people that are what the command is for.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        self.say(text)
    }

    /// A line for people only.
    pub(crate) fn note(self, text: impl fmt::Display) {
        if !self.json {
            let _ = self.say(&text.to_string());
        }
    }

    /// A line on stderr, which is no output.
    pub(crate) fn warn(self, text: impl fmt::Display) {
        let _ = writeln!(io::stderr(), "tigress: {text}");
    }

    fn complain(self, event: &Event) -> Result<(), Failure> {
        writeln!(io::stderr(), "tigress: {event}").map_err(|error| unsaid("stderr", &error))
    }

    fn say(self, line: &str) -> Result<(), Failure> {
        if self.beside {
            return writeln!(io::stderr(), "{line}").map_err(|error| unsaid("stderr", &error));
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .map_err(|error| unsaid("stdout", &error))
    }
}

/// Writes content to stdout as it is.
pub(crate) fn content(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|error| unsaid("stdout", &error))
}

fn unsaid(place: &str, error: &io::Error) -> Failure {
    Failure::new("file", format!("{place} can't be written: {error}"))
}

const EMBEDDED: &str = "embedded: it ends with this command, and its mailbox too";

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relay { url } => write!(f, "relay: {url}, {EMBEDDED}"),
            Self::Invited { url, .. } => f.write_str(url),
            Self::Offered { .. } => self.offered(f),
            Self::Accepted => f.write_str("accepted"),
            Self::PinRequired => f.write_str("a PIN is needed: the sender has it"),
            Self::PinRejected { tries_left } => write!(f, "wrong PIN, {tries_left} tries left"),
            Self::Established => f.write_str("established"),
            Self::CredentialDelivered { .. } => f.write_str("delivered"),
            Self::CredentialReceived {
                format, bytes, out, ..
            } => write!(
                f,
                "received: {bytes} bytes of {}, {}",
                shown(format),
                place(out.as_deref())
            ),
            Self::RejectedToken => f.write_str(
                "warning: something in the mailbox was not from the other side; it changed nothing",
            ),
            Self::Closed {
                outcome,
                code,
                counts,
            } => f.write_str(&closed(outcome, *code, counts)),
            Self::Error { reason, .. } => f.write_str(reason),
            Self::Transfer {
                id,
                role,
                state,
                outcome,
                title,
                expires,
            } => {
                let state = outcome.unwrap_or(state);
                let expires = expires.map_or_else(|| format!("{:20}", "-"), time);
                write!(f, "{id}  {role:8}  {state:12}  {expires}  {title}")
            }
            Self::Invitation(preview) => preview.fmt(f),
            Self::Token(token) => token.fmt(f),
            Self::Envelope(envelope) => envelope.fmt(f),
            Self::Check(checked) => checked.fmt(f),
            Self::Stats {
                cpu_ms,
                relay_cpu_ms,
                ..
            } => {
                self.traffic(f)?;
                cpu(f, "this command", *cpu_ms)?;
                cpu(f, "embedded relay", *relay_cpu_ms)
            }
        }
    }
}

impl Event {
    /// All of it is the sender's word.
    fn offered(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Offered {
            title,
            description,
            sender,
            format,
            may_be_passed_on,
            texts,
            ..
        } = self
        else {
            return Ok(());
        };
        f.write_str(&offered(title, description, sender, texts))?;
        if let Some(format) = format {
            write!(f, "\nformat: {}", shown(format))?;
        }
        match may_be_passed_on {
            true => f.write_str("\nit may be passed on, says the sender"),
            false => Ok(()),
        }
    }

    fn traffic(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Stats {
            requests,
            waits,
            bytes_sent,
            bytes_received,
            ..
        } = self
        else {
            return Ok(());
        };
        write!(
            f,
            "requests: {requests}, and {waits} waiting reads that came back unchanged\n\
             bytes: {bytes_sent} sent, {bytes_received} received"
        )
    }
}

fn cpu(f: &mut fmt::Formatter<'_>, part: &str, spent: Option<f64>) -> fmt::Result {
    match spent {
        Some(ms) => write!(f, "\nCPU of {part}: {ms:.1} ms"),
        None => Ok(()),
    }
}

/// What the invitation says, and whose word that is.
fn offered(title: &str, description: &str, sender: &str, texts: &str) -> String {
    let said = [title, description].map(str::trim);
    let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
    let who = match sender.trim() {
        "" => "the sender".to_owned(),
        name => format!("the sender, who writes to be {name:?},"),
    };
    match (texts, said.join(": ")) {
        ("altered", _) => {
            "warning: what the sender says of this was changed on the way, and is not shown".into()
        }
        (_, said) if said.is_empty() && sender.trim().is_empty() => {
            "offered, without a word of what it is".into()
        }
        (_, said) if said.is_empty() => {
            format!("{who} offers something, without a word of what it is")
        }
        ("authentic", said) => format!("{who} offers: {said}"),
        (_, said) => format!("offered, in words that may not be the sender's: {said}"),
    }
}

fn place(out: Option<&Path>) -> String {
    match out {
        Some(out) if out.as_os_str() == "-" => "on stdout".into(),
        Some(out) => format!("in {}", out.display()),
        None => "kept in the state folder: resume with --out".into(),
    }
}

/// How it ended; what has arrived and what not, where that is not clear by it.
fn closed(outcome: &str, code: Option<u64>, counts: &Counts) -> String {
    let code = code.map_or(String::new(), |code| format!(" (code {code})"));
    let ended = format!("ended: {outcome}{code}{}", explained(outcome));
    let none = (counts.sent, counts.received) == (0, 0);
    if none || matches!(outcome, "completed" | "expired") {
        return ended;
    }
    format!(
        "{ended}; of {} messages sent {} have arrived, {} were received",
        counts.sent, counts.delivered, counts.received
    )
}

/// JSON is text: what is none in a path shows as U+FFFD.
#[expect(clippy::ref_option, reason = "as serde calls it")]
fn text_of_path<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = path.as_ref().map(|path| path.to_string_lossy());
    text.serialize(serializer)
}

/// What the outcome's word does not say by itself.
fn explained(outcome: &str) -> &'static str {
    match outcome {
        "unconfirmed" => ": the other side has not confirmed it",
        "unproven" => ": by somebody who has the link, and may not be the other side",
        _ => "",
    }
}

pub(crate) fn time(seconds: u64) -> String {
    tigress_mailbox::format_timestamp(seconds)
}

/// A format is the peer's word: nothing in it moves the cursor.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

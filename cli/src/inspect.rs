//! `tigress inspect`.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use tigress::Error;
use tigress::invitation::{InvitationError, parse_invitation};
use tigress::secret::SharedSecret;
use tigress_protocol::inspect::{Explained, explain};
use zeroize::Zeroizing;

use crate::exit::{DONE, Failure};
use crate::explained::{Envelope, Token};
use crate::files;
use crate::inspected::Inspected;
use crate::options::{self, Argument};
use crate::output::{Event, Output};

/// Longest input: an envelope of the greatest size in hexadecimal digits, with white space.
const MAX_INPUT: usize = 2 << 20;
/// Longest file with a secret in it.
const MAX_SECRET: usize = 256;

/// Shows the parts of an invitation, never its secret; takes a token or an envelope apart. Exit code 1 if it is not
/// fully valid.
#[derive(Args)]
pub(crate) struct Command {
    /// An invitation (share URL or .tigress file), or a token or envelope: a file or text with its bytes, hexadecimal
    /// digits or base64, or the relay's JSON with a payload. - for any of them on stdin.
    input: OsString,
    /// The invitation that a first token belongs to, to open its auth credential: a .tigress file, a file with the
    /// share URL, or - for either on stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    invitation: Option<OsString>,
    /// The same with the shared secret alone: 32 bytes, or their base64url or hexadecimal digits.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        Output::new(self.json)
    }

    fn secret(&self) -> Result<Option<SharedSecret>, Failure> {
        if let Some(file) = &self.secret_file {
            let unreadable = |_| Failure::new("file", "the secret's file can't be read");
            let text = files::read(file, MAX_SECRET).map_err(unreadable)?;
            let none =
                "the secret's file has neither 32 bytes nor their base64url or hexadecimal digits";
            let secret = secret_of(&text).ok_or(Failure::new("malformed", none))?;
            return Ok(Some(secret));
        }
        let Some(invitation) = &self.invitation else {
            return Ok(None);
        };
        if invitation == "-" && self.input == "-" {
            return Err(Failure::usage("stdin can be read once only"));
        }
        let invitation = options::read_invitation(invitation)?;
        let preview = parse_invitation(&invitation.bytes)
            .map_err(|error| invitation.unless_missing(Error::from(error).into()))?;
        Ok(Some(preview.share_url.secret))
    }
}

/// The secret in a file; the part of the share URL after `#` is taken, too.
fn secret_of(text: &[u8]) -> Option<SharedSecret> {
    if let Some(secret) = SharedSecret::from_slice(text) {
        return Some(secret);
    }
    let text = std::str::from_utf8(text).ok()?.trim();
    let text = text.strip_suffix(".p").unwrap_or(text);
    let mut bytes = Zeroizing::new([0; 48]);
    if text.len() == 64 {
        let digits = text.chars().map(|c| c.to_digit(16));
        for (at, digit) in digits.enumerate() {
            let byte = bytes.get_mut(at / 2)?;
            *byte = *byte << 4 | digit? as u8;
        }
        return SharedSecret::from_slice(bytes.get(..32)?);
    }
    let length = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice());
    SharedSecret::from_slice(bytes.get(..length.ok()?)?)
}

pub(crate) fn run(command: &Command) -> Result<u8, Failure> {
    let secret = command.secret()?;
    let input = Argument::read(&command.input, MAX_INPUT).map_err(|error| {
        let reason = format!("the input can't be read: {error}");
        Failure::new("file", reason)
    })?;
    if input.bytes.len() > MAX_INPUT {
        let reason = "this is longer than any invitation, token or envelope";
        return Err(Failure::new("malformed", reason));
    }
    match explain(&input.bytes, secret.as_ref()).map_err(malformed)? {
        Some(explained) => show(command, explained, secret.is_some()),
        None => show_invitation(command, &input),
    }
}

fn malformed(what: impl fmt::Display) -> Failure {
    Failure::new("malformed", what.to_string())
}

/// Shows what there is, then says what is wrong with it.
fn show(command: &Command, explained: Explained, with_secret: bool) -> Result<u8, Failure> {
    let (event, flaw) = match explained {
        Explained::Token(token) => {
            let flaw = Token::flaw(&token);
            (Event::Token(Box::new(Token::from(token))), flaw)
        }
        Explained::Envelope(envelope) => {
            let flaw = Envelope::flaw(&envelope);
            (Event::Envelope(Box::new(Envelope::from(envelope))), flaw)
        }
    };
    command.output().result(None, &event)?;
    if with_secret {
        command.output().note(
            "\nThe secret opens first tokens only: all later keys come from ephemeral keys too, which nobody keeps \
             (forward secrecy).",
        );
    }
    flaw.map_or(Ok(DONE), Err)
}

fn show_invitation(command: &Command, input: &Argument) -> Result<u8, Failure> {
    let preview = parse_invitation(&input.bytes).map_err(|error| match error {
        InvitationError::NotAnInvitation => {
            let reason = "this is neither an invitation (a share URL or a .tigress file) nor a token, an envelope, or \
                          a relay's payload";
            input.unless_missing(Failure::new("bad_invitation", reason))
        }
        error => Error::from(error).into(),
    })?;
    let token = preview.token.clone();
    let secret = preview.share_url.secret.clone();
    let event = Event::Invitation(Box::new(Inspected::from(preview)));
    command.output().result(None, &event)?;
    match token {
        Some(token) => match explain(&token, Some(&secret)).map_err(malformed)? {
            Some(explained) => {
                command.output().note("");
                show(command, explained, false)
            }
            None => Err(malformed("the file's token is no token")),
        },
        None => Ok(DONE),
    }
}

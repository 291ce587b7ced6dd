//! The demonstration, `tigress demo`: a whole transfer between two wallets over a real relay, each step as it happens.

mod credential;
mod figures;
mod wallet;

use std::io::Write as _;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tigress::invitation::parse_invitation;
use tigress::{AcceptOptions, Credential, Error, Invitation, InvitationRequest, TransferEvent};
use tigress_parts::embedded::{self, Embedded};

use credential::{FORMAT, Issuer};
use wallet::{Action, App, Wallet};

const TITLE: &str = "Room 303";
const QUESTION: &[u8] = b"{\"may_i_share_it_again\":true}";
const ANSWER: &[u8] = b"{\"may_i_share_it_again\":false}";
const NOTE: &str = "org.example.note";

/// Why it was not shown to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Transfer(#[from] Error),
    /// Something else, with a word that programs know it by.
    #[error("{reason}")]
    Other { code: &'static str, reason: String },
}

impl Failure {
    fn new(code: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Other { code, reason }
    }
}

/// The parts, each on threads of its own.
struct Parts {
    relay: Embedded,
    sender: Wallet,
    receiver: Wallet,
}

/// Shows a relay, a sender and a receiver over real HTTP on stdout; with `stats`, also requests, bytes, CPU of each part,
/// and sizes. Fails unless everything arrived as it was sent, both sides ended, and the mailbox is gone.
pub async fn run(stats: bool) -> Result<(), Failure> {
    let started = Instant::now();
    let relay = Embedded::start()
        .await
        .map_err(|error| Failure::new("listen", format!("the relay can't start: {error}")))?;
    let parts = Parts {
        sender: Wallet::new("sender", relay.url())?,
        receiver: Wallet::new("receiver", relay.url())?,
        relay,
    };
    say("relay", &format!("listens on {}", parts.relay.url()));
    let invitation = show(&parts).await?;
    say(
        "all",
        &format!("done in {:.3} s", started.elapsed().as_secs_f64()),
    );
    if stats {
        figures::show(&parts, &invitation).await?;
    }
    parts.relay.stop().await;
    Ok(())
}

async fn show(parts: &Parts) -> Result<Invitation, Failure> {
    let issuer = Issuer::new()?;
    let public_key = issuer.public_key();
    let invitation = invite(&parts.sender, None).await?;
    let url = invitation.share_url.to_url();
    tell_invitation(&invitation)?;

    let options = AcceptOptions::default();
    let (client, text) = (parts.receiver.client.clone(), url.clone());
    let accepting = async move { client.accept_invitation(text.as_str(), options).await };
    let theirs = parts.receiver.run(accepting).await?;
    let title = &parts.receiver.client.transfers().await?;
    let title = title.first().map(|summary| summary.display.title.clone());
    step(
        4,
        "receiver",
        &format!(
            "took the link (\"{}\"), claimed the mailbox",
            title.unwrap_or_default()
        ),
    );
    step(
        5,
        "receiver",
        "token 1 accepted: auth credential opened with the shared secret, in time, never used before",
    );
    let client = parts.receiver.client.clone();
    let agreeing = async move { client.confirm(theirs, None).await };
    parts.receiver.run(agreeing).await?;
    say(
        "receiver",
        "the user wants it: only now the sender is answered",
    );

    let hotel = Hotel {
        issuer,
        issued: Vec::new(),
        received: Vec::new(),
    };
    let guest = Guest {
        public_key,
        received: Vec::new(),
    };
    let (hotel, guest) = tokio::join!(
        parts.sender.carry(invitation.transfer, hotel),
        parts.receiver.carry(theirs, guest),
    );
    let (hotel, guest) = (hotel?, guest?);
    let sent = [hotel.issued.as_slice(), ANSWER];
    ensure(guest.received == sent, "the receiver got something else")?;
    ensure(
        hotel.received == [QUESTION],
        "the sender got something else",
    )?;
    say("both", "ended (completed); all contents byte-identical");
    let mailbox = invitation.share_url.mailbox_url();
    let gone = !embedded::is_there(&mailbox).await;
    ensure(gone, "the mailbox is still there")?;
    say("relay", "the mailbox is gone");
    Ok(invitation)
}

/// Steps 1 to 3.
async fn invite(sender: &Wallet, credential: Option<Credential>) -> Result<Invitation, Failure> {
    let request = InvitationRequest {
        title: TITLE.into(),
        credential,
        ..InvitationRequest::default()
    };
    let client = sender.client.clone();
    let inviting = async move { client.create_invitation(request).await };
    sender.run(inviting).await
}

fn tell_invitation(invitation: &Invitation) -> Result<(), Failure> {
    step(
        1,
        "sender",
        "a single-use auth credential, sealed under a shared secret of 32 bytes",
    );
    let token = token_of(invitation)?.len();
    step(
        2,
        "sender",
        &format!("context token 1 with it: {token} bytes"),
    );
    let url = invitation.share_url.to_url().len();
    step(
        3,
        "sender",
        &format!(
            "token 1 in the mailbox; the share link, secret in its fragment: {url} characters"
        ),
    );
    Ok(())
}

fn token_of(invitation: &Invitation) -> Result<Vec<u8>, Failure> {
    let preview = parse_invitation(&invitation.file).map_err(Error::from)?;
    preview
        .token
        .ok_or(Failure::new("internal", "the file has no token"))
}

/// The sender: issues the pass once the two are connected, and answers a question.
struct Hotel {
    issuer: Issuer,
    issued: Vec<u8>,
    received: Vec<Vec<u8>>,
}

#[async_trait]
impl App for Hotel {
    async fn on(&mut self, event: &TransferEvent) -> Result<Option<Action>, Failure> {
        Ok(match event {
            TransferEvent::Established => {
                step(
                    6,
                    "sender",
                    "token 2 taken: security context established; token 3 goes back",
                );
                self.issued = self.issuer.issue(now()).await?;
                step(
                    7,
                    "sender",
                    &format!(
                        "issued a room pass (SD-JWT VC), wrapped it: {} bytes",
                        self.issued.len()
                    ),
                );
                Some(Action::Send(Credential::new(FORMAT, self.issued.clone())))
            }
            TransferEvent::CredentialReceived { credential, .. } => {
                self.received.push(credential.content.to_vec());
                more(
                    "sender",
                    &format!("answers the question: {} bytes", ANSWER.len()),
                );
                Some(Action::Send(Credential::new(NOTE, ANSWER.to_vec())))
            }
            TransferEvent::CredentialDelivered { index } => {
                say("sender", &format!("message {index} has arrived"));
                None
            }
            _ => None,
        })
    }
}

/// The receiver: checks the pass, asks a question, and is done with its answer.
struct Guest {
    public_key: Vec<u8>,
    received: Vec<Vec<u8>>,
}

#[async_trait]
impl App for Guest {
    async fn on(&mut self, event: &TransferEvent) -> Result<Option<Action>, Failure> {
        Ok(match event {
            TransferEvent::Established => {
                step(6, "receiver", "token 3 taken: security context established");
                None
            }
            TransferEvent::CredentialReceived { credential, index } => {
                let content = &credential.content;
                self.received.push(content.to_vec());
                if *index == 0 {
                    let room = credential::check(content, &self.public_key)?;
                    step(
                        8,
                        "receiver",
                        &format!(
                            "unwrapped {} bytes: a pass for room {room}, signature valid",
                            content.len()
                        ),
                    );
                    more(
                        "receiver",
                        &format!("asks a question: {} bytes", QUESTION.len()),
                    );
                    Some(Action::Send(Credential::new(NOTE, QUESTION.to_vec())))
                } else {
                    more(
                        "receiver",
                        &format!(
                            "got the answer ({} bytes), ends the transfer",
                            content.len()
                        ),
                    );
                    Some(Action::Done)
                }
            }
            _ => None,
        })
    }
}

fn ensure(holds: bool, what: &str) -> Result<(), Failure> {
    match holds {
        true => Ok(()),
        false => Err(Failure::new("demo", what)),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn step(number: u8, who: &str, what: &str) {
    line(&number.to_string(), who, what);
}

/// An additional call.
fn more(who: &str, what: &str) {
    line("+", who, what);
}

fn say(who: &str, what: &str) {
    line("", who, what);
}

fn line(mark: &str, who: &str, what: &str) {
    // A closed stdout is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{mark:1} {who:8} {what}");
}

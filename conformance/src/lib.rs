//! What any relay must do, as checks named by the section that says so: those of draft-vinokurov-tigress-http-00, and
//! those of what this project adds (`docs/protocol.md`, `docs/relay.md`), which a relay may leave out.
//!
//! [`Suite::run`] asks a relay by its URL, through whatever carries requests ([`Client`]): it makes a few mailboxes, plays
//! two devices and a stranger at them, and deletes them. [`MOST_REQUESTS`] small requests at the most, one after the
//! other but for two reads that are held.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod additions;
mod checks;
mod draft;
mod session;
mod transfer;

use async_trait::async_trait;
use tigress_mailbox::{HttpRequest, HttpResponse, TransportFailure};

pub use checks::{ALL, Check, Source};
use session::Session;

/// Most requests that a run makes.
pub const MOST_REQUESTS: usize = 80;

/// What the suite needs of the world.
#[async_trait]
pub trait Client: Sync {
    /// The response, whatever its status. Follows no redirect; waits [`HttpRequest::wait`] seconds longer than usual.
    ///
    /// # Errors
    /// When there is none. The run ends by it, so what may be tried again is tried again in here.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure>;

    /// Waits until this many seconds have passed at the relay.
    async fn pass(&self, seconds: u64);
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The relay does it.
    Passed,
    /// The relay does otherwise: what was seen.
    Failed(String),
    /// It could not be judged, or is an addition that the relay does not offer: why.
    Skipped(String),
}

/// One check of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static Check,
    /// How it ended.
    pub verdict: Verdict,
}

/// Why a run came to no findings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// What answers there is no relay.
    #[error("there is no relay: CreateMailbox (POST /v1/m) was answered by {0}")]
    NoRelay(String),
    /// No answer came.
    #[error("no answer from the relay")]
    NoAnswer(TransportFailure),
}

impl From<TransportFailure> for Stopped {
    fn from(failure: TransportFailure) -> Self {
        Self::NoAnswer(failure)
    }
}

/// All checks, to be made of one relay.
pub struct Suite<'c> {
    session: Session<'c>,
}

impl<'c> Suite<'c> {
    /// For the relay at this origin, such as `https://relay.example`.
    #[must_use]
    pub fn new(relay: &str, client: &'c dyn Client) -> Self {
        Self {
            session: Session::new(relay, client),
        }
    }

    /// Makes all checks, and deletes what was made.
    ///
    /// # Errors
    /// When there is no relay, or it gives no answer.
    pub async fn run(&self) -> Result<Vec<Finding>, Stopped> {
        let asked = self.ask().await;
        if asked.is_ok() {
            self.clean_up().await;
        }
        asked?;
        Ok(self.session.findings())
    }

    async fn ask(&self) -> Result<(), Stopped> {
        let session = &self.session;
        session.ask_the_time().await?;
        transfer::transfer(session).await?;
        // It expires while the others are made.
        let short = draft::short_life(session).await?;
        draft::rights(session).await?;
        draft::unknown_mailbox(session).await?;
        draft::malformed(session).await?;
        additions::creation(session).await?;
        additions::versions(session).await?;
        additions::recipient_proof(session).await?;
        draft::expiry(session, short).await
    }

    /// Deletes the mailboxes that a run which was given up has left, as far as the relay answers. All of them expire
    /// within ten minutes anyway.
    pub async fn clean_up(&self) {
        self.session.clean_up().await;
    }

    /// How many requests were made so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.session.requests()
    }
}

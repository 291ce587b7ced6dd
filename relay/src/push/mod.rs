//! Telling a device that something changed at its mailbox: which service does it is decided by the notification token's
//! type, when and how often by the queue before all of them.

#[cfg(feature = "push")]
mod apns;
#[cfg(feature = "push")]
mod client;
mod ended;
#[cfg(feature = "push")]
mod fcm;
#[cfg(feature = "push")]
mod jwt;
mod queue;
#[cfg(feature = "push")]
mod webhook;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tigress_mailbox::NotificationToken;
use uuid::Uuid;

#[cfg(feature = "push")]
pub use apns::{Apns, ApnsKey, ApnsPlace};
#[cfg(feature = "push")]
pub use client::PushError;
#[cfg(feature = "push")]
pub use fcm::Fcm;
pub use queue::PushCounts;
pub(crate) use queue::{Queue, ServedTwice};
#[cfg(feature = "push")]
pub use webhook::Webhook;

/// Hands notification tokens of some types to one push service, without any content: the device then reads its mailbox.
///
/// It tries once; the relay merges, repeats, bounds and ends. A try is given up after ten seconds.
#[async_trait]
pub trait PushGateway: Send + Sync + 'static {
    /// The types of notification tokens that it serves, such as `com.apple.apns`. Asked for once.
    fn types(&self) -> Vec<String>;

    /// Tries to notify a device.
    async fn notify(&self, notification: &Notification<'_>) -> Outcome;
}

/// That a device should look at its mailboxes: nothing else.
pub struct Notification<'token> {
    /// Whom to notify; its type is one of [`PushGateway::types`].
    pub token: &'token NotificationToken,
    /// The same in each try.
    pub id: Uuid,
    /// When there was something to tell, Unix seconds.
    pub made: u64,
    /// Now, Unix seconds.
    pub now: u64,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it.
    Sent,
    /// It may succeed later.
    Later {
        /// The service asked for so long a silence, for all tokens.
        after: Option<Duration>,
        /// For the log.
        why: Why,
    },
    /// The service knows the token no more: nothing is sent to it for an hour.
    Ended(Why),
    /// It won't succeed by being tried again.
    Refused(Why),
}

/// Why a service did not take a notification, in words that can hold nothing of what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    /// The answer's HTTP status.
    pub status: Option<u16>,
    /// A word of this program.
    pub word: &'static str,
}

impl Why {
    /// Without an answer.
    #[must_use]
    pub fn new(word: &'static str) -> Self {
        Self { status: None, word }
    }

    /// With an answer.
    #[must_use]
    pub fn answered(status: u16, word: &'static str) -> Self {
        Self {
            status: Some(status),
            word,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) if self.word.is_empty() => write!(f, "{status}"),
            Some(status) => write!(f, "{status} {}", self.word),
            None => f.write_str(self.word),
        }
    }
}

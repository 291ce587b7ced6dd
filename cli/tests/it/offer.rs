//! What most tests begin with: a relay, and a sender that has invited.

use crate::common::{Desk, Ended, Process, Relay, text};
use crate::words::{receive, send};

pub(crate) struct Offer {
    pub(crate) desk: Desk,
    pub(crate) relay: Relay,
    pub(crate) sender: Process,
    pub(crate) url: String,
    /// Empty if none is needed.
    pub(crate) pin: String,
}

impl Offer {
    pub(crate) fn new() -> Self {
        Self::with(b"the key", &[])
    }

    pub(crate) fn with_pin() -> Self {
        Self::with(b"the key", &["--pin"])
    }

    fn with(content: &[u8], more: &[&str]) -> Self {
        let desk = Desk::new();
        let relay = desk.relay();
        desk.write("key", content);
        let sender = desk.start(&send(&relay.url, more));
        Self::of(desk, relay, sender)
    }

    /// Once this sender has invited.
    pub(crate) fn of(desk: Desk, relay: Relay, mut sender: Process) -> Self {
        let invited = sender.until("invited");
        let pin = invited["pin"].as_str().unwrap_or_default().to_owned();
        Self {
            desk,
            relay,
            sender,
            url: text(&invited, "url"),
            pin,
        }
    }

    /// Received with these words more.
    pub(crate) fn received(&self, more: &[&str]) -> Ended {
        self.desk.run(&self.receive(more))
    }

    /// The words of its receiver.
    pub(crate) fn receive<'w>(&'w self, more: &[&'w str]) -> Vec<&'w str> {
        receive(&self.url, &self.relay.url, more)
    }
}

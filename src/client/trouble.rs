//! Why a transfer's relay does not answer, for as long as it does not.

use tokio::sync::watch;

use crate::Error;

/// What stands between a transfer and its relay, if anything does.
#[derive(Debug)]
pub(super) struct Trouble(watch::Sender<Option<Error>>);

impl Default for Trouble {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Trouble {
    pub(super) fn watch(&self) -> watch::Receiver<Option<Error>> {
        self.0.subscribe()
    }

    pub(super) fn now(&self) -> Option<Error> {
        self.0.borrow().clone()
    }

    /// An answer has come, or has not. The same trouble once more is no change.
    pub(super) fn set(&self, trouble: Option<Error>) {
        self.0.send_if_modified(|now| {
            let is_same = match (&*now, &trouble) {
                (Some(now), Some(next)) => now.is_same_trouble(next),
                (None, None) => true,
                _ => false,
            };
            *now = trouble;
            !is_same
        });
    }
}

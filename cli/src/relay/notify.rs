//! What the service manager is told, where there is one (`sd_notify(3)`, socket in `NOTIFY_SOCKET`).

use sd_notify::NotifyState;

/// The relay serves, with what its files have now.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Files are read again; [`ready`] follows. The time tells this from an answer to an earlier signal.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "there is no monotonic clock"),
    }
}

/// The relay takes no more connections.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}

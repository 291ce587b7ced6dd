//! What the thread is asked, and what it answers.

use tigress_mailbox::MailboxId;
use tokio::sync::oneshot;

use super::super::{Applied, Created, Creation, Kept, Room, StoreError};
use tigress_mailbox::rules::Command;

/// A call of the store.
pub(super) struct Job {
    pub(super) task: Task,
    /// Answered once it is known whether the task's transaction was kept.
    pub(super) reply: oneshot::Sender<Result<Done, StoreError>>,
}

/// May be run more than once, until a transaction with it is kept.
pub(super) enum Task {
    Create {
        new: Box<Creation>,
        room: Room,
        now: u64,
    },
    Apply {
        id: MailboxId,
        command: Command,
        room: Room,
        now: u64,
    },
    Sweep {
        now: u64,
    },
    Ready {
        room: Room,
    },
    Kept,
    Close,
    /// Keeps the thread from going on until the test lets it.
    #[cfg(test)]
    Pause {
        begun: std::sync::mpsc::Sender<()>,
        until: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
    },
}

/// What was done.
#[derive(Debug)]
pub(super) enum Done {
    Created(Created),
    Applied(Applied),
    Swept { erased: usize, more: bool },
    Ready,
    Kept(Kept),
    Closed,
}

impl Job {
    pub(super) fn may_write(&self) -> bool {
        match &self.task {
            Task::Create { .. } => true,
            Task::Apply { command, .. } => !matches!(command, Command::Read { .. } | Command::Show),
            _ => false,
        }
    }

    /// Whoever asked to read has gone. What it would have held is given back already, so
    /// it must not be read for nobody: a batch of such reads would take any amount.
    pub(super) fn is_for_nobody(&self) -> bool {
        let reads = |command| matches!(command, &Command::Read { .. } | &Command::Show);
        matches!(&self.task, Task::Apply { command, .. } if reads(command))
            && self.reply.is_closed()
    }

    /// Whether the room that is kept for a full disk is for it.
    pub(super) fn makes_room(&self) -> bool {
        match &self.task {
            Task::Apply { command, .. } => command.makes_room(),
            Task::Sweep { .. } => true,
            _ => false,
        }
    }
}

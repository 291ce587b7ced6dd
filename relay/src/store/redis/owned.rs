//! What the mailboxes that this relay made take, and who made them. Others of the same store count at the relay that made
//! them: together they can take as much as their relays allow.

use std::collections::BTreeMap;

use tigress_mailbox::MailboxId;
use uuid::Uuid;

use crate::client::Client;
use crate::store::room::Ledger;

#[derive(Default)]
pub(super) struct Owned {
    /// Asked for room; what is noted in it goes through the functions here.
    pub(super) ledger: Ledger,
    mailboxes: BTreeMap<Uuid, Mailbox>,
    /// Where it goes on to be seen whether they are still there.
    next: Uuid,
}

struct Mailbox {
    size: usize,
    expires: u64,
}

impl Owned {
    pub(super) fn created(&mut self, id: MailboxId, client: Client, size: usize, expires: u64) {
        self.ledger.created(id, client, size);
        self.ledger.commit();
        self.mailboxes.insert(id.0, Mailbox { size, expires });
    }

    pub(super) fn changed(&mut self, id: MailboxId, size: usize, expires: u64) {
        if let Some(mailbox) = self.mailboxes.get_mut(&id.0) {
            self.ledger.resized(id, mailbox.size, size);
            self.ledger.commit();
            *mailbox = Mailbox { size, expires };
        }
    }

    pub(super) fn gone(&mut self, id: MailboxId) {
        if let Some(mailbox) = self.mailboxes.remove(&id.0) {
            self.ledger.erased(id, mailbox.size);
            self.ledger.commit();
        }
    }

    /// Of the next `most`: those that have expired, and the others, which another relay may have erased.
    pub(super) fn due(&mut self, now: u64, most: usize) -> (Vec<MailboxId>, Vec<MailboxId>) {
        let from = self.mailboxes.range(self.next..);
        let some: Vec<_> = from.take(most).collect();
        let of_end = |expired: bool| {
            let some = some.iter();
            let some = some.filter(move |(_, mailbox)| (mailbox.expires <= now) == expired);
            some.map(|(id, _)| MailboxId(**id)).collect()
        };
        let due = (of_end(true), of_end(false));
        let last = some.last().filter(|_| some.len() == most);
        // After the last the first is the next.
        self.next = last.map_or(Uuid::nil(), |(id, _)| {
            Uuid::from_u128(id.as_u128().saturating_add(1))
        });
        due
    }
}

//! What things are called in the server. What stands in braces picks the server of a cluster.

use tigress_mailbox::MailboxId;
use tigress_mailbox::rules::CreateKey;
use uuid::Uuid;

const MAILBOX: &[u8] = b"tigress:m:{";
const CREATION: &[u8] = b"tigress:c:";

/// A mailbox, and the channel on which its changes are told.
pub(super) fn of_mailbox(id: MailboxId) -> Vec<u8> {
    [MAILBOX, id.0.as_simple().to_string().as_bytes(), b"}"].concat()
}

/// The mailbox that a channel is of.
pub(super) fn mailbox_of(channel: &[u8]) -> Option<MailboxId> {
    let id = channel.strip_prefix(MAILBOX)?.strip_suffix(b"}")?;
    Uuid::try_parse_ascii(id).ok().map(MailboxId)
}

/// Which mailbox a creation made.
pub(super) fn of_creation(key: &CreateKey) -> Vec<u8> {
    [CREATION, &key.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_names_its_mailbox() {
        let id = MailboxId(Uuid::from_u128(7));
        assert_eq!(mailbox_of(&of_mailbox(id)), Some(id));
        assert_eq!(mailbox_of(b"tigress:beat:{x}"), None);
    }
}

//! What a store has at hand of the mailboxes that were used last. Pure: who keeps it says what is true.
//!
//! In two halves: what is used goes to the younger, and when that is full it becomes the older, whose rest is forgotten.
//! So at least half of the room has what was used last, and no order is kept.

use std::collections::HashMap;

use tigress_mailbox::MailboxId;

/// What an entry takes beside what is said of it: its place in the table, what hangs on it.
const AROUND: usize = 512;

#[derive(Debug)]
pub(super) struct Recent<T> {
    younger: Half<T>,
    older: Half<T>,
    /// Bytes of a half.
    most: usize,
}

#[derive(Debug)]
struct Half<T> {
    entries: HashMap<MailboxId, (T, usize)>,
    bytes: usize,
}

impl<T: Clone> Recent<T> {
    /// With room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            younger: Half::default(),
            older: Half::default(),
            most: bytes / 2,
        }
    }

    pub(super) fn get(&mut self, id: MailboxId) -> Option<T> {
        if let Some((value, _)) = self.younger.entries.get(&id) {
            return Some(value.clone());
        }
        let (value, size) = self.older.take(id)?;
        self.keep(id, value.clone(), size);
        Some(value)
    }

    /// In place of what it was. What is larger than a half is not kept.
    pub(super) fn put(&mut self, id: MailboxId, value: T, size: usize) {
        self.remove(id);
        self.keep(id, value, size.saturating_add(AROUND));
    }

    pub(super) fn remove(&mut self, id: MailboxId) {
        let _ = self.younger.take(id).or_else(|| self.older.take(id));
    }

    pub(super) fn clear(&mut self) {
        (self.younger, self.older) = (Half::default(), Half::default());
    }

    fn keep(&mut self, id: MailboxId, value: T, size: usize) {
        if size > self.most {
            return;
        }
        if size > self.most - self.younger.bytes {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.bytes += size;
        self.younger.entries.insert(id, (value, size));
    }
}

impl<T> Default for Half<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            bytes: 0,
        }
    }
}

impl<T> Half<T> {
    fn take(&mut self, id: MailboxId) -> Option<(T, usize)> {
        let (value, size) = self.entries.remove(&id)?;
        self.bytes -= size;
        Some((value, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// Takes a tenth of a half with what is around it.
    const SIZE: usize = 500;

    fn id(n: u128) -> MailboxId {
        MailboxId(Uuid::from_u128(n))
    }

    fn recent() -> Recent<u128> {
        Recent::new(20 * (SIZE + AROUND))
    }

    #[test]
    fn what_is_used_stays_and_the_rest_makes_room() {
        let mut recent = recent();
        for n in 0..1_000 {
            recent.put(id(n), n, SIZE);
            assert_eq!(recent.get(id(0)), Some(0), "used all the time: {n}");
            let bytes = recent.younger.bytes + recent.older.bytes;
            assert!(bytes <= 20 * (SIZE + AROUND), "{bytes}");
        }
        for n in 991..1_000 {
            assert_eq!(recent.get(id(n)), Some(n), "one of the last");
        }
        assert_eq!(recent.get(id(500)), None);
    }

    #[test]
    fn what_is_replaced_or_removed_is_nowhere() {
        let mut recent = recent();
        // In either half.
        for others in [1, 12] {
            recent.put(id(0), 1, SIZE);
            for n in 0..others {
                recent.put(id(100 + n), 0, SIZE);
            }
            recent.put(id(0), 2, SIZE);
            assert_eq!(recent.get(id(0)), Some(2));
            recent.remove(id(0));
            assert_eq!(recent.get(id(0)), None);
            recent.clear();
            assert_eq!((recent.get(id(100)), recent.younger.bytes), (None, 0));
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_what_it_replaces_is_gone() {
        let mut recent = recent();
        recent.put(id(0), 1, SIZE);
        recent.put(id(1), 1, SIZE);
        recent.put(id(0), 2, 10 * (SIZE + AROUND));
        assert_eq!((recent.get(id(0)), recent.get(id(1))), (None, Some(1)));
        assert_eq!(recent.younger.bytes, SIZE + AROUND);
    }
}

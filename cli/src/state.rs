//! What is kept of the transfers: their sealed records, and the command's own notes on each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tigress::{
    Config, DirectoryStore, StoreError, TransferClient, TransferId, TransferStore, TransferSummary,
};
use zeroize::{Zeroize, Zeroizing};

use crate::exit::Failure;
use crate::folder;

/// How often notes are written again when another process was faster.
const MAX_CONFLICTS: usize = 16;

/// A folder that needs nothing else: its key lies in it.
#[derive(Clone)]
pub(crate) struct State {
    store: Arc<DirectoryStore>,
}

impl State {
    /// The folder, or the user's own; made on first use.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) if folder.as_os_str().is_empty() => {
                return Err(Failure::usage("the state folder's name is empty"));
            }
            Some(folder) => folder.to_path_buf(),
            None => folder::of_user()?,
        };
        let key = folder::open(&folder).map_err(|error| {
            let reason = format!("the state folder {}: {error}", folder.display());
            Failure::new("state", reason)
        })?;
        let store = Arc::new(DirectoryStore::new(folder, key));
        Ok(Self { store })
    }

    pub(crate) fn store(&self) -> Arc<dyn TransferStore> {
        Arc::<DirectoryStore>::clone(&self.store)
    }

    /// The transfers of this folder.
    pub(crate) async fn transfers(&self) -> Result<Vec<TransferSummary>, Failure> {
        let client = TransferClient::new(Config::default(), self.store(), None)?;
        Ok(client.transfers().await?)
    }

    /// Forgets one that has ended, and the notes on it.
    pub(crate) async fn forget_ended(&self, id: TransferId) -> Result<(), Failure> {
        let client = TransferClient::new(Config::default(), self.store(), None)?;
        client.forget(id).await?;
        self.forget(id)
    }

    /// One of them, if it is there.
    pub(crate) async fn find(&self, id: TransferId) -> Result<Option<TransferSummary>, Failure> {
        let all = self.transfers().await?;
        Ok(all.into_iter().find(|summary| summary.id == id))
    }

    /// One that must be there.
    pub(crate) async fn transfer(&self, id: TransferId) -> Result<TransferSummary, Failure> {
        let unknown = Failure::new("unknown_transfer", "no such transfer in this state folder");
        self.find(id).await?.ok_or(unknown)
    }

    /// What was noted on a transfer.
    pub(crate) fn notes(&self, id: TransferId) -> Result<Option<Notes>, Failure> {
        let Some(record) = self.store.load(&record_key(id)).map_err(store_failed)? else {
            return Ok(None);
        };
        notes_of(&record.bytes).map(Some)
    }

    /// Notes on a transfer, in the place of earlier ones: of these stays what another process has kept and this one has not
    /// put anywhere. It may be the only copy.
    pub(crate) fn note(&self, id: TransferId, notes: &Notes) -> Result<(), Failure> {
        let key = record_key(id);
        for _ in 0..MAX_CONFLICTS {
            let before = self.store.load(&key).map_err(store_failed)?;
            let stored = before.as_ref().map(|record| notes_of(&record.bytes));
            let merged = notes.with_kept_of(stored.and_then(Result::ok));
            let bytes = serde_json::to_vec(&merged).map(Zeroizing::new);
            let bytes = bytes.map_err(|_| Failure::new("internal", "notes can't be written"))?;
            if before.as_ref().is_some_and(|record| record.bytes == bytes) {
                return Ok(());
            }
            let expected = before.map(|record| record.version);
            match self.store.save(&key, expected.as_deref(), &bytes) {
                // Another process, that carries or ends the same transfer, was faster.
                Err(StoreError::Conflict) => {}
                result => return result.map(|_| ()).map_err(store_failed),
            }
        }
        Err(store_failed(StoreError::Busy))
    }
}

impl State {
    /// Drops the notes on a transfer that was not begun.
    pub(crate) fn forget(&self, id: TransferId) -> Result<(), Failure> {
        let key = record_key(id);
        match self.store.load(&key).map_err(store_failed)? {
            Some(record) => self
                .store
                .delete(&key, &record.version)
                .map_err(store_failed),
            None => Ok(()),
        }
    }
}

/// What `resume` must know beside the transfer's own record; sealed like it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// Sender: the request's idempotency key.
    pub(crate) key: Option<String>,
    /// Sender: the relay.
    pub(crate) relay: Option<String>,
    /// Certificates of the relay's authorities.
    pub(crate) ca: Option<Content>,
    /// Sender: a `.tigress` file to write.
    #[serde(with = "path_bytes", default)]
    pub(crate) invitation_file: Option<PathBuf>,
    /// Receiver: the invitation, until it was read and found good.
    pub(crate) invitation: Option<Content>,
    /// Receiver: relays to trust.
    pub(crate) trusted: Vec<String>,
    /// Receiver: what is to be answered.
    pub(crate) reply: Option<Content>,
    /// Receiver: the file, sender: the folder, for what is received.
    #[serde(with = "path_bytes", default)]
    pub(crate) out: Option<PathBuf>,
    /// Whether files may be overwritten.
    pub(crate) force: bool,
    /// What was received while there was no `out`.
    pub(crate) kept: Vec<Kept>,
    /// Which of the messages this process has put where they belong: these need not be kept.
    #[serde(skip)]
    pub(crate) delivered: BTreeSet<u64>,
}

impl Notes {
    /// These, with what is only in `stored`.
    fn with_kept_of(&self, stored: Option<Self>) -> Self {
        let mut all = self.clone();
        for kept in stored.map(|stored| stored.kept).unwrap_or_default() {
            let is_known = all.kept.iter().any(|one| one.index == kept.index);
            if !is_known && !self.delivered.contains(&kept.index) {
                all.kept.push(kept);
            }
        }
        all.kept.sort_by_key(|kept| kept.index);
        all
    }

    /// Nothing of an ended transfer is to be sent any more.
    pub(crate) fn end(&mut self) {
        self.key = None;
        self.invitation = None;
        self.reply = None;
    }
}

/// Paths as the bytes that they are: not every one is text.
mod path_bytes {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::PathBuf;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Content;

    #[expect(clippy::ref_option, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let bytes = |path: &PathBuf| Content(path.as_os_str().as_bytes().to_vec().into());
        path.as_ref().map(bytes).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let bytes = Option::<Content>::deserialize(deserializer)?;
        Ok(bytes.map(|bytes| OsString::from_vec(bytes.0.to_vec()).into()))
    }
}

/// A message without a file yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) index: u64,
    pub(crate) format: String,
    pub(crate) content: Content,
}

/// Bytes, in Base64 when stored; wiped when dropped.
#[derive(Clone, Default)]
pub(crate) struct Content(pub(crate) Zeroizing<Vec<u8>>);

impl Serialize for Content {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        let text = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(&*self.0));
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let mut text = String::deserialize(deserializer)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(&text);
        text.zeroize();
        bytes
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .map_err(|_| serde::de::Error::custom("not Base64"))
    }
}

fn notes_of(bytes: &[u8]) -> Result<Notes, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|_| Failure::new("state", "the notes on this transfer are damaged"))
}

/// Beside the transfer's record, under a key that is no transfer id.
fn record_key(id: TransferId) -> String {
    format!("cli-{id}")
}

fn store_failed(error: StoreError) -> Failure {
    Failure::new("store", format!("the store failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(index: u64) -> Kept {
        Kept {
            index,
            format: "format".to_owned(),
            content: Content(vec![7].into()),
        }
    }

    #[test]
    fn what_one_process_has_kept_is_not_lost_by_the_notes_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(Some(folder.path())).unwrap();
        let id = TransferId::of_idempotency_key("one transfer");
        let indices = || -> Vec<u64> {
            let notes = state.notes(id).unwrap().unwrap();
            notes.kept.iter().map(|kept| kept.index).collect()
        };
        state.note(id, &Notes::default()).unwrap();
        let [mut one, mut other] = [(); 2].map(|()| state.notes(id).unwrap().unwrap());
        one.kept.push(kept(1));
        state.note(id, &one).unwrap();
        // It has seen the same event too late, and ends.
        other.kept.push(kept(0));
        other.end();
        state.note(id, &other).unwrap();
        assert_eq!(indices(), [0, 1]);
        // A third one puts one of them into its file.
        let mut third = state.notes(id).unwrap().unwrap();
        third.kept.retain(|kept| kept.index != 0);
        third.delivered.insert(0);
        state.note(id, &third).unwrap();
        assert_eq!(indices(), [1]);
    }
}

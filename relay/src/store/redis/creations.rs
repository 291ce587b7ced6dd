//! Which mailbox a request has made, for when it comes again.

use tigress_mailbox::MailboxId;
use tigress_mailbox::rules::{CreateKey, Version};
use uuid::Uuid;

use super::{RedisStore, damaged, key, scripts};
use crate::store::{Created, StoreError};

impl RedisStore {
    /// How long a creation is known. If this gets lost it is known for another time than it should be, no more.
    pub(super) async fn remember(
        &self,
        creation: &[u8],
        id: MailboxId,
        deleted: bool,
        left: String,
    ) {
        let Ok(creation) = creation.try_into().map(CreateKey) else {
            return;
        };
        let (key, value) = (key::of_creation(&creation), made(id, deleted));
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(&value).arg("XX").arg("PX").arg(&left);
        let _ = self.link.query::<()>(&set).await;
    }

    /// Notes which mailbox the request made, unless another is noted; then returns that one.
    pub(super) async fn note(
        &self,
        key: &CreateKey,
        id: MailboxId,
        left: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (key, value) = (key::of_creation(key), made(id, false));
        let mut note = redis::cmd("SET");
        note.arg(&key).arg(&value).arg("NX").arg("GET");
        note.arg("PX").arg(left);
        let before: Option<Vec<u8>> = self.link.query(&note).await?;
        Ok(before.filter(|before| *before != value))
    }

    pub(super) async fn forget_note(
        &self,
        key: &CreateKey,
        before: &[u8],
    ) -> Result<(), StoreError> {
        let key = key::of_creation(key);
        self.link
            .run(|connection| scripts::FORGET.call::<i64>(&key, &[before], connection))
            .await
            .map(drop)
    }

    /// The mailbox that the same request made before, if that is there or was deleted. What a fail-over has lost, or time,
    /// may be made again.
    pub(super) async fn repeated(
        &self,
        creation: &CreateKey,
        now: u64,
    ) -> Result<Option<Created>, StoreError> {
        let mut get = redis::cmd("GET");
        get.arg(key::of_creation(creation));
        let noted: Option<Vec<u8>> = self.link.query(&get).await?;
        let Some(noted) = noted else {
            return Ok(None);
        };
        let Some((deleted, id)) = noted.split_last() else {
            return Err(damaged());
        };
        let id = MailboxId(Uuid::from_slice(id).map_err(|_| damaged())?);
        let kept = self.load(id, b"").await?;
        let version = kept.filter(|(kept, _)| kept.record.expires() > now);
        let version: Option<Version> = version.map(|(kept, _)| kept.record.version());
        if version.is_some() || *deleted == 1 {
            return Ok(Some(Created::Repeated { id, version }));
        }
        self.unlink(id).await?;
        self.forget_note(creation, &noted).await?;
        Ok(None)
    }
}

/// What is noted of a creation.
fn made(id: MailboxId, deleted: bool) -> Vec<u8> {
    [id.0.as_bytes().as_slice(), &[u8::from(deleted)]].concat()
}

//! What is forgotten of an ended transfer, and what never is: which invitations this device has answered. A PIN's
//! tries are counted for each invitation, so none may be answered anew once its record is gone.

use std::sync::PoisonError;

use super::TransferClient;
use crate::Error;
use tigress_gss::auth_credential::CredentialId;
use tigress_primitives::record;
use tigress_primitives::record::RecordError;
use tigress_protocol::transfer::TransferId;

/// The store's key of the answered invitations; no transfer has such an id.
const ANSWERED: &str = "answered";
/// Version of their record's form.
const VERSION: u64 = 1;
/// Bytes of a transfer's id, and of a credential's.
const ID: usize = 16;
/// Most that are remembered; beyond that the oldest gives way.
const MAX_ANSWERED: usize = 8192;
/// How often it is tried again when another process was faster.
const MAX_CONFLICTS: usize = 16;

/// The invitations that this device has answered, and of which nothing else is left: the transfer's id, which is
/// the invitation's, and the id of its auth credential.
#[derive(Default)]
pub(super) struct Answered(Vec<[u8; 2 * ID]>);

/// As they are stored: one after the other.
struct Kept {
    all: Vec<u8>,
}

record! {
    struct Kept { all: 1 }
}

impl Answered {
    pub(super) fn has(&self, id: TransferId) -> bool {
        self.0.iter().any(|one| one[..ID] == *id.as_bytes())
    }

    pub(super) fn credentials(&self) -> impl Iterator<Item = CredentialId> {
        let id = |one: &[u8; 2 * ID]| Some(CredentialId::new(*one.last_chunk::<ID>()?));
        self.0.iter().filter_map(id)
    }

    fn add(&mut self, id: TransferId, credential: &CredentialId) {
        let mut one = [0; 2 * ID];
        one[..ID].copy_from_slice(id.as_bytes());
        one[ID..].copy_from_slice(credential.as_bytes());
        self.0.push(one);
        let surplus = self.0.len().saturating_sub(MAX_ANSWERED);
        self.0.drain(..surplus);
    }

    fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        let kept: Kept = record::decode(VERSION, bytes)?;
        match kept.all.as_chunks() {
            (all, []) => Ok(Self(all.to_vec())),
            _ => Err(RecordError::Damaged),
        }
    }

    fn to_record(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let all = self.0.concat();
        record::encode(VERSION, &Kept { all })
    }
}

impl TransferClient {
    /// Forgets an ended transfer whose time is over; says whether it did.
    pub(super) async fn forget_if_due(&self, id: TransferId) -> Result<bool, Error> {
        // That its events are overdue is stored, too.
        let due = self.transact(id, |transfer, now, _| Ok(transfer.is_forgettable(now)));
        if !due.await? {
            return Ok(false);
        }
        self.erase(id).await?;
        Ok(true)
    }

    /// Forgets an ended transfer before its time: texts, counts, and events that were not acknowledged, with what they
    /// hold. That its invitation was answered stays known: it can't be accepted anew, nor its PIN be tried again. What
    /// the relay was still to be told is not told any more; its mailbox ends by itself.
    ///
    /// # Errors
    /// `not_ended`, `unknown_transfer`, `store`, `store_busy`.
    pub async fn forget(&self, id: TransferId) -> Result<(), Error> {
        let (transfer, _) = self.load(id).await?.ok_or(Error::unknown_transfer())?;
        if transfer.outcome().is_none() {
            return Err(Error::not_ended());
        }
        self.erase(id).await
    }

    /// Deletes a transfer's record. That its invitation was answered is noted before.
    async fn erase(&self, id: TransferId) -> Result<(), Error> {
        let Some((transfer, record)) = self.load(id).await? else {
            return Ok(());
        };
        if let (true, Some(credential)) = (transfer.has_used_credential(), transfer.credential_id())
        {
            self.note_answered(id, credential).await?;
        }
        let key = id.to_string();
        self.blocking(move |store| store.delete(&key, &record.version))
            .await?;
        let mut live = self.0.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.remove(&id);
        Ok(())
    }

    /// The answered invitations whose transfers are forgotten. If that can't be read, none may be accepted: a PIN
    /// would have all its tries again.
    pub(super) async fn answered(&self) -> Result<Answered, Error> {
        Ok(self.load_answered().await?.0)
    }

    async fn load_answered(&self) -> Result<(Answered, Option<String>), Error> {
        match self.blocking(|store| store.load(ANSWERED)).await? {
            Some(record) => {
                let answered = Answered::read(&record.bytes).map_err(|error| Error::Store {
                    reason: format!("the answered invitations: {error}"),
                })?;
                Ok((answered, Some(record.version)))
            }
            None => Ok((Answered::default(), None)),
        }
    }

    async fn note_answered(&self, id: TransferId, credential: &CredentialId) -> Result<(), Error> {
        for _ in 0..MAX_CONFLICTS {
            let (mut answered, version) = self.load_answered().await?;
            if answered.has(id) {
                return Ok(());
            }
            answered.add(id, credential);
            let bytes = answered.to_record();
            let saved =
                self.blocking(move |store| store.save(ANSWERED, version.as_deref(), &bytes));
            match saved.await {
                Ok(_) => return Ok(()),
                Err(Error::StoreBusy) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::StoreBusy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tigress_primitives::cbor::Map;

    fn id(n: u128) -> TransferId {
        TransferId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn what_was_answered_is_read_back_and_the_oldest_gives_way() {
        let mut answered = Answered::default();
        for n in 0..=MAX_ANSWERED as u128 {
            answered.add(id(n), &CredentialId::new([7; 16]));
        }
        let read = Answered::read(&answered.to_record()).unwrap();
        assert!(!read.has(id(0)) && read.has(id(1)) && read.has(id(MAX_ANSWERED as u128)));
        assert_eq!(read.credentials().count(), MAX_ANSWERED);
        assert!(read.credentials().all(|c| c == CredentialId::new([7; 16])));
    }

    /// Golden bytes: what was written once stays readable.
    #[test]
    fn every_form_stays_readable() {
        let mut answered = Answered::default();
        for n in 1..=3 {
            answered.add(id(n.into()), &CredentialId::new([n; 16]));
        }
        let golden = include_str!("../../tests/vectors/answered-1.hex");
        let golden = hex::decode(golden.trim_end()).unwrap();
        assert_eq!(*answered.to_record(), golden);
        assert_eq!(Answered::read(&golden).unwrap().0, answered.0);
        for end in 0..golden.len() {
            let cut = Answered::read(&golden[..end]).err();
            assert_eq!(cut, Some(RecordError::Damaged), "{end}");
        }
    }

    #[test]
    fn a_record_of_another_form_is_an_error() {
        let map = || Map::new().with(0, 1).with(1, &[0; 64]);
        let read = |map: &Map| Answered::read(&map.encode()).err();
        assert_eq!(read(&map()), None);
        assert_eq!(read(&map().with(0, 2)), Some(RecordError::Version(2)));
        for other in [
            map().with(1, &[0; 63]),
            map().with(2, 0),
            Map::new().with(1, &[0; 64]),
            Map::new().with(0, 1),
        ] {
            assert_eq!(read(&other), Some(RecordError::Damaged), "{other:?}");
        }
    }
}

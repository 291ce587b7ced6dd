//! What is forgotten of an ended transfer, and what never is: which invitations this device has answered.

use std::sync::PoisonError;

use super::TransferClient;
use crate::Error;
use tigress_gss::auth_credential::CredentialId;
use tigress_protocol::transfer::{Answered, TransferId};

/// The store's key of the answered invitations; no transfer has such an id.
const ANSWERED: &str = "answered";
/// How often it is tried again when another process was faster.
const MAX_CONFLICTS: usize = 16;

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
        self.remove(id, record).await?;
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
                let answered =
                    Answered::from_record(&record.bytes).map_err(|error| Error::Store {
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

//! The sender's user is asked before an invitation leaves the device, such as by Face ID or BiometricPrompt.

use std::fmt;

use async_trait::async_trait;

use super::TransferClient;
use crate::Error;
use tigress_protocol::transfer::{Transfer, TransferId};

/// What the sender's user is asked for: whoever gets the link can take the credential.
#[derive(Clone)]
pub struct ShareRequest {
    /// The transfer.
    pub transfer: TransferId,
    /// The invitation's title, as this app gave it.
    pub title: String,
    /// The invitation was made before, and is to be shown again.
    pub again: bool,
}

impl fmt::Debug for ShareRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShareRequest")
            .field("transfer", &self.transfer)
            .field("again", &self.again)
            .finish_non_exhaustive()
    }
}

/// Asks the sender's user. May take as long as that takes; a call that is dropped meanwhile has done nothing.
#[async_trait]
pub trait UserApproval: Send + Sync {
    /// Whether the user agrees. Anything that goes wrong is a no.
    async fn approve(&self, request: ShareRequest) -> bool;
}

impl fmt::Debug for dyn UserApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserApproval(..)")
    }
}

impl TransferClient {
    /// Fails unless the user agrees, where somebody asks. What nobody can be invited to any more is not asked for.
    pub(super) async fn approve(&self, transfer: &Transfer, again: bool) -> Result<(), Error> {
        let Some(approval) = &self.0.config.approval else {
            return Ok(());
        };
        if !transfer.is_unanswered() {
            return Ok(());
        }
        let request = ShareRequest {
            transfer: transfer.id,
            title: transfer.summary().display.title.to_string(),
            again,
        };
        match approval.approve(request).await {
            true => Ok(()),
            false => Err(Error::not_approved()),
        }
    }
}

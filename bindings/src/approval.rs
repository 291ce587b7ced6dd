//! The sender's user is asked before an invitation leaves the device.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::unexpected;
use crate::transfer_id::TransferId;

/// What the sender's user is asked for: whoever gets the link can take the credential.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Display)]
pub struct ShareRequest {
    /// The transfer.
    pub transfer: TransferId,
    /// The invitation's title, as this app gave it.
    pub title: String,
    /// The invitation was made before, and is to be shown again.
    pub again: bool,
}

/// Without the title.
impl fmt::Display for ShareRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareRequest({})", self.transfer.0)
    }
}

impl From<tigress::ShareRequest> for ShareRequest {
    fn from(request: tigress::ShareRequest) -> Self {
        Self {
            transfer: request.transfer.into(),
            title: request.title,
            again: request.again,
        }
    }
}

/// Nobody could be asked: the same as a no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum ApprovalError {
    /// In the app's words.
    #[error("{reason}")]
    Failed {
        /// Without secrets.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ApprovalError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            reason: unexpected(&error),
        }
    }
}

/// Asks the sender's user, such as by Face ID or BiometricPrompt, before an invitation leaves this device and before one is
/// shown again. May take as long as that takes.
#[uniffi::export(foreign)]
#[async_trait]
pub trait UserApproval: Send + Sync {
    /// Whether the user agrees. Failing is a no.
    async fn approve(&self, request: ShareRequest) -> Result<bool, ApprovalError>;
}

/// Who asks in the other language, for the core.
pub(crate) struct Foreign(pub(crate) Arc<dyn UserApproval>);

#[async_trait]
impl tigress::UserApproval for Foreign {
    async fn approve(&self, request: tigress::ShareRequest) -> bool {
        match self.0.approve(request.into()).await {
            Ok(agreed) => agreed,
            Err(error) => {
                tracing::warn!(%error, "nobody could be asked");
                false
            }
        }
    }
}

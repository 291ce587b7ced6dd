//! Telling a device that something changed at its mailbox.

use async_trait::async_trait;
use tigress_mailbox::NotificationToken;

/// Hands a notification token to a push service, without any content: the device then reads its mailbox.
#[async_trait]
pub trait PushGateway: Send + Sync + 'static {
    /// What `isPushNotificationSupported` says.
    fn is_supported(&self) -> bool {
        true
    }

    /// Called after the other device has bound, written or deleted. Nobody waits for it, and it is given up after ten
    /// seconds: a notification only makes the device look sooner.
    async fn notify(&self, token: NotificationToken);
}

/// No push service.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPush;

#[async_trait]
impl PushGateway for NoPush {
    fn is_supported(&self) -> bool {
        false
    }

    async fn notify(&self, _token: NotificationToken) {}
}

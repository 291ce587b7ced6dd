//! Tigress transfers a digital credential (a car key, a hotel pass) from one phone to another: IETF TIGRESS in the
//! variant built on the GSS-API (RFC 2743).
//!
//! A sender makes an invitation, a link whose fragment holds a secret, and gives it to the receiver by any messenger.
//! Both then talk through a relay, which passes sealed tokens on and can neither read nor forge them; they need never
//! be online together. An app has one [`TransferClient`] for all its transfers:
//!
//! ```
//! use std::sync::Arc;
//! use tigress::{
//!     AcceptOptions, Config, Credential, Error, InvitationRequest, MemoryStore, Outcome, TerminateReason,
//!     TransferClient, TransferEvent, TransferId,
//! };
//!
//! /// What every app does: it takes the events until the transfer is over, and gives what arrived and how it ended.
//! async fn follow(client: &TransferClient, id: TransferId) -> Result<(Vec<Credential>, Option<Outcome>), Error> {
//!     let (mut received, mut ended) = (Vec::new(), None);
//!     let mut events = client.events(id)?;
//!     while let Some(event) = events.next().await? { // Acknowledges the event before.
//!         match event {
//!             TransferEvent::CredentialReceived { credential, .. } => {
//!                 received.push(credential); // Kept by the app: then it is done.
//!                 client.terminate(id, TerminateReason::Done).await?;
//!             }
//!             TransferEvent::Closed { outcome } => ended = Some(outcome),
//!             _ => {} // Accepted, established, delivered: what the app may show.
//!         }
//!     }
//!     Ok((received, ended))
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Error> {
//! # let relay = tigress_testkit::TestRelay::start().await;
//! # let relay = relay.url();
//! let mut config = Config::with_relay(relay); // Such as "https://relay.example".
//! config.allow_loopback_http = true; // For a test: the relay runs in this process.
//! let client = || TransferClient::new(config.clone(), Arc::new(MemoryStore::new()), None);
//! let (sender, receiver) = (client()?, client()?);
//!
//! // Steps 1 to 3: the sender makes an invitation; its user shares the link.
//! let pass = Credential::new("org.example.pass", b"room 7".to_vec());
//! let request = InvitationRequest {
//!     title: "Room 7".into(),
//!     credential: Some(pass.clone()),
//!     ..InvitationRequest::default()
//! };
//! let invitation = sender.create_invitation(request).await?;
//! let link = invitation.share_url.to_url();
//!
//! // Steps 4 and 5: the receiver takes it on, and its user agrees. Steps 6 to 8 are made by whoever waits for events.
//! let id = receiver.accept_invitation(link.as_str(), AcceptOptions::default()).await?;
//! receiver.confirm(id, None).await?;
//! let ((_, sent), (received, ended)) =
//!     tokio::try_join!(follow(&sender, invitation.transfer), follow(&receiver, id))?;
//! assert_eq!((sent, ended), (Some(Outcome::Completed), Some(Outcome::Completed)));
//! assert_eq!(received, [pass]);
//! # Ok(())
//! # }
//! ```
//!
//! # The eight steps, and where each lives
//!
//! | # | who | what | where |
//! |---|---|---|---|
//! | 1 | sender | makes a shared secret and a single-use auth credential, and seals the one under the other | `tigress_gss::auth_credential` |
//! | 2 | sender | starts a security context: token 1 | `tigress_gss::{gss, mechanism}` |
//! | 3 | sender | makes a mailbox with token 1 in it; the invitation is its URL, with the secret in the fragment | `tigress_protocol::{transfer, invitation}`, `tigress_mailbox` |
//! | 4 | receiver | gets it as link, file or QR code, and claims the mailbox | [`invitation`], `client` (accept) |
//! | 5 | receiver | opens the auth credential with the secret, and validates it | `tigress_gss`, `tigress_protocol::transfer` (receive) |
//! | 6 | both | tokens 2 and 3: the context is established | `tigress_gss`, `tigress_protocol::exchange` |
//! | 7 | sender | wraps the credential and sends it | `tigress_gss`, `tigress_protocol::{transfer, exchange}` |
//! | 8 | receiver | unwraps it; then ends the transfer, or both go on with messages each way | `tigress_gss`, `tigress_protocol::transfer` (receive, ending) |
//!
//! Data flows one way: client, transfer (decides), gss (protects), exchange (orders), mailbox (says it in HTTP),
//! transport; and back the same way. This crate is all that awaits, and what a wallet names. Everything below it is in
//! crates that can't read a clock, draw randomness, or reach for a file or the network: these are handed in.
//!
//! # Features
//!
//! `http` (default): the built-in HTTP transport; without, for apps that bring their platform's HTTP.
//! `http2` (default): this by HTTP/2, too.
//! `testing`: a relay in memory.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod client;
mod error;

/// Invitations: as link, `.tigress` file or QR code, and what a wallet shows of one before it is accepted.
pub mod invitation {
    pub use tigress_protocol::invitation::{
        InvitationError, InvitationPreview, LinkChange, MEDIA_TYPE, PeerText, RelayOrigin,
        ShareUrl, Vertical, parse_invitation, qr_code, qr_code_svg,
    };
    pub use tigress_protocol::summary::Summary;
}

/// HTTP as plain values, for a transport of the app's own; and where a device can be woken.
pub mod mailbox {
    pub use tigress_mailbox::{HttpRequest, HttpResponse, MAX_BODY, Method, NotificationToken};
}

/// Bytes that are wiped: the key of a [`DirectoryStore`], the secret of an invitation.
pub mod secret {
    pub use tigress_primitives::secret::{Secret, SharedSecret};
}

/// For apps' own tests.
#[cfg(feature = "testing")]
pub mod testing {
    pub use crate::client::InMemoryRelay;
}

pub use client::{
    AcceptOptions, Clock, Config, DEFAULT_LIFETIME, DirectoryStore, Events, HttpTransport,
    Invitation, InvitationRequest, MAX_LIFETIME, MemoryStore, RelayWatch, ShareRequest, StoreError,
    StoredRecord, TransferClient, TransferStore, TransfersWatch, TransportError, UserApproval,
    built_in_transport,
};
pub use error::Error;
pub use tigress_gss::pin::{NotAPin, Pin};
pub use tigress_mailbox::TransportFailure;
pub use tigress_protocol::transfer::{
    Authenticity, Credential, Display, MAX_CONTENT, MessageIndex, NotATransferId, Outcome,
    TerminateReason, TransferEvent, TransferId, TransferRole, TransferState, TransferSummary,
    TransferUpdate,
};

/// The code in README.md is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

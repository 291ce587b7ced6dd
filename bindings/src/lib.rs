//! Tigress for Swift and Kotlin.
//!
//! The only place with UniFFI: the functions and types of the crate `tigress`, in a form that crosses the language
//! border. It converts and decides nothing.
#![deny(missing_docs)]
#![allow(
    clippy::result_large_err,
    reason = "an error is written out for the other language at once: it is moved nowhere"
)]

mod approval;
mod cancel;
mod client;
mod error;
mod failure;
mod http;
mod invitation;
mod log;
mod observe;
mod outcome;
mod relay;
mod settings;
mod store;
mod time;
mod transfer;
mod transfer_id;

pub use approval::{ApprovalError, ShareRequest, UserApproval};
pub use cancel::Cancellation;
pub use client::TransferClient;
pub use error::TigressError;
pub use failure::TransportFailure;
pub use http::{
    HttpHeader, HttpMethod, HttpRequest, HttpResponse, HttpTransport, TransportError,
    built_in_transport,
};
pub use invitation::{
    Invitation, InvitationPreview, PeerText, QrCode, Vertical, parse_invitation, qr_code,
    qr_code_svg,
};
pub use log::{LogError, LogLevel, LogRecord, LogSink, set_log_sink};
pub use observe::{Observation, Observed, TransfersObservation};
pub use outcome::{EndReason, Outcome};
pub use relay::InMemoryRelay;
pub use settings::{AcceptOptions, Config, InvitationRequest, NotificationToken};
pub use store::{StoreError, StoredRecord, TransferStore, directory_store, memory_store};
pub use time::TimeSpan;
pub use transfer::{
    Authenticity, Credential, TerminateReason, TransferEvent, TransferRole, TransferState,
    TransferSummary, TransferUpdate,
};
pub use transfer_id::TransferId;

uniffi::setup_scaffolding!("tigress");

//! Tigress for Swift and Kotlin.
//!
//! The only place with UniFFI: the functions and types of the crate `tigress`, in a form that crosses the language
//! border. It converts and decides nothing.
#![deny(missing_docs)]

mod cancel;
mod client;
mod error;
mod http;
mod invitation;
mod log;
mod observe;
mod relay;
mod settings;
mod store;
mod time;
mod transfer;

pub use cancel::Cancellation;
pub use client::TransferClient;
pub use error::TigressError;
pub use http::{
    HttpHeader, HttpMethod, HttpRequest, HttpResponse, HttpTransport, TransportError,
    TransportFailure, built_in_transport,
};
pub use invitation::{
    Invitation, InvitationPreview, PeerText, Vertical, parse_invitation, qr_code_png, qr_code_svg,
};
pub use log::{LogError, LogLevel, LogRecord, LogSink, set_log_sink};
pub use observe::{Observation, Observed};
pub use relay::InMemoryRelay;
pub use settings::{AcceptOptions, Config, InvitationRequest, NotificationToken};
pub use store::{StoreError, StoredRecord, TransferStore, directory_store, memory_store};
pub use time::TimeSpan;
pub use transfer::{
    Credential, Outcome, TerminateReason, TransferEvent, TransferId, TransferRole, TransferState,
    TransferSummary, TransferUpdate,
};

uniffi::setup_scaffolding!("tigress");

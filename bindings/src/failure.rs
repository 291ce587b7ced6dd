//! Why requests have no answer.

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TransportFailure {
    /// Nothing listens there, the name is unknown, there is no route or no network.
    Unreachable,
    /// Nothing came in time.
    TimedOut,
    /// The relay's certificate is expired, for another name, or from an authority that this device does not trust.
    Untrusted,
    /// The connection ended before the answer did.
    CutOff,
    /// The answer has more than 1 MiB.
    TooLarge,
    /// Anything else.
    Other,
}

impl From<tigress::TransportFailure> for TransportFailure {
    fn from(kind: tigress::TransportFailure) -> Self {
        use tigress::TransportFailure as Core;
        match kind {
            Core::Unreachable => Self::Unreachable,
            Core::TimedOut => Self::TimedOut,
            Core::Untrusted => Self::Untrusted,
            Core::CutOff => Self::CutOff,
            Core::TooLarge => Self::TooLarge,
            // And whatever the core may get that these bindings have no name for.
            _ => Self::Other,
        }
    }
}

impl From<TransportFailure> for tigress::TransportFailure {
    fn from(kind: TransportFailure) -> Self {
        match kind {
            TransportFailure::Unreachable => Self::Unreachable,
            TransportFailure::TimedOut => Self::TimedOut,
            TransportFailure::Untrusted => Self::Untrusted,
            TransportFailure::CutOff => Self::CutOff,
            TransportFailure::TooLarge => Self::TooLarge,
            TransportFailure::Other => Self::Other,
        }
    }
}

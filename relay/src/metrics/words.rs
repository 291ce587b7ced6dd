//! The words under which something is counted. There are no others, so no word can say who did something.

use crate::store::StoreError;

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($word:ident: $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($word,)+
        }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// As it is shown.
            #[allow(dead_code, reason = "not every word is shown by every build")]
            pub(crate) const fn word(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }
        }
    };
}

words! {
    /// What a request asks for.
    Call {
        Create: "CreateMailbox",
        Show: "ReadDisplayInformation",
        Read: "ReadSecureContent",
        Update: "UpdateMailbox",
        Relinquish: "RelinquishMailbox",
        Delete: "DeleteMailbox",
        Other: "other",
    }
}

words! {
    /// A status' first digit.
    Class {
        Done: "2xx",
        Elsewhere: "3xx",
        Refused: "4xx",
        Failed: "5xx",
    }
}

words! {
    /// What there was not enough of.
    Limit {
        Rate: "rate",
        Requests: "requests",
        Bytes: "bytes",
        Room: "room",
        Connections: "connections",
    }
}

words! {
    /// What a store is asked.
    Operation {
        Create: "create",
        Apply: "apply",
        Sweep: "sweep",
        Ready: "ready",
    }
}

words! {
    /// What a store can't do, whoever asks it.
    Trouble {
        Full: "full",
        DiskFull: "disk_full",
        Failing: "failing",
        Replaced: "replaced",
        Unavailable: "unavailable",
    }
}

impl Class {
    pub(crate) fn of(status: u16) -> Self {
        match status {
            ..300 => Self::Done,
            300..400 => Self::Elsewhere,
            400..500 => Self::Refused,
            500.. => Self::Failed,
        }
    }
}

impl Trouble {
    /// None if it is one client's alone: a limit.
    pub(crate) fn of(error: StoreError) -> Option<Self> {
        Some(match error {
            StoreError::ClientFull => return None,
            StoreError::Full => Self::Full,
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Failing => Self::Failing,
            StoreError::Replaced => Self::Replaced,
            StoreError::Unavailable => Self::Unavailable,
        })
    }
}

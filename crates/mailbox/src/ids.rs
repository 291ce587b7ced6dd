//! Ids on the wire: UUIDs, lower-case.

use std::fmt;
use std::str::FromStr;

use tigress_primitives::cbor::Value;
use tigress_primitives::record::Stored;
use uuid::Uuid;

/// The text is no UUID in the usual form with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAUuid;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The UUID.
            #[must_use]
            pub fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl Stored for $name {
            fn to_value(&self) -> Option<Value<'_>> {
                self.0.to_value()
            }

            fn from_value(value: Option<&Value>) -> Option<Self> {
                Stored::from_value(value).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAUuid;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                // Only the form with hyphens: 36 characters.
                if s.len() != 36 {
                    return Err(NotAUuid);
                }
                Uuid::try_parse(s).map(Self).map_err(|_| NotAUuid)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

uuid_newtype!(
    /// Names a mailbox; chosen at random by the relay. Whoever has it can see the preview page.
    MailboxId
);
uuid_newtype!(
    /// What a device proves itself with to the relay, fresh for each mailbox. Secret.
    DeviceClaim
);
uuid_newtype!(
    /// Names one request of a device, so that the relay recognises a repeat.
    RequestId
);

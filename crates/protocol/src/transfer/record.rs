//! The stored form of a transfer: one versioned CBOR record. It holds secrets; stores seal it.

use zeroize::Zeroizing;

use super::events::EventLog;
use super::id::TransferId;
use super::messages::{Messages, UnderWay, Waiting};
use super::outcome::Outcome;
use super::place::{Absence, Place};
use super::security::Security;
use super::{Authenticity, Clocks, Display, OfferedPin, Parting, Phase, Transfer};
use crate::exchange::{Side, Window};
use crate::invitation::{PeerText, RelayOrigin, Vertical};
use tigress_gss::auth_credential::CredentialId;
use tigress_gss::gss::SecurityContext;
use tigress_gss::mechanism;
use tigress_gss::pin::Pin;
use tigress_mailbox::{DeviceClaim, MailboxId, NotificationToken, RequestId};
use tigress_primitives::cbor::{self, Map, Value};
use tigress_primitives::secret::Secret;

/// Version of the record's form.
const VERSION: u64 = 2;

/// A stored record could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Written by another version.
    #[error("the stored record is of another version")]
    Version,
    /// Not what was written.
    #[error("the stored record is damaged")]
    Damaged,
}

impl Transfer {
    /// All that must outlive the process.
    pub fn to_record(&self) -> Zeroizing<Vec<u8>> {
        let queue: Vec<Value> = self
            .messages
            .waiting
            .iter()
            .map(|one| {
                Map::new()
                    .with(1, one.index)
                    .with(2, &one.message[..])
                    .into()
            })
            .collect();
        let in_flight: Vec<Value> = self
            .messages
            .under_way
            .iter()
            .map(|one| Map::new().with(1, one.token).with(2, one.message).into())
            .collect();
        let notification = self.place.notification.as_ref().map(|token| {
            Map::new()
                .with(1, token.token_type.as_str())
                .with(2, token.token_data.as_str())
        });
        let absence = self
            .place
            .absence
            .map(|absence| Map::new().with(1, absence.since).with(2, absence.count));
        Map::new()
            .with(0, VERSION)
            .with(1, self.id.as_bytes())
            .with(2, self.side.code())
            .with(3, self.place.relay.to_string())
            .with_opt(
                4,
                self.place
                    .mailbox
                    .as_ref()
                    .map(|id| Value::from(id.uuid().into_bytes().to_vec())),
            )
            .with(5, self.place.claim.uuid().as_bytes())
            .with(6, self.place.proof.expose())
            .with(7, self.vertical.letter())
            .with(8, display_map(&self.display))
            .with_opt(9, notification)
            .with(10, self.clocks.to_map())
            .with_opt(
                12,
                self.security
                    .credential
                    .as_ref()
                    .map(|id| Value::from(id.as_bytes())),
            )
            .with_opt(
                13,
                self.security
                    .context
                    .as_ref()
                    .map(|context| Value::from(context.save())),
            )
            .with(14, self.window.to_map())
            .with(15, queue)
            .with(16, self.messages.next)
            .with(17, in_flight)
            .with(18, self.messages.next_received)
            .with(19, self.events.to_map())
            .with_opt(20, absence)
            .with(21, phase_map(&self.phase))
            .with(22, self.security.answered)
            .with(23, self.messages.delivered)
            .with(24, self.security.proven)
            .encode()
    }

    /// A transfer as [`Self::to_record`] gave it.
    ///
    /// # Errors
    /// Another version, or damaged.
    pub fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let map = cbor::decode_map(bytes).ok_or(RecordError::Damaged)?;
        match map.uint(0) {
            Some(VERSION) => read(&map).ok_or(RecordError::Damaged),
            Some(_) => Err(RecordError::Version),
            None => Err(RecordError::Damaged),
        }
    }
}

fn read(map: &Map) -> Option<Transfer> {
    let queue = map.array(15)?.iter().map(|value| {
        let map = value.map()?;
        Some(Waiting {
            index: map.uint(1)?,
            message: map.bytes(2)?.to_vec().into(),
        })
    });
    let in_flight = map.array(17)?.iter().map(|value| {
        let map = value.map()?;
        Some(UnderWay {
            token: map.uint(1)?,
            message: map.uint(2)?,
        })
    });
    let place = Place {
        relay: RelayOrigin::parse(map.text(3)?).ok()?,
        mailbox: optional(map, 4, |value| Some(MailboxId::from(uuid(value.bytes()?)?)))?,
        claim: DeviceClaim::from(uuid(map.bytes(5)?)?),
        proof: Secret::from_slice(map.bytes(6)?)?,
        notification: optional(map, 9, |value| {
            let map = value.map()?;
            Some(NotificationToken {
                token_type: map.text(1)?.to_owned(),
                token_data: map.text(2)?.to_owned(),
            })
        })?,
        absence: optional(map, 20, |value| {
            let map = value.map()?;
            Some(Absence {
                since: map.uint(1)?,
                count: map.uint(2)?,
            })
        })?,
    };
    let security = Security {
        credential: optional(map, 12, |value| {
            Some(CredentialId::new(value.bytes()?.try_into().ok()?))
        })?,
        context: optional(map, 13, |value| {
            SecurityContext::restore(mechanism::registry(), value.bytes()?).ok()
        })?,
        answered: map.boolean(22)?,
        proven: map.boolean(24)?,
    };
    let messages = Messages {
        waiting: queue.collect::<Option<_>>()?,
        next: map.uint(16)?,
        under_way: in_flight.collect::<Option<_>>()?,
        delivered: map.uint(23)?,
        next_received: map.uint(18)?,
    };
    Some(Transfer {
        id: TransferId::from(uuid(map.bytes(1)?)?),
        side: Side::from_code(map.uint(2)?)?,
        vertical: Vertical::from_letter(map.text(7)?)?,
        display: display_from(map.map(8)?)?,
        place,
        clocks: Clocks::from_map(map.map(10)?)?,
        security,
        window: Window::from_map(map.map(14)?)?,
        messages,
        events: EventLog::from_map(map.map(19)?)?,
        phase: phase_from(map.map(21)?)?,
    })
}

/// `None` only if the key is there and can't be read.
fn optional<T>(map: &Map, key: u64, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    match map.get(key) {
        Some(value) => read(value).map(Some),
        None => Some(None),
    }
}

fn uuid(bytes: &[u8]) -> Option<uuid::Uuid> {
    uuid::Uuid::from_slice(bytes).ok()
}

fn display_map(display: &Display) -> Map<'_> {
    Map::new()
        .with(1, display.title.raw())
        .with(2, display.description.raw())
        .with_opt(3, display.image_url.as_deref())
        .with(
            4,
            match display.authenticity {
                Authenticity::Authentic => 1,
                Authenticity::Unbound => 2,
                Authenticity::Altered => 3,
            },
        )
}

fn display_from(map: &Map) -> Option<Display> {
    Some(Display {
        title: PeerText::cut(map.text(1)?.to_owned()),
        description: PeerText::cut(map.text(2)?.to_owned()),
        image_url: map.text(3).map(str::to_owned),
        authenticity: match map.uint(4)? {
            1 => Authenticity::Authentic,
            2 => Authenticity::Unbound,
            3 => Authenticity::Altered,
            _ => return None,
        },
    })
}

fn phase_map(phase: &Phase) -> Map<'_> {
    let map = Map::new();
    match phase {
        Phase::Creating {
            secret,
            request_id,
            body,
            attestation,
            pin,
        } => map
            .with(0, 1)
            .with(1, secret.expose())
            .with(2, request_id.uuid().into_bytes().to_vec())
            .with(3, &body[..])
            .with_opt(4, attestation.as_deref())
            .with_opt(5, pin.as_ref().map(digits)),
        Phase::Invited { secret, pin } => map
            .with(0, 2)
            .with(1, secret.expose())
            .with_opt(2, pin.as_ref().map(digits)),
        Phase::Offered {
            secret,
            expected,
            said,
            token,
            pin,
        } => map
            .with(0, 3)
            .with(1, secret.expose())
            .with_opt(2, expected.as_deref())
            .with_opt(3, token.as_deref())
            .with_opt(
                4,
                match pin {
                    OfferedPin::None => None,
                    OfferedPin::Needed => Some(&[][..]),
                    OfferedPin::Given(pin) => Some(digits(pin)),
                },
            )
            .with_opt(5, said.as_ref().map(display_map)),
        Phase::Establishing => map.with(0, 4),
        Phase::Established { ending } => map.with(0, 5).with_opt(1, *ending),
        Phase::Deleting { code } => map.with(0, 6).with(1, *code),
        Phase::Acknowledging { outcome, crossed } => {
            map.with(0, 7).with(1, outcome.to_map()).with(2, *crossed)
        }
        Phase::Aborting { outcome, token } => {
            map.with(0, 8).with(1, outcome.to_map()).with(2, &token[..])
        }
        Phase::Answering { outcome, token } => {
            map.with(0, 9).with(1, outcome.to_map()).with(2, &token[..])
        }
        Phase::Removing { outcome } => map.with(0, 10).with(1, outcome.to_map()),
        Phase::Relinquishing { outcome } => map.with(0, 11).with(1, outcome.to_map()),
        Phase::Closed {
            outcome,
            at,
            parting,
        } => map
            .with(0, 12)
            .with(1, outcome.to_map())
            .with(2, *at)
            .with_opt(
                3,
                parting.as_ref().map(|parting| {
                    Map::new()
                        .with_opt(1, parting.data.as_deref())
                        .with(2, parting.until)
                        .with(3, parting.aborted)
                }),
            ),
    }
}

/// A PIN as bytes: those are wiped.
fn digits(pin: &Pin) -> &[u8] {
    pin.as_str().as_bytes()
}

fn offered_pin(map: &Map) -> Option<OfferedPin> {
    Some(match map.get(4) {
        None => OfferedPin::None,
        Some(value) if value.bytes()?.is_empty() => OfferedPin::Needed,
        Some(value) => OfferedPin::Given(Pin::from_bytes(value.bytes()?)?),
    })
}

fn phase_from(map: &Map) -> Option<Phase> {
    let outcome = || Outcome::from_map(map.map(1)?);
    let token = || Some(map.bytes(2)?.to_vec());
    let pin = |key| optional(map, key, |value| Pin::from_bytes(value.bytes()?));
    let bytes = |key| optional(map, key, |value| Some(value.bytes()?.to_vec()));
    Some(match map.uint(0)? {
        1 => Phase::Creating {
            secret: Secret::from_slice(map.bytes(1)?)?,
            request_id: RequestId::from(uuid(map.bytes(2)?)?),
            body: map.bytes(3)?.to_vec().into(),
            attestation: optional(map, 4, |value| Some(value.text()?.to_owned()))?,
            pin: pin(5)?,
        },
        2 => Phase::Invited {
            secret: Secret::from_slice(map.bytes(1)?)?,
            pin: pin(2)?,
        },
        3 => Phase::Offered {
            secret: Secret::from_slice(map.bytes(1)?)?,
            expected: bytes(2)?,
            said: optional(map, 5, |value| display_from(value.map()?))?,
            token: bytes(3)?,
            pin: offered_pin(map)?,
        },
        4 => Phase::Establishing,
        5 => Phase::Established {
            ending: optional(map, 1, |value| value.uint())?,
        },
        6 => Phase::Deleting { code: map.uint(1)? },
        7 => Phase::Acknowledging {
            outcome: outcome()?,
            crossed: map.boolean(2)?,
        },
        8 => Phase::Aborting {
            outcome: outcome()?,
            token: token()?,
        },
        9 => Phase::Answering {
            outcome: outcome()?,
            token: token()?,
        },
        10 => Phase::Removing {
            outcome: outcome()?,
        },
        11 => Phase::Relinquishing {
            outcome: outcome()?,
        },
        12 => Phase::Closed {
            outcome: outcome()?,
            at: map.uint(2)?,
            parting: optional(map, 3, |value| {
                let map = value.map()?;
                Some(Parting {
                    data: optional(map, 1, |value| Some(value.text()?.to_owned()))?,
                    until: map.uint(2)?,
                    aborted: map.boolean(3)?,
                })
            })?,
        },
        _ => return None,
    })
}

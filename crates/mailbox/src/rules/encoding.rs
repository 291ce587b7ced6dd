//! A record as bytes, for stores that write it down: one CBOR array, its form named by its first item.
//!
//! The rule of compatibility is that of `tigress_primitives::record`: every form that was written is read for good, and
//! has a golden file beside this one; a form has exactly its items, in their order; a later one is an error of its own, and
//! the store leaves it alone. An array and not a map: what a relay loads and stores most often is one pass over the
//! payload, without a tree of items between.

use std::convert::Infallible;
use std::sync::Arc;

use crate::{AccessRights, DisplayInformation, NotificationToken, Payload, RequestId};
use minicbor::encode::Error as EncodeError;
use minicbor::{Decoder, Encoder};
use uuid::Uuid;

use super::record::{ClaimDigest, Party, ProofDigest, Record, RequestDigest, Version};

/// The form that is written. Every earlier one stays readable.
const FORM: u8 = 3;
const RECORD_ITEMS: u64 = 14;
/// Forms 1 and 2 had request ids, where now there are their digests.
const FORM_OF_DIGESTS: u8 = 3;
/// Form 1 had no other expiration for mailboxes that nobody has claimed.
const FORM_1_ITEMS: u64 = 13;
const PARTY_ITEMS: u64 = 3;

/// What is kept can't be read back. It stays as it is until its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Of a form that is not known: a later relay's.
    #[error("a mailbox was written by another version of the relay (its form is {0})")]
    Form(u8),
    /// Not what was written.
    #[error("a mailbox can't be read back")]
    Damaged,
}

use Unreadable::Damaged;

impl From<minicbor::decode::Error> for Unreadable {
    fn from(_: minicbor::decode::Error) -> Self {
        Damaged
    }
}

type Encoded = Result<(), EncodeError<Infallible>>;

impl Record {
    /// The record as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(self.size() + 512));
        // Writing to memory can't fail.
        let _ = self.encode(&mut encoder);
        encoder.into_writer()
    }

    fn encode(&self, to: &mut Encoder<Vec<u8>>) -> Encoded {
        let (payload, display) = (&self.payload, &self.display);
        to.array(RECORD_ITEMS)?.u8(FORM)?;
        to.str(&payload.payload_type)?.str(&payload.data)?;
        to.str(&display.title)?
            .str(&display.description)?
            .str(&display.image_url)?;
        to.u8(rights_to_bits(self.rights))?
            .u64(self.expires)?
            .u64(self.bound_expires)?;
        match &self.proof {
            Some(proof) => to.bytes(&proof.0)?,
            None => to.null()?,
        };
        to.bytes(self.version.0.as_bytes())?;
        encode_party(&self.initiator, to)?;
        match &self.recipient {
            Some(party) => encode_party(party, to)?,
            None => drop(to.null()?),
        }
        to.array(self.former.len() as u64)?;
        self.former
            .iter()
            .try_for_each(|party| encode_party(party, to))
    }

    /// The record that [`Record::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Unreadable`] if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let from = &mut Decoder::new(bytes);
        let items = from.array()?;
        let form = from.u8()?;
        match (form, items) {
            (2..=FORM, Some(RECORD_ITEMS)) | (1, Some(FORM_1_ITEMS)) => {}
            (0..=FORM, _) => return Err(Damaged),
            _ => return Err(Unreadable::Form(form)),
        }
        let payload = Payload {
            payload_type: text(from)?,
            data: text(from)?,
        };
        let display = DisplayInformation {
            title: text(from)?,
            description: text(from)?,
            image_url: text(from)?,
        };
        let rights = rights_of_bits(from.u8()?).ok_or(Damaged)?;
        let expires = from.u64()?;
        let bound_expires = if form == 1 { expires } else { from.u64()? };
        let record = Self {
            payload: Arc::new(payload),
            display: Arc::new(display),
            rights,
            expires,
            bound_expires,
            proof: optional(from, |from| Ok(ProofDigest(fixed(from.bytes()?)?)))?,
            version: Version(Uuid::from_bytes(fixed(from.bytes()?)?)),
            initiator: decode_party(from, form)?,
            recipient: optional(from, |from| decode_party(from, form))?.map(Box::new),
            former: (0..from.array()?.ok_or(Damaged)?)
                .map(|_| decode_party(from, form))
                .collect::<Result<_, _>>()?,
        };
        if from.position() == bytes.len() {
            Ok(record)
        } else {
            Err(Damaged)
        }
    }
}

fn encode_party(party: &Party, to: &mut Encoder<Vec<u8>>) -> Encoded {
    let ids = party.processed.iter().flat_map(|digest| digest.0);
    to.array(PARTY_ITEMS)?
        .bytes(&party.claim.0)?
        .bytes(&ids.collect::<Vec<u8>>())?;
    match &party.notification {
        Some(token) => to
            .array(2)?
            .str(&token.token_type)?
            .str(&token.token_data)?,
        None => to.null()?,
    };
    Ok(())
}

fn decode_party(from: &mut Decoder<'_>, form: u8) -> Result<Party, Unreadable> {
    array_of(from, PARTY_ITEMS)?;
    let claim = ClaimDigest(fixed(from.bytes()?)?);
    let all = from.bytes()?;
    let processed = if form < FORM_OF_DIGESTS {
        let id = |id: &[u8; 16]| RequestDigest::of(RequestId(Uuid::from_bytes(*id)));
        items(all)?.iter().map(id).collect()
    } else {
        items(all)?.iter().copied().map(RequestDigest).collect()
    };
    Ok(Party {
        claim,
        processed,
        notification: optional(from, decode_token)?.map(Box::new),
    })
}

/// What is of this size each.
fn items<const N: usize>(bytes: &[u8]) -> Result<&[[u8; N]], Unreadable> {
    let (items, rest) = bytes.as_chunks();
    rest.is_empty().then_some(items).ok_or(Damaged)
}

fn decode_token(from: &mut Decoder<'_>) -> Result<NotificationToken, Unreadable> {
    array_of(from, 2)?;
    Ok(NotificationToken {
        token_type: text(from)?,
        token_data: text(from)?,
    })
}

fn array_of(from: &mut Decoder<'_>, items: u64) -> Result<(), Unreadable> {
    if from.array()? == Some(items) {
        Ok(())
    } else {
        Err(Damaged)
    }
}

fn text(from: &mut Decoder<'_>) -> Result<String, Unreadable> {
    Ok(from.str()?.to_owned())
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Unreadable> {
    bytes.try_into().map_err(|_| Damaged)
}

fn optional<'b, T>(
    from: &mut Decoder<'b>,
    decode: impl FnOnce(&mut Decoder<'b>) -> Result<T, Unreadable>,
) -> Result<Option<T>, Unreadable> {
    if from.datatype()? == minicbor::data::Type::Null {
        from.null()?;
        Ok(None)
    } else {
        decode(from).map(Some)
    }
}

fn rights_to_bits(rights: AccessRights) -> u8 {
    u8::from(rights.read) + 2 * u8::from(rights.write) + 4 * u8::from(rights.delete)
}

fn rights_of_bits(bits: u8) -> Option<AccessRights> {
    (bits < 8).then_some(AccessRights {
        read: bits & 1 != 0,
        write: bits & 2 != 0,
        delete: bits & 4 != 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::super::record::NewMailbox;
    use super::super::tests::{new_mailbox, token};
    use super::*;

    fn busy() -> Record {
        let mut record = Record::new(NewMailbox {
            proof: Some(ProofDigest([7; 32])),
            ..new_mailbox()
        });
        let party = |n: u8| Party {
            claim: ClaimDigest([n; 32]),
            processed: (0..u128::from(n))
                .map(|id| RequestDigest::of(RequestId(Uuid::from_u128(id))))
                .collect(),
            notification: (n > 1).then(|| Box::new(token("recipient"))),
        };
        record.rights = AccessRights::default();
        record.bound_expires += 7;
        record.recipient = Some(Box::new(party(64)));
        record.former = [party(0), party(1)].into();
        record
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for record in [Record::new(new_mailbox()), busy()] {
            assert_eq!(Record::from_bytes(&record.to_bytes()), Ok(record));
        }
    }

    #[test]
    fn each_right_is_kept_by_itself() {
        for bits in 0..8 {
            let rights = AccessRights {
                read: bits & 1 == 1,
                write: bits >> 1 & 1 == 1,
                delete: bits >> 2 & 1 == 1,
            };
            assert_eq!(rights_to_bits(rights), bits);
            assert_eq!(rights_of_bits(bits), Some(rights));
        }
    }

    /// Golden bytes: what was written once stays readable.
    #[test]
    fn every_form_stays_readable() {
        let record = busy();
        assert_eq!(record.to_bytes(), include_bytes!("record-3.cbor"));
        let first = Record {
            bound_expires: record.expires,
            ..record.clone()
        };
        for (golden, record) in [
            (include_bytes!("record-1.cbor").as_slice(), first),
            (include_bytes!("record-2.cbor").as_slice(), record.clone()),
            (include_bytes!("record-3.cbor").as_slice(), record),
        ] {
            assert_eq!(Record::from_bytes(golden), Ok(record));
        }
    }

    #[test]
    fn anything_else_is_damaged() {
        let bytes = busy().to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(
                Record::from_bytes(&bytes[..end]),
                Err(Damaged),
                "cut at {end}"
            );
        }
        let mut more = bytes.clone();
        more.push(0);
        assert_eq!(Record::from_bytes(&more), Err(Damaged));
        for form in [0, 1, 2] {
            let mut other = bytes.clone();
            other[1] = form;
            assert_eq!(Record::from_bytes(&other), Err(Damaged));
        }
    }

    #[test]
    fn a_later_form_is_told_from_a_damaged_one() {
        let mut later = busy().to_bytes();
        later[1] = FORM + 1;
        assert_eq!(Record::from_bytes(&later), Err(Unreadable::Form(FORM + 1)));
        // Whatever it has.
        let items = &[0x82, FORM + 1, 0xf6];
        assert_eq!(Record::from_bytes(items), Err(Unreadable::Form(FORM + 1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4096,
            rng_seed: RngSeed::Fixed(4),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn an_altered_record_is_an_error_or_a_record(
            is_first: bool,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = match is_first {
                true => include_bytes!("record-1.cbor").to_vec(),
                false => busy().to_bytes(),
            };
            for (at, to) in changes {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
            if let Ok(record) = Record::from_bytes(&bytes) {
                prop_assert_eq!(Record::from_bytes(&record.to_bytes()), Ok(record));
            }
        }
    }
}

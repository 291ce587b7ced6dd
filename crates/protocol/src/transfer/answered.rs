//! What never is forgotten: which invitations this device has answered. A PIN's tries are counted for each invitation, so
//! none may be answered anew once its record is gone.

use super::id::TransferId;
use tigress_gss::auth_credential::CredentialId;
use tigress_primitives::record;
use tigress_primitives::record::RecordError;

/// Version of the record's form.
const VERSION: u64 = 1;
/// Bytes of a transfer's id, and of a credential's.
const ID: usize = 16;
/// Most that are remembered; beyond that the oldest gives way.
const MAX_ANSWERED: usize = 8192;
/// The invitations that this device has answered, and of which nothing else is left: the transfer's id, which is
/// the invitation's, and the id of its auth credential.
#[derive(Default)]
pub struct Answered(Vec<[u8; 2 * ID]>);

/// As they are stored: one after the other.
struct Kept {
    all: Vec<u8>,
}

record! {
    struct Kept { all: 1 }
}

impl Answered {
    //= protocol/3-tombstones
    /// Whether the invitation of this transfer is one.
    pub fn has(&self, id: TransferId) -> bool {
        self.0.iter().any(|one| one[..ID] == *id.as_bytes())
    }

    /// Their auth credentials.
    pub fn credentials(&self) -> impl Iterator<Item = CredentialId> {
        let id = |one: &[u8; 2 * ID]| Some(CredentialId::new(*one.last_chunk::<ID>()?));
        self.0.iter().filter_map(id)
    }

    /// One more.
    pub fn add(&mut self, id: TransferId, credential: &CredentialId) {
        let mut one = [0; 2 * ID];
        one[..ID].copy_from_slice(id.as_bytes());
        one[ID..].copy_from_slice(credential.as_bytes());
        self.0.push(one);
        let surplus = self.0.len().saturating_sub(MAX_ANSWERED);
        self.0.drain(..surplus);
    }

    /// Reads what [`Self::to_record`] has written.
    pub fn from_record(bytes: &[u8]) -> Result<Self, RecordError> {
        let kept: Kept = record::decode(VERSION, bytes)?;
        match kept.all.as_chunks() {
            (all, []) => Ok(Self(all.to_vec())),
            _ => Err(RecordError::Damaged),
        }
    }

    /// Its stored form.
    pub fn to_record(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let all = self.0.concat();
        record::encode(VERSION, &Kept { all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tigress_primitives::cbor::Map;

    fn id(n: u128) -> TransferId {
        TransferId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn what_was_answered_is_read_back_and_the_oldest_gives_way() {
        let mut answered = Answered::default();
        for n in 0..=MAX_ANSWERED as u128 {
            answered.add(id(n), &CredentialId::new([7; 16]));
        }
        let read = Answered::from_record(&answered.to_record()).unwrap();
        assert!(!read.has(id(0)) && read.has(id(1)) && read.has(id(MAX_ANSWERED as u128)));
        assert_eq!(read.credentials().count(), MAX_ANSWERED);
        assert!(read.credentials().all(|c| c == CredentialId::new([7; 16])));
    }

    /// Golden bytes: what was written once stays readable.
    #[test]
    fn every_form_stays_readable() {
        let mut answered = Answered::default();
        for n in 1..=3 {
            answered.add(id(n.into()), &CredentialId::new([n; 16]));
        }
        let golden = include_str!("../../../../tests/vectors/answered-1.hex");
        let golden = hex::decode(golden.trim_end()).unwrap();
        assert_eq!(*answered.to_record(), golden);
        assert_eq!(Answered::from_record(&golden).unwrap().0, answered.0);
        for end in 0..golden.len() {
            let cut = Answered::from_record(&golden[..end]).err();
            assert_eq!(cut, Some(RecordError::Damaged), "{end}");
        }
    }

    #[test]
    fn a_record_of_another_form_is_an_error() {
        let map = || Map::new().with(0, 1).with(1, &[0; 64]);
        let read = |map: &Map| Answered::from_record(&map.encode()).err();
        assert_eq!(read(&map()), None);
        assert_eq!(read(&map().with(0, 2)), Some(RecordError::Version(2)));
        for other in [
            map().with(1, &[0; 63]),
            map().with(2, 0),
            Map::new().with(1, &[0; 64]),
            Map::new().with(0, 1),
        ] {
            assert_eq!(read(&other), Some(RecordError::Damaged), "{other:?}");
        }
    }
}

//! A context of this mechanism on one side, and what it does in each state.

use super::keys::Keys;
use super::state::State;
use super::{establish, message, pin, token};
use crate::crypto;
use crate::gss::{
    Error, MajorStatus, MechanismContext, MinorStatus, Opened, OpenedDeletion, Role, Stepped,
};
use crate::pin::Pin;
use tigress_primitives::cbor::Map;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;

/// The context on one side.
#[derive(Clone)]
pub(super) struct Context {
    role: Role,
    state: State,
}

impl Context {
    pub(super) fn new(role: Role, state: State) -> Self {
        Self { role, state }
    }

    pub(super) fn restore(role: Role, map: &Map) -> Option<Self> {
        Some(Self::new(role, State::from_map(role, map)?))
    }

    /// The keys, once both sides share them.
    fn keys(&self) -> Option<&Keys> {
        match &self.state {
            State::AwaitingAnswer(_) => None,
            State::Answered { keys, .. }
            | State::AwaitingPin { keys, .. }
            | State::AwaitingConfirmation { keys, .. }
            | State::Established(keys)
            | State::Ended(keys) => Some(keys),
        }
    }

    /// This side's end of the message protection.
    fn protection(&self) -> Result<message::Protection<'_>, Error> {
        match &self.state {
            State::Established(keys) => Ok(message::Protection {
                keys,
                role: self.role,
            }),
            _ => Err(Error::new(
                MajorStatus::NO_CONTEXT,
                MinorStatus::NotEstablished,
            )),
        }
    }
}

/// What a state makes of the peer's next context token.
fn step(
    state: &State,
    id: [u8; 2],
    body: &[u8],
    entropy: &mut Entropy,
) -> Result<(State, Stepped), Error> {
    match state {
        State::AwaitingAnswer(first) => {
            step(&establish::open_answer(first, id, body)?, id, body, entropy)
        }
        State::Answered { keys, asking: None } => establish::confirm(keys, id, body, entropy),
        State::Answered {
            keys,
            asking: Some(asking),
        } => establish::judge(keys, asking, id, body, entropy),
        State::AwaitingConfirmation {
            keys,
            answered: Some(answered),
        } if id == token::PIN_AGAIN => establish::asked_again(keys, answered, body),
        State::AwaitingConfirmation { keys, .. } => establish::confirmed(keys, id, body),
        State::AwaitingPin { .. } => Err(Error::token(MinorStatus::UnexpectedToken)),
        State::Established(_) => Err(Error::new(MajorStatus::FAILURE, MinorStatus::Established)),
        State::Ended(_) => Err(Error::new(MajorStatus::NO_CONTEXT, MinorStatus::Deleted)),
    }
}

impl MechanismContext for Context {
    fn complete(&self) -> bool {
        matches!(self.state, State::Established(_))
    }

    fn step(&mut self, id: [u8; 2], body: &[u8], entropy: &mut Entropy) -> Result<Stepped, Error> {
        let (next, stepped) = step(&self.state, id, body, entropy)?;
        // Keys, seeds and PIN that have done their work: replaced, they are wiped.
        self.state = next;
        Ok(stepped)
    }

    fn bind_late(&mut self, late: [u8; 32]) -> Result<(), Error> {
        let State::AwaitingAnswer(first) = &mut self.state else {
            let minor = MinorStatus::BindingTooLate;
            return Err(Error::new(MajorStatus::FAILURE, minor));
        };
        first.late = late;
        Ok(())
    }

    fn open_answer(&mut self, id: [u8; 2], body: &[u8]) -> Result<(), Error> {
        let State::AwaitingAnswer(first) = &self.state else {
            return Err(Error::token(MinorStatus::UnexpectedToken));
        };
        self.state = establish::open_answer(first, id, body)?;
        Ok(())
    }

    fn pin_needed(&self) -> bool {
        matches!(self.state, State::AwaitingPin { .. })
    }

    fn answers_used_up(&self) -> bool {
        matches!(&self.state, State::AwaitingConfirmation { answered: Some(answered), .. }
            if answered.number >= pin::MAX_ANSWERS)
    }

    fn answer_pin(&mut self, pin: &Pin, entropy: &mut Entropy) -> Result<Vec<u8>, Error> {
        let State::AwaitingPin { keys, asked } = &self.state else {
            return Err(Error::new(MajorStatus::FAILURE, MinorStatus::PinNotAsked));
        };
        let (keys, answered, sealed) =
            establish::answer_pin(keys, asked, pin, token::PIN_ANSWER, entropy)
                .ok_or(Error::new(MajorStatus::FAILURE, MinorStatus::Mechanism))?;
        self.state = State::AwaitingConfirmation {
            keys,
            answered: Some(answered),
        };
        Ok(token::join(token::PIN_ANSWER, &[&sealed]))
    }

    fn end(&mut self) {
        if let Some(keys) = self.keys() {
            self.state = State::Ended(keys.without_master());
        }
    }

    fn wrap(
        &self,
        conf: bool,
        sequence: u64,
        data: &[u8],
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        self.protection()?.wrap(conf, sequence, data, entropy)
    }

    fn unwrap(&self, token: &[u8]) -> Result<Opened, Error> {
        self.protection()?.unwrap(token)
    }

    fn wrapped_len(&self, conf: bool, length: usize) -> Option<usize> {
        message::wrapped_len(conf, length)
    }

    fn wrap_size_limit(&self, conf: bool, size: usize) -> usize {
        message::wrap_size_limit(conf, size)
    }

    fn mic(&self, sequence: u64, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.protection()?.mic(sequence, message))
    }

    fn verify_mic(&self, message: &[u8], token: &[u8]) -> Result<u64, Error> {
        self.protection()?.verify_mic(message, token)
    }

    fn pseudo_random(&self, input: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let key = self.protection()?.keys.pseudo_random();
        let key = Secret::new(crypto::hmac(&key, &[input]));
        let too_long = Error::new(MajorStatus::FAILURE, MinorStatus::MessageTooLong);
        crypto::expand_into(&key, b"tigress v1 prf output", out).ok_or(too_long)
    }

    fn delete(
        &self,
        code: u64,
        sequence: u64,
        next_expected: u64,
        entropy: &mut Entropy,
    ) -> Result<Vec<u8>, Error> {
        Ok(self
            .protection()?
            .delete(code, sequence, next_expected, entropy))
    }

    fn open_deletion(&self, token: &[u8]) -> Result<OpenedDeletion, Error> {
        self.protection()?.open_deletion(token)
    }

    fn envelope_mic(&self, from: Role, body: &[u8]) -> Option<[u8; 32]> {
        Some(crypto::hmac(&self.keys()?.envelope(from), &[body]))
    }

    fn verify_envelope(&self, from: Role, body: &[u8], mic: &[u8]) -> bool {
        self.keys()
            .is_some_and(|keys| crypto::hmac_verify(&keys.envelope(from), &[body], mic))
    }

    fn abort(&self, code: u64, entropy: &mut Entropy) -> Option<Vec<u8>> {
        let keys = self.keys()?;
        let aad = token::join(token::ABORT, &[&keys.hash]);
        let sealed = crypto::seal(&keys.control(self.role), &aad, &token::abort(code), entropy);
        Some(token::join(token::ABORT, &[&sealed]))
    }

    fn open_abort(&self, id: [u8; 2], body: &[u8]) -> Option<u64> {
        token::expect(id, token::ABORT).ok()?;
        let keys = self.keys()?;
        let aad = token::join(token::ABORT, &[&keys.hash]);
        token::open_abort(&crypto::open(&keys.control(self.role.peer()), &aad, body)?)
    }

    fn save(&self) -> Map<'_> {
        self.state.to_map()
    }

    fn copy(&self) -> Box<dyn MechanismContext> {
        Box::new(self.clone())
    }
}

//! The steps from token 1 to an established context, each a function of what there was before.

use super::handshake::{Ephemeral, Handshake};
use super::keys::{self, Keys};
use super::pin;
use super::state::{Answered, Asked, Asking, FirstMessage, State, Tries};
use super::token::{FirstPayload, PinAgain, PinAnswer};
use super::{OID, token};
use crate::crypto;
use crate::gss::{Error, First, Heard, MajorStatus, MinorStatus, Role, Stepped};
use crate::pin::Pin;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::rule;

impl FirstMessage {
    /// The handshake, and message 1: the same bytes each time.
    fn write(&self) -> Option<(Handshake, Vec<u8>)> {
        let prologue = keys::prologue(&OID, &self.sealed)?;
        let mut handshake = Handshake::new(Role::Initiator, &prologue, &self.psk, &self.ephemeral)?;
        let message = handshake.write(&self.payload)?;
        Some((handshake, message))
    }
}

impl Tries {
    fn new(pin: &Pin, number: u8, left: u8, entropy: &mut Entropy) -> Self {
        Self {
            pin: pin.clone(),
            seed: entropy.secret(),
            number,
            left,
        }
    }

    fn element(&self) -> Vec<u8> {
        pin::element(Role::Initiator, &self.pin, &self.seed)
    }
}

const FAILED: Error = Error::new(MajorStatus::FAILURE, MinorStatus::Mechanism);
const NOT_AUTHENTIC: Error = Error::token(MinorStatus::NotAuthentic);
const NO_PIN: Error = Error::new(MajorStatus::NO_CRED, MinorStatus::PinNeeded);

/// Makes token 1.
pub(super) fn init(first: &First<'_>, entropy: &mut Entropy) -> Result<(State, Vec<u8>), Error> {
    let ephemeral = Ephemeral::new(entropy.secret());
    let allowed = first.tries.clamp(1, pin::MAX_TRIES);
    let tries = first.pin.map(|pin| Tries::new(pin, 1, allowed, entropy));
    let element = tries.as_ref().map(Tries::element);
    let first = FirstMessage {
        psk: keys::psk(first.credential),
        ephemeral,
        sealed: first.sealed.to_vec(),
        payload: token::first_payload(first.bindings.as_ref(), element.as_deref(), &first.said)
            .to_vec(),
        late: first.late,
        tries,
    };
    let body = || {
        let (_, message) = first.write()?;
        Some([token::prefixed(&first.sealed)?, token::prefixed(&message)?].concat())
    };
    let token = token::join(token::FIRST, &[&body().ok_or(FAILED)?]);
    Ok((State::AwaitingAnswer(Box::new(first)), token))
}

/// Judges token 1, whose credential has been opened, without answering it.
pub(super) fn check(first: &First<'_>, body: &[u8]) -> Result<Heard, Error> {
    read_first(first, body, None).map(|(_, payload)| payload.said)
}

/// Takes token 1, whose credential has been opened, and makes token 2.
pub(super) fn accept(
    first: &First<'_>,
    body: &[u8],
    entropy: &mut Entropy,
) -> Result<(State, Vec<u8>), Error> {
    let ephemeral = Ephemeral::new(entropy.secret());
    let (mut handshake, payload) = read_first(first, body, Some(&ephemeral))?;
    let message = handshake.write(&token::answer_payload()).ok_or(FAILED)?;
    let split = handshake.split().ok_or(FAILED)?;
    let keys = Keys::new(&split, &first.late);
    let mut body = token::prefixed(&message).ok_or(FAILED)?;
    let (keys, answered) = match payload.element {
        None => (keys, None),
        Some(element) => {
            let asked = Asked {
                halves: keys::halves(&split),
                element,
                number: 1,
            };
            let pin = first.pin.ok_or(NO_PIN)?;
            let (keys, answered, sealed) =
                answer_pin(&keys, &asked, pin, token::ANSWER, entropy).ok_or(FAILED)?;
            body.extend(sealed);
            (keys, Some(answered))
        }
    };
    let token = token::join(token::ANSWER, &[&body]);
    if !rule::holds("4-third-token") {
        return Ok((State::Established(keys), token));
    }
    Ok((State::AwaitingConfirmation { keys, answered }, token))
}

/// What token 1 says inside, its credential opened.
pub(super) fn payload(first: &First<'_>, body: &[u8]) -> Result<FirstPayload, Error> {
    open_first(first, body, None).map(|(_, payload)| payload)
}

/// Opens token 1 and judges it.
fn read_first(
    first: &First<'_>,
    body: &[u8],
    ephemeral: Option<&Ephemeral>,
) -> Result<(Handshake, FirstPayload), Error> {
    let (handshake, payload) = open_first(first, body, ephemeral)?;
    // Bindings that only one side gave are ignored (RFC 2743 §1.1.6).
    if let (Some(theirs), Some(ours)) = (payload.bindings, first.bindings)
        && theirs != ours
    {
        return Err(Error::new(MajorStatus::BAD_BINDINGS, MinorStatus::Bindings));
    }
    if let Some(element) = &payload.element
        && !pin::is_element(Role::Initiator, element)
    {
        return Err(token::MALFORMED);
    }
    Ok((handshake, payload))
}

fn open_first(
    first: &First<'_>,
    body: &[u8],
    ephemeral: Option<&Ephemeral>,
) -> Result<(Handshake, FirstPayload), Error> {
    let (sealed, message) = token::first(token::FIRST, body)?;
    let prologue = keys::prologue(&OID, sealed).ok_or(FAILED)?;
    let psk = keys::psk(first.credential);
    let handshake = match ephemeral {
        Some(ephemeral) => Handshake::new(Role::Acceptor, &prologue, &psk, ephemeral),
        None => Handshake::reader(&prologue, &psk),
    };
    let mut handshake = handshake.ok_or(FAILED)?;
    let payload = handshake.read(message).ok_or(NOT_AUTHENTIC)?;
    let payload = token::open_first_payload(&payload, first.credential.pin_required)?;
    Ok((handshake, payload))
}

/// The acceptor's answer to an element that was checked: the keys that hold if the PIN is right, and the sealed
/// answer.
pub(super) fn answer_pin(
    keys: &Keys,
    asked: &Asked,
    pin: &Pin,
    id: [u8; 2],
    entropy: &mut Entropy,
) -> Option<(Keys, Answered, Vec<u8>)> {
    // Element and key are made at once: this seed need not be kept.
    let seed = entropy.secret();
    let (element, shared) = pin::run(Role::Acceptor, pin, &seed, &asked.element)?;
    let answer = PinAnswer {
        element,
        number: asked.number,
        proof: pin::proof(&keys.hash, &shared, asked.number).to_vec(),
    };
    let aad = token::join(id, &[&keys.hash]);
    let sealed = crypto::seal(
        &keys.control(Role::Acceptor),
        &aad,
        &answer.encode(),
        entropy,
    );
    let answered = Answered {
        halves: asked.halves.clone(),
        number: asked.number,
    };
    Some((keys.with_pin(&asked.halves, &shared), answered, sealed))
}

/// The initiator's handshake with token 2; nothing of a PIN is judged yet.
pub(super) fn open_answer(first: &FirstMessage, id: [u8; 2], body: &[u8]) -> Result<State, Error> {
    let (message, _) = token::answer(id, body)?;
    let (mut handshake, _) = first.write().ok_or(FAILED)?;
    let payload = handshake.read(message).ok_or(NOT_AUTHENTIC)?;
    token::open_answer_payload(&payload)?;
    let split = handshake.split().ok_or(FAILED)?;
    let asking = first.tries.clone().map(|tries| {
        Box::new(Asking {
            halves: keys::halves(&split),
            tries,
        })
    });
    Ok(State::Answered {
        keys: Keys::new(&split, &first.late),
        asking,
    })
}

/// The initiator's answer to token 2 without a PIN: token 3.
pub(super) fn confirm(
    keys: &Keys,
    id: [u8; 2],
    body: &[u8],
    entropy: &mut Entropy,
) -> Result<(State, Stepped), Error> {
    let (_, rest) = token::answer(id, body)?;
    if !rest.is_empty() {
        return Err(token::MALFORMED);
    }
    Ok(confirmation(keys.clone(), entropy))
}

fn confirmation(keys: Keys, entropy: &mut Entropy) -> (State, Stepped) {
    let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
    let sealed = crypto::seal(&keys.finish(), &aad, &token::confirmation(), entropy);
    let token = token::join(token::CONFIRMATION, &[&sealed]);
    (State::Established(keys), Stepped::with(token))
}

//= protocol/5.3-judged-once
/// Judges an answer to the initiator's PIN, once: this run is used up either way, right or wrong.
pub(super) fn judge(
    keys: &Keys,
    asking: &Asking,
    id: [u8; 2],
    body: &[u8],
    entropy: &mut Entropy,
) -> Result<(State, Stepped), Error> {
    let Asking { halves, tries } = asking;
    let sealed = if tries.number == 1 {
        token::answer(id, body)?.1
    } else {
        token::expect(id, token::PIN_ANSWER)?;
        body
    };
    let aad = token::join(id, &[&keys.hash]);
    let content = crypto::open(&keys.control(Role::Acceptor), &aad, sealed).ok_or(NOT_AUTHENTIC)?;
    let answer = PinAnswer::decode(&content)?;
    if answer.number != tries.number {
        return Err(token::MALFORMED);
    }
    let shared = pin::run(Role::Initiator, &tries.pin, &tries.seed, &answer.element)
        .map(|(_, shared)| shared)
        .filter(|shared| pin::proves(&keys.hash, shared, answer.number, &answer.proof));
    Ok(match shared {
        Some(shared) => confirmation(keys.with_pin(halves, &shared), entropy),
        None => wrong(keys, asking, entropy),
    })
}

/// The initiator's next try, with a fresh element; or the end.
fn wrong(keys: &Keys, asking: &Asking, entropy: &mut Entropy) -> (State, Stepped) {
    let Asking { halves, tries } = asking;
    let used = u8::from(rule::holds("5.3-judged-once"));
    let left = tries.left.saturating_sub(used);
    if left == 0 {
        return (
            State::Ended(keys.without_master()),
            Stepped::wrong_pin(None, 0),
        );
    }
    let tries = Tries::new(&tries.pin, tries.number + 1, left, entropy);
    let again = PinAgain {
        element: tries.element(),
        tries_left: left,
        number: tries.number,
    };
    let aad = token::join(token::PIN_AGAIN, &[&keys.hash]);
    let sealed = crypto::seal(
        &keys.control(Role::Initiator),
        &aad,
        &again.encode(),
        entropy,
    );
    let token = token::join(token::PIN_AGAIN, &[&sealed]);
    let asking = Asking {
        halves: halves.clone(),
        tries,
    };
    let state = State::Answered {
        keys: keys.clone(),
        asking: Some(Box::new(asking)),
    };
    (state, Stepped::wrong_pin(Some(token), left))
}

//= protocol/4-third-token
/// The acceptor takes token 3.
pub(super) fn confirmed(keys: &Keys, id: [u8; 2], body: &[u8]) -> Result<(State, Stepped), Error> {
    token::expect(id, token::CONFIRMATION)?;
    let aad = token::join(token::CONFIRMATION, &[&keys.hash]);
    let content = crypto::open(&keys.finish(), &aad, body).ok_or(NOT_AUTHENTIC)?;
    token::open_confirmation(&content)?;
    Ok((State::Established(keys.clone()), Stepped::default()))
}

/// The acceptor takes 01 04: its PIN was wrong. It asks its user again as long as both sides have tries left.
pub(super) fn asked_again(
    keys: &Keys,
    answered: &Answered,
    body: &[u8],
) -> Result<(State, Stepped), Error> {
    let aad = token::join(token::PIN_AGAIN, &[&keys.hash]);
    let content = crypto::open(&keys.control(Role::Initiator), &aad, body).ok_or(NOT_AUTHENTIC)?;
    let again = PinAgain::decode(&content)?;
    let expected = again.number == answered.number.saturating_add(1)
        && (1..pin::MAX_TRIES).contains(&again.tries_left)
        && pin::is_element(Role::Initiator, &again.element);
    if !expected {
        return Err(token::MALFORMED);
    }
    let own = pin::MAX_ANSWERS.saturating_sub(answered.number);
    let left = own.min(again.tries_left);
    let keys = keys.without_master();
    let state = if left == 0 {
        State::Ended(keys)
    } else {
        let asked = Asked {
            halves: answered.halves.clone(),
            element: again.element,
            number: again.number,
        };
        State::AwaitingPin {
            keys,
            asked: Box::new(asked),
        }
    };
    Ok((state, Stepped::wrong_pin(None, left)))
}

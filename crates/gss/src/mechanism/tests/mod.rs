//! A second mechanism, known to nothing but a registry: what it takes to add one.

mod explained;

use std::sync::LazyLock;

use super::registry;
use crate::auth_credential::AuthCredential;
use crate::gss::*;
use crate::pin::Pin;
use tigress_primitives::cbor::Map;
use tigress_primitives::entropy::Entropy;
use tigress_primitives::secret::Secret;

const NOW: u64 = 1_000;
const OID: Oid = Oid::known(&[0x2a, 3, 4]);

/// Two tokens and no protection at all.
struct Plain;

#[derive(Clone)]
struct PlainContext {
    complete: bool,
}

fn unavailable<T>() -> Result<T, Error> {
    Err(Error::new(MajorStatus::UNAVAILABLE, MinorStatus::Mechanism))
}

impl Mechanism for Plain {
    fn oid(&self) -> Oid {
        OID
    }
    fn name(&self) -> &'static str {
        "plain"
    }
    fn init(&self, first: &First<'_>, _: &mut Entropy) -> Result<Started, Error> {
        let context = Box::new(PlainContext { complete: false });
        Ok((context, [&[9, 1], first.sealed].concat()))
    }
    fn sealed_credential<'t>(&self, id: [u8; 2], body: &'t [u8]) -> Result<&'t [u8], Error> {
        let unexpected = Error::token(MinorStatus::UnexpectedToken);
        (id == [9, 1]).then_some(body).ok_or(unexpected)
    }
    fn check(&self, _: &First<'_>, _: &[u8]) -> Result<Heard, Error> {
        Ok(Heard::default())
    }
    fn accept(&self, _: &First<'_>, _: &[u8], _: &mut Entropy) -> Result<Started, Error> {
        Ok((Box::new(PlainContext { complete: true }), vec![9, 2]))
    }
    fn explain<'t>(&self, _: [u8; 2], body: &'t [u8]) -> Result<Taken<'t>, &'static str> {
        let parts = vec![Part::clear("all", body)];
        Ok(Taken { name: "any", parts })
    }
    fn explain_message<'t>(&self, _: &'t [u8]) -> Option<Result<Taken<'t>, &'static str>> {
        None
    }
    fn explain_payload(
        &self,
        _: &First<'_>,
        _: &[u8],
    ) -> Result<Vec<(&'static str, String)>, Error> {
        Ok(vec![])
    }
    fn restore(&self, _: Role, state: &Map) -> Option<Box<dyn MechanismContext>> {
        Some(Box::new(PlainContext {
            complete: state.boolean(0)?,
        }))
    }
}

impl MechanismContext for PlainContext {
    fn complete(&self) -> bool {
        self.complete
    }
    fn step(&mut self, id: [u8; 2], _: &[u8], _: &mut Entropy) -> Result<Stepped, Error> {
        self.complete = id == [9, 2];
        Ok(Stepped::default())
    }
    fn bind_late(&mut self, _: [u8; 32]) -> Result<(), Error> {
        Ok(())
    }
    fn open_answer(&mut self, _: [u8; 2], _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn end(&mut self) {
        self.complete = false;
    }
    fn wrap(&self, _: bool, n: u64, data: &[u8], _: &mut Entropy) -> Result<Vec<u8>, Error> {
        Ok([&n.to_be_bytes(), data].concat())
    }
    fn unwrap(&self, token: &[u8]) -> Result<Opened, Error> {
        let short = Error::token(MinorStatus::MessageHeader);
        let (number, data) = token.split_first_chunk().ok_or(short)?;
        let data = data.to_vec().into();
        Ok(Opened {
            sequence: u64::from_be_bytes(*number),
            data,
            sealed: false,
        })
    }
    fn wrapped_len(&self, _: bool, length: usize) -> Option<usize> {
        length.checked_add(8)
    }
    fn wrap_size_limit(&self, _: bool, size: usize) -> usize {
        size.saturating_sub(8)
    }
    fn mic(&self, _: u64, _: &[u8]) -> Result<Vec<u8>, Error> {
        unavailable()
    }
    fn verify_mic(&self, _: &[u8], _: &[u8]) -> Result<u64, Error> {
        unavailable()
    }
    fn delete(&self, _: u64, _: u64, _: u64, _: &mut Entropy) -> Result<Vec<u8>, Error> {
        unavailable()
    }
    fn open_deletion(&self, _: &[u8]) -> Result<OpenedDeletion, Error> {
        unavailable()
    }
    fn envelope_mic(&self, _: Role, _: &[u8]) -> Option<[u8; 32]> {
        None
    }
    fn verify_envelope(&self, _: Role, _: &[u8], _: &[u8]) -> bool {
        false
    }
    fn abort(&self, _: u64, _: &mut Entropy) -> Option<Vec<u8>> {
        None
    }
    fn open_abort(&self, _: [u8; 2], _: &[u8]) -> Option<u64> {
        None
    }
    fn save(&self) -> Map<'_> {
        Map::new().with(0, self.complete)
    }
    fn copy(&self) -> Box<dyn MechanismContext> {
        Box::new(self.clone())
    }
}

/// This version's mechanisms and [`Plain`].
static BOTH: LazyLock<Registry> = LazyLock::new(|| {
    let ours = registry();
    let mut all: Vec<_> = ours
        .mechanisms()
        .iter()
        .filter_map(|oid| ours.find(oid))
        .collect();
    all.push(&Plain);
    Registry::new(all.leak())
});

fn entropy() -> Entropy {
    Entropy::from_seed(&Secret::new([1; 32]))
}

fn initiate(mechanism: &Oid) -> Result<(SecurityContext, Vec<u8>), Error> {
    let auth = AuthCredential::new(mechanism.clone(), NOW, NOW + 60, false, &mut entropy());
    let credential = InitiatorCredential::new(auth, Secret::new([2; 32]));
    init_sec_context(&BOTH, &credential, None, None, NOW, &mut entropy())
}

fn accept(registry: &Registry, token: &[u8]) -> Result<Accepted, Error> {
    let credential = AcceptorCredential::new(Secret::new([2; 32]));
    accept_sec_context(
        registry,
        &credential,
        None,
        token,
        &|_| false,
        NOW,
        &mut entropy(),
    )
}

#[test]
fn the_initiator_chooses_and_the_acceptor_finds_the_mechanism() {
    assert_eq!(BOTH.mechanisms().len(), 2);
    for oid in BOTH.mechanisms() {
        let (mut sender, first) = initiate(&oid).unwrap();
        assert_eq!(mechanism_of(&first), Ok(oid.clone()));
        let mut accepted = accept(&BOTH, &first).unwrap();
        let step = sender
            .continue_with(&accepted.token, NOW, &mut entropy())
            .unwrap();
        if let Some(token) = step.token {
            accepted
                .context
                .continue_with(&token, NOW, &mut entropy())
                .unwrap();
        }
        assert!(sender.is_complete() && accepted.context.is_complete());
        assert_eq!(accepted.context.inquire(NOW).mechanism, oid);
        let token = sender.wrap(true, 0, b"hello", NOW, &mut entropy()).unwrap();
        assert_eq!(
            &**accepted.context.unwrap(&token, NOW).unwrap().data,
            b"hello"
        );
        let restored = SecurityContext::restore(&BOTH, &sender.save()).unwrap();
        assert_eq!(restored.next_send_seq(), 1);
    }
}

#[test]
fn who_has_not_the_mechanism_refuses_it() {
    let unknown = Error::new(MajorStatus::BAD_MECH, MinorStatus::UnknownMechanism);
    let (sender, first) = initiate(&OID).unwrap();
    assert_eq!(accept(registry(), &first).unwrap_err(), unknown);
    let restored = SecurityContext::restore(registry(), &sender.save());
    assert_eq!(restored.unwrap_err(), unknown);
}

#[test]
fn a_context_takes_no_token_of_another_mechanism() {
    let [noise, plain] = [&BOTH.mechanisms()[0], &OID].map(|oid| initiate(oid).unwrap());
    let (mut sender, _) = plain;
    let answer = accept(&BOTH, &noise.1).unwrap().token;
    let unexpected = Error::token(MinorStatus::UnexpectedToken);
    assert_eq!(
        sender.continue_with(&answer, NOW, &mut entropy()),
        Err(unexpected)
    );
}

#[test]
fn sequence_numbers_run_out_without_a_repeat() {
    let (mut sender, _) = initiate(&OID).unwrap();
    let answer = frame(&OID, &[9, 2]);
    sender.continue_with(&answer, NOW, &mut entropy()).unwrap();
    let saved = sender.save();
    let saved = tigress_primitives::cbor::decode_map(&saved)
        .unwrap()
        .with(4, u64::MAX - 1);
    let mut sender = SecurityContext::restore(&BOTH, &saved.encode()).unwrap();
    assert!(sender.wrap(true, 0, b"", NOW, &mut entropy()).is_ok());
    let exhausted = Error::new(MajorStatus::FAILURE, MinorStatus::SequenceExhausted);
    assert_eq!(
        sender.wrap(true, 0, b"", NOW, &mut entropy()),
        Err(exhausted)
    );
}

#[test]
fn a_registry_prefers_its_first_mechanism() {
    assert_eq!(BOTH.preferred(), BOTH.mechanisms().first().cloned());
    assert_ne!(BOTH.preferred(), Some(OID));
    assert_eq!(BOTH.all().count(), 2);
    assert_eq!(Registry::new(&[]).preferred(), None);
    let shown = format!("{BOTH:?}");
    assert!(shown.contains("Oid(1.2.3.4)"), "{shown}");
}

#[test]
fn a_mechanism_without_a_pin_asks_for_none_and_takes_none() {
    let mut context = PlainContext { complete: true };
    assert!(!context.pin_needed() && !context.answers_used_up());
    let pin = Pin::parse("123456").unwrap();
    let not_asked = Error::new(MajorStatus::FAILURE, MinorStatus::PinNotAsked);
    assert_eq!(context.answer_pin(&pin, &mut entropy()), Err(not_asked));
    let mut out = [0; 4];
    assert_eq!(context.pseudo_random(b"", &mut out), unavailable());
}

#[test]
fn what_is_shown_of_a_status_and_a_message_names_no_content() {
    let status = MajorStatus::DEFECTIVE_TOKEN;
    let shown = format!("{status:?}");
    assert!(shown.starts_with("MajorStatus(0x") && shown.contains(&status.to_string()));
    let unwrapped = Unwrapped {
        data: b"secret".to_vec().into(),
        conf_state: true,
        supplementary: MajorStatus::GAP_TOKEN,
    };
    let (context, _) = initiate(&OID).unwrap();
    let names = context.inquire(NOW);
    for name in [names.initiator, names.acceptor] {
        assert_eq!(name.to_string(), "<anonymous>");
        assert_eq!(name.name_type().to_string(), "1.3.6.1.5.6.3");
    }
    let shown = format!("{context:?}");
    assert!(shown.starts_with("SecurityContext { role: Initiator, mechanism: Oid(1.2.3.4)"));
    let shown = format!("{unwrapped:?}");
    assert!(shown.starts_with("Unwrapped { conf_state: true, supplementary: "));
    assert!(
        !shown.contains("115") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn supplementary_bits_add_up() {
    let gap = MajorStatus::COMPLETE.with(MajorStatus::GAP_TOKEN);
    assert_eq!(gap.with(MajorStatus::GAP_TOKEN), MajorStatus::GAP_TOKEN);
    let both = gap.with(MajorStatus::OLD_TOKEN);
    assert!(both.has(MajorStatus::GAP_TOKEN) && both.has(MajorStatus::OLD_TOKEN));
    assert!(!gap.has(MajorStatus::OLD_TOKEN) && !both.is_error());
}

#[test]
fn what_was_seen_of_the_sequence_outlives_a_restart() {
    let mut sender = initiate(&OID).unwrap();
    let mut accepted = accept(&BOTH, &sender.1).unwrap();
    let sender = &mut sender.0;
    sender
        .continue_with(&accepted.token, NOW, &mut entropy())
        .unwrap();
    let mut wrapped = || sender.wrap(true, 0, b"", NOW, &mut entropy()).unwrap();
    let tokens: Vec<_> = (0..4).map(|_| wrapped()).collect();
    // Numbers 0 and 3 arrive, then the process ends.
    for at in [0, 3] {
        accepted.context.unwrap(&tokens[at], NOW).unwrap();
    }
    let mut restored = SecurityContext::restore(&BOTH, &accepted.context.save()).unwrap();
    let mut told = |at: usize| restored.unwrap(&tokens[at], NOW).unwrap().supplementary;
    assert_eq!(told(0), MajorStatus::DUPLICATE_TOKEN);
    assert_eq!(told(1), MajorStatus::UNSEQ_TOKEN);
    assert_eq!(told(3), MajorStatus::DUPLICATE_TOKEN);
    assert_eq!(told(2), MajorStatus::UNSEQ_TOKEN);
}

//! Somebody with the share URL, but without the PIN, who runs the relay, against a transfer's state machine.

mod receiver;

use super::*;
use crate::transfer::TransferEvent::{
    Accepted, Established, PinRejected, PinRequired, RejectedToken,
};
use tigress_gss::gss::{
    self, Accepted as Answered, AcceptorCredential, ChannelBindings, InitiatorCredential,
};
use tigress_gss::mechanism::registry;
use tigress_mailbox::{DisplayInformation, PAYLOAD_TYPE};

const NOW: u64 = 1_700_000_000;
const RELAY: &str = "https://relay.example";
const MAILBOX: &str = "2bba630e-519b-41ec-81d3-0242ac130003";

fn entropy(stream: u8) -> Entropy {
    Entropy::from_seed(&Secret::new([stream; 32]))
}

fn right() -> Pin {
    Pin::parse("042917").unwrap()
}

fn wrong() -> Pin {
    Pin::parse("042918").unwrap()
}

fn sender() -> (Transfer, Slot) {
    let start = SenderStart {
        id: TransferId::from(uuid::Uuid::nil()),
        relay: RelayOrigin::parse(RELAY).unwrap(),
        vertical: Vertical::General,
        public: PublicTexts::default(),
        summary: None,
        lifetime: 3600,
        pin: Some((right(), 5)),
        notification: None,
        attestation: None,
    };
    let mut sender = Transfer::new_sender(start, NOW, &mut entropy(1)).unwrap();
    let mut slot = Slot::default();
    let created = Reply::Created {
        url_link: format!("{RELAY}/v1/m/{MAILBOX}"),
        version: None,
    };
    answered(&mut sender, &Next::Create, created, &mut slot, 2);
    (sender, slot)
}

fn answered(transfer: &mut Transfer, next: &Next, reply: Reply, slot: &mut Slot, fresh: u8) {
    let answer = Answer {
        reply,
        now: NOW,
        date: None,
    };
    transfer
        .handle(next, answer, slot, &mut entropy(fresh))
        .unwrap();
    // A kill after every step: what was counted is counted.
    *transfer = Transfer::from_record(&transfer.to_record()).unwrap();
}

/// The relay shows `data`.
fn shows(transfer: &mut Transfer, data: &str, slot: &mut Slot, fresh: u8) {
    let content = Reply::Content(tigress_mailbox::Content {
        data: data.to_owned(),
        payload_type: PAYLOAD_TYPE.to_owned(),
        display: DisplayInformation {
            title: String::new(),
            description: String::new(),
            image_url: String::new(),
        },
        expiration: None,
        version: None,
    });
    answered(transfer, &Next::Read, content, slot, fresh);
}

fn tokens(transfer: &Transfer) -> Vec<Vec<u8>> {
    fields(transfer).tokens
}

fn fields(transfer: &Transfer) -> Fields {
    let data = transfer.envelope().unwrap();
    Envelope::decode(&data).unwrap().fields().unwrap()
}

fn events(transfer: &Transfer) -> Vec<TransferEvent> {
    transfer.update_after(0).events
}

/// Has the share URL, and guesses.
struct FalseReceiver {
    context: SecurityContext,
    second: Vec<u8>,
    window: Window,
}

impl FalseReceiver {
    fn guessing(sender: &Transfer, guess: Pin, fresh: u8) -> Self {
        let (url, _, _) = sender.invitation().unwrap();
        let first = tokens(sender).remove(0);
        let credential = AcceptorCredential::new(url.secret).with_pin(guess);
        let bindings = ChannelBindings::for_mailbox(RELAY, MAILBOX);
        let draws = &mut entropy(fresh);
        let unused = |_: &CredentialId| false;
        let Answered { context, token, .. } = gss::accept_sec_context(
            registry(),
            &credential,
            Some(&bindings),
            &first,
            &unused,
            NOW,
            draws,
        )
        .unwrap();
        let mut window = Window::default();
        window.take(&first);
        Self {
            context,
            second: token,
            window,
        }
    }

    fn envelope(&self) -> String {
        let fields = self.window.fields(Side::Receiver, false);
        fields.encode(|body| self.context.envelope_mic(Role::Acceptor, body))
    }

    /// Takes 01 04, and answers it with each guess, as often as it likes.
    fn answers(&mut self, sender: &Transfer, guesses: [Pin; 2]) -> [Vec<u8>; 2] {
        let fields = fields(sender);
        let again = fields.tokens.last().unwrap();
        self.window.acknowledge(&fields).unwrap();
        self.window.take(again);
        self.context
            .continue_with(again, NOW, &mut entropy(30))
            .unwrap();
        guesses.map(|guess| {
            let mut one_of_many = self.context.tentative();
            one_of_many
                .provide_pin(&guess, NOW, &mut entropy(31))
                .unwrap()
        })
    }
}

fn aborted_as_undecodable(sender: &Transfer) {
    let undecodable = Outcome::Failed(codes::UNDECODABLE);
    assert!(matches!(sender.phase, Phase::Aborting { outcome, .. } if outcome == undecodable));
    assert!(!events(sender).contains(&Established));
}

#[test]
fn several_answers_in_one_envelope_are_one_try() {
    let (mut sender, mut slot) = sender();
    let mut attacker = FalseReceiver::guessing(&sender, wrong(), 20);
    attacker.window.push(attacker.second.clone()).unwrap();
    shows(&mut sender, &attacker.envelope(), &mut slot, 3);
    assert_eq!(events(&sender), [Accepted, PinRejected { tries_left: 4 }]);
    assert_eq!(sender.state(), TransferState::Establishing);

    for answer in attacker.answers(&sender, [wrong(), right()]) {
        attacker.window.push(answer).unwrap();
    }
    shows(&mut sender, &attacker.envelope(), &mut slot, 4);
    assert_eq!(events(&sender).last(), Some(&PinRejected { tries_left: 3 }));
    aborted_as_undecodable(&sender);
}

#[test]
fn several_first_answers_in_one_envelope_are_one_try() {
    let (mut sender, mut slot) = sender();
    let mut attacker = FalseReceiver::guessing(&sender, wrong(), 20);
    let other = FalseReceiver::guessing(&sender, right(), 20);
    attacker.window.push(attacker.second.clone()).unwrap();
    attacker.window.push(other.second).unwrap();
    shows(&mut sender, &attacker.envelope(), &mut slot, 3);
    assert_eq!(events(&sender), [Accepted, PinRejected { tries_left: 4 }]);
    aborted_as_undecodable(&sender);
}

#[test]
fn an_answer_shown_again_is_not_judged_again() {
    let (mut sender, mut slot) = sender();
    let mut attacker = FalseReceiver::guessing(&sender, wrong(), 20);
    attacker.window.push(attacker.second.clone()).unwrap();
    for fresh in 3..9 {
        shows(&mut sender, &attacker.envelope(), &mut slot, fresh);
    }
    assert_eq!(events(&sender), [Accepted, PinRejected { tries_left: 4 }]);
}

#[test]
fn an_answer_without_a_mic_that_holds_is_not_judged_at_all() {
    let (mut sender, mut slot) = sender();
    for (guess, fresh) in [(wrong(), 20), (right(), 21)] {
        let mut attacker = FalseReceiver::guessing(&sender, guess, fresh);
        attacker.window.push(attacker.second.clone()).unwrap();
        let fields = attacker.window.fields(Side::Receiver, false);
        let forged = fields.encode(|_| Some([0; 32]));
        shows(&mut sender, &forged, &mut slot, 3);
    }
    assert_eq!(events(&sender), [RejectedToken, RejectedToken]);
    assert_eq!(sender.state(), TransferState::Invited);
    // The invitation is as it was.
    let mut honest = FalseReceiver::guessing(&sender, right(), 22);
    honest.window.push(honest.second.clone()).unwrap();
    shows(&mut sender, &honest.envelope(), &mut slot, 4);
    assert_eq!(sender.state(), TransferState::Established);
}

#[test]
fn an_answer_whose_pin_is_cut_off_uses_the_invitation_up() {
    let (mut sender, mut slot) = sender();
    let mut attacker = FalseReceiver::guessing(&sender, right(), 20);
    let frame = gss::parse(&attacker.second).unwrap();
    let [high, low, ..] = frame.body else {
        unreachable!()
    };
    let end = 2 + usize::from(u16::from_be_bytes([*high, *low]));
    let bare = [&frame.id[..], &frame.body[..end]].concat();
    let bare = gss::frame(&frame.oid, &bare);
    attacker.window.push(bare).unwrap();
    shows(&mut sender, &attacker.envelope(), &mut slot, 3);
    assert_eq!(events(&sender), [Accepted]);
    aborted_as_undecodable(&sender);
    assert!(sender.invitation().is_none());
    // An envelope with a MIC never acknowledges nothing.
    assert_eq!(fields(&sender).ack, 1);
}

#[test]
fn the_right_pin_at_the_last_try_is_right() {
    let (mut sender, mut slot) = sender();
    let mut attacker = FalseReceiver::guessing(&sender, wrong(), 20);
    attacker.window.push(attacker.second.clone()).unwrap();
    shows(&mut sender, &attacker.envelope(), &mut slot, 3);
    for left in (1..=3).rev() {
        let [answer, _] = attacker.answers(&sender, [wrong(), right()]);
        let again = tokens(&sender);
        attacker
            .context
            .provide_pin(&wrong(), NOW, &mut entropy(31))
            .unwrap();
        attacker.window.push(answer).unwrap();
        shows(&mut sender, &attacker.envelope(), &mut slot, 10 + left);
        assert_ne!(tokens(&sender), again);
        assert_eq!(
            events(&sender).last(),
            Some(&PinRejected { tries_left: left })
        );
    }
    let [_, answer] = attacker.answers(&sender, [wrong(), right()]);
    attacker.window.push(answer).unwrap();
    shows(&mut sender, &attacker.envelope(), &mut slot, 20);
    assert_eq!(sender.state(), TransferState::Established);
}

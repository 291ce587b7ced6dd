//! A transfer with a PIN, which the receiver's user types: right, wrong, too often wrong; with kills anywhere.

use std::sync::Arc;
use std::time::Duration;

use tigress::{
    AcceptOptions, Config, Error, InvitationRequest, MemoryStore, Outcome, Pin, TerminateReason,
    TransferClient, TransferEvent, TransferId, TransferState,
};
use tigress_testkit::{Apps, Kill, PlainRelay, Process};

const PIN_TRIES_USED_UP: u64 = 5;

/// A wallet that polls and remembers what it saw.
#[derive(Default)]
struct Wallet {
    id: Option<TransferId>,
    cursor: u64,
    events: Vec<TransferEvent>,
    state: Option<TransferState>,
    done: bool,
}

impl Wallet {
    fn id(&self) -> TransferId {
        self.id.expect("begun")
    }

    async fn look(&mut self, client: &TransferClient) -> Result<(), Error> {
        let update = client.poll(self.id(), Duration::ZERO, self.cursor).await?;
        self.cursor = update.cursor;
        self.events.extend(update.events);
        self.state = Some(update.state);
        Ok(())
    }

    fn outcome(&self) -> Option<Outcome> {
        Apps::outcome(&self.events)
    }

    /// The tries left after each wrong PIN, as this side was told.
    fn rejections(&self) -> Vec<u8> {
        let left = |event: &TransferEvent| match event {
            TransferEvent::PinRejected { tries_left } => Some(*tries_left),
            _ => None,
        };
        self.events.iter().filter_map(left).collect()
    }
}

/// Both sides, over one relay.
struct World {
    relay: Arc<PlainRelay>,
    stores: [Arc<MemoryStore>; 2],
    clients: [TransferClient; 2],
    processes: [Arc<Process>; 2],
    config: Config,
    sender: Wallet,
    receiver: Wallet,
    url: String,
    pin: Option<Pin>,
}

impl World {
    fn new(tries: u8, kills: [Option<Kill>; 2]) -> Self {
        let mut config = Config::with_relay(PlainRelay::ORIGIN);
        config.allow_loopback_http = true;
        config.give_up_after = Duration::ZERO;
        config.poll_interval = Duration::from_millis(1);
        config.poll_interval_max = Duration::from_millis(5);
        config.pin_tries = tries;
        let relay = Arc::new(PlainRelay::with_final_not_found());
        let stores = [(); 2].map(|()| Arc::new(MemoryStore::new()));
        let started = [0, 1].map(|side| start(&config, &relay, &stores[side], kills[side]));
        let [(sender, one), (receiver, two)] = started;
        Self {
            relay,
            stores,
            clients: [sender, receiver],
            processes: [one, two],
            config,
            sender: Wallet::default(),
            receiver: Wallet::default(),
            url: String::new(),
            pin: None,
        }
    }

    /// A process that was killed starts anew; any other failure is one of the test.
    fn survived(&mut self, side: usize, result: Result<(), Error>) {
        if self.processes[side].is_dead() {
            let fresh = start(&self.config, &self.relay, &self.stores[side], None);
            (self.clients[side], self.processes[side]) = fresh;
        } else {
            result.unwrap_or_else(|error| panic!("side {side}: {error}"));
        }
    }

    async fn invite(&mut self) -> Result<(), Error> {
        let request = InvitationRequest {
            credential: Some(Apps::credential()),
            idempotency_key: Some("the user's tap".into()),
            pin: true,
            ..InvitationRequest::default()
        };
        let invitation = self.clients[0].create_invitation(request).await?;
        self.url = invitation.share_url.to_url().to_string();
        self.pin = invitation.pin;
        self.sender.id = Some(invitation.transfer);
        Ok(())
    }

    async fn sender_step(&mut self) -> Result<(), Error> {
        if self.sender.id.is_none() {
            self.invite().await?;
        }
        self.sender.look(&self.clients[0]).await
    }

    /// `typed` gives the PIN that the user types after so many wrong ones.
    async fn receiver_step(&mut self, typed: &dyn Fn(&Pin, usize) -> Pin) -> Result<(), Error> {
        let client = self.clients[1].clone();
        if self.receiver.id.is_none() {
            let options = AcceptOptions::default();
            self.receiver.id = Some(client.accept_invitation(&self.url, options).await?);
        }
        self.receiver.look(&client).await?;
        if self.receiver.state == Some(TransferState::PinRequired) {
            let right = self.pin.clone().unwrap();
            let pin = typed(&right, self.receiver.rejections().len());
            match client.provide_pin(self.receiver.id(), &pin).await {
                // A kill came between the answer and its being told.
                Err(Error::Other {
                    code: "pin_not_asked",
                    ..
                }) => {}
                Err(Error::WrongPin { tries_left: 0 }) => {}
                result => result?,
            }
            self.receiver.state = None;
        }
        if !self.receiver.done && !Apps::received(&self.receiver.events).is_empty() {
            let reason = TerminateReason::Done;
            match client.terminate(self.receiver.id(), reason).await {
                Ok(()) | Err(Error::Closed { .. }) => self.receiver.done = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn run(&mut self, typed: &dyn Fn(&Pin, usize) -> Pin) {
        for _ in 0..80 {
            let result = self.sender_step().await;
            self.survived(0, result);
            if !self.url.is_empty() {
                let result = self.receiver_step(typed).await;
                self.survived(1, result);
            }
            if self.sender.outcome().is_some() && self.receiver.outcome().is_some() {
                return self.background().await;
            }
        }
        panic!("{:?} {:?}", self.sender.events, self.receiver.events);
    }

    /// What is left to be done for transfers that have ended.
    async fn background(&mut self) {
        // Twice: a kill may come in between.
        for side in [0, 1, 0, 1] {
            let result = self.clients[side].sync(Duration::from_secs(5)).await;
            self.survived(side, result);
        }
    }

    fn counts(&self) -> [usize; 2] {
        [0, 1].map(|side| self.processes[side].count())
    }
}

fn start(
    config: &Config,
    relay: &Arc<PlainRelay>,
    store: &Arc<MemoryStore>,
    kill: Option<Kill>,
) -> (TransferClient, Arc<Process>) {
    let process = Process::new(kill);
    let client = TransferClient::new(
        config.clone(),
        process.disk(store),
        Some(process.network(relay)),
    );
    (client.unwrap(), process)
}

/// Another PIN than the right one.
fn another(pin: &Pin) -> Pin {
    let first = if pin.as_str().starts_with('0') {
        '1'
    } else {
        '0'
    };
    Pin::parse(&format!("{first}{}", &pin.as_str()[1..])).unwrap()
}

fn right(pin: &Pin, _: usize) -> Pin {
    pin.clone()
}

fn always_wrong(pin: &Pin, _: usize) -> Pin {
    another(pin)
}

fn wrong_once(pin: &Pin, rejected: usize) -> Pin {
    if rejected == 0 {
        another(pin)
    } else {
        pin.clone()
    }
}

fn completed(world: &World) {
    let received = Apps::received(&world.receiver.events);
    assert_eq!(received, [Apps::credential()]);
    assert_eq!(world.sender.outcome(), Some(Outcome::Completed));
    assert_eq!(world.receiver.outcome(), Some(Outcome::Completed));
}

/// A side that has counted the tries itself knows it; of the other, which has proven nothing, it is a claim.
fn used_up(counted: bool) -> Option<Outcome> {
    Some(match counted {
        true => Outcome::Failed(PIN_TRIES_USED_UP),
        false => Outcome::Unproven(PIN_TRIES_USED_UP),
    })
}

fn destroyed(world: &World) {
    let tries = world.config.pin_tries;
    assert_eq!(world.sender.outcome(), used_up(tries <= 5));
    assert_eq!(world.receiver.outcome(), used_up(tries >= 5));
    assert_eq!(Apps::received(&world.receiver.events), []);
    // A kill while it was made may have left another mailbox, which nobody knows.
    let (_, address) = world.url.split_once("/v1/m/").unwrap();
    let (mailbox, _) = address.split_once('?').unwrap();
    assert!(!world.relay.dump().contains(mailbox));
}

#[tokio::test]
async fn the_right_pin_hands_the_credential_over() {
    let mut world = World::new(5, [None, None]);
    world.run(&right).await;
    completed(&world);
    assert!(world.url.ends_with(".p"));
    assert_eq!(world.pin.as_ref().unwrap().as_str().len(), 6);
    use TransferEvent::{Closed, CredentialReceived, Established, PinRequired};
    let events = &world.receiver.events;
    assert!(
        matches!(
            events[..],
            [
                PinRequired,
                Established,
                CredentialReceived { .. },
                Closed { .. }
            ]
        ),
        "{events:?}"
    );
    assert!(world.sender.rejections().is_empty());
}

#[tokio::test]
async fn the_pin_may_come_with_the_acceptance() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let options = AcceptOptions {
        pin: world.pin.clone(),
        ..AcceptOptions::default()
    };
    let accepted = world.clients[1]
        .accept_invitation(&world.url, options)
        .await;
    world.receiver.id = Some(accepted.unwrap());
    world.run(&|_, _| unreachable!("it was given")).await;
    completed(&world);
    assert!(!world.receiver.events.contains(&TransferEvent::PinRequired));
}

#[tokio::test]
async fn a_wrong_pin_is_told_to_both_and_the_right_one_still_works() {
    let mut world = World::new(5, [None, None]);
    world.run(&wrong_once).await;
    completed(&world);
    assert_eq!(world.sender.rejections(), [4]);
    assert_eq!(world.receiver.rejections(), [4]);
}

#[tokio::test]
async fn the_senders_tries_used_up_destroy_the_transfer_on_both_sides() {
    for tries in [1, 3, 5] {
        let mut world = World::new(tries, [None, None]);
        world.run(&always_wrong).await;
        destroyed(&world);
        let expected: Vec<u8> = (0..tries).rev().collect();
        assert_eq!(world.sender.rejections(), expected);
        assert_eq!(world.receiver.rejections(), expected);
        let pin = world.pin.clone().unwrap();
        let late = world.clients[1]
            .provide_pin(world.receiver.id(), &pin)
            .await;
        assert_eq!(late, Err(Error::WrongPin { tries_left: 0 }));
    }
}

#[tokio::test]
async fn the_receivers_tries_used_up_destroy_the_transfer_on_both_sides() {
    let mut world = World::new(10, [None, None]);
    world.run(&always_wrong).await;
    destroyed(&world);
    assert_eq!(world.receiver.rejections(), [4, 3, 2, 1, 0]);
    assert_eq!(world.sender.rejections(), [9, 8, 7, 6, 5]);
}

/// Runs with a kill at every step of either side.
async fn with_kills(tries: u8, typed: &dyn Fn(&Pin, usize) -> Pin, check: impl Fn(&World)) {
    let mut whole = World::new(tries, [None, None]);
    whole.run(typed).await;
    check(&whole);
    let counts = whole.counts();
    for side in 0..2 {
        assert!(counts[side] > 10, "a transfer has many steps");
        for at in 0..counts[side] {
            for after in [false, true] {
                let mut kills = [None, None];
                kills[side] = Some(Kill { at, after });
                let mut world = World::new(tries, kills);
                world.run(typed).await;
                check(&world);
            }
        }
    }
}

#[tokio::test]
async fn a_kill_anywhere_gives_no_try_back() {
    with_kills(3, &always_wrong, |world| {
        destroyed(world);
        assert_eq!(world.sender.rejections(), [2, 1, 0]);
        assert_eq!(world.receiver.rejections(), [2, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_kill_anywhere_loses_nothing_after_a_wrong_pin() {
    with_kills(5, &wrong_once, |world| {
        completed(world);
        assert_eq!(world.sender.rejections(), [4]);
        assert_eq!(world.receiver.rejections(), [4]);
    })
    .await;
}

#[tokio::test]
async fn restarts_between_all_steps_give_no_try_back() {
    let mut world = World::new(4, [None, None]);
    for _ in 0..80 {
        for side in 0..2 {
            let fresh = start(&world.config, &world.relay, &world.stores[side], None);
            (world.clients[side], world.processes[side]) = fresh;
        }
        world.sender_step().await.unwrap();
        world.receiver_step(&always_wrong).await.unwrap();
        if world.sender.outcome().is_some() && world.receiver.outcome().is_some() {
            break;
        }
    }
    world.background().await;
    destroyed(&world);
    assert_eq!(world.sender.rejections(), [3, 2, 1, 0]);
}

#[tokio::test]
async fn the_pin_is_shown_until_somebody_has_answered() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let again = world.clients[0]
        .invitation(world.sender.id())
        .await
        .unwrap();
    assert_eq!(again.pin, world.pin);
    assert!(!format!("{again:?}").contains(again.pin.as_ref().unwrap().as_str()));
    // The same request gives the same PIN.
    world.invite().await.unwrap();
    assert_eq!(world.pin, again.pin);

    for _ in 0..2 {
        world.receiver_step(&wrong_once).await.unwrap();
    }
    world.sender_step().await.unwrap();
    assert_eq!(world.sender.rejections(), [4]);
    let gone = world.clients[0].invitation(world.sender.id()).await;
    assert_eq!(gone.map(drop).unwrap_err().code(), "invitation_used");
}

#[tokio::test]
async fn it_can_be_declined_before_the_pin() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let client = world.clients[1].clone();
    let accept = || client.accept_invitation(&world.url, AcceptOptions::default());
    let id = accept().await.unwrap();
    client.decline(id).await.unwrap();
    client.sync(Duration::from_secs(5)).await.unwrap();
    assert_eq!(
        client.poll(id, Duration::ZERO, 1).await.unwrap().state,
        TransferState::Closed(Outcome::Declined)
    );
    // Unused: another device may still come.
    world.receiver.id = None;
    world.receiver.events.clear();
    world.run(&right).await;
    completed(&world);
}

#[tokio::test]
async fn an_invitation_and_a_pin_must_agree() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let client = world.clients[1].clone();
    let with_pin = || AcceptOptions {
        pin: world.pin.clone(),
        ..AcceptOptions::default()
    };
    // Somebody has cut the mark off: with a PIN typed or not, it is refused, and given back.
    let cut = world.url.strip_suffix(".p").unwrap().to_owned();
    for options in [AcceptOptions::default(), with_pin()] {
        let refused = client.accept_invitation(&cut, options).await;
        assert_eq!(refused, Err(Error::PinDowngrade));
    }
    // Somebody has put it on a link without.
    let mut plain = World::new(5, [None, None]);
    let request = InvitationRequest::default();
    let invitation = plain.clients[0].create_invitation(request).await.unwrap();
    assert_eq!(invitation.pin, None);
    let url = invitation.share_url.to_url().to_string();
    let marked = format!("{url}.p");
    for options in [AcceptOptions::default(), with_pin()] {
        let refused = plain.clients[1].accept_invitation(&marked, options).await;
        assert_eq!(refused, Err(Error::PinDowngrade));
    }
    let refused = plain.clients[1].accept_invitation(&url, with_pin()).await;
    assert_eq!(refused, Err(Error::PinDowngrade));
    plain.url = url;
    assert!(
        plain.clients[1]
            .accept_invitation(&plain.url, AcceptOptions::default())
            .await
            .is_ok()
    );
    // Nothing was used up.
    world.run(&right).await;
    completed(&world);
}

#[tokio::test]
async fn a_pin_is_taken_only_where_it_is_asked_for() {
    let mut world = World::new(5, [None, None]);
    world.invite().await.unwrap();
    let pin = world.pin.clone().unwrap();
    let refused = world.clients[0].provide_pin(world.sender.id(), &pin).await;
    assert_eq!(refused.unwrap_err().code(), "not_the_receiver");
    world.receiver_step(&right).await.unwrap();
    assert_eq!(world.receiver.events, [TransferEvent::PinRequired]);
    // Answered, and not judged yet.
    let refused = world.clients[1]
        .provide_pin(world.receiver.id(), &pin)
        .await;
    assert_eq!(refused.unwrap_err().code(), "pin_not_asked");
    world.run(&right).await;
    completed(&world);
    let refused = world.clients[1]
        .provide_pin(world.receiver.id(), &pin)
        .await;
    assert_eq!(refused.unwrap_err().code(), "closed");
    assert_eq!(
        Error::from("12345".parse::<Pin>().unwrap_err()).code(),
        "bad_pin"
    );
}

#[tokio::test]
async fn settings_out_of_their_limits_are_refused() {
    for (digits, tries) in [(5, 5), (13, 5), (6, 0), (6, 11)] {
        let mut config = Config::with_relay("https://relay.example");
        (config.pin_digits, config.pin_tries) = (digits, tries);
        let client = TransferClient::new(config, Arc::new(MemoryStore::new()), None);
        assert_eq!(client.unwrap_err().code(), "bad_config");
    }
    let mut world = World::new(1, [None, None]);
    world.config.pin_digits = 12;
    let fresh = start(&world.config, &world.relay, &world.stores[0], None);
    (world.clients[0], world.processes[0]) = fresh;
    world.run(&right).await;
    completed(&world);
    assert_eq!(world.pin.unwrap().as_str().len(), 12);
}

#[tokio::test]
async fn whoever_is_asked_for_a_pin_is_told_that_the_sender_has_cancelled() {
    for wrong_first in [false, true] {
        let mut world = World::new(5, [None, None]);
        world.invite().await.unwrap();
        let bob = world.clients[1].clone();
        let accepted = bob.accept_invitation(&world.url, AcceptOptions::default());
        world.receiver.id = Some(accepted.await.unwrap());
        if wrong_first {
            let wrong = another(world.pin.as_ref().unwrap());
            bob.provide_pin(world.receiver.id(), &wrong).await.unwrap();
        }
        while world.receiver.rejections().len() < usize::from(wrong_first) {
            world.receiver.look(&bob).await.unwrap();
            world.sender_step().await.unwrap();
        }
        world.receiver.look(&bob).await.unwrap();
        assert_eq!(world.receiver.state, Some(TransferState::PinRequired));

        let alice = world.clients[0].clone();
        let reason = TerminateReason::Cancelled;
        alice.terminate(world.sender.id(), reason).await.unwrap();
        // Waiting for the user, the wallet polls on.
        let (waiting, told) = (bob.clone(), world.receiver.id());
        let cursor = world.receiver.cursor;
        let prompt =
            tokio::spawn(async move { waiting.poll(told, Duration::from_secs(20), cursor).await });
        world.sender.look(&alice).await.unwrap();
        assert_eq!(world.sender.outcome(), Some(Outcome::Cancelled));
        let update = prompt.await.unwrap().unwrap();
        let expected = match wrong_first {
            false => Outcome::Unconfirmed,
            true => Outcome::Unproven(3),
        };
        assert_eq!(Apps::outcome(&update.events), Some(expected));
    }
}

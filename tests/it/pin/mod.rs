//! A transfer with a PIN, which the receiver's user types: right, wrong, too often wrong; with kills anywhere.

mod asking;
mod kills;
mod typed;

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
            let options = AcceptOptions::confirmed();
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

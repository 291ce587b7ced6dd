//! What an action does to a world.

use tigress_mailbox::memory::Look;
use tigress_mailbox::{HttpRequest, HttpResponse, headers};
use tigress_primitives::rule;
use tigress_protocol::transfer::{
    Aim, Ask, Credential, ReceiverStart, Slot, TerminateReason, Transfer, TransferId,
};
use uuid::Uuid;

use crate::action::{Action, Net};
use crate::device::Pending;
use crate::relay::Lie;
use crate::world::{SENDER, START, World, pin};

/// Seconds for which an update asks to be held.
const WAIT: u64 = 10;

/// The rule of which the shell has its part: what is seen was stored before.
const DURABLE: &str = "6.2-durable";

impl World {
    /// The world after an action; nothing if it changes nothing.
    #[must_use]
    pub fn after(&self, action: Action) -> Option<Self> {
        let mut next = self.clone();
        let done = rule::without(self.bounds.without, || next.act(action));
        done.map(|()| next)
    }

    fn act(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Accept(at, net) => {
                let aim = self.open(at)?;
                self.round(at, aim, net)?;
            }
            Action::Round(at, net) => self.round(at, Aim::GoOn { wait: self.wait() }, net)?,
            Action::Arrives(n) => {
                let (at, request) = (n < self.late.len()).then(|| self.late.remove(n))?;
                let _ = self.honest(at, &request);
            }
            Action::GivesUp(at) => self.give_up(at)?,
            Action::Dies(at) => {
                self.left.crashes -= 1;
                self.devices[at].kill();
            }
            Action::BacksUp(at) => self.devices[at].backup = self.devices[at].stored.clone(),
            Action::Restores(at) => {
                self.left.rollbacks -= 1;
                self.marks.set_back = true;
                self.devices[at].restore();
                self.marks.begins_anew |= self.facts(at).is_some_and(|facts| facts.is_unanswered);
            }
            Action::Copies => {
                self.left.copies -= 1;
                self.marks.set_back = true;
                let mut copy = self.devices[1].clone();
                copy.kill();
                self.devices.push(copy);
            }
            Action::Looks(at) => self.look(at),
            Action::Passes => {
                let seconds = *self.bounds.times.get(self.left.times)?;
                self.now = START + seconds;
                self.left.times += 1;
            }
            Action::Confirms(_) | Action::Types(..) | Action::Sends(_) | Action::Ends(..) => {
                self.app(action)?;
            }
        }
        if !self.bounds.looks {
            (0..self.devices.len()).for_each(|at| self.look(at));
        }
        Some(())
    }

    fn wait(&self) -> u64 {
        if self.bounds.holds { WAIT } else { 0 }
    }

    pub(crate) fn look(&mut self, at: usize) {
        let (now, late) = (self.now, self.is_without(DURABLE));
        self.devices[at].look(now, late);
    }

    fn save(&mut self, at: usize, transfer: &Transfer) {
        let late = self.is_without(DURABLE);
        self.devices[at].store(transfer, late);
    }

    /// What apps and their users do.
    fn app(&mut self, action: Action) -> Option<()> {
        let (Action::Confirms(at) | Action::Types(at, _) | Action::Sends(at) | Action::Ends(at, _)) =
            action
        else {
            return None;
        };
        let (now, mut transfer) = (self.now, self.transfer(at)?);
        let mut entropy = self.entropy(at, "app");
        match action {
            Action::Confirms(_) => {
                transfer.confirm(None, now, &mut entropy).ok()?;
                self.devices[at].app.confirmed = true;
            }
            Action::Types(_, right) => {
                transfer.provide_pin(&pin(right)?, now, &mut entropy).ok()?;
                self.devices[at].app.knows_pin |= right;
                if !right {
                    self.left.wrong_pins -= 1;
                }
            }
            Action::Sends(_) => {
                let app = &mut self.devices[at].app;
                let content = u8::try_from(app.sent.len()).ok()?;
                let credential = Credential::new("org.example.key", vec![content]);
                let index = transfer.send(&credential).ok()?;
                app.sent.push((index, content));
                self.left.messages[usize::from(at != SENDER)] -= 1;
            }
            Action::Ends(_, reason) => {
                transfer.terminate(reason, now, &mut entropy).ok()?;
                let app = &mut self.devices[at].app;
                app.ended = true;
                app.done |= reason == TerminateReason::Done;
            }
            _ => return None,
        }
        self.save(at, &transfer);
        self.wake(at);
        Some(())
    }

    /// What the app wants comes before what is held.
    fn wake(&mut self, at: usize) {
        if self.devices[at]
            .pending
            .as_ref()
            .is_some_and(|p| p.held.is_some())
        {
            self.forget_held(at);
        }
    }

    fn give_up(&mut self, at: usize) -> Option<()> {
        self.devices[at].pending.as_ref()?.held?;
        self.left.given_up -= 1;
        self.forget_held(at);
        Some(())
    }

    fn forget_held(&mut self, at: usize) {
        let device = &mut self.devices[at];
        device.pending = None;
        device.slot.give_up();
    }

    /// A receiver opens the link: for the first time, or once more.
    fn open(&mut self, at: usize) -> Option<Aim> {
        let before = self.transfer(at);
        let fresh = match &before {
            None => true,
            Some(before) => before.may_be_accepted_again(),
        };
        if fresh {
            self.left.opens = self.left.opens.saturating_sub(1);
            let start = ReceiverStart {
                id: TransferId::from(Uuid::from_u128(1 + at as u128)),
                share_url: &self.link,
                token: None,
                said: None,
                confirmed: false,
                notification: None,
            };
            let now = self.now;
            let mut transfer =
                Transfer::new_receiver(start, now, &mut self.entropy(at, "receiver"));
            if let Some(before) = &before {
                transfer.follow(before);
            }
            self.save(at, &transfer);
        }
        Some(Aim::Begin)
    }

    /// One request and what becomes of it.
    fn round(&mut self, at: usize, aim: Aim, net: Net) -> Option<()> {
        let pending = match self.devices[at].pending.take() {
            Some(pending) => pending,
            None => Pending {
                ask: self.ask(at, aim)?,
                held: None,
            },
        };
        let Pending { ask, held } = pending;
        if held.is_some() && net != Net::Answered {
            return None;
        }
        let answer = match net {
            Net::Answered => match self.carry(at, &ask, held) {
                Ok(answer) => answer,
                Err(look) => {
                    let held = Some(look);
                    self.devices[at].pending = Some(Pending { ask, held });
                    return Some(());
                }
            },
            Net::Lost | Net::Unanswered | Net::Late => {
                self.left.losses -= 1;
                match net {
                    Net::Unanswered => drop(self.honest(at, &ask.request)),
                    Net::Late => self.late.push((at, ask.request.clone())),
                    _ => {}
                }
                if ask.ticket.is_write() {
                    self.devices[at].slot.attempt();
                }
                self.devices[at].pending = Some(Pending { ask, held: None });
                return Some(());
            }
            Net::Lie(lie) => {
                self.left.lies -= 1;
                self.note(lie, &ask);
                let (now, mut entropy) = (self.now, self.entropy(at, "lie"));
                self.relay.lie(at, &ask.request, lie, now, &mut entropy)?
            }
        };
        self.take(at, &ask, &answer)
    }

    /// What the transfer asks for next.
    fn ask(&mut self, at: usize, aim: Aim) -> Option<Ask> {
        let (now, mut transfer) = (self.now, self.transfer(at)?);
        let mut entropy = self.entropy(at, "ask");
        let before = transfer.to_record();
        let asked = transfer.ask(aim, &self.devices[at].slot, now, &mut entropy);
        let changed = *transfer.to_record() != *before;
        if changed {
            self.save(at, &transfer);
        }
        let mut ask = asked.ok()??;
        if self.bounds.plain {
            let additions = [headers::IF_MATCH, headers::PREFER, headers::PAYLOAD_VERSION];
            ask.request
                .headers
                .retain(|(name, _)| !additions.contains(name));
        }
        if ask.ticket.is_write() {
            let app = &mut self.devices[at].app;
            app.wrote = true;
            self.marks.unasked |= at != SENDER && !app.confirmed;
        }
        Some(ask)
    }

    /// The relay's honest answer; where it holds it, how it goes on.
    fn carry(&mut self, at: usize, ask: &Ask, held: Option<Look>) -> Result<HttpResponse, Look> {
        let is_second = held.is_some();
        let mut look = held.unwrap_or_else(|| Look::first(&ask.request));
        if is_second {
            look.again();
        }
        let (now, mut entropy) = (self.now, self.entropy(at, "relay"));
        let answer = self
            .relay
            .answer(at, &ask.request, &mut look, now, &mut entropy);
        if let Some(answer) = answer {
            return Ok(self.plain(answer));
        }
        if ask.ticket.is_held_write() && !is_second {
            return Err(look);
        }
        // Nothing comes in time.
        look.at_last();
        let answer = self
            .relay
            .answer(at, &ask.request, &mut look, now, &mut entropy);
        answer.ok_or(look)
    }

    /// What the relay does with a request whose answer nobody gets.
    fn honest(&mut self, at: usize, request: &HttpRequest) -> Option<HttpResponse> {
        let mut look = Look::first(request);
        let (now, mut entropy) = (self.now, self.entropy(at, "relay"));
        self.relay.answer(at, request, &mut look, now, &mut entropy)
    }

    fn plain(&self, mut answer: HttpResponse) -> HttpResponse {
        if self.bounds.plain {
            answer.headers.clear();
        }
        answer
    }

    /// The device takes an answer.
    fn take(&mut self, at: usize, ask: &Ask, answer: &HttpResponse) -> Option<()> {
        if ask.ticket.is_write() {
            self.devices[at].slot.attempt();
        }
        let (now, mut transfer) = (self.now, self.transfer(at)?);
        let mut entropy = self.entropy(at, "answered");
        let mut slot = self.devices[at].slot.clone();
        let taken = transfer.answered(&ask.ticket, answer, &[], &mut slot, now, &mut entropy);
        let device = &mut self.devices[at];
        device.slot = slot;
        if taken.is_err_and(|refused| refused.begins_nothing()) && transfer.is_unanswered() {
            device.take_back();
            return Some(());
        }
        // What another refusal leaves is stored, too.
        self.save(at, &transfer);
        self.rest(at, transfer);
        Some(())
    }

    /// In the background an ended side sees to its last envelope. When nothing is to be done, it remembers nothing.
    fn rest(&mut self, at: usize, mut transfer: Transfer) {
        if transfer.outcome().is_none() {
            return;
        }
        let (aim, mut entropy) = (Aim::GoOn { wait: 0 }, self.entropy(at, "rest"));
        let slot = &mut self.devices[at].slot;
        if let Ok(None) = transfer.ask(aim, slot, self.now, &mut entropy) {
            *slot = Slot::default();
        }
    }

    /// What a lie explains.
    fn note(&mut self, lie: Lie, ask: &Ask) {
        match lie {
            Lie::Gone => self.marks.gone = true,
            Lie::Swallowed => self.marks.kept |= !ask.ticket.is_write(),
            _ => {}
        }
    }
}

impl World {
    /// The request that a device would make next; nothing is changed.
    pub(crate) fn next_request(&self, at: usize, opens: bool) -> Option<HttpRequest> {
        if let Some(pending) = &self.devices[at].pending {
            return Some(pending.ask.request.clone());
        }
        let mut tried = self.clone();
        let aim = match opens {
            true => tried.open(at)?,
            false => Aim::GoOn { wait: self.wait() },
        };
        rule::without(self.bounds.without, || tried.ask(at, aim)).map(|ask| ask.request)
    }
}

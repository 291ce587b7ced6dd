//! The seam to the shell, one call each way: which request to make, and what its answer does. The shell carries bytes; what
//! they say is this side's business.

use super::receive::Answer;
use super::refused::Refused;
use super::{Next, Parting, Phase, Slot, TerminateReason, Transfer};
use tigress_gss::auth_credential::CredentialId;
use tigress_mailbox::{Call, HttpRequest, HttpResponse, Reply, RequestId, interpret};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::rule;

/// How far a transfer is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Sender: until the mailbox exists. Receiver: until the invitation was read and judged; nothing is answered.
    Begin,
    /// Receiver: until the claim is given back, if it is to be.
    GiveBack,
    /// As far as it gets. What has not begun does not begin.
    GoOn {
        /// Seconds for which an answer may be held until the other side has written.
        wait: u64,
    },
}

/// A request to make.
#[derive(Clone, Debug)]
pub struct Ask {
    /// As it is to be sent, and repeated as long as it is not answered.
    pub request: HttpRequest,
    /// Comes back with the answer.
    pub ticket: Ticket,
}

/// What a request is for.
#[derive(Clone)]
pub struct Ticket {
    pub(super) next: Next,
    /// Nothing for CreateMailbox.
    pub(super) call: Option<Call>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket(..)")
    }
}

impl Ticket {
    /// The mailbox is made.
    pub fn is_creation(&self) -> bool {
        self.next == Next::Create
    }

    /// The slot is read.
    pub fn is_read(&self) -> bool {
        matches!(self.next, Next::Look | Next::Read | Next::Wait)
    }

    /// An invitation is read, to be judged.
    pub fn is_first_read(&self) -> bool {
        self.next == Next::Look
    }

    /// The slot is known, and read to learn of a change: given up at any time, nothing is lost.
    pub fn is_held_read(&self) -> bool {
        self.next == Next::Wait
    }

    /// The slot is written, and the answer held for what comes after that: given up at any time, but then nobody knows
    /// whether it was done.
    pub fn is_held_write(&self) -> bool {
        matches!(self.call, Some(Call::Update { wait: 1.., .. }))
    }

    /// The slot is written.
    pub fn is_write(&self) -> bool {
        matches!(self.next, Next::Write(_))
    }

    /// Whether it asks for the same as another.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.next == other.next
    }
}

impl Transfer {
    //= protocol/6.2-request-ids
    /// Does what can be done without the relay, as far as `aim` allows, and says which request comes next; none if it is
    /// there. The transfer must be stored before the request is made.
    pub fn ask(
        &mut self,
        aim: Aim,
        slot: &Slot,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<Option<Ask>, Refused> {
        let (next, wait) = match aim {
            Aim::Begin => (self.beginning()?, 0),
            Aim::GiveBack => match self.next(slot, now) {
                Next::Relinquish => (Next::Relinquish, 0),
                _ => (Next::Over, 0),
            },
            Aim::GoOn { wait } => {
                self.advance(now, entropy)?;
                (self.next(slot, now), wait)
            }
        };
        if next == Next::Over {
            return Ok(None);
        }
        let request_id = match rule::holds("6.2-request-ids") {
            true => entropy.uuid(),
            false => uuid::Uuid::nil(),
        };
        let call = self.call(&next, slot, wait, RequestId::from(request_id));
        let request = match &call {
            Some(call) => self.request(call),
            None => self.creation(),
        };
        let request = request.ok_or(Refused::Internal("there is no mailbox to ask"))?;
        let ticket = Ticket { next, call };
        Ok(Some(Ask { request, ticket }))
    }

    fn beginning(&self) -> Result<Next, Refused> {
        Ok(match &self.phase {
            Phase::Creating { .. } => Next::Create,
            Phase::Offered { .. } if !self.is_read() => Next::Look,
            // Ended before it was read.
            _ if !self.is_sender() && !self.is_read() => return Err(Refused::Expired),
            _ => Next::Over,
        })
    }

    /// Takes the answer to a request, whatever it is; `used` are the auth credentials that other transfers of this device
    /// have used, by which an invitation is judged. What an error leaves must be stored, too.
    pub fn answered(
        &mut self,
        ticket: &Ticket,
        response: &HttpResponse,
        used: &[CredentialId],
        slot: &mut Slot,
        now: u64,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        let answer = Answer {
            reply: interpret(ticket.call.as_ref(), response),
            now,
            date: response.date(),
        };
        self.take_answer(&ticket.next, answer, used, slot, entropy)
    }

    pub(super) fn take_answer(
        &mut self,
        next: &Next,
        answer: Answer,
        used: &[CredentialId],
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        if *next != Next::Look {
            return self.handle(next, answer, slot, entropy);
        }
        match &answer.reply {
            Reply::Content(_) => {}
            Reply::Unauthorized => return Err(Refused::ClaimedByAnother),
            // An earlier read that got no answer may have bound the claim: it is kept.
            reply => return Err(Refused::from(reply)),
        }
        let (now, date) = (answer.now, answer.date);
        self.handle(&Next::Read, answer, slot, entropy)?;
        let judged = self.validate(&|id| used.contains(id), now, date);
        if judged.is_err() {
            self.give_back(now, entropy)?;
        }
        judged
    }

    /// Never an error token: it would lock the right device out.
    fn give_back(&mut self, now: u64, entropy: &mut Entropy) -> Result<(), Refused> {
        match &mut self.phase {
            Phase::Offered { .. } => self.terminate(TerminateReason::Declined, now, entropy)?,
            // Given back while it was read: the reading has bound it anew.
            Phase::Closed { parting, .. } if parting.is_none() && !self.security.answered => {
                *parting = Some(Parting {
                    data: None,
                    until: now,
                    aborted: false,
                });
            }
            _ => {}
        }
        Ok(())
    }
}

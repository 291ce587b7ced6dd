//! What the relay's answers do to a transfer.

use super::codes;
use super::refused::Refused;
use super::types::TransferEvent;
use super::{Authenticity, Next, Phase, PublicTexts, Slot, Transfer, message};
use crate::exchange::{Envelope, Fields, Side};
use crate::invitation::{PeerText, is_image_url, parse_mailbox_url};
use tigress_gss::gss::{ChannelBindings, Deletion, MajorStatus};
use tigress_mailbox::{Content, DisplayInformation, MailboxId, PAYLOAD_TYPE, Reply};
use tigress_primitives::entropy::Entropy;
use tigress_primitives::rule;

/// An answer, with when it came and what the relay's clock said.
pub(super) struct Answer {
    /// What it means.
    pub(super) reply: Reply,
    /// This device's clock, Unix seconds.
    pub(super) now: u64,
    /// The relay's clock, Unix seconds.
    pub(super) date: Option<u64>,
}

/// What a slot's content turned out to be.
pub(super) enum Verdict {
    Mine,
    Peer { needs_answer: bool },
    Foreign,
}

impl Transfer {
    /// Takes the relay's answer to what `next` asked.
    pub(super) fn handle(
        &mut self,
        next: &Next,
        answer: Answer,
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) -> Result<(), Refused> {
        let Answer { reply, now, date } = answer;
        self.follow_clock(now);
        if !matches!(reply, Reply::Gone { .. }) {
            self.place.absence = None;
        }
        match (next, reply) {
            (Next::Create, Reply::Created { url_link, version }) => {
                return self.created(&url_link, version, slot);
            }
            // A relay that does not repeat its answer: the mailbox made at first is lost, nobody knows it.
            (Next::Create, Reply::Done { repeated: true, .. }) => self.recreate(entropy),
            (Next::Create, Reply::Gone { .. }) => return Err(Refused::no_relay()),
            (Next::Read | Next::Wait, Reply::Content(content)) => {
                self.read(content, now, date, slot, entropy);
            }
            // Once processed: that does not say that the slot holds it.
            (Next::Write(_), Reply::Done { repeated: true, .. }) => slot.forget(),
            (Next::Write(data), Reply::Done { version, .. }) => {
                slot.wrote(data, version);
                self.wrote_last(data, now);
            }
            //= protocol/7.1-one-step
            (Next::Write(data), Reply::DoneAndRead { repeated, content }) => {
                if !repeated {
                    slot.wrote(data, None);
                }
                self.read(content, now, date, slot, entropy);
            }
            (Next::Write(_), Reply::Conflict) => slot.forget(),
            // A proxy's "not found" gives no claim back.
            (
                Next::Relinquish,
                Reply::Done { .. } | Reply::Unauthorized | Reply::Gone { final_: true },
            )
            | (Next::Delete, Reply::Done { .. } | Reply::Unauthorized | Reply::Gone { .. }) => {
                self.removed(now);
            }
            (_, Reply::Gone { final_ }) => self.not_found(final_, now, slot),
            (_, reply) => {
                slot.useless();
                return Err(Refused::from(&reply));
            }
        }
        Ok(())
    }

    //= protocol/7-origin
    fn created(
        &mut self,
        url_link: &str,
        version: Option<String>,
        slot: &mut Slot,
    ) -> Result<(), Refused> {
        let Phase::Creating { secret, pin, .. } = &self.phase else {
            return Ok(());
        };
        let (secret, pin) = (secret.clone(), pin.clone());
        let (origin, mailbox) = parse_mailbox_url(url_link)
            .map_err(|_| Refused::bad_relay("urlLink is no mailbox URL"))?;
        // What a relay on this machine calls itself may be another name for it; this side's own stays.
        if !origin.is_same_place(&self.place.relay) {
            return Err(Refused::bad_relay("urlLink is of another origin"));
        }
        let mailbox = MailboxId::from(mailbox);
        // Token 1 could not say it; an answer that was made for another mailbox is none to this one.
        let late = ChannelBindings::late_mailbox(&mailbox.to_string());
        if let Some(context) = &mut self.security.context {
            context.bind_late(&late)?;
        }
        self.place.mailbox = Some(mailbox);
        self.phase = Phase::Invited { secret, pin };
        slot.wrote(&self.first_envelope(), version);
        Ok(())
    }

    fn note_display(&mut self, display: DisplayInformation) {
        // What was judged stays, whatever the relay shows while the user looks for the PIN.
        if self.phase.is_offered() && !self.is_read() {
            self.public = PublicTexts {
                title: PeerText::cut(display.title),
                description: PeerText::cut(display.description),
                image_url: Some(display.image_url).filter(|url| is_image_url(url)),
                authenticity: Authenticity::Unbound,
            };
        }
    }

    /// What the slot holds, if it is of this protocol.
    fn read(
        &mut self,
        content: Content,
        now: u64,
        date: Option<u64>,
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) {
        self.note_expiration(content.expiration, now, date);
        self.note_display(content.display);
        // Of another type it is not what this side wrote, whatever it says.
        let is_ours = content.payload_type == PAYLOAD_TYPE;
        let shown = is_ours.then_some(content.data.as_str());
        let envelope = shown.and_then(|data| Some((data, Envelope::decode(data)?)));
        let verdict = match envelope {
            Some((data, envelope)) => self.judge(data, &envelope, now, slot, entropy),
            None => self.foreign(),
        };
        let needs_answer = matches!(verdict, Verdict::Peer { needs_answer: true });
        slot.saw(shown, content.version, needs_answer);
        // Killed before the answer to its last write came.
        if let Some(data) = shown {
            self.wrote_last(data, now);
        }
        self.expire(now);
    }

    pub(super) fn foreign(&mut self) -> Verdict {
        if self.outcome().is_none() && !self.phase.is_offered() {
            self.events.push_rejected();
        }
        Verdict::Foreign
    }

    fn judge(
        &mut self,
        data: &str,
        envelope: &Envelope,
        now: u64,
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) -> Verdict {
        let fields = envelope.fields();
        // The MIC says whose it is, before anything in it does.
        if self.security.is_authentic(self.side.other(), envelope) {
            return match fields.filter(|fields| fields.side == self.side.other()) {
                Some(fields) => {
                    self.authentic(&fields, now, slot, entropy);
                    Verdict::Peer {
                        needs_answer: !fields.tokens.is_empty() || fields.abort.is_some(),
                    }
                }
                None => {
                    self.abort(codes::UNDECODABLE, now, entropy);
                    Verdict::Peer { needs_answer: true }
                }
            };
        }
        let Some(fields) = fields else {
            return self.foreign();
        };
        match &self.phase {
            Phase::Closed { .. } => self.read_after_the_end(&fields, now),
            Phase::Offered { .. } => self.offered(envelope, fields),
            _ if fields.side == self.side => {
                return self.own(data, envelope, &fields, now, entropy);
            }
            Phase::Invited { .. } => {
                return self.first_answer(envelope, &fields, now, slot, entropy);
            }
            // Token 1 once more, without a MIC: late or put back by the sender; not worth a word.
            _ if self.side == Side::Receiver && envelope.mic.is_none() => {}
            _ => return self.foreign(),
        }
        Verdict::Foreign
    }

    /// An envelope of this side's own.
    fn own(
        &mut self,
        data: &str,
        envelope: &Envelope,
        fields: &Fields,
        now: u64,
        entropy: &mut Entropy,
    ) -> Verdict {
        if self.side == Side::Sender && envelope.mic.is_none() {
            return match self.phase {
                _ if data == self.first_envelope() => Verdict::Mine,
                Phase::Invited { .. } => self.foreign(),
                // Token 1 once more, written before the answer was read; not worth a word.
                _ => Verdict::Foreign,
            };
        }
        if !self.security.is_authentic(self.side, envelope) {
            return self.foreign();
        }
        let aborted = self.phase.is_aborted();
        if !aborted && (self.window.is_behind(fields) || fields.abort.is_some()) {
            self.lose(now, entropy);
        }
        Verdict::Mine
    }

    /// An authentic envelope of the other side.
    pub(super) fn authentic(
        &mut self,
        fields: &Fields,
        now: u64,
        slot: &mut Slot,
        entropy: &mut Entropy,
    ) {
        // An abort is no indexed token: a rolled-back side has no valid index.
        if let Some(token) = &fields.abort {
            return self.peer_aborted(token, now, entropy);
        }
        if self.phase.is_aborted() {
            return;
        }
        let before = self.window.acknowledged();
        let Ok(acknowledged) = self.window.acknowledge(fields) else {
            return self.lose(now, entropy);
        };
        self.mark_delivered(acknowledged);
        let Ok(tokens) = self.window.new_tokens(fields) else {
            return self.lose(now, entropy);
        };
        if acknowledged > before || !tokens.is_empty() {
            slot.progress();
        }
        for token in tokens {
            if self.events.is_full() || !self.takes_tokens(now) {
                break;
            }
            match self.take(token, now, entropy) {
                Ok(true) => self.window.take(token),
                Ok(false) => break,
                // Not acknowledged, and no endless re-send: the transfer ends.
                Err(code) => return self.abort(code, now, entropy),
            }
        }
        self.confirm_deletion(now);
    }

    /// This side's state is older than what it has said.
    fn lose(&mut self, now: u64, entropy: &mut Entropy) {
        if rule::holds("6.2-rolled-back") {
            self.abort(codes::STATE_LOST, now, entropy);
        }
    }

    fn takes_tokens(&self, now: u64) -> bool {
        match self.phase {
            Phase::Establishing | Phase::Established { .. } => !self.clocks.is_over(now),
            // It has a while more to be told by the other side's deletion how both ended.
            Phase::Deleting { .. } => !self.is_past_deadline(now),
            _ => false,
        }
    }

    fn mark_delivered(&mut self, acknowledged: u64) {
        for index in self.messages.arrive(acknowledged) {
            self.events
                .push(TransferEvent::CredentialDelivered { index });
        }
    }

    //= protocol/6.2-undecodable
    /// Takes one authentic token, unless it is a message that comes after the end; the code with which the transfer ends if
    /// it can't be decoded.
    fn take(&mut self, token: &[u8], now: u64, entropy: &mut Entropy) -> Result<bool, u64> {
        if matches!(self.phase, Phase::Establishing) {
            return self.establish(token, now, entropy).map(|()| true);
        }
        let (judged, is_over) = (self.clocks.judged(now), self.clocks.is_over(now));
        let context = self.security.context.as_mut().ok_or(codes::INTERNAL)?;
        if let Ok(deletion) = context.process_context_token(token) {
            return self.take_deletion(&deletion, now).map(|()| true);
        }
        if is_over {
            return Ok(false);
        }
        let unwrapped = context
            .unwrap(token, judged)
            .map_err(|_| codes::UNDECODABLE)?;
        if !unwrapped.conf_state || unwrapped.supplementary != MajorStatus::COMPLETE {
            return Err(codes::UNDECODABLE);
        }
        let credential = message::decode(&unwrapped.data).map_err(|error| error.code())?;
        let index = self.messages.take();
        self.events
            .push(TransferEvent::CredentialReceived { credential, index });
        Ok(true)
    }

    //= protocol/5.2-deletion
    /// The other side's deletion: its number is the next one, so nothing before it is missing here; and it has
    /// taken no more than the envelope around it acknowledges.
    fn take_deletion(&mut self, deletion: &Deletion, now: u64) -> Result<(), u64> {
        let in_order = deletion.supplementary == MajorStatus::COMPLETE;
        if !in_order || deletion.next_expected > self.messages.delivered {
            return Err(codes::UNDECODABLE);
        }
        self.peer_deleted(deletion.code, now);
        Ok(())
    }

    fn removed(&mut self, now: u64) {
        match self.phase {
            Phase::Removing { outcome } | Phase::Relinquishing { outcome } => {
                self.close(outcome, now, None);
            }
            _ => self.part(),
        }
    }

    //= protocol/7-not-found
    fn not_found(&mut self, is_final: bool, now: u64, slot: &mut Slot) {
        slot.forget();
        if self.place.is_gone(is_final, now) {
            self.gone(now);
        }
    }
}

//! What ends a transfer, and the one place that decides from it how it has ended.

use super::outcome::Outcome;
use super::phase::Phase;
use super::{Transfer, codes};
use tigress_primitives::rule;

/// What ends a transfer.
pub(super) enum Cause {
    /// Deletion tokens of an established context: this side's, if the other has taken it or sent one too, and the
    /// other side's.
    Deleted { own: Option<u64>, peer: Option<u64> },
    /// This side gave up, or its app did, before the context was established or for an error.
    Own(u64),
    /// The other side's abort; no code if it does not open.
    PeerAborted(Option<u64>),
    /// No mailbox any more, and no word of the other side.
    Gone,
    /// The time is over, and no word of the other side.
    TimeOver,
}

impl Transfer {
    //= protocol/6.3-never-completes protocol/6.3-unproven
    /// The outcome, from what ended the transfer and what is known of its messages.
    pub(super) fn outcome_of(&self, cause: &Cause, now: u64) -> Outcome {
        match *cause {
            Cause::Deleted { own, peer } => {
                let codes = || own.into_iter().chain(peer);
                if codes().any(|code| code == codes::DONE) {
                    return self.done();
                }
                codes()
                    .min()
                    .map_or(Outcome::Unconfirmed, |code| self.ended_by(code))
            }
            // The other side may have taken this side's deletion, and ended by that.
            Cause::Own(_) if matches!(self.phase, Phase::Deleting { .. }) => Outcome::Unconfirmed,
            Cause::Own(code) => Outcome::named(code),
            Cause::PeerAborted(code) => {
                // Nothing is done by an abort: that is no code of one.
                let code = code.filter(|code| *code != codes::DONE);
                let code = code.unwrap_or(codes::UNDECODABLE);
                let proven = self.security.proven || self.security.has_counted(code);
                match proven || !rule::holds("6.3-unproven") {
                    true => self.ended_by(code),
                    false => Outcome::Unproven(code),
                }
            }
            // Each side may have said or taken something that the other does not know of.
            Cause::Gone if !rule::holds("9-gone") && self.phase.was_established() => self.done(),
            Cause::Gone | Cause::TimeOver if self.phase.was_established() => Outcome::Unconfirmed,
            Cause::Gone if !self.clocks.is_over(now) => Outcome::Unconfirmed,
            Cause::Gone | Cause::TimeOver => Outcome::Expired,
        }
    }
    /// What the other side's code says. An honest one never lets an established context expire by a token, and
    /// `expired` says that nothing was handed over.
    fn ended_by(&self, code: u64) -> Outcome {
        match code {
            codes::EXPIRED if self.phase.was_established() => Outcome::Unconfirmed,
            code => Outcome::named(code),
        }
    }

    //= protocol/9-completed
    /// "Done" is only said where nothing of this side's is missing at the other.
    fn done(&self) -> Outcome {
        match self.messages.have_arrived() || !rule::holds("9-completed") {
            true => Outcome::Completed,
            false => Outcome::Unconfirmed,
        }
    }
}

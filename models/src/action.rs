//! What may happen next, and in which words it is told.

use std::fmt;

use tigress_protocol::transfer::TerminateReason;

use crate::relay::Lie;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A receiver opens the link.
    Accept(usize, Net),
    /// A device makes its next request, or the unanswered one again.
    Round(usize, Net),
    /// A late request comes to the relay.
    Arrives(usize),
    /// A held update is given up.
    GivesUp(usize),
    /// A process is killed.
    Dies(usize),
    /// A backup is made.
    BacksUp(usize),
    /// It is put back.
    Restores(usize),
    /// The first receiver's store is copied to another device.
    Copies,
    /// The user agrees.
    Confirms(usize),
    /// The user types a PIN, the right one or another.
    Types(usize, bool),
    /// The app sends a message.
    Sends(usize),
    /// The app ends it.
    Ends(usize, TerminateReason),
    /// The app looks at what happened.
    Looks(usize),
    /// Time passes.
    Passes,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// It is answered.
    Answered,
    /// It is lost.
    Lost,
    /// Its answer is lost.
    Unanswered,
    /// It is under way, and comes later.
    Late,
    /// It is answered, and not done.
    Lie(Lie),
}

/// A device's name.
pub(crate) fn name(device: usize) -> &'static str {
    match device {
        0 => "the sender",
        1 => "the receiver",
        _ => "another device",
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => Ok(()),
            Self::Lost => f.write_str("; it is lost"),
            Self::Unanswered => f.write_str("; the answer is lost"),
            Self::Late => f.write_str("; it comes later"),
            Self::Lie(lie) => write!(f, "; the relay lies: {lie}"),
        }
    }
}

impl fmt::Display for Lie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Old(at) => write!(f, "what the mailbox held as number {at}"),
            Self::Acknowledged => f.write_str("one more token is acknowledged"),
            Self::Aborted => f.write_str("the other side has aborted"),
            Self::Ends => f.write_str("the mailbox ends now"),
            Self::Replaced => f.write_str("it has put something else into the mailbox"),
            Self::Gone => f.write_str("the mailbox is gone"),
            Self::NotFound => f.write_str("not found, as a proxy says it"),
            Self::Swallowed => f.write_str("it is done (and was not)"),
            Self::Conflict => f.write_str("another was faster"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(at, net) => write!(f, "{} opens the link{net}", name(*at)),
            Self::Round(at, net) => write!(f, "{} asks the relay{net}", name(*at)),
            Self::Arrives(_) => f.write_str("a late request comes to the relay"),
            Self::GivesUp(at) => write!(f, "{} gives up what is held", name(*at)),
            Self::Dies(at) => write!(f, "{} is killed", name(*at)),
            Self::BacksUp(at) => write!(f, "{} is backed up", name(*at)),
            Self::Restores(at) => write!(f, "{} is set back to its backup", name(*at)),
            Self::Copies => f.write_str("the receiver's store is copied to another device"),
            Self::Confirms(at) => write!(f, "{}'s user agrees", name(*at)),
            Self::Types(at, true) => write!(f, "{}'s user types the PIN", name(*at)),
            Self::Types(at, false) => write!(f, "{}'s user types a wrong PIN", name(*at)),
            Self::Sends(at) => write!(f, "{} sends a message", name(*at)),
            Self::Ends(at, reason) => write!(f, "{} ends it: {reason:?}", name(*at)),
            Self::Looks(at) => write!(f, "{}'s app looks", name(*at)),
            Self::Passes => f.write_str("time passes"),
        }
    }
}

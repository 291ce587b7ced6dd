//! What may happen in a model, and how often.

/// The bounds of one model.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// What it is called.
    pub name: &'static str,
    /// Devices that have the link.
    pub receivers: usize,
    /// How often the invitation's PIN may be tried, if it has one; and how often a wrong one is typed.
    pub pin: Option<u8>,
    /// Wrong PINs that are typed.
    pub wrong_pins: u8,
    /// Messages that the sender and each receiver may send.
    pub messages: [u8; 2],
    /// Whether apps end it before they are done, on which side.
    pub endings: [bool; 2],
    /// Requests or answers that are lost or late.
    pub losses: u8,
    /// Processes that are killed.
    pub crashes: u8,
    /// Answers of the relay that are lies.
    pub lies: u8,
    /// Stores that are set back to what they were once.
    pub rollbacks: u8,
    /// Stores that are copied to another device, which goes on with it.
    pub copies: u8,
    /// Held updates that are given up.
    pub given_up: u8,
    /// The times at which the clock may stand, in seconds from the beginning.
    pub times: &'static [u64],
    /// Writes that the mailbox sees. Two who are shown what the other has long replaced write in turn until the time is over;
    /// what becomes of each such state is looked at all the same.
    pub writes: usize,
    /// Whether updates ask to be held.
    pub holds: bool,
    /// Whether the relay tells no versions, as in the draft.
    pub plain: bool,
    /// Whether apps look at what happened at a time of their own.
    pub looks: bool,
    /// Whether the relay takes another device's requests for the first receiver's.
    pub accomplice: bool,
    /// Whether the link is a stranger's too, who knows no PIN.
    pub stranger: bool,
    /// The rule that is taken away.
    pub without: Option<&'static str>,
}

/// Seconds for which an invitation may be answered.
pub const LIFETIME: u64 = 3600;

impl Bounds {
    /// Two honest sides, nothing goes wrong.
    pub const NONE: Self = Self {
        name: "nothing goes wrong",
        receivers: 1,
        pin: None,
        wrong_pins: 0,
        messages: [1, 0],
        endings: [false; 2],
        losses: 0,
        crashes: 0,
        lies: 0,
        rollbacks: 0,
        copies: 0,
        given_up: 0,
        times: &[],
        writes: 14,
        holds: false,
        plain: false,
        looks: false,
        accomplice: false,
        stranger: false,
        without: None,
    };

    /// The same without a rule.
    #[must_use]
    pub const fn without(self, rule: &'static str) -> Self {
        Self {
            without: Some(rule),
            ..self
        }
    }
}

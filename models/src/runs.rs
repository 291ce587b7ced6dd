//! What is checked: the bounds of CI, larger ones, and the rules that are taken away.

use crate::bounds::{Bounds, LIFETIME};

const ENDINGS: Bounds = Bounds {
    name: "either side ends it at any time",
    endings: [true; 2],
    ..Bounds::NONE
};
const LOSSES: Bounds = Bounds {
    name: "a request or an answer is lost or late",
    losses: 1,
    ..Bounds::NONE
};
const CRASHES: Bounds = Bounds {
    name: "a process dies",
    crashes: 1,
    ..Bounds::NONE
};
const LIES: Bounds = Bounds {
    name: "the relay lies once",
    lies: 1,
    ..Bounds::NONE
};
const ROLLBACKS: Bounds = Bounds {
    name: "a store is set back",
    rollbacks: 1,
    messages: [0, 0],
    ..Bounds::NONE
};
const COPIES: Bounds = Bounds {
    name: "two devices go on with one store",
    messages: [0, 0],
    copies: 1,
    ..Bounds::NONE
};
const PINS: Bounds = Bounds {
    name: "a PIN that may be tried twice",
    pin: Some(2),
    wrong_pins: 2,
    ..Bounds::NONE
};
const STRANGER: Bounds = Bounds {
    name: "a stranger has the link, and no PIN",
    pin: Some(2),
    wrong_pins: 2,
    messages: [0, 0],
    endings: [false, true],
    stranger: true,
    ..Bounds::NONE
};
const TIMES: Bounds = Bounds {
    name: "the time is over",
    times: &[LIFETIME - 1, LIFETIME, LIFETIME + 600],
    ..Bounds::NONE
};
const HELD: Bounds = Bounds {
    name: "updates wait for the answer, and are given up",
    holds: true,
    given_up: 1,
    ..Bounds::NONE
};
const PLAIN: Bounds = Bounds {
    name: "a relay as in the draft, and a loss",
    plain: true,
    losses: 1,
    ..Bounds::NONE
};
const LOOKS: Bounds = Bounds {
    name: "an app looks when it likes",
    looks: true,
    ..Bounds::NONE
};
const TWO: Bounds = Bounds {
    name: "two devices have the link, and a relay that takes one for the other",
    receivers: 2,
    writes: 6,
    messages: [0, 0],
    accomplice: true,
    ..Bounds::NONE
};

/// Checked on every change, to the last state.
pub const SMALL: &[Bounds] = &[
    ENDINGS, LOSSES, CRASHES, LIES, ROLLBACKS, PINS, STRANGER, TIMES, HELD, PLAIN, LOOKS,
];

/// Checked by `scripts/model`: up to two messages each way, losses, crashes and lies, one store set back; hours.
pub const LARGE: &[Bounds] = &[
    Bounds {
        name: "either side ends it at any time, with messages both ways and a loss",
        messages: [1, 1],
        losses: 1,
        ..ENDINGS
    },
    Bounds {
        name: "requests and answers are lost or late",
        messages: [2, 2],
        losses: 2,
        ..LOSSES
    },
    Bounds {
        name: "processes die, and answers are lost",
        losses: 1,
        crashes: 2,
        ..CRASHES
    },
    Bounds {
        name: "the relay lies twice, and a process dies",
        lies: 2,
        crashes: 1,
        ..LIES
    },
    Bounds {
        name: "the relay lies, and either side ends it",
        endings: [true; 2],
        ..LIES
    },
    Bounds {
        name: "a store is set back, with a message, and an answer is lost",
        messages: [1, 0],
        losses: 1,
        ..ROLLBACKS
    },
    COPIES,
    TWO,
    Bounds {
        name: "two devices go on with one store, and messages",
        messages: [1, 0],
        ..COPIES
    },
    Bounds {
        name: "a PIN, a loss and a crash",
        losses: 1,
        crashes: 1,
        ..PINS
    },
    Bounds {
        name: "the time is over, and either side ends it",
        endings: [true; 2],
        ..TIMES
    },
    Bounds {
        name: "updates wait for the answer, are given up, and lost",
        losses: 1,
        crashes: 1,
        ..HELD
    },
    Bounds {
        name: "an app looks when it likes, and is killed",
        crashes: 2,
        ..LOOKS
    },
    Bounds {
        name: "two devices have the link, and processes die",
        writes: 12,
        crashes: 1,
        ..TWO
    },
];

/// The rules that are taken away, each within bounds in which that is found.
pub const SWITCHES: &[Bounds] = &[
    TIMES.without("3-time"),
    CRASHES.without("6.2-durable"),
    Bounds::NONE.without("4-third-token"),
    Bounds {
        wrong_pins: 3,
        ..PINS
    }
    .without("5.3-judged-once"),
    LIES.without("6.1-mic"),
    Bounds::NONE.without("6.2-consent"),
    LIES.without("6.2-put-back"),
    Bounds::NONE.without("6.2-request-ids"),
    Bounds {
        messages: [1, 0],
        ..ROLLBACKS
    }
    .without("6.2-rolled-back"),
    STRANGER.without("6.3-unproven"),
    LIES.without("7-expiration"),
    LIES.without("7-not-found"),
    ENDINGS.without("9-relinquish"),
    LIES.without("9-gone"),
    ENDINGS.without("9-completed"),
    LOOKS.without("9-events"),
];

/// Rules without a switch here, each with what shows it instead.
pub const ELSEWHERE: &[(&str, &str)] = &[
    (
        "3-single-use",
        "one store write takes the answer and uses the credential up: 6.2-durable is its switch",
    ),
    (
        "3-bounds",
        "of the credential's own times, before there is an exchange",
    ),
    (
        "3-tombstones",
        "of the client, which keeps them beyond the transfer's record",
    ),
    ("4-one-mailbox", "of two mailboxes; a model has one"),
    ("5-no-transport", "of keys"),
    (
        "5.2-deletion",
        "of a peer with keys that lies: within these bounds no honest one breaks it, set back or not",
    ),
    ("5.3-elements", "of group elements"),
    (
        "5.3-no-downgrade",
        "of the link, before there is an exchange",
    ),
    (
        "6.2-writes-nothing",
        "the same line of code as 6.2-consent, and 6.2-durable",
    ),
    ("6.2-undecodable", "of a peer with keys that lies"),
    (
        "6.2-pace",
        "of when a client asks, which a model without clocks for it has not",
    ),
    (
        "6.3-not-indexed",
        "within these bounds no abort of an honest side has an index that would be refused",
    ),
    ("6.3-never-completes", "of a peer with keys that lies"),
    ("7-texts", "of what people read"),
    (
        "7.2-sealed",
        "of what is in token 1, which a model does not look into",
    ),
    ("7.2-first", "the same"),
    ("7.2-later", "the same"),
    ("7.2-malformed", "the same"),
    (
        "7.1-one-step",
        "without it the next read brings what was missed: it costs a request, and loses nothing",
    ),
    (
        "7.1-given-up",
        "without it a refused update is read again: it costs a request, and loses nothing",
    ),
];

//! What is shown, as it is: each number with its name, its words and how coarsely it may be seen. Pure.

use std::sync::atomic::Ordering;

use super::rounding::{CROWD, EXACT, Number};
use super::{Call, Class, Limit, Metrics, Operation, Times, Trouble};
use crate::push::PushCounts;
use crate::store::Kept;

/// What else is seen at the time of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub(super) connections: u64,
    /// What the store keeps, if it can say.
    pub(super) kept: Option<Kept>,
    /// What became of notifications, if any are sent.
    pub(super) push: Option<PushCounts>,
    /// When the certificate ends, Unix seconds; 0 before there is one, `u64::MAX` where nobody looks at it.
    pub(super) certificate: Option<u64>,
    /// The largest that a client can send: bytes are shown in steps of ten of these.
    pub(super) largest: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Level,
    /// Of seconds.
    Times,
}

/// A name, and the numbers that it has under different words.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) all: Vec<Series>,
}

/// What stands beside a number: name and word.
pub(super) type Words = Vec<(&'static str, &'static str)>;

#[derive(Debug)]
pub(super) struct Series {
    pub(super) words: Words,
    /// One; of times one for each bound, and one more.
    pub(super) numbers: Vec<Number>,
}

impl Family {
    fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            name,
            help,
            kind,
            all: Vec::new(),
        }
    }

    fn with(mut self, words: Words, step: u64, values: Vec<u64>) -> Self {
        let only_grows = self.kind != Kind::Level;
        let number = |value| Number {
            value,
            step,
            only_grows,
        };
        self.all.push(Series {
            words,
            numbers: values.into_iter().map(number).collect(),
        });
        self
    }
}

/// All that is shown, always in this order.
pub(super) fn families(metrics: &Metrics, now: &Now) -> Vec<Family> {
    let lost = metrics.lost_lines.load(Ordering::Relaxed);
    let level =
        |name, help, value| Family::new(name, Kind::Level, help).with(vec![], CROWD, vec![value]);
    let count = |name, help, step, value| {
        Family::new(name, Kind::Count, help).with(vec![], step, vec![value])
    };
    let mut all = vec![
        answers(metrics),
        times_of(
            "answer_seconds",
            "Time from a request's head to its answer's, by call, without what asked to be held.",
            ("call", Call::ALL.iter().map(|call| call.word())),
            &metrics.times,
        ),
        refused(metrics),
        level("connections", "Connections.", now.connections),
        level(
            "held_reads",
            "Reads and updates that wait for a change.",
            metrics.held_reads.get(),
        ),
        count(
            "wakeups",
            "Held reads and updates that a change has woken.",
            CROWD,
            metrics.wakeups.get(),
        ),
        times_of(
            "store_seconds",
            "Time that the store took, by what it was asked.",
            (
                "operation",
                Operation::ALL.iter().map(|operation| operation.word()),
            ),
            &metrics.store_times,
        ),
        store_errors(metrics),
        count(
            "log_lines_lost",
            "Lines of the log that could not be written.",
            EXACT,
            lost,
        ),
    ];
    if let Some(until) = now.certificate.filter(|&until| until != u64::MAX) {
        let help = "When the certificate ends, in Unix seconds; 0 before there is one.";
        let ends = Family::new("certificate_end_timestamp_seconds", Kind::Level, help);
        all.push(ends.with(vec![], EXACT, vec![until]));
        let help = "Tries to get a certificate that failed.";
        let failures = metrics.certificate_failures.get();
        all.push(count("certificate_failures", help, EXACT, failures));
    }
    if let Some(counts) = now.push {
        let help = "Devices that wait to be notified.";
        all.push(level("push_waiting", help, counts.waiting));
        all.push(push(counts));
    }
    if let Some(Kept { mailboxes, bytes }) = now.kept {
        let step = now.largest.saturating_mul(CROWD);
        let size = Family::new("mailbox_bytes", Kind::Level, "What the mailboxes take.");
        all.push(level("mailboxes", "Mailboxes that are kept.", mailboxes));
        all.push(size.with(vec![], step, vec![bytes]));
    }
    all
}

fn answers(metrics: &Metrics) -> Family {
    let help = "Answers, by call and the status' first digit.";
    let mut family = Family::new("answers", Kind::Count, help);
    for (call, classes) in Call::ALL.iter().zip(&metrics.answers) {
        for (class, count) in Class::ALL.iter().zip(classes) {
            // That the relay failed says nothing about who met it.
            let step = if *class == Class::Failed {
                EXACT
            } else {
                CROWD
            };
            let words = vec![("call", call.word()), ("status", class.word())];
            family = family.with(words, step, vec![count.get()]);
        }
    }
    family
}

fn times_of(
    name: &'static str,
    help: &'static str,
    (label, words): (&'static str, impl Iterator<Item = &'static str>),
    times: &[Times],
) -> Family {
    let family = Family::new(name, Kind::Times, help);
    words.zip(times).fold(family, |family, (word, times)| {
        family.with(vec![(label, word)], CROWD, times.get())
    })
}

fn refused(metrics: &Metrics) -> Family {
    let help =
        "Requests and connections that a limit stood against, by what there was not enough of.";
    let family = Family::new("refused", Kind::Count, help);
    let limits = Limit::ALL.iter().zip(&metrics.refused);
    limits.fold(family, |family, (limit, count)| {
        family.with(vec![("limit", limit.word())], CROWD, vec![count.get()])
    })
}

fn store_errors(metrics: &Metrics) -> Family {
    let help = "What the store could not do, by why.";
    let family = Family::new("store_errors", Kind::Count, help);
    let troubles = Trouble::ALL.iter().zip(&metrics.store_errors);
    troubles.fold(family, |family, (trouble, count)| {
        family.with(vec![("error", trouble.word())], EXACT, vec![count.get()])
    })
}

/// Each concerns one device, whoever failed.
fn push(counts: PushCounts) -> Family {
    let PushCounts {
        waiting: _,
        sent,
        merged,
        retried,
        dropped,
        ended,
        refused,
        given_up,
    } = counts;
    let results = [
        ("sent", sent),
        ("merged", merged),
        ("retried", retried),
        ("dropped", dropped),
        ("ended", ended),
        ("refused", refused),
        ("given_up", given_up),
    ];
    let family = Family::new(
        "push",
        Kind::Count,
        "Notifications, by what became of them.",
    );
    results.into_iter().fold(family, |family, (result, value)| {
        family.with(vec![("result", result)], CROWD, vec![value])
    })
}

//! The time by which mailboxes expire. A clock that jumps erases nothing at once: the machine's may have been set wrong,
//! and somebody has ten minutes to put it right.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;

/// Less than this is a clock that is put right a little, in seconds.
const JUMP: u64 = 60;

/// A clock that follows a jump only after a while.
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    /// Seconds that a jump must last before it counts.
    patience: u64,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// What the clock shows beyond the steady one, as far as it is believed.
    offset: i128,
    /// What it shows beyond it since a jump, and when that was by the steady one.
    jumped: Option<(i128, u64)>,
}

/// What there is to say about a reading.
#[derive(Debug, PartialEq, Eq)]
enum News {
    None,
    Jumped(i128),
    Followed(i128),
    Back,
}

impl Time {
    pub(crate) fn new(clock: Arc<dyn Clock>, patience: u64) -> Self {
        Self {
            clock,
            patience,
            seen: Mutex::default(),
        }
    }

    /// Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        let wall = self.clock.now();
        let Some(steady) = self.clock.steady() else {
            return wall;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, news) = read(*seen, wall, steady, self.patience);
        *seen = Some(next);
        drop(seen);
        match news {
            News::None => {}
            News::Jumped(seconds) => tracing::warn!(
                seconds = %seconds,
                patience = self.patience,
                "the clock has jumped: it is followed if it stays there"
            ),
            News::Followed(seconds) => {
                tracing::warn!(seconds = %seconds, "the clock stays where it has jumped to: it is followed");
            }
            News::Back => tracing::info!("the clock is back"),
        }
        let now = i128::from(steady) + next.offset;
        u64::try_from(now.max(0)).unwrap_or(u64::MAX)
    }

    /// The later of what holds now and what the clock shows: from when on a new mailbox has its time. If the clock is right
    /// after its jump, as that of a machine that slept, nothing made meanwhile must end when it is followed.
    pub(crate) fn latest(&self) -> u64 {
        self.now().max(self.clock.now())
    }
}

fn read(seen: Option<Seen>, wall: u64, steady: u64, patience: u64) -> (Seen, News) {
    let shown = i128::from(wall) - i128::from(steady);
    let near = |offset: i128| shown.abs_diff(offset) <= u128::from(JUMP);
    let at = |offset, jumped| Seen { offset, jumped };
    let Some(Seen { offset, jumped }) = seen else {
        return (at(shown, None), News::None);
    };
    let by = shown - offset;
    match jumped {
        _ if near(offset) => {
            let news = jumped.map_or(News::None, |_| News::Back);
            (at(shown, None), news)
        }
        Some((there, since)) if near(there) => {
            if steady.saturating_sub(since) >= patience {
                (at(shown, None), News::Followed(by))
            } else {
                (at(offset, jumped), News::None)
            }
        }
        _ => (at(offset, Some((shown, steady))), News::Jumped(by)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_counts_after_a_while_and_a_clock_that_is_put_right_at_once() {
        let hours = 5 * 3600;
        let mut seen = None;
        let mut show = |wall: u64, steady: u64| {
            let (next, news) = read(seen, wall, steady, 600);
            seen = Some(next);
            (i128::from(steady) + next.offset, news)
        };
        assert_eq!(show(10_000, 0), (10_000, News::None));
        assert_eq!(
            show(10_070, 10),
            (10_070, News::None),
            "a minute is no jump"
        );
        assert_eq!(
            show(10_080 + hours, 20),
            (10_080, News::Jumped(i128::from(hours)))
        );
        assert_eq!(show(10_679 + hours, 619), (10_679, News::None));
        assert_eq!(
            show(10_680 + hours, 620),
            (
                10_680 + i128::from(hours),
                News::Followed(i128::from(hours))
            )
        );
        assert_eq!(show(10_690, 630).1, News::Jumped(-i128::from(hours)));
        assert_eq!(
            show(10_700 + hours, 640),
            (10_700 + i128::from(hours), News::Back)
        );
        assert_eq!(show(0, 650).1, News::Jumped(-10_710 - i128::from(hours)));
        assert_eq!(
            show(u64::MAX, 660).0,
            10_720 + i128::from(hours),
            "one jump after the other"
        );
    }
}

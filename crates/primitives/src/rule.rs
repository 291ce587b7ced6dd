//! The protocol's rules by their ids in `docs/requirements/protocol.md`, for a checker that takes one away and must notice. Each
//! holds, always, unless the feature `switches` is on: without it a question costs nothing.

/// Whether a rule holds.
#[cfg(not(feature = "switches"))]
#[must_use]
#[inline(always)]
pub const fn holds(_rule: &str) -> bool {
    true
}

#[cfg(feature = "switches")]
pub use switches::{holds, without};

#[cfg(feature = "switches")]
mod switches {
    use std::cell::Cell;

    thread_local! {
        static OFF: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Whether a rule holds: on this thread nobody has taken it away.
    #[must_use]
    pub fn holds(rule: &str) -> bool {
        OFF.get() != Some(rule)
    }

    /// What `run` does on this thread without a rule.
    pub fn without<T>(rule: Option<&'static str>, run: impl FnOnce() -> T) -> T {
        struct Back(Option<&'static str>);
        impl Drop for Back {
            fn drop(&mut self) {
                OFF.set(self.0);
            }
        }
        let _back = Back(OFF.replace(rule));
        run()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_rule_is_away_for_one_run_alone() {
            assert!(holds("a"));
            without(Some("a"), || {
                assert!(!holds("a") && holds("b"));
                without(None, || assert!(holds("a")));
                assert!(!holds("a"));
            });
            assert!(holds("a"));
        }
    }
}

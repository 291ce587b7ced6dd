//! How many tests passed, as test programs say it.

/// Counted tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
}

impl Sum {
    /// Adds what a log says.
    pub(super) fn add(&mut self, log: &str) {
        for line in log.lines() {
            let _ = self.cargo(line).is_some()
                || self.maven(line).is_some()
                || self.swift(line).is_some()
                || self.pairs(line).is_some();
        }
    }

    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, one for each test program; also `scripts/android self-test`.
    fn cargo(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line
            .strip_prefix("test result: ")?
            .split_whitespace()
            .collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else {
                continue;
            };
            match pair[1] {
                "passed;" => self.passed += count,
                "failed;" => self.failed += count,
                "ignored;" => self.ignored += count,
                _ => {}
            }
        }
        Some(())
    }

    /// Maven's sum of all classes: that of one class goes on with its time.
    fn maven(&mut self, line: &str) -> Option<()> {
        let (_, counts) = line.strip_prefix('[')?.split_once("] Tests run: ")?;
        let counts = counts.replace([','], " ");
        let words: Vec<&str> = counts.split_whitespace().collect();
        let [
            run,
            "Failures:",
            failures,
            "Errors:",
            errors,
            "Skipped:",
            skipped,
        ] = words[..]
        else {
            return None;
        };
        let [run, failures, errors, skipped] =
            [run, failures, errors, skipped].map(|count| count.parse::<u64>().ok());
        let (run, failed, skipped) = (run?, failures? + errors?, skipped?);
        self.passed += run.saturating_sub(failed + skipped);
        self.failed += failed;
        self.ignored += skipped;
        Some(())
    }

    /// Swift: one line for each test, after a sign; the line of all tests begins `Test run with`.
    fn swift(&mut self, line: &str) -> Option<()> {
        let (sign, said) = line.split_once(' ')?;
        let said = said
            .strip_prefix("Test ")
            .filter(|said| !sign.is_empty() && !said.starts_with("run with "))?;
        let after =
            |word: &str| said.contains(&format!(" {word} after ")) && said.contains(" seconds");
        if after("passed") && said.ends_with(" seconds.") {
            self.passed += 1;
        } else if after("failed") {
            self.failed += 1;
        } else if said.contains(" skipped") {
            self.ignored += 1;
        } else {
            return None;
        }
        Some(())
    }

    /// scripts/pairs: its last line.
    fn pairs(&mut self, line: &str) -> Option<()> {
        let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
        let (passed, failed) = (passed.parse::<u64>().ok()?, failed.parse::<u64>().ok()?);
        self.passed += passed;
        self.failed += failed;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(log: &str) -> (u64, u64, u64) {
        let mut sum = Sum::default();
        sum.add(log);
        (sum.passed, sum.failed, sum.ignored)
    }

    #[test]
    fn cargo_says_a_line_for_each_program() {
        let log = "running 4 tests\ntest a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.12s\n\
            test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(sum(log), (3, 2, 1));
    }

    #[test]
    fn maven_says_a_line_for_each_class_and_one_for_all_which_counts() {
        let log = "[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1.2 s -- in org.tigress.EventsTest\n\
            [INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 2\n\
            [ERROR] Tests run: 6, Failures: 1, Errors: 2, Skipped: 0\n";
        assert_eq!(sum(log), (13, 3, 2));
    }

    #[test]
    fn swift_says_a_line_for_each_test() {
        let log = "◇ Test run started.\n\u{25c7} Test \"it waits\" started.\n\
            \u{2714} Test \"it waits\" passed after 0.002 seconds.\n\
            \u{2718} Test \"it ends\" failed after 0.3 seconds with 1 issue.\n\
            \u{279c} Test soak() skipped.\n\
            \u{2714} Test run with 3 tests passed after 0.3 seconds.\n\u{2718} Test run with 3 tests failed after 0.3 seconds with 1 issue.\n";
        assert_eq!(sum(log), (1, 1, 1));
    }

    #[test]
    fn pairs_say_it_at_the_end() {
        assert_eq!(
            sum("ok      rust to swift\n5 passed, 1 failed\n"),
            (5, 1, 0)
        );
        assert_eq!(
            sum("all 5 passed, 1 failed\n5 passed, 1 failed, too\n"),
            (0, 0, 0)
        );
    }
}

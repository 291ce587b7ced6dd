//! What nobody foresaw, a panic: one sentence, an exit code of its own, and nothing of what it was about.

use std::io::Write as _;
use std::panic::{PanicHookInfo, set_hook};
use std::path::Path;

use crate::exit::BUG;
use crate::terminal;

/// From here on a panic ends the command, on whatever thread it is; that of a relay goes on, as one request's panic
/// is nothing to the others.
pub(crate) fn watch(is_relay: bool) {
    set_hook(Box::new(move |panic| {
        tell(panic);
        if !is_relay {
            terminal::restore();
            std::process::exit(BUG.into());
        }
    }));
}

/// What the panic says may hold anything: only its place is told.
fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or(String::new(), |place| {
        let file = Path::new(place.file()).file_name().unwrap_or_default();
        format!(" ({}, line {})", file.display(), place.line())
    });
    let _ = writeln!(
        std::io::stderr(),
        "tigress: this is a bug, please report it{place}"
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use std::process::Command;

    use super::*;

    /// Run by the test below, in a process of its own.
    #[test]
    #[ignore = "ends its process"]
    fn a_thread_panics() {
        watch(std::env::var_os("RELAY").is_some());
        let _ = std::thread::spawn(|| panic!("about sesame")).join();
        std::process::exit(5);
    }

    fn panicking(relay: Option<&str>) -> (Option<i32>, String) {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args([
            "--exact",
            "--ignored",
            "--nocapture",
            "bug::tests::a_thread_panics",
        ]);
        test.envs(relay.map(|relay| ("RELAY", relay)));
        let ended = test.output().unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stderr).unwrap(),
        )
    }

    #[test]
    fn a_panic_anywhere_is_told_as_a_bug_with_its_place_and_without_its_words() {
        let (code, said) = panicking(None);
        assert_eq!(code, Some(70));
        let told: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("tigress: "))
            .collect();
        assert_eq!(told.len(), 1, "{said}");
        assert!(told[0].starts_with("tigress: this is a bug, please report it (bug.rs, line "));
        assert!(!said.contains("sesame"), "{said}");
    }

    #[test]
    fn a_panic_in_a_relay_ends_no_other_request() {
        let (code, said) = panicking(Some("1"));
        assert_eq!(code, Some(5));
        assert!(
            said.contains("this is a bug") && !said.contains("sesame"),
            "{said}"
        );
    }
}

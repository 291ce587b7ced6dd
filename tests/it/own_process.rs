//! Tests about what a whole process has, its memory or its logger: each is run once more, alone in a process of its own.

use std::any::type_name;
use std::env;
use std::process::Command;

/// Says to a process that it was started for one test.
const ALONE: &str = "TIGRESS_TEST_ALONE";

/// This program again, to run one of its tests and nothing else.
pub(crate) fn command<Test: Fn()>(_: Test) -> Command {
    let (_, name) = type_name::<Test>().split_once("::").unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]);
    command
}

/// Whether the test that asks is alone in its process. If not, it was run so meanwhile, and passed.
pub(crate) fn alone<Test: Fn()>(test: Test) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let output = command(test).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("test result: ok. 1 passed"),
        "{}{}",
        // Whoever counts tests counts this one once.
        said.replace("test result", "result"),
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

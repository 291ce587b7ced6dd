//! CPU time by part: each part's threads have its name.

use std::fs;
use std::io;

use tokio::runtime::{Builder, Runtime};

/// A runtime whose threads, those for blocking calls too, are named after the part that runs on it.
pub(crate) fn runtime(part: &str, workers: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(part)
        .enable_all()
        .build()
}

/// Milliseconds of CPU that the part's threads have taken; none where the system does not tell (Linux does).
pub(crate) fn of_part(part: &str) -> Option<f64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        let file = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        if file("comm").trim_end() == part {
            let spent = file("schedstat");
            nanoseconds += spent.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52 ns")]
    let milliseconds = nanoseconds as f64 / 1e6;
    Some(milliseconds)
}

/// As many workers as there are processors.
pub(crate) fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

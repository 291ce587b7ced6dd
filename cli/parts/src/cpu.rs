//! CPU time by part: each part's threads have its name.

use std::fs;
use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime whose threads, those for blocking calls too, are named after the part that runs on it.
pub fn runtime(part: &str, workers: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(part)
        .enable_all()
        .build()
}

/// A part's own runtime. It may be dropped on another's threads, and what runs there is then not waited for.
pub struct Threads(Option<Runtime>, Handle);

impl Threads {
    pub fn new(part: &str, workers: usize) -> io::Result<Self> {
        let runtime = runtime(part, workers)?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    pub fn handle(&self) -> &Handle {
        &self.1
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Milliseconds of CPU that the part's threads have taken; none where the system does not tell (Linux does).
pub fn of_part(part: &str) -> Option<f64> {
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
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_may_be_dropped_on_anothers_threads_whatever_runs_there() {
        let threads = Threads::new("part", 1).unwrap();
        let task = threads.handle().spawn(std::future::pending::<()>());
        drop(threads);
        assert!(task.await.unwrap_err().is_cancelled());
    }
}

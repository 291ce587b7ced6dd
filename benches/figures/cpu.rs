//! Processor time. It is what is compared: the time on the wall depends on whatever else the machine does.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

fn duration(time: Timespec) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// What this process has used, all threads, system calls included.
pub(crate) fn process() -> Duration {
    duration(clock_gettime(ClockId::ProcessCPUTime))
}

/// What this thread has used.
pub(crate) fn thread() -> Duration {
    duration(clock_gettime(ClockId::ThreadCPUTime))
}

/// A run lasts about so long.
const RUN: Duration = Duration::from_millis(20);
/// Runs of each candidate, in turn, so that a machine that slows down slows all of them down.
const RUNS: usize = 25;

/// The least time that one call of each candidate took, over several runs of many calls.
pub(crate) fn least<const N: usize>(mut candidates: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let calls = candidates.each_mut().map(|call| calls_in_a_run(call));
    let mut least = [Duration::MAX; N];
    for _ in 0..RUNS {
        for ((call, calls), least) in candidates.iter_mut().zip(calls).zip(&mut least) {
            *least = (*least).min(run(call, calls));
        }
    }
    least
}

fn calls_in_a_run(call: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while run(call, calls) * calls < RUN / 2 {
        calls *= 2;
    }
    calls
}

/// The time of one call in a run of `calls`.
fn run(call: &mut dyn FnMut(), calls: u32) -> Duration {
    let started = thread();
    for _ in 0..calls {
        call();
    }
    (thread() - started) / calls
}

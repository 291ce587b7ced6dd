//! The log of a process that must go on whatever becomes of its log. Lines go to a thread of their own, which alone
//! writes: a reader that is gone, a full disk or a pipe that nobody reads costs lines, never an answer.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tigress_mailbox::format_timestamp;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// Lines that wait to be written; further ones are dropped and counted.
const WAITING: usize = 1024;
/// How long a line waits for others, to be written with them; and how many are at the most.
const GATHER: Duration = Duration::from_millis(5);
const GATHERED: u64 = 256;
/// How long the end of the process waits for them.
const PARTING: Duration = Duration::from_millis(500);

/// What a line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    #[default]
    Text,
    Json,
}

/// The time of a line, RFC 3339 to the microsecond, whose date and time of day are worked out once a second.
#[derive(Default)]
struct Seconds(Mutex<(u64, String)>);

impl Seconds {
    fn write(&self, since_1970: Duration, to: &mut Writer<'_>) -> fmt::Result {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = since_1970.as_secs();
        if last.0 != second || last.1.is_empty() {
            *last = (second, format_timestamp(second));
        }
        to.write_str(last.1.trim_end_matches('Z'))?;
        write!(to, ".{:06}Z", since_1970.subsec_micros())
    }
}

impl FormatTime for Seconds {
    fn format_time(&self, to: &mut Writer<'_>) -> fmt::Result {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        self.write(since_1970.unwrap_or_default(), to)
    }
}

/// Makes the writers of single lines.
#[derive(Clone)]
pub(crate) struct Log {
    lines: SyncSender<Line>,
    counts: Arc<Counts>,
}

/// Lines that were not written.
#[derive(Default)]
struct Counts {
    /// Those that the log does not tell of yet.
    untold: AtomicU64,
    all: Arc<AtomicU64>,
    /// Whether it is told as JSON.
    json: AtomicBool,
}

impl Counts {
    fn lost(&self, lines: u64) {
        self.untold.fetch_add(lines, Ordering::Relaxed);
        self.all.fetch_add(lines, Ordering::Relaxed);
    }
}

enum Line {
    Text(Vec<u8>),
    /// Everything before it is written.
    End(SyncSender<()>),
}

impl Log {
    /// Writes to `to`, on a thread.
    pub(crate) fn to(mut to: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel(WAITING);
        let counts = Arc::<Counts>::default();
        let counted = counts.clone();
        // Without a thread there is no log.
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&waiting, &mut to, &counted));
        Self { lines, counts }
    }

    /// From here on what is told of this process goes to this log, at this level if the environment names none.
    pub(crate) fn begin(&self, form: Form, level: &str) {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
        let told = tracing_subscriber::fmt()
            .with_timer(Seconds::default())
            .with_writer(self.clone())
            .with_env_filter(filter);
        match form {
            Form::Text => told.init(),
            Form::Json => {
                self.counts.json.store(true, Ordering::Relaxed);
                told.json()
                    .flatten_event(true)
                    .with_current_span(false)
                    .with_span_list(false)
                    .init();
            }
        }
    }

    /// How many lines were lost so far, as it goes on being counted.
    pub(crate) fn lost(&self) -> Arc<AtomicU64> {
        self.counts.all.clone()
    }

    /// Waits until what was logged so far is written, but not for ever.
    pub(crate) fn finish(&self) {
        let (written, done) = sync_channel(1);
        if self.lines.try_send(Line::End(written)).is_ok() {
            let (Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) =
                done.recv_timeout(PARTING);
        }
    }
}

/// One write for all lines that have come in by then: at each line, a busy relay would spend more on its log than on its
/// requests.
fn write_all(waiting: &Receiver<Line>, to: &mut impl Write, counts: &Counts) {
    let mut text = Vec::new();
    let mut lines = 0;
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        let until = Instant::now() + GATHER;
        let mut ended = None;
        while let Some(line) = next {
            match line {
                Line::Text(line) => {
                    text.extend_from_slice(&line);
                    lines += 1;
                }
                Line::End(written) => ended = Some(written),
            }
            next = if ended.is_none() && lines < GATHERED {
                after(waiting, until)
            } else {
                None
            };
        }
        write(to, &text, lines, counts);
        text.clear();
        lines = 0;
        if let Some(written) = ended {
            let _ = written.try_send(());
        }
    }
}

/// The next line, unless none comes until then. Nobody who logs has to wake a thread that sleeps.
fn after(waiting: &Receiver<Line>, until: Instant) -> Option<Line> {
    waiting.try_recv().ok().or_else(|| {
        thread::sleep(until.saturating_duration_since(Instant::now()));
        waiting.try_recv().ok()
    })
}

fn write(to: &mut impl Write, text: &[u8], lines: u64, counts: &Counts) {
    if lines == 0 {
        return;
    }
    let lost = counts.untold.swap(0, Ordering::Relaxed);
    let json = counts.json.load(Ordering::Relaxed);
    if lost > 0 && to.write_all(told(lost, json).as_bytes()).is_err() {
        counts.untold.fetch_add(lost, Ordering::Relaxed);
    }
    if to.write_all(text).is_err() {
        counts.lost(lines);
    }
}

/// That so many lines are lost, as a line.
fn told(lost: u64, json: bool) -> String {
    if !json {
        return format!("{lost} lines of the log are lost\n");
    }
    let mut time = String::new();
    let _ = Seconds::default().format_time(&mut Writer::new(&mut time));
    let line = serde_json::json!({
        "timestamp": time,
        "level": "WARN",
        "message": "lines of the log are lost",
        "lines": lost,
        "target": "tigress::log",
    });
    format!("{line}\n")
}

impl<'log> MakeWriter<'log> for Log {
    type Writer = OneLine<'log>;

    fn make_writer(&'log self) -> Self::Writer {
        OneLine {
            log: self,
            text: Vec::new(),
        }
    }
}

/// Collects one line, and hands it over when it is dropped. Never fails: whoever logs could only panic.
pub(crate) struct OneLine<'log> {
    log: &'log Log,
    text: Vec<u8>,
}

impl Write for OneLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OneLine<'_> {
    fn drop(&mut self) {
        let text = Line::Text(std::mem::take(&mut self.text));
        if self.log.lines.try_send(text).is_err() {
            self.log.counts.lost(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    /// Writes when it is let, and fails when there is nobody to let it.
    struct Gated {
        open: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.open
                .recv()
                .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn say(log: &Log, text: &str) {
        log.make_writer().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn what_nobody_reads_is_dropped_and_counted() {
        let (let_it, open) = channel();
        let (written, read) = channel();
        let log = Log::to(Gated { open, written });
        for _ in 0..WAITING + 1000 {
            say(&log, "line\n");
        }
        // Some may be with the thread already.
        let lost = log.lost().load(Ordering::Relaxed);
        assert!((1000 - GATHERED..=1000).contains(&lost), "{lost}");
        let kept = WAITING + 1000 - usize::try_from(lost).unwrap();
        let (mut lines, mut told, mut writes) = (0, 0, 0);
        while lines < kept {
            // One more write, and no other: or the last line would be let.
            let_it.send(()).unwrap();
            let text = String::from_utf8(read.recv().unwrap()).unwrap();
            match text.strip_suffix(" lines of the log are lost\n") {
                Some(number) => told += number.parse::<u64>().unwrap(),
                None => lines += text.lines().count(),
            }
            writes += 1;
        }
        assert_eq!((lines, told), (kept, lost));
        assert!(writes < 20, "many lines are one write: {writes}");
        drop(let_it);
        say(&log, "after the reader is gone\n");
        log.finish();
        assert!(log.counts.untold.load(Ordering::Relaxed) > 0);
        let all = log.lost().load(Ordering::Relaxed);
        assert!(all > lost, "what was told is still counted: {all}");
    }

    #[test]
    fn each_line_has_its_own_time() {
        let seconds = Seconds::default();
        let at = |micros| {
            let mut text = String::new();
            let time = Duration::from_micros(micros);
            seconds.write(time, &mut Writer::new(&mut text)).unwrap();
            text
        };
        // A clock may go back.
        for (micros, shown) in [
            (7, "1970-01-01T00:00:00.000007Z"),
            (999_999, "1970-01-01T00:00:00.999999Z"),
            (1_900_000_000_000_000, "2030-03-17T17:46:40.000000Z"),
            (1_900_000_000_120_000, "2030-03-17T17:46:40.120000Z"),
            (0, "1970-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(at(micros), shown);
        }
    }

    #[test]
    fn what_is_lost_is_told_in_the_logs_own_form() {
        assert_eq!(told(7, false), "7 lines of the log are lost\n");
        let line = told(7, true);
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&told["lines"], &told["level"]),
            (&7.into(), &"WARN".into())
        );
        assert!(told["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert_eq!(line.lines().count(), 1);
    }
}

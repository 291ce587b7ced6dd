//! The library's log, handed to the app.

use std::fmt::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::error::TigressError;

/// How important a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// Something does not work.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What happens.
    Info,
    /// How it happens.
    Debug,
}

/// One line of the log: never with a secret, a URL or a payload.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How important it is.
    pub level: LogLevel,
    /// The part of the library that says it.
    pub target: String,
    /// What it says.
    pub text: String,
}

/// The sink failed. The record is lost, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum LogError {
    /// Why is nobody's concern.
    #[error("the log sink failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for LogError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Takes the library's log.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// Takes one record. Called from any thread: it should return at once, and must not call the library.
    fn log(&self, record: LogRecord) -> Result<(), LogError>;
}

static SINK: RwLock<Option<(Arc<dyn LogSink>, LogLevel)>> = RwLock::new(None);

/// Hands the log of the whole process to `sink`, from `level` up; none ends that. Fails with `bad_config` where the process
/// has another subscriber of Rust's `tracing` already.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>, level: LogLevel) -> Result<(), TigressError> {
    static SUBSCRIBED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    if !SUBSCRIBED.get_or_init(|| tracing::subscriber::set_global_default(ToSink).is_ok()) {
        return Err(TigressError::bad_config(
            "the process has another log subscriber",
        ));
    }
    let new = sink.map(|sink| (sink, level));
    *SINK.write().unwrap_or_else(PoisonError::into_inner) = new;
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

fn sink() -> Option<(Arc<dyn LogSink>, LogLevel)> {
    SINK.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn level_of(metadata: &Metadata<'_>) -> Option<LogLevel> {
    match *metadata.level() {
        tracing::Level::ERROR => Some(LogLevel::Error),
        tracing::Level::WARN => Some(LogLevel::Warn),
        tracing::Level::INFO => Some(LogLevel::Info),
        tracing::Level::DEBUG => Some(LogLevel::Debug),
        tracing::Level::TRACE => None,
    }
}

/// Events of this library only, and no spans: other crates' texts may hold URLs.
struct ToSink;

impl Subscriber for ToSink {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().split("::").next() == Some("tigress");
        let wanted = sink().map(|(_, level)| level);
        ours && metadata.is_event()
            && level_of(metadata).is_some_and(|level| wanted.is_some_and(|wanted| level <= wanted))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match sink() {
            None => LevelFilter::OFF,
            Some((_, LogLevel::Error)) => LevelFilter::ERROR,
            Some((_, LogLevel::Warn)) => LevelFilter::WARN,
            Some((_, LogLevel::Info)) => LevelFilter::INFO,
            Some((_, LogLevel::Debug)) => LevelFilter::DEBUG,
        })
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let (Some((sink, _)), Some(level)) = (sink(), level_of(event.metadata())) else {
            return;
        };
        let mut text = Text::default();
        event.record(&mut text);
        // A failing sink has nobody to be told to.
        let _ = sink.log(LogRecord {
            level,
            target: event.metadata().target().to_owned(),
            text: text.0,
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, then the fields as `name=value`.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}{}", self.0);
        } else {
            // Writing to a String does not fail.
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<LogRecord>>);

    impl LogSink for Kept {
        fn log(&self, record: LogRecord) -> Result<(), LogError> {
            self.0.lock().unwrap().push(record);
            Err(LogError::Failed)
        }
    }

    #[test]
    fn the_sink_gets_this_librarys_events_from_its_level_up() {
        let kept = Arc::new(Kept::default());
        set_log_sink(Some(kept.clone()), LogLevel::Info).unwrap();
        tracing::warn!(target: "tigress::client", code = "store", "a transfer can't be read");
        tracing::debug!(target: "tigress::client", "too fine");
        tracing::warn!(target: "reqwest", "https://relay.example/");
        set_log_sink(None, LogLevel::Info).unwrap();
        tracing::error!(target: "tigress::client", "nobody listens");
        let record = LogRecord {
            level: LogLevel::Warn,
            target: "tigress::client".into(),
            text: "a transfer can't be read code=store".into(),
        };
        assert_eq!(*kept.0.lock().unwrap(), [record]);
    }
}

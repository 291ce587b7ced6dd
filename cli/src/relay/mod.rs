//! `tigress relay`.

mod acme;
mod file;
mod notify;
mod push;
mod settings;

use std::fs::DirBuilder;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use tigress_relay::store::{DurableStore, MemoryStore, RedisStore, is_address};
use tigress_relay::{Listen, Relay, RelayError, RunningRelay};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{DONE, Failure};
use crate::folder;
use crate::log::Log;
use settings::Settings;

/// Runs a relay until SIGTERM or SIGINT; SIGHUP has certificate and key read again.
#[derive(Args)]
pub(crate) struct Command {
    /// Settings that are not given here or in the environment (TOML; docs/relay.md). `--print-config` writes one.
    #[arg(long, value_name = "FILE", env = "TIGRESS_CONFIG")]
    config: Option<PathBuf>,
    /// Print the settings as they would be, as a file for `--config`, and end.
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(command: Command, log: &Log) -> Result<u8, Failure> {
    let settings = command.settings.over(command.config.as_deref())?;
    log.begin(settings.log.unwrap_or_default(), "info");
    if command.print_config {
        let text = settings.to_file()?;
        return match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => Ok(DONE),
            Err(error) => Err(Failure::new("output", error.to_string())),
        };
    }
    let (config, gateways) = (settings.config()?, settings.push.gateways()?);
    let signals = || Failure::new("signal", "signals can't be handled");
    let mut terminate = signal(SignalKind::terminate()).map_err(|_| signals())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|_| signals())?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(|_| signals())?;
    let scheme = if config.speaks_tls() { "https" } else { "http" };
    let public = config.public_url.as_ref();
    let public = public.map_or(String::new(), |url| format!(" as {url}"));
    let (store, relay) = match settings.store.as_deref() {
        Some("memory") => (
            "memory".to_owned(),
            Relay::new(config, MemoryStore::default()),
        ),
        Some(address) if is_address(address) => {
            let store =
                RedisStore::new(address).map_err(|error| Failure::usage(error.to_string()))?;
            (store.shown(), Relay::new(config, store))
        }
        path => {
            let path = path.map_or_else(default_file, |path| Ok(path.into()))?;
            (path.display().to_string(), Relay::new(config, open(&path)?))
        }
    };
    let relay = relay.with_lost_lines(log.lost());
    let relay = gateways.into_iter().fold(relay, Relay::with_push);
    let relay = relay.run().await.map_err(failed)?;
    tell(&store, &relay.push_types(), &settings);
    let lines = places(&relay, scheme, &public);
    // A stdout that is closed, or that nobody reads, is no reason to stop: nobody waits for this thread.
    std::thread::spawn(move || drop(std::io::stdout().write_all(lines.as_bytes())));
    notify::ready();
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => {
                notify::reloading();
                let read = relay.reload();
                tokio::spawn(async { read.await; notify::ready() });
            }
        }
    }
    notify::stopping();
    relay.shutdown().await;
    Ok(DONE)
}

/// Where it is, a line for each place.
fn places(relay: &RunningRelay, scheme: &str, public: &str) -> String {
    let lines = relay.places().iter().map(|place| match place {
        Listen::Tcp(address) => format!("listening on {scheme}://{address}{public}\n"),
        Listen::Unix(_) => format!("listening on {place}{public}\n"),
    });
    let metrics = relay.metrics().map(|place| match place {
        Listen::Tcp(address) => format!("metrics on http://{address}/metrics\n"),
        Listen::Unix(_) => format!("metrics on {place}\n"),
    });
    lines.chain(metrics).collect()
}

/// The log's first line.
fn tell(store: &str, push: &[String], settings: &Settings) {
    let or = |words: String, none: &str| match words {
        words if words.is_empty() => none.to_owned(),
        words => words,
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store,
        push = or(push.join(" "), "none"),
        limits = or(settings.unusual().join(" "), "as usual"),
        "relay started"
    );
}

/// Opens the file.
fn open(path: &Path) -> Result<DurableStore, Failure> {
    DurableStore::open(path).map_err(|error| Failure::new("store", error.to_string()))
}

/// The usual file; its folder is made.
fn default_file() -> Result<PathBuf, Failure> {
    let folder = folder::of_user()
        .map_err(|_| Failure::usage("there is no home folder: name a file with --store"))?
        .join("relay");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| {
            Failure::new(
                "store",
                format!("cannot make {}: {error}", folder.display()),
            )
        })?;
    Ok(folder.join("mailboxes"))
}

fn failed(error: RelayError) -> Failure {
    match &error {
        RelayError::Tls { .. } => Failure::new("tls", error.to_string()),
        RelayError::Listen { place, source } => {
            let small = place.address().is_some_and(|place| place.port() < 1024);
            let hint = match source.kind() {
                ErrorKind::PermissionDenied if small => {
                    " (a port below 1024 needs the capability CAP_NET_BIND_SERVICE)"
                }
                _ => "",
            };
            Failure::new("listen", format!("{error}: {source}{hint}"))
        }
        _ => Failure::usage(error.to_string()),
    }
}

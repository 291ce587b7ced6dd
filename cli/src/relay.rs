//! `tigress relay`.

use std::ffi::{OsStr, OsString};
use std::fs::DirBuilder;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use clap::Args;
use tigress_relay::store::{DurableStore, MemoryStore, RedisStore, is_address};
use tigress_relay::{Limits, Relay, RelayConfig, RelayError, TlsFiles};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{DONE, Failure};
use crate::folder;

/// Runs a relay until SIGTERM or SIGINT; SIGHUP has certificate and key read again.
#[derive(Args)]
pub(crate) struct Command {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where mailboxes are kept: `memory`, a file, made on first use, or a Redis or Valkey, such as redis://127.0.0.1 or
    /// redis+sentinel://10.0.0.1,10.0.0.2/main?replicas=1 (docs/relay.md). By default `relay/mailboxes` in the user's
    /// state folder. An address with a password is better given as TIGRESS_STORE.
    #[arg(
        long,
        value_name = "memory|PATH|URL",
        env = "TIGRESS_STORE",
        hide_env_values = true
    )]
    store: Option<OsString>,
    /// Speak TLS with this certificate (PEM), followed by those between it and its authority. Certificate and key are
    /// read again when they change.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Origin of the mailboxes' URLs, such as https://relay.example.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Behind a proxy: the header in which it says the client's address, such as x-forwarded-for. Only if nobody can reach
    /// the relay but through it.
    #[arg(long, value_name = "NAME")]
    client_ip_header: Option<String>,
    /// Sets a limit, such as connections=96,192,5000 (of one client, of an IPv6 /48, of all). docs/relay.md has them all.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<String>,
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let mut limits = Limits::default();
    for limit in &command.limits {
        let (name, value) = limit.split_once('=').unwrap_or((limit, ""));
        limits.set(name, value).map_err(Failure::usage)?;
    }
    let config = RelayConfig {
        listen: command.listen,
        tls: command
            .tls_cert
            .zip(command.tls_key)
            .map(|(certificate, key)| TlsFiles::new(certificate, key)),
        public_url: command.public_url.clone(),
        client_ip_header: command.client_ip_header,
        limits,
        ..RelayConfig::default()
    };
    let signals = || Failure::new("signal", "signals can't be handled");
    let mut terminate = signal(SignalKind::terminate()).map_err(|_| signals())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|_| signals())?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(|_| signals())?;
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let relay = match command.store {
        Some(store) if store == "memory" => Relay::new(config, MemoryStore::default()),
        Some(store) if store.to_str().is_some_and(is_address) => Relay::new(config, redis(&store)?),
        store => Relay::new(config, open(store.map(PathBuf::from))?),
    };
    let relay = relay.run().await.map_err(failed)?;
    let public = command
        .public_url
        .map_or(String::new(), |url| format!(" as {url}"));
    let line = format!("listening on {scheme}://{}{public}", relay.local_addr());
    // A stdout that is closed, or that nobody reads, is no reason to stop: nobody waits for this thread.
    std::thread::spawn(move || drop(writeln!(std::io::stdout(), "{line}")));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => relay.reload(),
        }
    }
    relay.shutdown().await;
    Ok(DONE)
}

fn redis(address: &OsStr) -> Result<RedisStore, Failure> {
    let store = RedisStore::new(address.to_str().unwrap_or_default());
    store.map_err(|error| Failure::usage(error.to_string()))
}

/// Opens the file; the default one with its folder, which is made.
fn open(path: Option<PathBuf>) -> Result<DurableStore, Failure> {
    let path = match path {
        Some(path) => path,
        None => default_file()?,
    };
    DurableStore::open(path).map_err(|error| Failure::new("store", error.to_string()))
}

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
        RelayError::Listen { source, .. } => Failure::new("listen", format!("{error}: {source}")),
        _ => Failure::usage(error.to_string()),
    }
}

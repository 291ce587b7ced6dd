//! The command `tigress`: a relay, and a demonstration of a whole transfer.

mod demo;
mod relay;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Transfers a digital credential from one phone to another.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a relay that keeps its mailboxes in memory, until SIGTERM or SIGINT.
    Relay {
        /// Address to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Origin of the mailboxes' URLs, such as https://relay.example.
        #[arg(long)]
        public_url: Option<String>,
    },
    /// Shows a whole transfer on this machine: a relay, a sender and a receiver over real HTTP. Exit code 0 only
    /// if everything arrived as it was sent, both sides ended, and the mailbox is gone.
    Demo {
        /// Also prints the number of requests and sizes.
        #[arg(long)]
        stats: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let result = match Args::parse().command {
        Command::Relay { listen, public_url } => relay::run(listen, public_url).await,
        Command::Demo { stats } => demo::run(stats).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("tigress: {reason}");
            ExitCode::FAILURE
        }
    }
}

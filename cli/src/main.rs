//! The command `tigress`: sends and receives credentials, runs a relay, shows a whole transfer. `docs/cli.md`
//! describes it.

mod bug;
mod checked;
mod conformance;
mod demo;
mod environment;
mod exit;
mod explained;
mod files;
mod folder;
mod inspect;
mod inspected;
mod invited;
mod log;
mod offer;
mod options;
mod output;
mod receive;
mod relay;
mod resume;
mod send;
mod session;
mod state;
mod stats;
mod terminal;
mod terminate;
mod told;
mod transfers;

use std::future::Future;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tigress_parts::cpu;

use exit::Failure;
use log::{Form, Log};
use output::{Event, Output};

/// A relay's memory grows with those who wait and is given back when they have gone: docs/decisions.md.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Transfers a digital credential from one phone to another.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Relay(Box<relay::Command>),
    Send(send::Command),
    Receive(receive::Command),
    Resume(resume::Command),
    Transfers(transfers::Command),
    Terminate(terminate::Command),
    Inspect(inspect::Command),
    Conformance(conformance::Command),
    Demo(demo::Command),
}

impl Command {
    fn output(&self) -> Output {
        match self {
            Self::Relay(_) | Self::Demo(_) => Output::new(false),
            Self::Send(command) => command.output(),
            Self::Receive(command) => command.output(),
            Self::Resume(command) => command.output(),
            Self::Transfers(command) => command.output(),
            Self::Terminate(command) => command.output(),
            Self::Inspect(command) => command.output(),
            Self::Conformance(command) => command.output(),
        }
    }

    fn run(self, log: &Log) -> Result<u8, Failure> {
        match self {
            Self::Relay(command) => on_runtime(relay::run(*command, log)),
            Self::Send(command) => on_runtime(send::run(command)),
            Self::Receive(command) => on_runtime(receive::run(command)),
            Self::Resume(command) => on_runtime(resume::run(command)),
            Self::Transfers(command) => on_runtime(transfers::run(command)),
            Self::Terminate(command) => on_runtime(terminate::run(command)),
            Self::Inspect(command) => inspect::run(&command),
            Self::Conformance(command) => on_runtime(conformance::run(command)),
            Self::Demo(command) => on_runtime(demo::run(command)),
        }
    }
}

fn main() -> ExitCode {
    let given = environment::without_empty(Args::command()).get_matches();
    let Args { command } = Args::from_arg_matches(&given).unwrap_or_else(|error| error.exit());
    let is_relay = matches!(command, Command::Relay(_));
    bug::watch(is_relay);
    let log = Log::to(std::io::stderr());
    // A relay's settings say what its log is like.
    if !is_relay {
        log.begin(Form::default(), "error");
    }
    let output = command.output();
    let ended = command.run(&log);
    log.finish();
    match ended {
        Ok(code) => code.into(),
        Err(failure) => {
            let Failure { code, reason, .. } = failure;
            output.event(failure.transfer, &Event::Error { code, reason });
            failure.exit.into()
        }
    }
}

/// Runs a command on threads that are named after it; what it leaves behind is not waited for.
fn on_runtime<F>(work: F) -> Result<u8, Failure>
where
    F: Future<Output = Result<u8, Failure>>,
{
    let runtime = cpu::runtime(stats::PART, cpu::workers())
        .map_err(|error| Failure::new("internal", format!("no threads: {error}")))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

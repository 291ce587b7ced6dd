//! `tigress conformance`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use clap::Args;
use tigress::{Config, Error, HttpTransport as _, TransportError};
use tigress_conformance::{Client, Finding, Stopped, Suite, Verdict};
use tigress_mailbox::{HttpRequest, HttpResponse, TransportFailure, later};
use tigress_parts::meter::Meter;
use tokio::signal::unix::{SignalKind, signal};

use crate::checked::Checked;
use crate::exit::{self, DONE, FAILED, Failure};
use crate::options::{self, Reach};
use crate::output::{Event, Output};
use crate::told::Told;

/// Looks whether a relay does what the draft and this project's specification say, each rule by its section. It makes
/// a few mailboxes, which it deletes; under 80 small requests. Exit code 1 if the relay does otherwise.
#[derive(Args)]
pub(crate) struct Command {
    /// The relay: an origin, such as https://relay.example.
    url: String,
    #[command(flatten)]
    reach: Reach,
    /// One JSON object a line on stdout.
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        Output::new(self.json)
    }
}

pub(crate) async fn run(command: Command) -> Result<u8, Failure> {
    let relay = options::relay("URL", &command.url)?.to_string();
    let output = command.output();
    let config = Config {
        relay: Some(relay.clone()),
        // The relay is named, and naming one on this machine allows it.
        allow_loopback_http: true,
        extra_roots: command.reach.ca()?.iter().map(|ca| ca.0.to_vec()).collect(),
        ..Config::default()
    };
    let http = tigress::built_in_transport(&config)?;
    let patient = Patient {
        meter: Meter::new(http, command.reach.give_up_after),
        output,
        told: Mutex::default(),
    };
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|_| Failure::new("signal", "signals can't be handled"))?;
    let suite = Suite::new(&relay, &patient);
    let findings = tokio::select! {
        findings = suite.run() => findings.map_err(|stopped| patient.failure(&stopped))?,
        _ = interrupts.recv() => {
            // What it has made is deleted, unless it is asked once more.
            tokio::select! {
                () = suite.clean_up() => {}
                _ = interrupts.recv() => {}
            }
            return Ok(exit::INTERRUPTED);
        }
    };
    tell(output, &findings)
}

/// Each check, then their sum.
fn tell(output: Output, findings: &[Finding]) -> Result<u8, Failure> {
    let [mut passed, mut failed, mut skipped] = [0; 3];
    for finding in findings {
        match finding.verdict {
            Verdict::Passed => passed += 1,
            Verdict::Failed(_) => failed += 1,
            Verdict::Skipped(_) => skipped += 1,
        }
        output.result(None, &Event::Check(Checked::from(finding)))?;
    }
    output.note(format_args!(
        "\n{passed} passed, {failed} failed, {skipped} skipped"
    ));
    Ok(if failed == 0 { DONE } else { FAILED })
}

/// Tries on while the relay does not answer, or wants to be asked later, as for a transfer.
struct Patient {
    meter: Arc<Meter>,
    output: Output,
    /// What the user was told of why it does not answer.
    told: Mutex<Told>,
}

/// Pause before a request is tried again, and the longest for which a relay is left alone in one go.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// After this an answer that does not come is told.
const TELL: Duration = Duration::from_secs(2);

impl Patient {
    /// Why there are no findings.
    fn failure(&self, stopped: &Stopped) -> Failure {
        match stopped {
            Stopped::NoRelay(_) => Failure::new("no_relay", stopped.to_string()),
            Stopped::NoAnswer(kind @ TransportFailure::Untrusted) => {
                let reason = "its certificate is not to be trusted";
                Error::from(TransportError::new(*kind, reason)).into()
            }
            Stopped::NoAnswer(_) => Failure::no_answer(),
        }
    }

    fn tell(&self, trouble: Option<String>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.tell(self.output, trouble);
    }

    async fn try_on(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        loop {
            let (trouble, pause) = match self.ask(request).await {
                Err(error) if error.kind == TransportFailure::Untrusted => return Err(error.kind),
                Err(error) => (error.to_string(), PAUSE),
                Ok(answer) => {
                    // Another 5xx is an answer, to be judged.
                    let later = later(&answer).filter(|later| matches!(later.status, 429 | 503));
                    let Some(later) = later else {
                        self.tell(None);
                        return Ok(answer);
                    };
                    let pause = later.after.map_or(PAUSE, Duration::from_secs);
                    let trouble = format!("the relay wants to be asked later ({})", later.status);
                    (trouble, pause.clamp(PAUSE, LONGEST_PAUSE))
                }
            };
            self.tell(Some(trouble));
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut answer = std::pin::pin!(self.meter.send(request.clone()));
        let due = Duration::from_secs(request.wait) + TELL;
        match tokio::time::timeout(due, &mut answer).await {
            Ok(answer) => answer,
            Err(_) => {
                self.tell(Some("no answer from the relay".to_owned()));
                answer.await
            }
        }
    }
}

#[async_trait]
impl Client for Patient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportFailure> {
        tokio::select! {
            answer = self.try_on(&request) => answer,
            () = self.meter.silence() => Err(TransportFailure::TimedOut),
        }
    }

    async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

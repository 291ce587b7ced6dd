//! Each check can fail: a relay that breaks one rule fails exactly the checks that are about it. Ours, seen through a
//! proxy that changes one thing.

mod edits;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use tigress::{HttpTransport, TransportError};
use tigress_conformance::ALL;
use tigress_mailbox::{HttpRequest, HttpResponse, headers};
use tigress_testkit::TestClock;
use tokio::task::JoinSet;

use crate::over::{Ours, Over, failed, findings};
use edits::{edit, header, put};
use table::mutants;

/// Where the relay seems to be.
const FRONT: &str = "https://relay.example";

/// A proxy with a fault.
struct Mutant {
    relay: Arc<dyn HttpTransport>,
    origin: String,
    fault: Fault,
}

/// What it does to the requests and answers.
#[derive(Clone, Copy)]
enum Fault {
    None,
    /// Before the relay sees it.
    Asks(fn(&mut HttpRequest)),
    /// Before the suite sees it.
    Says(fn(&HttpRequest, &mut HttpResponse)),
    /// Both.
    Both(fn(&mut HttpRequest), fn(&HttpRequest, &mut HttpResponse)),
    /// No time passes.
    Frozen,
}

use Fault::{Asks, Both, Frozen, Says};

/// What a relay does wrong, by which fault, and the checks that must fail by it, in the order of all checks.
type Row = (&'static str, Fault, &'static [&'static str]);

#[async_trait]
impl HttpTransport for Mutant {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut changed = request.clone();
        if let Asks(change) | Both(change, _) = self.fault {
            change(&mut changed);
        }
        changed.url = changed.url.replace(FRONT, &self.origin);
        let mut response = self.relay.send(changed).await?;
        edit(&mut response, &self.origin, FRONT);
        if matches!(self.fault, Asks(_) | Both(..)) {
            // The change is nobody's business: the answer is to the request as it was.
            let id = header(&request, headers::REQUEST_ID).unwrap_or_default();
            put(&mut response, headers::REQUEST_ID, id);
        }
        if let Says(change) | Both(_, change) = self.fault {
            change(&request, &mut response);
        }
        Ok(response)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_breaks_a_rule_fails_exactly_the_checks_that_are_about_it() {
    let mut running = JoinSet::new();
    for row in mutants() {
        running.spawn(amiss(row));
    }
    let amiss: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));
}

/// What is not as it should be with such a relay.
async fn amiss((name, fault, expected): Row) -> Option<String> {
    let ours = Ours::in_memory().await;
    let front = Over {
        clock: match fault {
            Frozen => TestClock::start(),
            _ => ours.client.clock.clone(),
        },
        http: Arc::new(Mutant {
            relay: ours.client.http.clone(),
            origin: ours.running.url().to_owned(),
            fault,
        }),
    };
    let (findings, _) = findings(FRONT, &front).await;
    let failed = failed(&findings);
    (failed != expected).then(|| format!("a relay that {name} fails {failed:?}, not {expected:?}"))
}

#[test]
fn each_check_is_failed_by_some() {
    let failed: BTreeSet<_> = mutants()
        .iter()
        .flat_map(|(_, _, failed)| *failed)
        .copied()
        .collect();
    let all: BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
    assert_eq!(failed, all);
}

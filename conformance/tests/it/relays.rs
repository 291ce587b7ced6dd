//! Relays that keep the rules.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use tigress::{HttpTransport, TransportError};
use tigress_conformance::{ALL, MOST_REQUESTS, Source, Stopped, Suite, Verdict};
use tigress_mailbox::{HttpRequest, HttpResponse};
use tigress_testkit::{Exchanged, PlainRelay, Recorder, TestClock};

use crate::over::{Ours, Over, failed, findings};

/// What is not passed, with the reason.
fn not_passed(findings: &[tigress_conformance::Finding]) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for finding in findings {
        match &finding.verdict {
            Verdict::Passed => {}
            Verdict::Failed(why) => all.push((finding.check.name, format!("failed: {why}"))),
            Verdict::Skipped(why) => all.push((finding.check.name, why.clone())),
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn ours_passes_every_check_with_either_store() {
    for relay in [Ours::in_memory().await, Ours::in_a_file().await] {
        let (findings, requests) = findings(relay.running.url(), &relay.client).await;
        assert_eq!(findings.len(), ALL.len());
        let plain = "a relay on this machine, by plain http".to_owned();
        assert_eq!(not_passed(&findings), [("links-are-https", plain)]);
        assert!(requests <= MOST_REQUESTS, "{requests}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_of_the_draft_passes_what_the_draft_says_and_offers_nothing_more() {
    let clock = TestClock::start();
    let relay = Arc::new(PlainRelay::with_clock(clock.clone()));
    let client = Over {
        http: relay.clone(),
        clock,
    };
    let (findings, _) = findings(PlainRelay::ORIGIN, &client).await;
    assert_eq!(failed(&findings), [""; 0], "{:?}", not_passed(&findings));
    for finding in &findings {
        let name = finding.check.name;
        let is_offered =
            finding.check.source != Source::Addition || name == "answers-tell-the-relays-time";
        let is_plain_http = name == "links-are-https";
        assert_eq!(
            finding.verdict == Verdict::Passed,
            is_offered && !is_plain_http,
            "{finding:?}"
        );
    }
    assert_eq!(relay.mailboxes(), 0, "it deletes what it has made");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_requests_are_small() {
    let mut relay = Ours::in_memory().await;
    let recorder = Recorder::new(relay.client.http.clone());
    relay.client.http = recorder.clone();
    findings(relay.running.url(), &relay.client).await;
    let bytes = |one: &Exchanged| one.request.body.as_ref().map_or(0, Vec::len);
    let largest = recorder.log().iter().map(bytes).max();
    assert!(largest < Some(20 * 1024), "{largest:?}");
}

/// Answers everything with this status and body.
struct Always(u16, &'static str);

#[async_trait]
impl HttpTransport for Always {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse {
            status: self.0,
            headers: vec![(
                "content-type".to_owned(),
                "text/html; charset=utf-8".to_owned(),
            )],
            body: self.1.as_bytes().to_vec(),
        })
    }
}

#[tokio::test]
async fn what_is_no_relay_is_told_after_two_requests() {
    for (status, body) in [
        (200, "<html>"),
        (404, ""),
        (302, ""),
        (200, "{}"),
        (401, "{}"),
    ] {
        let client = Over {
            http: Arc::new(Always(status, body)),
            clock: TestClock::start(),
        };
        let suite = Suite::new("https://web.example", &client);
        let stopped = suite.run().await.unwrap_err();
        assert_eq!(stopped, Stopped::NoRelay(format!("{status}, text/html")));
        assert_eq!(suite.requests(), 2);
    }
}

#[test]
fn each_check_has_a_name_of_its_own() {
    let names: HashSet<_> = ALL.iter().map(|check| check.name).collect();
    assert_eq!(names.len(), ALL.len());
}

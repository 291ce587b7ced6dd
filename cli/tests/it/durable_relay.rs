//! `tigress relay` as a process that is killed: what it has answered, it still knows afterwards.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tigress::{Config, HttpTransport, TransportError, built_in_transport};
use tigress_mailbox::{HttpRequest, HttpResponse, Method};
use tokio::sync::mpsc;
use uuid::Uuid;

const WRITERS: u128 = 64;
const SENDER: u128 = 1 << 64;

struct Relay {
    process: Child,
    url: String,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(store: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tigress"));
    command.arg("relay").arg("--store").arg(store);
    command
}

fn start(store: &Path) -> Relay {
    let mut process = command(store)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = process.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let url = line
        .strip_prefix("listening on ")
        .unwrap()
        .trim()
        .to_owned();
    Relay { process, url }
}

/// One device's calls.
#[derive(Clone)]
struct Caller {
    http: Arc<dyn HttpTransport>,
    claim: u128,
}

impl Caller {
    fn new(n: u128) -> Self {
        let http = built_in_transport(&Config::default()).unwrap();
        let claim = SENDER + n;
        Self { http, claim }
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        request: u128,
        body: Option<Value>,
    ) -> Result<HttpResponse, TransportError> {
        let uuid = |n| Uuid::from_u128(n).to_string();
        let request = HttpRequest {
            method,
            url: url.to_owned(),
            headers: vec![
                ("mailbox-device-claim", uuid(self.claim)),
                ("mailbox-request-id", uuid(request)),
                ("content-type", "application/json".to_owned()),
            ],
            body: body.map(|body| body.to_string().into_bytes()),
            wait: 0,
            isolation: String::new(),
        };
        self.http.send(request).await
    }

    async fn create(&self, relay: &str) -> HttpResponse {
        let body = json!({
            "payload": {"type": "GSS_API", "data": "0"},
            "displayInformation": {"title": "t", "description": "d", "imageURL": ""},
        });
        let url = format!("{relay}/v1/m");
        self.call(Method::Post, &url, 1, Some(body)).await.unwrap()
    }

    async fn update(&self, url: &str, number: u128) -> Result<HttpResponse, TransportError> {
        let body = json!({"payload": {"type": "GSS_API", "data": number.to_string()}});
        self.call(Method::Put, url, 1_000 + number, Some(body))
            .await
    }

    async fn read(&self, url: &str) -> u128 {
        let answer = self.call(Method::Post, url, 2, None).await.unwrap();
        assert_eq!(answer.status, 200, "the mailbox is lost");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["payload"]["data"].as_str().unwrap().parse().unwrap()
    }
}

fn path_of(created: &HttpResponse) -> String {
    let body: Value = serde_json::from_slice(&created.body).unwrap();
    let url = body["urlLink"].as_str().unwrap();
    url[url.find("/v1/").unwrap()..].to_owned()
}

/// Writes numbers from `first` on until there is no answer; gives the last that was answered.
async fn write(caller: Caller, url: String, first: u128, told: mpsc::Sender<()>) -> u128 {
    let mut number = first;
    while let Ok(answer) = caller.update(&url, number).await {
        assert_eq!(answer.status, 200);
        let _ = told.send(()).await;
        number += 1;
    }
    number - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("mailboxes");
    let callers: Vec<Caller> = (0..WRITERS).map(Caller::new).collect();
    let mut relay = start(&store);
    let mut mailboxes = Vec::new();
    for caller in &callers {
        let created = caller.create(&relay.url).await;
        assert_eq!(created.status, 200);
        mailboxes.push((path_of(&created), 0));
    }
    for _ in 0..3 {
        let (told, mut answered) = mpsc::channel(1);
        let writing = callers
            .iter()
            .zip(&mailboxes)
            .map(|(caller, (path, last))| {
                let url = format!("{}{path}", relay.url);
                tokio::spawn(write(caller.clone(), url, last + 1, told.clone()))
            });
        let writing: Vec<_> = writing.collect();
        for _ in 0..1_500 {
            answered.recv().await.unwrap();
        }
        // SIGKILL, in the middle of it all.
        relay.process.kill().unwrap();
        // Its lock on the file ends with the process, not with the signal.
        relay.process.wait().unwrap();
        drop(answered);
        relay = start(&store);
        for (writer, (caller, (path, last))) in
            writing.into_iter().zip(callers.iter().zip(&mut mailboxes))
        {
            let acknowledged = writer.await.unwrap();
            let url = format!("{}{path}", relay.url);
            let kept = caller.read(&url).await;
            assert!(
                kept == acknowledged || kept == acknowledged + 1,
                "answered {acknowledged}, kept {kept}"
            );
            let repeated = caller.update(&url, kept).await.unwrap();
            assert_eq!(repeated.status, 201, "the request is remembered");
            let created = caller.create(&relay.url).await;
            assert_eq!((created.status, path_of(&created)), (201, path.clone()));
            *last = kept;
        }
    }
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_file_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("mailboxes");
    let _relay = start(&store);
    let said = refused(&command(&store).output().unwrap());
    assert!(
        said.contains("mailboxes is in use by another relay"),
        "{said}"
    );

    let diary = folder.path().join("diary");
    std::fs::write(&diary, "no database").unwrap();
    let said = refused(&command(&diary).output().unwrap());
    assert!(
        said.contains("diary is not a relay's store, or is damaged"),
        "{said}"
    );
    assert_eq!(std::fs::read(&diary).unwrap(), b"no database");
}

#[test]
fn without_a_path_the_file_is_in_the_users_state_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tigress"));
    command.arg("relay").env("XDG_STATE_HOME", folder.path());
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(
        folder.path().join("tigress/relay/mailboxes").is_file(),
        "{line}"
    );
}

//! What a proxy of the environment gets: nothing that is for this machine, and of the rest the relay's name only.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::common::{Desk, Process};

/// Listens as an HTTP proxy would, and tells the first line of whatever comes.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            let _ = BufReader::new(client).read_line(&mut line);
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    (address, told)
}

/// With the proxy in every variable that names one.
fn behind(mut command: Command, proxy: &str) -> Process {
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, proxy).env(name.to_lowercase(), proxy);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    Process::of(command)
}

#[test]
fn what_is_for_this_machine_never_goes_to_a_proxy() {
    let (desk, (address, told)) = (Desk::new(), proxy());
    desk.write("f", b"x");
    let relay = desk.relay();
    let words = ["send", "--json", "--relay", &relay.url, "f"];
    let mut sender = behind(desk.command(&words), &address);
    sender.until("invited");
    let words = ["send", "--json", "--relay", "https://127.0.0.1:1", "f"];
    let refused = behind(desk.command(&words), &address);
    assert!(told.recv_timeout(Duration::from_secs(3)).is_err());
    refused.kill();
    sender.kill();
}

/// Makes a mailbox whose sender is to be woken, and binds to it.
fn woken(relay: &str) {
    let ask = |path: &str, claim: u32, body: &str| {
        let mut stream = TcpStream::connect(relay).unwrap();
        let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
        let (claim, request) = (id(claim), id(7));
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\
             Mailbox-Device-Claim: {claim}\r\nMailbox-Request-ID: {request}\r\n\r\n{body}",
            body.len(),
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let body = serde_json::json!({
        "payload": {"type": "GSS_API", "data": "x"},
        "displayInformation": {"title": "", "description": "", "imageURL": ""},
        "notificationToken": {"type": "test", "tokenData": "x"},
    });
    let made = ask("/v1/m", 1, &body.to_string());
    let at = made.find("/v1/m/").unwrap();
    ask(&made[at..at + 42], 2, "");
}

#[test]
fn a_notification_goes_to_no_proxy() {
    let (desk, (address, proxied), (hook, told)) = (Desk::new(), proxy(), proxy());
    let words = ["relay", "--store", "memory", "--push-webhook-types", "test"];
    let mut command = desk.command(&words);
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    command.env("TIGRESS_PUSH_WEBHOOK_KEY", key);
    // Nor does it need authorities on this machine.
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env(name, desk.path("none"));
    }
    command.env("TIGRESS_PUSH_WEBHOOK_URL", format!("{hook}/wake"));
    let mut relay = behind(command, &address);
    let line = relay.line().unwrap();
    woken(line.strip_prefix("listening on http://").unwrap());
    let line = told.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(line, "POST /wake HTTP/1.1\r\n");
    assert!(proxied.try_recv().is_err());
    relay.kill();
}

#[test]
fn a_proxy_for_https_gets_the_relays_name_and_nothing_else() {
    let (desk, (address, told)) = (Desk::new(), proxy());
    desk.write("f", b"x");
    let words = ["send", "--json", "--relay", "https://relay.invalid", "f"];
    let sender = behind(desk.command(&words), &address);
    let line = told.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(line, "CONNECT relay.invalid:443 HTTP/1.1\r\n");
    sender.kill();
}

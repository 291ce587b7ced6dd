//! What a proxy of the environment gets: nothing that is for this machine, and of the rest the relay's name only.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
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

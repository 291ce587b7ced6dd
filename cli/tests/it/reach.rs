//! How a relay is reached: by which name, and under whose authority.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tigress_servers::Authority;

use crate::common::{Desk, Process, Relay, Signal, text};
use crate::words::{receive, receive_in, resume, send};

/// A relay with an authority of its own, whose certificate is in `ca.pem` and, as DER, in `ca.der`.
fn private_relay(desk: &Desk) -> Relay {
    let authority = Authority::new();
    let pair = authority.issue("127.0.0.1");
    desk.write("ca.pem", authority.pem().as_bytes());
    desk.write("ca.der", authority.der());
    desk.write("relay.pem", pair.certificate.as_bytes());
    desk.write("relay.key", pair.key.as_bytes());
    let mut process = desk.start(&[
        "relay",
        "--store",
        "memory",
        "--tls-cert",
        "relay.pem",
        "--tls-key",
        "relay.key",
    ]);
    let line = process.line().unwrap();
    let url = line.strip_prefix("listening on ").unwrap().to_owned();
    Relay { process, url }
}

#[test]
fn a_relay_with_its_own_authority_is_reached_by_naming_that() {
    let desk = Desk::new();
    let relay = private_relay(&desk);
    desk.write("key", b"the key");
    let mut sender = desk.start(&send(&relay.url, &["--ca", "ca.pem"]));
    let invited = sender.until("invited");
    let (id, url) = (text(&invited, "transfer"), text(&invited, "url"));
    // It is noted: what goes on needs it no more.
    sender.kill();
    std::fs::remove_file(desk.path("ca.pem")).unwrap();
    let sender = desk.start(&resume(&id, "s", &[]));
    let received = desk.run(&receive(
        &url,
        &relay.url,
        &["--ca", "ca.der", "--out", "got"],
    ));
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(desk.read("got"), b"the key");
    assert_eq!(sender.end().code, Some(0));
    let ended = desk.run(&["terminate", &id, "--state", "s", "--ca", "ca.der"]);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn one_relay_on_this_machine_has_several_names() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"the key");
    let port = relay.url.rsplit(':').next().unwrap();
    let localhost = format!("http://localhost:{port}");
    // Of this machine the same port by another name, on either side.
    for (at, (inviting, trusting)) in [
        (&localhost, &localhost),
        (&localhost, &relay.url),
        (&relay.url, &localhost),
    ]
    .into_iter()
    .enumerate()
    {
        let (sender, url) = desk.offer(inviting);
        assert!(
            url.starts_with(inviting),
            "what it was called is what it is called"
        );
        let state = format!("r{at}");
        let received = desk.run(&receive_in(
            &state,
            &url,
            trusting,
            &["--out", &format!("got{at}")],
        ));
        assert_eq!(received.code, Some(0), "{:?}", received.stdout);
        assert_eq!(sender.end().code, Some(0));
    }
    // Another port is another relay.
    let (_sender, url) = desk.offer(&relay.url);
    let other = "http://localhost:9";
    let refused = desk.run(&receive_in("x", &url, other, &[]));
    assert_eq!(refused.event("error")["code"], "untrusted_relay");
}

#[test]
fn a_relay_that_does_not_answer_is_told_while_it_is_tried_on() {
    let desk = Desk::new();
    desk.write("key", b"the key");
    let address = format!("127.0.0.1:{}", tigress_servers::free_port());
    let relay = format!("http://{address}");
    let words = send(&relay, &[]);
    let mut sender = desk.start(&words);
    sender.warns("no answer from the relay: can't connect; trying on");
    // There it is.
    let store = ["relay", "--store", "mailboxes", "--listen", &address];
    let mut first = desk.start(&store);
    first.line().unwrap();
    sender.warns("the relay answers again");
    let url = text(&sender.until("invited"), "url");
    // The same of a wait.
    first.kill();
    sender.warns("trying on");
    let mut second = desk.start(&store);
    second.line().unwrap();
    let words = receive(&url, &relay, &["--out", "got"]);
    assert_eq!(desk.run(&words).code, Some(0));
    let sent = sender.end();
    assert_eq!(sent.code, Some(0), "{:?}", sent.stdout);
    assert_eq!(desk.read("got"), b"the key");
}

/// A relay that wants to be asked in an hour, whatever it is asked; it counts how often it is.
fn busy_relay() -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 1 << 16]);
            let _ = tell.send(());
            let later = "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n";
            let _ = client.write_all(later.as_bytes());
        }
    });
    (url, asked)
}

#[test]
fn a_relay_that_wants_to_be_asked_later_is_told_once_and_asked_once() {
    let desk = Desk::new();
    desk.write("key", b"the key");
    let (relay, asked) = busy_relay();
    let link = format!(
        "{relay}/v1/m/2bba630e-519b-41ec-81d3-0242ac130003?v=a#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    );
    for words in [
        &["send", "key", "--relay", &relay][..],
        &["receive", "--yes", &link, "--relay-trust", &relay],
    ] {
        let more = ["--state", words[0], "--json", "--give-up-after", "3"];
        let ended = desk.run(&[words, &more].concat());
        assert_eq!(ended.code, Some(4), "{:?}", ended.stdout);
        let told = ended.stderr.matches("trying on").count();
        assert_eq!(told, 1, "{}", ended.stderr);
        assert_eq!(asked.try_iter().count(), 1);
    }
}

#[test]
fn an_untrusted_certificate_ends_it_at_once_and_says_so() {
    let desk = Desk::new();
    let relay = private_relay(&desk);
    desk.write("key", b"k");
    let words = send(&relay.url, &[]);
    // Tried on, it would last longer than any test.
    let refused = desk.run(&[&words[..], &["--give-up-after", "86400"]].concat());
    assert_eq!(refused.code, Some(3), "{:?}", refused.stdout);
    let error = refused.event("error");
    assert_eq!(error["code"], "untrusted_certificate");
    assert!(text(&error, "reason").contains("not from an authority that this device trusts"));
    // With it, the same transfer goes on.
    let id = text(&error, "transfer");
    let words = resume(&id, "s", &["--ca", "ca.pem"]);
    desk.start(&words).until("invited");
}

#[test]
fn a_process_that_was_stopped_goes_on() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"the key");
    let mut sender = desk.start(&send(&relay.url, &["--give-up-after", "0.5"]));
    let url = text(&sender.until("invited"), "url");
    sender.signal(Signal::STOP);
    let words = receive(
        &url,
        &relay.url,
        &["--out", "got", "--give-up-after", "0.5"],
    );
    let mut receiver = desk.start(&words);
    receiver.until("accepted");
    receiver.signal(Signal::STOP);
    // The relay, too: nothing is answered when the two come back.
    relay.process.signal(Signal::STOP);
    sender.signal(Signal::CONT);
    receiver.signal(Signal::CONT);
    relay.process.signal(Signal::CONT);
    for side in [receiver, sender] {
        let ended = side.end();
        assert_eq!(ended.code, Some(0), "{:?}", ended.stdout);
    }
}

#[test]
fn what_is_for_this_machine_goes_to_no_proxy() {
    let desk = Desk::new();
    desk.write("key", b"the key");
    let through = |words: &[&str]| {
        let mut command = desk.command(words);
        for name in [
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "all_proxy",
        ] {
            command.env(name, "http://127.0.0.1:9");
        }
        Process::of(command)
    };
    let mut sender = through(&["send", "key", "--state", "s", "--json"]);
    let relay = text(&sender.until("relay"), "url");
    let url = text(&sender.until("invited"), "url");
    let words = receive(&url, &relay, &["--out", "got"]);
    assert_eq!(through(&words).end().code, Some(0));
    assert_eq!(sender.end().code, Some(0));
    assert_eq!(through(&["demo"]).end().code, Some(0));
}

/// Stands before a relay, and may answer for it as a captive portal does.
#[derive(Clone, Default)]
struct Portal(Arc<Mutex<Between>>);

#[derive(Default)]
struct Between {
    is_shut: bool,
    /// Both ends of what it lets through.
    open: Vec<(TcpStream, TcpStream)>,
}

const ELSEWHERE: &[u8] =
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

impl Portal {
    fn before(desk: &Desk) -> (Self, Relay) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut process = desk.start(&["relay", "--store", "memory", "--public-url", &url]);
        let line = process.line().unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        let address = address.split(' ').next().unwrap().to_owned();
        let portal = Self::default();
        let clients = portal.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                clients.take(client, &address);
            }
        });
        (portal, Relay { process, url })
    }

    fn take(&self, mut client: TcpStream, relay: &str) {
        let mut between = self.0.lock().unwrap();
        if between.is_shut {
            let mut head = [0; 64 * 1024];
            let _ = client.read(&mut head);
            let _ = client.write_all(ELSEWHERE);
            return;
        }
        let relay = TcpStream::connect(relay).unwrap();
        for (from, to) in [(&client, &relay), (&relay, &client)] {
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        between.open.push((client, relay));
    }

    /// From now on it answers everything, also what the relay holds.
    fn shut(&self) {
        let mut between = self.0.lock().unwrap();
        between.is_shut = true;
        for (mut client, relay) in between.open.drain(..) {
            let _ = client.write_all(ELSEWHERE);
            let _ = relay.shutdown(Shutdown::Both);
        }
    }

    fn open(&self) {
        self.0.lock().unwrap().is_shut = false;
    }
}

#[test]
fn a_captive_portals_redirect_is_told_and_ends_no_transfer() {
    let desk = Desk::new();
    let (portal, relay) = Portal::before(&desk);
    desk.write("key", b"the key");
    let (sender, url) = desk.offer(&relay.url);
    portal.shut();
    sender.warns("redirects are not followed; trying on");
    portal.open();
    sender.warns("the relay answers again");
    let received = desk.run(&receive(&url, &relay.url, &["--out", "got"]));
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(desk.read("got"), b"the key");
    assert_eq!(sender.end().code, Some(0));
}

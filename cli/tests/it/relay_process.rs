//! `tigress relay` as a process: its log, its signals.

use std::io::{PipeReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::common::{Desk, Process, Signal};

/// An address that is free now.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// The answer to one request on a connection of its own.
fn ask(relay: SocketAddr) -> std::io::Result<String> {
    get(relay, "/healthz")
}

fn get(relay: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(relay)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Waits until it is there.
fn answers(relay: SocketAddr) -> bool {
    for _ in 0..400 {
        if let Ok(answer) = ask(relay) {
            return answer.starts_with("HTTP/1.1 200");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A relay whose stdout and stderr are one pipe, and that pipe's other end.
fn with_one_pipe(desk: &Desk, relay: SocketAddr, log: &str) -> (std::process::Child, PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let listen = relay.to_string();
    let mut command = desk.command(&["relay", "--store", "memory", "--listen", &listen]);
    command.env("RUST_LOG", log);
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    (command.spawn().unwrap(), reader)
}

#[test]
fn a_log_that_nobody_can_read_stops_nothing() {
    let (desk, relay) = (Desk::new(), free());
    let (mut process, reader) = with_one_pipe(&desk, relay, "info");
    drop(reader);
    for _ in 0..50 {
        assert!(answers(relay));
    }
    assert_eq!(process.try_wait().unwrap(), None);
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let (desk, relay) = (Desk::new(), free());
    let (mut process, reader) = with_one_pipe(&desk, relay, "trace");
    // More than a pipe holds.
    for _ in 0..1_000 {
        assert!(answers(relay));
    }
    assert_eq!(process.try_wait().unwrap(), None);
    rustix::process::kill_process(rustix::process::Pid::from_child(&process), Signal::TERM)
        .unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(0), "it ends as always");
    drop(reader);
}

/// What `TIGRESS_APP=${APP}` leaves where there is no app.
#[test]
fn a_variable_of_the_environment_that_is_empty_is_none() {
    let desk = Desk::new();
    let help = desk.run(&["relay", "--help"]).stdout.join("\n");
    let options = help.split("[env: ").skip(1).filter_map(|rest| {
        let name = rest.split(['=', ']']).next()?;
        name.starts_with("TIGRESS_").then(|| name.to_owned())
    });
    let limits = ["TIGRESS_LIMIT_BYTES", "TIGRESS_LIMIT_MAX_WAIT"];
    let others = limits.into_iter().chain(["TIGRESS_PUSH_WEBHOOK_KEY"]);
    let names: Vec<String> = options.chain(others.map(str::to_owned)).collect();
    assert!(names.len() > 25, "{names:?}");
    let printed = |names: &[String]| {
        let mut command = desk.command(&["relay", "--print-config"]);
        command.envs(names.iter().map(|name| (name, "")));
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{names:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    };
    let usual = printed(&[]);
    assert_eq!(printed(&names), usual);
    // Each by itself: two could hide each other.
    for name in &names {
        assert_eq!(printed(std::slice::from_ref(name)), usual, "{name}");
    }
}

/// Each line of a relay's log as JSON, also that it has lost some.
#[test]
fn a_log_as_json_is_an_object_in_each_line() {
    let desk = Desk::new();
    let file = desk.write("relay.toml", b"log = 'json'\nstore = 'memory'\n");
    let logged = |level: Option<&str>| {
        let mut command = desk.command(&["relay", "--config", file.to_str().unwrap()]);
        command.envs(level.map(|level| ("RUST_LOG", level)));
        let mut relay = Process::of(command);
        let line = relay.line().unwrap();
        let url = line.strip_prefix("listening on http://").unwrap();
        assert!(answers(url.parse().unwrap()));
        relay.signal(Signal::TERM);
        let ended = relay.end();
        let lines = ended.stderr.lines().map(serde_json::from_str::<Value>);
        lines.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let lines = logged(Some("info,tigress_relay=debug"));
    let started = &lines[0];
    assert_eq!(started["message"], "relay started");
    assert_eq!(
        (&started["level"], &started["store"]),
        (&"INFO".into(), &"memory".into())
    );
    let answered = lines.iter().find(|line| line["message"] == "answered");
    assert_eq!(answered.unwrap()["status"], 200);
    // When who asked for what is nobody's business who has not asked for it.
    let lines = logged(None);
    assert_eq!(lines[0]["message"], "relay started");
    let answered = lines.iter().find(|line| line["message"] == "answered");
    assert_eq!(answered, None);
}

#[test]
fn metrics_are_where_they_are_asked_for() {
    let desk = Desk::new();
    let mut command = desk.command(&["relay", "--store", "memory"]);
    command.env("TIGRESS_METRICS_LISTEN", "127.0.0.1:0");
    let mut relay = Process::of(command);
    assert!(relay.line().unwrap().starts_with("listening on "));
    let line = relay.line().unwrap();
    let url = line.strip_prefix("metrics on http://").unwrap();
    let address = url.strip_suffix("/metrics").unwrap().parse().unwrap();
    let answer = get(address, "/metrics").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("tigress_relay_log_lines_lost_total 0"),
        "{answer}"
    );
}

#[test]
fn a_hang_up_ends_and_forgets_nothing() {
    let desk = Desk::new();
    let relay = desk.relay();
    let address: SocketAddr = relay.url["http://".len()..].parse().unwrap();
    relay.process.signal(Signal::HUP);
    assert!(answers(address));
    relay.process.signal(Signal::TERM);
    let ended = Process::end(relay.process);
    assert_eq!(
        (ended.code, ended.stdout.len()),
        (Some(0), 1),
        "said once: {}",
        ended.stderr
    );
}

#[test]
fn a_store_that_is_no_address_is_told_without_its_password() {
    let desk = Desk::new();
    let mut command = desk.command(&["relay"]);
    command.env("TIGRESS_STORE", "redis+sentinel://:very-secret@127.0.0.1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("NAME-OF-THE-MASTER"), "{said}");
    assert!(!said.contains("very-secret"), "{said}");
}

#[test]
fn a_webhooks_key_is_taken_from_the_environment_and_shown_to_nobody() {
    let desk = Desk::new();
    let webhook = ["--push-webhook-types", "com.example.one,com.example.two"];
    let relay = |url: &str, more: &[&str]| {
        let mut command = desk.command(&["relay", "--store", "memory"]);
        command.args(webhook).args(more);
        command.env("TIGRESS_PUSH_WEBHOOK_URL", url);
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        command.env("TIGRESS_PUSH_WEBHOOK_KEY", key);
        command.output().unwrap()
    };
    let printed = relay("https://hook.example/", &["--print-config"]);
    let refused = relay("http://hook.example/", &[]);
    assert_eq!(printed.status.code(), Some(0));
    assert_eq!(refused.status.code(), Some(2));
    let printed = String::from_utf8([printed.stdout, refused.stderr].concat()).unwrap();
    let types = "webhook_types = [\"com.example.one\", \"com.example.two\"]";
    for said in [types, "a URL must be https, or of this machine"] {
        assert!(printed.contains(said), "{said}: {printed}");
    }
    assert!(!printed.contains("MfKQ9r8"), "{printed}");
}

#[test]
fn settings_come_from_the_line_the_environment_and_a_file_in_this_order() {
    let desk = Desk::new();
    let file = desk.path("relay.toml");
    std::fs::write(
        &file,
        "store = 'memory'\npublic_url = 'https://file.example'\n[limits]\nstreams = 3\nmax_wait = 30\npatience = 1\n",
    )
    .unwrap();
    let mut command = desk.command(&["relay", "--print-config", "--limit", "streams=5"]);
    command.env("TIGRESS_CONFIG", &file);
    command.env("TIGRESS_PUBLIC_URL", "https://environment.example");
    command.env("TIGRESS_LIMIT_STREAMS", "4");
    command.env("TIGRESS_LIMIT_MAX_WAIT", "40");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in [
        "store = \"memory\"",
        "public_url = \"https://environment.example\"",
        "listen = [\"127.0.0.1:0\"]",
        "streams = \"5\"",
        "max_wait = \"40\"",
        "patience = \"1\"",
        "burst = \"200,400,20000\"",
    ] {
        assert!(printed.lines().any(|one| one == line), "{line}: {printed}");
    }
}

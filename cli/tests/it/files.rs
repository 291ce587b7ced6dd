//! What is written where, and what never is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;

use crate::common::{Desk, Process, Signal, mode, text};
use crate::offer::Offer;
use crate::words::{receive, receive_in, resume, transfers};

#[test]
fn another_file_is_never_overwritten_without_force() {
    let offer = Offer::new();
    offer.desk.write("got", b"something else");
    let refused = offer.received(&["--out", "got"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.event("error")["code"], "file_exists");
    assert_eq!(offer.desk.read("got"), b"something else");
    let forced = offer.received(&["--out", "got", "--force"]);
    assert_eq!(forced.code, Some(0), "{:?}", forced.stdout);
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(mode(&offer.desk.path("got")), 0o600);
    assert_eq!(offer.sender.end().code, Some(0));
}

/// Makes one of each kind that is no regular file.
fn unlike_files(desk: &Desk) -> Vec<&'static str> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    desk.write("target", b"something else");
    std::fs::create_dir(desk.path("folder")).unwrap();
    symlink("target", desk.path("link")).unwrap();
    symlink("nowhere", desk.path("dangling")).unwrap();
    UnixListener::bind(desk.path("socket")).unwrap();
    let node = |name, kind, device| mknodat(CWD, desk.path(name), kind, Mode::RWXU, device);
    node("pipe", FileType::Fifo, 0).unwrap();
    symlink("pipe", desk.path("link-to-pipe")).unwrap();
    let mut all = vec![
        "folder",
        "link",
        "dangling",
        "socket",
        "pipe",
        "link-to-pipe",
    ];
    // As the privileged user alone: a null device, and a device is what must not be lost most.
    if node(
        "device",
        FileType::CharacterDevice,
        rustix::fs::makedev(1, 3),
    )
    .is_ok()
    {
        all.push("device");
    }
    all
}

#[test]
fn what_is_no_regular_file_is_never_replaced_nor_is_that_advised() {
    let offer = Offer::new();
    for name in unlike_files(&offer.desk) {
        let before = offer.desk.path(name).symlink_metadata().unwrap();
        for force in [&[][..], &["--force"]] {
            let received = offer.received(&[&["--out", name][..], force].concat());
            let words = [
                "send",
                "key",
                "--invitation",
                name,
                "--state",
                "s2",
                "--json",
            ];
            let sent = offer.desk.run(&[&words[..], force].concat());
            for refused in [received, sent] {
                assert_eq!(refused.code, Some(1), "{name}: {:?}", refused.stdout);
                let error = refused.event("error");
                assert_eq!(error["code"], "file");
                let reason = text(&error, "reason");
                assert!(reason.contains("never replaced"), "{reason}");
                assert!(!reason.contains("--force"), "{reason}");
            }
        }
        let after = offer.desk.path(name).symlink_metadata().unwrap();
        assert_eq!(after.ino(), before.ino(), "{name}");
    }
    assert_eq!(offer.desk.read("target"), b"something else");
    assert_eq!(offer.received(&["--out", "got"]).code, Some(0));
}

#[test]
fn a_pipe_that_appears_meanwhile_is_not_replaced_either() {
    let offer = Offer::new();
    offer.sender.signal(Signal::STOP);
    let words = offer.receive(&["--out", "got", "--force"]);
    let mut receiver = offer.desk.start(&words);
    receiver.until("accepted");
    unlike_files(&offer.desk);
    std::fs::rename(offer.desk.path("pipe"), offer.desk.path("got")).unwrap();
    offer.sender.signal(Signal::CONT);
    let refused = receiver.end();
    assert_eq!(refused.code, Some(1), "{:?}", refused.stdout);
    assert!(text(&refused.event("error"), "reason").contains("a named pipe"));
    let found = offer.desk.path("got").symlink_metadata().unwrap();
    assert!(!found.is_file());
    // It is not lost.
    let other = offer.received(&["--out", "other"]);
    assert_eq!(other.code, Some(0), "{:?}", other.stdout);
    assert_eq!(offer.desk.read("other"), b"the key");
}

#[test]
fn a_path_that_is_not_text_is_a_path_like_others() {
    let offer = Offer::new();
    let folder = offer.desk.path("").join(OsStr::from_bytes(b"V\xeddeos"));
    std::fs::create_dir(&folder).unwrap();
    let link = folder.join(OsStr::from_bytes(b"l\xednk"));
    std::fs::write(&link, &offer.url).unwrap();
    let mut command = offer.desk.command(&["receive", "--yes"]);
    command.arg(link.file_name().unwrap()).current_dir(&folder);
    command.args(["--relay-trust", &offer.relay.url, "--out", "o", "--json"]);
    command.arg("--state").arg(OsStr::from_bytes(b"st\xe4te"));
    let received = Process::of(command).end();
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(std::fs::read(folder.join("o")).unwrap(), b"the key");
    // The other side of it, and what is resumed.
    let mut command = offer.desk.command(&["send", "../key", "--json"]);
    command.current_dir(&folder);
    command.args([
        "--relay",
        &offer.relay.url,
        "--invitation",
        "i.tigress",
        "--out",
        "r",
    ]);
    let mut sender = Process::of(command);
    let id = text(&sender.until("invited"), "transfer");
    sender.kill();
    assert!(folder.join("i.tigress").is_file());
    let mut resumed = offer.desk.start(&["resume", &id, "--json", "--force"]);
    resumed.until("invited");
    let mut command = offer.desk.command(&["inspect"]);
    command.arg(folder.join("i.tigress"));
    assert_eq!(Process::of(command).end().code, Some(0));
}

#[test]
fn a_file_that_appears_meanwhile_loses_nothing() {
    let offer = Offer::new();
    // Noted before anything is received: the receiver is refused at the very end.
    let words = offer.receive(&["--out", "got"]);
    let mut receiver = offer.desk.start(&words);
    receiver.until("accepted");
    receiver.kill();
    offer.desk.write("got", b"something else");
    let refused = offer.received(&[]);
    assert_eq!(refused.code, Some(1), "{:?}", refused.stdout);
    let error = refused.event("error");
    assert_eq!(error["code"], "file_exists");
    let id = text(&error, "transfer");
    let resumed = offer.desk.run(&resume(&id, "r", &["--out", "other"]));
    assert_eq!(resumed.code, Some(0), "{:?}", resumed.stdout);
    assert_eq!(offer.desk.read("other"), b"the key");
    assert_eq!(offer.desk.read("got"), b"something else");
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn without_out_it_is_kept_sealed_until_a_file_is_named() {
    let offer = Offer::new();
    let received = offer.received(&[]);
    assert_eq!(received.code, Some(0));
    let event = received.event("credential_received");
    assert!(event["out"].is_null());
    for entry in std::fs::read_dir(offer.desk.path("r")).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!content.windows(7).any(|seven| seven == b"the key"));
    }
    let id = text(&event, "transfer");
    let resumed = offer.desk.run(&resume(&id, "r", &["--out", "got"]));
    assert_eq!(resumed.code, Some(0));
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(resumed.event("closed")["outcome"], "completed");
    // Once written, it is not kept any longer.
    let again = offer.desk.run(&resume(&id, "r", &["--out", "more"]));
    assert_eq!(again.code, Some(1));
    assert_eq!(again.event("error")["code"], "received_elsewhere");
    assert!(!offer.desk.path("more").exists());
}

#[test]
fn a_folder_that_is_not_there_is_told_before_anything_is_claimed() {
    let offer = Offer::new();
    for out in ["nowhere/got", "."] {
        let refused = offer.received(&["--out", out]);
        assert_eq!(
            (refused.code, &refused.event("error")["code"]),
            (Some(1), &"file".into())
        );
    }
    let words = receive_in("another", &offer.url, &offer.relay.url, &[]);
    assert_eq!(offer.desk.run(&words).code, Some(0));
}

#[test]
fn ended_transfers_can_be_forgotten_and_their_invitations_are_not() {
    let Offer {
        desk,
        relay,
        sender,
        url,
        ..
    } = Offer::new();
    let words = receive(&url, &relay.url, &[]);
    let received = desk.run(&words);
    assert_eq!(received.code, Some(0));
    let id = text(&received.event("closed"), "transfer");
    assert_eq!(sender.end().code, Some(0));
    let transfers = |state: &str, more: &[&str]| desk.run(&transfers(state, more));
    // Its content is there alone: forgotten only by name.
    assert_eq!(transfers("r", &["--ended"]).code, Some(0));
    assert_eq!(transfers("r", &[]).events().len(), 1);
    assert_eq!(transfers("r", &["--forget", &id]).code, Some(0));
    assert!(transfers("r", &[]).stdout.is_empty());
    assert_eq!(transfers("r", &["--forget", &id]).code, Some(1));
    // Its secret is used up here, whatever is forgotten.
    let again = desk.run(&words);
    assert_eq!(again.code, Some(3), "{:?}", again.stdout);
    assert_eq!(again.event("error")["code"], "already_used");
    // One that goes on stays, and so it does for its sender.
    let (_sender, _) = desk.offer(&relay.url);
    assert_eq!(transfers("s", &["--ended"]).code, Some(0));
    let left = transfers("s", &[]).events();
    assert_eq!((left.len(), &left[0]["state"]), (1, &"invited".into()));
    let refused = transfers("s", &["--forget", &text(&left[0], "transfer")]);
    assert_eq!(
        (refused.code, &refused.event("error")["code"]),
        (Some(1), &"not_ended".into())
    );
}

#[test]
fn what_a_kill_has_left_beside_a_file_is_gone_after_the_next_run() {
    let offer = Offer::new();
    let desk = &offer.desk;
    let left = desk.write(".tigress-aB3xY9.part", b"half of a k");
    let held = desk.write(".tigress-bC4yZ0.part", b"somebody is at it");
    let foreign = desk.write("tigress.part", b"the user's own");
    let link = desk.path(".tigress-cD5zA1.part");
    symlink(&foreign, &link).unwrap();
    let lock = std::fs::File::open(&held).unwrap();
    lock.lock().unwrap();
    assert_eq!(offer.received(&["--out", "got"]).code, Some(0));
    assert_eq!(desk.read("got"), b"the key");
    assert!(!left.exists(), "it is nobody's any more");
    for kept in [held, foreign, link] {
        assert!(kept.exists(), "{}", kept.display());
    }
    let names = std::fs::read_dir(desk.path(".")).unwrap();
    let parts = names.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".tigress-")
    });
    assert_eq!(parts.count(), 2, "and none is left by this one");
}

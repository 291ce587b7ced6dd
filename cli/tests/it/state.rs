//! The state folder: whose it is, where it is, and what is refused.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::common::{Desk, Ended, Process, mode, text};
use crate::words::{receive, resume, transfers};

fn with_home(desk: &Desk, words: &[&str], home: Option<&str>) -> Ended {
    let mut command = desk.command(words);
    command.env_remove("HOME");
    command.envs(home.map(|home| ("HOME", home)));
    Process::of(command).end()
}

#[test]
fn the_state_folder_has_its_own_key_for_its_user_alone() {
    let desk = Desk::new();
    desk.write("key", b"the key");
    let (sender, _) = desk.invited(&["key", "--state", "s"]);
    let key = desk.path("s/key");
    assert_eq!((mode(&key), mode(&desk.path("s"))), (0o600, 0o700));
    assert_eq!(std::fs::read(&key).unwrap().len(), 32);
    sender.kill();
    // Under another key nothing opens, and nothing is taken for lost.
    let list = || desk.run(&transfers("s", &[]));
    let id = text(&list().events()[0], "transfer");
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, [7; 32]).unwrap();
    let resumed = desk.run(&resume(&id, "s", &[]));
    assert_eq!(resumed.code, Some(1));
    std::fs::write(&key, right).unwrap();
    assert_eq!(text(&list().events()[0], "transfer"), id);
}

#[test]
fn without_state_the_users_own_folder_is_taken() {
    let desk = Desk::new();
    assert_eq!(desk.run(&["transfers"]).code, Some(0));
    assert_eq!(mode(&desk.path("home/.local/state/tigress/key")), 0o600);
    let mut command = desk.command(&["transfers"]);
    command.env("XDG_STATE_HOME", desk.path("xdg"));
    assert_eq!(Process::of(command).end().code, Some(0));
    assert!(desk.path("xdg/tigress/key").is_file());
    // As the XDG specification has it.
    let mut command = desk.command(&["transfers"]);
    command.env("XDG_STATE_HOME", "relative");
    assert_eq!(Process::of(command).end().code, Some(0));
    assert!(!desk.path("relative").exists());
}

#[test]
fn without_a_home_it_is_said_and_nothing_is_written() {
    let desk = Desk::new();
    desk.write("f", b"f");
    for home in [None, Some(""), Some("relative"), Some(".")] {
        for words in [&["transfers"][..], &["send", "f"], &["relay"]] {
            let refused = with_home(&desk, words, home);
            assert_eq!(refused.code, Some(2), "{words:?} {home:?}");
            assert!(
                refused.stderr.contains("there is no home folder"),
                "{}",
                refused.stderr
            );
        }
    }
    let left: Vec<_> = std::fs::read_dir(desk.path("")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_state_folder_that_can_not_be_is_told_with_the_reason() {
    let desk = Desk::new();
    desk.write("f", b"f");
    for words in [
        &["send", "f", "--state", "f"][..],
        &["transfers", "--state", "f"],
    ] {
        let refused = desk.run(words);
        assert_eq!(refused.code, Some(1), "{words:?}: {}", refused.stderr);
        assert!(
            refused.stderr.starts_with("tigress: the state folder f: "),
            "{}",
            refused.stderr
        );
    }
    let nowhere = with_home(&desk, &["send", "f"], Some("/proc/nope"));
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains("/proc/nope"), "{}", nowhere.stderr);
    assert_eq!(desk.run(&["transfers", "--state", ""]).code, Some(2));
}

#[test]
fn where_others_may_write_nothing_is_used() {
    let desk = Desk::new();
    for mode in [0o720, 0o702, 0o1777] {
        let folder = desk.path(&format!("{mode:o}"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::write(folder.join("key"), [7; 32]).unwrap();
        let refused = desk.run(&["transfers", "--state", folder.to_str().unwrap()]);
        assert_eq!(refused.code, Some(1), "{mode:o}");
        assert!(
            refused.stderr.contains("others may write in it"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn a_planted_key_is_not_taken() {
    let desk = Desk::new();
    desk.write("theirs", &[7; 32]);
    let refused = |reason: &str| {
        let refused = desk.run(&["transfers", "--state", "s"]);
        assert_eq!(refused.code, Some(1), "{reason}");
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        std::fs::remove_file(desk.path("s/key")).unwrap();
    };
    assert_eq!(desk.run(&["transfers", "--state", "s"]).code, Some(0));
    std::fs::remove_file(desk.path("s/key")).unwrap();
    symlink("../theirs", desk.path("s/key")).unwrap();
    refused("its key is a link");
    // Made by the command, it would be another file than it seems.
    symlink("../nowhere", desk.path("s/key")).unwrap();
    refused("its key is a link");
    assert!(!desk.path("nowhere").exists());
    desk.write("s/key", &[7; 32]);
    std::fs::set_permissions(desk.path("s/key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    refused("others may read or write its key");
    let pipe = desk.path("s/key");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    refused("its key is no file");
}

#[test]
fn many_processes_share_a_folder_from_the_first_on() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"the key");
    let words = [
        "send", "key", "--relay", &relay.url, "--state", "both", "--json",
    ];
    let mut senders: Vec<_> = (0..8).map(|_| desk.start(&words)).collect();
    let ids: Vec<_> = senders
        .iter_mut()
        .map(|sender| text(&sender.until("invited"), "transfer"))
        .collect();
    let listed = desk.run(&transfers("both", &[]));
    let listed: Vec<_> = listed
        .events()
        .iter()
        .map(|event| text(event, "transfer"))
        .collect();
    assert!(ids.iter().all(|id| listed.contains(id)) && listed.len() == ids.len());
}

/// Two commands that receive the same at once, each with `more` words of its own; how each has ended.
fn two_receive(desk: &Desk, more: [&[&str]; 2]) -> [Option<i32>; 2] {
    let relay = desk.relay();
    desk.write("key", b"the key");
    let (sender, url) = desk.offer(&relay.url);
    let both = more.map(|more| desk.start(&receive(&url, &relay.url, more)));
    let codes = both.map(|receiver| receiver.end().code);
    assert_eq!(sender.end().code, Some(0));
    codes
}

#[test]
fn two_that_receive_the_same_into_the_same_place_both_have_it() {
    let desk = Desk::new();
    let codes = two_receive(&desk, [&["--out", "got"]; 2]);
    assert_eq!(codes, [Some(0); 2]);
    assert_eq!(desk.read("got"), b"the key");
}

#[test]
fn of_two_with_places_of_their_own_whoever_says_so_has_it() {
    let desk = Desk::new();
    let codes = two_receive(&desk, [&["--out", "one"], &["--out", "other"]]);
    assert!(codes.contains(&Some(0)));
    for (code, place) in codes.into_iter().zip(["one", "other"]) {
        assert_eq!(
            code == Some(0),
            desk.path(place).exists(),
            "{place}: {codes:?}"
        );
    }
}

#[test]
fn who_receives_what_was_received_elsewhere_is_told_so() {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"the key");
    let (sender, url) = desk.offer(&relay.url);
    let receive = |out: &str| desk.run(&receive(&url, &relay.url, &["--out", out]));
    assert_eq!(receive("one").code, Some(0));
    assert_eq!(sender.end().code, Some(0));
    assert_eq!(receive("one").code, Some(0), "it is still there");
    let late = receive("other");
    assert_eq!(text(&late.event("error"), "code"), "received_elsewhere");
    assert_eq!(late.code, Some(1));
    assert!(!desk.path("other").exists());
}

#[test]
fn of_two_without_a_place_neither_loses_it() {
    let desk = Desk::new();
    let codes = two_receive(&desk, [&[], &[]]);
    assert_eq!(codes, [Some(0); 2]);
    let listed = desk.run(&transfers("r", &[]));
    let id = text(&listed.events()[0], "transfer");
    let resumed = desk.run(&resume(&id, "r", &["--out", "got"]));
    assert_eq!(resumed.code, Some(0));
    assert_eq!(desk.read("got"), b"the key");
}

//! A user at a terminal: the PIN is asked there, typed unseen, and however the command ends, the terminal is as before.

use crate::common::terminal::Terminal;
use crate::common::{Desk, Signal};
use crate::offer::Offer;
use crate::words::{receive_in, send, spoken};

/// A receiver at the question.
fn asked(offer: &Offer) -> Terminal {
    let words = spoken(offer.receive(&["--out", "got"]));
    let mut terminal = Terminal::run(&offer.desk, &words);
    terminal.until("PIN: ");
    assert!(!terminal.echoes());
    terminal
}

#[test]
fn the_pin_is_asked_on_the_terminal_when_the_link_comes_from_stdin() {
    let offer = Offer::with_pin();
    let line =
        "printf %s \"$LINK\" | $TIGRESS receive - --yes --relay-trust $RELAY --state r --out got";
    let environment = [("LINK", &*offer.url), ("RELAY", &*offer.relay.url)];
    let mut terminal = Terminal::shell(&offer.desk, line, &environment);
    terminal.until("PIN: ");
    assert!(!terminal.echoes());
    terminal.types(&offer.pin);
    assert_eq!(terminal.end(), Ok(0), "{}", terminal.shown);
    assert!(terminal.echoes());
    assert!(!terminal.shown.contains(&offer.pin));
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(offer.sender.end().code, Some(0));
}

/// A receiver at the question whether to take what is offered.
fn offered(offer: &Offer, more: &[&str]) -> Terminal {
    let mut words = spoken(offer.receive(more));
    words.retain(|word| *word != "--yes");
    let mut terminal = Terminal::run(&offer.desk, &words);
    terminal.until("[y/N] ");
    terminal
}

#[test]
fn nothing_is_taken_before_the_user_says_so_and_the_pin_is_asked_after_that() {
    let offer = Offer::with_pin();
    let mut terminal = offered(&offer, &["--out", "got"]);
    assert!(terminal.echoes() && !terminal.shown.contains("PIN: "));
    terminal.types("y");
    terminal.until("PIN: ");
    terminal.types(&offer.pin);
    assert_eq!(terminal.end(), Ok(0), "{}", terminal.shown);
    assert_eq!(offer.desk.read("got"), b"the key");
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn what_is_no_yes_gives_the_invitation_back() {
    let offer = Offer::new();
    for answer in ["", "n", "perhaps"] {
        let mut terminal = offered(&offer, &["--out", "got"]);
        terminal.types(answer);
        assert_eq!(terminal.end(), Ok(3), "{}", terminal.shown);
    }
    let received = offer.received(&["--out", "got"]);
    assert_eq!(received.code, Some(0), "{:?}", received.stdout);
    assert_eq!(offer.sender.end().code, Some(0));
}

#[test]
fn a_kill_at_the_question_leaves_it_asked() {
    let offer = Offer::new();
    let mut terminal = offered(&offer, &["--out", "got"]);
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.end(), Err(Signal::KILL.as_raw()));
    let words = crate::words::transfers("r", &[]);
    let listed = offer.desk.run(&words).event("transfer");
    assert_eq!(listed["state"], "offered");
    // Nobody is there to ask, and nobody has said yes.
    let id = crate::common::text(&listed, "transfer");
    let resumed = offer.desk.run(&crate::words::resume(&id, "r", &[]));
    assert_eq!(resumed.code, Some(2), "{:?}", resumed.stdout);
    assert_eq!(resumed.event("error")["code"], "not_confirmed");
    let resumed = offer.desk.run(&crate::words::resume(&id, "r", &["--yes"]));
    assert_eq!(resumed.code, Some(0), "{:?}", resumed.stdout);
    assert_eq!(offer.desk.read("got"), b"the key");
}

#[test]
fn what_is_no_pin_is_asked_again_and_costs_no_try() {
    let offer = Offer::with_pin();
    let mut terminal = asked(&offer);
    terminal.types("sesame");
    terminal.until("PIN: ");
    terminal.types(&offer.pin);
    assert_eq!(terminal.end(), Ok(0), "{}", terminal.shown);
    assert!(!terminal.shown.contains("tries left"));
}

#[test]
fn a_signal_at_the_question_ends_the_command_as_ever_and_leaves_the_terminal_as_it_was() {
    let offer = Offer::with_pin();
    for signal in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        let mut terminal = asked(&offer);
        terminal.signal(signal);
        assert_eq!(terminal.end(), Err(signal.as_raw()), "{}", terminal.shown);
        assert!(terminal.echoes(), "{signal:?}");
    }
    // Nothing was lost by it.
    let mut terminal = asked(&offer);
    terminal.types(&offer.pin);
    assert_eq!(terminal.end(), Ok(0), "{}", terminal.shown);
    assert!(terminal.echoes());
}

#[test]
fn ctrl_c_at_the_question_gives_the_invitation_back() {
    let offer = Offer::with_pin();
    let mut terminal = asked(&offer);
    terminal.signal(Signal::INT);
    assert_eq!(terminal.end(), Ok(130), "{}", terminal.shown);
    assert!(terminal.echoes());
    let words = receive_in(
        "other",
        &offer.url,
        &offer.relay.url,
        &["--pin", &offer.pin],
    );
    assert_eq!(offer.desk.run(&words).code, Some(0));
}

#[test]
fn stopped_at_the_question_the_terminal_is_the_shells_and_then_it_is_asked_again() {
    let offer = Offer::with_pin();
    let mut terminal = asked(&offer);
    terminal.signal(Signal::TSTP);
    terminal.stopped();
    assert!(terminal.echoes());
    terminal.signal(Signal::CONT);
    terminal.until("PIN: ");
    assert!(!terminal.echoes());
    // Nobody can see this one coming; what the shell sets meanwhile is set back.
    terminal.signal(Signal::STOP);
    terminal.stopped();
    terminal.set_echo();
    terminal.signal(Signal::CONT);
    terminal.until("PIN: ");
    assert!(!terminal.echoes());
    terminal.types(&offer.pin);
    assert_eq!(terminal.end(), Ok(0), "{}", terminal.shown);
    assert!(terminal.echoes());
    assert!(!terminal.shown.contains(&offer.pin));
}

/// A shell with job control runs this line, in which `RECEIVE` asks for the PIN.
fn job(offer: &Offer, line: &str) -> Terminal {
    let receive = "$TIGRESS receive $LINK --yes --relay-trust $RELAY --state r --out got";
    let line = format!("set -m; {}", line.replace("RECEIVE", receive));
    let environment = [("LINK", &*offer.url), ("RELAY", &*offer.relay.url)];
    Terminal::shell(&offer.desk, &line, &environment)
}

/// Ends a job that is stopped: it goes on with the signal before it. Waiting for a job is over when it is stopped, too.
const KILL: &str = "kill -TERM %1; bg; wait %1; echo job: $?.";

#[test]
fn a_job_that_was_stopped_at_the_question_ends_when_it_is_killed_in_the_background() {
    let offer = Offer::with_pin();
    let mut terminal = job(&offer, &format!("RECEIVE; {KILL}"));
    terminal.until("PIN: ");
    terminal.presses_ctrl_z();
    terminal.until("job: ");
    assert_eq!(terminal.end(), Ok(0));
    assert!(terminal.shown.contains("job: 143."), "{}", terminal.shown);
    assert!(terminal.echoes());
}

#[test]
fn a_job_in_the_background_leaves_the_terminal_alone_and_ends_when_it_is_killed() {
    let offer = Offer::with_pin();
    let mut terminal = job(&offer, &format!("RECEIVE & wait %1; bg; wait %1; {KILL}"));
    terminal.until("job: ");
    assert_eq!(terminal.end(), Ok(0));
    assert!(terminal.shown.contains("job: 143."), "{}", terminal.shown);
    assert!(!terminal.shown.contains("PIN: "), "{}", terminal.shown);
    assert!(terminal.echoes());
}

#[test]
fn a_job_that_comes_from_the_background_asks_then() {
    let offer = Offer::with_pin();
    let mut terminal = job(&offer, "RECEIVE & wait %1; fg; echo job: $?.");
    terminal.until("PIN: ");
    assert!(!terminal.echoes());
    terminal.types(&offer.pin);
    terminal.until("job: ");
    assert_eq!(terminal.end(), Ok(0));
    assert!(terminal.shown.contains("job: 0."), "{}", terminal.shown);
    assert!(terminal.echoes());
    assert!(!terminal.shown.contains(&offer.pin));
}

#[test]
fn after_the_question_signals_end_and_stop_it_as_before() {
    let offer = Offer::with_pin();
    offer.sender.signal(Signal::STOP);
    let mut terminal = asked(&offer);
    terminal.types(&offer.pin);
    // Answered, and nobody is there to go on.
    terminal.until("\n");
    terminal.signal(Signal::TSTP);
    terminal.stopped();
    terminal.signal(Signal::CONT);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end(), Err(Signal::TERM.as_raw()));
    assert!(terminal.echoes());
}

#[test]
fn a_sender_that_cancels_ends_the_question() {
    let offer = Offer::with_pin();
    let mut terminal = asked(&offer);
    offer.sender.signal(Signal::INT);
    // The mailbox is gone: more is not known here before the two are connected.
    terminal.until("ended: unconfirmed");
    assert_eq!(terminal.end(), Ok(1), "{}", terminal.shown);
    assert!(terminal.echoes());
}

/// Rows that a terminal of 80 columns needs for what was shown, and whether there is a QR code.
fn rows(shown: &str) -> (usize, bool) {
    let plain = |line: &str| -> usize {
        let mut pieces = line.trim_end_matches('\r').split('\u{1b}');
        let first = pieces.next().unwrap_or_default().chars().count();
        let rest = pieces.map(|piece| {
            piece
                .split_once('m')
                .map_or(0, |(_, rest)| rest.chars().count())
        });
        first + rest.sum::<usize>()
    };
    let rows = shown.lines().map(|line| plain(line).div_ceil(80).max(1));
    (rows.sum(), shown.contains('▀'))
}

/// What a sender shows before anybody answers.
fn invitation(environment: &[(&str, &str)], more: &[&str]) -> String {
    let desk = Desk::new();
    let relay = desk.relay();
    desk.write("key", b"k");
    let words = spoken(send(&relay.url, &[&["--pin"], more].concat()));
    let mut terminal = Terminal::run_in(&desk, &words, environment);
    terminal.until("transfer:");
    terminal.signal(Signal::INT);
    terminal.end().unwrap_or_else(|signal| panic!("{signal}"));
    let (invitation, _) = terminal.shown.split_once("ending the transfer").unwrap();
    invitation.to_owned()
}

#[test]
fn the_qr_code_with_all_its_text_fits_a_terminal_of_24_rows() {
    for more in [&[][..], &["--qr", "always"]] {
        let shown = invitation(&[("TERM", "xterm")], more);
        let (rows, is_code) = rows(&shown);
        assert!(is_code && rows <= 24, "{rows} rows:\n{shown}");
    }
}

#[test]
fn without_colours_or_wish_there_is_no_qr_code_and_how_to_get_one_is_said() {
    for environment in [
        &[("TERM", "dumb")][..],
        &[("TERM", "xterm"), ("NO_COLOR", "1")],
    ] {
        let shown = invitation(environment, &[]);
        assert!(!rows(&shown).1 && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains("--qr always"), "{shown}");
        assert!(rows(&invitation(environment, &["--qr", "always"])).1);
    }
    let shown = invitation(&[("TERM", "xterm")], &["--qr", "never"]);
    assert!(!rows(&shown).1 && !shown.contains("--qr"), "{shown}");
}

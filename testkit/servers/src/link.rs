//! A line between a client and a server that can be cut, in one direction or both, without anybody being told, as in a
//! partition; or slow. What was sent meanwhile arrives when it heals, as TCP would send it again.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Nothing passes.
    Cut,
    /// What the client says arrives; of what the server says, so many pieces more.
    Deaf(usize),
    /// Each piece takes so long.
    Slow(Duration),
}

/// A port of its own, behind which a server on another port is reached.
pub struct Link {
    port: u16,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Link {
    /// To a server on this port of the machine.
    #[must_use]
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new((Mutex::new(State::Whole), Condvar::new()));
        let state = Arc::clone(&shared);
        // It ends with the process of the test.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || carry(client, server, &state));
            }
        });
        Self { port, shared }
    }

    /// The port that leads to the server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing passes, and nobody is told.
    pub fn cut(&self) {
        self.set(State::Cut);
    }

    /// After so many pieces more the server hears, and is not heard.
    pub fn cut_answers_after(&self, pieces: usize) {
        self.set(State::Deaf(pieces));
    }

    /// From now on each piece takes so long, each way.
    pub fn slow(&self, pause: Duration) {
        self.set(State::Slow(pause));
    }

    /// Whole again.
    pub fn heal(&self) {
        self.set(State::Whole);
    }

    fn set(&self, state: State) {
        *self.shared.0.lock().unwrap() = state;
        self.shared.1.notify_all();
    }
}

/// Both directions of one connection.
fn carry(client: TcpStream, server: u16, state: &Arc<(Mutex<State>, Condvar)>) {
    // A connection that begins while it is cut is not answered either.
    pass(state, false);
    let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else {
        return;
    };
    let [from, to] = [&client, &upstream].map(|end| end.try_clone().unwrap());
    let back = Arc::clone(state);
    thread::spawn(move || pump(upstream, client, &back, true));
    pump(from, to, state, false);
}

fn pump(mut from: TcpStream, mut to: TcpStream, state: &(Mutex<State>, Condvar), answers: bool) {
    let mut piece = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        pass(state, answers);
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    // An end is news too.
    pass(state, answers);
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}

/// Waits until a piece may pass.
fn pass((state, changed): &(Mutex<State>, Condvar), answers: bool) {
    let state = state.lock().unwrap();
    let mut state = changed
        .wait_while(state, |state| match state {
            State::Cut => true,
            State::Deaf(left) => answers && *left == 0,
            _ => false,
        })
        .unwrap();
    match &mut *state {
        State::Deaf(left) if answers => *left -= 1,
        State::Slow(pause) => {
            let pause = *pause;
            drop(state);
            thread::sleep(pause);
        }
        _ => {}
    }
}

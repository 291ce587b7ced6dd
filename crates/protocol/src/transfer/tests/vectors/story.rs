//! The worked transfer, envelope by envelope.

use super::*;

/// The keys and tokens that this goes on from.
pub(super) struct Worked(pub(super) Value);

impl Worked {
    pub(super) fn load() -> Self {
        Self(serde_json::from_str(&read(KEYS)).unwrap())
    }

    pub(super) fn find(&self, table: &str, name: &str) -> Vec<u8> {
        let mut rows = self.0[table].as_array().unwrap().iter();
        let row = rows.find(|row| row["name"] == name);
        hex::decode(row.expect(name)["out"].as_str().unwrap()).unwrap()
    }

    pub(super) fn key(&self, name: &str) -> Secret<32> {
        Secret::from_slice(&self.find("keys", name)).unwrap()
    }

    pub(super) fn token(&self, name: &str) -> Vec<u8> {
        self.find("tokens", name)
    }

    pub(super) fn origin(&self) -> RelayOrigin {
        RelayOrigin::parse(self.0["inputs"]["relay origin"].as_str().unwrap()).unwrap()
    }
}

/// An envelope of the vectors: who writes it, with or without its tokens, and whether it aborts.
pub(super) struct Step<'a> {
    pub(super) name: &'a str,
    pub(super) side: Side,
    pub(super) window: &'a Window,
    pub(super) mic: Option<&'a Secret<32>>,
    pub(super) silent: bool,
    pub(super) abort: Option<Vec<u8>>,
    /// What it ends the transfer with, at whom.
    pub(super) ends: Option<&'a str>,
}

impl<'a> Step<'a> {
    /// One that ends nothing.
    pub(super) fn plain(
        name: &'a str,
        side: Side,
        window: &'a Window,
        mic: Option<&'a Secret<32>>,
    ) -> Self {
        Self {
            name,
            side,
            window,
            mic,
            silent: false,
            abort: None,
            ends: None,
        }
    }

    pub(super) fn row(self) -> Value {
        let mut fields = self.window.fields(self.side, self.silent);
        fields.abort = self.abort;
        let data = fields.encode(|body| self.mic.map(|key| crypto::hmac(key, &[body])));
        let envelope = Envelope::decode(&data).unwrap();
        assert_eq!(envelope.fields(), Some(fields));
        json!({
            "name": self.name,
            "ends": self.ends,
            "body": hex::encode(&envelope.body),
            "mic": envelope.mic.map(hex::encode),
            "data": data,
        })
    }
}

/// The two windows after each of the tokens that establish the context, and the keys of their MICs.
pub(super) struct Story {
    pub(super) keys: [Secret<32>; 2],
    /// Token 2 taken, token 3 not made.
    pub(super) answered: [Window; 2],
    /// Token 3 not acknowledged.
    pub(super) confirming: [Window; 2],
    /// Both established.
    pub(super) established: [Window; 2],
}

impl Story {
    pub(super) fn tell(worked: &Worked) -> (Self, Vec<Value>) {
        let keys = [worked.key("K_env[i]"), worked.key("K_env[a]")];
        let [one, two, three] = ["01 01", "01 02", "01 03"].map(|id| worked.token(id));
        let (mut sender, mut receiver) = (Window::default(), Window::default());
        sender.push(one.clone()).unwrap();
        let mut rows = vec![Step::plain("token 1, without MIC", Side::Sender, &sender, None).row()];
        receiver.take(&one);
        receiver.push(two.clone()).unwrap();
        rows.push(Step::plain("token 2", Side::Receiver, &receiver, Some(&keys[1])).row());
        let says = receiver.fields(Side::Receiver, false);
        sender.acknowledge(&says).unwrap();
        sender.take(&two);
        let answered = [sender.clone(), receiver.clone()];
        sender.push(three.clone()).unwrap();
        rows.push(Step::plain("token 3", Side::Sender, &sender, Some(&keys[0])).row());
        let confirming = [sender.clone(), receiver.clone()];
        let says = sender.fields(Side::Sender, false);
        receiver.acknowledge(&says).unwrap();
        receiver.take(&three);
        let says = receiver.fields(Side::Receiver, true);
        sender.acknowledge(&says).unwrap();
        let story = Self {
            keys,
            answered,
            confirming,
            established: [sender, receiver],
        };
        (story, rows)
    }

    pub(super) fn step<'a>(
        &'a self,
        name: &'a str,
        side: Side,
        window: &'a Window,
        ends: &'a str,
    ) -> Step<'a> {
        let mic = &self.keys[usize::from(side == Side::Receiver)];
        Step {
            ends: Some(ends),
            ..Step::plain(name, side, window, Some(mic))
        }
    }

    /// By deletions, after the establishment.
    pub(super) fn deletions(&self, worked: &Worked) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut ends = |name, side: Side, id, ends| {
            let mut window = self.established[usize::from(side == Side::Receiver)].clone();
            let token = worked.token(id);
            window.push_last(token.clone()).unwrap();
            rows.push(self.step(name, side, &window, ends).row());
            token
        };
        let done = ends(
            "deletion: done",
            Side::Receiver,
            "02 03 [a], done",
            "the sender: completed",
        );
        ends(
            "deletion: declined",
            Side::Receiver,
            "02 03 [a], declined",
            "the sender: declined",
        );
        ends(
            "deletion: cancelled",
            Side::Sender,
            "02 03 [i], cancelled",
            "the receiver: cancelled",
        );
        let unknown = "the receiver: failed, code 18446744073709551615";
        ends(
            "deletion: another code",
            Side::Sender,
            "02 03 [i], 2^64 - 1",
            unknown,
        );
        rows.extend(self.acknowledgements(worked, &done));
        rows
    }

    /// What the sender writes when it has read the receiver's deletion.
    fn acknowledgements(&self, worked: &Worked, done: &[u8]) -> Vec<Value> {
        let mut rows = Vec::new();
        let [sender, _] = &self.established;
        let mut window = sender.clone();
        window.take(done);
        let name = "acknowledging the deletion done";
        let step = self.step(name, Side::Sender, &window, "the receiver: completed");
        rows.push(
            Step {
                silent: true,
                ..step
            }
            .row(),
        );
        let mut window = sender.clone();
        window.push(worked.token("02 01 sealed [i]")).unwrap();
        window.take(done);
        let name = "acknowledging it with a message unacknowledged, whose base stays (the sender: unconfirmed)";
        let step = self.step(name, Side::Sender, &window, "the receiver: completed");
        rows.push(
            Step {
                silent: true,
                ..step
            }
            .row(),
        );
        let mut window = sender.clone();
        window
            .push_last(worked.token("02 03 [i], cancelled"))
            .unwrap();
        window.take(done);
        let name = "crossing deletions, done and cancelled";
        rows.push(
            self.step(name, Side::Sender, &window, "the receiver: completed")
                .row(),
        );
        rows
    }

    /// By aborts, each in the envelope of who aborts or answers.
    pub(super) fn aborts(&self, worked: &Worked) -> Vec<Value> {
        let abort = |name, side, window, silent, id, ends| {
            let step = self.step(name, side, window, ends);
            let abort = Some(worked.token(id));
            Step {
                silent,
                abort,
                ..step
            }
            .row()
        };
        let (lost, nobody) = ("the receiver: failed, code 7", "nobody any more");
        let [late, _] = &self.answered;
        let [unread, waiting] = &self.confirming;
        let [sender, receiver] = &self.established;
        let (i, a) = (Side::Sender, Side::Receiver);
        vec![
            abort(
                "abort, token 2 not yet acknowledged: token 2 is with it",
                a,
                waiting,
                false,
                "01 ff [a], declined",
                "the sender: declined",
            ),
            abort(
                "abort that follows an answer that came too late",
                i,
                late,
                true,
                "01 ff [i], expired",
                "the receiver: expired",
            ),
            abort(
                "abort, token 3 not yet acknowledged",
                i,
                unread,
                true,
                "01 ff [i]",
                lost,
            ),
            abort(
                "its answer, token 2 not yet acknowledged",
                a,
                waiting,
                false,
                "01 ff [a]",
                nobody,
            ),
            abort(
                "abort of an established context",
                i,
                sender,
                true,
                "01 ff [i]",
                lost,
            ),
            abort("its answer", a, receiver, true, "01 ff [a]", nobody),
        ]
    }
}

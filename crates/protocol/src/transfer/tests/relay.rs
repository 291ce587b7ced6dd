//! A relay as plain state: one mailbox with one slot, versions, request ids and `If-Match`; and what a test
//! makes it do wrong.

use tigress_mailbox::{Call, DeviceClaim, DisplayInformation, HttpRequest, Reply, RequestId};
use tigress_mailbox::{PAYLOAD_TYPE, parse_timestamp};

pub(super) const ORIGIN: &str = "https://relay.example";
pub(super) const MAILBOX_ID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";
const MAILBOX: &str = "https://relay.example/v1/m/67e55044-10b1-426f-9247-bb680e5fe0c8";

/// One request, for counting.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) device: usize,
    /// Nothing for CreateMailbox.
    pub(super) call: Option<Call>,
    /// A read that waits: free as long as it comes back unchanged.
    pub(super) idle: bool,
}

#[derive(Clone)]
struct Mailbox {
    data: String,
    payload_type: String,
    version: u64,
    initiator: DeviceClaim,
    recipient: Option<DeviceClaim>,
    expires_at: u64,
}

#[derive(Clone)]
pub(super) struct Relay {
    mailbox: Option<Mailbox>,
    done: Vec<(DeviceClaim, RequestId)>,
    /// Every payload that the slot has held, in order.
    pub(super) held: Vec<String>,
    pub(super) log: Vec<Asked>,
    /// Whether answers tell the payload's version.
    pub(super) tells_versions: bool,
    /// Its clock less the world's, if its answers have a `Date`.
    pub(super) date: Option<i64>,
    /// Whether "not found" is in its own words.
    pub(super) says_gone: bool,
    /// Whether a repeated CreateMailbox gets its first answer again.
    pub(super) repeats_creation: bool,
    /// The origin that it puts into `urlLink`.
    pub(super) url_link: String,
    /// The next answers, whatever was asked; the requests are not processed.
    pub(super) answers: Vec<Reply>,
    /// How long an answer takes, in seconds.
    pub(super) takes: u64,
    /// What it says of the mailbox's end, if that is not the truth.
    pub(super) says_expiration: Option<u64>,
    /// What it says to people.
    pub(super) display: DisplayInformation,
    /// Whether it never erases a mailbox by itself.
    pub(super) keeps_mailboxes: bool,
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            mailbox: None,
            done: Vec::new(),
            held: Vec::new(),
            log: Vec::new(),
            tells_versions: true,
            date: Some(0),
            says_gone: true,
            repeats_creation: true,
            url_link: MAILBOX.to_owned(),
            answers: Vec::new(),
            takes: 0,
            says_expiration: None,
            display: DisplayInformation::default(),
            keeps_mailboxes: false,
        }
    }
}

impl Relay {
    /// What the slot holds.
    pub(super) fn data(&self) -> &str {
        self.mailbox.as_ref().map_or("", |m| &m.data)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.mailbox.is_none()
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.mailbox.as_ref().is_some_and(|m| m.recipient.is_some())
    }

    /// Puts something into the slot, as a lying relay would.
    pub(super) fn put(&mut self, data: impl Into<String>) {
        self.put_as(PAYLOAD_TYPE, data);
    }

    pub(super) fn put_as(&mut self, payload_type: &str, data: impl Into<String>) {
        if let Some(mailbox) = &mut self.mailbox {
            mailbox.data = data.into();
            mailbox.payload_type = payload_type.to_owned();
            mailbox.version += 1;
        }
    }

    /// Gives the recipient's place to whoever comes next.
    pub(super) fn free(&mut self) {
        if let Some(mailbox) = &mut self.mailbox {
            mailbox.recipient = None;
        }
    }

    /// Loses the mailbox.
    pub(super) fn lose(&mut self) {
        self.mailbox = None;
    }

    /// Changes when the mailbox ends.
    pub(super) fn expire_at(&mut self, at: u64) {
        if let Some(mailbox) = &mut self.mailbox {
            mailbox.expires_at = at;
        }
    }

    /// Requests that count: all but waiting reads that came back unchanged.
    pub(super) fn requests(&self) -> usize {
        self.log.iter().filter(|asked| !asked.idle).count()
    }

    /// The updates that a device asked for.
    pub(super) fn writes(&self, device: usize) -> Vec<Call> {
        let of = |asked: &&Asked| asked.device == device;
        let calls = self.log.iter().filter(of).filter_map(|a| a.call.clone());
        calls
            .filter(|call| matches!(call, Call::Update { .. }))
            .collect()
    }

    /// Whether a device asked for a call that `is` says.
    pub(super) fn was_asked(&self, device: usize, is: impl Fn(&Call) -> bool) -> bool {
        let mut calls = self.log.iter().filter(|asked| asked.device == device);
        calls.any(|asked| asked.call.as_ref().is_some_and(&is))
    }

    pub(super) fn create(&mut self, device: usize, request: &HttpRequest) -> Reply {
        self.log.push(Asked {
            device,
            call: None,
            idle: false,
        });
        if !self.answers.is_empty() {
            return self.answers.remove(0);
        }
        let header = |name| {
            let found = request.headers.iter().find(|(key, _)| *key == name);
            found.unwrap().1.clone()
        };
        let claim: DeviceClaim = header("mailbox-device-claim").parse().unwrap();
        let id: RequestId = header("mailbox-request-id").parse().unwrap();
        let created = Reply::Created {
            url_link: self.url_link.clone(),
            version: self.tells_versions.then(|| "1".to_owned()),
        };
        if self.done.contains(&(claim, id)) {
            return if self.repeats_creation {
                created
            } else {
                self.repeated()
            };
        }
        let body: serde_json::Value =
            serde_json::from_slice(request.body.as_deref().unwrap()).unwrap();
        assert_eq!(body["mailboxConfiguration"]["accessRights"], "RWD");
        let expiration = body["mailboxConfiguration"]["expiration"].as_str().unwrap();
        let data = body["payload"]["data"].as_str().unwrap();
        self.done.push((claim, id));
        self.held.push(data.to_owned());
        self.mailbox = Some(Mailbox {
            data: data.to_owned(),
            payload_type: PAYLOAD_TYPE.to_owned(),
            version: 1,
            initiator: claim,
            recipient: None,
            expires_at: parse_timestamp(expiration).unwrap(),
        });
        created
    }

    fn version(&self) -> Option<String> {
        let version = self.mailbox.as_ref()?.version.to_string();
        self.tells_versions.then_some(version)
    }

    fn repeated(&self) -> Reply {
        Reply::Done {
            repeated: true,
            version: self.version(),
        }
    }

    /// Answers a call of `claim`; `now` is the world's time, `idle` whether the caller waits for a change.
    pub(super) fn answer(
        &mut self,
        device: usize,
        claim: DeviceClaim,
        call: &Call,
        now: u64,
        idle: bool,
    ) -> Reply {
        self.log.push(Asked {
            device,
            call: Some(call.clone()),
            idle,
        });
        if !self.answers.is_empty() {
            return self.answers.remove(0);
        }
        let here = now.saturating_add_signed(self.date.unwrap_or(0));
        let expired = self.mailbox.as_ref().is_some_and(|m| here >= m.expires_at);
        if expired && !self.keeps_mailboxes {
            self.mailbox = None;
        }
        let Some(mailbox) = &mut self.mailbox else {
            return Reply::Gone {
                final_: self.says_gone,
            };
        };
        if claim != mailbox.initiator && mailbox.recipient != Some(claim) {
            if mailbox.recipient.is_some() || !matches!(call, Call::Read { .. }) {
                return Reply::Unauthorized;
            }
            mailbox.recipient = Some(claim);
        }
        self.process(claim, call)
    }

    fn process(&mut self, claim: DeviceClaim, call: &Call) -> Reply {
        if let Call::Update { request_id, .. }
        | Call::Relinquish { request_id }
        | Call::Delete { request_id } = call
        {
            if self.done.contains(&(claim, *request_id)) {
                return self.repeated();
            }
            if let Call::Update { if_match, .. } = call
                && if_match.is_some()
                && *if_match != self.version()
            {
                return Reply::Conflict;
            }
            self.done.push((claim, *request_id));
        }
        match call {
            Call::Read { .. } => return self.content(),
            Call::Update { payload, .. } => {
                self.held.push(payload.clone());
                self.put(payload.clone());
            }
            Call::Relinquish { .. } => self.mailbox.as_mut().unwrap().recipient = None,
            Call::Delete { .. } => self.mailbox = None,
        }
        Reply::Done {
            repeated: false,
            version: self.version(),
        }
    }

    pub(super) fn content(&self) -> Reply {
        let mailbox = self.mailbox.as_ref().unwrap();
        Reply::Content(tigress_mailbox::Content {
            data: mailbox.data.clone(),
            payload_type: mailbox.payload_type.clone(),
            display: self.display.clone(),
            expiration: Some(self.says_expiration.unwrap_or(mailbox.expires_at)),
            version: self.version(),
        })
    }
}

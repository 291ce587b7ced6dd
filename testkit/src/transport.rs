//! Transports that record, or that fail where a test says so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tigress::{HttpTransport, TransportError, TransportFailure};
use tigress_mailbox::{HttpRequest, HttpResponse};
use tokio::sync::watch;

/// One request and what came back.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// As sent.
    pub request: HttpRequest,
    /// As received; none for a failure.
    pub response: Option<HttpResponse>,
}

/// Passes everything on, and remembers it.
pub struct Recorder {
    inner: Arc<dyn HttpTransport>,
    log: watch::Sender<Vec<Exchanged>>,
    asked: watch::Sender<usize>,
}

impl Recorder {
    /// Records what goes through `inner`.
    pub fn new(inner: Arc<dyn HttpTransport>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            log: watch::Sender::default(),
            asked: watch::Sender::default(),
        })
    }

    /// All so far.
    pub fn log(&self) -> Vec<Exchanged> {
        self.log.borrow().clone()
    }

    /// Waits until what was exchanged is as wanted.
    pub async fn until(&self, wanted: impl Fn(&[Exchanged]) -> bool) {
        let mut log = self.log.subscribe();
        let happened = log.wait_for(|all| wanted(all));
        let result = tokio::time::timeout(Duration::from_secs(30), happened).await;
        assert!(
            matches!(result, Ok(Ok(_))),
            "what was awaited did not happen"
        );
    }

    /// Waits until what was exchanged is as wanted, dealt with, and the next thing is asked: what only awaits the
    /// answer may come before it is stored.
    pub async fn until_asking_after(&self, wanted: impl Fn(&[Exchanged]) -> bool) {
        self.until(wanted).await;
        let answered = self.log.borrow().len();
        let mut asked = self.asked.subscribe();
        let happened = asked.wait_for(|asked| *asked > answered);
        let result = tokio::time::timeout(Duration::from_secs(30), happened).await;
        assert!(matches!(result, Ok(Ok(_))), "nothing more was asked");
    }

    /// Everything that the other end saw, in one text: URLs, headers, bodies.
    pub fn seen(&self) -> String {
        self.log()
            .iter()
            .map(|one| {
                let body = one.request.body.as_deref().unwrap_or_default();
                format!(
                    "{} {} {:?} {}\n",
                    one.request.method.name(),
                    one.request.url,
                    one.request.headers,
                    String::from_utf8_lossy(body)
                )
            })
            .collect()
    }
}

#[async_trait]
impl HttpTransport for Recorder {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.asked.send_modify(|asked| *asked += 1);
        let result = self.inner.send(request.clone()).await;
        let response = result.clone().ok();
        self.log
            .send_modify(|log| log.push(Exchanged { request, response }));
        result
    }
}

type Fault =
    dyn Fn(usize, &HttpRequest) -> Option<Result<HttpResponse, TransportError>> + Send + Sync;

/// Asks a function about each request, counted from 0: what it gives is the answer, else the request goes on.
pub struct Faulty {
    inner: Arc<dyn HttpTransport>,
    count: Mutex<usize>,
    fault: Box<Fault>,
}

impl Faulty {
    /// Fails as `fault` says.
    pub fn new(
        inner: Arc<dyn HttpTransport>,
        fault: impl Fn(usize, &HttpRequest) -> Option<Result<HttpResponse, TransportError>>
        + Send
        + Sync
        + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            count: Mutex::default(),
            fault: Box::new(fault),
        })
    }

    /// A failure to connect.
    pub fn unreachable() -> TransportError {
        TransportError::new(TransportFailure::Unreachable, "can't connect")
    }
}

#[async_trait]
impl HttpTransport for Faulty {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let count = {
            let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            *count - 1
        };
        match (self.fault)(count, &request) {
            Some(result) => result,
            None => self.inner.send(request).await,
        }
    }
}

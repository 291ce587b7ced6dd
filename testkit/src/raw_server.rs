//! A small HTTP/1.1 server that answers as badly as a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tigress::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with one request.
pub enum Reaction {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Never answers.
    Silence,
    /// A 200 whose body does not end.
    Endless,
    /// Closes without a word.
    Close,
}

impl Reaction {
    /// A whole answer; `headers` are lines that end in `\r\n`.
    pub fn answer(status: u16, headers: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Word\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
            body.len()
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

type React = dyn Fn(usize, &str) -> Reaction + Send + Sync;

/// At work until dropped.
pub struct RawServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl RawServer {
    /// Reacts to each request, counted from 0, as `react` says; it is told this server's origin, too.
    pub async fn start(react: impl Fn(usize, &str) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (log, react): (_, Arc<React>) = (Arc::clone(&requests), Arc::new(react));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(
                    stream,
                    format!("http://{address}"),
                    Arc::clone(&log),
                    Arc::clone(&react),
                ));
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// Its origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client's settings for it as the own relay: quick to give up.
    pub fn config(&self) -> Config {
        let mut config = Config::with_relay(self.url());
        config.allow_loopback_http = true;
        config.give_up_after = std::time::Duration::ZERO;
        config
    }

    /// The first lines of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    origin: String,
    log: Arc<Mutex<Vec<String>>>,
    react: Arc<React>,
) {
    let Some(first) = request_line(&mut stream).await else {
        return;
    };
    let count = {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push(first);
        log.len() - 1
    };
    // The client may hang up at any time; that is its business.
    let _ = answer(&mut stream, react(count, &origin)).await;
}

async fn answer(stream: &mut TcpStream, reaction: Reaction) -> std::io::Result<()> {
    match reaction {
        Reaction::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Reaction::Close => Ok(()),
        Reaction::Silence => {
            // Until the client gives up.
            stream.read_to_end(&mut Vec::new()).await.map(|_| ())
        }
        Reaction::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b"1000\r\n").await?;
                stream.write_all(&[b' '; 4096]).await?;
                stream.write_all(b"\r\n").await?;
            }
        }
    }
}

/// Reads a whole request; gives its first line.
async fn request_line(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let head = loop {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        if let Some(end) = end {
            break String::from_utf8_lossy(&bytes[..end]).into_owned();
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    while bytes.len() < head.len() + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    head.lines().next().map(str::to_owned)
}

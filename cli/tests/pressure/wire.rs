//! Requests as plain bytes, from an address of one's choice.

use std::net::{Ipv4Addr, SocketAddr};

use h2::client::{ResponseFuture, SendRequest};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::{creation, uuid};

/// How a relay is come to.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<TlsConnector>,
}

/// Plain or within TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
pub(crate) type Connection = Box<dyn Stream>;

impl Door {
    /// A connection of its own from this address; none if the relay sends it away in the handshake.
    pub(crate) async fn connect(&self, from: [u8; 4]) -> Option<Connection> {
        let stream = self.socket(from).await;
        let Some(tls) = &self.tls else {
            return Some(Box::new(stream));
        };
        let name = ServerName::from(self.address.ip());
        Some(Box::new(tls.connect(name, stream).await.ok()?))
    }

    /// The same with nothing said yet.
    pub(crate) async fn socket(&self, from: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        let from = SocketAddr::from((Ipv4Addr::from(from), 0));
        socket.bind(from).unwrap();
        socket.connect(self.address).await.unwrap()
    }
}

/// A device, at one mailbox.
pub(crate) struct Caller {
    door: Door,
    from: [u8; 4],
    claim: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn payload(&self) -> String {
        self.json()["payload"]["data"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn head(method: &str, path: &str, list: &[(&str, &str)], caller: &Caller) -> Vec<u8> {
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nMailbox-Device-Claim: {}\r\nMailbox-Request-ID: {}\r\n",
        caller.claim,
        uuid()
    );
    for (name, value) in list {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

impl Caller {
    pub(crate) fn new(door: &Door, from: [u8; 4]) -> Self {
        let (door, claim) = (door.clone(), uuid());
        Self { door, from, claim }
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        list: &[(&str, &str)],
        body: &[u8],
    ) -> Vec<u8> {
        let length = body.len().to_string();
        let list = [&[("Content-Length", length.as_str())], list].concat();
        [&head(method, path, &list, self), body].concat()
    }

    async fn call(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut stream = self.door.connect(self.from).await.unwrap();
        let list = [("Connection", "close")];
        let request = self.request(method, path, &list, body);
        stream.write_all(&request).await.unwrap();
        stream.flush().await.unwrap();
        let mut all = Vec::new();
        // TLS may end without a word.
        let _ = stream.read_to_end(&mut all).await;
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: all[end + 4..].to_vec(),
        }
    }

    /// The path of a mailbox with a payload of this size, or what was said instead.
    pub(crate) async fn create(&self, size: usize) -> Result<String, Answer> {
        self.create_from(&creation(size)).await
    }

    async fn create_from(&self, body: &Value) -> Result<String, Answer> {
        let answer = self
            .call("POST", "/v1/m", body.to_string().as_bytes())
            .await;
        if answer.status != 200 {
            return Err(answer);
        }
        let url = answer.json()["urlLink"].as_str().unwrap().to_owned();
        Ok(url[url.find("/v1/").unwrap()..].to_owned())
    }

    /// The path of a mailbox whose page is as large as one can be.
    pub(crate) async fn largest_page(&self) -> String {
        let mut body = creation(1);
        body["displayInformation"]["title"] = json!("&".repeat(4096));
        body["displayInformation"]["description"] = json!("&".repeat(4096));
        self.create_from(&body).await.ok().unwrap()
    }

    pub(crate) async fn read(&self, path: &str) -> Answer {
        self.call("POST", path, b"").await
    }

    pub(crate) async fn version(&self, path: &str) -> String {
        let answer = self.read(path).await;
        answer.header("mailbox-payload-version").unwrap().to_owned()
    }

    pub(crate) async fn update(&self, path: &str, size: usize) -> Answer {
        let body = json!({"payload": {"type": "GSS_API", "data": "x".repeat(size)}});
        self.call("PUT", path, body.to_string().as_bytes()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, b"").await
    }
}

/// An HTTP/2 connection that reads none of what it asks for.
pub(crate) struct Second {
    send: SendRequest<std::io::Cursor<Vec<u8>>>,
    asked: Vec<ResponseFuture>,
    unread: Vec<h2::RecvStream>,
    bodies: Vec<h2::SendStream<std::io::Cursor<Vec<u8>>>>,
}

impl Second {
    /// None if the relay sends it away.
    pub(crate) async fn connect(door: &Door, from: [u8; 4]) -> Option<Self> {
        let stream = door.connect(from).await?;
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(1)
            .handshake(stream)
            .await
            .ok()?;
        tokio::spawn(connection);
        Some(Self {
            send,
            asked: Vec::new(),
            unread: Vec::new(),
            bodies: Vec::new(),
        })
    }

    fn request(method: &str, path: &str, caller: Option<&Caller>) -> http::Request<()> {
        let builder = http::Request::builder().method(method);
        let mut builder = builder.uri(format!("http://x{path}"));
        if let Some(caller) = caller {
            builder = builder.header("mailbox-device-claim", &caller.claim);
        }
        builder.body(()).unwrap()
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str, caller: &Caller) {
        let request = Self::request(method, path, Some(caller));
        if let Ok((response, _)) = self.send.send_request(request, true) {
            self.asked.push(response);
        }
        tokio::task::yield_now().await;
    }

    /// Begins an update with much around it, and sends as much of its body as the relay lets it.
    pub(crate) async fn begin(&mut self, path: &str, caller: &Caller) {
        let mut request = Self::request("PUT", path, Some(caller));
        let list = request.headers_mut();
        list.insert("mailbox-request-id", uuid().parse().unwrap());
        list.insert("x-much", "x".repeat(14_000).parse().unwrap());
        if let Ok((response, mut body)) = self.send.send_request(request, false) {
            let _ = body.send_data(std::io::Cursor::new(vec![b' '; 100_000]), false);
            self.asked.push(response);
            self.bodies.push(body);
        }
        tokio::task::yield_now().await;
    }

    /// Whether the relay still answers on this connection.
    pub(crate) async fn probe(&mut self) -> bool {
        let request = Self::request("GET", "/healthz", None);
        let Ok((response, _)) = self.send.send_request(request, true) else {
            return false;
        };
        match response.await {
            Ok(answer) => {
                self.unread.push(answer.into_body());
                true
            }
            Err(_) => false,
        }
    }
}

/// What an HTTP/2 client says first: the preface and empty SETTINGS (RFC 9113 §3.4).
pub(crate) const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A HEADERS frame (RFC 9113 §6.2) of a whole request: its path is to be remembered (RFC 7541 §6.2.1), a field of so
/// many bytes is not (§6.2.2).
pub(crate) fn head_frame(stream: u32, much: u16) -> Vec<u8> {
    // GET, http, /healthz.
    let mut block = vec![0x82, 0x86, 0x44, 8];
    block.extend(b"/healthz");
    block.extend([0x00, 1, b'x', 0x7f]);
    let rest = usize::from(much) - 127;
    let low = |n: usize| u8::try_from(n & 0x7f).unwrap();
    block.extend([low(rest) | 0x80, low(rest >> 7) | 0x80, low(rest >> 14)]);
    block.resize(block.len() + usize::from(much), b'x');
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    // END_STREAM and END_HEADERS.
    frame.extend([1, 0x05]);
    frame.extend(stream.to_be_bytes());
    frame.extend(block);
    frame
}

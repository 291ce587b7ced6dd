//! Where a relay listens: TCP ports, and sockets in the file system for a proxy on the same machine.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, UnixListener};

/// Connections that the system keeps until they are accepted.
const BACKLOG: u32 = 1024;
/// What the system keeps for a connection each way, in bytes: it is nobody's memory that is counted here.
const SOCKET_BUFFER: u32 = 64 * 1024;
/// Who may connect to a socket in the file system: its user and group.
const SOCKET_MODE: u32 = 0o660;

/// A place to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A socket in the file system, without TLS. One that nobody listens on is replaced.
    Unix(PathBuf),
}

/// The text names no place to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an address with a port, such as 127.0.0.1:8080 or [::]:8080, nor unix:PATH")]
pub struct NotAPlace;

impl Listen {
    /// The address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl FromStr for Listen {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        match text.strip_prefix("unix:") {
            Some("") => Err(NotAPlace),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| NotAPlace),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A connection's two directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// A place that is listened on.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// A socket in the file system, removed when nobody listens on it any more.
pub(crate) struct SocketFile(PathBuf);

/// One that has just come.
pub(crate) struct Accepted {
    pub(crate) stream: Box<dyn Stream>,
    /// Whoever comes by a socket of the file system is on this machine.
    pub(crate) from: IpAddr,
    /// Whether it may have TLS.
    pub(crate) is_network: bool,
}

impl Listener {
    pub(crate) fn open(place: &Listen) -> io::Result<Self> {
        match place {
            Listen::Tcp(address) => tcp(*address).map(Self::Tcp),
            Listen::Unix(path) => unix(path),
        }
    }

    /// With its real port.
    pub(crate) fn place(&self) -> io::Result<Listen> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Self::Unix(_, file) => Ok(Listen::Unix(file.0.clone())),
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Small answers leave at once.
                let _ = stream.set_nodelay(true);
                Ok(Accepted {
                    stream: Box::new(stream),
                    from: address.ip(),
                    is_network: true,
                })
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted {
                    stream: Box::new(stream),
                    from: Ipv4Addr::LOCALHOST.into(),
                    is_network: false,
                })
            }
        }
    }
}

/// As `TcpListener::bind`, with bounded buffers for each connection.
fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn unix(path: &Path) -> io::Result<Listener> {
    // What a relay left that was killed; never a file of another kind, nor a socket that somebody listens on.
    let is_socket = path
        .symlink_metadata()
        .is_ok_and(|file| file.file_type().is_socket());
    if is_socket && StdUnixStream::connect(path).is_err() {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile(path.to_owned());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(Listener::Unix(listener, file))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_path() {
        for text in ["127.0.0.1:8080", "[::]:443", "unix:/run/tigress/relay.sock"] {
            let place: Listen = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
        }
        for bad in [
            "",
            "8080",
            "localhost:80",
            "127.0.0.1",
            "unix:",
            "/run/relay.sock",
        ] {
            assert_eq!(bad.parse::<Listen>(), Err(NotAPlace), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_one_in_use_or_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let place = Listen::Unix(path.clone());
        let first = Listener::open(&place).unwrap();
        assert!(Listener::open(&place).is_err(), "in use");
        let Listener::Unix(listener, file) = first else {
            unreachable!("a path")
        };
        std::mem::forget(file);
        drop(listener);
        assert!(path.exists(), "left as by a kill");
        let second = Listener::open(&place).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        drop(second);
        assert!(!path.exists());
        std::fs::write(&path, "somebody's").unwrap();
        assert!(Listener::open(&place).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
    }
}

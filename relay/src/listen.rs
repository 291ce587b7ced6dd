//! Where a relay listens: TCP ports, and sockets in the file system for a proxy on the same machine.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::io::Errno;
use rustix::net::sockopt::set_ipv6_v6only;
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

/// Listens on all, or on none: then on what it fails.
pub(crate) fn open(wanted: &[Listen]) -> Result<(Vec<Listener>, Vec<Listen>), (Listen, io::Error)> {
    let mut opened = (Vec::new(), Vec::new());
    for place in wanted {
        match Listener::open(place, wanted) {
            Err(error) if is_without(&error) && is_beside_all(place, wanted) => {
                tracing::warn!(%place, "not listened on: this machine has no IPv6");
            }
            Err(error) => return Err((place.clone(), error)),
            Ok((listener, place)) => {
                opened.0.push(listener);
                opened.1.push(place);
            }
        }
    }
    Ok(opened)
}

/// Whether it is all of IPv6, beside all of IPv4 at the same port: each takes its own then.
fn is_beside_all(place: &Listen, wanted: &[Listen]) -> bool {
    let Some(SocketAddr::V6(place)) = place.address() else {
        return false;
    };
    let four = SocketAddr::from((Ipv4Addr::UNSPECIFIED, place.port()));
    place.ip().is_unspecified() && wanted.contains(&Listen::Tcp(four))
}

/// Whether the system has no addresses of this kind.
fn is_without(error: &io::Error) -> bool {
    let errors = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|error| errors.contains(&error))
}

impl Listener {
    /// With its real port.
    fn open(place: &Listen, wanted: &[Listen]) -> io::Result<(Self, Listen)> {
        let listener = match place {
            Listen::Tcp(address) => Self::Tcp(tcp(*address, is_beside_all(place, wanted))?),
            Listen::Unix(path) => unix(path)?,
        };
        let place = listener.place()?;
        Ok((listener, place))
    }

    fn place(&self) -> io::Result<Listen> {
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
fn tcp(address: SocketAddr, is_six_alone: bool) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    if is_six_alone {
        set_ipv6_v6only(&socket, true)?;
    }
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
    async fn all_of_both_kinds_of_addresses_are_listened_on_at_one_port() {
        let free = tcp("0.0.0.0:0".parse().unwrap(), false).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let both = [format!("0.0.0.0:{port}"), format!("[::]:{port}")];
        let both = both.map(|place| place.parse().unwrap());
        let (listeners, places) = open(&both).unwrap();
        assert_eq!(listeners.len(), places.len());
        assert_eq!(
            places,
            both[..places.len()],
            "the second where there is IPv6"
        );
    }

    #[test]
    fn only_a_machine_without_such_addresses_may_leave_them_out() {
        let [four, six, other, one] =
            ["0.0.0.0:443", "[::]:443", "[::]:444", "[::1]:443"].map(|text| text.parse().unwrap());
        let all = [four, six, other, one];
        let beside = all.iter().map(|place| is_beside_all(place, &all));
        assert_eq!(beside.collect::<Vec<_>>(), [false, true, false, false]);
        let in_use = io::Error::from(Errno::ADDRINUSE);
        assert!(is_without(&Errno::AFNOSUPPORT.into()) && !is_without(&in_use));
    }

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_one_in_use_or_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let place = Listen::Unix(path.clone());
        let only = |place: &Listen| open(std::slice::from_ref(place));
        let (mut first, _) = only(&place).unwrap();
        assert!(only(&place).is_err(), "in use");
        let Some(Listener::Unix(listener, file)) = first.pop() else {
            unreachable!("a path")
        };
        std::mem::forget(file);
        drop(listener);
        assert!(path.exists(), "left as by a kill");
        let second = only(&place).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        drop(second);
        assert!(!path.exists());
        std::fs::write(&path, "somebody's").unwrap();
        assert!(only(&place).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
    }
}

//! A real authority of ACME: Pebble, which its people wrote to test clients with, and the DNS server that comes with it.
//! Both end with their value.

use std::fs::{self, File};
use std::io;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::{Authority, free_port};

/// Longest time for it to be ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long its certificates are good, in seconds: a day.
const VALIDITY: u64 = 86_400;

/// An authority whose names all lead to this machine.
pub struct Pebble {
    names: Child,
    process: Child,
    authority: Authority,
    port: u16,
    management: u16,
    folder: TempDir,
}

impl Pebble {
    /// Looks for proofs at this port.
    #[must_use]
    pub fn start(proven_at: u16) -> Self {
        Self::start_with(proven_at, &[])
    }

    /// The same with variables of its environment, such as `PEBBLE_WFE_NONCEREJECT`.
    #[must_use]
    pub fn start_with(proven_at: u16, variables: &[(&str, &str)]) -> Self {
        // Another process may take a port that was free.
        for _ in 0..5 {
            let mut pebble = Self::spawn(proven_at, variables);
            if pebble.answers() {
                return pebble;
            }
        }
        panic!("pebble does not start");
    }

    fn spawn(proven_at: u16, variables: &[(&str, &str)]) -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let (names_at, port, management) = (free_port(), free_port(), free_port());
        let config = configure(&folder, &authority, [port, management, proven_at]);
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new("pebble")
            .arg("-config")
            .arg(&config)
            .args(["-dnsserver", &format!("127.0.0.1:{names_at}")])
            // Whatever it does at random to try clients out, it does where a test asks for it.
            .envs([
                ("PEBBLE_VA_NOSLEEP", "1"),
                ("PEBBLE_WFE_NONCEREJECT", "0"),
                ("PEBBLE_AUTHZREUSE", "0"),
            ])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("pebble is needed (Debian: pebble)");
        Self {
            names: names(names_at),
            process,
            authority,
            port,
            management,
            folder,
        }
    }

    fn answers(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let ended = |child: &mut Child| child.try_wait().unwrap().is_some();
            if ended(&mut self.process) || ended(&mut self.names) {
                return false;
            }
            let open = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
            if open(self.port) && open(self.management) {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Where a client begins.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// Who vouches for the server itself, PEM.
    #[must_use]
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    /// Who vouches for the certificates that it gives, PEM; another one at each start.
    #[must_use]
    pub fn root(&self) -> String {
        let said = self.get("/roots/0");
        let (_, root) = said.split_once("\r\n\r\n").unwrap();
        root.to_owned()
    }

    fn get(&self, path: &str) -> String {
        get_by_tls(&self.authority.pem(), "127.0.0.1", self.management, path).unwrap()
    }

    /// How many orders came to it.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.log().matches("Added order").count()
    }

    /// What it tells of its work.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in [&mut self.process, &mut self.names] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What is answered at this port of this machine to one request, by whoever this authority (PEM) knows as `name`.
///
/// # Errors
/// If nobody is there, or with another certificate.
pub fn get_by_tls(authority: &str, name: &str, port: u16, path: &str) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerName::try_from(name.to_owned()).unwrap();
    let tls = ClientConnection::new(Arc::new(config), server).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port))?;
    let mut stream = StreamOwned::new(tls, socket);
    let head = format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut all = String::new();
    stream.read_to_string(&mut all)?;
    Ok(all)
}

/// Writes its configuration, and the certificate that it is asked by.
fn configure(folder: &TempDir, authority: &Authority, ports: [u16; 3]) -> PathBuf {
    let [port, management, proven_at] = ports;
    let pair = authority.issue("127.0.0.1");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let certificate = write("certificate.pem", &pair.certificate);
    let key = write("key.pem", &pair.key);
    let config = format!(
        r#"{{"pebble": {{
            "listenAddress": "127.0.0.1:{port}", "managementListenAddress": "127.0.0.1:{management}",
            "certificate": "{}", "privateKey": "{}", "httpPort": 1, "tlsPort": {proven_at},
            "certificateValidityPeriod": {VALIDITY}
        }}}}"#,
        certificate.display(),
        key.display()
    );
    write("config.json", &config)
}

/// A DNS server at this port that knows all names.
fn names(port: u16) -> Child {
    Command::new("pebble-challtestsrv")
        .args(["-dns01", &format!("127.0.0.1:{port}")])
        .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
        .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
        .args(["-management", &format!("127.0.0.1:{}", free_port())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pebble-challtestsrv is needed (Debian: pebble)")
}

//! The real servers, each as a process of the test's own user with the configuration that is shipped. Of that only names,
//! ports, certificates and the relay's place are replaced; what else such a process needs on a machine that it must not
//! touch is put around it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tigress_relay::Listen;
use tigress_servers::Authority;

/// Longest time for a server to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Caddy,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Nginx, Self::Caddy];
}

/// A proxy at work; it ends with its value.
pub(super) struct Proxy {
    process: Child,
    folder: TempDir,
    /// Its authority's certificate.
    pub(super) ca: Vec<u8>,
    port: u16,
}

impl Proxy {
    /// At this port, before the relay at `place`.
    pub(super) fn start(kind: Kind, port: u16, place: &Listen) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = issue(folder.path());
        let mut command = match kind {
            Kind::Nginx => nginx(folder.path(), port, place),
            Kind::Caddy => caddy(folder.path(), port, place),
        };
        let said = File::create(folder.path().join("said")).unwrap();
        command
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said);
        let process = command.spawn();
        let process = process.unwrap_or_else(|error| panic!("{kind:?} is needed: {error}"));
        let mut proxy = Self {
            process,
            folder,
            ca,
            port,
        };
        proxy.wait();
        proxy
    }

    fn wait(&mut self) {
        let until = Instant::now() + PATIENCE;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect(address).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it does not start: {}", self.said());
            assert!(Instant::now() < until, "it is not ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
        // From now on nothing can be put aside on the disk.
        for folder in TEMPORARY {
            let _ = fs::remove_dir_all(self.folder.path().join(folder));
        }
    }

    /// All that it wrote to its logs.
    pub(super) fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A private authority, whose certificate is given, and a certificate for `localhost`.
fn issue(folder: &Path) -> Vec<u8> {
    let authority = Authority::new();
    let pair = authority.issue("localhost");
    fs::write(folder.join("fullchain.pem"), pair.certificate).unwrap();
    fs::write(folder.join("privkey.pem"), pair.key).unwrap();
    authority.pem().into_bytes()
}

/// The shipped file with each of these texts, which must be there once, replaced.
fn shipped(name: &str, replaced: &[(&str, &str)]) -> String {
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let mut text = fs::read_to_string(packaging.join(name)).unwrap();
    for (old, new) in replaced {
        assert_eq!(text.matches(old).count(), 1, "{old} in {name}");
        text = text.replace(old, new);
    }
    text
}

const TEMPORARY: [&str; 5] = ["body", "proxy", "fastcgi", "uwsgi", "scgi"];

fn nginx(folder: &Path, port: u16, place: &Listen) -> Command {
    let at = folder.display();
    let usual = "server 127.0.0.1:8080;";
    let socket = "# server unix:/run/tigress-relay/relay.sock;";
    let server = format!("server {place};");
    let relay = match place {
        Listen::Tcp(_) => (usual, server.as_str()),
        Listen::Unix(_) => (socket, server.as_str()),
    };
    let listen = format!("listen 127.0.0.1:{port} ssl http2;");
    let certificate = format!("ssl_certificate {at}/");
    let key = format!("ssl_certificate_key {at}/");
    let mut replaced = vec![
        ("listen 443 ssl http2;", listen.as_str()),
        ("listen [::]:443 ssl http2;", ""),
        ("server_name relay.example;", "server_name localhost;"),
        ("ssl_certificate /etc/ssl/relay.example/", &certificate),
        ("ssl_certificate_key /etc/ssl/relay.example/", &key),
        relay,
    ];
    if relay.0 == socket {
        replaced.push((usual, ""));
    }
    let text = shipped("nginx/tigress.conf", &replaced);
    let temporary = TEMPORARY.map(|name| {
        let kind = if name == "body" { "client_body" } else { name };
        format!("{kind}_temp_path {at}/{name};\n")
    });
    let main = format!(
        "daemon off;\nmaster_process off;\npid {at}/pid;\nevents {{ worker_connections 2048; }}\nhttp {{\n{}{text}}}\n",
        temporary.concat()
    );
    fs::write(folder.join("nginx.conf"), main).unwrap();
    // Where Debian has it, which is on root's path alone.
    let debian = Path::new("/usr/sbin/nginx");
    let program = if debian.exists() {
        debian
    } else {
        Path::new("nginx")
    };
    let mut command = Command::new(program);
    command.arg("-p").arg(folder).args(["-e", "stderr", "-c"]);
    command.arg(folder.join("nginx.conf"));
    command
}

fn caddy(folder: &Path, port: u16, place: &Listen) -> Command {
    let at = folder.display();
    let site = format!(
        "\nhttps://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {at}/fullchain.pem {at}/privkey.pem\n"
    );
    let relay = match place {
        Listen::Tcp(address) => format!("reverse_proxy {address} {{"),
        Listen::Unix(path) => format!("reverse_proxy unix/{} {{", path.display()),
    };
    let text = shipped(
        "caddy/Caddyfile",
        &[
            (
                "\n{\n",
                "\n{\n\tadmin off\n\tauto_https disable_redirects\n",
            ),
            ("\nrelay.example {\n", &site),
            ("reverse_proxy 127.0.0.1:8080 {", &relay),
        ],
    );
    fs::write(folder.join("Caddyfile"), text).unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]);
    command.arg(folder.join("Caddyfile"));
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        command.env(name, folder);
    }
    command
}

/// The number of seconds after this word in the shipped file.
pub(super) fn seconds(name: &str, word: &str) -> u64 {
    let text = shipped(name, &[]);
    let lines = text.lines().map(str::trim);
    let mut found = lines.filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    let value = found
        .next()
        .unwrap_or_else(|| panic!("no {word} in {name}"));
    let digits = value.trim_end_matches(['s', ';']);
    digits.parse().unwrap()
}

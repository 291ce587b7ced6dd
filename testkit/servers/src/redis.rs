//! Real Redis servers: single ones, clusters, and those that Sentinels watch. They need `redis-server` and `redis-cli` of
//! version 7 or later, and end with their value. `TIGRESS_REDIS_SERVER` names another program, such as Valkey's.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::free_port;

/// Longest time for a server to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

fn program() -> Command {
    let named = std::env::var_os("TIGRESS_REDIS_SERVER");
    Command::new(named.unwrap_or_else(|| "redis-server".into()))
}

/// One server on a loopback port.
pub struct RedisServer {
    process: Child,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl RedisServer {
    /// Started and answering.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with options of the command line, such as `--maxmemory`.
    #[must_use]
    pub fn start_with(options: &[&str]) -> Self {
        let arguments: Vec<String> = options.iter().map(|&word| word.to_owned()).collect();
        // Another process may take a port that was free.
        for _ in 0..5 {
            let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
            let process = spawn(port, &folder, &arguments);
            let mut server = Self {
                process,
                port,
                folder,
                arguments: arguments.clone(),
            };
            if server.answers() {
                return server;
            }
        }
        panic!("redis-server does not start; is it installed, in version 7 or later?");
    }

    fn answers(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if self.try_cli(&["PING"]).is_some_and(|said| said == "PONG") {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Its address as a store.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it answers to a command.
    pub fn cli(&self, words: &[&str]) -> String {
        self.try_cli(words).expect("redis-cli")
    }

    fn try_cli(&self, words: &[&str]) -> Option<String> {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(words)
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        Some(said.trim_end().to_owned())
    }

    /// Waits until what it answers to a command contains the words.
    pub fn wait_for(&self, words: &[&str], wanted: &str) {
        self.wait_until(words, |said| said.contains(wanted));
    }

    fn wait_until(&self, words: &[&str], good: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let said = self.try_cli(words).unwrap_or_default();
            if good(&said) {
                return;
            }
            assert!(Instant::now() < until, "{words:?} answers {said:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, with all that it has not written down.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again after [`kill`](Self::kill), at the same port.
    pub fn restart(&mut self) {
        self.process = spawn(self.port, &self.folder, &self.arguments);
        assert!(self.answers(), "redis-server does not start again");
    }

    /// Whoever talks to it gets no answer, and is not cut off either, as in a partition.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    let log = File::create(folder.path().join("log")).unwrap();
    let port = port.to_string();
    program()
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
        .args([
            "--databases",
            "64",
            "--appendonly",
            "no",
            "--repl-diskless-sync-delay",
            "0",
        ])
        .arg("--dir")
        .arg(folder.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("redis-server is needed (Debian: redis-server)")
}

/// A cluster of three masters, each with a third of the slots.
pub struct RedisCluster {
    /// The masters.
    pub masters: [RedisServer; 3],
}

impl RedisCluster {
    /// Started, and of one mind.
    #[must_use]
    pub fn start() -> Self {
        let buses = [free_port(), free_port(), free_port()];
        let masters = buses.map(member);
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (master, (first, last)) in masters.iter().zip(ranges) {
            let said = master.cli(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
            assert_eq!(said, "OK");
        }
        let cluster = Self { masters };
        for (master, bus) in cluster.masters.iter().zip(buses) {
            cluster.meet(master, bus);
        }
        for master in &cluster.masters {
            master.wait_for(&["CLUSTER", "INFO"], "cluster_known_nodes:3");
            master.wait_for(&["CLUSTER", "INFO"], "cluster_state:ok");
        }
        cluster
    }

    fn meet(&self, member: &RedisServer, bus: u16) {
        let (port, bus) = (member.port.to_string(), bus.to_string());
        let met = self.masters[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        assert_eq!(met, "OK");
    }

    /// A replica for each master, which has what it has and takes its place when it is silent.
    #[must_use]
    pub fn replicas(&self) -> [RedisServer; 3] {
        let buses = [free_port(), free_port(), free_port()];
        let replicas = buses.map(member);
        for (replica, bus) in replicas.iter().zip(buses) {
            self.meet(replica, bus);
        }
        for (replica, master) in replicas.iter().zip(&self.masters) {
            replica.wait_for(&["CLUSTER", "INFO"], "cluster_known_nodes:6");
            let id = master.cli(&["CLUSTER", "MYID"]);
            replica.wait_for(&["CLUSTER", "NODES"], &id);
            assert_eq!(replica.cli(&["CLUSTER", "REPLICATE", &id]), "OK");
        }
        for (replica, master) in replicas.iter().zip(&self.masters) {
            replica.wait_for(&["INFO", "replication"], "master_link_status:up");
            master.wait_for(&["INFO", "replication"], "state=online");
        }
        // Who takes a master's place is voted for by all masters: each must know each replica as one.
        for master in &self.masters {
            master.wait_until(&["CLUSTER", "NODES"], |said| {
                said.matches(" slave ").count() + said.matches(",slave ").count() == 3
            });
        }
        replicas
    }

    /// Its address as a store.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts = self.masters.each_ref();
        let hosts = hosts.map(|master| format!("127.0.0.1:{}", master.port));
        format!("redis+cluster://{}", hosts.join(","))
    }
}

fn member(bus: u16) -> RedisServer {
    let bus = bus.to_string();
    let options = ["--cluster-enabled", "yes", "--cluster-port", &bus];
    RedisServer::start_with(&[&options[..], &["--cluster-node-timeout", "1000"]].concat())
}

/// A master and a replica, watched by a Sentinel.
pub struct WatchedRedis {
    /// The master at first.
    pub first: RedisServer,
    /// Its replica at first.
    pub second: RedisServer,
    sentinel: RedisServer,
}

impl WatchedRedis {
    /// Started; the replica has what the master has.
    #[must_use]
    pub fn start() -> Self {
        let first = RedisServer::start();
        let port = first.port.to_string();
        let second = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
        second.wait_for(&["INFO", "replication"], "master_link_status:up");
        first.wait_for(&["INFO", "replication"], "state=online");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, "").unwrap();
        let sentinel = Self::sentinel(folder, &file);
        for words in [
            &["SENTINEL", "MONITOR", "main", "127.0.0.1", &port, "1"][..],
            &["SENTINEL", "SET", "main", "down-after-milliseconds", "500"],
            &["SENTINEL", "SET", "main", "failover-timeout", "3000"],
        ] {
            assert_eq!(sentinel.cli(words), "OK");
        }
        sentinel.wait_for(&["SENTINEL", "REPLICAS", "main"], "127.0.0.1");
        Self {
            first,
            second,
            sentinel,
        }
    }

    fn sentinel(folder: TempDir, file: &std::path::Path) -> RedisServer {
        let port = free_port();
        let process = program()
            .arg(file)
            .args([
                "--sentinel",
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut sentinel = RedisServer {
            process,
            port,
            folder,
            arguments: Vec::new(),
        };
        assert!(sentinel.answers(), "the Sentinel does not start");
        sentinel
    }

    /// Its address as a store.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/main", self.sentinel.port)
    }

    /// Waits until the Sentinel names the second as the master, and it is one.
    pub fn wait_for_second(&self) {
        let asked = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"];
        self.sentinel
            .wait_for(&asked, &self.second.port.to_string());
        self.second.wait_for(&["ROLE"], "master");
    }
}

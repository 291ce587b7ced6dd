//! The connection to the server, made again when it is lost.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, SingleNodeRoutingInfo, SlotAddr};
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, FromRedisValue, ProtocolVersion,
    PushInfo, RedisError, RedisFuture, RedisResult, ServerErrorKind, TlsMode, Value,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::address::{Address, Kind};
use crate::store::StoreError;

/// Longest time for a connection.
const CONNECT: Duration = Duration::from_secs(1);
/// Longest time for an answer.
const ANSWER: Duration = Duration::from_secs(2);
/// Longest time for an answer of a cluster, which may be asked again elsewhere.
const CLUSTER_ANSWER: Duration = Duration::from_secs(4);
/// After a failed attempt nobody tries for so long: callers are told at once.
const PAUSE: Duration = Duration::from_millis(200);

/// A connection to one server or to a cluster. Cheap to clone; calls on it share it.
#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(one) => one.req_packed_command(cmd),
            Self::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a redis::Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(one) => one.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(one) => one.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}

impl Connection {
    /// Sends both commands one after the other to the server that has the slot.
    pub(super) async fn both(&mut self, key: &[u8], commands: [Cmd; 2]) -> RedisResult<Vec<Value>> {
        let mut pipeline = redis::pipe();
        for command in commands {
            pipeline.add_command(command);
        }
        match self {
            Self::One(one) => one.send_packed_commands(&pipeline, 0, 2).await,
            Self::Cluster(cluster) => {
                let master = Route::with_key(key, SlotAddr::Master);
                let master = SingleNodeRoutingInfo::SpecificNode(master);
                cluster.route_pipeline(pipeline, 0, 2, master).await
            }
        }
    }
}

impl Address {
    /// A new connection, whose messages go to `pushes`.
    pub(super) async fn connect(
        &self,
        pushes: Option<UnboundedSender<PushInfo>>,
    ) -> RedisResult<Connection> {
        match &self.kind {
            Kind::Single => {
                let server = self.servers.first().cloned().ok_or_else(nowhere)?;
                let client = Client::open(server)?;
                let config = config(pushes);
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await
                    .map(Connection::One)
            }
            Kind::Sentinel(master) => {
                let config = config(pushes);
                let connecting = self.connect_to_master(master, &config);
                // Each Sentinel may be asked in turn.
                within(ANSWER, connecting, "no Sentinel answers in time").await
            }
            Kind::Cluster => {
                let mut builder = ClusterClientBuilder::new(self.servers.clone())
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(CONNECT)
                    .response_timeout(ANSWER)
                    .overall_response_timeout(Some(CLUSTER_ANSWER));
                if let Some(pushes) = pushes {
                    builder = builder.push_sender(pushes);
                }
                let client = builder.build()?;
                let connecting = client.get_async_connection();
                let late = "no server of the cluster answers in time";
                let connected = within(CLUSTER_ANSWER, connecting, late).await;
                connected.map(Connection::Cluster)
            }
        }
    }

    async fn connect_to_master(
        &self,
        master: &str,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<Connection> {
        let first = self.servers.first().ok_or_else(nowhere)?;
        let sentinels = self.servers.iter().map(|server| server.addr().clone());
        let kind = SentinelServerType::Master;
        let login = first.redis_settings();
        let mut builder = SentinelClientBuilder::new(sentinels, master, kind)?
            .set_client_to_redis_db(login.db())
            .set_client_to_redis_protocol(ProtocolVersion::RESP3);
        if let Some(user) = login.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = login.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if matches!(first.addr(), ConnectionAddr::TcpTls { .. }) {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        let mut client = builder.build()?;
        let connected = client.get_async_connection_with_config(config).await?;
        Ok(Connection::One(connected))
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = RedisResult<T>>,
    late: &'static str,
) -> RedisResult<T> {
    let done = tokio::time::timeout(time, work).await;
    done.unwrap_or_else(|_| Err((ErrorKind::Io, late).into()))
}

fn nowhere() -> RedisError {
    (ErrorKind::InvalidClientConfig, "no server").into()
}

fn config(pushes: Option<UnboundedSender<PushInfo>>) -> AsyncConnectionConfig {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER));
    match pushes {
        Some(pushes) => config.set_push_sender(pushes),
        None => config,
    }
}

/// One connection for all calls.
pub(super) struct Link {
    address: Address,
    made: Mutex<Made>,
    /// Held by whoever makes it anew.
    making: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Made {
    connection: Option<Connection>,
    /// How many were made.
    count: u64,
    failed: Option<Instant>,
}

impl Link {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            made: Mutex::default(),
            making: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Runs the calls; once more on a new connection if the old one was lost meanwhile. They must bear being repeated.
    pub(super) async fn run<T, F: Future<Output = RedisResult<T>>>(
        &self,
        calls: impl Fn(Connection) -> F,
    ) -> Result<T, StoreError> {
        for last in [false, true] {
            let (count, connection) = self.connection().await?;
            match calls(connection).await {
                Ok(done) => return Ok(done),
                Err(error) => {
                    if is_lost(&error) {
                        self.lose(count, &error);
                    }
                    if last || !error.is_connection_dropped() {
                        return Err(told(&error));
                    }
                }
            }
        }
        Err(StoreError::Unavailable)
    }

    /// Runs one command.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let query =
            |mut connection: Connection| async move { command.query_async(&mut connection).await };
        self.run(query).await
    }

    async fn connection(&self) -> Result<(u64, Connection), StoreError> {
        if let Some(ready) = self.ready()? {
            return Ok(ready);
        }
        let _making = self.making.lock().await;
        if let Some(ready) = self.ready()? {
            return Ok(ready);
        }
        let connected = self.address.connect(None).await;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match connected {
            Ok(connection) => {
                made.count += 1;
                made.connection = Some(connection.clone());
                made.failed = None;
                Ok((made.count, connection))
            }
            Err(error) => {
                made.failed = Some(Instant::now());
                Err(told(&error))
            }
        }
    }

    /// What is there, or that there was none a moment ago.
    fn ready(&self) -> Result<Option<(u64, Connection)>, StoreError> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &made.connection {
            Some(connection) => Ok(Some((made.count, connection.clone()))),
            None if made.failed.is_some_and(|at| at.elapsed() < PAUSE) => {
                Err(StoreError::Unavailable)
            }
            None => Ok(None),
        }
    }

    fn lose(&self, count: u64, error: &RedisError) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // A cluster's connection mends itself, but does not ask who took the place of a server that is silent.
        let mended = matches!(made.connection, Some(Connection::Cluster(_)));
        if made.count == count && (!mended || error.is_timeout()) {
            made.connection = None;
        }
    }
}

/// Whether the server at the other end is not the one to talk to any more.
fn is_lost(error: &RedisError) -> bool {
    let demoted = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    );
    demoted || error.is_io_error() || error.is_unrecoverable_error()
}

/// What went wrong, in the log; what of it a caller is told.
pub(super) fn told(error: &RedisError) -> StoreError {
    let (category, code) = (error.category(), error.code());
    match code {
        Some("OOM") => StoreError::Full,
        Some("MISCONF") => StoreError::Failing,
        _ => {
            tracing::warn!(category, code, "redis");
            StoreError::Unavailable
        }
    }
}

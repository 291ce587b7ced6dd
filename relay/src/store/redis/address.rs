//! Where a Redis or Valkey is: one server, those that Sentinels name, or a cluster.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};
use url::Url;

/// Most servers that one address may name.
const MAX_HOSTS: usize = 64;

/// One parsed address of a store.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) kind: Kind,
    /// The servers to begin with, with user, password and database.
    pub(super) servers: Vec<ConnectionInfo>,
    /// How many replicas must have a creation, or who is bound, before that is answered.
    pub(super) replicas: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Single,
    Cluster,
    /// Of the name that the Sentinels know the master by.
    Sentinel(String),
}

/// The address of a store can't be used. Says nothing of what it contains: there may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of the Redis store: {0}")]
pub struct BadAddress(&'static str);

impl Address {
    /// `redis://[user:password@]host[:port][/database][?replicas=N]`; `rediss` with TLS; `redis+unix:///path`;
    /// `redis+cluster://host[:port],host[:port]…`; `redis+sentinel://host[:port],host[:port]…/master[?database=N]`; the
    /// last two with TLS as `rediss+…`. Without `replicas` it is one behind Sentinels, else none.
    pub(super) fn parse(text: &str) -> Result<Self, BadAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(BadAddress("not a URL"))?;
        let (kind, scheme) = match scheme.split_once('+') {
            None | Some((_, "unix")) => (Kind::Single, scheme),
            Some((scheme, "cluster")) => (Kind::Cluster, scheme),
            Some((scheme, "sentinel")) => (Kind::Sentinel(String::new()), scheme),
            Some(_) => return Err(BadAddress("redis+cluster, redis+sentinel or redis+unix")),
        };
        if !["redis", "rediss", "redis+unix"].contains(&scheme) {
            return Err(BadAddress("its scheme is redis or rediss"));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let login = if login.is_empty() {
            String::new()
        } else {
            format!("{login}@")
        };
        let hosts: Vec<&str> = hosts.split(',').collect();
        let several = kind != Kind::Single;
        if hosts.len() > if several { MAX_HOSTS } else { 1 } {
            return Err(BadAddress("too many servers"));
        }
        let urls = hosts.iter().map(|host| {
            Url::parse(&format!("{scheme}://{login}{host}{tail}"))
                .map_err(|_| BadAddress("not a URL"))
        });
        let urls = urls.collect::<Result<Vec<Url>, _>>()?;
        let first = urls.first().ok_or(BadAddress("no server"))?;
        let asked = Asked::of(first, several)?;
        let kind = match kind {
            Kind::Sentinel(_) => Kind::Sentinel(master(first)?),
            Kind::Cluster if !matches!(first.path(), "" | "/") => {
                return Err(BadAddress("a cluster has no databases"));
            }
            kind => kind,
        };
        // Where there are Sentinels there is somebody to fail over to.
        let sentinels = u32::from(matches!(kind, Kind::Sentinel(_)));
        let servers = urls.into_iter().map(|url| server(url, &kind, &asked));
        Ok(Self {
            servers: servers.collect::<Result<_, _>>()?,
            kind,
            replicas: asked.replicas.unwrap_or(sentinels),
        })
    }
}

/// What stands after the question mark.
struct Asked {
    replicas: Option<u32>,
    database: Option<i64>,
}

impl Asked {
    fn of(url: &Url, several: bool) -> Result<Self, BadAddress> {
        let (mut replicas, mut database) = (None, None);
        if url.fragment().is_some() {
            return Err(BadAddress("nothing stands after a #"));
        }
        for (name, value) in url.query_pairs() {
            let number = || value.parse().map_err(|_| BadAddress("not a number"));
            match &*name {
                "replicas" => replicas = Some(number()?),
                "database" if several => database = Some(i64::from(number()?)),
                _ => return Err(BadAddress("after the ? stands replicas=N, or database=N")),
            }
        }
        Ok(Self { replicas, database })
    }
}

fn master(url: &Url) -> Result<String, BadAddress> {
    let name = url.path().trim_start_matches('/');
    if name.is_empty() || name.contains('/') {
        return Err(BadAddress("Sentinels are asked for /NAME-OF-THE-MASTER"));
    }
    Ok(name.to_owned())
}

fn server(mut url: Url, kind: &Kind, asked: &Asked) -> Result<ConnectionInfo, BadAddress> {
    url.set_query(None);
    if *kind != Kind::Single {
        url.set_path("");
    }
    if matches!(kind, Kind::Sentinel(_)) && url.port().is_none() {
        url.set_port(Some(26_379))
            .map_err(|()| BadAddress("not a URL"))?;
    }
    let bad = |_| BadAddress("a server, user, password or database can't be read");
    let info = url.into_connection_info().map_err(bad)?;
    let mut redis = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    if let Some(database) = asked.database {
        redis = redis.set_db(database);
    }
    Ok(info.set_redis_settings(redis))
}

/// Whether the text names a Redis at all, and not a file.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    matches!(scheme.split('+').next(), Some("redis" | "rediss"))
}

impl Address {
    /// How it is told to an operator: no user, no password.
    pub(super) fn shown(&self) -> String {
        let hosts = self.servers.iter().map(|server| match server.addr() {
            ConnectionAddr::Unix(path) => path.display().to_string(),
            address => address.to_string(),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        match &self.kind {
            Kind::Single => format!("redis {hosts}"),
            Kind::Cluster => format!("redis cluster {hosts}"),
            Kind::Sentinel(master) => format!("redis {master} of sentinels {hosts}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn each_form_names_its_servers() {
        let single = parsed("redis://me:secret@store.example:7000/3?replicas=2");
        assert_eq!((single.kind.clone(), single.replicas), (Kind::Single, 2));
        assert_eq!(single.servers[0].redis_settings().db(), 3);
        assert_eq!(
            single.servers[0].redis_settings().password(),
            Some("secret")
        );
        assert_eq!(single.shown(), "redis store.example:7000");
        let cluster = parsed("redis+cluster://:secret@127.0.0.1:7001,127.0.0.1:7002");
        assert_eq!(
            (cluster.kind.clone(), cluster.servers.len()),
            (Kind::Cluster, 2)
        );
        for server in &cluster.servers {
            assert_eq!(server.redis_settings().password(), Some("secret"));
        }
        let sentinel = parsed("rediss+sentinel://10.0.0.1,10.0.0.2:5/main?replicas=1&database=4");
        assert_eq!(parsed("redis+sentinel://a/main").replicas, 1);
        assert_eq!(cluster.replicas, 0);
        assert_eq!(sentinel.kind, Kind::Sentinel("main".to_owned()));
        assert_eq!(
            sentinel.shown(),
            "redis main of sentinels 10.0.0.1:26379,10.0.0.2:5"
        );
        assert_eq!(sentinel.servers[1].redis_settings().db(), 4);
        assert_eq!(
            parsed("redis+unix:///run/redis.sock").shown(),
            "redis /run/redis.sock"
        );
    }

    #[test]
    fn what_names_no_store_is_refused_without_its_password() {
        for bad in [
            "redis",
            "redis://",
            "http://secret@127.0.0.1",
            "redis://secret@a,b",
            "redis+sentinel://:secret@127.0.0.1",
            "redis+sentinel://:secret@127.0.0.1/a/b",
            "redis+cluster://:secret@127.0.0.1/1",
            "redis+other://:secret@127.0.0.1",
            "redis://:secret@127.0.0.1/x",
            "redis://:secret@127.0.0.1?replicas=many",
            "redis://:secret@127.0.0.1?protocol=2",
            "rediss://:secret@127.0.0.1#insecure",
            "redis://:secret@127.0.0.1:99999",
        ] {
            let error = Address::parse(bad).err().map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("{bad} is accepted"));
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_file_is_no_address() {
        for file in ["memory", "/var/lib/relay", "redis", "./redis:/x"] {
            assert!(!is_address(file), "{file}");
        }
        assert!(is_address("rediss+cluster://a"));
    }
}

//! Who makes a request, as far as a relay can tell, and what one client may take of what all share.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::net::IpAddr;

/// A client: an IPv4 address, or an IPv6 /64, which is the least that a customer has; of the latter the /48 counts too,
/// since many have that.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(Net);

/// What a bound is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Client,
    Network,
    All,
}

/// A client's address or network, as far as limits tell it from others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Net {
    Unknown,
    V4(u32),
    V6(u64),
    V6Wide(u64),
}

impl Client {
    /// All whose address can't be read: they share one client's part.
    pub const UNKNOWN: Self = Self(Net::Unknown);

    /// Who has this address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Net::V4(address.to_bits()),
            IpAddr::V6(address) => {
                Net::V6(u64::try_from(address.to_bits() >> 64).unwrap_or_default())
            }
        })
    }
}

impl Client {
    /// The narrowest first, each with whose bound it has.
    pub(crate) fn nets(self) -> impl DoubleEndedIterator<Item = (Net, Level)> {
        let nets = [Some(self.0), self.wide()].into_iter().flatten();
        nets.map(|net| (net, net.level()))
    }

    /// The /48, where there is one.
    fn wide(self) -> Option<Net> {
        match self.0 {
            Net::V6(network) => Some(Net::V6Wide(network >> 16)),
            _ => None,
        }
    }

    /// The widest that it is in.
    pub(crate) fn widest(self) -> Net {
        self.wide().unwrap_or(self.0)
    }
}

impl Net {
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Unknown | Self::V4(_) | Self::V6(_) => Level::Client,
            Self::V6Wide(_) => Level::Network,
        }
    }
}

/// An address is nobody's business but the limits'.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

/// How much one client, the /48 that it is in, and all together may take of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// An IPv4 address, an IPv6 /64.
    pub client: usize,
    /// An IPv6 /48.
    pub network: usize,
    /// All.
    pub all: usize,
}

impl Bound {
    /// In this order.
    #[must_use]
    pub const fn new(client: usize, network: usize, all: usize) -> Self {
        Self {
            client,
            network,
            all,
        }
    }

    pub(crate) fn at(self, level: Level) -> usize {
        match level {
            Level::Client => self.client,
            Level::Network => self.network,
            Level::All => self.all,
        }
    }

    /// So many of a hundred parts of each.
    pub(crate) fn percent(self, parts: u8) -> Self {
        let part = |whole: usize| {
            whole / 100 * usize::from(parts) + whole % 100 * usize::from(parts) / 100
        };
        Self::new(part(self.client), part(self.network), part(self.all))
    }
}

/// Whose bound stands against taking more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// The client's, or its network's: others can go on.
    Client,
    /// That of all.
    All,
}

/// Who has taken how much. Of what belongs to nobody (`None`) only the sum counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    all: usize,
    nets: HashMap<Net, usize>,
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net(..)")
    }
}

impl Tally {
    pub(crate) fn all(&self) -> usize {
        self.all
    }

    /// What the client itself has.
    #[cfg(test)]
    pub(crate) fn of(&self, client: Client) -> usize {
        self.net(client.0)
    }

    fn net(&self, net: Net) -> usize {
        self.nets.get(&net).copied().unwrap_or(0)
    }

    /// Whether so much more is within the bound.
    pub(crate) fn admits(
        &self,
        client: Option<Client>,
        more: usize,
        bound: &Bound,
    ) -> Result<(), Exceeded> {
        let fits = |has: usize, bound: usize| has.saturating_add(more) <= bound;
        let mut nets = client.into_iter().flat_map(Client::nets);
        if nets.any(|(net, level)| !fits(self.net(net), bound.at(level))) {
            return Err(Exceeded::Client);
        }
        if fits(self.all, bound.all) {
            Ok(())
        } else {
            Err(Exceeded::All)
        }
    }

    pub(crate) fn add(&mut self, client: Option<Client>, more: usize) {
        self.all = self.all.saturating_add(more);
        for (net, _) in client.into_iter().flat_map(Client::nets) {
            let has = self.nets.entry(net).or_default();
            *has = has.saturating_add(more);
        }
    }

    pub(crate) fn sub(&mut self, client: Option<Client>, less: usize) {
        self.all = self.all.saturating_sub(less);
        for (net, _) in client.into_iter().flat_map(Client::nets) {
            if let Entry::Occupied(mut has) = self.nets.entry(net) {
                *has.get_mut() = has.get().saturating_sub(less);
                if *has.get() == 0 {
                    has.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    #[test]
    fn an_address_a_64_and_a_48_have_their_own_bounds() {
        let bound = Bound::new(10, 15, 100);
        let mut taken = Tally::default();
        taken.add(Some(client("2001:db8:0:1::1")), 10);
        let more = |taken: &Tally, address, n| taken.admits(Some(client(address)), n, &bound);
        assert_eq!(
            more(&taken, "2001:db8:0:1:ffff::2", 1),
            Err(Exceeded::Client)
        );
        assert_eq!(more(&taken, "2001:db8:0:2::1", 5), Ok(()));
        assert_eq!(more(&taken, "2001:db8:0:2::1", 6), Err(Exceeded::Client));
        assert_eq!(more(&taken, "2001:db8:1:1::1", 10), Ok(()), "another /48");
        taken.add(Some(client("192.0.2.1")), 10);
        assert_eq!(more(&taken, "::ffff:192.0.2.1", 1), Err(Exceeded::Client));
        assert_eq!(more(&taken, "192.0.2.2", 10), Ok(()));
        taken.add(None, 75);
        assert_eq!(more(&taken, "192.0.2.2", 6), Err(Exceeded::All));
        taken.sub(Some(client("192.0.2.1")), 10);
        assert_eq!(more(&taken, "192.0.2.1", 10), Ok(()));
        taken.sub(Some(client("2001:db8:0:1::1")), 10);
        assert!(taken.nets.is_empty(), "who has nothing is forgotten");
    }

    #[test]
    fn a_part_of_a_bound() {
        let bound = Bound::new(1, 150, usize::MAX).percent(75);
        assert_eq!((bound.client, bound.network), (0, 112));
        assert!(bound.all > usize::MAX / 100 * 74);
    }
}

//! Who is connected, and who gives way when there is no place left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::client::{Bound, Client, Exceeded, Net, Tally};
use crate::peer::Peer;

/// All connections at a time.
pub(crate) struct Connections {
    bound: Bound,
    /// Whether an address says who the client is. A proxy has one for all.
    by_address: bool,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    tally: Tally,
    all: HashMap<u64, Entry>,
    next: u64,
}

struct Entry {
    client: Client,
    peer: Peer,
    shed: Arc<Notify>,
}

/// One of the places, until it is dropped.
pub(crate) struct Place {
    connections: Arc<Connections>,
    number: u64,
    shed: Arc<Notify>,
}

impl Connections {
    pub(crate) fn new(bound: Bound, by_address: bool) -> Arc<Self> {
        Arc::new(Self {
            bound,
            by_address,
            open: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    #[cfg(feature = "metrics")]
    pub(crate) fn count(&self) -> usize {
        self.open().all.len()
    }

    /// A place for a connection. If the client has all of its own, its connection that is idle for longest gives way; if
    /// all places are taken, one of the client that has most. None if none is idle.
    pub(crate) fn place(self: &Arc<Self>, peer: Peer) -> Option<Place> {
        let client = Client::of(peer.ip);
        let counted = self.by_address.then_some(client);
        let mut open = self.open();
        loop {
            let idle = match open.tally.admits(counted, 1, &self.bound) {
                Ok(()) => break,
                Err(Exceeded::Client) => open.idle_longest(&|entry| entry.shares(client)),
                Err(Exceeded::All) => open.idle_of_the_largest(),
            }?;
            // It has no place any more, though its task may need a moment to end.
            if let Some(entry) = open.remove(idle, self.by_address) {
                entry.shed.notify_one();
            }
        }
        let (number, shed) = (open.next, Arc::<Notify>::default());
        open.next += 1;
        open.tally.add(counted, 1);
        let entry = Entry {
            client,
            peer,
            shed: shed.clone(),
        };
        open.all.insert(number, entry);
        drop(open);
        Some(Place {
            connections: self.clone(),
            number,
            shed,
        })
    }
}

impl Open {
    fn remove(&mut self, number: u64, by_address: bool) -> Option<Entry> {
        let entry = self.all.remove(&number)?;
        self.tally.sub(by_address.then_some(entry.client), 1);
        Some(entry)
    }

    fn idle_longest(&self, among: &dyn Fn(&Entry) -> bool) -> Option<u64> {
        let idle = self.all.iter().filter(|(_, entry)| among(entry));
        let idle = idle.filter_map(|(number, entry)| Some((entry.peer.idle_since()?, *number)));
        idle.min().map(|(_, number)| number)
    }

    fn idle_of_the_largest(&self) -> Option<u64> {
        let mut idle = HashMap::<Net, usize>::new();
        for entry in self
            .all
            .values()
            .filter(|entry| entry.peer.idle_since().is_some())
        {
            *idle.entry(entry.net()).or_default() += 1;
        }
        let (largest, _) = idle.into_iter().max_by_key(|(_, count)| *count)?;
        self.idle_longest(&|entry| entry.net() == largest)
    }
}

impl Entry {
    /// The widest that it is in.
    fn net(&self) -> Net {
        self.client.widest()
    }

    fn shares(&self, client: Client) -> bool {
        self.net() == client.widest()
    }
}

impl Place {
    /// Resolves when another connection has its place.
    pub(crate) async fn lost(&self) {
        self.shed.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let by_address = self.connections.by_address;
        self.connections.open().remove(self.number, by_address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u8) -> Peer {
        Peer::new([192, 0, 2, n].into())
    }

    /// Which of the places are lost.
    async fn lost(places: &[Place]) -> Vec<usize> {
        let mut lost = Vec::new();
        for (index, place) in places.iter().enumerate() {
            if tokio::time::timeout(std::time::Duration::ZERO, place.lost())
                .await
                .is_ok()
            {
                lost.push(index);
            }
        }
        lost
    }

    #[tokio::test]
    async fn the_longest_idle_of_the_same_client_gives_way() {
        let connections = Connections::new(Bound::new(3, 3, 6), true);
        let peers = [peer(1), peer(1), peer(1)];
        let _busy = peers[0].begin();
        let mut places: Vec<Place> = peers
            .iter()
            .map(|peer| connections.place(peer.clone()).unwrap())
            .collect();
        places.push(connections.place(peer(2)).unwrap());
        places.push(connections.place(peer(1)).unwrap());
        assert_eq!(
            lost(&places).await,
            [1],
            "not the busy one, and not another's"
        );
        drop(places);
        assert_eq!(connections.open().tally.all(), 0);
        assert!(connections.open().all.is_empty());
    }

    #[tokio::test]
    async fn a_client_whose_connections_are_all_busy_gets_no_more_and_others_do() {
        let connections = Connections::new(Bound::new(2, 2, 6), true);
        let (one, other) = (peer(1), peer(1));
        let _busy = (one.begin(), other.begin());
        let _places = [connections.place(one), connections.place(other)];
        assert!(connections.place(peer(1)).is_none());
        assert!(connections.place(peer(2)).is_some());
    }

    #[tokio::test]
    async fn where_all_places_are_taken_the_client_with_most_gives_way() {
        let connections = Connections::new(Bound::new(5, 5, 5), true);
        let peers = [1, 2, 2, 2, 3].map(peer);
        let places: Vec<Place> = peers
            .into_iter()
            .map(|peer| connections.place(peer).unwrap())
            .collect();
        let _new = connections.place(peer(4)).unwrap();
        assert_eq!(lost(&places).await, [1]);
    }

    #[tokio::test]
    async fn a_proxy_is_no_client() {
        let connections = Connections::new(Bound::new(1, 1, 4), false);
        let places: Vec<Place> = (0..4)
            .map(|_| connections.place(peer(1)).unwrap())
            .collect();
        assert_eq!(lost(&places).await, [0_usize; 0]);
        let _new = connections.place(peer(1)).unwrap();
        assert_eq!(lost(&places).await, [0]);
    }
}

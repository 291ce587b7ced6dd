//! What is under way at a time, in bytes or in number: bounded for each client, and in all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::client::{Bound, Client, Tally};

/// A bound, and who has taken how much of it now.
#[derive(Debug)]
pub(crate) struct Budget {
    bound: Bound,
    taken: Mutex<Tally>,
    freed: Notify,
}

/// A part of a budget, until it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    budget: Arc<Budget>,
    client: Client,
    amount: usize,
}

impl Budget {
    pub(crate) fn new(bound: Bound) -> Arc<Self> {
        Arc::new(Self {
            bound,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Tally> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes so much if there is as much. One that could never be had is had alone.
    pub(crate) fn try_take(self: &Arc<Self>, client: Client, amount: usize) -> Option<Taken> {
        let Bound {
            client: own,
            network,
            all,
        } = self.bound;
        let amount = amount.min(own).min(network).min(all);
        let mut taken = self.taken();
        taken.admits(Some(client), amount, &self.bound).ok()?;
        taken.add(Some(client), amount);
        Some(Taken {
            budget: self.clone(),
            client,
            amount,
        })
    }

    /// Waits for it, but not for ever.
    pub(crate) async fn take(
        self: &Arc<Self>,
        client: Client,
        amount: usize,
        patience: Duration,
    ) -> Option<Taken> {
        if let Some(taken) = self.try_take(client, amount) {
            return Some(taken);
        }
        let patient = async {
            loop {
                let mut freed = std::pin::pin!(self.freed.notified());
                // Listening before looking: nothing that is freed in between is missed.
                freed.as_mut().enable();
                if let Some(taken) = self.try_take(client, amount) {
                    return taken;
                }
                freed.await;
            }
        };
        tokio::time::timeout(patience, patient).await.ok()
    }
}

impl Taken {
    /// Gives back what is not needed after all.
    pub(crate) fn shrink(&mut self, amount: usize) {
        let less = self.amount.saturating_sub(amount);
        if less == 0 {
            return;
        }
        self.amount -= less;
        self.budget.taken().sub(Some(self.client), less);
        self.budget.freed.notify_waiters();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_client_waits_for_itself_and_for_nobody_else() {
        let budget = Budget::new(Bound::new(10, 10, 100));
        let client = |n: u8| Client::of([192, 0, 2, n].into());
        let mut first = budget.try_take(client(1), 8).unwrap();
        assert!(budget.try_take(client(1), 3).is_none());
        assert!(
            budget.try_take(client(2), 99).is_some(),
            "as much as there is"
        );
        let waiting = budget.take(client(1), 3, Duration::from_secs(60));
        let ((), taken) = tokio::join!(async { first.shrink(7) }, waiting);
        assert!(taken.is_some());
        assert!(budget.try_take(client(1), 1).is_none());
        drop((first, taken));
        assert_eq!(budget.taken().all(), 0);
        let all = budget.try_take(client(1), 10);
        assert!(budget.take(client(1), 1, Duration::ZERO).await.is_none());
        drop(all);
    }
}

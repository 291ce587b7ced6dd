//! Changes that are kept if nobody was faster.

use std::sync::Arc;

use redis::{Cmd, FromRedisValue, Value, from_redis_value};
use tigress_mailbox::MailboxId;
use tigress_mailbox::rules::{Effect, Record, Transition};
use uuid::Uuid;

use super::seen::Loaded;
use super::{RedisStore, damaged, key, left, link, scripts};
use crate::store::StoreError;

/// Longest time that replicas are waited for, in milliseconds.
const REPLICATION: u64 = 1_000;

impl RedisStore {
    /// Runs a script that changes something; waits for the replicas if that is asked for.
    pub(super) async fn change<T: FromRedisValue>(
        &self,
        script: &scripts::Step,
        key: &[u8],
        arguments: &[&[u8]],
        replicate: bool,
    ) -> Result<T, StoreError> {
        let replicas = self.link.address().replicas;
        if !replicate || replicas == 0 {
            return self
                .link
                .run(|connection| script.call(key, arguments, connection))
                .await;
        }
        let results = self.patient.run(|mut connection| {
            let commands = [script.in_full(key, arguments), wait(replicas)];
            async move { connection.both(key, commands).await }
        });
        let mut results = results.await?.into_iter();
        let (Some(result), Some(Value::Int(reached))) = (results.next(), results.next()) else {
            return Err(StoreError::Unavailable);
        };
        if let Value::ServerError(error) = result {
            return Err(link::told(&error.into()));
        }
        if reached < i64::from(replicas) {
            tracing::warn!(reached, wanted = replicas, "redis: too few replicas");
            return Err(StoreError::Unavailable);
        }
        from_redis_value(result).map_err(|_| damaged())
    }

    /// Whether nobody was faster.
    pub(super) async fn keep(
        &self,
        id: MailboxId,
        loaded: &Loaded,
        record: Record,
        transition: &Transition,
        always: bool,
        now: u64,
    ) -> Result<bool, StoreError> {
        let (key, revision) = (key::of_mailbox(id), Uuid::new_v4());
        let is_new = record.version() != loaded.record.version();
        let expires = record.expires();
        let version = *record.version().0.as_bytes();
        let wakes = transition.effect == Effect::KeepAndWake;
        let (head, payload) = record.split();
        let (size, bytes) = (head.size(), head.to_bytes());
        let payload = is_new.then(|| payload.to_bytes());
        let left = left(expires, now);
        let wake = if wakes { self.publish } else { "" };
        let mut arguments = vec![
            loaded.revision.as_slice(),
            revision.as_bytes(),
            &bytes,
            left.as_bytes(),
            wake.as_bytes(),
        ];
        if let Some(payload) = &payload {
            arguments.extend([version.as_slice(), payload]);
        }
        let script = if always {
            &scripts::KEEP_ALWAYS
        } else {
            &scripts::KEEP
        };
        // If this fails, what became of it is not known.
        self.seen.forget(id);
        // Who is bound is what nobody would say again.
        let kept: Option<Vec<u8>> = self.change(script, &key, &arguments, !wakes).await?;
        let Some(creation) = kept else {
            return Ok(false);
        };
        let payload_size = payload.map_or(loaded.payload_size, |payload| payload.len());
        self.seen.put(
            id,
            Arc::new(Loaded {
                revision: revision.as_bytes().to_vec(),
                record: head,
                payload_size,
            }),
        );
        self.owned().changed(id, size + payload_size, expires);
        if expires != loaded.record.expires() {
            self.remember(&creation, id, false, left).await;
        }
        Ok(true)
    }

    /// Whether nobody was faster.
    pub(super) async fn erase(
        &self,
        id: MailboxId,
        loaded: &Loaded,
        remember: u64,
    ) -> Result<bool, StoreError> {
        let key = key::of_mailbox(id);
        let arguments = [loaded.revision.as_slice(), self.publish.as_bytes()];
        self.seen.forget(id);
        let erased: Option<Vec<u8>> = self
            .change(&scripts::ERASE, &key, &arguments, false)
            .await?;
        let Some(creation) = erased else {
            return Ok(false);
        };
        self.owned().gone(id);
        let remember = remember.saturating_mul(1_000).max(1).to_string();
        self.remember(&creation, id, true, remember).await;
        Ok(true)
    }
}

fn wait(replicas: u32) -> Cmd {
    let mut wait = redis::cmd("WAIT");
    wait.arg(replicas).arg(REPLICATION);
    wait
}

//! What happens inside the server, each in one step: a mailbox is one hash.
//!
//! | field | holds |
//! |---|---|
//! | `r` | its revision: fresh and random with each change, so that a server that lost its last second never has an old one again |
//! | `h` | the record without its payload |
//! | `v` | the payload's version |
//! | `p` | the payload |
//! | `c` | the key under which it was created |
//!
//! Whoever watches is told by the script that makes the change: no change is kept without it.

use std::sync::LazyLock;

use redis::{Cmd, FromRedisValue, RedisResult, Script};

use super::link::Connection;

/// A script: called by its digest, or with its text where it stands in a pipeline and can't be asked for again.
pub(super) struct Step {
    text: String,
    script: Script,
}

impl Step {
    fn new(text: String) -> Self {
        let script = Script::new(&text);
        Self { text, script }
    }

    pub(super) fn call<'step, T: FromRedisValue>(
        &'step self,
        key: &[u8],
        arguments: &[&[u8]],
        mut connection: Connection,
    ) -> impl Future<Output = RedisResult<T>> + use<'step, T> {
        let mut call = self.script.key(key);
        for argument in arguments {
            call.arg(argument);
        }
        async move { call.invoke_async(&mut connection).await }
    }

    /// The same as one command.
    pub(super) fn in_full(&self, key: &[u8], arguments: &[&[u8]]) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(&self.text).arg(1).arg(key).arg(arguments);
        command
    }
}

/// KEYS mailbox; ARGV the version that the reader knows, or nothing where no payload is wanted.
/// Returns revision, record, size of the payload, payload unless it is known or not wanted.
pub(super) static LOAD: LazyLock<Step> = LazyLock::new(|| {
    Step::new(
        r"#!lua flags=no-writes
local kept = redis.call('HMGET', KEYS[1], 'r', 'h', 'v')
if not kept[1] then return false end
local size = redis.call('HSTRLEN', KEYS[1], 'p')
if ARGV[1] == '' or ARGV[1] == kept[3] then return {kept[1], kept[2], size} end
return {kept[1], kept[2], size, redis.call('HGET', KEYS[1], 'p')}"
            .to_owned(),
    )
});

/// KEYS mailbox; ARGV its revision, record, time left in milliseconds, version, payload, key of creation.
/// Returns whether there was none of this name.
pub(super) static CREATE: LazyLock<Step> = LazyLock::new(|| {
    Step::new(
        r"#!lua
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[1], 'h', ARGV[2], 'v', ARGV[4], 'p', ARGV[5], 'c', ARGV[6])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1"
            .to_owned(),
    )
});

/// KEYS mailbox; ARGV the revision that was loaded, the new one, record, time left in milliseconds, command that wakes, or nothing;
/// version and payload if these are new. Returns whether nobody was faster, and the key of creation.
const KEEP_BODY: &str = r"
if redis.call('HGET', KEYS[1], 'r') ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'r', ARGV[2], 'h', ARGV[3])
if ARGV[6] then redis.call('HSET', KEYS[1], 'v', ARGV[6], 'p', ARGV[7]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if ARGV[5] ~= '' then redis.call(ARGV[5], KEYS[1], '') end
return redis.call('HGET', KEYS[1], 'c')";

/// For what may take more room only if there is some.
pub(super) static KEEP: LazyLock<Step> = LazyLock::new(|| Step::new(format!("#!lua{KEEP_BODY}")));

/// For what must also be possible in a server whose memory is full.
pub(super) static KEEP_ALWAYS: LazyLock<Step> =
    LazyLock::new(|| Step::new(format!("#!lua flags=allow-oom{KEEP_BODY}")));

/// KEYS mailbox; ARGV the revision that was loaded, command that wakes. Returns the key of creation, if nobody was faster.
pub(super) static ERASE: LazyLock<Step> = LazyLock::new(|| {
    Step::new(
        r"#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'r') ~= ARGV[1] then return false end
local key = redis.call('HGET', KEYS[1], 'c')
redis.call('UNLINK', KEYS[1])
redis.call(ARGV[2], KEYS[1], '')
return key"
            .to_owned(),
    )
});

/// KEYS note of a creation; ARGV what it was. Returns whether it was that.
pub(super) static FORGET: LazyLock<Step> = LazyLock::new(|| {
    Step::new(
        r"#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1])
return 1"
            .to_owned(),
    )
});

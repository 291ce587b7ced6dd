//! Request ids, versions, what is known of the slot; and how many requests a transfer needs.

use super::*;

fn ids(world: &World, at: usize) -> Vec<RequestId> {
    let id = |call: Call| match call {
        Call::Update { request_id, .. } => Some(request_id),
        _ => None,
    };
    world.relay.writes(at).into_iter().filter_map(id).collect()
}

//= test protocol/6.2-request-ids
#[test]
fn an_answered_request_retires_its_id() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.step(SENDER);
    let data = world.relay.data().to_owned();
    for lost in 0..3 {
        // What was written is gone again; equal bytes are written under another id.
        world.relay.put(world.relay.held[lost].clone());
        while !matches!(world.step(SENDER), Next::Write(_)) {}
        assert_eq!(world.relay.data(), data);
    }
    let ids = ids(&world, SENDER);
    for (n, id) in ids.iter().enumerate() {
        assert!(!ids[..n].contains(id));
    }
}

//= test protocol/6.2-request-ids
#[test]
fn a_repeated_request_says_processed_once_not_that_the_slot_holds_it() {
    for overwritten in [false, true] {
        let mut world = World::established();
        world.send(SENDER, 1);
        world.try_step(SENDER, Fault::LostAnswer).unwrap();
        let data = world.relay.data().to_owned();
        if overwritten {
            world.relay.put(world.relay.held[2].clone());
        }
        // The same bytes, the same id: 201.
        let writes = world.relay.writes(SENDER).len();
        world.step(SENDER);
        let made = world.relay.writes(SENDER);
        assert_eq!(made[writes], made[writes - 1]);
        assert_eq!(world.step(SENDER), Next::Read);
        if overwritten {
            assert_eq!(world.step(SENDER), Next::Write(data.clone()));
            let ids = ids(&world, SENDER);
            assert!(ids[writes + 1] != ids[writes]);
        } else {
            assert_eq!(world.step(SENDER), Next::Wait);
        }
        assert_eq!(world.relay.data(), data);
    }
}

#[test]
fn after_a_restart_the_slot_is_read_before_anything_is_written() {
    for fault in [
        Fault::BeforeRequest,
        Fault::BeforeAnswer,
        Fault::BeforeLastStore,
    ] {
        let mut world = World::established();
        world.send(SENDER, 1);
        world.try_step(SENDER, fault).unwrap();
        let before = ids(&world, SENDER);
        assert_eq!(world.step(SENDER), Next::Read);
        let next = world.step(SENDER);
        if fault == Fault::BeforeRequest {
            assert!(matches!(next, Next::Write(_)));
        } else {
            assert_eq!(next, Next::Wait, "the slot holds it");
        }
        let after = ids(&world, SENDER);
        assert!(after[before.len()..].iter().all(|id| !before.contains(id)));
        world.run();
        assert_eq!(world.devices[SENDER].delivered(), [0]);
    }
}

#[test]
fn what_is_sent_is_what_was_stored() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.try_step(SENDER, Fault::BeforeRequest).unwrap();
    let stored = world.devices[SENDER].load().envelope().unwrap();
    world.step(SENDER);
    assert_eq!(world.step(SENDER), Next::Write(stored));
}

//= test protocol/6.2-durable
#[test]
fn a_message_is_stored_before_it_is_acknowledged() {
    let mut world = World::established();
    world.devices[RECEIVER].acknowledges = false;
    world.send(SENDER, 1);
    world.step(SENDER);
    world.try_step(RECEIVER, Fault::BeforeLastStore).unwrap();
    let seen = world.devices[RECEIVER].cursor;
    let unseen = |world: &World| {
        world.devices[RECEIVER]
            .load()
            .update_after(seen)
            .events
            .len()
    };
    assert_eq!(unseen(&world), 0);
    world.step(RECEIVER);
    // Stored now, with its event; only then an envelope acknowledges it.
    assert_eq!(unseen(&world), 1);
    assert!(world.devices[SENDER].delivered().is_empty());
    world.run();
    assert_eq!(world.devices[SENDER].delivered(), [0]);
}

#[test]
fn a_write_is_bound_to_the_version_that_was_seen() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.send(RECEIVER, 2);
    world.step(SENDER);
    // The other did not know; its write is refused, it reads, and writes again.
    assert!(matches!(world.step(RECEIVER), Next::Write(_)));
    assert_eq!(world.slot().side, Side::Sender);
    assert_eq!(world.step(RECEIVER), Next::Read);
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    assert_eq!(world.devices[SENDER].received(), [message(2)]);
    let all = [SENDER, RECEIVER].map(|at| world.relay.writes(at)).concat();
    let bound = |call: &Call| {
        matches!(
            call,
            Call::Update {
                if_match: Some(_),
                ..
            }
        )
    };
    assert!(all.iter().all(bound));
}

#[test]
fn an_error_forgets_what_the_slot_holds_and_ends_nothing() {
    for reply in [
        Reply::Unauthorized,
        Reply::Malformed,
        Reply::Redirected { status: 302 },
        Reply::Refused {
            status: 400,
            reason: "",
        },
    ] {
        for at in [SENDER, RECEIVER] {
            let mut world = World::established();
            world.send(at, 1);
            world.relay.answers = vec![reply.clone()];
            let error = world.try_step(at, Fault::None).unwrap_err();
            assert!(matches!(error, Refused::Relay { .. }), "{error:?}");
            assert_eq!(world.step(at), Next::Read);
            world.run();
            assert_eq!(world.devices[at].delivered(), [0]);
        }
    }
}

/// Requests of a whole transfer, both apps reacting at once to what they see.
fn requests(queued: bool, tells_versions: bool, says_gone: bool) -> usize {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.relay.tells_versions = tells_versions;
    world.relay.says_gone = says_gone;
    world.devices[RECEIVER].done_after = Some(1);
    if queued {
        world.send(SENDER, 1);
    }
    world.step(SENDER);
    world.accept(RECEIVER).unwrap();
    world.run();
    if !queued {
        assert_eq!(world.state(RECEIVER), TransferState::Established);
        world.send(SENDER, 1);
    }
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
    assert!(world.relay.is_gone());
    world.relay.requests()
}

#[test]
fn a_transfer_needs_few_requests() {
    for tells_versions in [true, false] {
        for says_gone in [true, false] {
            assert_eq!(requests(true, tells_versions, says_gone), 11);
            assert_eq!(requests(false, tells_versions, says_gone), 15);
        }
    }
}

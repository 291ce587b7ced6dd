//! Messages both ways over one slot, and tokens that are not what they should be.

use super::*;
use crate::exchange::{MAX_BYTES, MAX_TOKENS};
use tigress_primitives::cbor::Map;

fn messages(range: std::ops::Range<u8>) -> Vec<Credential> {
    range.map(message).collect()
}

#[test]
fn ten_additional_calls_each_way() {
    let mut world = World::invited();
    world.send(SENDER, 0);
    world.accept(RECEIVER).unwrap();
    for n in 1..11 {
        world.send(RECEIVER, n);
        world.run();
        world.send(SENDER, n);
        world.run();
    }
    world.terminate(RECEIVER, TerminateReason::Done);
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), messages(0..11));
    assert_eq!(world.devices[SENDER].received(), messages(1..11));
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
}

#[test]
fn back_to_back_writes_overwrite_the_slot_and_lose_nothing() {
    let mut world = World::established();
    for n in 0..10 {
        world.send(SENDER, n);
        world.step(SENDER);
    }
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), messages(0..10));
    assert_eq!(
        world.devices[SENDER].delivered(),
        (0..10).collect::<Vec<_>>()
    );
}

#[test]
fn crossing_writes_lose_nothing() {
    for tells_versions in [false, true] {
        let mut world = World::established();
        world.relay.tells_versions = tells_versions;
        for n in 0..10 {
            for at in [SENDER, RECEIVER] {
                world.send(at, n);
                world.step(at);
            }
        }
        world.run();
        for at in [SENDER, RECEIVER] {
            assert_eq!(world.devices[at].received(), messages(0..10));
            assert_eq!(world.devices[at].delivered(), (0..10).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_two_are_never_online_together() {
    let mut world = World::with_lifetime(LIFETIME, 0);
    world.send(SENDER, 1);
    world.devices[RECEIVER].done_after = Some(1);
    let rounds = |world: &mut World, at: usize| {
        world.wait(HOUR);
        world.devices[at].kill();
        for _ in 0..6 {
            world.step(at);
        }
    };
    rounds(&mut world, SENDER);
    world.accept(RECEIVER).unwrap();
    for _ in 0..4 {
        rounds(&mut world, RECEIVER);
        rounds(&mut world, SENDER);
    }
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    // The receiver saw the acknowledgement and deleted the mailbox.
    assert_eq!(world.outcomes(), [Some(Outcome::Completed); 2]);
    assert!(world.relay.is_gone());
}

#[test]
fn at_most_fifteen_tokens_wait_and_the_last_place_is_the_deletions() {
    let mut world = World::established();
    for n in 0..20 {
        world.send(SENDER, n);
    }
    world.step(SENDER);
    assert_eq!(world.slot().tokens.len(), MAX_TOKENS - 1);
    // All of it leaves, in order, before "done".
    world.terminate(SENDER, TerminateReason::Done);
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), messages(0..20));

    let mut world = World::established();
    for n in 0..20 {
        world.send(SENDER, n);
    }
    world.step(SENDER);
    world.terminate(SENDER, TerminateReason::Cancelled);
    world.step(SENDER);
    assert_eq!(world.slot().tokens.len(), MAX_TOKENS);
    world.run();
    assert_eq!(world.outcomes(), [Some(Outcome::Cancelled); 2]);
}

#[test]
fn large_messages_wait_for_room() {
    let mut world = World::established();
    let large = Credential::new("large", vec![1; MAX_CONTENT]);
    for _ in 0..3 {
        world.edit(SENDER, |transfer, _| transfer.send(&large).unwrap());
    }
    world.step(SENDER);
    let bytes: usize = world.slot().tokens.iter().map(Vec::len).sum();
    assert!(bytes <= MAX_BYTES && world.slot().tokens.len() == 1);
    world.run();
    assert_eq!(
        world.devices[RECEIVER].received(),
        [large.clone(), large.clone(), large]
    );
    let too_large = Credential::new("large", vec![1; MAX_CONTENT + 1]);
    let error = world.edit(SENDER, |transfer, _| transfer.send(&too_large).unwrap_err());
    assert_eq!(error, Refused::Message(MessageError::TooLarge));
}

#[test]
fn an_app_that_hears_of_no_delivery_may_send_no_more_and_its_record_can_be_read() {
    let mut world = World::established();
    world.devices[SENDER].acknowledges = false;
    let mut sent = 0;
    for _ in 0..1500 {
        while world.edit(SENDER, |t, _| t.send(&message(sent as u8)).is_ok()) {
            sent += 1;
        }
        for at in [SENDER, RECEIVER] {
            world.step(at);
        }
    }
    assert!((256..512).contains(&sent), "{sent}");
    assert_eq!(world.devices[SENDER].delivered().len(), sent);
    world.devices[SENDER].acknowledges = true;
    world.devices[SENDER].look();
    assert!(world.edit(SENDER, |t, _| t.send(&message(0)).is_ok()));
}

#[test]
fn an_app_that_acknowledges_no_events_stops_the_flow_and_loses_nothing() {
    let mut world = World::established();
    world.devices[RECEIVER].acknowledges = false;
    let count = 1000;
    let mut sent = 0;
    for _ in 0..300 {
        while sent < count && world.edit(SENDER, |t, _| t.send(&message(sent as u8)).is_ok()) {
            sent += 1;
        }
        for at in [SENDER, RECEIVER] {
            world.step(at);
        }
    }
    let taken = world.devices[RECEIVER].received().len();
    assert!((200..300).contains(&taken), "{taken}");
    assert!(world.devices[SENDER].delivered().len() <= taken);
    world.devices[RECEIVER].acknowledges = true;
    world.devices[RECEIVER].look();
    while world.devices[RECEIVER].received().len() < count {
        while sent < count && world.edit(SENDER, |t, _| t.send(&message(sent as u8)).is_ok()) {
            sent += 1;
        }
        for at in [SENDER, RECEIVER] {
            world.step(at);
        }
    }
    let received = world.devices[RECEIVER].received();
    assert!(
        received
            .iter()
            .enumerate()
            .all(|(n, one)| *one == message(n as u8))
    );
}

#[test]
fn an_envelope_without_tokens_asks_for_no_answer() {
    let mut world = World::established();
    world.run();
    let writes = world.relay.held.len();
    world.send(SENDER, 1);
    world.run();
    assert_eq!(
        world.relay.held.len(),
        writes + 2,
        "the message, its acknowledgement"
    );
}

/// What the other side makes of a token that `make` puts under way at an authentic sender.
fn ends_by(make: impl FnOnce(&mut Transfer, &mut Entropy) -> Vec<u8>) -> u64 {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.edit(SENDER, |transfer, entropy| {
        transfer.advance(START, entropy).unwrap();
        let token = make(transfer, entropy);
        transfer.window.push(token).unwrap();
    });
    let good = world.slot().base;
    world.settle();
    // The good one before it was taken and acknowledged, the bad one was not.
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    let last = world.relay.held.iter().rev().find_map(|data| {
        let fields = Envelope::decode(data)?.fields()?;
        (fields.side == Side::Receiver && fields.abort.is_some()).then_some(fields)
    });
    assert!(last.unwrap().ack > good);
    assert!(world.devices[SENDER].delivered().len() <= 1);
    assert_eq!(world.outcome(SENDER), world.outcome(RECEIVER));
    assert!(world.relay.is_gone());
    match world.outcome(SENDER) {
        Some(Outcome::Failed(code)) => code,
        other => panic!("{other:?}"),
    }
}

fn wrapped(transfer: &mut Transfer, conf: bool, data: &[u8], entropy: &mut Entropy) -> Vec<u8> {
    let context = transfer.security.context.as_mut().unwrap();
    context.wrap(conf, 0, data, START, entropy).unwrap()
}

#[test]
fn a_token_that_cant_be_decoded_ends_the_transfer_and_is_not_acknowledged() {
    let good = || message::encode(&message(2));
    assert_eq!(ends_by(|_, _| b"no token".to_vec()), codes::UNDECODABLE);
    assert_eq!(ends_by(|_, _| Vec::new()), codes::UNDECODABLE);
    // Altered.
    assert_eq!(
        ends_by(|t, e| {
            let mut token = wrapped(t, true, &good(), e);
            token[50] ^= 1;
            token
        }),
        codes::UNDECODABLE
    );
    // The same once more, and out of its order.
    assert_eq!(
        ends_by(|t, _| t.window.fields(Side::Sender, false).tokens[0].clone()),
        codes::UNDECODABLE
    );
    assert_eq!(
        ends_by(|t, e| {
            wrapped(t, true, &good(), e);
            wrapped(t, true, &good(), e)
        }),
        codes::UNDECODABLE
    );
    // Not sealed.
    assert_eq!(
        ends_by(|t, e| wrapped(t, false, &good(), e)),
        codes::UNDECODABLE
    );
    // No message, one of another version, one whose content is not what its format says.
    let maps = [
        Map::new(),
        Map::new().with(0, 2).with(1, "x").with(2, &[1]),
        Map::new().with(0, 1).with(1, "").with(2, &[1]),
        Map::new()
            .with(0, 1)
            .with(1, "digitalwallet.x")
            .with(2, &[1]),
        Map::new().with(0, 1).with(1, "x").with(2, "text"),
    ];
    for map in maps {
        assert_eq!(
            ends_by(|t, e| wrapped(t, true, &map.encode(), e)),
            codes::UNDECODABLE
        );
    }
    let large = Map::new()
        .with(0, 1)
        .with(1, "x")
        .with(2, vec![0; MAX_CONTENT + 1]);
    assert_eq!(
        ends_by(|t, e| wrapped(t, true, &large.encode(), e)),
        codes::TOO_LARGE
    );
}

#[test]
fn a_third_token_that_cant_be_decoded_ends_the_transfer() {
    let mut world = World::invited();
    world.accept(RECEIVER).unwrap();
    world.step(RECEIVER);
    world.step(SENDER);
    let sender = world.devices[SENDER].load();
    let mut fields = sender.window.fields(Side::Sender, false);
    *fields.tokens[0].last_mut().unwrap() ^= 1;
    world.relay.put(world.authentic(SENDER, &fields));
    world.step(RECEIVER);
    world.step(RECEIVER);
    assert_eq!(world.slot().ack, 1, "token 1 only");
    world.run();
    assert_eq!(
        world.outcomes(),
        [Some(Outcome::Failed(codes::UNDECODABLE)); 2]
    );
    assert!(!world.devices[RECEIVER].has(&TransferEvent::Established));
}

#[test]
fn an_authentic_envelope_that_is_malformed_or_too_large_ends_the_transfer() {
    let too_many = |fields: &mut Fields| fields.tokens = vec![vec![]; MAX_TOKENS + 1];
    let too_large = |fields: &mut Fields| fields.tokens = vec![vec![0; MAX_BYTES + 1]];
    // More than any honest envelope is long.
    let huge = |fields: &mut Fields| fields.tokens = vec![vec![0; MAX_BYTES + 200_000]];
    let countless = |fields: &mut Fields| fields.tokens = vec![vec![]; 5000];
    // Under this side's name it is not the other's own.
    let reflected = |fields: &mut Fields| fields.side = fields.side.other();
    for change in [
        too_many as fn(&mut Fields),
        too_large,
        huge,
        countless,
        reflected,
    ] {
        for at in [SENDER, RECEIVER] {
            let mut world = World::established();
            let other = world.devices[1 - at].load();
            let mut fields = other.window.fields(other.side, false);
            change(&mut fields);
            let data = world.authentic_from(1 - at, &fields);
            world.relay.put(data.clone());
            world.step(at);
            // Read again and again, it is one abort.
            world.step(at);
            let told = world.slot().abort;
            world.relay.put(data);
            world.sync(at);
            assert_eq!(world.slot().abort, told);
            world.settle();
            assert_eq!(
                world.outcomes(),
                [Some(Outcome::Failed(codes::UNDECODABLE)); 2]
            );
        }
    }
}

#[test]
fn what_is_not_authentic_changes_nothing_and_is_told_a_few_times() {
    for at in [SENDER, RECEIVER] {
        let mut world = World::established();
        world.send(at, 1);
        world.send(1 - at, 2);
        world.step(1 - at);
        let envelope = Envelope::decode(world.relay.data()).unwrap();
        let fields = world.slot();
        let mic = envelope.mic.unwrap();
        let forged = |change: fn(&mut Fields), mic: Option<[u8; 32]>| {
            let mut fields = fields.clone();
            change(&mut fields);
            fields.encode(|_| mic)
        };
        let before = world.devices[at].load();
        for data in [
            // A forged acknowledgement, abort, token; a MIC of the other direction, of zeros, none.
            forged(|f| f.ack += 1, Some(mic)),
            forged(|f| f.abort = Some(vec![1]), Some(mic)),
            forged(|f| f.tokens[0][20] ^= 1, Some(mic)),
            forged(|f| f.base += 1, Some(mic)),
            forged(|f| f.side = f.side.other(), Some(mic)),
            forged(|_| {}, Some([0; 32])),
            forged(|f| f.ack += 1, None),
            "junk".to_owned(),
            String::new(),
        ] {
            world.relay.put(data);
            world.step(at);
            let now = world.devices[at].load();
            assert_eq!(now.window.acknowledged(), before.window.acknowledged());
            assert!(world.devices[at].received().is_empty());
            assert!(world.devices[at].delivered().is_empty());
            assert_eq!(world.state(at), TransferState::Established);
        }
        let rejected = |event: &&TransferEvent| **event == TransferEvent::RejectedToken;
        let told = world.devices[at].events.iter().filter(rejected).count();
        assert!((1..=8).contains(&told), "{told}");
        world.run();
        assert_eq!(world.devices[at].received(), [message(2)]);
        assert_eq!(world.devices[1 - at].received(), [message(1)]);
    }
}

#[test]
fn a_senders_own_first_token_that_comes_late_is_no_news() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.relay.put(world.relay.held[0].clone());
    world.run();
    assert_eq!(world.devices[RECEIVER].received(), [message(1)]);
    for at in [SENDER, RECEIVER] {
        assert!(!world.devices[at].has(&TransferEvent::RejectedToken));
    }
}

#[test]
fn each_forgery_is_told_whatever_it_lacks() {
    for at in [SENDER, RECEIVER] {
        for mic in [None, Some([0; 32])] {
            let mut world = World::established();
            world.send(1 - at, 2);
            world.step(1 - at);
            let mut fields = world.slot();
            fields.ack += 1;
            let of_the_other = fields.side == world.devices[1 - at].load().side;
            assert!(of_the_other, "the slot holds what the other has written");
            world.relay.put(fields.encode(|_| mic));
            world.step(at);
            let told = world.devices[at].has(&TransferEvent::RejectedToken);
            // A receiver that has answered knows token 1 by its having no MIC: it is no news.
            assert_eq!(told, at == SENDER || mic.is_some(), "{at} {mic:?}");
        }
    }
}

#[test]
fn a_first_token_that_is_not_the_senders_own_is_told_to_it() {
    let mut world = World::invited();
    let mut fields = world.slot();
    fields.tokens[0][20] ^= 1;
    world.relay.put(fields.encode(|_| None));
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert!(world.devices[SENDER].has(&TransferEvent::RejectedToken));
    assert_eq!(world.state(SENDER), TransferState::Invited);
}

#[test]
fn what_says_nothing_new_is_no_progress() {
    let mut world = World::established();
    world.send(SENDER, 1);
    world.step(SENDER);
    world.devices[RECEIVER].kill();
    world.step(RECEIVER);
    assert_eq!(world.devices[RECEIVER].slot.advances(), 1, "a message");
    while world.slot().side == Side::Sender {
        world.step(RECEIVER);
    }
    world.devices[SENDER].kill();
    world.step(SENDER);
    assert_eq!(world.devices[SENDER].slot.advances(), 1, "its arrival");
    world.run();
    for at in [SENDER, RECEIVER] {
        world.devices[at].kill();
        world.step(at);
        assert!(world.devices[at].slot.is_known());
        assert_eq!(world.devices[at].slot.advances(), 0);
    }
}

#[test]
fn a_credential_is_shown_by_its_size_alone() {
    let shown = format!("{:?}", Credential::new("format", b"content".to_vec()));
    assert_eq!(shown, "Credential { bytes: 7, .. }");
}

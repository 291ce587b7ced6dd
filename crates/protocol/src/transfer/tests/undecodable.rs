//! What is authentic and can't be decoded ends the transfer; what is not authentic changes nothing.

use super::*;
use crate::exchange::{MAX_BYTES, MAX_TOKENS};
use tigress_primitives::cbor::Map;

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

//= test protocol/6.2-undecodable
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

//= test protocol/6.2-undecodable
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

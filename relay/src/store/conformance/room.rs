//! How much mailboxes may take, and for how long.

use crate::client::Bound;

use super::*;

pub(super) async fn the_number_of_mailboxes_is_limited<S: MailboxStore>(store: &S) {
    let room = Room {
        mailboxes: Bound::new(2, 2, 2),
        ..Room::default()
    };
    let make = |n| store.create(numbered(n), &room, NOW);
    assert_eq!(make(1).await, Ok(Created::New));
    assert_eq!(store.ready(&room).await, Ok(()));
    assert_eq!(make(2).await, Ok(Created::New));
    assert_eq!(store.ready(&room).await, Err(StoreError::Full));
    assert_eq!(make(3).await, Err(StoreError::ClientFull));
    run(store, Command::Delete { claim: SENDER }).await;
    assert_eq!(make(3).await, Ok(Created::New));
}

/// A store may not know how much it keeps; one that does is right.
pub(super) async fn what_is_kept_is_known<S: MailboxStore>(store: &S) {
    let Some(before) = store.kept().await else {
        return;
    };
    create(store, new_mailbox()).await;
    let size = u64::try_from(creation(ID, new_mailbox()).record.size()).unwrap();
    let kept = store.kept().await.unwrap();
    assert_eq!(kept.mailboxes, before.mailboxes + 1);
    assert_eq!(kept.bytes, before.bytes + size);
    run(store, Command::Delete { claim: SENDER }).await;
    assert_eq!(store.kept().await, Some(before));
}

/// The same mailbox under another name and request.
fn numbered(n: u128) -> Creation {
    let new = NewMailbox {
        request_id: request(n),
        ..new_mailbox()
    };
    creation(MailboxId(Uuid::from_u128(n)), new)
}

/// Of the client, not of a mailbox: what one client takes refuses nothing to another.
pub(super) async fn one_client_fills_its_own_part_only<S: MailboxStore>(store: &S) {
    let size = numbered(1).record.size();
    let room = Room {
        bytes: Bound::new(4 * size, 4 * size, 1_000 * size),
        for_updates: 50,
        ..Room::default()
    };
    let of = |n, client| Creation {
        client,
        ..numbered(n)
    };
    for n in 1..=2 {
        let made = store.create(of(n, client(1)), &room, NOW).await;
        assert_eq!(made, Ok(Created::New));
    }
    let refused = store.create(of(3, client(1)), &room, NOW).await;
    assert_eq!(refused, Err(StoreError::ClientFull), "creations first");
    let grow = |n: u128, request, by: usize| {
        let Command::Update {
            claim,
            request_id,
            condition,
            version,
            ..
        } = update(SENDER, request, Condition::None, SECOND)
        else {
            unreachable!()
        };
        let payload = Arc::new(Payload::gss_api("x".repeat(by)));
        let large = Command::Update {
            claim,
            request_id,
            condition,
            payload,
            notification: None,
            version,
        };
        store.apply(MailboxId(Uuid::from_u128(n)), large, &room, NOW)
    };
    assert!(grow(1, 1_000, size).await.unwrap().answer.is_ok());
    assert_eq!(grow(2, 1_001, 2 * size).await, Err(StoreError::ClientFull));
    let kept = store.apply(MailboxId(Uuid::from_u128(2)), read(SENDER), &room, NOW);
    assert_eq!(
        data(&kept.await.unwrap()),
        "one",
        "a refused update changes nothing"
    );
    assert!(grow(1, 1_002, 1).await.unwrap().answer.is_ok(), "smaller");
    let made = store.create(of(4, client(2)), &room, NOW).await;
    assert_eq!(made, Ok(Created::New), "another client has its own");
    assert!(grow(4, 1_003, 2 * size).await.unwrap().answer.is_ok());
    assert_eq!(store.ready(&room).await, Ok(()));
}

pub(super) async fn creations_are_forgotten_in_time_and_the_oldest_first<S: MailboxStore>(
    store: &S,
) {
    let room = Room {
        remember: 60,
        remembered: 2,
        ..Room::default()
    };
    let make = |n, now| store.create(numbered(n), &room, now);
    for n in 1..=3 {
        assert_eq!(make(n, NOW).await, Ok(Created::New));
    }
    for n in 1..=3 {
        let id = MailboxId(Uuid::from_u128(n));
        let delete = Command::Delete { claim: SENDER };
        let now = NOW + u64::try_from(n).unwrap();
        let deleted = store.apply(id, delete, &room, now).await.unwrap();
        assert_eq!(deleted.answer, Ok(Answer::Deleted));
    }
    let gone = |n| {
        let id = MailboxId(Uuid::from_u128(n));
        Ok(Created::Repeated { id, version: None })
    };
    assert_eq!(make(1, NOW + 4).await, Ok(Created::New), "the oldest");
    assert_eq!(make(2, NOW + 61).await, gone(2));
    store.sweep(NOW + 62).await.unwrap();
    assert_eq!(make(3, NOW + 62).await, gone(3));
    assert_eq!(make(2, NOW + 62).await, Ok(Created::New), "in its time");
}

pub(super) async fn a_mailbox_lives_longer_once_somebody_is_bound<S: MailboxStore>(store: &S) {
    let until = |applied: &Applied| match applied.answer {
        Ok(Answer::Content { expires, .. }) => expires,
        ref other => panic!("no content but {other:?}"),
    };
    let room = Room::default();
    let long = NewMailbox {
        bound_expires: END + 1_000,
        ..new_mailbox()
    };
    create(store, long.clone()).await;
    assert_eq!(until(&run(store, read(SENDER)).await), END);
    assert_eq!(until(&run(store, read(RECEIVER)).await), END + 1_000);
    run(store, relinquish(RECEIVER, 1)).await;
    assert_eq!(store.sweep(END + 999).await, Ok(0), "given back, it stays");
    let third = store
        .apply(ID, read(THIRD), &room, END + 999)
        .await
        .unwrap();
    assert_eq!(until(&third), END + 1_000);
    let again = store.create(creation(ID, long.clone()), &room, END + 999);
    assert!(
        matches!(
            again.await,
            Ok(Created::Repeated {
                version: Some(_),
                ..
            })
        ),
        "the creation is remembered as long"
    );
    assert_eq!(store.sweep(END + 1_000).await, Ok(1));

    create(store, long).await;
    let late = store.apply(ID, read(RECEIVER), &room, END).await.unwrap();
    assert_eq!(late.answer, Err(Refusal::NotFound), "nobody came in time");
    assert_eq!(store.sweep(END).await, Ok(1));
}

/// So many honest transfers, each of a minute, at the pace of a million in 48 hours: all find room, by the clock of the
/// store's caller alone. At the end nothing is left of them.
pub(crate) async fn many_short_transfers<S: MailboxStore>(store: &S, count: u64) {
    let room = Room::default();
    let delete = |n: u64, now| {
        let id = MailboxId(Uuid::from_u128(u128::from(n)));
        store.apply(id, Command::Delete { claim: SENDER }, &room, now)
    };
    // 48 hours for a million.
    let start = |n: u64| NOW + n * 48 * 3600 / 1_000_000;
    let (mut ended, mut now) = (0, NOW);
    for n in 0..count {
        while start(ended) + 60 <= start(n) {
            let deleted = delete(ended, start(n)).await.unwrap();
            assert_eq!(deleted.answer, Ok(Answer::Deleted));
            ended += 1;
        }
        if start(n) >= now + 10 {
            now = start(n);
            store.sweep(now).await.unwrap();
        }
        let id = u128::from(n);
        let new = NewMailbox {
            request_id: request(id),
            payload: Payload::gss_api("x".repeat(600)),
            expires: start(n) + 48 * 3600,
            bound_expires: start(n) + 48 * 3600,
            ..new_mailbox()
        };
        let creation = Creation {
            // Some thousand homes.
            client: Client::of([10, 0, (n >> 8 & 7) as u8, n as u8].into()),
            ..creation(MailboxId(Uuid::from_u128(id)), new)
        };
        let made = store.create(creation, &room, start(n)).await;
        assert_eq!(made, Ok(Created::New), "transfer {n}");
    }
    let end = start(count) + 60;
    for n in ended..count {
        delete(n, end).await.unwrap();
    }
    store.sweep(end + room.remember).await.unwrap();
}

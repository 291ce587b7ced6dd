//! What every store must do, as tests against the trait: `check` panics where a store differs.
#![allow(clippy::missing_panics_doc, clippy::unwrap_used)]

mod ends;
mod room;

use std::sync::Arc;

use tigress_mailbox::Secret;
use tigress_mailbox::{
    AccessRights, DeviceClaim, DisplayInformation, MailboxId, NotificationToken, Payload, RequestId,
};
use uuid::Uuid;

use crate::client::Client;

use super::{
    Answer, Applied, Command, CreateKey, Created, Creation, MailboxStore, Record, Refusal, Room,
    StoreError, Version,
};
use tigress_mailbox::rules::Condition;
use tigress_mailbox::rules::{NewMailbox, ProofDigest, REMEMBERED_REQUESTS};

pub(crate) use room::many_short_transfers;

const NOW: u64 = 1_900_000_000;
const END: u64 = NOW + 100;
const ID: MailboxId = MailboxId(Uuid::from_u128(1));
const SENDER: DeviceClaim = DeviceClaim(Uuid::from_u128(2));
const RECEIVER: DeviceClaim = DeviceClaim(Uuid::from_u128(3));
pub(crate) const THIRD: DeviceClaim = DeviceClaim(Uuid::from_u128(4));
const FIRST: Version = Version(Uuid::from_u128(5));
const SECOND: Version = Version(Uuid::from_u128(6));

/// Runs every case, each on a store that `make` makes and that must be empty.
pub(crate) async fn check<S: MailboxStore>(make: impl Fn() -> S) {
    room::creations_are_forgotten_in_time_and_the_oldest_first(&make()).await;
    check_shared(make).await;
}

/// The same for a store whose server forgets creations by its own clock.
pub(crate) async fn check_shared<S: MailboxStore>(make: impl Fn() -> S) {
    a_repeated_creation_gives_the_first_mailbox(&make()).await;
    room::the_number_of_mailboxes_is_limited(&make()).await;
    room::what_is_kept_is_known(&make()).await;
    room::one_client_fills_its_own_part_only(&make()).await;
    room::a_mailbox_lives_longer_once_somebody_is_bound(&make()).await;
    what_the_reader_knows_is_left_out(&make()).await;
    the_first_claim_binds(std::sync::Arc::new(make())).await;
    a_place_given_up_is_free_again(&make()).await;
    only_the_proof_binds(&make()).await;
    a_condition_is_checked_after_claim_and_request_id(&make()).await;
    the_last_requests_are_remembered(&make()).await;
    rights_bind_the_recipient_only(&make()).await;
    ends::a_deleted_mailbox_is_gone(&make()).await;
    ends::an_expired_mailbox_is_gone_before_it_is_swept(&make()).await;
    ends::watchers_are_woken(&make()).await;
    the_other_side_is_notified(&make()).await;
}

fn request(n: u128) -> RequestId {
    RequestId(Uuid::from_u128(n))
}

pub(crate) fn token(name: &str) -> NotificationToken {
    NotificationToken {
        token_type: "test".to_owned(),
        token_data: name.to_owned(),
    }
}

pub(crate) fn new_mailbox() -> NewMailbox {
    NewMailbox {
        claim: SENDER,
        request_id: request(100),
        payload: Payload::gss_api("one".to_owned()),
        display: DisplayInformation {
            title: "t".to_owned(),
            description: "d".to_owned(),
            image_url: String::new(),
        },
        notification: Some(token("sender")),
        rights: AccessRights::ALL,
        expires: END,
        bound_expires: END,
        proof: None,
        version: FIRST,
    }
}

/// A creation by one client.
pub(crate) fn creation(id: MailboxId, new: NewMailbox) -> Creation {
    Creation {
        key: CreateKey::of(new.claim, new.request_id),
        id,
        record: Record::new(new),
        client: client(1),
    }
}

pub(crate) fn client(n: u8) -> Client {
    Client::of([192, 0, 2, n].into())
}

async fn create<S: MailboxStore>(store: &S, new: NewMailbox) {
    let made = store.create(creation(ID, new), &Room::default(), NOW).await;
    assert_eq!(made, Ok(Created::New));
}

async fn run<S: MailboxStore>(store: &S, command: Command) -> Applied {
    let room = Room::default();
    store.apply(ID, command, &room, NOW).await.unwrap()
}

pub(crate) fn read(claim: DeviceClaim) -> Command {
    Command::Read {
        claim,
        proof: None,
        bind: true,
        known: None,
    }
}

fn update(claim: DeviceClaim, id: u128, condition: Condition, version: Version) -> Command {
    let payload = Arc::new(Payload::gss_api(format!("from request {id}")));
    let request_id = request(id);
    Command::Update {
        claim,
        request_id,
        condition,
        payload,
        notification: None,
        version,
    }
}

fn relinquish(claim: DeviceClaim, id: u128) -> Command {
    Command::Relinquish {
        claim,
        request_id: request(id),
    }
}

fn data(applied: &Applied) -> &str {
    match &applied.answer {
        Ok(Answer::Content { payload, .. }) => &payload.data,
        other => panic!("no content but {other:?}"),
    }
}

fn done(applied: &Applied) -> (Version, bool) {
    match applied.answer {
        Ok(Answer::Done { version, repeated }) => (version, repeated),
        ref other => panic!("not done but {other:?}"),
    }
}

async fn a_repeated_creation_gives_the_first_mailbox<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    let other = MailboxId(Uuid::from_u128(99));
    let room = Room::default();
    let again = || store.create(creation(other, new_mailbox()), &room, NOW);
    let first = Created::Repeated {
        id: ID,
        version: Some(FIRST),
    };
    assert_eq!(again().await, Ok(first));
    let none = store.apply(other, Command::Show, &room, NOW).await.unwrap();
    assert_eq!(none.answer, Err(Refusal::NotFound));
    run(store, Command::Delete { claim: SENDER }).await;
    assert_eq!(
        again().await,
        Ok(Created::Repeated {
            id: ID,
            version: None
        })
    );
}

async fn what_the_reader_knows_is_left_out<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    let look = |claim, known| Command::Read {
        claim,
        proof: None,
        bind: true,
        known: Some(known),
    };
    let unchanged = Ok(Answer::Unchanged { expires: END });
    assert_eq!(run(store, look(RECEIVER, FIRST)).await.answer, unchanged);
    assert_eq!(data(&run(store, look(RECEIVER, SECOND)).await), "one");
    assert_eq!(
        run(store, look(THIRD, FIRST)).await.answer,
        Err(Refusal::Unauthorized),
        "it has bound all the same"
    );
}

async fn the_first_claim_binds<S: MailboxStore>(store: std::sync::Arc<S>) {
    create(&*store, new_mailbox()).await;
    assert_eq!(data(&run(&*store, read(SENDER)).await), "one");
    let racers = (0..16).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let applied = run(&*store, read(DeviceClaim(Uuid::from_u128(1000 + n)))).await;
            applied.answer.is_ok()
        })
    });
    let mut bound = 0;
    for racer in racers.collect::<Vec<_>>() {
        bound += usize::from(racer.await.unwrap());
    }
    assert_eq!(bound, 1, "one recipient only");
}

async fn a_place_given_up_is_free_again<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    run(store, read(RECEIVER)).await;
    assert_eq!(
        run(store, read(THIRD)).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(
        run(store, relinquish(THIRD, 1)).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(
        run(store, relinquish(SENDER, 1)).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(
        done(&run(store, relinquish(RECEIVER, 1)).await),
        (FIRST, false)
    );
    let held = Command::Read {
        claim: RECEIVER,
        proof: None,
        bind: false,
        known: None,
    };
    assert_eq!(run(store, held).await.answer, Err(Refusal::Unauthorized));
    assert_eq!(data(&run(store, read(THIRD)).await), "one");
    assert_eq!(
        done(&run(store, relinquish(RECEIVER, 1)).await),
        (FIRST, true)
    );
    assert_eq!(
        run(store, relinquish(RECEIVER, 2)).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(
        data(&run(store, read(THIRD)).await),
        "one",
        "the repetition moved nobody"
    );
}

async fn only_the_proof_binds<S: MailboxStore>(store: &S) {
    let right = ProofDigest::of(&Secret::new([1; 32]));
    let wrong = ProofDigest::of(&Secret::new([2; 32]));
    create(
        store,
        NewMailbox {
            proof: Some(right),
            ..new_mailbox()
        },
    )
    .await;
    let with = |claim, proof| Command::Read {
        claim,
        proof,
        bind: true,
        known: None,
    };
    for proof in [None, Some(wrong)] {
        let refused = run(store, with(THIRD, proof)).await.answer;
        assert_eq!(refused, Err(Refusal::Unauthorized));
    }
    assert_eq!(data(&run(store, with(RECEIVER, Some(right))).await), "one");
    assert_eq!(
        data(&run(store, read(RECEIVER)).await),
        "one",
        "once bound, the claim is enough"
    );
    run(store, relinquish(RECEIVER, 1)).await;
    assert_eq!(
        run(store, read(THIRD)).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(data(&run(store, with(THIRD, Some(right))).await), "one");
}

async fn a_condition_is_checked_after_claim_and_request_id<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    let stale = || update(RECEIVER, 1, Condition::Never, SECOND);
    assert_eq!(run(store, stale()).await.answer, Err(Refusal::Unauthorized));
    run(store, read(RECEIVER)).await;
    assert_eq!(run(store, stale()).await.answer, Err(Refusal::Conflict));
    let good = || update(RECEIVER, 1, Condition::Is(FIRST), SECOND);
    assert_eq!(
        done(&run(store, good()).await),
        (SECOND, false),
        "a refused request is not remembered"
    );
    assert_eq!(done(&run(store, good()).await), (SECOND, true));
    assert_eq!(
        run(store, update(SENDER, 2, Condition::Is(FIRST), FIRST))
            .await
            .answer,
        Err(Refusal::Conflict)
    );
    assert_eq!(data(&run(store, read(SENDER)).await), "from request 1");
}

async fn the_last_requests_are_remembered<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    let write = |id| update(SENDER, id, Condition::None, SECOND);
    assert!(
        done(&run(store, write(100)).await).1,
        "the creation is a processed request"
    );
    let last = REMEMBERED_REQUESTS as u128;
    for id in 1..=last {
        assert!(!done(&run(store, write(id)).await).1);
    }
    for id in 1..=last {
        assert!(
            done(&run(store, write(id)).await).1,
            "request {id} of {last}"
        );
    }
    assert!(
        !done(&run(store, write(100)).await).1,
        "older ones are forgotten"
    );
}

async fn rights_bind_the_recipient_only<S: MailboxStore>(store: &S) {
    create(
        store,
        NewMailbox {
            rights: AccessRights::default(),
            ..new_mailbox()
        },
    )
    .await;
    run(store, read(RECEIVER)).await;
    let write = |claim| update(claim, 1, Condition::None, SECOND);
    assert_eq!(
        run(store, write(RECEIVER)).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(done(&run(store, write(SENDER)).await), (SECOND, false));
    assert_eq!(
        run(store, Command::Delete { claim: RECEIVER }).await.answer,
        Ok(Answer::Deleted)
    );
}

async fn the_other_side_is_notified<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    let sender = Some(token("sender"));
    assert_eq!(run(store, read(SENDER)).await.notify, None);
    assert_eq!(run(store, read(RECEIVER)).await.notify, sender, "bound");
    assert_eq!(run(store, read(RECEIVER)).await.notify, None, "nothing new");
    let Command::Update {
        claim,
        request_id,
        condition,
        payload,
        version,
        ..
    } = update(RECEIVER, 1, Condition::None, SECOND)
    else {
        unreachable!()
    };
    let notification = Some(token("receiver"));
    let write = Command::Update {
        claim,
        request_id,
        condition,
        payload,
        notification,
        version,
    };
    assert_eq!(run(store, write.clone()).await.notify, sender);
    assert_eq!(
        run(store, write).await.notify,
        None,
        "a repetition changes nothing"
    );
    let reply = update(SENDER, 2, Condition::None, FIRST);
    assert_eq!(run(store, reply).await.notify, Some(token("receiver")));
    assert_eq!(
        run(store, Command::Delete { claim: SENDER }).await.notify,
        Some(token("receiver"))
    );
}

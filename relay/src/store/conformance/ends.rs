//! How mailboxes end, and who is woken.

use super::*;

pub(super) async fn a_deleted_mailbox_is_gone<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    assert_eq!(
        run(store, Command::Delete { claim: THIRD }).await.answer,
        Err(Refusal::Unauthorized)
    );
    assert_eq!(
        run(store, Command::Delete { claim: SENDER }).await.answer,
        Ok(Answer::Deleted)
    );
    for command in [
        Command::Show,
        read(SENDER),
        Command::Delete { claim: SENDER },
    ] {
        assert_eq!(run(store, command).await.answer, Err(Refusal::NotFound));
    }
}

pub(super) async fn an_expired_mailbox_is_gone_before_it_is_swept<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    assert_eq!(store.sweep(END - 1).await, Ok(0));
    let room = Room::default();
    for command in [
        Command::Show,
        read(SENDER),
        Command::Delete { claim: SENDER },
    ] {
        let gone = store.apply(ID, command, &room, END).await.unwrap();
        assert_eq!(gone.answer, Err(Refusal::NotFound));
    }
    let fresh = NewMailbox {
        expires: END + 100,
        bound_expires: END + 100,
        ..new_mailbox()
    };
    let other = MailboxId(Uuid::from_u128(99));
    let made = store.create(creation(other, fresh), &room, END).await;
    assert_eq!(made, Ok(Created::New), "the request makes another one");
    store.sweep(END).await.unwrap();
    assert_eq!(store.sweep(END + 100).await, Ok(1));
}

pub(super) async fn watchers_are_woken<S: MailboxStore>(store: &S) {
    create(store, new_mailbox()).await;
    let written = store.wakeups().watch(ID).await.unwrap();
    run(store, update(SENDER, 1, Condition::None, SECOND)).await;
    written.changed().await;
    let expired = store.wakeups().watch(ID).await.unwrap();
    store.sweep(END).await.unwrap();
    expired.changed().await;
    create(
        store,
        NewMailbox {
            request_id: request(101),
            ..new_mailbox()
        },
    )
    .await;
    let deleted = store.wakeups().watch(ID).await.unwrap();
    run(store, Command::Delete { claim: SENDER }).await;
    deleted.changed().await;
}

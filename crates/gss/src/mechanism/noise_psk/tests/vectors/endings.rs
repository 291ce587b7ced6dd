//! How the worked contexts end.

use super::*;

/// Deletions of a context that has carried no message, and aborts, each with its code.
pub(super) fn endings() -> Vec<Value> {
    let mut rows = Vec::new();
    let deletions = [
        (0, 3, "cancelled"),
        (0, u64::MAX, "2^64 - 1"),
        (1, 1, "done"),
        (1, 2, "declined"),
    ];
    for (nth, (at, code, word)) in (0..).zip(deletions) {
        let (mut contexts, _) = establish();
        let token = contexts[at]
            .delete_sec_context(code, &mut entropy(40 + nth))
            .unwrap();
        let read = contexts[1 - at].process_context_token(&token).unwrap();
        assert_eq!((read.code, read.next_expected), (code, 0));
        let from =
            json!({ "seq": 0, "code": code, "next expected": 0, "nonce": drawn::<24>(40 + nth) });
        rows.push(row(
            &format!("02 03 [{}], {word}", SIDES[at].1),
            from,
            &token,
        ));
    }
    let aborts = [
        (0, 4, "expired"),
        (0, 5, "PIN tries used up"),
        (1, 2, "declined"),
    ];
    for (nth, (at, code, word)) in (0..).zip(aborts) {
        let (contexts, _) = establish();
        let token = contexts[at]
            .abort_token(code, &mut entropy(50 + nth))
            .unwrap();
        assert_eq!(contexts[1 - at].open_abort(&token), Some(code));
        let from = json!({ "code": code, "nonce": drawn::<24>(50 + nth) });
        rows.push(row(
            &format!("01 ff [{}], {word}", SIDES[at].1),
            from,
            &token,
        ));
    }
    rows
}

/// They cross: each tells what had arrived from the other.
pub(super) fn deletions([sender, receiver]: &mut [SecurityContext; 2]) -> Vec<Value> {
    let ours = sender.delete_sec_context(3, &mut entropy(30)).unwrap();
    let theirs = receiver.delete_sec_context(1, &mut entropy(31)).unwrap();
    assert_eq!(
        receiver.process_context_token(&ours).unwrap().next_expected,
        3
    );
    assert_eq!(
        sender.process_context_token(&theirs).unwrap().next_expected,
        3
    );
    let from = |code: u64, stream| json!({ "seq": 3, "code": code, "next expected": 3, "nonce": drawn::<24>(stream) });
    vec![
        row("02 03 [i]", from(3, 30), &ours),
        row("02 03 [a]", from(1, 31), &theirs),
    ]
}

//! The calls of draft-vinokurov-tigress-http, beyond what the conformance suite (`conformance/`) asks of any relay: what
//! our relay makes of each malformed field and header, of older request ids, of claims that have no place.

use reqwest::Method;
use serde_json::{Value, json};
use tigress_mailbox::format_timestamp;

use crate::common::{NOW, RECEIVER, SENDER, THIRD, create_body, id, payload, start, url_of};

#[tokio::test]
async fn repeated_requests_change_nothing_and_get_201() {
    let relay = start().await;
    let first = relay.create_from(&create_body()).await;
    let again = relay.create_from(&create_body()).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.body, first.body, "a lost answer loses no mailbox");
    assert_eq!(again.version(), first.version());

    let url = url_of(&first);
    relay.read(&url, RECEIVER).await;
    assert_eq!(relay.update(&url, RECEIVER, 1, "second").await.status, 200);
    let later = relay.update(&url, SENDER, 1, "third").await;
    let repeated = relay.update(&url, RECEIVER, 1, "second").await;
    assert_eq!(repeated.status, 201);
    assert_eq!(
        repeated.version(),
        later.version(),
        "201 names what the mailbox holds now"
    );
    assert_eq!(
        relay.read(&url, RECEIVER).await.json()["payload"]["data"],
        "third"
    );

    assert_eq!(
        relay.leave(Method::PATCH, &url, RECEIVER, 2).await.status,
        200
    );
    assert_eq!(
        relay.leave(Method::PATCH, &url, RECEIVER, 2).await.status,
        201
    );
}

#[tokio::test]
async fn neither_a_preview_nor_a_write_nor_the_sender_binds() {
    let relay = start().await;
    let url = relay.create().await;
    assert_eq!(
        relay.call(Method::GET, &url, &[], None).await.status,
        200,
        "the preview"
    );
    assert_eq!(
        relay.update(&url, RECEIVER, 1, "x").await.status,
        401,
        "a write does not bind"
    );
    assert_eq!(
        relay.read(&url, SENDER).await.status,
        200,
        "nor does the initiator"
    );
    assert_eq!(relay.read(&url, THIRD).await.status, 200);
    assert_eq!(
        relay.read(&url, RECEIVER).await.problem(),
        "urn:tigress:relay:unauthorized"
    );
}

#[tokio::test]
async fn a_right_that_is_not_given_is_refused() {
    let relay = start().await;
    let mut body = create_body();
    body["mailboxConfiguration"]["accessRights"] = json!("WD");
    let url = url_of(&relay.create_from(&body).await);
    assert_eq!(relay.read(&url, RECEIVER).await.status, 401);
    assert_eq!(
        relay.update(&url, RECEIVER, 1, "x").await.status,
        401,
        "it was not bound"
    );
}

#[tokio::test]
async fn an_unknown_mailbox_is_a_problem_document() {
    let relay = start().await;
    for url in [
        "/v1/m/99999999-9999-4999-8999-999999999999",
        "/v1/m/x",
        "/v1/m/%ff",
    ] {
        for seen in [
            relay.read(url, RECEIVER).await,
            relay.update(url, RECEIVER, 1, "x").await,
            relay.leave(Method::PATCH, url, RECEIVER, 1).await,
            relay.leave(Method::DELETE, url, RECEIVER, 1).await,
            relay.call(Method::GET, url, &[], None).await,
        ] {
            assert_eq!(
                (seen.status, seen.problem().as_str()),
                (404, "urn:tigress:relay:not-found")
            );
        }
    }
    assert_eq!(
        relay
            .call(Method::GET, "/elsewhere", &[], None)
            .await
            .problem(),
        "urn:tigress:relay:not-found"
    );
    let wrong = relay.call(Method::DELETE, "/v1/m", &[], None).await;
    assert_eq!(
        (wrong.status, wrong.problem().as_str()),
        (405, "urn:tigress:relay:method-not-allowed")
    );
    assert_eq!(wrong.header("allow"), Some("POST"));
}

/// Bodies of a CreateMailbox, each with one field missing or malformed.
fn malformed_creations() -> Vec<Value> {
    let mut bad: Vec<Value> = Vec::new();
    let mut change = |edit: &dyn Fn(&mut Value)| {
        let mut body = create_body();
        edit(&mut body);
        bad.push(body);
    };
    for field in ["payload", "displayInformation"] {
        change(&|body| drop(body.as_object_mut().unwrap().remove(field)));
    }
    for (outer, inner) in [
        ("payload", "type"),
        ("payload", "data"),
        ("displayInformation", "title"),
        ("displayInformation", "description"),
        ("displayInformation", "imageURL"),
    ] {
        change(&|body| drop(body[outer].as_object_mut().unwrap().remove(inner)));
        change(&|body| body[outer][inner] = json!(7));
    }
    for rights in ["", "X", "RWX", "rd"] {
        change(&|body| body["mailboxConfiguration"]["accessRights"] = json!(rights));
    }
    for time in [
        "",
        "tomorrow",
        "2099-01-01",
        "2099-01-01T00:00:00+00:00",
        "2001-01-01T00:00:00Z",
    ] {
        change(&|body| body["mailboxConfiguration"]["expiration"] = json!(time));
    }
    change(&|body| body["mailboxConfiguration"]["expiration"] = json!(format_timestamp(NOW)));
    change(&|body| body["notificationToken"] = json!({"type": "x"}));
    change(&|body| body["recipientProof"] = json!("short"));
    // A list of an object's values is no object.
    change(&|body| body["payload"] = json!(["GSS_API", "first"]));
    change(&|body| body["displayInformation"] = json!(["Hotel key", "Room 7", ""]));
    change(&|body| body["notificationToken"] = json!(["test", "token"]));
    change(&|body| body["mailboxConfiguration"] = json!(["RWD", format_timestamp(NOW + 1000)]));
    change(&|body| {
        *body = json!([
            body["payload"],
            body["displayInformation"],
            null,
            null,
            null
        ])
    });
    change(&|body| *body = json!([]));
    bad
}

#[tokio::test]
async fn missing_and_malformed_fields_are_400() {
    let relay = start().await;
    for body in malformed_creations() {
        let seen = relay.create_from(&body).await;
        assert_eq!(
            (seen.status, seen.problem().as_str()),
            (400, "urn:tigress:relay:malformed"),
            "{body}"
        );
    }

    let url = relay.create().await;
    let put = id(1);
    let list = [
        ("Mailbox-Device-Claim", SENDER),
        ("Mailbox-Request-ID", put.as_str()),
    ];
    for body in [json!({}), json!({"payload": {"type": "x"}}), json!("x")] {
        assert_eq!(
            relay
                .call(Method::PUT, &url, &list, Some(&body))
                .await
                .status,
            400
        );
    }
    assert_eq!(relay.call(Method::PUT, &url, &list, None).await.status, 400);
}

#[tokio::test]
async fn missing_and_malformed_headers_are_400() {
    let relay = start().await;
    let url = relay.create().await;
    let request_id = id(1);
    let claim = ("Mailbox-Device-Claim", SENDER);
    let request = ("Mailbox-Request-ID", request_id.as_str());
    let (create, update) = (create_body(), payload("x"));
    let calls = [
        (Method::POST, "/v1/m", Some(&create)),
        (Method::PUT, url.as_str(), Some(&update)),
        (Method::PATCH, url.as_str(), None),
        (Method::DELETE, url.as_str(), None),
    ];
    for (method, url, body) in calls {
        for list in [
            vec![claim],
            vec![request],
            vec![claim, ("Mailbox-Request-ID", "7")],
            vec![("Mailbox-Device-Claim", "seven"), request],
            vec![claim, claim, request],
        ] {
            let seen = relay.call(method.clone(), url, &list, body).await;
            assert_eq!(seen.status, 400, "{method} {list:?}");
        }
    }
    assert_eq!(relay.call(Method::POST, &url, &[], None).await.status, 400);
    assert_eq!(relay.read(&url, "not-a-uuid").await.status, 400);
    assert_eq!(
        relay.read(&url, RECEIVER).await.status,
        200,
        "a read needs no request id"
    );
}

#[tokio::test]
async fn unknown_keys_are_ignored_and_ids_may_be_upper_case() {
    let relay = start().await;
    let mut body = create_body();
    body["later"] = json!({"x": 1});
    let url = url_of(&relay.create_from(&body).await);
    assert_eq!(relay.read(&url, &RECEIVER.to_uppercase()).await.status, 200);
    assert_eq!(
        relay.read(&url, RECEIVER).await.status,
        200,
        "the same claim"
    );
}

#[tokio::test]
async fn every_answer_echoes_the_request_id_as_it_was_written() {
    let relay = start().await;
    let url = relay.create().await;
    let written = id(9).to_uppercase();
    let list = [("Mailbox-Request-ID", written.as_str())];
    for (method, path) in [
        (Method::POST, url.as_str()),
        (Method::GET, url.as_str()),
        (Method::DELETE, url.as_str()),
        (Method::POST, "/v1/m"),
        (Method::PUT, "/nowhere"),
    ] {
        let seen = relay.call(method, path, &list, None).await;
        assert_eq!(seen.header("mailbox-request-id"), Some(written.as_str()));
    }
}

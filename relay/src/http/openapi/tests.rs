use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tigress_mailbox::{
    CreateRequest, CreateResponse, DisplayInformation, MailboxConfiguration, NotificationToken,
    Object, Payload, Problem, ReadResponse, UpdateRequest, UpdateResponse,
};

use super::super::fault::Fault;
use super::*;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A schema has the members that the type writes, asks for those that it can't be read without, and what the type does
/// not take for an object is none.
fn holds<T: Serialize + DeserializeOwned>(name: &str, full: &T) {
    let document = document();
    let schema = &document["components"]["schemas"][name];
    let full = serde_json::to_value(full).unwrap();
    assert_eq!(names(&schema["properties"]), names(&full), "{name}");
    let required = schema["required"].as_array().unwrap();
    for member in names(&full) {
        let mut without = full.clone();
        without.as_object_mut().unwrap().remove(member);
        let read = serde_json::from_value::<Object<T>>(without);
        // The push flag is read leniently, and always written.
        let needed = read.is_err()
            || member == "isPushNotificationSupported"
            || member == "expiration" && name == "ReadResponse";
        assert_eq!(
            required.contains(&json!(member)),
            needed,
            "{name}: {member}"
        );
    }
    let list: Vec<Value> = full.as_object().unwrap().values().cloned().collect();
    assert!(
        serde_json::from_value::<Object<T>>(json!(list)).is_err(),
        "{name}"
    );
}

#[test]
fn the_bodies_are_those_that_travel() {
    let payload = Payload::gss_api("x".to_owned());
    let display = DisplayInformation::default();
    let token = NotificationToken {
        token_type: "test".to_owned(),
        token_data: "x".to_owned(),
    };
    let configuration = MailboxConfiguration {
        access_rights: Some("RD".to_owned()),
        expiration: Some("2099-01-01T00:00:00Z".to_owned()),
    };
    holds("Payload", &payload);
    holds("DisplayInformation", &display);
    holds("NotificationToken", &token);
    holds("MailboxConfiguration", &configuration);
    holds(
        "CreateRequest",
        &CreateRequest {
            payload: payload.clone(),
            display_information: display.clone(),
            notification_token: Some(token.clone()),
            mailbox_configuration: Some(configuration),
            recipient_proof: Some("x".to_owned()),
        },
    );
    holds(
        "UpdateRequest",
        &UpdateRequest {
            payload: payload.clone(),
            notification_token: Some(token),
        },
    );
    holds(
        "CreateResponse",
        &CreateResponse {
            url_link: "x".to_owned(),
            is_push_notification_supported: true,
        },
    );
    holds(
        "UpdateResponse",
        &UpdateResponse {
            is_push_notification_supported: true,
        },
    );
    holds(
        "ReadResponse",
        &ReadResponse {
            payload,
            display_information: display,
            expiration: Some("2099-01-01T00:00:00Z".to_owned()),
        },
    );
    holds(
        "Problem",
        &Problem {
            problem_type: "x".to_owned(),
            title: "x".to_owned(),
            status: 400,
            detail: Some("x".to_owned()),
        },
    );
}

/// Every refusal that there is, but the one for a method that there is not.
#[test]
fn the_refusals_are_those_that_are_told() {
    let document = document();
    let after = 1;
    let faults = [
        ("Malformed", Fault::Malformed("x")),
        ("Unauthorized", Fault::Unauthorized),
        ("NotFound", Fault::NotFound),
        ("Misdirected", Fault::Misdirected),
        ("Timeout", Fault::Timeout),
        ("Conflict", Fault::Conflict),
        ("TooLarge", Fault::TooLarge),
        ("TooMany", Fault::TooMany { after, why: None }),
        ("Unavailable", Fault::Unavailable("x")),
    ];
    let responses = &document["components"]["responses"];
    let told: BTreeSet<&str> = faults.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(responses), told);
    let text = document["paths"].to_string();
    for (name, fault) in faults {
        let (status, kind, ..) = fault.parts();
        let response = &responses[name];
        let schema = &response["content"][media::PROBLEM]["schema"]["allOf"][1];
        assert_eq!(schema["properties"]["type"]["const"], kind, "{name}");
        let retry = response["headers"]["Retry-After"].is_object();
        assert_eq!(retry, fault.retry_after().is_some(), "{name}");
        // Wherever it is named, it has its status.
        let own = format!(
            "\"{}\":{{\"$ref\":\"#/components/responses/{name}\"}}",
            status.as_u16()
        );
        let everywhere = format!("/responses/{name}\"");
        assert!(text.contains(&own), "{name}");
        assert_eq!(
            text.matches(&own).count(),
            text.matches(&everywhere).count(),
            "{name}"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1);
    let mut count = 0;
    for reference in references.filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}

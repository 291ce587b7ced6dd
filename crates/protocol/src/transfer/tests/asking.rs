//! The seam to the shell: which request is made for which aim, and what answers do, byte for byte.

use super::*;
use serde_json::json;
use tigress_mailbox::{HttpResponse, Method, PAYLOAD_TYPE, headers, problems};

fn asked(transfer: &mut Transfer, aim: Aim) -> Result<Option<Ask>, Refused> {
    let draws = &mut Entropy::from_seed(&Secret::new([1; 32]));
    transfer.ask(aim, &Slot::default(), START, draws)
}

fn answered(
    transfer: &mut Transfer,
    ticket: &Ticket,
    response: &HttpResponse,
    used: &[CredentialId],
) -> Result<(), Refused> {
    let (slot, draws) = (
        &mut Slot::default(),
        &mut Entropy::from_seed(&Secret::new([2; 32])),
    );
    transfer.answered(ticket, response, used, slot, START, draws)
}

fn response(status: u16, body: &serde_json::Value) -> HttpResponse {
    HttpResponse {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

/// A mailbox with an invitation in it, and a receiver that has not read it.
fn offered() -> (World, Transfer, HttpResponse) {
    let mut world = World::invited();
    let url = world.share_url();
    let receiver = world.unread(&url, None, START);
    let content = json!({
        "payload": { "type": PAYLOAD_TYPE, "data": world.relay.data() },
        "displayInformation": { "title": "", "description": "", "imageURL": "" },
    });
    (world, receiver, response(200, &content))
}

#[test]
fn a_sender_begins_with_its_mailbox_and_asks_for_it_in_the_same_bytes() {
    let sender = World::with_lifetime(LIFETIME, 0).devices[SENDER].load();
    let mut begins = [Aim::Begin, Aim::GoOn { wait: 50 }].map(|aim| {
        let mut sender = Transfer::from_record(&sender.to_record()).unwrap();
        asked(&mut sender, aim).unwrap().unwrap()
    });
    assert_eq!(begins[0].request, begins[1].request);
    let [Ask { request, ticket }, _] = &mut begins;
    assert!(ticket.is_creation() && !ticket.is_read() && !ticket.is_write());
    assert_eq!(request.url, "https://relay.example/v1/m");

    let mut sender = sender;
    let made = json!({ "urlLink": format!("{}/v1/m/{}", relay::ORIGIN, relay::MAILBOX_ID) });
    answered(&mut sender, ticket, &response(200, &made), &[]).unwrap();
    assert!(sender.invitation().is_some());
    assert!(asked(&mut sender, Aim::Begin).unwrap().is_none());
}

#[test]
fn what_was_not_judged_is_read_for_who_begins_and_by_nobody_else() {
    let (_, mut receiver, content) = offered();
    for aim in [Aim::GoOn { wait: 0 }, Aim::GiveBack] {
        assert!(asked(&mut receiver, aim).unwrap().is_none(), "{aim:?}");
    }
    let Ask { request, ticket } = asked(&mut receiver, Aim::Begin).unwrap().unwrap();
    assert!(ticket.is_first_read() && ticket.is_read() && !ticket.is_held_read());
    assert_eq!((request.method, request.wait), (Method::Post, 0));
    let proof = |(name, _): &(&str, String)| *name == headers::RECIPIENT_PROOF;
    assert!(request.headers.iter().any(proof));

    answered(&mut receiver, &ticket, &content, &[]).unwrap();
    assert!(receiver.is_read() && !receiver.has_used_credential());
    assert!(asked(&mut receiver, Aim::Begin).unwrap().is_none());
    assert!(asked(&mut receiver, Aim::GiveBack).unwrap().is_none());
}

#[test]
fn a_first_read_that_is_refused_leaves_the_offer_as_it_was() {
    let (_, mut receiver, _) = offered();
    let before = receiver.to_record();
    let ticket = asked(&mut receiver, Aim::Begin).unwrap().unwrap().ticket;
    let gone = json!({ "type": problems::NOT_FOUND, "title": "", "status": 404 });
    let status = |status| match status {
        404 => Refused::NotFound,
        401 => Refused::ClaimedByAnother,
        status => Refused::Relay { status, reason: "" },
    };
    for (response, begins_nothing) in [
        (response(401, &json!({})), true),
        (response(404, &gone), true),
        // Perhaps a proxy's word: the claim may be bound.
        (response(404, &json!({})), false),
        (response(302, &json!({})), false),
        (response(403, &json!({})), false),
        (response(200, &json!({})), false),
    ] {
        let refused = answered(&mut receiver, &ticket, &response, &[]).unwrap_err();
        assert_eq!(refused.begins_nothing(), begins_nothing, "{response:?}");
        let kind = std::mem::discriminant(&refused);
        let is_gone = refused == Refused::NoLongerThere && begins_nothing;
        assert!(is_gone || kind == std::mem::discriminant(&status(response.status)));
        assert_eq!(receiver.to_record(), before);
    }
}

#[test]
fn what_was_found_bad_is_given_back() {
    let (world, mut receiver, content) = offered();
    let used = *world.devices[SENDER].load().credential_id().unwrap();
    let ticket = asked(&mut receiver, Aim::Begin).unwrap().unwrap().ticket;
    let judged = answered(&mut receiver, &ticket, &content, &[used]);
    assert_eq!(judged, Err(Refused::AlreadyUsed));
    assert_eq!(
        asked(&mut receiver, Aim::Begin).unwrap_err(),
        Refused::Expired
    );

    let given = asked(&mut receiver, Aim::GiveBack).unwrap().unwrap();
    assert_eq!(given.request.method, Method::Patch);
    answered(
        &mut receiver,
        &given.ticket,
        &response(200, &json!({})),
        &[],
    )
    .unwrap();
    assert!(receiver.may_be_accepted_again());

    // A reading that was under way meanwhile has bound the claim anew.
    let late = answered(&mut receiver, &ticket, &content, &[]);
    assert_eq!(late, Err(Refused::Expired));
    assert!(!receiver.may_be_accepted_again());
    assert!(asked(&mut receiver, Aim::GiveBack).unwrap().is_some());
}

#[test]
fn a_read_is_held_only_where_the_slot_is_known() {
    let world = World::established();
    let device = &world.devices[RECEIVER];
    let mut receiver = device.load();
    let draws = &mut Entropy::from_seed(&Secret::new([1; 32]));
    let aim = Aim::GoOn { wait: 50 };
    let held = receiver.ask(aim, &device.slot, START, draws);
    let held = held.unwrap().unwrap();
    assert!(held.ticket.is_held_read() && held.request.wait == 50);
    let read = asked(&mut receiver, aim).unwrap().unwrap();
    assert!(read.ticket.is_read() && !read.ticket.is_held_read() && read.request.wait == 0);
    assert!(!read.ticket.asks_the_same(&held.ticket));
}

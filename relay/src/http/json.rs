//! The answer that most bytes go into, written without a copy of what it shows.

use serde::Serialize;
use tigress_mailbox::{DisplayInformation, Payload, format_timestamp};

/// What stands around the texts.
const AROUND: usize = 1024;
/// Letters that are looked at together.
const TOGETHER: usize = 32;

/// What a mailbox holds: `ReadResponse`; as the answer to an update it tells of push, too.
pub(super) fn content(
    payload: &Payload,
    display: &DisplayInformation,
    expires: u64,
    push: Option<bool>,
) -> serde_json::Result<Vec<u8>> {
    // Growing by halves again would take up to twice what is counted.
    let mut to = Vec::with_capacity(payload.data.len() + AROUND);
    to.push(b'{');
    if let Some(push) = push {
        member(&mut to, "isPushNotificationSupported", &push)?;
        to.push(b',');
    }
    to.extend_from_slice(b"\"payload\":{");
    member(&mut to, "type", &payload.payload_type)?;
    to.extend_from_slice(b",\"data\":");
    text(&mut to, &payload.data)?;
    to.extend_from_slice(b"},");
    member(&mut to, "displayInformation", display)?;
    to.push(b',');
    member(&mut to, "expiration", &format_timestamp(expires))?;
    to.push(b'}');
    to.shrink_to_fit();
    Ok(to)
}

/// Whose name has nothing to escape.
fn member<T: Serialize>(to: &mut Vec<u8>, name: &str, value: &T) -> serde_json::Result<()> {
    to.push(b'"');
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"\":");
    serde_json::to_writer(to, value)
}

/// What has nothing to escape, as base64 has not, is copied as it is: letter by letter it would be an eighth of a request.
fn text(to: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    let plain = |letter: &u8| *letter >= b' ' && *letter != b'"' && *letter != b'\\';
    // Without a way out within: so the processor takes many at once.
    let all = |some: &[u8]| some.iter().fold(true, |all, letter| all & plain(letter));
    if !text.as_bytes().chunks(TOGETHER).all(all) {
        return serde_json::to_writer(to, text);
    }
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(payload: &Payload, display: &DisplayInformation, push: Option<bool>) -> Value {
        let body = content(payload, display, 1_900_000_000, push).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn every_text_is_there_as_it_was_put_in() {
        let display = DisplayInformation {
            title: "\"}".to_owned(),
            description: "\\\n\u{7f}é\u{1f511}".to_owned(),
            image_url: "https://example.com/?a=\"".to_owned(),
        };
        // Each letter at each place of what is looked at together, and after it.
        for letter in (0..=0x2_ff).chain([0x2028, 0x1_f511]) {
            let letter = char::from_u32(letter).unwrap();
            for before in [0, 1, TOGETHER - 1, TOGETHER, 3 * TOGETHER - 1] {
                let data = format!("{}{letter}x", "x".repeat(before));
                let payload = Payload {
                    payload_type: letter.to_string(),
                    data,
                };
                let shown = json!({
                    "payload": {"type": payload.payload_type, "data": payload.data},
                    "displayInformation": display,
                    "expiration": "2030-03-17T17:46:40Z",
                });
                assert_eq!(written(&payload, &display, None), shown, "{letter:?}");
            }
        }
        let payload = Payload::gss_api(String::new());
        for push in [true, false] {
            let told = written(&payload, &display, Some(push));
            assert_eq!(told["isPushNotificationSupported"], push);
            assert_eq!(told["payload"]["data"], "");
        }
    }

    #[test]
    fn it_takes_no_more_than_its_size() {
        let payload = Payload::gss_api("x".repeat(5_000));
        let body = content(&payload, &DisplayInformation::default(), 0, None).unwrap();
        assert!(body.capacity() < 5_500, "{}", body.capacity());
    }
}

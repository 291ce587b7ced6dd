//! Looking at requests and changing what passes.

use tigress_mailbox::{HttpRequest, HttpResponse, Method, headers};

pub(super) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value.as_str())
}

pub(super) fn put(response: &mut HttpResponse, name: &str, value: &str) {
    let list = &mut response.headers;
    list.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    list.push((name.to_owned(), value.to_owned()));
}

pub(super) fn edit(response: &mut HttpResponse, old: &str, new: &str) {
    let text = String::from_utf8(response.body.clone()).unwrap();
    response.body = text.replace(old, new).into_bytes();
}

/// Changes the body of a request.
pub(super) fn rewrite(request: &mut HttpRequest, old: &str, new: &str) {
    if let Some(body) = &mut request.body {
        *body = String::from_utf8(body.clone())
            .unwrap()
            .replace(old, new)
            .into_bytes();
    }
}

pub(super) fn renew(request: &mut HttpRequest) {
    let id = uuid();
    for (name, value) in &mut request.headers {
        if *name == headers::REQUEST_ID {
            value.clone_from(&id);
        }
    }
}

pub(super) fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub(super) fn has(request: &HttpRequest, text: &str) -> bool {
    let body = request.body.as_deref().unwrap_or_default();
    String::from_utf8_lossy(body).contains(text)
}

pub(super) fn creates(request: &HttpRequest) -> bool {
    request.method == Method::Post && request.url.ends_with("/m")
}

pub(super) fn reads(request: &HttpRequest) -> bool {
    request.method == Method::Post && !creates(request)
}

pub(super) fn wait(request: &HttpRequest) -> (u64, bool) {
    let is_known = header(request, headers::PAYLOAD_VERSION).is_some();
    (request.wait, is_known)
}

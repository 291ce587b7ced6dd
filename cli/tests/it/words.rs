//! The words of commands, as most tests say them: the file `key` is sent, the state folders are `s` and `r`, and what happens
//! is told as JSON.

pub(crate) fn send<'w>(relay: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    let words = ["send", "key", "--relay", relay, "--state", "s", "--json"];
    [&words, more].concat()
}

pub(crate) fn receive<'w>(url: &'w str, relay: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    receive_in("r", url, relay, more)
}

/// With another state folder.
pub(crate) fn receive_in<'w>(
    state: &'w str,
    url: &'w str,
    relay: &'w str,
    more: &[&'w str],
) -> Vec<&'w str> {
    let words = ["receive", url, "--yes", "--relay-trust", relay];
    [&words, &["--state", state, "--json"][..], more].concat()
}

pub(crate) fn resume<'w>(transfer: &'w str, state: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    let words = ["resume", transfer, "--state", state, "--json"];
    [&words, more].concat()
}

pub(crate) fn transfers<'w>(state: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["transfers", "--state", state, "--json"], more].concat()
}

pub(crate) fn terminate<'w>(transfer: &'w str, state: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    let words = ["terminate", transfer, "--state", state, "--json"];
    [&words, more].concat()
}

/// The same, told to people.
pub(crate) fn spoken(mut words: Vec<&str>) -> Vec<&str> {
    words.retain(|word| *word != "--json");
    words
}

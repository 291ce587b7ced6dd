//! The vectors as docs/protocol.md shows them.

use super::*;

/// A heading and a block of text.
fn block(out: &mut String, heading: &str, from: &str, lines: &str) {
    let from = if from.is_empty() {
        String::new()
    } else {
        format!(" — from {from}")
    };
    out.push_str(&format!("**{heading}**{from}\n\n```text\n{lines}\n```\n\n"));
}

fn wrapped(text: &str) -> String {
    let chars: Vec<_> = text.chars().collect();
    let lines: Vec<String> = chars
        .chunks(WIDTH)
        .map(|line| line.iter().collect())
        .collect();
    lines.join("\n")
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let parts: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k} {}", shown(v)))
                .collect();
            parts.join(", ")
        }
        other => other.to_string(),
    }
}

fn inputs(out: &mut String, title: &str, table: &Value) {
    out.push_str(&format!("\n### {title}\n\n| input | value |\n|---|---|\n"));
    for (name, value) in table.as_object().unwrap() {
        out.push_str(&format!("| {name} | `{}` |\n", shown(value)));
    }
    out.push('\n');
}

fn rows(out: &mut String, title: &str, table: &Value) {
    out.push_str(&format!("### {title}\n\n"));
    for row in table.as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        block(
            out,
            name,
            &shown(&row["from"]),
            &wrapped(row["out"].as_str().unwrap()),
        );
    }
}

fn envelope_rows(out: &mut String, title: &str, table: &Value) {
    out.push_str(&format!("### {title}\n\n"));
    for row in table.as_array().unwrap() {
        let mic = match &row["mic"] {
            Value::Null => "null".into(),
            mic => shown(mic),
        };
        let mut text = format!(
            "body\n{}\nmic\n{mic}\ndata\n{}",
            wrapped(&shown(&row["body"])),
            wrapped(&shown(&row["data"]))
        );
        if let Value::String(ends) = &row["ends"] {
            text = format!("ends at {ends}\n{text}");
        }
        block(out, &shown(&row["name"]), "", &text);
    }
}

/// The section of the specification between its two markers.
pub(super) fn rendered(keys: &Value, transfer: &Value, pin: &Value) -> String {
    let mut out = String::new();
    inputs(&mut out, "Inputs", &keys["inputs"]);
    rows(&mut out, "Keys and what they come from", &keys["keys"]);
    rows(
        &mut out,
        "Tokens, framed where they are context tokens",
        &keys["tokens"],
    );
    out.push_str("### Padmé\n\n| length | padded |\n|---|---|\n");
    for pair in keys["padme"].as_array().unwrap() {
        out.push_str(&format!("| {} | {} |\n", pair[0], pair[1]));
    }
    out.push_str("\n### Messages\n\n");
    for row in transfer["messages"].as_array().unwrap() {
        let from = format!(
            "format `{}`, content `{}`",
            shown(&row["format"]),
            shown(&row["content"])
        );
        block(
            &mut out,
            &shown(&row["name"]),
            &from,
            &wrapped(&shown(&row["out"])),
        );
    }
    envelope_rows(
        &mut out,
        "Envelopes, in the order of a transfer",
        &transfer["envelopes"],
    );
    let title = "Endings: envelopes that go on from there";
    envelope_rows(&mut out, title, &transfer["endings"]);
    out.push_str("### Invitation and mailbox\n\n");
    for name in [
        "share URL",
        "share URL with PIN",
        "display",
        "display hash",
        "Mailbox-Recipient-Proof",
    ] {
        block(&mut out, name, "", &shown(&transfer[name]));
    }
    block(
        &mut out,
        "CreateMailbox, its body",
        "",
        &wrapped(&transfer["CreateMailbox"].to_string()),
    );
    out.push_str("### With a summary: token 1\n\n");
    let mut from = transfer["summary"].clone();
    let made = from.as_object_mut().and_then(|map| map.remove("out"));
    let made = wrapped(&shown(&made.unwrap_or_default()));
    block(&mut out, "summary", &shown(&from), &made);
    for row in keys["with a summary"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        block(
            &mut out,
            name,
            &shown(&row["from"]),
            &wrapped(&shown(&row["out"])),
        );
    }
    inputs(&mut out, "With a PIN: inputs", &pin["inputs"]);
    let title = "With a PIN, typed wrong and then right: keys and what they come from";
    rows(&mut out, title, &pin["keys"]);
    let title = "With a PIN: tokens, in the order of a transfer";
    rows(&mut out, title, &pin["tokens"]);
    out
}

//! The bill of materials as CycloneDX 1.5 in JSON. Without serial number and time, so that it is the same each time.

use super::graph::{Graph, Material};

pub(super) fn bill(graph: &Graph, beside: &[Material]) -> String {
    let component = |one: &Material| object(6, &fields(one));
    let others: Vec<String> = (graph.others.iter().chain(beside))
        .map(|one| format!("    {}", component(one).trim_start()))
        .collect();
    let mut needs = graph.needs.clone();
    let root = needs.entry(graph.root.purl.clone()).or_default();
    root.extend(beside.iter().map(|one| one.purl.clone()));
    let needs: Vec<String> = (needs.iter())
        .map(|(one, needs)| {
            let needs: Vec<String> = needs.iter().map(|other| text(other)).collect();
            format!(
                "    {{ \"ref\": {}, \"dependsOn\": [{}] }}",
                text(one),
                needs.join(", ")
            )
        })
        .collect();
    format!(
        "{{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"version\": 1,\n  \"metadata\": {{\n    \"component\": {}\n  }},\n  \"components\": [\n{}\n  ],\n  \"dependencies\": [\n{}\n  ]\n}}\n",
        component(&graph.root),
        others.join(",\n"),
        needs.join(",\n")
    )
}

fn fields(one: &Material) -> Vec<String> {
    let mut fields = vec![
        "\"type\": \"library\"".to_owned(),
        format!("\"bom-ref\": {}", text(&one.purl)),
        format!("\"name\": {}", text(&one.name)),
        format!("\"version\": {}", text(&one.version)),
        format!(
            "\"licenses\": [{{ \"expression\": {} }}]",
            text(&one.license)
        ),
        format!("\"purl\": {}", text(&one.purl)),
    ];
    if let Some(sum) = &one.checksum {
        let hash = format!("{{ \"alg\": \"SHA-256\", \"content\": {} }}", text(sum));
        fields.push(format!("\"hashes\": [{hash}]"));
    }
    fields
}

fn object(indent: usize, fields: &[String]) -> String {
    let inner = " ".repeat(indent);
    let outer = " ".repeat(indent - 2);
    let fields: Vec<String> = (fields.iter())
        .map(|field| format!("{inner}{field}"))
        .collect();
    format!("{{\n{}\n{outer}}}", fields.join(",\n"))
}

/// A JSON string (RFC 8259 §7).
fn text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn every_part_is_named_with_its_licence_and_who_needs_it() {
        let of = |purl: &str, name: &str, checksum: Option<&str>| Material {
            purl: purl.to_owned(),
            name: name.to_owned(),
            version: "1".to_owned(),
            license: "MIT".to_owned(),
            repository: String::new(),
            checksum: checksum.map(str::to_owned),
        };
        let graph = Graph {
            root: of("pkg:cargo/a@1", "a", None),
            others: BTreeSet::from([of("pkg:cargo/b@1", "b", Some("ab12"))]),
            needs: BTreeMap::from([(
                "pkg:cargo/a@1".to_owned(),
                BTreeSet::from(["pkg:cargo/b@1".to_owned()]),
            )]),
        };
        let bill = bill(&graph, &[of("pkg:maven/g/c@1", "c", None)]);
        let said = r#"{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "version": 1,
  "metadata": {
    "component": {
      "type": "library",
      "bom-ref": "pkg:cargo/a@1",
      "name": "a",
      "version": "1",
      "licenses": [{ "expression": "MIT" }],
      "purl": "pkg:cargo/a@1"
    }
  },
  "components": [
    {
      "type": "library",
      "bom-ref": "pkg:cargo/b@1",
      "name": "b",
      "version": "1",
      "licenses": [{ "expression": "MIT" }],
      "purl": "pkg:cargo/b@1",
      "hashes": [{ "alg": "SHA-256", "content": "ab12" }]
    },
    {
      "type": "library",
      "bom-ref": "pkg:maven/g/c@1",
      "name": "c",
      "version": "1",
      "licenses": [{ "expression": "MIT" }],
      "purl": "pkg:maven/g/c@1"
    }
  ],
  "dependencies": [
    { "ref": "pkg:cargo/a@1", "dependsOn": ["pkg:cargo/b@1", "pkg:maven/g/c@1"] }
  ]
}
"#;
        assert_eq!(bill, said);
        assert_eq!(text("a\"\\\n"), r#""a\"\\\u000a""#);
    }
}

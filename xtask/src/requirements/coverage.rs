//! Which requirements have code and a test, and what is amiss.

use std::fmt::Write as _;

use super::{
    notes::Note,
    register::{Register, Requirement},
};

/// What marks a requirement in our own document.
const MARKS: [&str; 4] = ["MUST", "SHALL", "REQUIRED", "‼"];

pub(super) struct Coverage<'a> {
    rows: Vec<Row<'a>>,
    pub(super) flaws: Vec<String>,
}

struct Row<'a> {
    requirement: &'a Requirement,
    code: Vec<&'a str>,
    tests: Vec<&'a str>,
}

impl<'a> Coverage<'a> {
    /// Of registers, with the documents' texts where they are ours.
    pub(super) fn of(registers: &'a [(Register, Option<String>)], notes: &'a [Note]) -> Self {
        let mut coverage = Self {
            rows: Vec::new(),
            flaws: Vec::new(),
        };
        for (register, text) in registers {
            coverage.flaws.extend_from_slice(&register.flaws);
            if let Some(text) = text {
                coverage.flaws.extend(unlike(register, text));
            }
            for requirement in &register.requirements {
                coverage.add(requirement, notes);
            }
        }
        for note in notes {
            let is_known = coverage
                .rows
                .iter()
                .any(|row| row.requirement.id == note.id);
            let flaw = if is_known {
                note.flaw
            } else {
                Some("names no requirement")
            };
            if let Some(flaw) = flaw {
                coverage
                    .flaws
                    .push(format!("{}: {} {flaw}", note.place, note.id));
            }
        }
        coverage
    }

    fn add(&mut self, requirement: &'a Requirement, notes: &'a [Note]) {
        let places = |is_test: bool| -> Vec<&'a str> {
            let named = notes
                .iter()
                .filter(|note| note.id == requirement.id && note.is_test == is_test);
            named.map(|note| note.place.as_str()).collect()
        };
        let row = Row {
            requirement,
            code: places(false),
            tests: places(true),
        };
        if requirement.except.is_some() {
            if let Some(place) = row.code.first().or(row.tests.first()) {
                self.flaws.push(format!(
                    "{} is excepted, and has a comment: {place}",
                    requirement.id
                ));
            }
        } else {
            for (none, what) in [
                (row.code.is_empty(), "code"),
                (row.tests.is_empty(), "test"),
            ] {
                if none {
                    self.flaws.push(format!(
                        "{} has no {what}: {}",
                        requirement.id, requirement.quote
                    ));
                }
            }
        }
        self.rows.push(row);
    }

    /// A row for each requirement.
    pub(super) fn table(&self) -> String {
        let mut table = String::new();
        for row in &self.rows {
            let Requirement { id, quote, except } = row.requirement;
            let _ = writeln!(table, "{id}: {quote}");
            for (what, places) in [("code", &row.code), ("test", &row.tests)] {
                for place in places {
                    let _ = writeln!(table, "  {what} {place}");
                }
            }
            if let Some(why) = except {
                let _ = writeln!(table, "  except: {why}");
            }
        }
        table
    }

    pub(super) fn sum(&self) -> String {
        let excepted = self
            .rows
            .iter()
            .filter(|row| row.requirement.except.is_some())
            .count();
        format!(
            "{} requirements: {} beside code and test, {excepted} excepted with a reason; {} flaws\n",
            self.rows.len(),
            self.rows.len() - excepted,
            self.flaws.len(),
        )
    }
}

/// Quotes that the document does not have, and marks of requirements that no quote has.
fn unlike(register: &Register, text: &str) -> Vec<String> {
    // The worked vectors require nothing.
    let text = text.split("<!-- vectors:begin").next().unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut flaws, mut quoted) = (Vec::new(), Vec::new());
    for Requirement { id, quote, .. } in &register.requirements {
        match text.find(quote.as_str()) {
            Some(at) => quoted.push(at..at + quote.len()),
            None => flaws.push(format!("{id} is not in the document any more: {quote}")),
        }
    }
    for mark in MARKS {
        for (at, _) in text.match_indices(mark) {
            if !quoted.iter().any(|quote| quote.contains(&at)) {
                let around: String = text[at..].chars().take(80).collect();
                flaws.push(format!("{} does not list: {around}", register.name));
            }
        }
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirements::notes::of_text;

    const SPEC: &str = "It MUST be done,\nand it MUST be told. **‼ Once.** It is done once.";
    const LIST: &str = "# Title\n\n## 1 One\n\n- `1-done` It MUST be done\n- `1-told` it MUST be told\n- `1-once` **‼ Once.** It is\n  except: nobody does it twice\n";
    const CODE: &str = "//= protocol/1-done protocol/1-told\nfn done() {}\n\n//= test protocol/1-done protocol/1-told\n#[test]\nfn it_is_done() {}\n";

    fn flaws(spec: &str, list: &str, code: &str) -> Vec<String> {
        let register = Register::parse("protocol", list);
        Coverage::of(
            &[(register, Some(spec.to_owned()))],
            &of_text("src/a.rs", code),
        )
        .flaws
    }

    #[test]
    fn what_has_code_and_test_or_a_reason_is_covered() {
        assert_eq!(flaws(SPEC, LIST, CODE), [""; 0]);
    }

    #[test]
    fn a_requirement_without_test_or_code_is_a_flaw() {
        let code = CODE.replace(
            "test protocol/1-done protocol/1-told",
            "test protocol/1-done",
        );
        assert_eq!(
            flaws(SPEC, LIST, &code),
            ["protocol/1-told has no test: it MUST be told"]
        );
        let code = CODE.replacen(" protocol/1-told", "", 1);
        assert_eq!(
            flaws(SPEC, LIST, &code),
            ["protocol/1-told has no code: it MUST be told"]
        );
        let list = LIST.replace("  except: nobody does it twice\n", "");
        assert_eq!(flaws(SPEC, &list, CODE).len(), 2);
    }

    #[test]
    fn a_requirement_that_is_not_listed_is_a_flaw_also_beside_one_that_is() {
        let list = LIST.replace("- `1-told` it MUST be told\n", "");
        let code = CODE.replace(" protocol/1-told", "");
        let told = "protocol does not list: MUST be told. **‼ Once.** It is done once.";
        assert_eq!(flaws(SPEC, &list, &code), [told]);
    }

    #[test]
    fn a_quote_that_the_document_has_not_any_more_is_a_flaw() {
        let spec = SPEC.replace("told", "said");
        let found = flaws(&spec, LIST, CODE);
        assert_eq!(
            found[0],
            "protocol/1-told is not in the document any more: it MUST be told"
        );
        assert_eq!(found.len(), 2, "and what is there now is not listed");
    }

    #[test]
    fn a_comment_that_names_or_stands_beside_nothing_is_a_flaw() {
        for (code, flaw) in [
            (
                "//= protocol/2\nfn done() {}\n",
                "src/a.rs:7: protocol/2 names no requirement",
            ),
            (
                "//= protocol/1-done\n\nfn done() {}\n",
                "src/a.rs:7: protocol/1-done stands beside nothing",
            ),
            (
                "//= protocol/1-done",
                "src/a.rs:7: protocol/1-done stands beside nothing",
            ),
            (
                "//= test protocol/1-done\nfn done() {}\n",
                "src/a.rs:7: protocol/1-done says of what is no test that it is one",
            ),
            (
                "//= protocol/1-done\n#[tokio::test]\nfn done() {}\n",
                "src/a.rs:7: protocol/1-done says of a test that it is code",
            ),
            (
                "//= test protocol/1-done\n#[cfg(test)]\nmod tests {\n",
                "src/a.rs:7: protocol/1-done says of what is no test that it is one",
            ),
            (
                "//= test protocol/1-done\n#[allow(dead_code, reason = \"a test\")]\nfn done() {}\n",
                "src/a.rs:7: protocol/1-done says of what is no test that it is one",
            ),
            (
                "//= test protocol/1-done\n#[test]\n#[ignore = \"slow\"]\nfn done() {}\n",
                "src/a.rs:7: protocol/1-done stands beside a test that is not run",
            ),
            (
                "//= test protocol/1-done\n#[ignore]\n#[tokio::test(start_paused = true)]\nasync fn done() {}\n",
                "src/a.rs:7: protocol/1-done stands beside a test that is not run",
            ),
        ] {
            assert_eq!(flaws(SPEC, LIST, &format!("{CODE}{code}")), [flaw]);
        }
    }

    #[test]
    fn whatever_a_test_s_attribute_is_given_it_is_one() {
        for attribute in [
            "#[test]",
            "#[tokio::test(start_paused = true)]",
            "#[cfg(unix)]\n#[test]",
        ] {
            let code = CODE.replace("#[test]", attribute);
            assert_eq!(flaws(SPEC, LIST, &code), [""; 0]);
        }
    }

    #[test]
    fn what_is_excepted_and_has_a_comment_is_a_flaw() {
        for comment in [
            "//= protocol/1-once\nfn once() {}\n",
            "//= test protocol/1-once\n#[test]\nfn once() {}\n",
        ] {
            let told = "protocol/1-once is excepted, and has a comment: src/a.rs:7";
            assert_eq!(flaws(SPEC, LIST, &format!("{CODE}{comment}")), [told]);
        }
    }

    #[test]
    fn a_line_of_the_list_that_is_none_is_a_flaw() {
        let list = format!("{LIST}- 1-more it MUST be done\n");
        let flaw = "docs/requirements/protocol.md: can't be read: - 1-more it MUST be done";
        assert_eq!(flaws(SPEC, &list, CODE), [flaw]);
    }
}

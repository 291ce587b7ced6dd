//! Goes through every state of the models, and tells how many there are and what is broken.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use tigress_models::{Bounds, LARGE, SMALL, SWITCHES, check};

const USAGE: &str = "\
usage: tigress-models small|large|switches [WORD]

small, large: goes through every state; fails if a property is broken
switches: takes one rule away after the other; fails if that is not found
WORD: only those with this word in their name or rule";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (all, word) = match words[..] {
        [what] => (table(what), ""),
        [what, word] => (table(what), word),
        _ => (None, ""),
    };
    let Some(all) = all else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let named = |bounds: &&Bounds| {
        let rule = bounds.without.unwrap_or_default();
        bounds.name.contains(word) || rule.contains(word)
    };
    let wrong = all
        .iter()
        .filter(named)
        .filter(|bounds| !is_well(bounds))
        .count();
    ExitCode::from(u8::from(wrong > 0))
}

fn table(what: &str) -> Option<&'static [Bounds]> {
    match what {
        "small" => Some(SMALL),
        "large" => Some(LARGE),
        "switches" => Some(SWITCHES),
        _ => None,
    }
}

fn is_well(bounds: &'static Bounds) -> bool {
    let begun = Instant::now();
    let checked = check(bounds);
    let seconds = begun.elapsed().as_secs();
    let (name, states, steps) = (bounds.name, checked.states, checked.steps);
    match bounds.without {
        None => println!("{name}: {states} states, {steps} steps, {seconds} s"),
        Some(rule) => println!("without {rule}, {name}: {states} states, {seconds} s"),
    }
    if let Some((_, story)) = &checked.broken {
        println!("{story}");
    }
    checked.broken.is_some() == bounds.without.is_some()
}

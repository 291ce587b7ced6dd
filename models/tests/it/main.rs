//! Every state within the small bounds, and every rule that can be taken away.

use std::collections::BTreeSet;

use tigress_models::{Bounds, ELSEWHERE, SMALL, SWITCHES, check};

const REQUIREMENTS: &str = include_str!("../../../docs/requirements/protocol.md");

#[test]
fn every_state_within_the_small_bounds_is_well() {
    for bounds in SMALL {
        let checked = check(bounds);
        println!("{}: {} states", bounds.name, checked.states);
        if let Some((_, story)) = checked.broken {
            panic!("{}: {story}", bounds.name);
        }
        // Fewer, and something is not tried any more.
        assert!(checked.states > 400, "{}: {}", bounds.name, checked.states);
    }
}

#[test]
fn each_rule_that_is_taken_away_is_missed() {
    for bounds in SWITCHES {
        let rule = bounds.without.expect("a rule is named");
        let (property, story) = check(bounds)
            .broken
            .unwrap_or_else(|| panic!("nobody misses {rule}"));
        println!(
            "without {rule}: {} steps, {property}",
            story.lines().count() - 1
        );
    }
}

#[test]
fn each_rule_that_closes_an_attack_or_a_loss_has_a_switch_or_a_reason() {
    let marked = REQUIREMENTS.lines().filter(|line| line.contains("**‼"));
    let marked: BTreeSet<&str> = marked.filter_map(|line| line.split('`').nth(1)).collect();
    let switches = SWITCHES.iter().filter_map(|bounds| bounds.without);
    let elsewhere = ELSEWHERE.iter().map(|(rule, _)| *rule);
    let listed: Vec<&str> = switches
        .chain(elsewhere)
        .filter(|rule| *rule != "0-words")
        .collect();
    let unique: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(unique.len(), listed.len(), "one of them is there twice");
    let marked: BTreeSet<&str> = marked
        .into_iter()
        .filter(|rule| *rule != "0-words")
        .collect();
    assert_eq!(unique, marked);
}

/// What a developer reads who broke a rule.
#[test]
fn a_story_tells_each_step_and_where_it_leads() {
    const BOUNDS: Bounds = Bounds {
        endings: [true; 2],
        ..Bounds::NONE
    }
    .without("9-relinquish");
    let (property, story) = check(&BOUNDS).broken.expect("it is missed");
    assert_eq!(property, "who has not answered deletes no mailbox");
    assert_eq!(
        story,
        "\
broken: who has not answered deletes no mailbox
  1. the receiver opens the link: the sender is invited, the receiver is offered
  2. the receiver ends it: Declined: the sender is invited, the receiver is closing
  3. the receiver asks the relay: the sender is invited, the receiver says declined
"
    );
}

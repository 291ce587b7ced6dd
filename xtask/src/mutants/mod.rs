//! Puts faults into the code, one at a time, and looks whether a unit test fails (cargo-mutants).
//!
//! It works on a copy of the tree, as it is now, for some minutes, in random order. What a test has caught stays caught, so the
//! next call goes on where this one ended; `--fresh` forgets that, as one must when tests have changed. Survivors that no test
//! can see are listed with a reason in docs/testing.md: exactly these may survive.

mod lists;
mod program;
mod rooms;

use std::time::{Duration, Instant};

use crate::{Done, Failure, project::Project};
use lists::{Lists, multiset_difference, reasons};
use program::{Mutants, Tests};
use rooms::{ROOMS, Room};

const USAGE: Failure = Failure::Usage(
    "usage: scripts/mutants [--minutes N] [--fresh] [ROOM|PATH…]     the rooms: exchange gss mechanism transfer rules",
);

/// What is asked for.
struct Asked<'w> {
    minutes: u64,
    fresh: bool,
    /// For each room that is looked at the files and folders in it.
    rooms: Vec<(&'static Room, Vec<&'w str>)>,
}

/// Fails if a mutant survives that has no reason, or if a reason has no survivor.
pub(crate) fn mutants(project: &Project, words: &[&str]) -> Done {
    let asked = Asked::read(project, words)?;
    let ends = Instant::now() + Duration::from_secs(asked.minutes * 60);
    let mutants = Mutants::ready(project, ends)?;
    let reasons = reasons(&project.read("docs/testing.md")?);
    let mut good = true;
    for (room, places) in &asked.rooms {
        let lists = Lists::of(&mutants.folder(room), asked.fresh)?;
        look(&mutants, room, places, &lists)?;
        good &= report(&mutants, room, places, &lists, &reasons)?;
    }
    if good { Ok(()) } else { Err(Failure::Said) }
}

impl<'w> Asked<'w> {
    fn read(project: &Project, words: &[&'w str]) -> Done<Self> {
        let (mut minutes, mut fresh) = (60, false);
        let mut chosen: Vec<(&'static Room, &'w str)> = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--minutes" => {
                    let number = words.next().and_then(|number| number.parse().ok());
                    minutes = number.filter(|number| *number > 0).ok_or(USAGE)?;
                }
                "--fresh" => fresh = true,
                word => chosen.push(rooms::find(project, word).ok_or(USAGE)?),
            }
        }
        if chosen.is_empty() {
            chosen = ROOMS.iter().map(|room| (room, room.folder)).collect();
        }
        let of = |room: &'static Room| -> Vec<&'w str> {
            let here = |(other, _): &&(&Room, &str)| other.name == room.name;
            chosen
                .iter()
                .filter(here)
                .map(|(_, place)| *place)
                .collect()
        };
        let rooms = ROOMS.iter().map(|room| (room, of(room)));
        Ok(Self {
            minutes,
            fresh,
            rooms: rooms.filter(|(_, places)| !places.is_empty()).collect(),
        })
    }
}

/// First by the quick tests of the room, then what these did not catch by all unit tests of its crate.
fn look(mutants: &Mutants<'_>, room: &Room, places: &[&str], lists: &Lists) -> Done {
    eprintln!("{}: what its own quick tests catch", room.name);
    mutants.run(room, places, lists, Tests::Quick)?;
    eprintln!(
        "{}: what all unit tests of its crate catch of the rest",
        room.name
    );
    if mutants.run(room, places, lists, Tests::All)? {
        lists.keep_survivors()?;
    }
    Ok(())
}

/// Counts, survivors, and how these and the reasons differ. True if they do not.
fn report(
    mutants: &Mutants<'_>,
    room: &Room,
    places: &[&str],
    lists: &Lists,
    reasons: &[String],
) -> Done<bool> {
    let all = mutants.list(room, places)?;
    let [caught, hang, unviable, survive] =
        ["caught", "timeout", "unviable", "survivors"].map(|list| lists.count(list, &all));
    let untested = all.len().saturating_sub(caught + hang + unviable + survive);
    println!(
        "{}: {} mutants: {caught} caught, {hang} hang, {unviable} do not build, {survive} survive, {untested} not tested yet",
        room.name,
        all.len()
    );
    let survivors = lists.survivors();
    let reasons: Vec<String> = reasons
        .iter()
        .filter(|reason| places.iter().any(|place| rooms::is_in(reason, place)))
        .cloned()
        .collect();
    let mut more = multiset_difference(&survivors, &reasons);
    let mut less = multiset_difference(&reasons, &survivors);
    if untested > 0 {
        less.clear();
    }
    for (word, lines) in [
        ("survives without a reason", &mut more),
        ("has a reason, but does not survive", &mut less),
    ] {
        for line in lines {
            println!("{word}: {line}");
        }
    }
    Ok(more.is_empty() && less.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes, whether it is all anew, and each room with its places.
    fn read(words: &[&str]) -> Option<(u64, bool, String)> {
        let asked = Asked::read(&Project::here(), words).ok()?;
        let rooms = asked.rooms.iter();
        let rooms: Vec<_> = rooms
            .map(|(room, places)| format!("{} {}", room.name, places.join(" ")))
            .collect();
        Some((asked.minutes, asked.fresh, rooms.join("; ")))
    }

    #[test]
    fn rooms_and_places_in_them_are_named() {
        let one = "crates/gss/src/gss/sequence.rs";
        let rooms = format!("gss {one}; rules crates/mailbox/src/rules");
        assert_eq!(
            read(&["--minutes", "10", "rules", one, "--fresh"]),
            Some((10, true, rooms))
        );
        let (minutes, fresh, rooms) = read(&[]).unwrap_or_default();
        assert_eq!((minutes, fresh, rooms.split("; ").count()), (60, false, 5));
        for wrong in [
            &["--minutes"][..],
            &["--minutes", "0"],
            &["--minutes", "1h"],
            &["attic"],
            &["crates/gss/src/lib.rs"],
            &["crates/gss/src/gss/nothing.rs"],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}

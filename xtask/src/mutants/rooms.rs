//! The rooms that are looked at, and which tests of them are quick.

use crate::project::Project;

pub(super) struct Room {
    pub(super) name: &'static str,
    pub(super) folder: &'static str,
    pub(super) package: &'static str,
    /// What the test program is told, to run the quick tests of this room.
    pub(super) quick: &'static [&'static str],
}

pub(super) const ROOMS: [Room; 5] = [
    Room {
        name: "exchange",
        folder: "crates/protocol/src/exchange",
        package: "tigress-protocol",
        quick: &["exchange::"],
    },
    Room {
        name: "gss",
        folder: "crates/gss/src/gss",
        package: "tigress-gss",
        quick: GSS,
    },
    Room {
        name: "mechanism",
        folder: "crates/gss/src/mechanism",
        package: "tigress-gss",
        quick: GSS,
    },
    Room {
        name: "transfer",
        folder: "crates/protocol/src/transfer",
        package: "tigress-protocol",
        quick: &[
            "transfer::",
            "--skip=::model::",
            "--skip=::pairs::",
            "--skip=whatever_the_relay_says",
            "--skip=an_app_that_",
            "--skip=large_messages_wait",
        ],
    },
    Room {
        name: "rules",
        folder: "crates/mailbox/src/rules",
        package: "tigress-mailbox",
        quick: &["rules::"],
    },
];

const GSS: &[&str] = &[
    "gss::",
    "mechanism::",
    "--skip=learns_one_guess",
    "--skip=only_records",
    "--skip=arbitrary_bytes",
];

/// The room that a word names, or that a path is in, and the path.
pub(super) fn find<'w>(project: &Project, word: &'w str) -> Option<(&'static Room, &'w str)> {
    if let Some(room) = ROOMS.iter().find(|room| room.name == word) {
        return Some((room, room.folder));
    }
    let room = ROOMS.iter().find(|room| is_in(word, room.folder))?;
    project.root.join(word).exists().then_some((room, word))
}

/// Whether it is the place, or in it; a mutant begins with its file.
pub(super) fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
}

//! What is known of the mutants of a room, as lists with a line for each.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{Done, Failure};

/// The lists of one room: those of its last run in `mutants.out`, those of all its runs beside that.
pub(super) struct Lists {
    pub(super) folder: PathBuf,
}

impl Lists {
    pub(super) fn of(folder: &Path, fresh: bool) -> Done<Self> {
        if fresh && folder.exists() {
            fs::remove_dir_all(folder).map_err(Failure::because)?;
        }
        fs::create_dir_all(folder).map_err(Failure::because)?;
        let folder = folder.to_owned();
        let lists = Self { folder };
        let _ = fs::remove_file(lists.folder.join("survivors"));
        Ok(lists)
    }

    /// Adds what the last run found to what is known. A test that hangs has noticed: that is not waited for again.
    pub(super) fn gather(&self) -> Done {
        let last = |list: &str| self.folder.join(format!("mutants.out/{list}.txt"));
        if !last("timeout").exists() {
            return Ok(());
        }
        for list in ["caught", "unviable", "timeout"] {
            append(&self.folder.join(list), &last(list))?;
        }
        append(&last("caught"), &self.folder.join("timeout"))
    }

    /// After a run by all tests, to its end.
    pub(super) fn keep_survivors(&self) -> Done {
        let missed = self.folder.join("mutants.out/missed.txt");
        fs::copy(missed, self.folder.join("survivors"))
            .map(drop)
            .map_err(Failure::because)
    }

    /// How many of these mutants are on a list.
    pub(super) fn count(&self, list: &str, all: &BTreeSet<String>) -> usize {
        let known: BTreeSet<String> = self.lines(list).collect();
        known.intersection(all).count()
    }

    /// Without the line: it moves. Two of one name are two.
    pub(super) fn survivors(&self) -> Vec<String> {
        self.lines("survivors")
            .map(|mutant| without_line(&mutant))
            .collect()
    }

    fn lines(&self, list: &str) -> impl Iterator<Item = String> {
        let text = fs::read_to_string(self.folder.join(list)).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.into_iter()
    }
}

fn append(to: &Path, from: &Path) -> Done {
    let text = fs::read(from).map_err(Failure::because)?;
    File::options()
        .create(true)
        .append(true)
        .open(to)
        .and_then(|mut file| file.write_all(&text))
        .map_err(Failure::because)
}

/// `FILE:LINE:COLUMN: MUTANT` without the numbers.
fn without_line(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(line), Some(column), Some(rest))
            if [line, column]
                .map(str::parse::<u32>)
                .iter()
                .all(Result::is_ok) =>
        {
            format!("{file}:{rest}")
        }
        _ => mutant.to_owned(),
    }
}

/// The mutants of the lines ``- `FILE: MUTANT`: why``.
pub(super) fn reasons(page: &str) -> Vec<String> {
    let reason = |line: &str| {
        let (mutant, why) = line.strip_prefix("- `")?.split_once("`: ")?;
        (mutant.contains(".rs: ") && !why.is_empty()).then(|| mutant.to_owned())
    };
    page.lines().filter_map(reason).collect()
}

/// What is in `these` and not in `those`, each as often as it is more often there.
pub(super) fn multiset_difference(these: &[String], those: &[String]) -> Vec<String> {
    let mut rest = those.to_vec();
    let mut only = these.to_vec();
    only.sort();
    only.retain(|line| match rest.iter().position(|other| other == line) {
        Some(at) => {
            rest.swap_remove(at);
            false
        }
        None => true,
    });
    only
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_known_without_its_line() {
        assert_eq!(
            without_line("a/b.rs:14:9: replace <impl T for U>::f with 0"),
            "a/b.rs: replace <impl T for U>::f with 0"
        );
        let page =
            "text\n- `a/b.rs: replace f with 0`: why\n- `a/b.rs`: no mutant\n- `a/b.rs: g`: \n";
        assert_eq!(reasons(page), ["a/b.rs: replace f with 0"]);
    }

    #[test]
    fn two_of_one_name_are_two() {
        let list =
            |words: &[&str]| -> Vec<String> { words.iter().map(|&w| w.to_owned()).collect() };
        let (two, one) = (list(&["b", "a", "b"]), list(&["b"]));
        assert_eq!(multiset_difference(&two, &one), ["a", "b"]);
        assert!(multiset_difference(&one, &two).is_empty());
    }
}

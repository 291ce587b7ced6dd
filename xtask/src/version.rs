//! The project's version stands in several files, for several tools; it is one. `PLACES` is the list of them: RELEASING.md
//! has it for people.

use std::{collections::BTreeSet, fs, ops::Range, path::Path};

use crate::{Done, Failure};

/// Where the version stands in one file, once or more often.
struct Place {
    file: &'static str,
    of: &'static str,
    find: Find,
}

/// How it is found.
enum Find {
    /// After these texts, one after the other.
    Once(&'static [&'static str]),
    /// After this text, wherever that stands.
    Each(&'static str),
    /// In each package of a Cargo.lock that comes from no registry.
    Lock,
}

const PLACES: [Place; 8] = [
    place(
        "Cargo.toml",
        "all crates",
        Find::Once(&["[workspace.package]", "\nversion = \""]),
    ),
    place("Cargo.lock", "all crates, locked", Find::Lock),
    place(
        "android/tigress/build.gradle.kts",
        "the Android library",
        Find::Once(&["\nversion = \""]),
    ),
    place(
        "android/pom.xml",
        "the same, compiled by Maven",
        Find::Once(&["<artifactId>tigress-android-jvm<", "<version>"]),
    ),
    place(
        "android/sample/build.gradle.kts",
        "the Android sample",
        Find::Once(&["versionName = \""]),
    ),
    place(
        "ios/Sample/SampleWallet.xcodeproj/project.pbxproj",
        "the iOS sample",
        Find::Each("MARKETING_VERSION = "),
    ),
    place(
        "README.md",
        "what an app's build names",
        Find::Each(COORDINATES),
    ),
    place(
        "docs/android.md",
        "what an app's build names",
        Find::Each(COORDINATES),
    ),
];

const COORDINATES: &str = "org.tigress:tigress-android:";

const fn place(file: &'static str, of: &'static str, find: Find) -> Place {
    Place { file, of, find }
}

/// Prints each place of the version; fails if they differ.
pub(crate) fn print(root: &Path) -> Done {
    let mut all = BTreeSet::new();
    for place in &PLACES {
        let text = read(root, place)?;
        for span in place.find.spans(&text) {
            let line = text[..span.start].lines().count();
            println!(
                "{:8} {}:{line}: {}",
                &text[span.clone()],
                place.file,
                place.of
            );
            all.insert(text[span].to_owned());
        }
    }
    if all.len() == 1 {
        Ok(())
    } else {
        Err(Failure::because(
            "these are not one version: cargo xtask version NEW changes them all",
        ))
    }
}

/// Writes `new` to each place of the version, and prints them.
pub(crate) fn change(root: &Path, new: &str) -> Done {
    if !is_version(new) {
        return Err(Failure::because(
            "a version is three numbers, as in 0.2.0: Apple's systems know no other",
        ));
    }
    // All are read before one is written.
    let texts: Vec<String> = PLACES
        .iter()
        .map(|place| read(root, place))
        .collect::<Done<_>>()?;
    for (place, mut text) in PLACES.iter().zip(texts) {
        for span in place.find.spans(&text).into_iter().rev() {
            text.replace_range(span, new);
        }
        fs::write(root.join(place.file), text)
            .map_err(|error| Failure::because(format!("{}: {error}", place.file)))?;
    }
    print(root)
}

/// A place's text, which has a version.
fn read(root: &Path, place: &Place) -> Done<String> {
    let told = |what: &str| Failure::because(format!("{}: {what}", place.file));
    let text =
        fs::read_to_string(root.join(place.file)).map_err(|error| told(&error.to_string()))?;
    if place.find.spans(&text).is_empty() {
        Err(told("has no version where it should"))
    } else {
        Ok(text)
    }
}

fn is_version(word: &str) -> bool {
    let numbers: Vec<&str> = word.split('.').collect();
    let number = |number: &&str| {
        number
            .parse::<u32>()
            .is_ok_and(|value| value.to_string() == **number)
    };
    numbers.len() == 3 && numbers.iter().all(number)
}

impl Find {
    /// Where the versions are in `text`, in order.
    fn spans(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::Once(marks) => marks
                .iter()
                .try_fold(0, |from, mark| {
                    Some(from + text[from..].find(mark)? + mark.len())
                })
                .map(|start| until_its_end(text, start))
                .into_iter()
                .collect(),
            Self::Each(mark) => text
                .match_indices(mark)
                .map(|(at, _)| until_its_end(text, at + mark.len()))
                .collect(),
            Self::Lock => {
                let blocks = text.match_indices("[[package]]\n").map(|(start, _)| {
                    let end = text[start..]
                        .find("\n\n")
                        .map_or(text.len(), |length| start + length);
                    start..end
                });
                blocks
                    .filter(|block| !text[block.clone()].contains("\nsource = "))
                    .flat_map(|block| {
                        let found = Self::Once(&["\nversion = \""]).spans(&text[block.clone()]);
                        found
                            .into_iter()
                            .map(move |span| block.start + span.start..block.start + span.end)
                    })
                    .collect()
            }
        }
    }
}

fn until_its_end(text: &str, start: usize) -> Range<usize> {
    let length = text[start..]
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len() - start);
    start..start + length
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn the_project() -> PathBuf {
        crate::project::Project::here().root
    }

    /// A folder with all the places as they are, to be changed.
    fn a_copy(name: &str) -> PathBuf {
        let copy =
            std::env::temp_dir().join(format!("tigress-version-{name}-{}", std::process::id()));
        for place in &PLACES {
            let to = copy.join(place.file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(the_project().join(place.file), to).unwrap();
        }
        copy
    }

    /// The versions in the file of each place.
    fn versions(root: &Path) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for place in &PLACES {
            let text = read(root, place).unwrap();
            all.extend(
                place
                    .find
                    .spans(&text)
                    .into_iter()
                    .map(|span| text[span].to_owned()),
            );
        }
        all
    }

    #[test]
    fn every_place_has_the_version_of_this_crate() {
        assert_eq!(
            versions(&the_project()),
            BTreeSet::from([env!("CARGO_PKG_VERSION").to_owned()])
        );
    }

    #[test]
    fn releasing_names_every_place() {
        let page = fs::read_to_string(the_project().join("RELEASING.md")).unwrap();
        for place in &PLACES {
            assert!(
                page.contains(&format!("`{}`", place.file)),
                "RELEASING.md does not name {}",
                place.file
            );
        }
    }

    #[test]
    fn no_other_page_names_the_library_with_its_version() {
        let root = the_project();
        let pages = [root.clone(), root.join("docs")]
            .into_iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap());
        let mut named: Vec<String> = pages
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "md"))
            .filter(|path| fs::read_to_string(path).unwrap().contains(COORDINATES))
            .map(|path| {
                path.strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        named.sort();
        assert_eq!(named, ["README.md", "docs/android.md"]);
    }

    #[test]
    fn a_change_reaches_every_place_and_nothing_else() {
        let copy = a_copy("version");
        change(&copy, "12.34.56").unwrap();
        let changed = versions(&copy);
        change(&copy, env!("CARGO_PKG_VERSION")).unwrap();
        let restored =
            |place: &Place| read(&copy, place).unwrap() == read(&the_project(), place).unwrap();
        let all_restored = PLACES.iter().all(restored);
        fs::remove_dir_all(&copy).unwrap();
        assert_eq!(changed, BTreeSet::from(["12.34.56".to_owned()]));
        assert!(all_restored);
    }

    #[test]
    fn places_that_differ_are_told() {
        let copy = a_copy("differ");
        let page = copy.join("README.md");
        let text = fs::read_to_string(&page).unwrap();
        fs::write(&page, text.replace(COORDINATES, &format!("{COORDINATES}9"))).unwrap();
        let told = print(&copy);
        fs::remove_dir_all(&copy).unwrap();
        assert!(matches!(told, Err(Failure::Because(_))));
    }

    #[test]
    fn only_crates_of_this_tree_are_ours_in_the_lock() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry\"\n\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
        let found: Vec<&str> = Find::Lock
            .spans(lock)
            .into_iter()
            .map(|span| &lock[span])
            .collect();
        assert_eq!(found, ["0.1.0"]);
    }

    #[test]
    fn a_version_is_three_numbers() {
        assert!(is_version("0.2.0") && is_version("10.0.3"));
        for wrong in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "1.2.3-rc.1",
            "v1.2.3",
            "01.2.3",
            "1..3",
            "+1.2.3",
        ] {
            assert!(!is_version(wrong), "{wrong}");
        }
    }
}

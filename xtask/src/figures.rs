//! What a transfer costs.

use std::path::PathBuf;
use std::{env, fs};

use crate::{Done, Failure, project::Project, wake};

/// Parts by the profile in which all is built that they measure: of a relay that is what operators run, of the rest that of
/// the tests and the demonstration. What is woken is built as apps have it.
const PROFILES: [(&str, &[&str]); 2] = [
    ("dev", &["security", "transfers", "commands", "wake"]),
    ("release", &["relay", "memory"]),
];

/// Measures; with `--record` docs/performance.md and the picture beside it are written anew.
pub(crate) fn bench(project: &Project, words: &[&str]) -> Done {
    let (wanted, options): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|word| **word != "--record");
    let known = |part: &&str| PROFILES.iter().any(|(_, parts)| parts.contains(part));
    if !wanted.iter().all(known) {
        return Err(Failure::Usage(
            "usage: scripts/bench [security|transfers|commands|relay|memory|wake…] [--record]",
        ));
    }
    let record = !options.is_empty();
    if record && !wanted.is_empty() {
        return Err(Failure::because("--record needs all parts"));
    }
    let mut tables = String::new();
    for (profile, parts) in PROFILES {
        let parts = parts.iter().copied();
        let parts: Vec<&str> = parts
            .filter(|part| wanted.is_empty() || wanted.contains(part))
            .collect();
        if !parts.is_empty() {
            let folder = measure(project, profile, &parts)?;
            tables.push_str(&project.read(folder.join("performance.txt"))?);
        }
    }
    if !record {
        return Ok(());
    }
    let page = "docs/performance.md";
    project.write(
        page,
        &recorded(&project.read(page)?, &machine(project)?, &tables)?,
    )?;
    // The relay's parts draw nothing.
    let [(drawn, _), _] = PROFILES;
    let picture = folder_of(project, drawn).join("performance.svg");
    fs::copy(picture, project.root.join("docs/performance.svg"))
        .map(|_| ())
        .map_err(Failure::because)
}

fn folder_of(project: &Project, profile: &str) -> PathBuf {
    project.root.join("target/bench").join(profile)
}

/// Runs these parts, and says in which folder their figures are.
fn measure(project: &Project, profile: &str, parts: &[&str]) -> Done<PathBuf> {
    let folder = folder_of(project, profile);
    fs::create_dir_all(&folder).map_err(Failure::because)?;
    let incremental = format!(
        "CARGO_INCREMENTAL={}",
        env::var("CARGO_INCREMENTAL").unwrap_or("0".to_owned())
    );
    let locked = ["--locked", "--profile", profile];
    let build = ["env", &incremental, "cargo", "build", "-p", "tigress-cli"];
    project.run(&[&build[..], &locked].concat())?;
    let command = format!("TIGRESS={}", project.built_as(profile, "tigress").display());
    let programs = if parts.contains(&"wake") {
        wake::programs(project)?
    } else {
        Vec::new()
    };
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    let to = folder.display().to_string();
    let said = ["env", &incremental, &command];
    let bench = ["cargo", "bench", "--bench", "figures"];
    let figures = [&bench[..], &locked, &["--"], parts, &["--record", &to]].concat();
    project.run(&[&said[..], &programs, &figures].concat())?;
    Ok(folder)
}

/// The page with other tables between its marks.
fn recorded(page: &str, machine: &str, tables: &str) -> Done<String> {
    let marks = page
        .find("\n<!-- figures: begin")
        .zip(page.find("\n<!-- figures: end"));
    let (begin, end) =
        marks.ok_or_else(|| Failure::because("docs/performance.md has no marks for figures"))?;
    let begin = page[begin + 1..]
        .find('\n')
        .map_or(page.len(), |length| begin + 1 + length);
    Ok(format!(
        "{}\n\nMeasured on: {machine}.\n\n{tables}{}",
        &page[..begin],
        &page[end + 1..]
    ))
}

fn machine(project: &Project) -> Done<String> {
    let processors = project.read("/proc/cpuinfo").unwrap_or_default();
    let names = processors
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = names.map(|(_, name)| name).min().unwrap_or_default();
    let (count, rust) = (
        project.output(&["nproc"])?,
        project.output(&["rustc", "--version"])?,
    );
    Ok(format!(
        "{name}, {} processors; {}",
        count.trim(),
        rust.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_recorded_between_their_marks() {
        let page =
            "# P\n<!-- figures: begin (by scripts/bench) -->\n\nold\n<!-- figures: end -->\nrest\n";
        let said = "# P\n<!-- figures: begin (by scripts/bench) -->\n\nMeasured on: X.\n\nnew\n<!-- figures: end -->\nrest\n";
        assert_eq!(recorded(page, "X", "new\n").unwrap(), said);
        assert!(recorded("# no marks\n", "X", "new\n").is_err());
    }
}

//! What a transfer costs.

use std::{env, fs};

use crate::{Done, Failure, project::Project};

/// Measures; with `--record` docs/performance.md and the picture beside it are written anew.
pub(crate) fn bench(project: &Project, words: &[&str]) -> Done {
    let (parts, options): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|word| **word != "--record");
    let known = ["security", "transfers", "commands", "relay", "memory"];
    if parts.iter().any(|part| !known.contains(part)) {
        return Err(Failure::Usage(
            "usage: scripts/bench [security|transfers|commands|relay|memory…] [--record]",
        ));
    }
    let record = !options.is_empty();
    if record && !parts.is_empty() {
        return Err(Failure::because("--record needs all parts"));
    }
    let folder = project.root.join("target/bench");
    fs::create_dir_all(&folder).map_err(Failure::because)?;
    let incremental = format!(
        "CARGO_INCREMENTAL={}",
        env::var("CARGO_INCREMENTAL").unwrap_or("0".to_owned())
    );
    // The profile of the tests and the demonstration.
    project.run(&[
        "env",
        &incremental,
        "cargo",
        "build",
        "--locked",
        "-p",
        "tigress-cli",
    ])?;
    let command = format!("TIGRESS={}", project.built("tigress").display());
    let to = folder.display().to_string();
    let bench = "cargo bench --locked --profile dev --bench figures --".split(' ');
    let measure = ["env", &incremental, &command]
        .into_iter()
        .chain(bench)
        .chain(parts)
        .chain(["--record", &to]);
    project.run(&measure.collect::<Vec<_>>())?;
    if !record {
        return Ok(());
    }
    let page = "docs/performance.md";
    let tables = project.read(folder.join("performance.txt"))?;
    project.write(
        page,
        &recorded(&project.read(page)?, &machine(project)?, &tables)?,
    )?;
    fs::copy(
        folder.join("performance.svg"),
        project.root.join("docs/performance.svg"),
    )
    .map(|_| ())
    .map_err(Failure::because)
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

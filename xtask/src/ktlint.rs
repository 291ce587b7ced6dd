//! ktlint over the hand-written Kotlin, as `.editorconfig` says.

use std::path::PathBuf;

use crate::{
    Done, Failure,
    project::{Project, tools},
};

const VERSION: &str = "1.8.0";
const SHA256: &str = "369ad2b789f95a011f807e1fcb690ccef80bd7cd014fd139e73ae82dcc0baeab";

/// Fails if something is not in form; with `--format` it is put in form, as far as that can be done.
pub(crate) fn ktlint(project: &Project, words: &[&str]) -> Done {
    let format: &[&str] = match words {
        [] => &[],
        ["--format"] => &["--format"],
        _ => return Err(Failure::Usage("usage: cargo xtask ktlint [--format]")),
    };
    let jar = jar(project)?.display().to_string();
    let ktlint = ["java", "-jar", &jar, "--log-level=error", "--relative"];
    let sources = [
        "android/**/*.kt",
        "android/**/*.kts",
        "!android/**/build/**",
    ];
    project.run(&[&ktlint[..], format, &sources].concat())
}

/// The program: from the registry that Maven uses, kept outside the tree. What it is, its checksum says, at every run.
fn jar(project: &Project) -> Done<PathBuf> {
    let folder = tools().join(format!("ktlint-{VERSION}"));
    let jar = folder.join(format!("ktlint-cli-{VERSION}-all.jar"));
    if !jar.exists() {
        let artifact = format!("-Dartifact=com.pinterest.ktlint:ktlint-cli:{VERSION}:jar:all");
        let to = format!("-DoutputDirectory={}", folder.display());
        project.run_quietly(&["scripts/kotlin", "dependency:copy", &artifact, &to])?;
    }
    let sum = project.output(&["sha256sum", &jar.display().to_string()])?;
    if sum.starts_with(&format!("{SHA256} ")) {
        Ok(jar)
    } else {
        Err(Failure::because(format!(
            "{}: its checksum is not {SHA256}",
            jar.display()
        )))
    }
}

//! The public surfaces of the Swift package and the Android library as text, so that a change of them is seen in review.

pub(crate) mod kotlin;
pub(crate) mod swift;

use std::path::Path;

use crate::{Done, Failure, project::Project};

/// Keeps a surface in `kept`; with `--check` among `words` it is compared instead.
fn keep(
    project: &Project,
    kept: &str,
    script: &str,
    words: &[&str],
    fresh: &Path,
    text: &str,
) -> Done {
    project.write(fresh, text)?;
    if words.is_empty() {
        return project.write(kept, text);
    }
    let same = project.run_quietly(&["diff", "-u", kept, &fresh.to_string_lossy()]);
    same.map_err(|_| {
        Failure::because(format!(
            "the public surface has changed: run scripts/{script}, and say in CHANGELOG what breaks"
        ))
    })?;
    eprintln!("{kept} is as it should be");
    Ok(())
}

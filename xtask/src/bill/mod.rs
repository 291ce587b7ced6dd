//! What a package for apps is made of: a bill of materials (CycloneDX) and the licences of others, to be put into it.

mod cyclonedx;
mod graph;
mod notices;

use std::path::Path;

use crate::{Done, project::Project};
pub(crate) use graph::{Library, Material};

/// The file names of both.
pub(crate) const BILL: &str = "tigress.cdx.json";
pub(crate) const NOTICES: &str = "THIRD-PARTY-NOTICES.txt";
/// Our own licences, whose texts go along.
pub(crate) const OWN_LICENSES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Writes the bill, the notices and our licences into `folder`, for the library and what else is asked for beside it. The same
/// from the same sources: no time, no name of a machine.
pub(crate) fn write(
    project: &Project,
    library: &Library<'_>,
    beside: &[Material],
    folder: &Path,
) -> Done {
    let graph = graph::of(project, library)?;
    project.write(folder.join(BILL), &cyclonedx::bill(&graph, beside))?;
    let notices = notices::notices(project, &graph, beside)?;
    project.write(folder.join(NOTICES), &notices)?;
    OWN_LICENSES
        .iter()
        .try_for_each(|name| project.write(folder.join(name), &project.read(name)?))
}

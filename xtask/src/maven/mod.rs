//! What goes to a Maven repository: its POM, and files that are the same from the same content.

use std::{fs, path::Path};

use crate::{Done, Failure, bill::Material, project::Project};

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An artifact of ours.
pub(crate) struct Artifact {
    pub(crate) id: &'static str,
    pub(crate) packaging: &'static str,
    pub(crate) name: &'static str,
    /// What JNA is packed as for it.
    pub(crate) jna: &'static str,
}

impl Artifact {
    /// The name of its files, without what they end with.
    pub(crate) fn file(&self) -> String {
        format!("{}-{VERSION}", self.id)
    }

    /// Its POM: the only one, whatever compiles it.
    pub(crate) fn pom(&self, project: &Project) -> Done<String> {
        let manifest = project.read("Cargo.toml")?;
        let of = |key: &str| {
            let begins = format!("{key} = \"");
            let line = manifest
                .lines()
                .find_map(|line| line.strip_prefix(&begins)?.strip_suffix('"'));
            line.ok_or_else(|| Failure::because(format!("Cargo.toml has no {key}")))
        };
        let dependencies: String = libraries(project)?
            .iter()
            .map(|library| library.dependency(self.jna))
            .collect();
        Ok(include_str!("pom.xml")
            .replace("{ARTIFACT}", self.id)
            .replace("{VERSION}", VERSION)
            .replace("{PACKAGING}", self.packaging)
            .replace("{NAME}", self.name)
            .replace("{DESCRIPTION}", of("description")?)
            .replace("{URL}", of("homepage")?)
            .replace("{REPOSITORY}", of("repository")?)
            .replace("{DEPENDENCIES}", &dependencies))
    }
}

/// What the Kotlin code needs.
struct Library {
    group: &'static str,
    id: &'static str,
    version: String,
    scope: &'static str,
    license: &'static str,
}

impl Library {
    fn dependency(&self, jna: &str) -> String {
        let kind = if self.id == "jna" && jna != "jar" {
            format!("      <type>{jna}</type>\n")
        } else {
            String::new()
        };
        format!(
            "    <dependency>\n      <groupId>{}</groupId>\n      <artifactId>{}</artifactId>\n      <version>{}</version>\n{kind}      <scope>{}</scope>\n    </dependency>\n",
            self.group, self.id, self.version, self.scope
        )
    }
}

/// With the versions of Gradle's catalogue.
fn libraries(project: &Project) -> Done<[Library; 3]> {
    let catalogue = project.read("android/gradle/libs.versions.toml")?;
    let library = |group, id, key: &str, scope, license| {
        let begins = format!("{key} = \"");
        let version = catalogue
            .lines()
            .find_map(|line| line.strip_prefix(&begins)?.strip_suffix('"'))
            .unwrap_or_default()
            .to_owned();
        Library {
            group,
            id,
            version,
            scope,
            license,
        }
    };
    let apache = "Apache-2.0";
    Ok([
        library(
            "org.jetbrains.kotlin",
            "kotlin-stdlib",
            "kotlin-stdlib",
            "compile",
            apache,
        ),
        library(
            "org.jetbrains.kotlinx",
            "kotlinx-coroutines-core",
            "coroutines",
            "compile",
            apache,
        ),
        library(
            "net.java.dev.jna",
            "jna",
            "jna",
            "runtime",
            "LGPL-2.1-or-later OR Apache-2.0",
        ),
    ])
}

/// The same for the bill of materials.
pub(crate) fn materials(project: &Project) -> Done<Vec<Material>> {
    let material = |library: Library| Material {
        purl: format!(
            "pkg:maven/{}/{}@{}",
            library.group, library.id, library.version
        ),
        name: library.id.to_owned(),
        version: library.version,
        license: library.license.to_owned(),
        repository: String::new(),
        checksum: None,
    };
    Ok(libraries(project)?.into_iter().map(material).collect())
}

/// A zip file of a folder, the same from the same content.
pub(crate) fn zip(project: &Project, file: &Path, folder: &Path) -> Done {
    let (file, folder) = (file.display().to_string(), folder.display().to_string());
    let create = [
        "jar",
        "--create",
        "--no-manifest",
        "--date=2020-01-01T00:00:00Z",
        "--file",
        &file,
    ];
    project.run(&[&create[..], &["-C", &folder, "."]].concat())
}

/// The Kotlin sources, generated and by hand.
pub(crate) fn sources(project: &Project, file: &Path, work: &Path) -> Done {
    for from in [
        "bindings/generated/kotlin",
        "android/tigress/src/main/kotlin",
    ] {
        copy_all(&project.root.join(from), work)?;
    }
    zip(project, file, work)
}

pub(crate) fn folder_for(folder: &Path) -> Done {
    fs::create_dir_all(folder).map_err(Failure::because)
}

pub(crate) fn copy_all(from: &Path, to: &Path) -> Done {
    for file in crate::project::files(from, "")? {
        let to = to.join(file.strip_prefix(from).unwrap_or(&file));
        to.parent().map_or(Ok(()), folder_for)?;
        fs::copy(file, to).map_err(Failure::because)?;
    }
    Ok(())
}

/// Takes away what earlier packing left there.
pub(crate) fn remove_old(folder: &Path, begins: &str) -> Done {
    for entry in fs::read_dir(folder).map_err(Failure::because)? {
        let entry = entry.map_err(Failure::because)?;
        if entry.file_name().to_string_lossy().starts_with(begins) {
            fs::remove_file(entry.path()).map_err(Failure::because)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pom_has_all_that_a_repository_asks_for() {
        let artifact = Artifact {
            id: "tigress-x",
            packaging: "aar",
            name: "X",
            jna: "aar",
        };
        let pom = artifact.pom(&Project::here()).unwrap();
        for part in [
            "<artifactId>tigress-x</artifactId>",
            "<packaging>aar</packaging>",
            "<type>aar</type>",
            "<scm>",
            "<developer>",
            "<url>https://",
            "<connection>scm:git:https://",
        ] {
            assert!(pom.contains(part), "{part}: {pom}");
        }
        assert_eq!(
            pom.matches("<license>").count(),
            pom.matches("<distribution>").count()
        );
        assert!(
            !pom.contains(['{', '}']) && !pom.contains("<version></version>"),
            "{pom}"
        );
        let plain = Artifact {
            jna: "jar",
            ..artifact
        };
        assert!(!plain.pom(&Project::here()).unwrap().contains("<type>"));
    }
}

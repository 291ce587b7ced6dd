//! Packs the AAR, its sources, KDoc and POM.

use std::{fs, path::Path};

use super::{MIN_SDK, library, library_of};
use crate::{Done, Failure, project::Project};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The name of the files, without what they end with.
pub(super) fn name() -> String {
    format!("tigress-android-{VERSION}")
}

/// Writes the files into `folder`, with the libraries of the ABI folders in `jni`.
pub(super) fn pack(project: &Project, jni: &Path, folder: &Path) -> Done {
    let out = project.target.join("android");
    let kdoc = out.join(format!("tigress-android-jvm-{VERSION}-javadoc.jar"));
    let classes = out.join("classes");
    if !classes.join("org/tigress").is_dir() {
        return Err(Failure::because(
            "nothing is compiled: run scripts/kotlin first",
        ));
    }
    if !kdoc.is_file() {
        return Err(Failure::because(
            "there is no KDoc: run scripts/kotlin dokka:javadocJar first",
        ));
    }
    let work = out.join("packing");
    let _ = fs::remove_dir_all(&work);
    let (content, sources) = (work.join("aar"), work.join("sources"));
    // What is refused must leave nothing behind.
    libraries(project, jni, &content)?;
    zip(project, &content.join("classes.jar"), &classes)?;
    texts(project, &content)?;
    folder_for(folder)?;
    remove_old(folder)?;
    let file = |end: &str| folder.join(format!("{}{end}", name()));
    zip(project, &file(".aar"), &content)?;
    for from in [
        "bindings/generated/kotlin",
        "android/tigress/src/main/kotlin",
    ] {
        copy_all(&project.root.join(from), &sources)?;
    }
    zip(project, &file("-sources.jar"), &sources)?;
    fs::copy(kdoc, file("-javadoc.jar")).map_err(Failure::because)?;
    project.write(
        file(".pom"),
        &pom(&project.read("android/gradle/libs.versions.toml")?),
    )?;
    fs::remove_dir_all(&work).map_err(Failure::because)
}

/// The libraries that are there, each for its ABI.
fn libraries(project: &Project, jni: &Path, content: &Path) -> Done {
    let mut found = false;
    for abi in library::ABIS {
        let from = library_of(jni, abi);
        if !from.is_file() {
            continue;
        }
        library::loadable(project, abi, &from)?;
        let to = library_of(&content.join("jni"), abi);
        to.parent().map_or(Ok(()), folder_for)?;
        fs::copy(from, to).map_err(Failure::because)?;
        found = true;
    }
    if !found {
        eprintln!(
            "no library for any ABI in {}: the AAR has code only, for looking at, not for use",
            jni.display()
        );
    }
    folder_for(content)
}

/// What an AAR has beside classes and libraries.
fn texts(project: &Project, content: &Path) -> Done {
    let manifest = manifest(&project.read("android/tigress/src/main/AndroidManifest.xml")?);
    project.write(content.join("AndroidManifest.xml"), &manifest)?;
    project.write(
        content.join("proguard.txt"),
        &project.read("android/tigress/consumer-rules.pro")?,
    )?;
    project.write(content.join("R.txt"), "")?;
    let metadata = content.join("META-INF/com/android/build/gradle");
    folder_for(&metadata)?;
    let lines = [
        "aarFormatVersion=1.0",
        "aarMetadataVersion=1.0",
        &format!("minCompileSdk={MIN_SDK}"),
        "minCompileSdkExtension=0",
        "minAndroidGradlePluginVersion=1.0.0\n",
    ];
    project.write(metadata.join("aar-metadata.properties"), &lines.join("\n"))
}

/// As AGP would write it: with the package and the minSdk that the Gradle project has elsewhere.
fn manifest(source: &str) -> String {
    let mut text = String::new();
    for line in source.lines() {
        let rest = line.trim_start_matches(' ');
        if rest.starts_with("<uses-permission") {
            let indent = &line[..line.len() - rest.len()];
            text.push_str(&format!(
                "{indent}<uses-sdk android:minSdkVersion=\"{MIN_SDK}\" />\n"
            ));
        }
        text.push_str(&line.replacen("<manifest ", "<manifest package=\"org.tigress\" ", 1));
        text.push('\n');
    }
    text
}

/// With the versions of Gradle's catalogue.
fn pom(catalogue: &str) -> String {
    let number = |name: &str| {
        let begins = format!("{name} = \"");
        catalogue
            .lines()
            .find_map(|line| line.strip_prefix(&begins)?.strip_suffix('"'))
            .unwrap_or_default()
    };
    include_str!("pom.xml")
        .replace("{VERSION}", VERSION)
        .replace("{KOTLIN}", number("kotlin"))
        .replace("{COROUTINES}", number("coroutines"))
        .replace("{JNA}", number("jna"))
}

/// A zip file of a folder, the same from the same content.
fn zip(project: &Project, file: &Path, folder: &Path) -> Done {
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

fn folder_for(folder: &Path) -> Done {
    fs::create_dir_all(folder).map_err(Failure::because)
}

fn remove_old(folder: &Path) -> Done {
    for entry in fs::read_dir(folder).map_err(Failure::because)? {
        let entry = entry.map_err(Failure::because)?;
        if entry.file_name().to_string_lossy().starts_with(&name()) {
            fs::remove_file(entry.path()).map_err(Failure::because)?;
        }
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> Done {
    for file in crate::project::files(from, "")? {
        let to = to.join(file.strip_prefix(from).unwrap_or(&file));
        to.parent().map_or(Ok(()), folder_for)?;
        fs::copy(file, to).map_err(Failure::because)?;
    }
    Ok(())
}

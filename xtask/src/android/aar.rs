//! Packs the AAR, its sources, KDoc and POM.

use std::{fs, path::Path};

use super::{ANDROIDS, MIN_SDK, library, library_of};
use crate::{
    Done, Failure, bill,
    maven::{Artifact, VERSION, folder_for, materials, remove_old, sources, zip},
    project::Project,
};

pub(super) const AAR: Artifact = Artifact {
    id: "tigress-android",
    packaging: "aar",
    name: "Tigress for Android",
    // With JNA's own native part for Android.
    jna: "aar",
};

/// Which libraries are to be in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Each ABI's: what is released.
    All,
    /// Those that are there: to be looked at, under a name that says so.
    Some,
}

/// The name of the files, without what they end with.
pub(super) fn name(of: Of) -> String {
    let end = if of == Of::All { "" } else { "-incomplete" };
    format!("{}{end}", AAR.file())
}

/// Writes the files into `folder`, with the libraries of the ABI folders in `jni`.
pub(super) fn pack(project: &Project, of: Of, jni: &Path, folder: &Path) -> Done {
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
    let content = work.join("aar");
    // What is refused must leave nothing behind.
    libraries(project, of, jni, &content)?;
    zip(project, &content.join("classes.jar"), &classes)?;
    texts(project, &content)?;
    folder_for(folder)?;
    remove_old(folder, &name(of))?;
    let file = |end: &str| folder.join(format!("{}{end}", name(of)));
    zip(project, &file(".aar"), &content)?;
    sources(project, &file("-sources.jar"), &work.join("sources"))?;
    fs::copy(kdoc, file("-javadoc.jar")).map_err(Failure::because)?;
    project.write(file(".pom"), &AAR.pom(project)?)?;
    fs::remove_dir_all(&work).map_err(Failure::because)
}

/// Each for its ABI.
fn libraries(project: &Project, of: Of, jni: &Path, content: &Path) -> Done {
    for abi in library::ABIS {
        let from = library_of(jni, abi);
        if of == Of::Some && !from.is_file() {
            eprintln!("no library for {abi} in {}", jni.display());
            continue;
        }
        library::loadable(project, abi, &from)?;
        library::for_phones(project, abi, &from)?;
        let to = library_of(&content.join("jni"), abi);
        to.parent().map_or(Ok(()), folder_for)?;
        fs::copy(from, to).map_err(Failure::because)?;
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
    let made_of = bill::Library {
        features: &[],
        targets: &ANDROIDS,
    };
    bill::write(project, &made_of, &materials(project)?, content)?;
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

//! The folders of a framework and of an xcframework, as Apple's tools know them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Done, Failure, bill, project::Project};

/// Of the framework, its module, and the binary in it.
pub(super) const NAME: &str = "TigressFFI";

/// What one framework is for.
pub(super) struct Slice {
    /// As `xcodebuild -create-xcframework` calls it.
    pub(super) identifier: &'static str,
    /// Apple's name of the system, in an xcframework's list and in a framework's.
    platform: (&'static str, &'static str),
    is_simulator: bool,
    /// The oldest system: the name of its key, and the version.
    oldest: (&'static str, &'static str),
    /// Apple's name of the processor, and Rust's target.
    pub(super) processors: &'static [(&'static str, &'static str)],
}

/// In the order in which they are listed.
pub(super) const SLICES: [Slice; 3] = [
    Slice {
        identifier: "ios-arm64",
        platform: ("ios", "iPhoneOS"),
        is_simulator: false,
        oldest: ("MinimumOSVersion", "16.0"),
        processors: &[("arm64", "aarch64-apple-ios")],
    },
    Slice {
        identifier: "ios-arm64_x86_64-simulator",
        platform: ("ios", "iPhoneSimulator"),
        is_simulator: true,
        oldest: ("MinimumOSVersion", "16.0"),
        processors: &[
            ("arm64", "aarch64-apple-ios-sim"),
            ("x86_64", "x86_64-apple-ios"),
        ],
    },
    Slice {
        identifier: "macos-arm64_x86_64",
        platform: ("macos", "MacOSX"),
        is_simulator: false,
        oldest: ("LSMinimumSystemVersion", "13.0"),
        processors: &[
            ("arm64", "aarch64-apple-darwin"),
            ("x86_64", "x86_64-apple-darwin"),
        ],
    },
];

impl Slice {
    pub(super) fn is_macos(&self) -> bool {
        self.platform.0 == "macos"
    }

    fn folder(&self) -> String {
        format!("{NAME}.framework")
    }

    /// Where the binary is in the framework.
    fn binary(&self) -> String {
        let inner = if self.is_macos() { "Versions/A/" } else { "" };
        format!("{}/{inner}{NAME}", self.folder())
    }
}

/// Makes the framework of a static library in `to`; says where it is.
pub(super) fn lay_out(
    project: &Project,
    slice: &Slice,
    archive: &Path,
    version: &str,
    to: &Path,
) -> Done<PathBuf> {
    let framework = to.join(slice.folder());
    let _ = fs::remove_dir_all(&framework);
    // Bundles of macOS have versions and resources in folders of their own.
    let (inner, resources) = if slice.is_macos() {
        let inner = framework.join("Versions/A");
        (inner.clone(), inner.join("Resources"))
    } else {
        (framework.clone(), framework.clone())
    };
    for folder in [&inner.join("Headers"), &inner.join("Modules"), &resources] {
        fs::create_dir_all(folder).map_err(Failure::because)?;
    }
    let copy = |from: PathBuf, to: PathBuf| {
        fs::copy(&from, to)
            .map(|_| ())
            .map_err(|error| Failure::because(format!("{}: {error}", from.display())))
    };
    copy(archive.to_owned(), inner.join(NAME))?;
    let of = |path: &str| project.root.join(path);
    let header = format!("{NAME}.h");
    copy(of(&super::headers()), inner.join("Headers").join(&header))?;
    copy(
        of(&format!("ios/{NAME}.framework.modulemap")),
        inner.join("Modules/module.modulemap"),
    )?;
    let privacy = "PrivacyInfo.xcprivacy";
    copy(
        of("ios/Sources/Tigress").join(privacy),
        resources.join(privacy),
    )?;
    project.write(resources.join("Info.plist"), &info(slice, version))?;
    let library = bill::Library {
        features: &[],
        targets: &["aarch64-apple-ios", "aarch64-apple-darwin"],
    };
    bill::write(project, &library, &[], &resources)?;
    if slice.is_macos() {
        links(&framework)?;
    }
    Ok(framework)
}

/// What of a macOS framework's version is seen from outside.
#[cfg(unix)]
fn links(framework: &Path) -> Done {
    use std::os::unix::fs::symlink;
    symlink("A", framework.join("Versions/Current")).map_err(Failure::because)?;
    [NAME, "Headers", "Modules", "Resources"]
        .iter()
        .try_for_each(|name| symlink(format!("Versions/Current/{name}"), framework.join(name)))
        .map_err(Failure::because)
}

#[cfg(not(unix))]
fn links(_: &Path) -> Done {
    Err(Failure::because("a macOS framework has symbolic links"))
}

/// The framework's Info.plist.
fn info(slice: &Slice, version: &str) -> String {
    let (oldest, number) = slice.oldest;
    let pairs = [
        ("CFBundleDevelopmentRegion", "en"),
        ("CFBundleExecutable", NAME),
        ("CFBundleIdentifier", "org.tigress.TigressFFI"),
        ("CFBundleInfoDictionaryVersion", "6.0"),
        ("CFBundleName", NAME),
        ("CFBundlePackageType", "FMWK"),
        ("CFBundleShortVersionString", version),
        ("CFBundleVersion", version),
        (oldest, number),
    ];
    let supported = list(1, "CFBundleSupportedPlatforms", &[slice.platform.1]);
    plist(&format!("{}{supported}", strings(1, &pairs)))
}

/// The xcframework's Info.plist. Xcode lists the libraries in an order of its own each time; here it is always the same.
pub(super) fn list_of(slices: &[&Slice]) -> String {
    let one = |slice: &&Slice| {
        let (binary, folder) = (slice.binary(), slice.folder());
        let mut pairs = vec![
            ("BinaryPath", binary.as_str()),
            ("LibraryIdentifier", slice.identifier),
            ("LibraryPath", folder.as_str()),
            ("SupportedPlatform", slice.platform.0),
        ];
        if slice.is_simulator {
            pairs.push(("SupportedPlatformVariant", "simulator"));
        }
        let processors: Vec<&str> = slice.processors.iter().map(|(name, _)| *name).collect();
        format!(
            "\t\t<dict>\n{}{}\t\t</dict>\n",
            strings(3, &pairs),
            list(3, "SupportedArchitectures", &processors)
        )
    };
    let libraries: String = slices.iter().map(one).collect();
    let pairs = [
        ("CFBundlePackageType", "XFWK"),
        ("XCFrameworkFormatVersion", "1.0"),
    ];
    plist(&format!(
        "\t<key>AvailableLibraries</key>\n\t<array>\n{libraries}\t</array>\n{}",
        strings(1, &pairs)
    ))
}

fn strings(depth: usize, pairs: &[(&str, &str)]) -> String {
    let indent = "\t".repeat(depth);
    let pair = |(key, value): &(&str, &str)| {
        format!("{indent}<key>{key}</key>\n{indent}<string>{value}</string>\n")
    };
    pairs.iter().map(pair).collect()
}

fn list(depth: usize, key: &str, values: &[&str]) -> String {
    let indent = "\t".repeat(depth);
    let value = |value: &&str| format!("{indent}\t<string>{value}</string>\n");
    let values: String = values.iter().map(value).collect();
    format!("{indent}<key>{key}</key>\n{indent}<array>\n{values}{indent}</array>\n")
}

fn plist(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n{content}</dict>\n</plist>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files;

    fn laid_out(name: &str) -> (PathBuf, Vec<String>) {
        let folder =
            std::env::temp_dir().join(format!("tigress-framework-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let archive = folder.join("lib.a");
        fs::write(&archive, "archive").unwrap();
        let slice = SLICES.iter().find(|slice| slice.identifier == name);
        let to = folder.join("made");
        let made = lay_out(&Project::here(), slice.unwrap(), &archive, "1.2.3", &to).unwrap();
        let list = files(&made, "").unwrap();
        let below = |path: &PathBuf| path.strip_prefix(&made).unwrap().display().to_string();
        (folder, list.iter().map(below).collect())
    }

    #[test]
    fn a_framework_of_an_iphone_is_flat_and_has_all_that_an_app_must_show() {
        let (folder, files) = laid_out("ios-arm64");
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(
            files,
            [
                "Headers/TigressFFI.h",
                "Info.plist",
                "LICENSE-APACHE",
                "LICENSE-MIT",
                "Modules/module.modulemap",
                "PrivacyInfo.xcprivacy",
                "THIRD-PARTY-NOTICES.txt",
                "TigressFFI",
                "tigress.cdx.json",
            ]
        );
    }

    #[test]
    fn a_framework_of_a_mac_has_its_version_and_links_to_it() {
        let (folder, files) = laid_out("macos-arm64_x86_64");
        let made = folder.join("made/TigressFFI.framework");
        let seen = fs::read(made.join("TigressFFI")).unwrap();
        let info = fs::read_to_string(made.join("Resources/Info.plist")).unwrap();
        let link = fs::read_link(made.join("Versions/Current")).unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert!(
            files
                .iter()
                .any(|file| file == "Versions/A/Modules/module.modulemap")
        );
        assert_eq!(
            (seen.as_slice(), link.as_path()),
            (&b"archive"[..], Path::new("A"))
        );
        assert!(info.contains("<key>CFBundleVersion</key>\n\t<string>1.2.3</string>"));
    }

    #[test]
    fn the_libraries_are_listed_in_one_order_each_with_its_binary() {
        let all: Vec<&Slice> = SLICES.iter().collect();
        let text = list_of(&all);
        let named = |key: &str| -> Vec<&str> {
            let key = format!("<key>{key}</key>");
            let after = text.split(key.as_str()).skip(1);
            after
                .map(|rest| rest.split(['>', '<']).nth(2).unwrap())
                .collect()
        };
        let identifiers = named("LibraryIdentifier");
        assert_eq!(
            identifiers,
            [
                "ios-arm64",
                "ios-arm64_x86_64-simulator",
                "macos-arm64_x86_64"
            ]
        );
        assert!(identifiers.is_sorted());
        let (flat, deep) = (
            "TigressFFI.framework/TigressFFI",
            "TigressFFI.framework/Versions/A/TigressFFI",
        );
        assert_eq!(named("BinaryPath"), [flat, flat, deep]);
        assert_eq!(named("SupportedPlatformVariant"), ["simulator"]);
    }
}

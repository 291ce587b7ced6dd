//! Tests the packager, and the AAR that it makes, with libraries that are shaped as the NDK would.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use super::{
    MIN_SDK, PAGE,
    aar::{self, Of},
    library::{for_phones, loadable},
    library_of,
};
use crate::{Done, Failure, project::Project};

pub(super) fn self_test(project: &Project) -> Done {
    if std::env::consts::ARCH != "x86_64" {
        return Err(Failure::because(
            "the self-test makes libraries of this machine, which must be an x86_64 one",
        ));
    }
    let work = project.target.join("android/self-test");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).map_err(Failure::because)?;
    let mut test = Test {
        project,
        work,
        passed: 0,
        failed: 0,
    };
    test.refusals()?;
    test.contents()?;
    fs::remove_dir_all(&test.work).map_err(Failure::because)?;
    let word = if test.failed == 0 { "ok" } else { "FAILED" };
    println!(
        "test result: {word}. {} passed; {} failed; 0 ignored",
        test.passed, test.failed
    );
    if test.failed == 0 {
        Ok(())
    } else {
        Err(Failure::Said)
    }
}

struct Test<'a> {
    project: &'a Project,
    work: PathBuf,
    passed: u32,
    failed: u32,
}

impl Test<'_> {
    fn holds(&mut self, what: &str, it: bool) {
        eprintln!("{}: {what}", if it { "ok" } else { "FAILED" });
        *(if it {
            &mut self.passed
        } else {
            &mut self.failed
        }) += 1;
    }

    fn refusals(&mut self) -> Done {
        let work = self.work.clone();
        let good = library_of(&work.join("good"), "x86_64");
        let page = format!("-Wl,-z,max-page-size={PAGE}");
        let folder = format!("-L{}", work.display());
        let with_libc = ["-Wl,--no-as-needed", &folder, "-l:libc.so"];
        let plain = "void tigress(void) {}";
        // What stands for Android's C library.
        self.library(&work.join("libc.so"), plain, &["-Wl,-soname,libc.so"])?;
        self.library(&good, plain, &[&with_libc[..], &[&page]].concat())?;
        self.holds(
            "a library linked as the NDK does is taken",
            self.taken("x86_64", &good),
        );
        let host = self.project.built("libtigress_ffi.so");
        self.holds(
            "a library of this machine's own C library is refused",
            !self.taken("x86_64", &host),
        );
        self.holds(
            "a library for another machine is refused",
            !self.taken("arm64-v8a", &good),
        );
        let small = work.join("pages.so");
        self.library(
            &small,
            plain,
            &[&with_libc[..], &["-Wl,-z,max-page-size=4096"]].concat(),
        )?;
        self.holds(
            "a library with pages of 4 KB is refused",
            !self.taken("x86_64", &small),
        );
        let unwinds = "void _Unwind_Resume(void); void tigress(void) { _Unwind_Resume(); }";
        let bad = library_of(&work.join("bad"), "x86_64");
        self.library(&bad, unwinds, &[&with_libc[..], &[&page]].concat())?;
        self.holds(
            "a library with an open _Unwind_* is refused",
            !self.taken("x86_64", &bad),
        );
        let none = work.join("none");
        self.holds(
            "no AAR is made of such a library",
            aar::pack(self.project, Of::Some, &work.join("bad"), &none).is_err(),
        );
        self.holds(
            "nor of one ABI alone, under the release's name",
            aar::pack(self.project, Of::All, &work.join("good"), &none).is_err(),
        );
        let left = crate::project::files(&none, ".aar").unwrap_or_default();
        self.holds("and none is left behind", left.is_empty());
        self.holds(
            "a library that has nothing for tests and names no machine is for phones",
            for_phones(self.project, "x86_64", &good).is_ok(),
        );
        for (what, text) in [
            (
                "a library with the relay for tests is refused",
                "https://relay.test",
            ),
            (
                "a library that says where it was built is refused",
                &format!("{}/src", self.project.root.display()),
            ),
        ] {
            let told = work.join("told.so");
            let source = format!("const char tigress[] = \"{text}\";");
            self.library(&told, &source, &with_libc)?;
            self.holds(what, for_phones(self.project, "x86_64", &told).is_err());
        }
        Ok(())
    }

    fn taken(&self, abi: &str, file: &Path) -> bool {
        loadable(self.project, abi, file)
            .inspect_err(|refusal| eprintln!("{refusal}"))
            .is_ok()
    }

    /// Links a library of this machine.
    fn library(&self, file: &Path, source: &str, arguments: &[&str]) -> Done {
        let path = file.display().to_string();
        file.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(Failure::because)?;
        let cc = [
            "cc",
            "-x",
            "c",
            "-shared",
            "-nostdlib",
            "-fPIC",
            "-o",
            &path,
            "-",
        ];
        let mut command = self.project.command(&[&cc[..], arguments].concat());
        let mut cc = command
            .stdin(Stdio::piped())
            .spawn()
            .map_err(Failure::because)?;
        if let Some(mut input) = cc.stdin.take() {
            input
                .write_all(source.as_bytes())
                .map_err(Failure::because)?;
        }
        let status = cc.wait().map_err(Failure::because)?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::because(format!("cc: {status}")))
        }
    }

    fn contents(&mut self) -> Done {
        let (good, folder) = (self.work.join("good"), self.work.join("aar"));
        if let Err(failure) = aar::pack(self.project, Of::Some, &good, &folder) {
            eprintln!("no AAR was made: {failure}");
        }
        let file = |end: &str| folder.join(format!("{}{end}", aar::name(Of::Some)));
        self.entries(&file(".aar"))?;
        let unpacked = self.work.join("unpacked");
        self.unpacked(&file(".aar"), &unpacked)?;
        for (what, end, entry) in [
            (
                "the sources are there",
                "-sources.jar",
                "org/tigress/TransferClient.kt",
            ),
            (
                "the generated sources, too",
                "-sources.jar",
                "org/tigress/generated/tigress.kt",
            ),
            ("the KDoc is there", "-javadoc.jar", "index.html"),
        ] {
            let it = self.listed(&file(end), entry);
            self.holds(what, it);
        }
        let pom = fs::read_to_string(file(".pom")).unwrap_or_default();
        self.holds("the POM is of an AAR", pom.contains("<packaging>aar<"));
        let first = fs::read(file(".aar")).unwrap_or_default();
        let again = aar::pack(self.project, Of::Some, &good, &folder).is_ok()
            && fs::read(file(".aar")).is_ok_and(|second| second == first);
        self.holds("the same input gives the same file", again);
        Ok(())
    }

    fn entries(&mut self, file: &Path) -> Done {
        for entry in [
            "AndroidManifest.xml",
            "classes.jar",
            "proguard.txt",
            "R.txt",
            "jni/x86_64/libtigress_ffi.so",
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "THIRD-PARTY-NOTICES.txt",
            "tigress.cdx.json",
            "META-INF/com/android/build/gradle/aar-metadata.properties",
        ] {
            let it = self.listed(file, entry);
            self.holds(&format!("the AAR has {entry}"), it);
        }
        let other = self.listed(file, "jni/arm64-v8a/libtigress_ffi.so");
        self.holds("it has no ABI that has no library", !other);
        Ok(())
    }

    fn unpacked(&mut self, file: &Path, folder: &Path) -> Done {
        fs::create_dir_all(folder).map_err(Failure::because)?;
        let extract = ["jar", "--extract", "--file", &file.display().to_string()];
        let status = self.project.command(&extract).current_dir(folder).status();
        if !status.is_ok_and(|status| status.success()) {
            eprintln!("the AAR can't be unpacked");
        }
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let (manifest, rules) = (text("AndroidManifest.xml"), text("proguard.txt"));
        self.holds(
            "its manifest has the package",
            manifest.contains("package=\"org.tigress\""),
        );
        let oldest = format!("minSdkVersion=\"{MIN_SDK}\"");
        self.holds(
            "its manifest has the oldest Android",
            manifest.contains(&oldest),
        );
        self.holds(
            "its manifest asks for the network",
            manifest.contains("android.permission.INTERNET"),
        );
        self.holds(
            "its rules keep JNA",
            rules.contains("-keep class com.sun.jna.** { *; }"),
        );
        self.holds(
            "its rules keep the bindings",
            rules.contains("-keep class org.tigress.generated.** { *; }"),
        );
        let classes = folder.join("classes.jar");
        for (what, entry) in [
            (
                "its classes have the generated code",
                "org/tigress/TransferClient.class",
            ),
            (
                "its classes have the hand-written code",
                "org/tigress/AndroidHttpTransport.class",
            ),
            (
                "its classes have Kotlin's list of each module",
                "META-INF/tigress-android.kotlin_module",
            ),
        ] {
            let it = self.listed(&classes, entry);
            self.holds(what, it);
        }
        let tests = self.listed(&classes, "org/tigress/TransferTest.class");
        self.holds("its classes have no tests", !tests);
        Ok(())
    }

    fn listed(&self, file: &Path, entry: &str) -> bool {
        let list = ["jar", "--list", "--file", &file.display().to_string()];
        self.project
            .output(&list)
            .is_ok_and(|names| names.lines().any(|name| name == entry))
    }
}

//! Generates the bindings from the built library: see `scripts/bindings`.

mod internal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, language, folder] = arguments.as_slice() else {
        eprintln!("usage: uniffi-bindgen LIBRARY kotlin|swift FOLDER");
        return ExitCode::from(2);
    };
    let language = match language.as_str() {
        "kotlin" => TargetLanguage::Kotlin,
        "swift" => TargetLanguage::Swift,
        other => {
            eprintln!("unknown language: {other}");
            return ExitCode::from(2);
        }
    };
    let options = GenerateOptions {
        languages: vec![language],
        source: library.into(),
        out_dir: folder.into(),
        ..GenerateOptions::default()
    };
    let generated = generate(options).map_err(|error| format!("{error:#}"));
    match generated.and_then(|()| hide(Path::new(folder)).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the Kotlin files in a folder internal.
fn hide(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            hide(&path)?;
        } else if path.extension().is_some_and(|end| end == "kt") {
            std::fs::write(&path, internal::internal(&std::fs::read_to_string(&path)?))?;
        }
    }
    Ok(())
}

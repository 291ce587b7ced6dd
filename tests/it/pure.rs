//! The crates in `crates/` can't do what is not handed to them: of what they depend on, nothing awaits, reads a clock,
//! draws randomness, or reaches for a file or the network. What the standard library could do, `crates/clippy.toml`
//! forbids.

use std::path::Path;

/// All that they may depend on. Whatever is added here must be looked at first.
const PURE: [&str; 22] = [
    "base64",
    "chacha20poly1305",
    "clatter",
    "curve25519-dalek",
    "hkdf",
    "hmac",
    "httpdate",
    "icu_properties",
    "jiff",
    "minicbor",
    "png",
    "qrcodegen",
    "rand_chacha",
    "serde",
    "serde_json",
    "sha2",
    "spake2",
    "subtle",
    "thiserror",
    "url",
    "uuid",
    "zeroize",
];

#[test]
fn the_pure_crates_depend_on_nothing_that_could_do_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut crates = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&manifest) else {
            continue;
        };
        crates += 1;
        let (_, dependencies) = text.split_once("[dependencies]\n").unwrap();
        for line in dependencies
            .lines()
            .take_while(|line| !line.starts_with('['))
        {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let known = name.is_empty() || name.starts_with("tigress-") || PURE.contains(&name);
            assert!(known, "{}: {name}", manifest.display());
        }
        assert!(
            text.ends_with("[lints]\nworkspace = true\n"),
            "{}",
            manifest.display()
        );
    }
    assert_eq!(crates, 4);
}

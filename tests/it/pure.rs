//! The crates in `crates/` can't do what is not handed to them: of what they depend on, nothing awaits, reads a clock,
//! draws randomness, or reaches for a file or the network. What the standard library could do, `crates/clippy.toml`
//! forbids.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// All that they may depend on, with the features that they may ask for. Whatever is added here must be looked at first.
const PURE: [(&str, &[&str]); 20] = [
    ("base64", &["default"]),
    ("chacha20poly1305", &["alloc"]),
    (
        "clatter",
        &["use-25519", "use-blake2", "use-chacha20poly1305"],
    ),
    ("curve25519-dalek", &[]),
    ("form_urlencoded", &["default"]),
    ("hkdf", &["default"]),
    ("hmac", &["default"]),
    ("httpdate", &["default"]),
    ("icu_properties", &["compiled_data"]),
    ("minicbor", &["std"]),
    ("qrcodegen", &["default"]),
    ("rand_chacha", &[]),
    ("serde", &["default", "derive"]),
    ("serde_json", &["default"]),
    ("sha2", &[]),
    ("spake2", &[]),
    ("subtle", &[]),
    ("thiserror", &["default"]),
    ("uuid", &["std"]),
    ("zeroize", &["default", "derive"]),
];

#[test]
fn the_pure_crates_depend_on_nothing_that_could_do_more() {
    let packages: Vec<Value> = packages().into_iter().filter(is_pure).collect();
    let flaws: Vec<String> = packages.iter().flat_map(flaws).collect();
    assert_eq!((packages.len(), flaws), (4, vec![]));
    for package in packages {
        let manifest = std::fs::read_to_string(text(&package["manifest_path"])).unwrap();
        assert!(
            manifest.ends_with("[lints]\nworkspace = true\n"),
            "{package}"
        );
    }
}

#[test]
fn a_dependency_is_seen_wherever_it_is_written() {
    let dependency = |name: &str, kind: Value, more: Value| {
        let mut dependency = serde_json::json!({
            "name": name, "kind": kind, "target": null, "features": [], "uses_default_features": false,
        });
        let more = more.as_object().unwrap().clone();
        dependency.as_object_mut().unwrap().extend(more);
        serde_json::json!({
            "name": "x", "dependencies": [dependency], "features": {}, "targets": [{"kind": ["lib"]}],
        })
    };
    let none = || serde_json::json!({});
    let normal = || Value::Null;
    let seen = [
        dependency("getrandom", normal(), none()),
        dependency("getrandom", "build".into(), none()),
        dependency("libc", normal(), serde_json::json!({"target": "cfg(unix)"})),
        dependency(
            "tokio",
            normal(),
            serde_json::json!({"rename": "sha2", "optional": true}),
        ),
        dependency("uuid", normal(), serde_json::json!({"features": ["v4"]})),
        dependency(
            "minicbor",
            normal(),
            serde_json::json!({"uses_default_features": true}),
        ),
    ];
    for package in seen {
        assert_eq!(flaws(&package).len(), 1, "{package}");
    }
    let mut package = dependency("sha2", normal(), none());
    assert_eq!(flaws(&package), [""; 0]);
    package["features"] = serde_json::json!({"random": ["uuid/v4"]});
    package["targets"] = serde_json::json!([{"kind": ["lib"]}, {"kind": ["custom-build"]}]);
    assert_eq!(flaws(&package).len(), 2);
    let test_only = dependency("proptest", "dev".into(), none());
    assert_eq!(flaws(&test_only), [""; 0]);
}

/// Of the workspace, as Cargo reads their manifests: every table, for every target, with what is inherited.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    read["packages"].as_array().unwrap().clone()
}

fn is_pure(package: &Value) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    Path::new(text(&package["manifest_path"])).starts_with(folder)
}

/// What a package depends on or runs that it may not.
fn flaws(package: &Value) -> Vec<String> {
    let name = text(&package["name"]);
    let mut flaws = Vec::new();
    for dependency in list(&package["dependencies"]) {
        let mut asked: Vec<&str> = list(&dependency["features"]).iter().map(text).collect();
        if dependency["uses_default_features"] == true {
            asked.push("default");
        }
        let other = text(&dependency["name"]);
        let allowed = PURE.iter().find(|(pure, _)| *pure == other);
        let is_allowed = dependency["kind"] == "dev"
            || other.starts_with("tigress-")
            || allowed.is_some_and(|(_, all)| asked.iter().all(|one| all.contains(one)));
        if !is_allowed {
            flaws.push(format!("{name}: {other} {asked:?}"));
        }
    }
    // A feature of ours may turn on code of ours, and nothing of a dependency.
    for (feature, turns_on) in package["features"].as_object().unwrap() {
        if !list(turns_on).is_empty() {
            flaws.push(format!("{name}: feature {feature}: {turns_on}"));
        }
    }
    let kinds = list(&package["targets"]).iter();
    if kinds
        .flat_map(|target| list(&target["kind"]))
        .any(|kind| kind == "custom-build")
    {
        flaws.push(format!("{name}: a build script"));
    }
    flaws
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

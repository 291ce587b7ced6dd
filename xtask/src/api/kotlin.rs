//! The public surface of the Android library, as its compiled classes have it.

use std::path::Path;

use crate::{
    Done, Failure,
    project::{Project, files},
};

/// Packages that are internal as a whole, and what is in the names of classes that Kotlin makes for lambdas and coroutines.
const PLUMBING: [&str; 5] = [
    "/bridge/",
    "/generated/",
    "$sam$",
    "$WhenMappings",
    "$DefaultImpls",
];

/// What is in lines that are internal (a name has the module's) or synthetic.
const HIDDEN: [&str; 4] = [
    "$tigress_",
    "$default(",
    "kotlin.jvm.internal.DefaultConstructorMarker",
    "access$",
];

/// Writes android/api.txt, or compares it.
pub(crate) fn api(project: &Project, words: &[&str]) -> Done {
    if !matches!(words, [] | ["--check"]) {
        return Err(Failure::because("usage: scripts/kotlin-api [--check]"));
    }
    let classes = project.target.join("android/classes");
    if !classes.join("org/tigress").is_dir() {
        return Err(Failure::because(
            "nothing is compiled: run scripts/kotlin first",
        ));
    }
    documented(project)?;
    let path = classes.display().to_string();
    let names = class_names(&classes)?;
    let mut javap = vec!["javap", "-public", "-cp", &path];
    javap.extend(names.iter().map(String::as_str));
    let text = surface(&project.output(&javap)?);
    super::keep(
        project,
        "android/api.txt",
        "kotlin-api",
        words,
        &project.target.join("android/api.txt"),
        &text,
    )
}

fn class_names(classes: &Path) -> Done<Vec<String>> {
    let mut names: Vec<String> = files(&classes.join("org/tigress"), ".class")?
        .iter()
        .filter_map(|file| {
            Some(
                file.strip_prefix(classes)
                    .ok()?
                    .to_str()?
                    .strip_suffix(".class")?
                    .to_owned(),
            )
        })
        .filter(|name| !plumbing(name))
        .collect();
    names.sort();
    Ok(names.iter().map(|name| name.replace('/', ".")).collect())
}

fn plumbing(name: &str) -> bool {
    // Lambdas and coroutines have numbers.
    let numbered = name
        .split('$')
        .skip(1)
        .any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    numbered || PLUMBING.iter().any(|word| name.contains(word))
}

/// The public classes of what javap prints, each with its members sorted.
fn surface(printed: &str) -> String {
    let mut text = String::new();
    let mut members: Option<Vec<&str>> = None;
    for line in printed.lines().filter(|line| !hidden(line)) {
        if !line.starts_with(' ') && line.ends_with('{') {
            members = line.starts_with("public ").then(Vec::new);
            if members.is_some() {
                text.push_str(&format!("\n{line}\n"));
            }
        } else if line == "}" {
            let mut members = members.take().unwrap_or_default();
            members.sort_unstable();
            text.extend(members.iter().flat_map(|member| [member, "\n"]));
        } else if let Some(members) = &mut members {
            members.push(line);
        }
    }
    text
}

fn hidden(line: &str) -> bool {
    // Of Kotlin's own making for every data class.
    let component = line
        .split("component")
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    component || line.starts_with("Compiled from") || HIDDEN.iter().any(|word| line.contains(word))
}

/// Every public declaration of the hand-written code has KDoc before it (annotations may stand between); what overrides has the
/// documentation of what it overrides.
fn documented(project: &Project) -> Done {
    let mut missing = false;
    for file in files(&project.root.join("android/tigress/src/main/kotlin"), ".kt")? {
        for line in undocumented(&project.read(&file)?) {
            eprintln!(
                "{}: not documented: {line}",
                file.strip_prefix(&project.root).unwrap_or(&file).display()
            );
            missing = true;
        }
    }
    if missing {
        Err(Failure::because(
            "public declarations without documentation",
        ))
    } else {
        Ok(())
    }
}

fn undocumented(source: &str) -> Vec<&str> {
    let lines: Vec<&str> = source
        .lines()
        .filter(|line| !line.trim_start_matches(' ').starts_with('@'))
        .collect();
    let before = std::iter::once("").chain(lines.iter().copied());
    let declared = |line: &str| line.trim_start_matches(' ').starts_with("public ");
    // What a constructor declares is a property of its class, whose KDoc has it.
    let of_class = |line: &str| {
        let name = line.trim_start_matches(' ').strip_prefix("public val ");
        name.and_then(|rest| rest.split(':').next())
            .is_some_and(|name| source.contains(&format!("@property {name} ")))
    };
    let pairs = before.zip(lines.iter().copied());
    pairs
        .filter(|(before, line)| {
            declared(line) && !before.trim_end().ends_with("*/") && !of_class(line)
        })
        .map(|(_, line)| line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_classes_are_shown_with_their_members_sorted() {
        let printed = "Compiled from \"a.kt\"\npublic final class A {\n  public b();\n  public a();\n  public component1();\n  public static a$default(A);\n}\n\
            final class Hidden {\n  public a();\n}\npublic interface B {\n}\n";
        assert_eq!(
            surface(printed),
            "\npublic final class A {\n  public a();\n  public b();\n\npublic interface B {\n"
        );
    }

    #[test]
    fn plumbing_is_told_from_classes() {
        assert!(
            [
                "A$1",
                "A$b$2",
                "org/tigress/bridge/ValuesKt",
                "org/tigress/generated/FfiConverterString",
                "A$WhenMappings"
            ]
            .iter()
            .all(|name| plumbing(name))
        );
        assert!(
            ["A", "A$Companion", "Base64", "TransferEvent$Closed"]
                .iter()
                .all(|name| !plumbing(name))
        );
    }

    #[test]
    fn a_public_declaration_wants_documentation_before_it() {
        let source = "/** What it is. */\n@Throws\npublic class A {\n    public val a = 1\n    internal val b = 1\n    /** Also. */\n    public fun c() {}\n";
        assert_eq!(undocumented(source), ["    public val a = 1"]);
        let class = "/**\n * What.\n *\n * @property a One.\n */\npublic class A(\n    public val a: Int,\n    public val b: Int,\n)\n";
        assert_eq!(undocumented(class), ["    public val b: Int,"]);
    }
}

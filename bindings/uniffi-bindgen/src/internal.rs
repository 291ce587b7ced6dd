//! Makes generated Kotlin internal: apps see the hand-written surface over it, and nothing else.

/// What a top-level declaration begins with, apart from its visibility.
const WORDS: [&str; 16] = [
    "abstract ",
    "annotation ",
    "class ",
    "const ",
    "data ",
    "enum ",
    "fun ",
    "fun<",
    "inline ",
    "interface ",
    "object ",
    "open ",
    "sealed ",
    "suspend ",
    "typealias ",
    "val ",
];

/// The same file with each top-level declaration internal that is not private, and no warnings, which nobody can mend here.
pub(crate) fn internal(kotlin: &str) -> String {
    let lines: Vec<&str> = kotlin.split_inclusive('\n').collect();
    let last = lines.iter().rposition(|line| declares(line)).unwrap_or(0);
    let mut text = String::with_capacity(kotlin.len() + 4096);
    for (place, line) in lines.into_iter().enumerate() {
        if declares(line) {
            text.push_str("internal ");
            text.push_str(line.strip_prefix("public ").unwrap_or(line));
        } else if place > last {
            // Functions come after all types and converters, indented; only what is exported has a name in backticks.
            text.push_str(&line.replacen(" fun `", " internal fun `", 1));
        } else {
            let quiet = "@file:Suppress(\"warnings\", \"NAME_SHADOWING\")";
            text.push_str(&line.replace("@file:Suppress(\"NAME_SHADOWING\")", quiet));
        }
    }
    text
}

/// Whether a line declares something on top: that begins at the line's start, and no other text does so.
fn declares(line: &str) -> bool {
    let declaration = line.strip_prefix("public ").unwrap_or(line);
    WORDS.iter().any(|word| declaration.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_declared_on_top_is_internal_and_nothing_else_changes() {
        let before = "package a\n\npublic interface B {\n    public fun b()\n}\nopen class C : B\nprivate fun d() = 1\n\
                      internal val e = 2\npublic typealias F = kotlin.String\ninline fun <T> T.g() = this\nclassy\n    /** */ fun `h`() = 1\n";
        let after = "package a\n\ninternal interface B {\n    public fun b()\n}\ninternal open class C : B\nprivate fun d() = 1\n\
                     internal val e = 2\ninternal typealias F = kotlin.String\ninternal inline fun <T> T.g() = this\nclassy\n    /** */ internal fun `h`() = 1\n";
        assert_eq!(internal(before), after);
    }
}

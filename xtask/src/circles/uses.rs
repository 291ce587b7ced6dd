//! Which other modules a file names: by `use`, and by paths in its code.

/// A path as it is written, from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The inline modules around it.
    pub(super) inside: Vec<String>,
    pub(super) path: Vec<String>,
    /// What it is called here; none of a path in code.
    pub(super) name: Option<String>,
    /// It is handed on (`pub use`).
    pub(super) is_public: bool,
}

/// The modules that a file has in files of their own, each with its `#[path]`, and all that it names.
#[derive(Default)]
pub(super) struct Read {
    pub(super) children: Vec<(Vec<String>, String, Option<String>)>,
    pub(super) named: Vec<Named>,
}

pub(super) fn read(text: &str) -> Read {
    let words = words(text);
    let mut read = Read::default();
    // The inline modules around, each with the depth of its braces.
    let (mut inside, mut depth): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
    let (mut at, mut file) = (0, None);
    while let Some(word) = words.get(at) {
        let next = |n: usize| words.get(at + n).map_or("", String::as_str);
        let around = || inside.iter().map(|(name, _)| name.clone()).collect();
        match word.as_str() {
            "path" if next(1) == "=" && next(2).starts_with('"') => {
                file = Some(next(2).trim_matches('"').to_owned());
            }
            "mod" if next(2) == ";" => {
                read.children
                    .push((around(), next(1).to_owned(), file.take()));
                at += 2;
            }
            "mod" if next(2) == "{" => {
                depth += 1;
                inside.push((next(1).to_owned(), depth));
                at += 2;
            }
            "{" => depth += 1,
            "}" => {
                if inside.last().is_some_and(|(_, opened)| *opened == depth) {
                    inside.pop();
                }
                depth = depth.saturating_sub(1);
            }
            "use" => {
                let is_public = at > 0 && (words[at - 1] == "pub" || words[at - 1] == ")");
                let end = words[at..].iter().position(|word| word == ";");
                let end = at + end.unwrap_or(words.len() - at);
                for (path, name) in tree(&words[at + 1..end]) {
                    read.named.push(Named {
                        inside: around(),
                        path,
                        name: Some(name),
                        is_public,
                    });
                }
                at = end;
            }
            first if is_name(first) && next(1) == "::" && (at == 0 || words[at - 1] != "::") => {
                let path = path(&words[at..]);
                at += 2 * (path.len() - 1);
                read.named.push(Named {
                    inside: around(),
                    path,
                    name: None,
                    is_public: false,
                });
            }
            _ => {}
        }
        at += 1;
    }
    read
}

/// The names at the beginning that `::` joins.
fn path(words: &[String]) -> Vec<String> {
    let mut path = vec![words[0].clone()];
    let more = words[1..].chunks_exact(2);
    let more = more.take_while(|pair| pair[0] == "::" && is_name(&pair[1]));
    path.extend(more.map(|pair| pair[1].clone()));
    path
}

/// The paths of a tree of `use`, each with its name here.
fn tree(words: &[String]) -> Vec<(Vec<String>, String)> {
    let mut paths = Vec::new();
    let (mut prefixes, mut path): (Vec<Vec<String>>, Vec<String>) = (Vec::new(), Vec::new());
    let mut renamed = None;
    let mut words = words.iter().map(String::as_str);
    let mut start = Vec::new();
    loop {
        let word = words.next();
        match word {
            Some("::") => {}
            Some("{") => {
                prefixes.push(start);
                start = path.clone();
            }
            Some("as") => renamed = words.next().map(str::to_owned),
            Some("," | "}") | None => {
                if path.len() > start.len() {
                    // `a::{self}` is `a`.
                    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                        path.pop();
                    }
                    let name = renamed.take().or_else(|| path.last().cloned());
                    paths.push((path, name.unwrap_or_default()));
                }
                if word == Some("}") {
                    // What stood before the brace is no path of its own.
                    start = prefixes.pop().unwrap_or_default();
                    path = start.clone();
                } else {
                    path = start.clone();
                }
                if word.is_none() {
                    return paths;
                }
            }
            Some(word) => path.push(word.to_owned()),
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The words of a text of Rust: names, `::`, strings of one line, single characters; no comments, no raw strings.
fn words(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let (mut words, mut at) = (Vec::new(), 0);
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(&c) = text.get(at) {
        let ahead = |n: usize| text.get(at + n).copied().unwrap_or(' ');
        let start = at;
        if c == '/' && ahead(1) == '/' {
            at += text[at..]
                .iter()
                .position(|c| *c == '\n')
                .unwrap_or(text.len() - at);
            continue;
        }
        if c == '/' && ahead(1) == '*' {
            at += 2;
            while at < text.len() && !(text[at] == '*' && text.get(at + 1) == Some(&'/')) {
                at += 1;
            }
            at += 2;
            continue;
        }
        if c == '"' {
            at += 1;
            while at < text.len() && text[at] != '"' {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            at = (at + 1).min(text.len());
        } else if c == 'r' && (ahead(1) == '"' || ahead(1) == '#' && matches!(ahead(2), '"' | '#'))
        {
            let hashes = text[at + 1..].iter().take_while(|c| **c == '#').count();
            let end: String = std::iter::once('"')
                .chain("#".repeat(hashes).chars())
                .collect();
            let rest: String = text[at + hashes + 2..].iter().collect();
            let length = rest.find(&end).unwrap_or(rest.len());
            at += hashes + 2 + rest[..length].chars().count() + end.len();
            continue;
        } else if c == '\'' {
            // A character, or a lifetime.
            at += match (ahead(1), ahead(2)) {
                ('\\', _) => 3 + text[at + 3..].iter().position(|c| *c == '\'').unwrap_or(0),
                (_, '\'') => 2,
                _ => 0,
            };
            at += 1;
            continue;
        } else if is_part(c) {
            at += text[at..].iter().take_while(|c| is_part(**c)).count();
        } else {
            at += if c == ':' && ahead(1) == ':' { 2 } else { 1 };
            if c.is_whitespace() {
                continue;
            }
        }
        words.push(text[start..at.min(text.len())].iter().collect());
    }
    words
}

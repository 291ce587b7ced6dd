//! The public surface of the crate `tigress`, which is all that a wallet names, kept as text: `docs/api/rust.txt`. A
//! change of it is seen in review, and a breaking one is named in CHANGELOG. After a wanted change:
//! `TIGRESS_UPDATE=1 cargo test --test it surface::`.
//!
//! The text is made from the sources (every feature on), so it is the same with every compiler; what the crate only
//! hands on is shown as the crate of its own that defines it has it. Of what macros make, the call of the macro is
//! shown.

mod shown;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use shown::{bare, joined};
use syn::{File, Ident, Item, ItemUse, Type, UseTree, Visibility};

#[test]
fn the_public_surface_is_as_written_down() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = Crates::read(&root).surface();
    let kept = root.join("docs/api/rust.txt");
    if std::env::var_os("TIGRESS_UPDATE").is_some() {
        std::fs::write(&kept, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&kept).unwrap_or_default();
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "docs/api/rust.txt, line {}", line + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
    assert!(
        found.lines().count() <= MOST_LINES,
        "a wallet's surface has grown"
    );
}

/// A wallet's developer reads all of it.
const MOST_LINES: usize = 680;
/// The crates whose things `tigress` hands on, each in `crates/`.
const PURE: [&str; 4] = ["primitives", "mailbox", "gss", "protocol"];

/// `["tigress_gss", "gss", "status"]` for `tigress_gss::gss::status`.
type ModulePath = Vec<String>;
/// Where something is defined, and its name there.
type Place = (ModulePath, String);

struct Crates(BTreeMap<ModulePath, Vec<Item>>);

impl Crates {
    fn read(root: &Path) -> Self {
        let mut crates = Self(BTreeMap::new());
        crates.add_crate("tigress", &root.join("src"));
        for name in PURE {
            crates.add_crate(
                &format!("tigress_{name}"),
                &root.join("crates").join(name).join("src"),
            );
        }
        crates
    }

    fn add_crate(&mut self, name: &str, folder: &Path) {
        self.add(
            vec![name.to_owned()],
            parse(&folder.join("lib.rs")).items,
            folder,
        );
    }

    fn add(&mut self, path: ModulePath, items: Vec<Item>, folder: &Path) {
        for item in &items {
            let Item::Mod(module) = item else { continue };
            if module.attrs.iter().any(is_test_only) {
                continue;
            }
            let name = module.ident.to_string();
            let child = [&path[..], std::slice::from_ref(&name)].concat();
            let inner = folder.join(&name);
            let file = folder.join(format!("{name}.rs"));
            match &module.content {
                Some((_, items)) => self.add(child, items.clone(), &inner),
                None if file.exists() => self.add(child, parse(&file).items, &inner),
                None => self.add(child, parse(&inner.join("mod.rs")).items, &inner),
            }
        }
        self.0.insert(path, items);
    }

    fn surface(&self) -> String {
        let mut text = String::new();
        self.write_module(&vec!["tigress".to_owned()], &mut text);
        text
    }

    fn write_module(&self, path: &ModulePath, text: &mut String) {
        let mut shown: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        let mut inner = vec![];
        for item in &self.0[path] {
            match item {
                Item::Mod(module) if is_public(&module.vis) => inner.push(module.ident.to_string()),
                Item::Use(item) if is_public(&item.vis) => {
                    for (name, (module, original)) in self.imports(path, item) {
                        let made = self.define(&self.resolve(&module, &original), &name);
                        shown.insert(name, made);
                    }
                }
                item => {
                    if let Some(name) = public_name(item) {
                        let place = (path.clone(), name.clone());
                        shown.insert(name.clone(), self.define(&place, &name));
                    }
                }
            }
        }
        let title = path.join("::");
        writeln!(text, "// ---- {title}\n").unwrap();
        for (name, items) in shown {
            let items = joined(items.into_iter().map(bare).collect());
            assert!(!items.is_empty(), "{title}::{name} was not found");
            let file = File {
                shebang: None,
                frontmatter: None,
                attrs: vec![],
                items,
            };
            writeln!(text, "{}", prettyplease::unparse(&file)).unwrap();
        }
        inner.sort();
        for name in inner {
            self.write_module(&[&path[..], &[name]].concat(), text);
        }
    }

    /// The definition of what is shown as `name`, and its impls wherever they stand.
    fn define(&self, place: &Place, name: &str) -> Vec<Item> {
        let (path, original) = place;
        let mut found: Vec<Item> = vec![];
        for item in &self.0[path] {
            let made = matches!(item, Item::Macro(call) if call.ident.is_none() && names(call, original) && !is_of_records(&call.mac.path));
            if made || item_name(item).as_ref() == Some(original) {
                found.push(renamed(item.clone(), name));
            }
        }
        let mut impls: Vec<(String, Item)> = vec![];
        for (module, items) in &self.0 {
            for item in items {
                if let Item::Impl(block) = item
                    && let Type::Path(of) = &*block.self_ty
                    && let Some(last) = of.path.segments.last()
                    && self.resolve(module, &last.ident.to_string()) == *place
                    && !block.attrs.iter().any(is_test_only)
                    && !block
                        .trait_
                        .as_ref()
                        .is_some_and(|(of, _)| is_of_records(of))
                {
                    let of_trait = block.trait_.as_ref().map(|(path, _)| quote_of(path));
                    impls.push((of_trait.unwrap_or_default(), item.clone()));
                }
            }
        }
        impls.sort_by(|a, b| a.0.cmp(&b.0));
        found.extend(impls.into_iter().map(|(_, item)| item));
        found
    }

    /// Where a name that is used in a module is defined.
    fn resolve(&self, path: &ModulePath, name: &str) -> Place {
        let uses = self.0[path].iter().filter_map(|item| match item {
            Item::Use(item) => Some(self.imports(path, item)),
            _ => None,
        });
        match uses.flatten().find(|(local, _)| local == name) {
            Some((_, (module, name))) => self.resolve(&module, &name),
            None => (path.clone(), name.to_owned()),
        }
    }

    /// The names that a `use` of this crate's own things brings, and where it takes them from.
    fn imports(&self, path: &ModulePath, item: &ItemUse) -> Vec<(String, Place)> {
        let mut leaves = vec![];
        flatten(&item.tree, vec![], &mut leaves);
        let target =
            |(local, segments): (String, Vec<String>)| Some((local, self.locate(path, &segments)?));
        leaves.into_iter().filter_map(target).collect()
    }

    fn locate(&self, path: &ModulePath, segments: &[String]) -> Option<Place> {
        let (name, way) = segments.split_last()?;
        let mut module = path.clone();
        for (at, segment) in way.iter().enumerate() {
            match segment.as_str() {
                "crate" => module.truncate(1),
                // Another crate of these.
                other if at == 0 && self.0.contains_key(&[other.to_owned()][..]) => {
                    module = vec![other.to_owned()]
                }
                "self" => {}
                "super" => drop(module.pop()),
                child => {
                    module.push(child.to_owned());
                    if at == 0 && !self.0.contains_key(&module) {
                        return None;
                    }
                }
            }
        }
        (self.0.contains_key(&module) && module != *path).then(|| (module, name.clone()))
    }
}

fn parse(file: &Path) -> File {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    syn::parse_file(&text).unwrap()
}

fn flatten(tree: &UseTree, mut way: Vec<String>, leaves: &mut Vec<(String, Vec<String>)>) {
    let mut leaf = |local: &Ident, original: &Ident, mut way: Vec<String>| {
        way.push(original.to_string());
        leaves.push((local.to_string(), way));
    };
    match tree {
        UseTree::Path(path) => {
            way.push(path.ident.to_string());
            flatten(&path.tree, way, leaves);
        }
        UseTree::Name(name) => leaf(&name.ident, &name.ident, way),
        UseTree::Rename(name) => leaf(&name.rename, &name.ident, way),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, way.clone(), leaves);
            }
        }
        UseTree::Glob(_) => panic!("the crate uses no globs outside tests"),
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test_only(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && quote_of(attribute)
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "test")
}

/// How a type is stored: the trait and the macro of `tigress_primitives::record`, which no wallet can name.
fn is_of_records(path: &syn::Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| last.ident == "Stored" || last.ident == "record")
}

fn names(call: &syn::ItemMacro, name: &str) -> bool {
    let tokens = call.mac.tokens.to_string();
    tokens
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == name)
}

fn quote_of(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

fn item_name(item: &Item) -> Option<String> {
    visibility_and_name(item).map(|(_, name)| name)
}

fn public_name(item: &Item) -> Option<String> {
    visibility_and_name(item).and_then(|(vis, name)| is_public(vis).then_some(name))
}

fn visibility_and_name(item: &Item) -> Option<(&Visibility, String)> {
    let (vis, ident) = match item {
        Item::Const(item) => (&item.vis, &item.ident),
        Item::Enum(item) => (&item.vis, &item.ident),
        Item::Fn(item) => (&item.vis, &item.sig.ident),
        Item::Static(item) => (&item.vis, &item.ident),
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Trait(item) => (&item.vis, &item.ident),
        Item::Type(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    Some((vis, ident.to_string()))
}

fn renamed(mut item: Item, name: &str) -> Item {
    let new = Ident::new(name, proc_macro2::Span::call_site());
    match &mut item {
        Item::Const(item) => item.ident = new,
        Item::Enum(item) => item.ident = new,
        Item::Fn(item) => item.sig.ident = new,
        Item::Struct(item) => item.ident = new,
        Item::Trait(item) => item.ident = new,
        Item::Type(item) => item.ident = new,
        _ => {}
    }
    item
}

//! An item as callers know it: no bodies, private parts or comments.

use syn::{Fields, ImplItem, Item, TraitItem};

use super::{is_public, quote_of};

/// The item as callers know it: no bodies, private parts or comments.
pub(super) fn bare(mut item: Item) -> Item {
    match &mut item {
        Item::Const(item) => keep(&mut item.attrs),
        Item::Enum(item) => {
            keep(&mut item.attrs);
            for variant in &mut item.variants {
                keep(&mut variant.attrs);
                variant
                    .fields
                    .iter_mut()
                    .for_each(|field| keep(&mut field.attrs));
            }
        }
        Item::Fn(item) => {
            keep(&mut item.attrs);
            *item.block = syn::parse_quote!({});
        }
        Item::Struct(item) => {
            keep(&mut item.attrs);
            hide_private(&mut item.fields);
        }
        Item::Trait(item) => {
            keep(&mut item.attrs);
            for part in &mut item.items {
                if let TraitItem::Fn(function) = part {
                    keep(&mut function.attrs);
                }
            }
        }
        Item::Impl(item) => {
            keep(&mut item.attrs);
            let of_trait = item.trait_.is_some();
            item.items.retain_mut(|part| public_part(part, of_trait));
        }
        Item::Macro(item) => item.mac.tokens = undocumented(item.mac.tokens.clone()),
        Item::Type(item) => keep(&mut item.attrs),
        _ => {}
    }
    item
}

/// What a type has of its own as one block, wherever it stands; a block of which nothing is public is none.
pub(super) fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut shown: Vec<Item> = vec![];
    for item in items {
        let Item::Impl(block) = &item else {
            shown.push(item);
            continue;
        };
        let same = shown.iter_mut().find_map(|item| match item {
            Item::Impl(first) if first.trait_.is_none() && block.trait_.is_none() => {
                (quote_of(&first.self_ty) == quote_of(&block.self_ty)).then_some(first)
            }
            _ => None,
        });
        match same {
            Some(first) => first.items.extend(block.items.clone()),
            None if block.trait_.is_none() && block.items.is_empty() => {}
            None => shown.push(item),
        }
    }
    shown
}

fn public_part(part: &mut ImplItem, of_trait: bool) -> bool {
    match part {
        ImplItem::Fn(function) => {
            keep(&mut function.attrs);
            function.block = syn::parse_quote!({});
            !of_trait && is_public(&function.vis)
        }
        ImplItem::Const(constant) => {
            keep(&mut constant.attrs);
            !of_trait && is_public(&constant.vis)
        }
        ImplItem::Type(_) => of_trait,
        _ => false,
    }
}

fn keep(attributes: &mut Vec<syn::Attribute>) {
    let kept = ["derive", "non_exhaustive", "cfg"];
    attributes.retain(|one| kept.iter().any(|name| one.path().is_ident(name)));
}

/// Private fields only say that they are there: who builds or matches the type must know.
fn hide_private(fields: &mut Fields) {
    fields.iter_mut().for_each(|field| keep(&mut field.attrs));
    match fields {
        Fields::Named(fields) => {
            let all = fields.named.len();
            fields.named = std::mem::take(&mut fields.named)
                .into_iter()
                .filter(|field| is_public(&field.vis))
                .collect();
            if fields.named.len() < all {
                fields.named.push(syn::parse_quote!(private: _));
            }
        }
        Fields::Unnamed(fields) => {
            for field in fields
                .unnamed
                .iter_mut()
                .filter(|field| !is_public(&field.vis))
            {
                field.ty = syn::parse_quote!(_);
            }
        }
        Fields::Unit => {}
    }
}

/// A macro's tokens without `#[doc = …]`.
fn undocumented(tokens: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let mut kept: Vec<proc_macro2::TokenTree> = vec![];
    for token in tokens {
        let is_doc = matches!(&token, proc_macro2::TokenTree::Group(group)
            if group.stream().to_string().starts_with("doc"));
        if is_doc {
            kept.pop();
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}

//! What the documents point at is there.

use std::path::Path;

/// Every text between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut named = 0;
    for (file, test) in quoted(&page).filter_map(|text| text.split_once('#')) {
        let Ok(source) = std::fs::read_to_string(root.join(file)) else {
            // `#![forbid(…)]` and its like are no references.
            assert!(!file.contains('/'), "{file} is not there");
            continue;
        };
        let found = [format!("fn {test}("), format!("async fn {test}(")];
        assert!(
            found.iter().any(|text| source.contains(text)),
            "{file} has no test {test}"
        );
        named += 1;
    }
    assert!(
        named > 50,
        "{named} references: the form of the page has changed"
    );
}

#[test]
fn the_files_that_the_documents_link_to_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![
        root.join("README.md"),
        root.join("CONTRIBUTING.md"),
        root.join("RELEASING.md"),
    ];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        pages.push(entry.unwrap().path());
    }
    for page in pages
        .iter()
        .filter(|page| page.extension().is_some_and(|e| e == "md"))
    {
        let text = std::fs::read_to_string(page).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if !target.is_empty() && !link.contains("://") {
                let there = page.parent().unwrap().join(target).exists();
                assert!(there, "{} links to {link}", page.display());
            }
        }
    }
}

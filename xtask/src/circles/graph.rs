//! Who imports whom, and what of it is in a circle.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Graph {
    /// From whom to whom, with the imports that say so.
    edges: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Graph {
    pub(super) fn add(&mut self, from: String, to: String, import: String) {
        let targets = self.edges.entry(from).or_default();
        targets.entry(to).or_default().insert(import);
    }

    /// The imports from where the importer can be reached again.
    pub(super) fn circles(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (from, targets) in &self.edges {
            for (to, imports) in targets {
                if self.reaches(to, from) {
                    found.extend(imports.iter().cloned());
                }
            }
        }
        found
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(at) = left.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                left.extend(
                    self.edges
                        .get(at)
                        .into_iter()
                        .flatten()
                        .map(|(to, _)| to.as_str()),
                );
            }
        }
        false
    }
}

/// Where two files' paths part: the file or folder of each, unless one is the head of the other's folder.
pub(super) fn room(a: &str, b: &str) -> Option<(String, String)> {
    let [a, b] = [a, b].map(|path| path.trim_end_matches(".rs").split('/').collect::<Vec<_>>());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let [a, b] = [a, b].map(|path| path[..path.len().min(same + 1)].join("/"));
    let is_head =
        |room: &str| ["mod", "lib", "main"].contains(&room.rsplit('/').next().unwrap_or_default());
    (!is_head(&a) && !is_head(&b) && a != b).then_some((a, b))
}

//! Servers side by side: the same load for each in turn, and the CPU that each used.

use super::process::Server;
use crate::table::{Table, aim, figure};

const RUNS: usize = 15;

pub(super) struct Candidate {
    pub(super) name: &'static str,
    pub(super) servers: Vec<Server>,
    /// Which one it is compared with, and what it may be of that, if there is an aim.
    pub(super) most: Option<(usize, Option<f64>)>,
    runs: Vec<f64>,
}

impl Candidate {
    pub(super) fn new(
        name: &'static str,
        servers: Vec<Server>,
        most: Option<(usize, Option<f64>)>,
    ) -> Self {
        Self {
            name,
            servers,
            most,
            runs: Vec::new(),
        }
    }

    fn used(&self) -> f64 {
        self.servers.iter().map(Server::cpu).sum()
    }

    /// How many times as much as the other, by the rounds: the machine was the same for both in each of them, and was
    /// another from one to the next.
    fn ratio(&self, other: &Self) -> f64 {
        let both = self.runs.iter().zip(&other.runs);
        median(&sorted(both.map(|(own, other)| own / other)))
    }
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// Runs `load` on each candidate in turn, so that all see the same machine; the first round warms up. It is told which one
/// and where its servers are, and says how much it asked for.
pub(super) fn compare(
    title: &str,
    of: &str,
    all: &mut [Candidate],
    load: impl Fn(usize, &[String]) -> usize,
) -> Table {
    for run in 0..=RUNS {
        for (at, one) in all.iter_mut().enumerate() {
            let origins = one.servers.iter().map(|server| server.origin.clone());
            let origins: Vec<String> = origins.collect();
            let before = one.used();
            let asked = load(at, &origins);
            if run > 0 {
                one.runs.push((one.used() - before) / asked as f64);
            }
        }
    }
    let mut table = Table::new(title, ["", of, "least", "most", "ratio", "aim"]);
    for one in &*all {
        let compared = one.most.map(|(other, most)| {
            let ratio = one.ratio(&all[other]);
            let wanted =
                most.map(|most| aim(ratio <= most, &format!("≤ {most} × {}", all[other].name)));
            (figure(ratio), wanted.unwrap_or_default())
        });
        let (ratio, wanted) = compared.unwrap_or_default();
        let runs = sorted(one.runs.iter().copied());
        table.row([
            one.name.into(),
            figure(median(&runs)),
            figure(runs[0]),
            figure(runs[runs.len() - 1]),
            ratio,
            wanted,
        ]);
    }
    table
}

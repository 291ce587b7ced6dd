//! The text that a scraper reads: the Prometheus exposition format, version 0.0.4.

use std::fmt::Error;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::BOUNDS;
use super::families::{Family, Kind, Series};

/// What HTTP calls it.
pub(super) const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Debug)]
struct All(Vec<Family>);

/// All of them, and which relay this is.
pub(super) fn text(families: Vec<Family>) -> Result<String, Error> {
    let mut registry = Registry::with_prefix("tigress_relay");
    registry.register_collector(Box::new(All(families)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        encoder
            .encode_descriptor("build", "The relay's version.", None, MetricType::Info)?
            .encode_info(&version.as_slice())?;
        for family in &self.0 {
            let kind = match family.kind {
                Kind::Count => MetricType::Counter,
                Kind::Level => MetricType::Gauge,
                Kind::Times => MetricType::Histogram,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for series in &family.all {
                let words = series.words.as_slice();
                if words.is_empty() {
                    write(&mut metric, family.kind, series)?;
                } else {
                    write(&mut metric.encode_family(&words)?, family.kind, series)?;
                }
            }
        }
        Ok(())
    }
}

fn write(metric: &mut MetricEncoder<'_>, kind: Kind, series: &Series) -> Result<(), Error> {
    let mut numbers = series.numbers.iter().map(|number| number.value);
    match kind {
        Kind::Count => {
            let value = numbers.next().unwrap_or_default();
            metric.encode_counter::<NoLabelSet, u64, u64>(&value, None)
        }
        Kind::Level => metric.encode_gauge(&numbers.next().unwrap_or_default()),
        Kind::Times => {
            let bounds = BOUNDS.map(seconds);
            let last = bounds.last().copied().unwrap_or_default();
            let buckets = bounds.into_iter().chain([f64::INFINITY]).zip(numbers);
            let buckets: Vec<(f64, u64)> = buckets.collect();
            let count = buckets.iter().map(|(_, count)| count).sum();
            // The true sum would tell how long a single call took: as if each took its bound.
            let sum = buckets
                .iter()
                .map(|(bound, count)| bound.min(last) * as_f64(*count));
            metric.encode_histogram::<NoLabelSet>(sum.sum(), count, &buckets, None)
        }
    }
}

fn seconds(micros: u64) -> f64 {
    as_f64(micros) / 1e6
}

#[allow(clippy::cast_precision_loss, reason = "nobody counts that far")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

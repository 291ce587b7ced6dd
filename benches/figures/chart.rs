//! The picture: panels of bars, each with its own scale, as SVG.

use std::fmt::Write as _;

/// Bars of one unit.
pub(crate) struct Panel {
    title: String,
    unit: String,
    bars: Vec<Bar>,
    limit: Option<f64>,
}

struct Bar {
    label: String,
    value: f64,
    reference: bool,
}

impl Panel {
    pub(crate) fn new(title: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            unit: unit.into(),
            bars: Vec::new(),
            limit: None,
        }
    }

    pub(crate) fn bar(self, label: impl Into<String>, value: f64) -> Self {
        self.push(label.into(), value, false)
    }

    /// Something to compare with.
    pub(crate) fn reference(self, label: impl Into<String>, value: f64) -> Self {
        self.push(label.into(), value, true)
    }

    /// A line at what is aimed at.
    pub(crate) fn limit(mut self, at: f64) -> Self {
        self.limit = Some(at);
        self
    }

    fn push(mut self, label: String, value: f64, reference: bool) -> Self {
        self.bars.push(Bar {
            label,
            value,
            reference,
        });
        self
    }

    fn height(&self) -> f64 {
        HEAD + self.bars.len() as f64 * ROW + GAP
    }

    fn draw(&self, out: &mut String, top: f64) {
        let largest = self.bars.iter().map(|bar| bar.value);
        let scale = SPAN / largest.chain(self.limit).fold(f64::MIN_POSITIVE, f64::max);
        let end = top + HEAD + self.bars.len() as f64 * ROW;
        let title = escaped(&format!("{} ({})", self.title, self.unit));
        text(out, "title", MARGIN, top + 16.0, &title);
        if let Some(limit) = self.limit {
            let (x, y) = (LEFT + limit * scale, top + HEAD - 4.0);
            let _ = writeln!(
                out,
                r#"<line class="limit" x1="{x:.1}" x2="{x:.1}" y1="{y}" y2="{end}"/>"#
            );
            let aim = format!("aim: {}", crate::table::figure(limit));
            text(out, "aim", x, y - 3.0, &aim);
        }
        for (row, bar) in self.bars.iter().enumerate() {
            let y = top + HEAD + row as f64 * ROW;
            let (class, width) = (
                if bar.reference { "bare" } else { "ours" },
                bar.value * scale,
            );
            text(out, "label", LEFT - 8.0, y + 12.0, &escaped(&bar.label));
            let _ = writeln!(
                out,
                r#"<rect class="{class}" x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}"/>"#
            );
            let figure = crate::table::figure(bar.value);
            text(out, "figure", LEFT + width + 6.0, y + 12.0, &figure);
        }
    }
}

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
/// Where the bars begin, and how long the longest is.
const LEFT: f64 = 250.0;
const SPAN: f64 = 430.0;
const HEAD: f64 = 40.0;
const ROW: f64 = 18.0;
const BAR: f64 = 14.0;
const GAP: f64 = 22.0;

const STYLE: &str = "\
    svg { background: #fff; font: 12px sans-serif; fill: #222 } \
    .title { font-weight: bold } .figure { stroke: #fff; stroke-width: 3px; paint-order: stroke } .label { text-anchor: end } .aim { text-anchor: middle; fill: #b00020; font-size: 10px } \
    .ours { fill: #2a6f97 } .bare { fill: #b8c4cc } .limit { stroke: #b00020; stroke-dasharray: 4 3 }";

pub(crate) fn draw(panels: &[Panel]) -> String {
    let height = panels.iter().map(Panel::height).sum::<f64>() + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\">\n<title>What a transfer costs</title>\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let mut top = MARGIN;
    for panel in panels {
        panel.draw(&mut out, top);
        top += panel.height();
    }
    out.push_str("</svg>\n");
    out
}

fn text(out: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let _ = writeln!(
        out,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

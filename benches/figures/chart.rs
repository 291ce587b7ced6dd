//! The picture.

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
}

pub(crate) fn draw(panels: &[Panel]) -> String {
    let _ = panels
        .iter()
        .map(|p| {
            (
                &p.title,
                &p.unit,
                &p.limit,
                p.bars
                    .iter()
                    .map(|b| (&b.label, b.value, b.reference))
                    .count(),
            )
        })
        .count();
    String::new()
}

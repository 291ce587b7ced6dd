//! What `conformance` shows of a check.

use serde::Serialize;
use tigress_conformance::{Finding, Verdict};

/// How one check ended.
#[derive(Serialize)]
pub(crate) struct Checked {
    source: &'static str,
    section: &'static str,
    name: &'static str,
    says: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<&Finding> for Checked {
    fn from(finding: &Finding) -> Self {
        let (result, reason) = match &finding.verdict {
            Verdict::Passed => ("passed", None),
            Verdict::Failed(reason) => ("failed", Some(reason.clone())),
            Verdict::Skipped(reason) => ("skipped", Some(reason.clone())),
        };
        let check = finding.check;
        Self {
            source: check.source.name(),
            section: check.section,
            name: check.name,
            says: check.says,
            result,
            reason,
        }
    }
}

impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            section,
            name,
            says,
            result,
            ..
        } = self;
        write!(f, "{result:8} {section:6} {name}")?;
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        if *result == "failed" {
            write!(f, "\n         {}, {section}: \"{says}\"", self.source)?;
        }
        Ok(())
    }
}

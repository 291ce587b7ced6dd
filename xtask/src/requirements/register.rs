//! A document's requirements:
//!
//! ```text
//! ## 6.2 Reading and writing
//!
//! - `6.2-request-ids` a few words of the document, true to the letter
//! - `7-not-shown` some more words
//!   except: why there is no code or no test of ours
//! ```

/// The requirements of one document.
pub(super) struct Register {
    pub(super) name: String,
    pub(super) requirements: Vec<Requirement>,
    /// Lines that are neither.
    pub(super) flaws: Vec<String>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Requirement {
    /// With the document's name: `protocol/6.2-request-ids`.
    pub(super) id: String,
    pub(super) quote: String,
    /// Why it needs neither code nor test.
    pub(super) except: Option<String>,
}

impl Register {
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let mut register = Self {
            name: name.to_owned(),
            requirements: Vec::new(),
            flaws: Vec::new(),
        };
        let body = text.split_once("\n## ").map_or("", |(_, body)| body);
        for line in body.lines().skip(1) {
            if line.is_empty() || line.starts_with("## ") {
                continue;
            }
            if let Err(()) = register.read(line) {
                register.flaws.push(format!(
                    "docs/requirements/{name}.md: can't be read: {line}"
                ));
            }
        }
        register
    }

    fn read(&mut self, line: &str) -> Result<(), ()> {
        if let Some(why) = line.strip_prefix("  except: ") {
            let last = self.requirements.last_mut().ok_or(())?;
            last.except = Some(why.to_owned());
            return Ok(());
        }
        let (id, quote) = line
            .strip_prefix("- `")
            .and_then(|line| line.split_once("` "))
            .ok_or(())?;
        let id = format!("{}/{id}", self.name);
        if self.requirements.iter().any(|other| other.id == id) || quote.is_empty() {
            return Err(());
        }
        self.requirements.push(Requirement {
            id,
            quote: quote.to_owned(),
            except: None,
        });
        Ok(())
    }
}

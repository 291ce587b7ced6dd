//! What the user was told of a relay that does not answer and is tried on: each reason once, and that it answers again.

use crate::output::Output;

/// The reason that was told last, as long as it holds.
#[derive(Debug, Default)]
pub(crate) struct Told(Option<String>);

impl Told {
    /// What stands between now, if anything does; on stderr, as it is nobody's output.
    pub(crate) fn tell(&mut self, output: Output, trouble: Option<String>) {
        match &trouble {
            Some(reason) if self.0.as_ref() != Some(reason) => {
                output.warn(format_args!("{reason}; trying on"));
            }
            None if self.0.is_some() => output.warn("the relay answers again"),
            _ => {}
        }
        self.0 = trouble;
    }
}

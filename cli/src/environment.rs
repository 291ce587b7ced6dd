//! Variables of the environment. An empty one is none: it is what `TIGRESS_ACME=${NAME}` leaves where there is no name.

use std::env;

use clap::Command;
use clap::builder::Resettable;

/// The variable's text, if there is any.
pub(crate) fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

/// Has options take nothing from variables that are empty.
pub(crate) fn without_empty(command: Command) -> Command {
    let command = command.mut_args(|option| {
        let value = option.get_env().and_then(env::var_os);
        match value.is_some_and(|value| value.is_empty()) {
            true => option.env(Resettable::Reset),
            false => option,
        }
    });
    command.mut_subcommands(without_empty)
}

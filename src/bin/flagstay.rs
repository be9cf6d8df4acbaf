//! The command line: what a ruleset decides, why, whether it is in order, and whether this build answers as the
//! vectors say.

#[path = "flagstay/conform/mod.rs"]
mod conform;
#[path = "flagstay/question.rs"]
mod question;
#[path = "flagstay/ruleset.rs"]
mod ruleset;
#[path = "flagstay/validate.rs"]
mod validate;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Feature flags and experiments that stay.
#[derive(Parser)]
#[command(name = "flagstay", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Decide one flag, or all of them, for a user.
    Evaluate(question::Arguments),
    /// Say why a flag is decided as it is, step by step.
    Explain(question::Arguments),
    Validate(validate::Arguments),
    Conform(conform::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Evaluate(arguments) => question::evaluate(&arguments),
        Command::Explain(arguments) => question::explain(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Conform(arguments) => Ok(conform::run(&arguments)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("flagstay: {error}");
        ExitCode::from(2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_of_every_command_make_sense() {
        Arguments::command().debug_assert();
    }
}

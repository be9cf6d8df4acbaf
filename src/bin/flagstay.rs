//! The command line: what a ruleset decides, why, whether it is in order, and whether this build answers as the
//! vectors say.

#[path = "flagstay/conform/mod.rs"]
mod conform;

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
    Conform(conform::Arguments),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Conform(arguments) => conform::run(&arguments),
    }
}

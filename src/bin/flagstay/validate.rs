//! `flagstay validate`: everything that is wrong with a document, before anybody decides by it.

use super::ruleset;
use flagstay::error::Error;
use std::process::ExitCode;

/// Check a ruleset: print every problem with its JSON path.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    ruleset: ruleset::Document,
}

/// 0: in order; 1: there are problems, or the document is refused as a whole.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let document = arguments.ruleset.read()?;
    let file = arguments.ruleset.ruleset.display();
    let ruleset = match arguments.ruleset.load(&document) {
        Ok(ruleset) => ruleset,
        Err(error) => {
            println!("{file}: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let problems = ruleset.problems();
    for problem in problems {
        let flag = problem
            .flag
            .as_deref()
            .map(|flag| format!(" (flag `{flag}`)"));
        let (path, message) = (&problem.path, &problem.message);
        println!("{file}: {path}: {message}{}", flag.unwrap_or_default());
    }
    let flags = match ruleset.flags().count() {
        1 => "1 flag".to_owned(),
        n => format!("{n} flags"),
    };
    match problems.len() {
        0 => println!("{file}: {flags}, no problems"),
        1 => println!("{file}: {flags}, 1 problem"),
        n => println!("{file}: {flags}, {n} problems"),
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

//! `flagstay conform`: the conformance vectors, straight on the core. The bindings' runners print the same report.

mod case;
mod compare;
mod report;
mod store;
mod vectors;

use report::{Failure, Report};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The name of this runner in the report.
const LANGUAGE: &str = "rust";

/// Run conformance vectors and report one line per dialect: dialect, language, passed, failed.
#[derive(clap::Args)]
pub struct Arguments {
    /// Vector files, or directories to search for them.
    #[arg(required = true, value_name = "DIR")]
    places: Vec<PathBuf>,
}

/// 0: everything passed; 1: something failed, or nothing ran; 2: a place that does not exist.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut files = Vec::new();
    for place in &arguments.places {
        if let Err(error) = vectors::find(place, &mut files) {
            eprintln!("flagstay conform: {}: {error}", place.display());
            return ExitCode::from(2);
        }
    }
    let mut report = Report::default();
    for file in &files {
        run_file(file, &mut report);
    }
    print!("{}", report.text(LANGUAGE));
    if report.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run_file(path: &Path, report: &mut Report) {
    let file = match vectors::File::read(path) {
        Ok(Some(file)) => file,
        // JSON of another kind, a ruleset for example.
        Ok(None) => return,
        Err((dialect, message)) => {
            let dialect = dialect.as_deref().unwrap_or(vectors::UNREADABLE);
            report.fail(dialect, Failure::of_file(path, message));
            return;
        }
    };
    for text in &file.cases {
        case::run(&file, text, report);
    }
}

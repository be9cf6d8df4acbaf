//! The report: one line per dialect, and what failed, readable.

use super::compare::Difference;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// More failures than this are counted, not printed.
const SHOWN: usize = 20;

#[derive(Default)]
pub struct Report {
    dialects: BTreeMap<String, Tally>,
    failures: Vec<Failure>,
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// One check that failed, or something that could not be run.
pub struct Failure {
    file: String,
    case: Option<String>,
    /// Counted from 1.
    step: Option<usize>,
    /// The step as it is written: op, flag, user.
    subject: Option<String>,
    /// Why it could not be run; empty where it ran and answered differently.
    message: String,
    differences: Vec<Difference>,
}

impl Failure {
    pub fn of_file(path: &Path, message: String) -> Self {
        Failure {
            file: path.display().to_string(),
            case: None,
            step: None,
            subject: None,
            message,
            differences: Vec::new(),
        }
    }

    pub fn of_case(path: &Path, case: &str, message: String) -> Self {
        Failure {
            case: Some(case.to_owned()),
            ..Failure::of_file(path, message)
        }
    }

    /// `step` counts from 1; `subject` is the step as it is written.
    pub fn at_step(self, step: usize, subject: &str, differences: Vec<Difference>) -> Self {
        Failure {
            step: Some(step),
            subject: Some(subject.to_owned()),
            differences,
            ..self
        }
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        write!(text, "\n{}", self.file)?;
        if let Some(case) = &self.case {
            write!(text, ": {case}")?;
        }
        if let Some(step) = self.step {
            write!(text, ", step {step}")?;
        }
        text.push('\n');
        if let Some(subject) = &self.subject {
            writeln!(text, "  {subject}")?;
        }
        if !self.message.is_empty() {
            writeln!(text, "  {}", self.message)?;
        }
        for found in &self.differences {
            writeln!(text, "  {}", found.place)?;
            writeln!(text, "    expected {}", found.expected)?;
            writeln!(text, "    got      {}", found.got)?;
        }
        Ok(())
    }
}

impl Report {
    pub fn pass(&mut self, dialect: &str) {
        self.tally(dialect).passed += 1;
    }

    pub fn fail(&mut self, dialect: &str, failure: Failure) {
        self.tally(dialect).failed += 1;
        if self.failures.len() < SHOWN {
            self.failures.push(failure);
        }
    }

    /// Something ran, and nothing failed.
    pub fn is_success(&self) -> bool {
        let passed: u64 = self.dialects.values().map(|tally| tally.passed).sum();
        passed > 0 && self.failed() == 0
    }

    pub fn text(&self, language: &str) -> String {
        let mut text = String::new();
        self.write(language, &mut text)
            .expect("a String takes every text");
        text
    }

    fn write(&self, language: &str, text: &mut String) -> std::fmt::Result {
        for (dialect, tally) in &self.dialects {
            let Tally { passed, failed } = tally;
            writeln!(text, "{dialect} {language} {passed} {failed}")?;
        }
        for failure in &self.failures {
            failure.write(text)?;
        }
        match self.failed() - self.failures.len() as u64 {
            0 => Ok(()),
            more => writeln!(text, "\n… and {more} more"),
        }
    }

    fn failed(&self) -> u64 {
        self.dialects.values().map(|tally| tally.failed).sum()
    }

    fn tally(&mut self, dialect: &str) -> &mut Tally {
        self.dialects.entry(dialect.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure::of_case(Path::new("vectors/a.json"), "a case", "why".to_owned())
    }

    #[test]
    fn a_report_has_one_line_for_each_dialect() {
        let mut report = Report::default();
        report.pass("statsig");
        report.pass("featbit");
        report.pass("featbit");
        assert_eq!(report.text("rust"), "featbit rust 2 0\nstatsig rust 1 0\n");
        assert!(report.is_success());
    }

    #[test]
    fn one_failure_fails_the_run_and_names_file_and_case() {
        let mut report = Report::default();
        report.pass("featbit");
        report.fail("featbit", failure());
        assert!(!report.is_success());
        assert!(
            report
                .text("rust")
                .contains("vectors/a.json: a case\n  why")
        );
    }

    #[test]
    fn nothing_that_ran_is_no_success() {
        assert!(!Report::default().is_success());
    }

    #[test]
    fn failures_beyond_the_shown_ones_are_counted() {
        let mut report = Report::default();
        for _ in 0..SHOWN + 3 {
            report.fail("featbit", failure());
        }
        let text = report.text("rust");
        assert!(text.starts_with("featbit rust 0 23\n"), "{text}");
        assert!(text.ends_with("… and 3 more\n"), "{text}");
    }
}

//! One evaluation, and how it goes on from spec to spec.
//!
//! Gates ask gates, layers delegate, configs are answered by others: all of it nested as deep as the document likes.
//! Nothing here calls itself. What waits for an inner evaluation is put aside on a list and taken up again when that
//! has ended, so a thread needs no more stack for a deep document than for a flat one.

use super::cursor::{Cursor, Next, Place};
use super::nested::{Called, Known};
use super::outcome::{Log, Outcome};
use super::rules::{Class, Rules};
use super::subject::{IdType, Subject};
use super::waiting::Stack;
use crate::host::Host;
use crate::ruleset::trace::Trace;
use crate::ruleset::{Clock, Kind};
use crate::value::Value;
use std::collections::HashMap;

/// How many gates may be nested within the one that is asked for, and how many delegations (section 2.8.1).
const GATES: u32 = 64;
const DELEGATIONS: u32 = 300;

/// How many rules and conditions one call looks at, at most. Far more than any sensible document has; one in which
/// everything mentions the next thing twice would otherwise take forever.
const STEPS: u32 = 250_000;

/// How deep the steps of an explanation are within each other, at most; those that are deeper follow one another.
/// Whoever prints or drops them needs stack for each.
const SHOWN: u32 = 32;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Mappings pass over it as if their condition did not hold.
    TooDeep,
    /// Ends the whole call.
    TooLong,
}

impl Failure {
    pub fn message(self) -> &'static str {
        match self {
            Failure::TooDeep => "Statsig Evaluation Depth Exceeded",
            Failure::TooLong => "the evaluation takes more steps than are allowed",
        }
    }
}

/// One evaluation: everything that it knows and changes.
pub struct Evaluation<'c, 'r, 'h, T> {
    pub rules: &'r Rules,
    pub subject: Subject<'c>,
    pub host: &'h Host,
    pub clock: Clock,
    pub trace: &'c mut T,
    /// Where an assignment is enforced: only rules of this class count in the spec that is asked.
    pub class: Option<Class>,
    pub outcome: Outcome<'r, 'h>,
    pub log: Log<'r>,
    /// Where the exposures of the current outcome begin.
    pub start: usize,
    pub waiting: Stack<'r, 'h>,
    /// How many of those that wait are gates, delegations and mappings.
    pub depth: Depth,
    /// How many steps of the explanation are open.
    open: u32,
    steps: u32,
    pub asked: u32,
    /// The bucket that was asked for last, with its salt and id type.
    pub bucket: Option<(&'r str, &'r IdType, u64)>,
    pub known: HashMap<u32, Known<'r>>,
    pub groups: HashMap<&'r str, Option<&'r str>>,
    /// Experiments that the condition `experiment_group` evaluated, for what follows from such a call.
    pub called: Vec<Called<'r, 'h>>,
}

/// How deep an evaluation is within its call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Depth {
    pub gates: u32,
    pub delegations: u32,
    pub mappings: u32,
}

impl Depth {
    pub fn is_top(self) -> bool {
        self.gates == 0 && self.delegations == 0
    }

    pub fn is_exceeded(self) -> bool {
        self.gates > GATES || self.delegations > DELEGATIONS || self.mappings > DELEGATIONS
    }
}

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    pub fn new(
        rules: &'r Rules,
        subject: Subject<'c>,
        host: &'h Host,
        clock: Clock,
        trace: &'c mut T,
    ) -> Self {
        Evaluation {
            rules,
            subject,
            host,
            clock,
            trace,
            outcome: Outcome::default(),
            log: Log::new(false),
            class: None,
            start: 0,
            waiting: Stack::default(),
            depth: Depth::default(),
            open: 0,
            steps: 0,
            asked: 0,
            bucket: None,
            known: HashMap::new(),
            groups: HashMap::new(),
            called: Vec::new(),
        }
    }

    /// Evaluates a name; whether it was known.
    pub fn run(&mut self, kind: Kind, name: &str) -> Result<bool, Failure> {
        let first = self.begin(kind, name, self.rules.specs(kind).find(name));
        self.complete(first)
    }

    /// Whether the rules of one class let the user pass (section 3.5).
    pub fn run_class(&mut self, experiment: &str, class: Class) -> bool {
        self.class = Some(class);
        let first = self.begin_class(self.rules.configs.find(experiment), class);
        self.complete(first).is_ok() && self.outcome.value
    }

    fn complete(&mut self, mut next: Next<'r>) -> Result<bool, Failure> {
        loop {
            self.spend(1);
            next = match next {
                Next::Conditions(_) if self.is_spent() => Next::Failed(Failure::TooLong),
                Next::Conditions(cursor) => self.conditions(cursor),
                Next::Ended(found) => match self.waiting.pop() {
                    None => return Ok(found),
                    Some(waiting) => self.resume(waiting, found),
                },
                Next::Failed(failure) => match self.waiting.pop() {
                    None => return Err(failure),
                    Some(waiting) => self.unwind(waiting, failure),
                },
            };
        }
    }

    pub fn spend(&mut self, steps: u32) {
        self.steps += steps;
    }

    /// Whether the call has taken all the steps that it may take.
    pub fn is_spent(&self) -> bool {
        self.steps > STEPS
    }

    /// Begins a step of the explanation that has steps of its own.
    pub fn enter(&mut self) {
        self.open += 1;
        if self.open <= SHOWN {
            self.trace.enter();
        }
    }

    /// Ends it.
    pub fn leave(&mut self, make: impl FnOnce() -> Value) {
        match self.open <= SHOWN {
            true => self.trace.leave(make),
            false => self.trace.step(make),
        }
        self.open -= 1;
    }

    /// What follows from a rule whose conditions have been gone through.
    pub fn decide(&mut self, cursor: Cursor<'r>) -> Next<'r> {
        match cursor.place {
            Place::Spec { spec, at, class } => self.decide_rule(cursor.rule, spec, at, class),
            Place::Merge(merge) => self.decide_merge(cursor.rule, merge),
            Place::Mapping(at) => self.decide_mapping(cursor.rule, at),
        }
    }
}

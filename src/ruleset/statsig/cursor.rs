//! How far an evaluation is.

use super::evaluate::Failure;
use super::mapping::MappingAt;
use super::merge::Merge;
use super::rules::{Class, Rule, Spec};

/// Where the conditions of a rule are being gone through.
pub struct Cursor<'r> {
    pub rule: &'r Rule,
    pub place: Place<'r>,
    /// The place of the next condition.
    pub condition: usize,
    /// Whether all conditions before it hold.
    pub all: bool,
}

/// What the rule is one of.
pub enum Place<'r> {
    Spec {
        spec: &'r Spec,
        /// The place of the rule.
        at: usize,
        /// Only rules of this class count.
        class: Option<Class>,
    },
    Merge(Box<Merge<'r>>),
    Mapping(MappingAt<'r>),
}

/// What is to be done next.
pub enum Next<'r> {
    Conditions(Cursor<'r>),
    /// An evaluation has ended; whether the name was known.
    Ended(bool),
    Failed(Failure),
}

impl<'r> Cursor<'r> {
    /// A condition has been answered.
    pub fn note(&mut self, holds: bool) {
        self.all &= holds;
    }

    pub fn new(rule: &'r Rule, place: Place<'r>) -> Self {
        Cursor {
            rule,
            place,
            condition: 0,
            all: true,
        }
    }
}

//! Flags as they are evaluated.

use crate::ruleset::Problem;
use crate::ruleset::clause::Clauses;
use crate::ruleset::data_sync::Version;
use crate::ruleset::experiment::Sent;
use crate::ruleset::id::Id;
use crate::ruleset::person::Property;
use crate::ruleset::portion::Range;
use crate::ruleset::raised::Reached;
use crate::ruleset::shelf::Shelved;
use crate::value::{Prepared, Value};
use std::collections::HashMap;

/// A flag of a snapshot.
#[derive(Debug)]
pub struct Flag {
    pub id: Id,
    /// The key as text, for hash inputs and lists.
    pub key: Box<str>,
    pub version: Version,
    pub state: State,
    pub problems: Vec<Problem>,
}

#[derive(Debug)]
pub enum State {
    Archived,
    /// However it is asked, it raises.
    Raises,
    Works(Box<Works>),
}

impl Shelved for Flag {
    fn id(&self) -> &Id {
        &self.id
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

#[derive(Debug)]
pub struct Works {
    /// As it is written in events.
    pub key: Value,
    pub name: Value,
    pub is_off: bool,
    /// Whether evaluations are told.
    pub insights: bool,
    pub variations: Vec<Variation>,
    /// What is served while the flag is off.
    pub off: Reached<usize>,
    pub targets: Targets,
    pub rules: Vec<Reached<Rule>>,
    pub default: Reached<Split>,
}

#[derive(Debug)]
pub struct Variation {
    pub id: Value,
    pub id_text: Box<str>,
    /// As it is written in events.
    pub stored: Value,
    /// What section 2.6 makes of it.
    pub value: Prepared,
    pub is_on: bool,
}

/// Users by key.
#[derive(Debug, Default)]
pub struct Targets {
    /// The place of each key's first target.
    pub places: HashMap<Box<str>, usize>,
    pub served: Vec<Reached<Served>>,
    /// Who is in none of the targets before it gets to one that raises.
    pub raises: bool,
}

#[derive(Debug)]
pub struct Rule {
    pub clauses: Clauses,
    pub split: Reached<Split>,
}

#[derive(Debug)]
pub struct Split {
    /// Whose text is hashed with the flag's key.
    pub dispatch: Property,
    /// In document order, up to the first that raises.
    pub rollouts: Vec<Reached<Rollout>>,
}

#[derive(Debug)]
pub struct Rollout {
    pub range: Range,
    pub served: Reached<Served>,
}

#[derive(Debug)]
pub struct Served {
    /// The place of the variation.
    pub variation: usize,
    pub sent: Sent,
}

impl Flag {
    pub fn works(&self) -> Option<&Works> {
        match &self.state {
            State::Works(works) => Some(works),
            State::Archived | State::Raises => None,
        }
    }
}

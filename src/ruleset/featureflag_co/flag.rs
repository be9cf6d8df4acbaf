//! Flags as they are evaluated.

use crate::ruleset::Problem;
use crate::ruleset::clause::Clauses;
use crate::ruleset::data_sync::Version;
use crate::ruleset::experiment::Sent;
use crate::ruleset::id::Id;
use crate::ruleset::portion::Range;
use crate::ruleset::raised::Reached;
use crate::ruleset::shelf::Shelved;
use crate::value::{Prepared, Value};
use std::collections::HashMap;

/// A flag of a snapshot.
#[derive(Debug)]
pub struct Flag {
    pub id: Id,
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
    pub key_name: Value,
    /// What the flag is called among all flags; `None`: something that can be no name.
    pub listed_as: Option<Box<str>>,
    pub name: Value,
    pub is_off: bool,
    /// What is served while the flag is off, or while a prerequisite fails.
    pub off: Reached<Choice>,
    /// Up to the first that raises.
    pub prerequisites: Vec<Reached<Prerequisite>>,
    pub targets: Targets,
    pub rules: Vec<Reached<Rule>>,
    pub default: Reached<Split>,
}

/// A variation, as it is written wherever it is served.
#[derive(Debug)]
pub struct Choice {
    pub local_id: Value,
    pub id: Box<str>,
    pub value: Prepared,
    pub is_on: bool,
}

#[derive(Debug)]
pub struct Prerequisite {
    pub id: Id,
    /// Where the flag is not there, the platform's SDK fails over taking this id apart.
    pub is_short: bool,
    pub wanted: Reached<Value>,
}

/// Users by key.
#[derive(Debug, Default)]
pub struct Targets {
    /// The variation of each key's first target.
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

/// Ranges of users, in document order; up to the first that raises.
pub type Split = Vec<Reached<Rollout>>;

#[derive(Debug)]
pub struct Rollout {
    pub range: Range,
    pub served: Reached<Served>,
}

#[derive(Debug)]
pub struct Served {
    pub choice: Choice,
    pub sent: Sent,
}

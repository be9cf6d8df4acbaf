//! Conditions: where a value comes from, and what is asked of it (section 2.6).

use super::operators::Test;
use super::rules::Target;
use super::subject::{Field, IdType};
use super::user_agent;

/// A condition of the document, compiled.
#[derive(Debug)]
pub struct Condition {
    /// Its id in the document.
    pub id: Box<str>,
    pub kind: Box<str>,
    pub operator: Option<Box<str>>,
    pub field: Option<Box<str>>,
    pub source: Source,
    /// `None`: there is no operator, or none that is known.
    pub test: Option<Test>,
}

#[derive(Debug)]
pub enum Source {
    Public,
    Gate {
        /// `None`: the target is no text, so it names no gate.
        gate: Option<Target>,
        /// Whether the gate must fail.
        inverted: bool,
    },
    Field(Option<Field>),
    Environment(Option<Field>),
    Now,
    Bucket {
        salt: Box<str>,
        id_type: IdType,
    },
    Unit(IdType),
    Country {
        field: Option<Field>,
        /// Whether the field is one that an address can answer.
        by_address: bool,
    },
    UserAgent {
        field: Option<Field>,
        part: Option<user_agent::Field>,
    },
    App,
    /// The group that the user is in, in another experiment.
    Group(Option<Target>),
    Unknown,
}

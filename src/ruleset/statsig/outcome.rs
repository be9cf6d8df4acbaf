//! What an evaluation finds out (section 2.2), and the gates that it asked on the way.

use super::document::Given;
use super::rules::Spec;
use super::subject::IdType;
use crate::value::{Map, Prepared, Value};

/// The fields of a result. They belong to one evaluation and are carried from rule to rule.
#[derive(Debug, Default)]
pub struct Outcome<'r, 'h> {
    pub name: Option<&'r str>,
    pub id_type: Option<&'r IdType>,
    pub version: Option<u32>,
    pub value: bool,
    pub json: Json<'r, 'h>,
    pub rule_id: Option<&'r str>,
    pub group: Option<&'r str>,
    pub is_group: bool,
    pub is_active: bool,
    pub explicit: Option<&'r [Box<str>]>,
    /// The allocated experiment.
    pub delegate: Option<&'r str>,
    pub undelegated: Undelegated<'r>,
    pub unsupported: bool,
    pub is_overridden: bool,
    /// A country was asked for, and nobody was there to ask.
    pub lacks_countries: bool,
    pub asked_id_list: bool,
    /// The name that a mapping led to.
    pub mapped: Option<&'r str>,
    /// Which rule gave each parameter, in the order of the merged value.
    pub parameter_rules: Option<Vec<&'r str>>,
}

#[derive(Debug, Default)]
pub enum Json<'r, 'h> {
    #[default]
    Absent,
    Given(&'r Given),
    Override(&'h Prepared),
    Merged(Map<String, Value>),
}

/// The exposures before a delegation.
#[derive(Debug, Default)]
pub enum Undelegated<'r> {
    #[default]
    Absent,
    /// Those of the evaluation up to here.
    UpTo(usize),
    List(Vec<Exposure<'r>>),
}

/// A gate that was asked on the way (a "secondary exposure").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure<'r> {
    pub gate: &'r str,
    pub value: bool,
    pub rule: &'r str,
}

impl<'r> Outcome<'r, '_> {
    /// Step 5 of section 2.8.1: the first spec names the result.
    pub fn describe(&mut self, spec: &'r Spec) {
        self.name.get_or_insert(&spec.name);
        self.id_type.get_or_insert(&spec.id_type);
        self.version = self.version.or(spec.version);
        self.is_active = spec.is_active.unwrap_or(self.is_active);
        if let Some(explicit) = &spec.explicit {
            self.explicit = Some(explicit);
        }
    }
}

/// The exposures of one call, in post-order: what a nested gate asked stands where it was asked, so every evaluation's
/// list is a piece of this one.
#[derive(Debug)]
pub struct Log<'r> {
    list: Vec<Exposure<'r>>,
    /// The length that the list has, or would have if it was kept.
    length: usize,
    /// How many exposures have been written, those that were cut off again included.
    written: usize,
    /// Whether anybody will look at it.
    kept: bool,
}

impl<'r> Log<'r> {
    /// A document in which gates mention one another many times over could ask for more exposures than there is memory.
    pub const MOST: usize = 100_000;

    pub fn new(kept: bool) -> Self {
        Log {
            list: Vec::new(),
            length: 0,
            written: 0,
            kept,
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_too_long(&self) -> bool {
        self.written > Self::MOST
    }

    pub fn push(&mut self, exposure: Exposure<'r>) {
        self.length += 1;
        self.written += 1;
        if self.kept && !self.is_too_long() {
            self.list.push(exposure);
        }
    }

    /// Writes a piece down once more.
    pub fn repeat(&mut self, from: usize, to: usize) {
        self.length += to - from;
        self.written = self.written.saturating_add(to - from);
        if self.kept && !self.is_too_long() {
            self.list.extend_from_within(from..to);
        }
    }

    pub fn truncate(&mut self, length: usize) {
        self.length = length;
        self.list.truncate(length);
    }

    /// A piece; nothing where nobody looks.
    pub fn piece(&self, from: usize, to: usize) -> &[Exposure<'r>] {
        self.list.get(from..to).unwrap_or_default()
    }
}

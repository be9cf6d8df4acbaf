//! Flags as they are evaluated: names resolved to numbers, everything prepared.

use super::conditions::{Condition, Segment};
use super::identity::By;
use super::split::{Group, Holdout, Split};
use crate::ruleset::Problem;
use crate::ruleset::path::Mistake;
use crate::ruleset::plain::Plain;
use crate::ruleset::texts::{Index, Texts};
use crate::value::Prepared;

#[derive(Debug)]
pub struct Flag {
    pub key: Box<str>,
    pub state: State,
}

#[derive(Debug)]
pub enum State {
    Works(Box<Works>),
    /// What is wrong with it, as a sentence.
    Broken(Box<str>),
}

/// A flag that can be decided.
#[derive(Debug)]
pub struct Works {
    pub on: bool,
    /// The number of the variation that is served while the flag is off.
    pub off: u32,
    pub variations: Box<[Variation]>,
    pub prerequisites: Box<[Prerequisite]>,
    pub targets: Box<[Target]>,
    pub rules: Box<[Rule]>,
    pub default: Served,
    /// The numbers of the holdouts that cover the flag.
    pub holdouts: Box<[u32]>,
    /// The flag as a plain switch, if it is one: known when everything above is.
    pub plain: Plain,
}

#[derive(Debug)]
pub struct Variation {
    pub name: Box<str>,
    pub value: Prepared,
}

/// Another flag, and which of its variations will do; by number.
#[derive(Debug)]
pub struct Prerequisite {
    pub flag: u32,
    pub variations: Box<[u32]>,
}

#[derive(Debug)]
pub struct Target {
    pub by: By,
    pub values: Texts,
    pub serve: u32,
}

#[derive(Debug)]
pub struct Rule {
    pub condition: Condition,
    pub served: Served,
}

/// What a rule or the default gives to those who reach it.
#[derive(Debug)]
pub struct Served {
    /// Rules always have one, if only by their place.
    pub id: Option<Box<str>>,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    Variation(u32),
    Split(Box<Split>),
}

impl Works {
    pub fn variation(&self, name: &str) -> Option<u32> {
        let position = self
            .variations
            .iter()
            .position(|known| *known.name == *name);
        position.map(|position| position as u32)
    }

    pub fn name(&self, variation: u32) -> &str {
        &self.variations[variation as usize].name
    }

    fn as_plain(&self) -> Plain {
        let is_on = |variation: u32| self.variations[variation as usize].value.value.as_bool();
        let fixed = |variation| is_on(variation).map_or(Plain::NO, Plain::fixed);
        if !self.on {
            return fixed(self.off);
        }
        let asks = [
            self.prerequisites.len(),
            self.targets.len(),
            self.rules.len(),
        ];
        match &self.default.what {
            _ if asks != [0; 3] => Plain::NO,
            What::Variation(variation) => fixed(*variation),
            What::Split(split) if self.holdouts.is_empty() => split.plain(is_on),
            What::Split(_) => Plain::NO,
        }
    }

    /// The rule or default of a name.
    pub fn served(&self, id: &str) -> Option<&Served> {
        self.rules
            .iter()
            .map(|rule| &rule.served)
            .chain([&self.default])
            .find(|served| served.id.as_deref() == Some(id))
    }

    pub fn has_split(&self) -> bool {
        let mut served = self.rules.iter().map(|rule| &rule.served);
        served.any(|served| served.split().is_some()) || self.default.split().is_some()
    }
}

impl Served {
    pub fn split(&self) -> Option<&Split> {
        match &self.what {
            What::Split(split) => Some(split),
            What::Variation(_) => None,
        }
    }
}

impl Flag {
    pub fn broken(key: &str, mistake: &Mistake) -> Self {
        Flag {
            key: key.into(),
            state: State::Broken(format!("the flag is broken: {mistake}").into()),
        }
    }

    pub fn works(&self) -> Option<&Works> {
        match &self.state {
            State::Works(works) => Some(works),
            State::Broken(_) => None,
        }
    }
}

/// Everything of a document that can be evaluated. What is broken is `None`, and nothing that works refers to it.
#[derive(Debug)]
pub struct Compiled {
    pub flags: Flags,
    pub segments: Box<[Option<Segment>]>,
    pub groups: Box<[Option<Group>]>,
    pub holdouts: Box<[Option<Holdout>]>,
    pub problems: Vec<Problem>,
}

/// Flags in document order, found by key.
#[derive(Debug)]
pub struct Flags {
    list: Box<[Flag]>,
    index: Index,
}

impl Flags {
    pub fn new(mut list: Vec<Flag>) -> Self {
        for flag in &mut list {
            if let State::Works(works) = &mut flag.state {
                works.plain = works.as_plain();
            }
        }
        let list = list.into_boxed_slice();
        let index = Index::new(&list, |flag| &flag.key);
        Flags { list, index }
    }

    #[inline(always)]
    pub fn get(&self, key: &str) -> Option<&Flag> {
        self.index.find(&self.list, key, |flag| &flag.key)
    }

    #[inline]
    pub fn at(&self, number: u32) -> &Flag {
        &self.list[number as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &Flag> {
        self.list.iter()
    }
}

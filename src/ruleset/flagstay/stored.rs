//! Stored assignments: asking for them before a sticky split draws, and claiming a draw.

use super::flag::Works;
use super::identity::By;
use super::split::{Split, Sticky};
use super::wire::{Entry, entry, with_entry};
use crate::ruleset::trace::Trace;
use crate::sticky::{Assignments, Record, Stored};
use crate::user::User;
use serde_json::json;
use std::borrow::Cow;

/// How often a draw is claimed when others write other splits of the same record in between.
const CLAIMS: usize = 3;

/// What the store had to say about a split, before it draws.
pub enum Asked {
    /// This variation stands.
    Stands(u32),
    /// Nothing stands; a draw may be claimed in the unit of this read.
    Free(usize),
    /// Nobody knows what stands, or it is not for this ruleset to change.
    Untouchable,
    /// There is no store, or the user has no unit.
    Nowhere,
}

/// A sticky split of the flag that is being decided.
#[derive(Clone, Copy)]
pub struct Question<'r, 'u> {
    pub flag: &'r str,
    pub works: &'r Works,
    /// The split's id.
    pub id: &'r str,
    pub split: &'r Split,
    pub sticky: &'r Sticky,
    pub user: &'u User,
    /// Whether assignments are written.
    pub writes: bool,
}

/// The records that one decision has read, each unit once. Most decisions read none, and
/// hardly any more than one.
#[derive(Default)]
pub struct Reads<'r>(Option<(Read<'r>, Vec<Read<'r>>)>);

struct Read<'r> {
    by: &'r By,
    unit: Cow<'r, str>,
    stored: Stored,
}

impl<'r> Reads<'r> {
    fn of(
        &mut self,
        by: &'r By,
        id: Cow<'r, str>,
        flag: &str,
        assignments: &mut Assignments<'_>,
    ) -> usize {
        if let Some(known) = self.iter().position(|read| read.by == by) {
            return known;
        }
        let unit = by.unit(id);
        let stored = assignments.read(&unit, flag);
        let read = Read { by, unit, stored };
        match &mut self.0 {
            None => {
                self.0 = Some((read, Vec::new()));
                0
            }
            Some((_, more)) => {
                more.push(read);
                more.len()
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Read<'r>> {
        let all = self.0.iter();
        all.flat_map(|(first, more)| std::iter::once(first).chain(more))
    }

    fn at(&mut self, place: usize) -> Option<&mut Read<'r>> {
        let (first, more) = self.0.as_mut()?;
        match place.checked_sub(1) {
            None => Some(first),
            Some(place) => more.get_mut(place),
        }
    }
}

/// How a record relates to a split.
enum Found<'r> {
    Valid(u32, Entry<'r>),
    Newer,
    Outdated,
    Nothing,
    Garbage(&'static str),
}

impl Question<'_, '_> {
    fn find<'s>(&self, record: &'s Record) -> Found<'s> {
        let entry = match entry(record, self.id) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Found::Nothing,
            Err(why) => return Found::Garbage(why),
        };
        match self.works.variation(entry.variation) {
            Some(variation) if entry.version >= u64::from(self.sticky.min_version) => {
                Found::Valid(variation, entry)
            }
            None if entry.version > u64::from(self.sticky.version) => Found::Newer,
            _ => Found::Outdated,
        }
    }
}

/// Asks for the assignment of a split.
pub fn ask<'r, T: Trace>(
    question: Question<'r, 'r>,
    reads: &mut Reads<'r>,
    assignments: &mut Assignments<'_>,
    trace: &mut T,
) -> Asked {
    if !assignments.has_store() {
        return Asked::Nowhere;
    }
    let Some((by, id)) = question.split.id(question.user) else {
        return Asked::Nowhere;
    };
    let place = reads.of(by, id, question.flag, assignments);
    let asked = look(question, place, reads, assignments, trace);
    let Asked::Free(_) = asked else {
        return asked;
    };
    let Some(fallback) = &question.sticky.fallback else {
        return asked;
    };
    if fallback == by {
        return asked;
    }
    let Some(id) = fallback.id(question.user) else {
        return asked;
    };
    let other = reads.of(fallback, id, question.flag, assignments);
    match look(question, other, reads, assignments, trace) {
        Asked::Stands(variation) => {
            // The version of the entry goes along: the user was drawn then, not now.
            let version = reads.at(other).and_then(|read| match &read.stored {
                Stored::Record(record) => entry(record, question.id).ok().flatten(),
                _ => None,
            });
            match version.map(|entry| entry.version) {
                Some(version) => {
                    let standing = claim(question, variation, version, place, reads, assignments);
                    Asked::Stands(standing.unwrap_or(variation))
                }
                None => Asked::Stands(variation),
            }
        }
        Asked::Free(_) => asked,
        untouchable => untouchable,
    }
}

fn look<T: Trace>(
    question: Question<'_, '_>,
    place: usize,
    reads: &mut Reads<'_>,
    assignments: &mut Assignments<'_>,
    trace: &mut T,
) -> Asked {
    let Some(read) = reads.at(place) else {
        return Asked::Untouchable;
    };
    let (asked, found) = match &read.stored {
        Stored::Nothing => (Asked::Free(place), "nothing"),
        Stored::Unknown => (Asked::Untouchable, "failed"),
        Stored::Record(record) => match question.find(record) {
            Found::Valid(variation, _) => (Asked::Stands(variation), "valid"),
            Found::Newer => (Asked::Untouchable, "newer"),
            Found::Outdated => (Asked::Free(place), "outdated"),
            Found::Nothing => (Asked::Free(place), "nothing"),
            Found::Garbage(why) => {
                assignments.reject(&read.unit, question.flag, why);
                (Asked::Untouchable, "garbage")
            }
        },
    };
    trace.step(|| {
        let record = match &read.stored {
            Stored::Record(record) => Some(record.as_ref()),
            _ => None,
        };
        let variation = match asked {
            Asked::Stands(variation) => Some(&question.works.variations[variation as usize].name),
            _ => None,
        };
        json!({"step": "stored", "unit": read.unit, "record": record, "found": found,
               "variation": variation})
    });
    asked
}

/// Claims `variation`, drawn at `version`, in the unit of a read. Answers the variation of somebody who was first;
/// `None`: the claim's own stands, as far as anybody knows.
pub fn claim(
    question: Question<'_, '_>,
    variation: u32,
    version: u64,
    place: usize,
    reads: &mut Reads<'_>,
    assignments: &mut Assignments<'_>,
) -> Option<u32> {
    if !question.writes {
        return None;
    }
    let read = reads.at(place)?;
    let mine = Entry {
        variation: &question.works.variations[variation as usize].name,
        version,
    };
    for _ in 0..CLAIMS {
        let expected = match &read.stored {
            Stored::Record(record) => Some(record),
            Stored::Nothing => None,
            Stored::Unknown => return None,
        };
        let record = with_entry(expected.map(|record| &**record), question.id, mine);
        let standing = assignments.claim(&read.unit, question.flag, expected, record)?;
        let first = match question.find(&standing) {
            Found::Valid(_, standing) if standing == mine => Some(None),
            Found::Valid(variation, _) => Some(Some(variation)),
            Found::Garbage(why) => {
                assignments.reject(&read.unit, question.flag, why);
                Some(None)
            }
            Found::Newer => Some(None),
            Found::Nothing | Found::Outdated => None,
        };
        // Whatever is decided next about this unit starts from what stands now.
        read.stored = Stored::Record(standing);
        if let Some(first) = first {
            return first;
        }
    }
    None
}

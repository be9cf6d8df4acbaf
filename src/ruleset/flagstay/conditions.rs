//! Targeting: conditions over attributes, ids and segments.

use super::attribute::Attribute;
use super::flag::Compiled;
use super::identity::By;
use super::operators::{Operator, Seen};
use crate::ruleset::texts::Texts;
use crate::ruleset::trace::Trace;
use crate::user::User;
use crate::value::{Map, Value};
use serde_json::json;
use std::slice::from_ref;

/// Its kind stands by itself, so that one comparison tells it.
#[derive(Debug)]
#[repr(u8)]
pub enum Condition {
    Attribute(Attribute),
    Id(By, Operator),
    /// Any of them; by number.
    Segments(Box<[u32]>),
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Not(Box<Condition>),
}

#[derive(Debug)]
pub struct Segment {
    pub name: Box<str>,
    pub by: By,
    pub include: Texts,
    pub exclude: Texts,
    pub condition: Option<Condition>,
    /// How high its condition is, with those of the segments that it uses.
    pub height: usize,
    /// How many parts its condition has, those of the segments that it uses counted each time.
    pub parts: u64,
}

/// Who is asked about: a user and the segments that there are.
#[derive(Clone, Copy)]
pub struct Subject<'e> {
    pub user: &'e User,
    pub ruleset: &'e Compiled,
}

impl Condition {
    /// Whether it is true of the user. Recursion is bounded: no condition is loaded that is higher than
    /// [`DEEPEST`](super::shape::DEEPEST).
    #[inline(always)]
    pub fn holds<T: Trace>(&self, of: Subject<'_>, trace: &mut T) -> bool {
        match self {
            // What nearly all conditions are, and are made of.
            Condition::Attribute(attribute) => self::attribute(attribute, of.user, trace),
            Condition::All(inner) => list::<T, false, false>("all", inner, of, trace),
            _ => self.holds_otherwise(of, trace),
        }
    }

    #[inline(never)]
    fn holds_otherwise<T: Trace>(&self, of: Subject<'_>, trace: &mut T) -> bool {
        match self {
            Condition::Attribute(_) | Condition::All(_) => self.holds(of, trace),
            Condition::Id(by, operator) => id(by, operator, of.user, trace),
            Condition::Segments(numbers) => segments(numbers, of, trace),
            Condition::Any(inner) => list::<T, true, true>("any", inner, of, trace),
            Condition::Not(inner) => list::<T, false, true>("not", from_ref(inner), of, trace),
        }
    }
}

/// A list is true or false (`ANSWER`) as soon as one of it is true or false (`ONE`), and otherwise the contrary. Nearly
/// all that lists consist of are attributes, which are looked at here, without another call.
#[inline(never)]
fn list<T: Trace, const ONE: bool, const ANSWER: bool>(
    step: &'static str,
    inner: &[Condition],
    of: Subject<'_>,
    trace: &mut T,
) -> bool {
    trace.enter();
    let found = inner.iter().any(|inner| inner.holds(of, trace) == ONE);
    let matched = found == ANSWER;
    trace.leave(|| json!({"step": step, "matched": matched}));
    matched
}

#[inline(never)]
fn segments<T: Trace>(numbers: &[u32], of: Subject<'_>, trace: &mut T) -> bool {
    numbers.iter().any(|number| segment(*number, of, trace))
}

#[inline(always)]
fn attribute<T: Trace>(attribute: &Attribute, user: &User, trace: &mut T) -> bool {
    let matched = attribute.holds(user);
    trace.step(|| {
        let of = ("attribute", attribute.name.as_str());
        condition_step(of, &attribute.operator, attribute.shown(user), matched)
    });
    matched
}

#[inline(never)]
fn id<T: Trace>(by: &By, operator: &Operator, user: &User, trace: &mut T) -> bool {
    let id = by.id(user);
    let matched = match &id {
        Some(id) => operator.passes(Seen::Text(id)),
        None => operator.passes_missing(),
    };
    trace.step(|| {
        let value = match &id {
            Some(id) => ("value", json!(id)),
            None => ("missing", Value::Bool(true)),
        };
        condition_step(("id", by.name()), operator, value, matched)
    });
    matched
}

fn condition_step(
    (kind, name): (&str, &str),
    operator: &Operator,
    (seen, value): (&str, Value),
    matched: bool,
) -> Value {
    let mut step = Map::new();
    step.insert("step".to_owned(), json!("condition"));
    step.insert(kind.to_owned(), json!(name));
    step.insert("operator".to_owned(), json!(operator.as_str()));
    step.insert("operand".to_owned(), operator.operand());
    step.insert(seen.to_owned(), value);
    step.insert("matched".to_owned(), json!(matched));
    Value::Object(step)
}

fn segment<T: Trace>(number: u32, of: Subject<'_>, trace: &mut T) -> bool {
    // A broken segment breaks whatever uses it at load time, so nobody asks for one.
    let Some(segment) = &of.ruleset.segments[number as usize] else {
        return false;
    };
    trace.enter();
    let listed = segment.listed(of.user);
    let matched = match listed {
        Some(included) => included,
        None => segment
            .condition
            .as_ref()
            .is_some_and(|condition| condition.holds(of, trace)),
    };
    trace.leave(|| {
        json!({
            "step": "segment",
            "segment": segment.name,
            "by": segment.by.name(),
            "listed": listed.map(|included| if included { "include" } else { "exclude" }),
            "matched": matched,
        })
    });
    matched
}

impl Segment {
    /// Whether the user is in by name, out by name, or in neither list.
    fn listed(&self, user: &User) -> Option<bool> {
        let id = self.by.id(user)?;
        if self.exclude.contains(&id) {
            return Some(false);
        }
        self.include.contains(&id).then_some(true)
    }
}

//! Conditions of featureflag.co and FeatBit: what they ask of a user, compiled, and asked.
//!
//! Both platforms have the same conditions under other names, and each its own idea of what is missing. That is their
//! [`Flavour`]; everything else is said here once.

mod compile;
mod membership;
pub mod segment;
#[cfg(test)]
mod tests;

use super::coerce::{self, rounded};
use super::person::{Person, Property};
use super::python_regex::PythonRegex;
use super::raised::{Raised, Reached};
use super::shelf::Shelf;
use membership::Members;
use segment::{Segment, Segments};
use std::cell::Cell;

pub use compile::clauses;

/// How a platform writes and reads its conditions.
#[derive(Debug)]
pub struct Flavour {
    /// The member of a condition that holds its operation.
    pub operation: &'static str,
    /// The member of a segment's rule that holds its conditions.
    pub conditions: &'static str,
    /// What an empty list of conditions says.
    pub none_holds: bool,
    /// Empty texts count as missing, on both sides, and on the side of the condition everything that is nothing to
    /// Python.
    pub empty_is_missing: bool,
    pub ignore_case: bool,
    /// A segment without a list of rules raises; where not, it has none.
    pub rules_required: bool,
    /// What a property's name asks for.
    pub property: fn(&str) -> Property,
}

/// A condition.
#[derive(Debug)]
pub struct Clause {
    test: Test,
    negated: bool,
}

#[derive(Debug)]
enum Test {
    Raises,
    Never,
    Number {
        property: Property,
        order: Option<Order>,
        /// Rounded; `None`: no number. That it is missing matters only to users whose property is a number.
        operand: Reached<Option<f64>>,
    },
    Text {
        property: Property,
        comparison: Comparison,
        /// `None`: it counts as missing.
        operand: Option<Box<str>>,
        empty_is_missing: bool,
    },
    /// In lower case.
    Word {
        property: Property,
        word: &'static str,
    },
    OneOf {
        property: Property,
        members: Members,
        empty_is_missing: bool,
    },
    Regex {
        property: Property,
        /// `None`: it counts as missing.
        regex: Option<Reached<Box<PythonRegex>>>,
        empty_is_missing: bool,
    },
    Segments(Segments),
}

#[derive(Clone, Copy, Debug)]
enum Order {
    AtLeast,
    Above,
    AtMost,
    Below,
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}

/// One user before the conditions of one snapshot.
pub struct Inquiry<'a> {
    pub person: &'a Person<'a>,
    pub segments: &'a Shelf<Segment>,
    /// Segments that may still be looked into, and conditions of theirs that may still be asked.
    left: Cell<u32>,
    depth: Cell<u32>,
}

impl<'a> Inquiry<'a> {
    /// Segments that one decision looks into at most, and conditions of theirs that it asks, together. Segments that
    /// refer to segments are few; a document in which each refers to two others would otherwise keep a request busy for
    /// ever.
    const MOST: u32 = 100_000;

    /// The same for all flags of one user, flags that are evaluated for other flags included.
    pub const MOST_FOR_ALL: usize = 2_000_000;

    /// Segments within segments: deeper, a user is in none. The platform's SDK gives up at the depth of its interpreter's
    /// stack; here the stacks of small threads have room for this many.
    const DEEPEST: u32 = 32;

    pub fn new(person: &'a Person<'a>, segments: &'a Shelf<Segment>) -> Self {
        Inquiry {
            person,
            segments,
            left: Cell::new(Self::MOST),
            depth: Cell::new(0),
        }
    }

    /// Whether all conditions hold, asked in order, up to the first that does not.
    pub fn all_hold(&self, clauses: &Clauses) -> Reached<bool> {
        if clauses.list.is_empty() {
            return Ok(clauses.none_holds);
        }
        for clause in &clauses.list {
            if !clause.holds(self)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Begins to look into a segment; false: the document goes too deep or too far.
    fn enter(&self) -> bool {
        let depth = self.depth.get();
        if depth == Self::DEEPEST || !self.spend(1) {
            return false;
        }
        self.depth.set(depth + 1);
        true
    }

    /// Takes some of what may still be asked; false: it is not there.
    fn spend(&self, asked: usize) -> bool {
        let left = u32::try_from(asked).ok();
        let left = left.and_then(|asked| self.left.get().checked_sub(asked));
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// What has been asked of segments so far.
    pub fn spent(&self) -> usize {
        (Self::MOST - self.left.get()) as usize
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }
}

/// A list of conditions, which hold together.
#[derive(Debug)]
pub struct Clauses {
    list: Vec<Clause>,
    none_holds: bool,
}

impl Clause {
    fn holds(&self, inquiry: &Inquiry<'_>) -> Reached<bool> {
        Ok(self.test.holds(inquiry)? != self.negated)
    }
}

impl Test {
    fn holds(&self, inquiry: &Inquiry<'_>) -> Reached<bool> {
        let person = inquiry.person;
        Ok(match self {
            Test::Raises => return Err(Raised),
            Test::Never => false,
            Test::Number {
                property,
                order,
                operand,
            } => {
                if let (None, Ok(_)) | (_, Ok(None)) = (order, operand) {
                    return Ok(false);
                }
                let text = person.get(property);
                let Some(number) = text.and_then(|text| coerce::float(text.as_str())) else {
                    return Ok(false);
                };
                match (order, (*operand)?) {
                    (Some(order), Some(operand)) => order.holds(rounded(number, DECIMALS), operand),
                    _ => false,
                }
            }
            Test::Text {
                property,
                comparison,
                operand,
                empty_is_missing,
            } => {
                let Some(operand) = operand else {
                    return Ok(false);
                };
                present(person, property, *empty_is_missing)
                    .is_some_and(|text| comparison.holds(text.as_str(), operand))
            }
            Test::Word { property, word } => person
                .get(property)
                .is_some_and(|text| is_word(text.as_str(), word)),
            Test::OneOf {
                property,
                members,
                empty_is_missing,
            } => present(person, property, *empty_is_missing)
                .is_some_and(|text| members.have(text.as_str())),
            Test::Regex {
                property,
                regex,
                empty_is_missing,
            } => {
                let Some(regex) = regex else {
                    return Ok(false);
                };
                match present(person, property, *empty_is_missing) {
                    Some(text) => regex
                        .as_ref()
                        .map_err(|raised| *raised)?
                        .is_match(text.as_str()),
                    None => false,
                }
            }
            Test::Segments(segments) => segments.have(inquiry),
        })
    }
}

/// Numbers are compared by so many decimals.
const DECIMALS: usize = 5;

/// The text of a property, where it counts as there.
#[inline]
fn present<'u>(
    person: &Person<'u>,
    property: &Property,
    empty_is_missing: bool,
) -> Option<coerce::Text<'u>> {
    let text = person.get(property)?;
    (!empty_is_missing || !text.as_str().is_empty()).then_some(text)
}

/// Whether a text is this word, which is of ASCII, in lower case.
fn is_word(text: &str, word: &str) -> bool {
    match text.is_ascii() {
        true => text.eq_ignore_ascii_case(word),
        false => text.to_lowercase() == word,
    }
}

impl Order {
    fn holds(self, value: f64, operand: f64) -> bool {
        match self {
            Order::AtLeast => value >= operand,
            Order::Above => value > operand,
            Order::AtMost => value <= operand,
            Order::Below => value < operand,
        }
    }
}

impl Comparison {
    fn holds(self, value: &str, operand: &str) -> bool {
        match self {
            Comparison::Equal => value == operand,
            Comparison::Contains => value.contains(operand),
            Comparison::StartsWith => value.starts_with(operand),
            Comparison::EndsWith => value.ends_with(operand),
        }
    }
}

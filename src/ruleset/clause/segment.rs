//! Segments: named groups of users, and conditions that ask for them.

use super::{Clauses, Flavour, Inquiry, clauses, membership};
use crate::ruleset::Problem;
use crate::ruleset::data_sync::Version;
use crate::ruleset::id::Id;
use crate::ruleset::path::Path;
use crate::ruleset::raised::{Findings, Reached, items, member};
use crate::ruleset::shelf::Shelved;
use crate::value::{Value, kind_of};
use std::collections::HashSet;

/// A segment of a snapshot.
#[derive(Debug)]
pub struct Segment {
    pub id: Id,
    pub version: Version,
    /// `None`: archived.
    pub group: Option<Group>,
    pub problems: Vec<Problem>,
}

impl Shelved for Segment {
    fn id(&self) -> &Id {
        &self.id
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// Who is in it.
#[derive(Debug)]
pub struct Group {
    excluded: Reached<Keys>,
    included: Reached<Keys>,
    /// Up to the first that raises.
    rules: Vec<Reached<Clauses>>,
}

/// User keys, in whatever Python's `in` looks into.
#[derive(Debug)]
enum Keys {
    Texts(HashSet<Box<str>>),
    PartsOf(Box<str>),
}

/// The segments that a condition lists.
#[derive(Debug)]
pub struct Segments(Vec<Id>);

impl Group {
    pub fn compile(
        segment: &Value,
        flavour: &Flavour,
        path: &Path<'_>,
        findings: &mut Findings,
    ) -> Self {
        let excluded = Keys::read(segment, "excluded", path, findings);
        let included = Keys::read(segment, "included", path, findings);
        let rules = match segment.get("rules") {
            None if !flavour.rules_required => Vec::new(),
            _ => Group::rules(segment, flavour, path, findings),
        };
        Group {
            excluded,
            included,
            rules,
        }
    }

    fn rules(
        segment: &Value,
        flavour: &Flavour,
        path: &Path<'_>,
        findings: &mut Findings,
    ) -> Vec<Reached<Clauses>> {
        let place = path.key("rules");
        let list = member(segment, "rules", path, findings)
            .and_then(|rules| items(rules, &place, findings));
        let list = match list {
            Ok(list) => list,
            Err(raised) => return vec![Err(raised)],
        };
        let mut rules = Vec::new();
        for (index, rule) in list.enumerate() {
            let path = place.index(index);
            let rule = clauses(&rule, flavour, &path, findings);
            let raises = rule.is_err();
            rules.push(rule);
            if raises {
                break;
            }
        }
        rules
    }

    fn has(&self, inquiry: &Inquiry<'_>) -> Reached<bool> {
        let key = inquiry.person.key;
        if self.excluded.as_ref().map_err(|raised| *raised)?.have(key) {
            return Ok(false);
        }
        if self.included.as_ref().map_err(|raised| *raised)?.have(key) {
            return Ok(true);
        }
        for rule in &self.rules {
            let clauses = rule.as_ref().map_err(|raised| *raised)?;
            if !inquiry.spend(1 + clauses.list.len()) {
                return Ok(false);
            }
            if inquiry.all_hold(clauses)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Keys {
    fn read(
        segment: &Value,
        name: &str,
        path: &Path<'_>,
        findings: &mut Findings,
    ) -> Reached<Self> {
        let texts = |texts: &mut dyn Iterator<Item = &str>| {
            Ok(Keys::Texts(texts.map(Into::into).collect()))
        };
        match member(segment, name, path, findings)? {
            Value::Array(list) => texts(&mut list.iter().filter_map(Value::as_str)),
            Value::Object(object) => texts(&mut object.keys().map(String::as_str)),
            Value::String(text) => Ok(Keys::PartsOf(text.as_str().into())),
            other => {
                let kind = kind_of(other);
                findings.raise(
                    &path.key(name),
                    format_args!("must be a list of user keys, is {kind}"),
                )
            }
        }
    }

    fn have(&self, key: &str) -> bool {
        match self {
            Keys::Texts(texts) => texts.contains(key),
            Keys::PartsOf(whole) => whole.contains(key),
        }
    }
}

impl Segments {
    /// The ids in a condition's value; none where it is no list in a text, or nothing that Python goes through.
    pub fn read(value: Option<&Value>) -> Option<Self> {
        let list = membership::parse(value)?;
        let ids: Vec<Id> = match &list {
            // The first that can be no id raises, and that makes the condition false.
            Value::Array(list) => list.iter().map_while(Id::read).collect(),
            Value::Object(object) => object
                .keys()
                .filter_map(|name| Id::read(&Value::from(name.as_str())))
                .collect(),
            Value::String(text) => text
                .chars()
                .filter_map(|c| Id::read(&Value::from(c.to_string())))
                .collect(),
            _ => return None,
        };
        Some(Segments(ids))
    }

    /// Whether the user is in any, asked in order. Whatever raises on the way, at any depth, makes it false.
    pub fn have(&self, inquiry: &Inquiry<'_>) -> bool {
        for id in &self.0 {
            let segment = inquiry.segments.get(id.as_str());
            let Some(group) = segment.and_then(|segment| segment.group.as_ref()) else {
                continue;
            };
            if !inquiry.enter() {
                return false;
            }
            let has = group.has(inquiry);
            inquiry.leave();
            match has {
                Ok(true) => return true,
                Ok(false) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

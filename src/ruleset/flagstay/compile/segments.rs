//! Conditions and the segments that they use, and that use one another.

use super::circle::{self, Place};
use super::operands;
use super::{Compiler, Entries, broken, texts};
use crate::ruleset::flagstay::conditions::{Condition, Segment};
use crate::ruleset::flagstay::document::{self, OneOrMany};
use crate::ruleset::flagstay::path::{Mistake, Path};
use crate::ruleset::flagstay::shape::{DEEPEST, read};
use serde_json::value::RawValue;

/// A condition uses a segment.
pub(super) struct Use {
    segment: u32,
    path: String,
    /// How many levels of condition are around it, its own included.
    depth: usize,
}

impl Compiler<'_> {
    pub(super) fn segments(&mut self, entries: &Entries<'_>) -> Vec<Option<Segment>> {
        let root = Path::root("segments");
        let mut segments = Vec::with_capacity(entries.len());
        let mut all_uses = Vec::with_capacity(entries.len());
        for (name, raw) in entries {
            let path = root.key(name);
            let mut uses = Vec::new();
            let segment = self.segment(name, raw, &mut uses, &path);
            segments.push(segment.map_err(|mistake| self.report(None, mistake)).ok());
            all_uses.push(uses);
        }
        let edges: Vec<Vec<u32>> = all_uses
            .iter()
            .map(|uses| uses.iter().map(|used| used.segment).collect())
            .collect();
        let (order, places) = circle::order(&edges);
        for (number, place) in places.iter().enumerate() {
            if *place != Place::Ordered && segments[number].take().is_some() {
                let used = all_uses[number].iter();
                let mut used = used.filter(|used| places[used.segment as usize] != Place::Ordered);
                let Some(used) = used.next() else { continue };
                let message = match place {
                    Place::Circle => "the segments use one another in a circle".to_owned(),
                    _ => broken("segment", &entries[used.segment as usize].0),
                };
                let path = used.path.clone();
                self.report(None, Mistake { path, message });
            }
        }
        for number in order {
            let uses = &all_uses[number as usize];
            let Some(segment) = &segments[number as usize] else {
                continue;
            };
            match height(segment.height, uses, &segments, entries) {
                Ok(height) => {
                    if let Some(segment) = &mut segments[number as usize] {
                        segment.height = height;
                    }
                }
                Err(mistake) => {
                    segments[number as usize] = None;
                    self.report(None, mistake);
                }
            }
        }
        segments
    }

    fn segment(
        &mut self,
        name: &str,
        raw: &RawValue,
        uses: &mut Vec<Use>,
        path: &Path<'_>,
    ) -> Result<Segment, Mistake> {
        let written: document::Segment<'_> = read(raw, path)?;
        let mut own = 0;
        let condition = match &written.condition {
            None => None,
            Some(condition) => {
                let path = path.key("if");
                Some(self.condition(condition, uses, (0, &mut own), &path)?)
            }
        };
        Ok(Segment {
            name: name.into(),
            by: self.by(written.by.as_ref()),
            include: texts(written.include),
            exclude: texts(written.exclude),
            condition,
            height: own,
        })
    }

    /// Compiles a condition that has `depth` levels around it. `own` becomes the height of the whole, segments counted
    /// as the level that they are themselves.
    pub(super) fn condition(
        &mut self,
        written: &document::Condition<'_>,
        uses: &mut Vec<Use>,
        (depth, own): (usize, &mut usize),
        path: &Path<'_>,
    ) -> Result<Condition, Mistake> {
        let depth = depth + 1;
        *own = depth.max(*own);
        Ok(match written {
            document::Condition::Attribute(name, operator, operand) => {
                let path = path.key(operator.as_str());
                let operator =
                    operands::operator(*operator, operand, &mut self.expressions, &path)?;
                Condition::Attribute(self.name(name.as_str()), operator)
            }
            document::Condition::Id(name, operator, operand) => {
                let path = path.key(operator.as_str());
                let operator =
                    operands::operator(*operator, operand, &mut self.expressions, &path)?;
                Condition::Id(self.by(Some(name)), operator)
            }
            document::Condition::Segment(OneOrMany { texts, listed }) => {
                let path = path.key("segment");
                let mut numbers = Vec::with_capacity(texts.len());
                for (n, name) in texts.iter().enumerate() {
                    let element = path.index(n);
                    let path = if *listed { &element } else { &path };
                    let Some(segment) = self.segments.get(name.as_str()) else {
                        let message = format_args!("there is no segment `{}`", name.as_str());
                        return Err(path.mistake(message));
                    };
                    uses.push(Use {
                        segment: *segment,
                        path: path.to_string(),
                        depth,
                    });
                    numbers.push(*segment);
                }
                Condition::Segments(numbers.into())
            }
            document::Condition::All(inner) => {
                Condition::All(self.conditions(inner, uses, (depth, own), &path.key("all"))?)
            }
            document::Condition::Any(inner) => {
                Condition::Any(self.conditions(inner, uses, (depth, own), &path.key("any"))?)
            }
            document::Condition::Not(inner) => {
                let inner = self.condition(inner, uses, (depth, own), &path.key("not"))?;
                Condition::Not(Box::new(inner))
            }
        })
    }

    fn conditions(
        &mut self,
        written: &[document::Condition<'_>],
        uses: &mut Vec<Use>,
        (depth, own): (usize, &mut usize),
        path: &Path<'_>,
    ) -> Result<Box<[Condition]>, Mistake> {
        let written = written.iter().enumerate();
        written
            .map(|(n, inner)| self.condition(inner, uses, (depth, own), &path.index(n)))
            .collect()
    }

    /// Whether all segments that a flag's condition uses can be evaluated.
    pub(super) fn reachable(
        &self,
        own: usize,
        uses: &[Use],
        segments: &[Option<Segment>],
    ) -> Result<(), Mistake> {
        if uses.is_empty() {
            return Ok(());
        }
        let name = |number: u32| {
            let mut named = self.segments.iter();
            let found = named.find(|(_, known)| **known == number);
            found.map_or("", |(name, _)| name)
        };
        highest(own, uses, segments, name).map(|_| ())
    }
}

fn height(
    own: usize,
    uses: &[Use],
    segments: &[Option<Segment>],
    entries: &Entries<'_>,
) -> Result<usize, Mistake> {
    highest(own, uses, segments, |number| &*entries[number as usize].0)
}

/// The height of a condition with those of the segments that it uses.
fn highest<'n>(
    own: usize,
    uses: &[Use],
    segments: &[Option<Segment>],
    name: impl Fn(u32) -> &'n str,
) -> Result<usize, Mistake> {
    let mut highest = own;
    for used in uses {
        let message = match &segments[used.segment as usize] {
            None => broken("segment", name(used.segment)),
            Some(segment) if used.depth + segment.height > DEEPEST => {
                format!("with its segments, the condition is higher than {DEEPEST}")
            }
            Some(segment) => {
                highest = highest.max(used.depth + segment.height);
                continue;
            }
        };
        let path = used.path.clone();
        return Err(Mistake { path, message });
    }
    Ok(highest)
}

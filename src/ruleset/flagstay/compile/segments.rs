//! Conditions and the segments that they use, and that use one another.

use super::circle::{self, Place};
use super::operands;
use super::{Compiler, Entries, broken, texts};
use crate::ruleset::flagstay::attribute::Attribute;
use crate::ruleset::flagstay::conditions::{Condition, Segment};
use crate::ruleset::flagstay::document::{self, OneOrMany};
use crate::ruleset::flagstay::shape::{DEEPEST, read};
use crate::ruleset::path::{Mistake, Path};
use serde_json::value::RawValue;

/// How many parts a condition may have, those of its segments counted each time that they are used: a few segments
/// that use one another twice each would otherwise keep a decision busy for ever.
const MOST_PARTS: u64 = 10_000;

/// A condition uses a segment.
struct Use {
    segment: u32,
    name: Box<str>,
    path: String,
    /// How many levels of condition are around it, its own included.
    depth: usize,
}

/// How large a condition is. While it is read, without the segments that it uses; they may not be known yet.
#[derive(Default)]
struct Measure {
    height: usize,
    parts: u64,
    uses: Vec<Use>,
}

impl Measure {
    /// Adds the segments, all of which are known by now, and checks the limits.
    fn settle(&mut self, segments: &[Option<Segment>], path: &Path<'_>) -> Result<(), Mistake> {
        for used in &self.uses {
            let message = match &segments[used.segment as usize] {
                None => broken("segment", &used.name),
                Some(segment) if used.depth + segment.height > DEEPEST => {
                    format!("with its segments, the condition is higher than {DEEPEST}")
                }
                Some(segment) => {
                    self.height = self.height.max(used.depth + segment.height);
                    self.parts += segment.parts;
                    continue;
                }
            };
            let path = used.path.clone();
            return Err(Mistake { path, message });
        }
        if self.parts > MOST_PARTS {
            let message =
                format!("with its segments, the condition has more than {MOST_PARTS} parts");
            return Err(path.mistake(message));
        }
        Ok(())
    }
}

impl Compiler<'_> {
    pub(super) fn segments(&mut self, entries: &Entries<'_>) -> Vec<Option<Segment>> {
        let root = Path::root("segments");
        let mut segments = Vec::with_capacity(entries.len());
        let mut measures: Vec<Measure> = Vec::with_capacity(entries.len());
        for (name, raw) in entries {
            let mut measure = Measure::default();
            let segment = self.segment(name, raw, &mut measure, &root.key(name));
            segments.push(segment.map_err(|mistake| self.report(None, mistake)).ok());
            measures.push(measure);
        }
        let edges: Vec<Vec<u32>> = measures
            .iter()
            .map(|measure| measure.uses.iter().map(|used| used.segment).collect())
            .collect();
        let (order, places) = circle::order(&edges);
        for (number, place) in places.iter().enumerate() {
            if *place != Place::Ordered && segments[number].take().is_some() {
                let used = measures[number].uses.iter();
                let mut used = used.filter(|used| places[used.segment as usize] != Place::Ordered);
                let Some(used) = used.next() else { continue };
                let message = match place {
                    Place::Circle => "the segments use one another in a circle".to_owned(),
                    _ => broken("segment", &used.name),
                };
                let path = used.path.clone();
                self.report(None, Mistake { path, message });
            }
        }
        for number in order.into_iter().map(|number| number as usize) {
            if segments[number].is_none() {
                continue;
            }
            let measure = &mut measures[number];
            let path = root.key(&entries[number].0);
            match (
                measure.settle(&segments, &path.key("if")),
                &mut segments[number],
            ) {
                (Ok(()), Some(segment)) => {
                    segment.height = measure.height;
                    segment.parts = measure.parts;
                }
                (Err(mistake), segment) => {
                    *segment = None;
                    self.report(None, mistake);
                }
                (Ok(()), None) => {}
            }
        }
        segments
    }

    fn segment(
        &mut self,
        name: &str,
        raw: &RawValue,
        measure: &mut Measure,
        path: &Path<'_>,
    ) -> Result<Segment, Mistake> {
        let written: document::Segment<'_> = read(raw, path)?;
        let condition = match &written.condition {
            None => None,
            Some(condition) => {
                let path = path.key("if");
                Some(self.part(condition, 0, measure, &path)?)
            }
        };
        Ok(Segment {
            name: name.into(),
            by: self.by(written.by.as_ref()),
            include: texts(written.include),
            exclude: texts(written.exclude),
            condition,
            // Settled when the segments that it uses are.
            height: 0,
            parts: 0,
        })
    }

    /// Compiles a rule's condition, against segments that are all known.
    pub(super) fn condition(
        &mut self,
        written: &document::Condition<'_>,
        segments: &[Option<Segment>],
        path: &Path<'_>,
    ) -> Result<Condition, Mistake> {
        let mut measure = Measure::default();
        let condition = self.part(written, 0, &mut measure, path)?;
        measure.settle(segments, path)?;
        Ok(condition)
    }

    /// Compiles a condition that has `depth` levels around it.
    fn part(
        &mut self,
        written: &document::Condition<'_>,
        depth: usize,
        measure: &mut Measure,
        path: &Path<'_>,
    ) -> Result<Condition, Mistake> {
        let depth = depth + 1;
        measure.height = measure.height.max(depth);
        measure.parts += 1;
        Ok(match written {
            document::Condition::Attribute(name, operator, operand) => {
                let path = path.key(operator.as_str());
                let operator =
                    operands::operator(*operator, operand, &mut self.expressions, &path)?;
                Condition::Attribute(Attribute::new(self.name(name.as_str()), operator))
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
                    measure.uses.push(Use {
                        segment: *segment,
                        name: name.as_str().into(),
                        path: path.to_string(),
                        depth,
                    });
                    numbers.push(*segment);
                }
                Condition::Segments(numbers.into())
            }
            document::Condition::All(inner) => {
                Condition::All(self.parts(inner, depth, measure, &path.key("all"))?)
            }
            document::Condition::Any(inner) => {
                Condition::Any(self.parts(inner, depth, measure, &path.key("any"))?)
            }
            document::Condition::Not(inner) => {
                let inner = self.part(inner, depth, measure, &path.key("not"))?;
                Condition::Not(Box::new(inner))
            }
        })
    }

    fn parts(
        &mut self,
        written: &[document::Condition<'_>],
        depth: usize,
        measure: &mut Measure,
        path: &Path<'_>,
    ) -> Result<Box<[Condition]>, Mistake> {
        let written = written.iter().enumerate();
        written
            .map(|(n, inner)| self.part(inner, depth, measure, &path.index(n)))
            .collect()
    }
}

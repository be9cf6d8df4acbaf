//! Gates within gates (section 2.8.2), and the calls that the condition `experiment_group` makes (section 2.8.5).

use super::condition::Condition;
use super::cursor::{Cursor, Next, Place};
use super::evaluate::{Depth, Evaluation, Failure};
use super::outcome::{Exposure, Outcome};
use super::rules::{Class, Target};
use super::view::View;
use super::waiting::Waiting;
use crate::ruleset::Kind;
use crate::ruleset::trace::Trace;
use serde_json::json;
use std::borrow::Cow;

/// From here on, what nested gates answered is kept for when they are asked again. Most calls ask fewer.
const FEW: u32 = 16;

/// A condition that asks a gate, while it waits for the answer.
pub struct Asking<'r, 'h> {
    cursor: Cursor<'r>,
    gate: &'r Target,
    inverted: bool,
    outcome: Outcome<'r, 'h>,
    start: usize,
}

/// What a nested gate answered.
#[derive(Clone, Copy)]
pub struct Known<'r> {
    value: bool,
    rule_id: Option<&'r str>,
    unsupported: bool,
    asked_id_list: bool,
    mapped: Option<&'r str>,
    /// The piece of the log that it wrote.
    log: (usize, usize),
}

/// A condition that asks for a group, while it waits for it.
pub struct Calling<'r, 'h> {
    cursor: Cursor<'r>,
    condition: &'r Condition,
    name: &'r str,
    outcome: Outcome<'r, 'h>,
    start: usize,
    depth: Depth,
    class: Option<Class>,
}

/// A call of its own that such a condition made.
#[derive(Debug)]
pub struct Called<'r, 'h> {
    pub name: &'r str,
    pub ended: Result<bool, Failure>,
    pub outcome: Outcome<'r, 'h>,
    pub exposures: Vec<Exposure<'r>>,
}

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    /// Asks a gate: with what is known of it the rule goes on at once, else it waits.
    pub fn ask(&mut self, cursor: Cursor<'r>, gate: &'r Target, inverted: bool) -> Next<'r> {
        if let Some(known) = gate.place.and_then(|place| self.known.get(&place).copied()) {
            self.log.repeat(known.log.0, known.log.1);
            return self.answer(cursor, gate, inverted, known);
        }
        self.asked += 1;
        self.waiting.push(Waiting::Gate(Asking {
            cursor,
            gate,
            inverted,
            outcome: std::mem::take(&mut self.outcome),
            start: self.start,
        }));
        self.start = self.log.len();
        self.depth.gates += 1;
        self.enter();
        if self.depth.is_exceeded() {
            return Next::Failed(Failure::TooDeep);
        }
        self.begin(Kind::Gate, &gate.name, self.rules.gates.at(gate))
    }

    /// The gate has been evaluated.
    pub fn leave_gate(&mut self, asking: Asking<'r, 'h>) -> Next<'r> {
        let inner = std::mem::replace(&mut self.outcome, asking.outcome);
        let known = Known {
            value: inner.value,
            rule_id: inner.rule_id,
            unsupported: inner.unsupported,
            asked_id_list: inner.asked_id_list,
            mapped: inner.mapped,
            log: (self.start, self.log.len()),
        };
        let gate = asking.gate;
        if let (true, Some(place)) = (self.asked > FEW, gate.place) {
            self.known.insert(place, known);
        }
        self.start = asking.start;
        self.depth.gates -= 1;
        self.leave(|| json!({"step": "gate", "name": gate.name, "passes": known.value}));
        self.answer(asking.cursor, gate, asking.inverted, known)
    }

    /// What a gate's answer means for the rule that asked.
    fn answer(
        &mut self,
        mut cursor: Cursor<'r>,
        gate: &'r Target,
        inverted: bool,
        known: Known<'r>,
    ) -> Next<'r> {
        let outcome = &mut self.outcome;
        if known.unsupported {
            outcome.unsupported = true;
        } else {
            outcome.value = known.value != inverted;
            outcome.rule_id = known.rule_id;
            outcome.mapped = known.mapped.or(outcome.mapped);
            outcome.asked_id_list |= known.asked_id_list;
            let rule = known.rule_id.filter(|rule| !rule.is_empty());
            if let (Some(rule), false) = (rule, gate.is_segment) {
                self.log.push(Exposure {
                    gate: &gate.name,
                    value: known.value,
                    rule,
                });
            }
        }
        if self.log.is_too_long() {
            return Next::Failed(Failure::TooLong);
        }
        cursor.note(self.outcome.value);
        Next::Conditions(cursor)
    }

    /// The gate could not be evaluated. A mapping that asked it is passed over (section 2.9).
    pub fn fail_gate(&mut self, asking: Asking<'r, 'h>, failure: Failure) -> Next<'r> {
        self.outcome = asking.outcome;
        self.cut(self.start);
        self.start = asking.start;
        self.depth.gates -= 1;
        let gate = asking.gate;
        self.leave(|| json!({"step": "gate", "name": gate.name, "error": failure.message()}));
        match (asking.cursor.place, failure) {
            (Place::Mapping(at), Failure::TooDeep) => self.skip(at),
            _ => Next::Failed(failure),
        }
    }

    /// Calls get-experiment for the group that the user is in.
    pub fn call(
        &mut self,
        mut cursor: Cursor<'r>,
        condition: &'r Condition,
        experiment: &'r Target,
    ) -> Next<'r> {
        let name = &*experiment.name;
        if let Some(group) = self.groups.get(name).copied() {
            self.test(condition, &in_group(group));
            cursor.note(self.outcome.value);
            return Next::Conditions(cursor);
        }
        // Who asks for its own group while it is being found out has none.
        self.groups.insert(name, None);
        let class = self.leave_class();
        self.waiting.push(Waiting::Call(Calling {
            cursor,
            condition,
            name,
            outcome: std::mem::take(&mut self.outcome),
            start: self.start,
            depth: std::mem::take(&mut self.depth),
            class,
        }));
        self.start = self.log.len();
        self.enter();
        self.begin(Kind::Experiment, name, self.rules.configs.at(experiment))
    }

    /// A call of its own is one like any other. What was known of gates holds only where the class counts: mappings
    /// look at it.
    fn leave_class(&mut self) -> Option<Class> {
        let class = self.class.take();
        if class.is_some() {
            self.known.clear();
        }
        class
    }

    /// The call has ended, one way or the other.
    pub fn leave_call(
        &mut self,
        calling: Calling<'r, 'h>,
        ended: Result<bool, Failure>,
    ) -> Next<'r> {
        let mut inner = std::mem::replace(&mut self.outcome, calling.outcome);
        if ended.is_err() {
            inner = Outcome::default();
        }
        let (name, group) = (calling.name, inner.group);
        self.called.push(Called {
            name,
            ended,
            outcome: inner,
            exposures: self.log.piece(self.start, self.log.len()).to_vec(),
        });
        self.cut(self.start);
        self.start = calling.start;
        self.depth = calling.depth;
        if calling.class.is_some() {
            self.class = calling.class;
            self.known.clear();
        }
        self.groups.insert(name, group);
        self.leave(|| json!({"step": "experiment", "name": name, "group": group}));
        self.test(calling.condition, &in_group(group));
        let mut cursor = calling.cursor;
        cursor.note(self.outcome.value);
        Next::Conditions(cursor)
    }

    /// Cuts the log, and forgets what is known of gates whose piece of it is gone.
    pub fn cut(&mut self, length: usize) {
        if self.log.len() > length {
            self.log.truncate(length);
            self.known.retain(|_, known| known.log.1 <= length);
        }
    }
}

fn in_group(group: Option<&str>) -> View<'_> {
    group.map_or(View::Missing, |group| View::Text(Cow::Borrowed(group)))
}

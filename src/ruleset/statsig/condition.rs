//! Conditions: where a value comes from, and what is asked of it (section 2.6).

use super::cursor::{Cursor, Next};
use super::evaluate::{Evaluation, Failure};
use super::operators::Test;
use super::rules::Target;
use super::subject::{Field, IdType};
use super::user_agent;
use super::view::View;
use crate::ruleset::trace::Trace;
use serde_json::json;

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

impl<'c, 'r: 'c, T: Trace> Evaluation<'c, 'r, '_, T> {
    /// Goes through the conditions of a rule: all of them, also behind one that does not hold (step 7a).
    pub fn conditions(&mut self, mut cursor: Cursor<'r>) -> Next<'r> {
        let rule = cursor.rule;
        while let Some(id) = rule.conditions.get(cursor.condition) {
            self.spend(1);
            if self.is_spent() {
                return Next::Failed(Failure::TooLong);
            }
            let Some(condition) = id.and_then(|id| self.rules.conditions.get(id as usize)) else {
                self.outcome.unsupported = true;
                self.trace
                    .step(|| json!({"step": "a condition that is not there"}));
                return self.decide(cursor);
            };
            cursor.condition += 1;
            match &condition.source {
                Source::Public => {
                    self.outcome.value = true;
                    self.note(condition);
                }
                Source::Gate {
                    gate: Some(gate),
                    inverted,
                } => return self.ask(cursor, gate, *inverted),
                Source::Gate { inverted, .. } => {
                    self.outcome.value = *inverted;
                    self.outcome.rule_id = None;
                    self.note(condition);
                }
                Source::Group(Some(experiment)) => return self.call(cursor, condition, experiment),
                source => match self.view(source) {
                    Some(view) => self.test(condition, &view),
                    None => {
                        self.outcome.unsupported = true;
                        self.note(condition);
                    }
                },
            }
            cursor.note(self.outcome.value);
        }
        self.outcome.value = cursor.all;
        self.decide(cursor)
    }

    /// Asks of a value what the condition asks.
    pub fn test(&mut self, condition: &'r Condition, view: &View<'_>) {
        match &condition.test {
            Some(test) => {
                self.spend(test.steps() - 1);
                let lists = &self.rules.options.id_lists;
                self.outcome.asked_id_list |= test.id_list().is_some() && view.text().is_some();
                self.outcome.value = test.holds(view, lists);
            }
            None => self.outcome.unsupported = true,
        }
        self.note(condition);
    }

    fn note(&mut self, condition: &Condition) {
        let (holds, unsupported) = (self.outcome.value, self.outcome.unsupported);
        self.trace.step(|| {
            let mut step = json!({"step": "condition", "id": condition.id, "type": condition.kind, "holds": holds});
            for (name, text) in [("field", &condition.field), ("operator", &condition.operator)] {
                if let Some(text) = text {
                    step[name] = json!(text);
                }
            }
            if unsupported {
                step["unsupported"] = json!(true);
            }
            step
        });
    }
}

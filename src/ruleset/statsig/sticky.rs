//! What is stored for a user: when it answers, when it is written and when it is removed (section 3).

use super::call::Call;
use super::evaluate::Evaluation;
use super::nested::Called;
use super::outcome::Outcome;
use super::record::{self, Stored};
use super::rules::Class;
use crate::ruleset::Kind;
use crate::ruleset::trace::Trace;
use crate::sticky::held::Origin;
use crate::sticky::{Held, Record};
use crate::value::Value;
use serde_json::json;

/// Where an assignment of a live answer is kept.
pub struct Place<'r> {
    /// `<unit id>:<id type>` (section 3.2).
    pub unit: String,
    pub name: &'r str,
}

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// Where the assignment of an outcome is kept; `None`: nowhere.
    pub fn place(&self, outcome: &Outcome<'r, '_>) -> Option<Place<'r>> {
        let id_type = outcome.id_type?;
        let unit = self.subject.unit_text(id_type)?;
        Some(Place {
            unit: format!("{unit}:{}", id_type.text),
            name: outcome.name?,
        })
    }

    /// The record that answers instead of the live outcome (sections 3.3 and 3.4). Writes or removes what the contract
    /// says.
    pub fn stored(
        &mut self,
        kind: Kind,
        outcome: &Outcome<'r, '_>,
        lists: impl FnOnce() -> (Value, Value),
    ) -> Option<Record> {
        if !self.turn.assignments.has_store() || !matches!(kind, Kind::Experiment | Kind::Layer) {
            return None;
        }
        let place = self.place(outcome)?;
        let origin = match self.request.held {
            None => None,
            Some(Held::Unknown(error)) => {
                self.store_error = Some(Box::new(error.clone()));
                return None;
            }
            Some(Held::Records { records, origin }) => match records.get(place.name) {
                None => Some(origin),
                Some(record) => match Stored::read(record) {
                    Ok(stored) => return self.judge(kind, outcome, &place, record, &stored),
                    // As if nothing had been passed.
                    Err(why) => {
                        self.turn.assignments.reject(&place.unit, place.name, why);
                        None
                    }
                },
            },
        };
        let Some(origin) = origin.filter(|_| outcome.is_active) else {
            self.remove(&place);
            return None;
        };
        if !outcome.is_group || !self.writes {
            return None;
        }
        let (exposures, undelegated) = lists();
        let record = record::to_record(
            outcome,
            exposures,
            undelegated,
            self.rules.time.unwrap_or(0),
        );
        self.trace.step(
            || json!({"step": "write", "unit": place.unit, "name": place.name, "record": record}),
        );
        // What was loaded for somebody else says nothing about this unit.
        let was_empty = matches!(origin, Origin::Store { unit } if **unit == *place.unit);
        if !was_empty {
            self.turn
                .assignments
                .write(&place.unit, place.name, &record);
            return None;
        }
        // The store held nothing a moment ago. Whoever writes first wins, and is the answer for everybody else.
        let mine = record.clone();
        let standing = self
            .turn
            .assignments
            .claim(&place.unit, place.name, None, record)?;
        if crate::value::equal(&standing, &mine) {
            return None;
        }
        match Stored::read(&standing) {
            Ok(stored) => self.judge(kind, outcome, &place, &standing, &stored),
            Err(why) => {
                self.turn.assignments.reject(&place.unit, place.name, why);
                None
            }
        }
    }

    /// Whether a record that is there answers.
    fn judge(
        &mut self,
        kind: Kind,
        outcome: &Outcome<'r, '_>,
        place: &Place<'r>,
        record: &Record,
        stored: &Stored<'_>,
    ) -> Option<Record> {
        let delegate = stored
            .delegate
            .and_then(|name| self.rules.configs.find(name));
        let is_active = match kind {
            Kind::Layer => delegate.and_then(|spec| spec.is_active),
            _ => None,
        };
        if !is_active.unwrap_or(outcome.is_active) {
            self.remove(place);
            return None;
        }
        let experiment = match kind {
            Kind::Layer => stored.delegate,
            _ => Some(place.name),
        };
        let enforce = self.request.enforce;
        if let Some(experiment) = experiment {
            let is_dropped = (enforce.targeting && self.matches(experiment, Class::Targeting))
                || (enforce.overrides && self.matches(experiment, Class::Override));
            if is_dropped {
                return None;
            }
        }
        self.trace
            .step(|| json!({"step": "stored", "unit": place.unit, "name": place.name, "record": **record}));
        Some(record.clone())
    }

    /// Whether the rules of a class match the user now (section 3.5). That exposes nothing; but where such a rule asks
    /// for a group, what is stored for that experiment is removed as ever.
    fn matches(&mut self, experiment: &str, class: Class) -> bool {
        let spec = self.rules.configs.find(experiment);
        if !spec.is_some_and(|spec| spec.has_rules_of(class)) {
            return false;
        }
        self.trace.enter();
        let mut evaluation = Evaluation::new(
            self.rules,
            self.subject,
            self.turn.host,
            self.turn.clock,
            &mut *self.trace,
        );
        let matches = evaluation.run_class(experiment, class);
        let called = std::mem::take(&mut evaluation.called);
        self.trace
            .leave(|| json!({"step": "enforce", "experiment": experiment, "rules": class.as_str(), "matches": matches}));
        for called in &called {
            self.remove_called(called);
        }
        matches
    }

    /// Removes what is stored for an experiment that a condition called: nothing was passed for it (section 2.8.5).
    pub fn remove_called(&mut self, called: &Called<'r, '_>) {
        let knows_store = !matches!(self.request.held, Some(Held::Unknown(_)));
        if !knows_store || !self.turn.assignments.has_store() {
            return;
        }
        if let Some(place) = self.place(&called.outcome) {
            self.remove(&place);
        }
    }

    /// Removes what is stored, whether or not there is anything.
    pub fn remove(&mut self, place: &Place<'r>) {
        if self.writes {
            self.trace
                .step(|| json!({"step": "remove", "unit": place.unit, "name": place.name}));
            self.turn.assignments.remove(&place.unit, place.name);
        }
    }
}

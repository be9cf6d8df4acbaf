//! Holdouts: users who are kept out of features altogether (section 2.8).

use super::conditions::Broken;
use super::evaluate::Call;
use super::model::{Flag, Holdout};
use super::wire::{Entry, Record};
use crate::ruleset::trace::Trace;
use crate::value::Value;
use serde_json::json;

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// Evaluates every applicable holdout that the record does not know: the ids of those that the user is in, and of
    /// those that not.
    pub fn holdouts(
        &mut self,
        flag: &'r Flag,
        record: Option<&Record>,
        tells: bool,
    ) -> Result<(Vec<Value>, Vec<Value>), Broken<'r>> {
        let (mut matched, mut unmatched) = (Vec::new(), Vec::new());
        for at in &flag.holdouts {
            let holdout = &self.rules.holdouts[*at];
            if record.is_some_and(|record| knows(record, holdout)) {
                continue;
            }
            let is_in = self.holds(holdout.segments.as_ref())?
                && holdout.space.bucket100(self.visitor.id) <= holdout.percent;
            self.trace
                .step(|| json!({"step": "holdout", "id": holdout.id.json, "in": is_in}));
            if tells {
                self.tell(holdout, is_in, flag);
            }
            let list = if is_in { &mut matched } else { &mut unmatched };
            list.push(holdout.id.json.clone());
        }
        Ok((matched, unmatched))
    }

    /// A stored decision is about to be used: holdouts that are newer than it do not catch its user, and are noted so.
    /// Returns what the user is not in.
    pub fn late_holdouts(&mut self, flag: &'r Flag, record: &Record) -> Vec<Value> {
        let mut not_in = record.ids("notInHoldoutId").to_vec();
        let known = not_in.len();
        for at in &flag.holdouts {
            let holdout = &self.rules.holdouts[*at];
            if !knows(record, holdout) {
                self.tell(holdout, false, flag);
                not_in.push(holdout.id.json.clone());
            }
        }
        if not_in.len() > known {
            // The platform forgets the decision itself here; for a rollout it is written again further on.
            let entry = Entry {
                not_held_out: Some(not_in.clone()),
                ..Entry::default()
            };
            self.write(&flag.key, false, &entry);
        }
        not_in
    }

    fn tell(&mut self, holdout: &Holdout, is_in: bool, flag: &Flag) {
        if let Some(events) = &mut self.events {
            let event = events.make.held_out(&holdout.id.json, is_in, &flag.id.json);
            events.bodies.push(event);
        }
    }
}

fn knows(record: &Record, holdout: &Holdout) -> bool {
    let has = |name| record.ids(name).iter().any(|id| holdout.id.is(id));
    has("isInHoldoutId") || has("notInHoldoutId")
}

//! Mutually exclusive groups: of the campaigns that a user qualifies for, one wins (section 2.7b).

use super::conditions::Broken;
use super::evaluate::Call;
use super::model::{Flag, Group, Kind, Rule};
use super::wire::{Entry, Passed};
use crate::ruleset::range::Range;
use crate::ruleset::trace::Trace;
use crate::value::Value;
use serde_json::json;
use std::borrow::Cow;
use std::sync::Arc;

/// How deep groups may ask groups, and how many may be asked in one call. A document in which rollouts are members of
/// groups may go round in circles.
const DEPTH: usize = 16;
const GROUPS: usize = 1_000;

/// The winner or, where somebody else was first to store one, what they stored.
type Outcome<'r> = Result<Option<&'r Rule>, Arc<Value>>;

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// Evaluates a group for the flag that is being evaluated. `is_free`: no winner is known to be stored.
    pub fn group(
        &mut self,
        group: usize,
        flag: &'r Flag,
        is_free: &mut bool,
    ) -> Result<Outcome<'r>, Broken<'r>> {
        self.groups += 1;
        if self.depth == DEPTH || self.groups > GROUPS {
            return Err(Cow::Borrowed(
                "campaignGroups: the groups depend on each other",
            ));
        }
        self.depth += 1;
        let group = &self.rules.groups[group];
        self.trace.enter();
        let eligible = self.eligible(group);
        self.depth -= 1;
        let outcome = match &eligible {
            Ok(eligible) => Ok(self.winner(group, flag, eligible, *is_free)),
            Err(broken) => Err(broken.clone()),
        };
        self.trace.leave(|| {
            let eligible = eligible.iter().flatten().map(|rule| &rule.id.json);
            let winner = outcome
                .as_ref()
                .ok()
                .and_then(|outcome| outcome.as_ref().ok());
            json!({
                "step": "group",
                "group": group.text,
                "eligible": eligible.collect::<Vec<_>>(),
                "winner": winner.copied().flatten().map(|rule| &rule.id.json),
            })
        });
        outcome
    }

    /// Steps 1 to 4: the campaigns that one is chosen from.
    fn eligible(&mut self, group: &'r Group) -> Result<Vec<&'r Rule>, Broken<'r>> {
        let mut open = Vec::new();
        for (index, candidates) in &group.candidates {
            let flag = &self.rules.flags[*index];
            let (read, is_free) = self.read(&flag.key);
            let record = self.usable(read)?;
            if record.as_ref().is_some_and(|record| {
                let names = ["isInHoldoutId", "holdoutGroupId"];
                names.iter().any(|name| record.truthy(name).is_some())
            }) {
                continue;
            }
            let (matched, _) = self.holdouts(flag, record.as_ref(), false)?;
            if !matched.is_empty() {
                let entry = Entry {
                    held_out: Some(matched),
                    ..Entry::default()
                };
                // Whoever was first: this flag takes no part in this call.
                self.write(&flag.key, is_free, &entry);
                continue;
            }
            if self.is_open(flag, *index)? {
                open.push((flag, candidates, record));
            }
        }
        let mut stored: Vec<&'r Rule> = Vec::new();
        let mut fresh = Vec::new();
        for (flag, candidates, record) in &open {
            for at in candidates.iter() {
                let rule = &flag.rules[*at];
                let is_stored = record.as_ref().is_some_and(|record| {
                    record.truthy("experimentVariationId").is_some()
                        && record.get("experimentKey") == Some(&rule.stored_key)
                        && self
                            .stored(record, "experimentKey", "experimentVariationId")
                            .is_some()
                });
                if is_stored {
                    if stored
                        .iter()
                        .all(|known| known.stored_key != rule.stored_key)
                    {
                        stored.push(rule);
                    }
                } else if self.holds(rule.segments.as_deref())? && self.is_in_traffic(rule)? {
                    fresh.push(rule);
                }
            }
        }
        Ok(if stored.is_empty() { fresh } else { stored })
    }

    /// Whether a rollout of the flag lets the user in. Unlike in a flag call, a rollout without traffic for the user
    /// is not the end.
    fn is_open(&mut self, flag: &'r Flag, index: usize) -> Result<bool, Broken<'r>> {
        if flag.rollouts.is_empty() || self.known.contains(&index) {
            return Ok(true);
        }
        for at in &flag.rollouts {
            let rule = &flag.rules[*at];
            if self.passes(rule, flag, &mut Vec::new())?.is_some()
                && self.variation(rule)?.is_some()
            {
                self.known.push(index);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Steps 4 to 7.
    fn winner(
        &mut self,
        group: &'r Group,
        flag: &'r Flag,
        eligible: &[&'r Rule],
        is_free: bool,
    ) -> Outcome<'r> {
        let winner = match eligible {
            [] => return Ok(None),
            [one] => return Ok(Some(one)),
            many if group.is_random => self.random(group, many),
            many => self.advanced(group, many),
        };
        let Some(winner) = winner else {
            return Ok(None);
        };
        let none = Value::from(-1);
        let first = winner.variations.first();
        let variation = match (winner.kind, first) {
            (Kind::Personalisation, Some(first)) => &first.id.json,
            _ => &none,
        };
        let entry = Entry {
            experiment: Some(Passed {
                id: &winner.id.json,
                key: &winner.winner_key,
                variation,
            }),
            ..Entry::default()
        };
        if let Some(standing) = self.write(&group.record_key, is_free, &entry) {
            return Err(standing);
        }
        Ok(flag.has_campaign(&winner.id.json).then_some(winner))
    }

    /// Step 5: all have the same share.
    fn random(&self, group: &Group, eligible: &[&'r Rule]) -> Option<&'r Rule> {
        let share = (100.0 / eligible.len() as f64 * 10_000.0).round_ties_even() / 10_000.0;
        let bucket = self.bucket(&group.space);
        let mut ranges = Range::share(eligible.iter().map(|_| share));
        ranges
            .position(|range| range.holds(bucket))
            .map(|at| eligible[at])
    }

    /// Step 6: by priority, else by weight.
    fn advanced(&self, group: &Group, eligible: &[&'r Rule]) -> Option<&'r Rule> {
        for entry in &group.priority {
            let is_meant = |rule: &&&Rule| rule.id.text == *entry || rule.pair == *entry;
            if let Some(rule) = eligible.iter().find(is_meant) {
                return Some(rule);
            }
        }
        let weight = |rule: &Rule| {
            let weights = &group.weights;
            weights
                .get(&rule.id.text)
                .or_else(|| weights.get(&rule.pair))
                .copied()
        };
        let weighted = || {
            eligible
                .iter()
                .filter_map(|rule| Some((*rule, weight(rule)?)))
        };
        let bucket = self.bucket(&group.space);
        let ranges = Range::share(weighted().map(|(_, weight)| weight));
        let mut shares = weighted().zip(ranges);
        shares.find_map(|((rule, _), range)| range.holds(bucket).then_some(rule))
    }
}

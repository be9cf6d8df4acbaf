//! Mutually exclusive groups: at most one of a group's campaigns takes a user (section 2.7).

use super::compile::{Campaign, Election, Group};
use super::evaluate::Call;
use crate::ruleset::coerce::truthy;
use crate::ruleset::range::Range;
use crate::ruleset::trace::Trace;
use crate::sticky::Stored;
use serde_json::json;

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// Whether the campaign at `at`, whose own segments and traffic the user has passed, wins its group.
    pub fn wins(&mut self, at: usize, group: &'r Group) -> bool {
        let rules = self.rules;
        let asked = &rules.campaigns[at];
        let is_asked = |campaign: &Campaign| campaign.id.is(&asked.id.json);
        let members = || group.members.iter().map(|at| &rules.campaigns[*at]);
        let others = || members().filter(|member| !is_asked(member));
        if let Some(other) = others().find(|other| self.whitelisted(other).is_some()) {
            self.trace.step(
                || json!({"step": "whitelisted elsewhere in the group", "campaign": other.key}),
            );
            return false;
        }
        if self.turn.assignments.has_store() {
            for other in others() {
                let stored = self.turn.assignments.read(self.id, &other.key);
                // Whether the record still counts does not matter.
                if matches!(stored, Stored::Record(record) if truthy(&record)) {
                    self.trace.step(
                        || json!({"step": "stored elsewhere in the group", "campaign": other.key}),
                    );
                    return false;
                }
            }
        }
        let mut eligible: Vec<&Campaign> = Vec::new();
        for member in members() {
            if is_asked(member) || self.passes(member) {
                eligible.push(member);
            }
        }
        let winner = self.winner(group, &eligible);
        self.trace.step(|| {
            let eligible: Vec<_> = eligible.iter().map(|campaign| &*campaign.key).collect();
            json!({"step": "group", "eligible": eligible, "winner": winner.map(|w| &*w.key)})
        });
        winner.is_some_and(is_asked)
    }

    fn winner<'e>(&self, group: &Group, eligible: &[&'e Campaign]) -> Option<&'e Campaign> {
        let alone = match eligible {
            [alone] => Some(*alone),
            _ => None,
        };
        let bucket = || group.space.bucket10000(self.id);
        match &group.election {
            Election::Unknown => None,
            Election::Random => alone.or_else(|| {
                let share = 100.0 / eligible.len() as f64;
                let mut ranges = Range::split(eligible.iter().map(|_| share));
                let bucket = bucket();
                let at = ranges.position(|range| range.holds(bucket))?;
                Some(eligible[at])
            }),
            Election::Advanced { priority, weights } => alone.or_else(|| {
                let by_id = |id| eligible.iter().find(|campaign| campaign.id.is(id));
                if let Some(winner) = priority.iter().find_map(by_id) {
                    return Some(*winner);
                }
                let weighted: Option<Vec<(&'e Campaign, f64)>> = eligible
                    .iter()
                    .filter_map(|campaign| Some((*campaign, *weights.get(&campaign.id.text)?)))
                    .map(|(campaign, weight)| Some((campaign, weight?)))
                    .collect();
                let weighted = weighted?;
                let mut ranges = Range::split(weighted.iter().map(|(_, weight)| *weight));
                let bucket = bucket();
                let at = ranges.position(|range| range.holds(bucket))?;
                Some(weighted[at].0)
            }),
        }
    }
}

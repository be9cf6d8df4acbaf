//! Metric events: which campaigns an event counts for (section 4.7), and custom dimensions (section 4.6).

use super::compile::{Kind, Rules};
use super::evaluate::{Call, identity};
use super::options::GoalType;
use super::wire::{Conversion, Events, SYNC_VISITOR};
use crate::ruleset::coerce::truthy;
use crate::ruleset::python_repr;
use crate::ruleset::trace::Silent;
use crate::ruleset::{Metric, Mode, Turn};
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// A goal of one campaign.
pub struct Goal {
    pub identifier: Box<str>,
    pub id: Value,
    pub kind: Type,
    pub revenue_property: Option<Box<str>>,
    /// Its `mca` is -1: it counts every time.
    is_unlimited: bool,
    /// It is told again though the store says that it was reached.
    pub repeats: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Custom,
    Revenue,
    Other,
}

impl Goal {
    /// Reads a goal that nobody has checked.
    pub fn read(goal: &Value) -> Option<(&str, Goal)> {
        let identifier = goal.get("identifier")?.as_str()?;
        let is_unlimited = goal.get("mca").and_then(Value::as_f64) == Some(-1.0);
        let has_properties = goal.get("hasProps") == Some(&Value::Bool(true));
        let revenue_property = goal.get("revenueProp").filter(|property| truthy(property));
        let goal = Goal {
            identifier: identifier.into(),
            id: goal.get("id").cloned().unwrap_or_default(),
            kind: match goal.get("type").and_then(Value::as_str) {
                Some("CUSTOM_GOAL") => Type::Custom,
                Some("REVENUE_TRACKING") => Type::Revenue,
                _ => Type::Other,
            },
            revenue_property: revenue_property.map(|property| python_repr::text(property).into()),
            is_unlimited,
            repeats: is_unlimited || has_properties,
        };
        Some((identifier, goal))
    }

    /// Whether an event of this kind counts for the goal at all, whoever the user is.
    fn takes(&self, metric: &Metric<'_>, rules: &Rules) -> bool {
        match (rules.options.goal_type, self.kind) {
            (GoalType::Custom, Type::Revenue) | (GoalType::Revenue, Type::Custom) => return false,
            _ => {}
        }
        if self.kind != Type::Revenue || metric.value.is_some_and(truthy) {
            return true;
        }
        // A revenue goal without a value: the value may be among the properties.
        if !rules.by_events {
            return false;
        }
        match &self.revenue_property {
            None => self.is_unlimited,
            Some(property) => metric
                .properties
                .is_some_and(|properties| properties.contains_key(&**property)),
        }
    }
}

/// Takes a metric event; false: no campaign counts it.
pub fn track(rules: &Rules, metric: &Metric<'_>, turn: &mut Turn<'_>) -> bool {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    if rules.options.opt_out || !metric.value.is_none_or(is_scalar) {
        return false;
    }
    let Ok(id) = identity(metric.user) else {
        return false;
    };
    let Some(goals) = rules.goals.get(metric.event) else {
        return metric.event == SYNC_VISITOR && push(rules, metric, id, turn);
    };
    if metric.event.is_empty() {
        return false;
    }
    let candidates = candidates(rules, metric, goals);
    let mut answers = HashMap::new();
    let mut conversions = Vec::new();
    for (at, goal) in &candidates {
        let campaign = &rules.campaigns[*at];
        let is_refused = (campaign.is_bandit && !turn.assignments.has_store())
            || campaign.kind == Kind::FeatureRollout
            || !goal.takes(metric, rules);
        let found = match is_refused {
            true => None,
            false => Call {
                rules,
                user: metric.user,
                id,
                turn: &mut *turn,
                trace: &mut Silent,
            }
            .decide(*at, Some(goal), Mode::Read),
        };
        // Of campaigns with one key the last one's answer stands.
        answers.insert(&campaign.key, found.is_some());
        conversions.extend(found.map(|found| Conversion {
            campaign: &campaign.id,
            variation: &found.variation.id,
            goal,
        }));
    }
    if let (Some(outbox), false) = (&mut turn.outbox, conversions.is_empty()) {
        let events = Events::new(rules, metric.user, id, turn.clock.now_ms());
        let revenue = metric.value.filter(|value| truthy(value));
        match rules.by_events {
            true => {
                let goals = candidates.iter().map(|(_, goal)| *goal);
                outbox.push(events.goal(metric, &conversions, goals, revenue));
            }
            false => {
                let entries = conversions.iter();
                outbox.extend(entries.map(|conversion| events.conversion(conversion, revenue)));
            }
        }
    }
    answers.values().any(|accepted| *accepted)
}

/// The campaigns that are meant, with the goal in each, in the order they are asked.
fn candidates<'r>(
    rules: &'r Rules,
    metric: &Metric<'_>,
    goals: &'r [(usize, Goal)],
) -> Vec<(usize, &'r Goal)> {
    let Some(flags) = metric.flags else {
        // Those too that do not run.
        return goals.iter().map(|(at, goal)| (*at, goal)).collect();
    };
    let mut seen = HashSet::new();
    let distinct = flags.iter().filter(|flag| seen.insert(flag.as_str()));
    let meant = distinct.filter_map(|flag| {
        let at = rules.keys.get(flag.as_str())?.last;
        let found = goals.binary_search_by_key(&at, |(campaign, _)| *campaign);
        rules.campaigns[at].is_running.then_some(())?;
        Some((at, &goals[found.ok()?].1))
    });
    meant.collect()
}

/// Takes custom dimensions of a user: the members of the properties.
fn push(rules: &Rules, metric: &Metric<'_>, id: &str, turn: &mut Turn<'_>) -> bool {
    let Some(tags) = metric.properties.filter(|tags| !tags.is_empty()) else {
        return false;
    };
    if let Some(outbox) = &mut turn.outbox {
        let events = Events::new(rules, metric.user, id, turn.clock.now_ms());
        let tags = tags
            .iter()
            .map(|(name, value)| (name.as_str(), python_repr::text(value)));
        match rules.by_events {
            true => outbox.push(events.visitor(tags)),
            false => outbox.extend(tags.map(|(name, value)| events.tag(name, &value))),
        }
    }
    true
}

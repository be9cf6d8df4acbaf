//! A spec, from its name to its answer (section 2.8.1).

use super::cursor::{Cursor, Next, Place};
use super::evaluate::Evaluation;
use super::hash::hash64;
use super::mapping::MappingAt;
use super::outcome::{Json, Undelegated};
use super::rules::{Class, Rule, Spec};
use super::waiting::Waiting;
use crate::host::Override;
use crate::ruleset::Kind;
use crate::ruleset::trace::Trace;
use serde_json::json;
use std::borrow::Cow;

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    /// Steps 1 and 2: what the host sets, and what a mapping answers.
    pub fn begin(&mut self, kind: Kind, name: &str, spec: Option<&'r Spec>) -> Next<'r> {
        let overrides = &self.host.overrides;
        if overrides.have(name) {
            let ids: Vec<Cow<'_, str>> = self.subject.ids().collect();
            if let Some(found) = overrides.find(kind, name, ids.iter().map(|id| &**id)) {
                self.trace.step(
                    || json!({"step": "local override", "kind": kind.as_str(), "name": name}),
                );
                self.set(found, spec);
                return Next::Ended(true);
            }
        }
        let is_bandit = kind == Kind::Experiment && self.rules.bandits.contains(name);
        if !self.rules.mappings.is_empty()
            && let Some(mappings) = self.rules.mappings.get(name)
        {
            return self.map(MappingAt {
                kind,
                spec,
                is_bandit,
                mappings,
                at: 0,
                rule: 0,
            });
        }
        self.begin_unmapped(kind, spec, is_bandit)
    }

    /// Steps 3 to 6.
    pub fn begin_unmapped(
        &mut self,
        kind: Kind,
        spec: Option<&'r Spec>,
        is_bandit: bool,
    ) -> Next<'r> {
        let Some(spec) = spec.filter(|_| !is_bandit) else {
            return Next::Ended(false);
        };
        self.outcome.describe(spec);
        match kind == Kind::Layer && spec.merges {
            true => self.begin_merging(spec),
            false => self.rule_of(spec, 0, None),
        }
    }

    /// Evaluates the rules of a class alone: no override, no mapping and no bandit is looked at, and without such rules
    /// nobody passes, whatever the default (section 3.5).
    pub fn begin_class(&mut self, spec: Option<&'r Spec>, class: Class) -> Next<'r> {
        match spec {
            None => Next::Ended(false),
            Some(spec) if !spec.has_rules_of(class) => Next::Ended(true),
            Some(spec) => self.rule_of(spec, 0, Some(class)),
        }
    }

    /// A local override answers (section 4.5).
    fn set(&mut self, found: &'h Override, spec: Option<&'r Spec>) {
        let outcome = &mut self.outcome;
        outcome.rule_id = Some("override");
        outcome.is_overridden = true;
        outcome.json = match found {
            Override::Value(value) => {
                outcome.value = value.value.as_bool() == Some(true);
                Json::Override(value)
            }
            Override::Group(group) => {
                let rules = spec.map_or(&[][..], |spec| &spec.rules);
                let rule = rules.iter().find(|rule| rule.group.as_ref() == Some(group));
                rule.map_or(Json::Absent, |rule| Json::Given(&rule.returns))
            }
        };
    }

    /// Step 7 for the rule at `at` or, where a class is asked for, the next one that is of it; step 8 behind the last.
    pub fn rule_of(&mut self, spec: &'r Spec, at: usize, class: Option<Class>) -> Next<'r> {
        let mut rules = spec.rules.iter().enumerate().skip(at);
        match rules.find(|(_, rule)| class.is_none_or(|class| rule.is_of(class))) {
            Some((at, rule)) => {
                Next::Conditions(Cursor::new(rule, Place::Spec { spec, at, class }))
            }
            None => self.fall_through(spec),
        }
    }

    /// Step 8.
    fn fall_through(&mut self, spec: &'r Spec) -> Next<'r> {
        let outcome = &mut self.outcome;
        outcome.json = Json::Given(&spec.default);
        outcome.value = spec.default.is_true();
        outcome.rule_id = Some(match spec.enabled {
            true => "default",
            false => "disabled",
        });
        self.trace
            .step(|| json!({"step": "no rule", "spec": spec.name}));
        self.finish()
    }

    /// The end of a spec: at the top, exposures that nothing was delegated after are those before a delegation too.
    pub fn finish(&mut self) -> Next<'r> {
        let all = self.log.len();
        if self.depth.is_top()
            && all > self.start
            && matches!(self.outcome.undelegated, Undelegated::Absent)
        {
            self.outcome.undelegated = Undelegated::UpTo(all);
        }
        Next::Ended(true)
    }

    /// Steps 7b to 7f.
    pub fn decide_rule(
        &mut self,
        rule: &'r Rule,
        spec: &'r Spec,
        at: usize,
        class: Option<Class>,
    ) -> Next<'r> {
        if self.outcome.unsupported {
            return Next::Ended(true);
        }
        let passes = self.outcome.value;
        self.trace
            .step(|| json!({"step": "rule", "spec": spec.name, "id": rule.id, "matches": passes}));
        if !passes {
            return self.rule_of(spec, at + 1, class);
        }
        if let Some(delegate) = self.delegate_of(rule) {
            return self.delegate(Waiting::Delegate(delegate.0), delegate);
        }
        let is_in = self.is_in(&spec.salt, rule);
        let outcome = &mut self.outcome;
        (outcome.value, outcome.json) = match is_in {
            true => (rule.returns.passes(), Json::Given(&rule.returns)),
            false => (spec.default.is_true(), Json::Given(&spec.default)),
        };
        outcome.rule_id = Some(&rule.id);
        outcome.group = rule.group.as_deref();
        outcome.is_group = rule.is_group;
        outcome.is_active = spec.is_active == Some(true);
        self.finish()
    }

    /// Whether the user is within a rule's percentage (section 2.5).
    pub fn is_in(&mut self, salt: &str, rule: &Rule) -> bool {
        let percentage = rule.percentage;
        if percentage == 100.0 {
            return true;
        }
        if percentage == 0.0 {
            return false;
        }
        let unit = self.subject.unit_text(&rule.id_type).unwrap_or_default();
        let bucket = hash64(&[salt, &rule.salt, &unit]) % 10_000;
        let is_in = (bucket as f64) < percentage * 100.0;
        self.trace.step(|| {
            json!({"step": "percentage", "id_type": rule.id_type.text, "unit": unit, "bucket": bucket,
                   "percentage": percentage, "is_in": is_in})
        });
        is_in
    }
}

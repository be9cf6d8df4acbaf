//! Evaluating a spec, top down, in the order of section 2.8.
//!
//! Gates ask gates, layers delegate, configs are answered by others: all of it nested as deep as the document likes.
//! Nothing here calls itself. What waits for an inner evaluation is put aside on a list and taken up again when that
//! has ended, so a thread needs no more stack for a deep document than for a flat one.

use super::condition::{Condition, Source};
use super::cursor::{Cursor, Next, Place};
use super::hash::hash64;
use super::mapping::MappingAt;
use super::nested::{Called, Known};
use super::outcome::{Json, Log, Outcome, Undelegated};
use super::rules::{Class, Rule, Rules, Spec};
use super::subject::Subject;
use super::view::View;
use super::waiting::{Stack, Waiting};
use crate::host::{Host, Override};
use crate::ruleset::trace::Trace;
use crate::ruleset::{Clock, Kind};
use crate::value::Value;
use serde_json::json;
use std::borrow::Cow;
use std::collections::HashMap;

/// How many gates may be nested within the one that is asked for, and how many delegations (section 2.8.1).
const GATES: u32 = 64;
const DELEGATIONS: u32 = 300;

/// How many rules and conditions one call looks at, at most. Far more than any sensible document has; one in which
/// everything mentions the next thing twice would otherwise take forever.
const STEPS: u32 = 250_000;

/// How deep the steps of an explanation are within each other, at most; those that are deeper follow one another.
/// Whoever prints or drops them needs stack for each.
const SHOWN: u32 = 32;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Mappings pass over it as if their condition did not hold.
    TooDeep,
    /// Ends the whole call.
    TooLong,
}

impl Failure {
    pub fn message(self) -> &'static str {
        match self {
            Failure::TooDeep => "Statsig Evaluation Depth Exceeded",
            Failure::TooLong => "the evaluation takes more steps than are allowed",
        }
    }
}

/// One evaluation: everything that it knows and changes.
pub struct Evaluation<'c, 'r, 'h, T> {
    pub rules: &'r Rules,
    pub subject: Subject<'c>,
    pub host: &'h Host,
    pub clock: Clock,
    pub trace: &'c mut T,
    /// Specs answer for themselves: no override, no mapping, no bandit is looked at.
    is_plain: bool,
    pub outcome: Outcome<'r, 'h>,
    pub log: Log<'r>,
    /// Where the exposures of the current outcome begin.
    pub start: usize,
    pub waiting: Stack<'r, 'h>,
    /// How many of those that wait are gates, delegations and mappings.
    pub depth: Depth,
    /// How many steps of the explanation are open.
    open: u32,
    steps: u32,
    pub asked: u32,
    pub known: HashMap<u32, Known<'r>>,
    pub groups: HashMap<&'r str, Option<&'r str>>,
    /// Experiments that the condition `experiment_group` evaluated, for what follows from such a call.
    pub called: Vec<Called<'r, 'h>>,
}

/// How deep an evaluation is within its call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Depth {
    pub gates: u32,
    pub delegations: u32,
    pub mappings: u32,
}

impl Depth {
    fn is_top(self) -> bool {
        self.gates == 0 && self.delegations == 0
    }

    pub fn is_exceeded(self) -> bool {
        self.gates > GATES || self.delegations > DELEGATIONS || self.mappings > DELEGATIONS
    }
}

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    pub fn new(
        rules: &'r Rules,
        subject: Subject<'c>,
        host: &'h Host,
        clock: Clock,
        trace: &'c mut T,
    ) -> Self {
        Evaluation {
            rules,
            subject,
            host,
            clock,
            trace,
            outcome: Outcome::default(),
            log: Log::new(false),
            is_plain: false,
            start: 0,
            waiting: Stack::default(),
            depth: Depth::default(),
            open: 0,
            steps: 0,
            asked: 0,
            known: HashMap::new(),
            groups: HashMap::new(),
            called: Vec::new(),
        }
    }

    /// Evaluates a name; whether it was known.
    pub fn run(&mut self, kind: Kind, name: &str) -> Result<bool, Failure> {
        let first = self.begin(kind, name, self.rules.specs(kind).find(name));
        self.complete(first)
    }

    /// Whether the rules of one class let the user pass; the host's overrides and mappings do not count (section 3.5).
    pub fn run_class(&mut self, experiment: &str, class: Class) -> bool {
        let Some(spec) = self.rules.configs.find(experiment) else {
            return false;
        };
        self.is_plain = true;
        let first = self.rule_of(spec, 0, Some(class));
        self.complete(first).is_ok() && self.outcome.value
    }

    fn complete(&mut self, mut next: Next<'r>) -> Result<bool, Failure> {
        loop {
            self.steps += 1;
            next = match next {
                Next::Conditions(_) if self.steps > STEPS => Next::Failed(Failure::TooLong),
                Next::Conditions(cursor) => self.conditions(cursor),
                Next::Ended(found) => match self.waiting.pop() {
                    None => return Ok(found),
                    Some(waiting) => self.resume(waiting, found),
                },
                Next::Failed(failure) => match self.waiting.pop() {
                    None => return Err(failure),
                    Some(waiting) => self.unwind(waiting, failure),
                },
            };
        }
    }

    /// Begins a step of the explanation that has steps of its own.
    pub fn enter(&mut self) {
        self.open += 1;
        if self.open <= SHOWN {
            self.trace.enter();
        }
    }

    /// Ends it.
    pub fn leave(&mut self, make: impl FnOnce() -> Value) {
        match self.open <= SHOWN {
            true => self.trace.leave(make),
            false => self.trace.step(make),
        }
        self.open -= 1;
    }

    /// Steps 1 and 2: what the host sets, and what a mapping answers.
    pub fn begin(&mut self, kind: Kind, name: &str, spec: Option<&'r Spec>) -> Next<'r> {
        if self.is_plain {
            return self.begin_unmapped(kind, spec, false);
        }
        let overrides = &self.host.overrides;
        if !overrides.is_empty() {
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
    fn rule_of(&mut self, spec: &'r Spec, at: usize, class: Option<Class>) -> Next<'r> {
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

    /// Goes through the conditions of a rule: all of them, also behind one that does not hold (step 7a).
    fn conditions(&mut self, mut cursor: Cursor<'r>) -> Next<'r> {
        let rule = cursor.rule;
        while let Some(id) = rule.conditions.get(cursor.condition) {
            self.steps += 1;
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

    /// What follows from a rule whose conditions have been gone through.
    fn decide(&mut self, cursor: Cursor<'r>) -> Next<'r> {
        match cursor.place {
            Place::Spec { spec, at, class } => self.decide_rule(cursor.rule, spec, at, class),
            Place::Merge(merge) => self.decide_merge(cursor.rule, merge),
            Place::Mapping(at) => self.decide_mapping(cursor.rule, at),
        }
    }

    /// Steps 7b to 7f.
    fn decide_rule(
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

//! Evaluating a spec, top down, in the order of section 2.8.
//!
//! Gates ask gates, layers delegate, configs are answered by others: all of it nested as deep as the document likes.
//! Nothing here calls itself. What waits for an inner evaluation is put aside on a list and taken up again when that
//! has ended, so a thread needs no more stack for a deep document than for a flat one.

use super::condition::{Condition, Source};
use super::hash::hash64;
use super::merge::Merge;
use super::outcome::{Exposure, Json, Log, Outcome, Undelegated};
use super::rules::{Class, Mapping, Rule, Rules, Spec, Target};
use super::subject::{Field, Subject};
use super::user_agent;
use super::view::{View, text_of};
use crate::host::{Host, Override};
use crate::ruleset::trace::Trace;
use crate::ruleset::{Clock, Kind};
use serde_json::json;
use std::borrow::Cow;
use std::collections::HashMap;

/// How many gates may be nested within the one that is asked for, and how many delegations (section 2.8.1).
const GATES: u32 = 64;
const DELEGATIONS: u32 = 300;

/// How many conditions one call looks at, at most. Far more than any sensible document has; one in which every gate
/// mentions the next one twice would otherwise take forever.
const STEPS: u32 = 250_000;

/// From here on, what nested gates answered is kept for when they are asked again. Most calls ask fewer.
const FEW: u32 = 16;

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
    waiting: Vec<Waiting<'r, 'h>>,
    /// How many of those that wait are gates, delegations and mappings.
    pub depth: Depth,
    steps: u32,
    asked: u32,
    known: HashMap<u32, Known<'r>>,
    groups: HashMap<&'r str, Option<&'r str>>,
    /// Experiments that the condition `experiment_group` evaluated, for what follows from such a call.
    pub called: Vec<Called<'r, 'h>>,
}

/// How deep an evaluation is within its call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Depth {
    gates: u32,
    delegations: u32,
    mappings: u32,
}

impl Depth {
    fn is_top(self) -> bool {
        self.gates == 0 && self.delegations == 0
    }

    fn is_exceeded(self) -> bool {
        self.gates > GATES || self.delegations > DELEGATIONS || self.mappings > DELEGATIONS
    }
}

/// A call of its own that a condition made.
#[derive(Debug)]
pub struct Called<'r, 'h> {
    pub name: &'r str,
    pub found: bool,
    pub outcome: Outcome<'r, 'h>,
    pub exposures: Vec<Exposure<'r>>,
    pub failure: Option<Failure>,
}

/// What a nested gate answered.
#[derive(Clone, Copy)]
struct Known<'r> {
    value: bool,
    rule_id: Option<&'r str>,
    unsupported: bool,
    asked_id_list: bool,
    mapped: Option<&'r str>,
    /// The piece of the log that it wrote.
    log: (usize, usize),
}

/// Where the conditions of a rule are being gone through.
pub struct Cursor<'r> {
    pub rule: &'r Rule,
    pub place: Place<'r>,
    condition: usize,
    all: bool,
}

/// What the rule is one of.
pub enum Place<'r> {
    Spec {
        spec: &'r Spec,
        /// The place of the rule.
        at: usize,
        /// Only rules of this class count.
        class: Option<Class>,
    },
    Merge(Box<Merge<'r>>),
    Mapping(MappingAt<'r>),
}

/// A rule of a mapping of a name.
#[derive(Clone, Copy)]
pub struct MappingAt<'r> {
    kind: Kind,
    spec: Option<&'r Spec>,
    is_bandit: bool,
    mappings: &'r [Mapping],
    at: usize,
    rule: usize,
}

/// What goes on once an inner evaluation has ended.
enum Waiting<'r, 'h> {
    Gate {
        cursor: Cursor<'r>,
        gate: &'r Target,
        inverted: bool,
        outcome: Outcome<'r, 'h>,
        start: usize,
    },
    Delegate {
        delegate: &'r Spec,
    },
    MergedDelegate {
        cursor: Cursor<'r>,
        delegate: &'r Spec,
    },
    Mapped(MappingAt<'r>),
    Group {
        cursor: Cursor<'r>,
        condition: &'r Condition,
        name: &'r str,
        outcome: Outcome<'r, 'h>,
        start: usize,
        depth: Depth,
    },
}

pub enum Next<'r> {
    Conditions(Cursor<'r>),
    /// An evaluation has ended; whether the name was known.
    Ended(bool),
    Failed(Failure),
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
            waiting: Vec::new(),
            depth: Depth::default(),
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
            next = match next {
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

    /// Steps 1 and 2: what the host sets, and what a mapping answers.
    fn begin(&mut self, kind: Kind, name: &str, spec: Option<&'r Spec>) -> Next<'r> {
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
    fn begin_unmapped(&mut self, kind: Kind, spec: Option<&'r Spec>, is_bandit: bool) -> Next<'r> {
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
            if self.steps > STEPS {
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
                Source::Gate { gate, inverted } => match gate {
                    Some(gate) => match self.ask(cursor, gate, *inverted) {
                        Ok(again) => {
                            cursor = again;
                            continue;
                        }
                        Err(next) => return next,
                    },
                    None => {
                        self.outcome.value = *inverted;
                        self.outcome.rule_id = None;
                        self.note(condition);
                    }
                },
                Source::Group(Some(experiment)) => match self.groups.get(&*experiment.name) {
                    Some(group) => {
                        let group = *group;
                        self.test(
                            condition,
                            &group.map_or(View::Missing, |g| View::Text(Cow::Borrowed(g))),
                        );
                    }
                    None => return self.call(cursor, condition, experiment),
                },
                source => match self.view(source) {
                    Some(view) => self.test(condition, &view),
                    None => {
                        self.outcome.unsupported = true;
                        self.note(condition);
                    }
                },
            }
            cursor.all &= self.outcome.value;
        }
        self.outcome.value = cursor.all;
        self.decide(cursor)
    }

    /// Asks of a value what the condition asks.
    fn test(&mut self, condition: &'r Condition, view: &View<'_>) {
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

    /// The value that a condition looks at (section 2.6); `None`: its type is not known.
    fn view(&mut self, source: &'r Source) -> Option<View<'c>> {
        let subject = self.subject;
        let value = |field: &Option<Field>| field.as_ref().and_then(|field| subject.value(field));
        let seen = match source {
            Source::Field(field) => value(field),
            Source::Environment(field) => {
                return Some(
                    field
                        .as_ref()
                        .map_or(View::Missing, |field| subject.environment(field)),
                );
            }
            Source::Now => return Some(View::Now(self.clock.now_ms())),
            Source::Bucket { salt, id_type } => {
                let unit = subject.unit_text(id_type).unwrap_or_default();
                return Some(View::Bucket(hash64(&[salt, &unit]) % 1000));
            }
            Source::Unit(id_type) => subject.unit(id_type),
            Source::Country { field, by_address } => match value(field) {
                None if *by_address => return Some(self.country()),
                value => value,
            },
            Source::UserAgent { field, part } => match (value(field), part) {
                (None, Some(part)) => {
                    let agent = subject.user_agent().and_then(text_of);
                    let parsed = agent.and_then(|agent| user_agent::parse(&agent, *part));
                    return Some(parsed.map_or(View::Missing, |text| View::Text(Cow::Owned(text))));
                }
                (value, _) => value,
            },
            Source::App => self.rules.app.as_ref(),
            Source::Group(_) => None,
            Source::Public | Source::Gate { .. } | Source::Unknown => return None,
        };
        Some(seen.map_or(View::Missing, View::Json))
    }

    /// The country of the user's address: the host's answer goes before the table's (section 2.10).
    fn country(&mut self) -> View<'c> {
        let address = self.subject.address().and_then(text_of);
        let country = match (&self.host.countries, &self.rules.options.countries) {
            (Some(countries), _) => address
                .and_then(|ip| countries.country(&ip))
                .map(Cow::Owned),
            (None, Some(table)) => address.and_then(|ip| table.country(&ip)).map(Cow::Borrowed),
            (None, None) => {
                self.outcome.lacks_countries = true;
                None
            }
        };
        country.map_or(View::Missing, View::Text)
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
        if let Some((delegate, target)) = self.delegate_of(rule) {
            return self.delegate(Waiting::Delegate { delegate }, target, delegate);
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

    pub fn delegate_of(&self, rule: &'r Rule) -> Option<(&'r Spec, &'r Target)> {
        let target = rule.delegate.as_ref()?;
        Some((self.rules.configs.at(target)?, target))
    }

    /// Step 7d: goes on in another config, into the same outcome.
    fn delegate(
        &mut self,
        waiting: Waiting<'r, 'h>,
        target: &'r Target,
        delegate: &'r Spec,
    ) -> Next<'r> {
        self.outcome.undelegated = Undelegated::UpTo(self.log.len());
        self.outcome.value = false;
        self.outcome.json = Json::Absent;
        self.waiting.push(waiting);
        self.depth.delegations += 1;
        self.trace.enter();
        if self.depth.is_exceeded() {
            return Next::Failed(Failure::TooDeep);
        }
        self.begin(Kind::Experiment, &target.name, Some(delegate))
    }

    pub fn delegate_merged(
        &mut self,
        cursor: Cursor<'r>,
        target: &'r Target,
        delegate: &'r Spec,
    ) -> Next<'r> {
        self.delegate(
            Waiting::MergedDelegate { cursor, delegate },
            target,
            delegate,
        )
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

    /// Asks a nested gate (section 2.8.2): with what is known of it goes on at once, else puts the rule aside.
    fn ask(
        &mut self,
        cursor: Cursor<'r>,
        gate: &'r Target,
        inverted: bool,
    ) -> Result<Cursor<'r>, Next<'r>> {
        if let Some(known) = gate.place.and_then(|place| self.known.get(&place).copied()) {
            self.log.repeat(known.log.0, known.log.1);
            return match self.answer(cursor, gate, inverted, known) {
                Some(cursor) => Ok(cursor),
                None => Err(Next::Failed(Failure::TooLong)),
            };
        }
        self.asked += 1;
        self.waiting.push(Waiting::Gate {
            cursor,
            gate,
            inverted,
            outcome: std::mem::take(&mut self.outcome),
            start: self.start,
        });
        self.start = self.log.len();
        self.depth.gates += 1;
        self.trace.enter();
        if self.depth.is_exceeded() {
            return Err(Next::Failed(Failure::TooDeep));
        }
        Err(self.begin(Kind::Gate, &gate.name, self.rules.gates.at(gate)))
    }

    /// What a nested gate's answer means for the rule that asked. `None`: too much has been exposed.
    fn answer(
        &mut self,
        mut cursor: Cursor<'r>,
        gate: &'r Target,
        inverted: bool,
        known: Known<'r>,
    ) -> Option<Cursor<'r>> {
        let outcome = &mut self.outcome;
        if known.unsupported {
            outcome.unsupported = true;
        } else {
            outcome.value = known.value != inverted;
            outcome.rule_id = known.rule_id;
            outcome.mapped = known.mapped.or(outcome.mapped);
            outcome.asked_id_list |= known.asked_id_list;
            if let (Some(rule), false) = (
                known.rule_id.filter(|rule| !rule.is_empty()),
                gate.is_segment,
            ) {
                self.log.push(Exposure {
                    gate: &gate.name,
                    value: known.value,
                    rule,
                });
            }
        }
        cursor.all &= self.outcome.value;
        (!self.log.is_too_long()).then_some(cursor)
    }

    /// Calls get-experiment for the condition `experiment_group` (section 2.8.5).
    fn call(
        &mut self,
        cursor: Cursor<'r>,
        condition: &'r Condition,
        experiment: &'r Target,
    ) -> Next<'r> {
        let name = &*experiment.name;
        // Who asks for its own group while it is being found out has none.
        self.groups.insert(name, None);
        self.waiting.push(Waiting::Group {
            cursor,
            condition,
            name,
            outcome: std::mem::take(&mut self.outcome),
            start: self.start,
            depth: std::mem::take(&mut self.depth),
        });
        self.start = self.log.len();
        self.trace.enter();
        self.begin(Kind::Experiment, name, self.rules.configs.at(experiment))
    }

    /// Goes on with what waited for an evaluation that has ended.
    fn resume(&mut self, waiting: Waiting<'r, 'h>, found: bool) -> Next<'r> {
        match waiting {
            Waiting::Gate {
                cursor,
                gate,
                inverted,
                outcome,
                start,
            } => {
                let inner = std::mem::replace(&mut self.outcome, outcome);
                let known = Known {
                    value: inner.value,
                    rule_id: inner.rule_id,
                    unsupported: inner.unsupported,
                    asked_id_list: inner.asked_id_list,
                    mapped: inner.mapped,
                    log: (self.start, self.log.len()),
                };
                if let (true, Some(place)) = (self.asked > FEW, gate.place) {
                    self.known.insert(place, known);
                }
                self.start = start;
                self.depth.gates -= 1;
                self.trace
                    .leave(|| json!({"step": "gate", "name": gate.name, "passes": known.value}));
                match self.answer(cursor, gate, inverted, known) {
                    Some(cursor) => Next::Conditions(cursor),
                    None => Next::Failed(Failure::TooLong),
                }
            }
            Waiting::Delegate { delegate } => {
                self.leave_delegate(delegate);
                self.finish()
            }
            Waiting::MergedDelegate { cursor, delegate } => {
                self.leave_delegate(delegate);
                match cursor.place {
                    Place::Merge(merge) => self.merge_delegate(cursor.rule, merge, delegate),
                    Place::Spec { .. } | Place::Mapping(_) => Next::Ended(found),
                }
            }
            Waiting::Mapped(at) => {
                self.depth.mappings -= 1;
                match found {
                    true => Next::Ended(true),
                    false => {
                        self.reset();
                        self.map(MappingAt {
                            at: at.at + 1,
                            rule: 0,
                            ..at
                        })
                    }
                }
            }
            waiting @ Waiting::Group { .. } => self.leave_call(waiting, found, None),
        }
    }

    fn leave_delegate(&mut self, delegate: &'r Spec) {
        self.depth.delegations -= 1;
        self.outcome.explicit = delegate.explicit.as_deref();
        self.outcome.delegate = Some(&delegate.name);
        self.trace
            .leave(|| json!({"step": "delegate", "name": delegate.name}));
    }

    /// What waited for an evaluation that failed fails too, except for conditions of mappings and calls of their own.
    fn unwind(&mut self, waiting: Waiting<'r, 'h>, failure: Failure) -> Next<'r> {
        match waiting {
            Waiting::Gate {
                cursor,
                gate,
                outcome,
                start,
                ..
            } => {
                self.outcome = outcome;
                self.log.truncate(self.start);
                self.start = start;
                self.depth.gates -= 1;
                self.forget();
                self.trace.leave(
                    || json!({"step": "gate", "name": gate.name, "error": failure.message()}),
                );
                match (cursor.place, failure) {
                    (Place::Mapping(at), Failure::TooDeep) => self.skip(at),
                    _ => Next::Failed(failure),
                }
            }
            Waiting::Delegate { delegate } | Waiting::MergedDelegate { delegate, .. } => {
                self.depth.delegations -= 1;
                self.trace
                    .leave(|| json!({"step": "delegate", "name": delegate.name, "error": failure.message()}));
                Next::Failed(failure)
            }
            Waiting::Mapped(_) => {
                self.depth.mappings -= 1;
                Next::Failed(failure)
            }
            waiting @ Waiting::Group { .. } => match failure {
                Failure::TooDeep => self.leave_call(waiting, false, Some(failure)),
                Failure::TooLong => Next::Failed(failure),
            },
        }
    }

    /// The group that a call of its own found out, for the condition that asked.
    fn leave_call(
        &mut self,
        waiting: Waiting<'r, 'h>,
        found: bool,
        failure: Option<Failure>,
    ) -> Next<'r> {
        let Waiting::Group {
            mut cursor,
            condition,
            name,
            outcome,
            start,
            depth,
        } = waiting
        else {
            return Next::Ended(found);
        };
        let mut inner = std::mem::replace(&mut self.outcome, outcome);
        if failure.is_some() {
            inner = Outcome::default();
        }
        let group = inner.group;
        self.called.push(Called {
            name,
            found,
            outcome: inner,
            exposures: self.log.piece(self.start, self.log.len()).to_vec(),
            failure,
        });
        self.log.truncate(self.start);
        self.forget();
        self.start = start;
        self.depth = depth;
        self.groups.insert(name, group);
        self.trace
            .leave(|| json!({"step": "experiment", "name": name, "group": group}));
        self.test(
            condition,
            &group.map_or(View::Missing, |group| View::Text(Cow::Borrowed(group))),
        );
        cursor.all &= self.outcome.value;
        Next::Conditions(cursor)
    }

    /// The next rule of a mapping that may answer, or what is behind them all (section 2.9).
    fn map(&mut self, mut at: MappingAt<'r>) -> Next<'r> {
        while let Some(mapping) = at.mappings.get(at.at) {
            let Some(rule) = mapping.rules.get(at.rule) else {
                at.at += 1;
                at.rule = 0;
                continue;
            };
            let has_started = rule.starts <= 0 || rule.starts <= self.clock.now_ms();
            match &rule.rule {
                Some(rule) if has_started => {
                    return Next::Conditions(Cursor::new(rule, Place::Mapping(at)));
                }
                _ => at.rule += 1,
            }
        }
        self.begin_unmapped(at.kind, at.spec, at.is_bandit)
    }

    /// Passes over a rule of a mapping that does not apply.
    fn skip(&mut self, at: MappingAt<'r>) -> Next<'r> {
        self.reset();
        self.map(MappingAt {
            rule: at.rule + 1,
            ..at
        })
    }

    fn decide_mapping(&mut self, rule: &'r Rule, at: MappingAt<'r>) -> Next<'r> {
        if self.outcome.unsupported || !self.outcome.value {
            return self.skip(at);
        }
        self.reset();
        let salt = at.spec.map_or("", |spec| &spec.salt);
        if !self.is_in(salt, rule) {
            return self.skip(at);
        }
        let new_name = &*at.mappings[at.at].new_name;
        self.trace
            .step(|| json!({"step": "mapped", "to": new_name}));
        self.outcome.mapped = Some(new_name);
        self.waiting.push(Waiting::Mapped(at));
        self.depth.mappings += 1;
        if self.depth.is_exceeded() {
            return Next::Failed(Failure::TooDeep);
        }
        let spec = self.rules.specs(at.kind).find(new_name);
        self.begin(at.kind, new_name, spec)
    }

    /// Forgets the whole outcome.
    fn reset(&mut self) {
        self.outcome = Outcome::default();
        self.log.truncate(self.start);
        self.forget();
    }

    /// Drops what is known of gates whose piece of the log is gone.
    pub fn forget(&mut self) {
        let length = self.log.len();
        self.known.retain(|_, known| known.log.1 <= length);
    }
}

impl<'r> Cursor<'r> {
    pub fn new(rule: &'r Rule, place: Place<'r>) -> Self {
        Cursor {
            rule,
            place,
            condition: 0,
            all: true,
        }
    }
}

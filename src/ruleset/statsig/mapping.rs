//! Configs that are answered by others (section 2.9).

use super::cursor::{Cursor, Next, Place};
use super::evaluate::{Evaluation, Failure};
use super::outcome::Outcome;
use super::rules::{Mapping, Rule, Spec};
use super::waiting::Waiting;
use crate::ruleset::Kind;
use crate::ruleset::trace::Trace;
use serde_json::json;

/// A rule of a mapping of a name.
#[derive(Clone, Copy)]
pub struct MappingAt<'r> {
    pub kind: Kind,
    /// What answers where no mapping does.
    pub spec: Option<&'r Spec>,
    pub is_bandit: bool,
    pub mappings: &'r [Mapping],
    pub at: usize,
    pub rule: usize,
}

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    /// The next rule that may answer, or what is behind them all.
    pub fn map(&mut self, mut at: MappingAt<'r>) -> Next<'r> {
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

    /// Passes over a rule that does not apply.
    pub fn skip(&mut self, at: MappingAt<'r>) -> Next<'r> {
        self.reset();
        self.map(MappingAt {
            rule: at.rule + 1,
            ..at
        })
    }

    /// A rule whose conditions have been gone through.
    pub fn decide_mapping(&mut self, rule: &'r Rule, at: MappingAt<'r>) -> Next<'r> {
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
        match self.class {
            // Where an assignment is enforced the other config is asked as the experiment itself is.
            Some(class) => self.begin_class(spec, class),
            None => self.begin(at.kind, new_name, spec),
        }
    }

    /// The other config has been evaluated; one that is not there leaves it to the next mapping.
    pub fn leave_mapping(&mut self, at: MappingAt<'r>, found: bool) -> Next<'r> {
        self.depth.mappings -= 1;
        if found {
            return Next::Ended(true);
        }
        self.reset();
        self.map(MappingAt {
            at: at.at + 1,
            rule: 0,
            ..at
        })
    }

    pub fn fail_mapping(&mut self, failure: Failure) -> Next<'r> {
        self.depth.mappings -= 1;
        Next::Failed(failure)
    }

    /// Forgets the whole outcome.
    fn reset(&mut self) {
        self.outcome = Outcome::default();
        self.cut(self.start);
    }
}

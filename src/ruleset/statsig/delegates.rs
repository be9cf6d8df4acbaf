//! Rules that answer by another config (section 2.8.1, step 7d).

use super::cursor::Next;
use super::evaluate::{Evaluation, Failure};
use super::outcome::{Json, Undelegated};
use super::rules::{Rule, Spec, Target};
use super::waiting::Waiting;
use crate::ruleset::Kind;
use crate::ruleset::trace::Trace;
use serde_json::json;

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    /// What a rule delegates to.
    pub fn delegate_of(&self, rule: &'r Rule) -> Option<(&'r Spec, &'r Target)> {
        let target = rule.delegate.as_ref()?;
        Some((self.rules.configs.at(target)?, target))
    }

    /// Goes on in another config, into the same outcome.
    pub fn delegate(
        &mut self,
        waiting: Waiting<'r, 'h>,
        (delegate, target): (&'r Spec, &'r Target),
    ) -> Next<'r> {
        self.outcome.undelegated = Undelegated::UpTo(self.log.len());
        self.outcome.value = false;
        self.outcome.json = Json::Absent;
        self.waiting.push(waiting);
        self.depth.delegations += 1;
        self.enter();
        if self.depth.is_exceeded() {
            return Next::Failed(Failure::TooDeep);
        }
        self.begin(Kind::Experiment, &target.name, Some(delegate))
    }

    pub fn leave_delegate(&mut self, delegate: &'r Spec) {
        self.depth.delegations -= 1;
        self.outcome.explicit = delegate.explicit.as_deref();
        self.outcome.delegate = Some(&delegate.name);
        self.leave(|| json!({"step": "delegate", "name": delegate.name}));
    }

    pub fn fail_delegate(&mut self, delegate: &'r Spec, failure: Failure) -> Next<'r> {
        self.depth.delegations -= 1;
        self.leave(
            || json!({"step": "delegate", "name": delegate.name, "error": failure.message()}),
        );
        Next::Failed(failure)
    }
}

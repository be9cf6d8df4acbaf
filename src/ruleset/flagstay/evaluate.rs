//! The decision, from top to bottom, in the order of `docs/dialects/flagstay.md`.

use super::conditions::{Condition, Subject};
use super::flag::{Compiled, Flag, Served, State, What, Works};
use super::split::{Split, Surroundings};
use super::stored::{self, Asked, Question, Reads};
use super::wire;
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::trace::{Silent, Trace};
use crate::ruleset::{Mode, Request, Turn};
use crate::sticky::Assignments;
use crate::user::User;
use crate::value::Value;
use serde_json::json;
use std::borrow::Cow;

/// What was decided, by number.
#[derive(Clone, Copy)]
struct Outcome<'r> {
    variation: u32,
    reason: Reason,
    rule: Option<&'r str>,
    /// The split that it came out of.
    split: Option<&'r Split>,
    message: Option<&'static str>,
}

/// What became of a rule or the default.
enum Tried<'r> {
    Answers(Outcome<'r>),
    /// The condition is false.
    Passed,
    /// The split does not take the user.
    NotTaken(&'static str),
}

struct Evaluation<'e, 'r: 'e, 'c, T> {
    ruleset: &'r Compiled,
    user: &'e User,
    assignments: &'e mut Assignments<'c>,
    trace: &'e mut T,
}

/// Why a flag cannot be decided.
struct Failed<'r> {
    error: ErrorCode,
    message: &'r str,
}

/// Decides a flag. Watching makes no difference to what is decided.
#[inline]
pub fn evaluate<'r, T: Trace>(
    ruleset: &'r Compiled,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Decision<'r> {
    match decide(ruleset, request, turn, trace) {
        Ok((works, outcome)) => decision(works, outcome),
        Err(failed) => Decision::failed(failed.error, failed.message),
    }
}

/// Decides a flag for a caller who wants to know whether it is on, and nothing else.
#[inline]
pub fn switch(
    ruleset: &Compiled,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
) -> Result<Option<bool>, ErrorCode> {
    match decide(ruleset, request, turn, &mut Silent) {
        Ok((works, outcome)) => {
            let variation = &works.variations[outcome.variation as usize];
            Ok(variation.value.value.as_bool())
        }
        Err(failed) => Err(failed.error),
    }
}

#[inline(always)]
fn decide<'r, T: Trace>(
    ruleset: &'r Compiled,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Result<(&'r Works, Outcome<'r>), Failed<'r>> {
    let failed = |error, message| Failed { error, message };
    let Some(flag) = ruleset.flags.get(request.flag) else {
        let message = "the ruleset has no such flag";
        return Err(failed(ErrorCode::FlagNotFound, message));
    };
    let works = match &flag.state {
        State::Works(works) => works,
        State::Broken(message) => return Err(failed(ErrorCode::General, message)),
    };
    if request.user.is_absent() {
        let message = "there is no user to decide for";
        return Err(failed(ErrorCode::TargetingKeyMissing, message));
    }
    let mut evaluation = Evaluation {
        ruleset,
        user: request.user,
        assignments: &mut turn.assignments,
        trace,
    };
    let outcome = evaluation.flag(flag, works, request.mode == Mode::Expose);
    if let (Some(split), Mode::Expose, Some(outbox)) =
        (outcome.split, request.mode, &mut turn.outbox)
    {
        outbox.push(wire::exposure(wire::Exposure {
            flag: &flag.key,
            variation: &works.variations[outcome.variation as usize].name,
            rule: outcome.rule,
            reason: outcome.reason,
            user: request.user,
            unit: split.unit(request.user),
            now_ms: turn.clock.now_ms(),
        }));
    }
    Ok((works, outcome))
}

/// The exposure of a decision that this ruleset made earlier.
pub fn exposure(
    ruleset: &Compiled,
    request: &Request<'_>,
    decision: &Decision<'_>,
    now_ms: i64,
) -> Option<Value> {
    let flag = ruleset.flags.get(request.flag)?;
    let works = flag.works()?;
    let rule = decision.rule_id.as_deref();
    let served = match decision.reason {
        Reason::RuleMatch | Reason::Sticky => works.served(rule?)?,
        // With a message, the default's split did not take the user.
        Reason::Fallthrough if decision.message.is_none() => &works.default,
        _ => return None,
    };
    let split = served.split()?;
    Some(wire::exposure(wire::Exposure {
        flag: &flag.key,
        variation: decision.variation.as_deref()?,
        rule,
        reason: decision.reason,
        user: request.user,
        unit: split.unit(request.user),
        now_ms,
    }))
}

#[inline]
fn decision<'r>(works: &'r Works, outcome: Outcome<'r>) -> Decision<'r> {
    let variation = &works.variations[outcome.variation as usize];
    let enabled = match &variation.value.value {
        Value::Bool(on) => *on,
        _ => outcome.variation != works.off,
    };
    Decision {
        found: true,
        kind: None,
        enabled,
        value: Answer::Prepared(&variation.value),
        variation: Some(Cow::Borrowed(&variation.name)),
        variation_id: Some(Cow::Borrowed(&variation.name)),
        rule_id: outcome.rule.map(Cow::Borrowed),
        reason: outcome.reason,
        sticky: outcome.reason == Reason::Sticky,
        error: None,
        message: outcome.message.map(Cow::Borrowed),
        store_error: None,
        details: None,
    }
}

impl<'e, 'r: 'e, T: Trace> Evaluation<'e, 'r, '_, T> {
    fn flag(&mut self, flag: &'r Flag, works: &'r Works, writes: bool) -> Outcome<'r> {
        let off = |reason, message| Outcome {
            variation: works.off,
            reason,
            rule: None,
            split: None,
            message,
        };
        if !works.on {
            self.trace
                .step(|| json!({"step": "off", "variation": works.name(works.off)}));
            return off(Reason::Off, None);
        }
        if !works.prerequisites.is_empty() && !self.prerequisites(works) {
            return off(Reason::PrerequisiteFailed, None);
        }
        if let Some(serve) = self.target(works) {
            return Outcome {
                variation: serve,
                ..off(Reason::TargetMatch, None)
            };
        }
        let mut reads = Reads::default();
        for rule in &works.rules {
            let condition = Some(&rule.condition);
            self.trace.enter();
            let tried = self.served(flag, works, &rule.served, condition, &mut reads, writes);
            self.trace.leave(|| {
                let matched = matches!(tried, Tried::Answers(_));
                json!({"step": "rule", "rule": rule.served.id, "matched": matched})
            });
            if let Tried::Answers(outcome) = tried {
                return outcome;
            }
        }
        self.trace.enter();
        let tried = self.served(flag, works, &works.default, None, &mut reads, writes);
        self.trace
            .leave(|| json!({"step": "default", "rule": works.default.id}));
        match tried {
            Tried::Answers(outcome) => outcome,
            Tried::NotTaken(why) => off(Reason::Fallthrough, Some(why)),
            Tried::Passed => off(Reason::Fallthrough, None),
        }
    }

    /// Whether every other flag that this one depends on has a variation that will do.
    fn prerequisites(&mut self, works: &'r Works) -> bool {
        works.prerequisites.iter().all(|prerequisite| {
            let other = self.ruleset.flags.at(prerequisite.flag);
            // A flag that depends on a broken one is broken itself, so nobody asks for one.
            let Some(needed) = other.works() else {
                return false;
            };
            self.trace.enter();
            let variation = self.flag(other, needed, false).variation;
            let passed = prerequisite.variations.contains(&variation);
            self.trace.leave(|| {
                let will_do = prerequisite.variations.iter();
                let will_do: Vec<_> = will_do.map(|number| needed.name(*number)).collect();
                json!({"step": "prerequisite", "flag": other.key, "variations": will_do,
                       "variation": needed.name(variation), "passed": passed})
            });
            passed
        })
    }

    #[inline]
    fn target(&mut self, works: &'r Works) -> Option<u32> {
        for target in &works.targets {
            let id = target.by.id(self.user);
            let matched = id.is_some_and(|id| target.values.contains(&id));
            self.trace.step(|| {
                json!({"step": "target", "by": target.by.name(),
                       "serve": works.name(target.serve), "matched": matched})
            });
            if matched {
                return Some(target.serve);
            }
        }
        None
    }

    /// Tries a rule, or the default, which has no condition.
    #[inline(always)]
    fn served(
        &mut self,
        flag: &'r Flag,
        works: &'r Works,
        served: &'r Served,
        condition: Option<&Condition>,
        reads: &mut Reads<'e>,
        writes: bool,
    ) -> Tried<'r> {
        let (reason, rule) = match condition {
            Some(_) => (Reason::RuleMatch, served.id.as_deref()),
            None => (Reason::Fallthrough, served.id.as_deref()),
        };
        let split = match &served.what {
            What::Split(split) => split,
            What::Variation(variation) => {
                if !self.holds(condition) {
                    return Tried::Passed;
                }
                return Tried::Answers(Outcome {
                    variation: *variation,
                    reason,
                    rule,
                    split: None,
                    message: None,
                });
            }
        };
        let answers = |variation, reason| {
            Tried::Answers(Outcome {
                variation,
                reason,
                rule,
                split: Some(split),
                message: None,
            })
        };
        let question = match (&split.sticky, rule) {
            (Some(sticky), Some(id)) if self.assignments.has_store() => Some(Question {
                flag: &flag.key,
                works,
                id,
                split,
                sticky,
                user: self.user,
                writes,
            }),
            _ => None,
        };
        let mut free = None;
        if let Some(question) = question {
            match stored::ask(question, reads, self.assignments, self.trace) {
                Asked::Stands(variation) => return answers(variation, Reason::Sticky),
                Asked::Free(place) => free = Some((question, place)),
                Asked::Untouchable | Asked::Nowhere => {}
            }
        }
        if !self.holds(condition) {
            return Tried::Passed;
        }
        let around = self.around(works);
        let drawn = match split.draw(around, self.trace) {
            Ok(drawn) => drawn,
            Err(why) => return Tried::NotTaken(why),
        };
        if let Some((question, place)) = free {
            let version = question.sticky.version.into();
            let first = stored::claim(question, drawn, version, place, reads, self.assignments);
            if let Some(first) = first {
                return answers(first, Reason::Sticky);
            }
        }
        answers(drawn, reason)
    }

    #[inline]
    fn holds(&mut self, condition: Option<&Condition>) -> bool {
        let subject = Subject {
            user: self.user,
            segments: &self.ruleset.segments,
        };
        condition.is_none_or(|condition| condition.holds(&subject, self.trace))
    }

    #[inline]
    fn around(&self, works: &'r Works) -> Surroundings<'e> {
        Surroundings {
            user: self.user,
            groups: &self.ruleset.groups,
            holdouts: &self.ruleset.holdouts,
            covering: &works.holdouts,
            variations: &works.variations,
        }
    }
}

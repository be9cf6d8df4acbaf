//! The decision, from top to bottom, in the order of `docs/dialects/flagstay.md`.

use super::conditions::{Condition, Subject};
use super::flag::{Compiled, Flag, Served, State, What, Works};
use super::split::{NotTaken, Split, Surroundings};
use super::stored::{self, Asked, Question, Reads};
use super::wire;
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::plain::Plain;
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
    /// The rule or default that it came out of.
    served: Option<&'r Served>,
    /// Why the user is not in the default's split.
    not_taken: Option<NotTaken>,
}

impl<'r> Outcome<'r> {
    fn rule(&self) -> Option<&'r str> {
        self.served?.id.as_deref()
    }
}

/// What became of a rule or the default.
#[derive(Clone, Copy)]
enum Tried {
    Answers(u32, Reason),
    /// The condition is false.
    Passed,
    /// The split does not take the user.
    NotTaken(NotTaken),
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

/// A flag that can be decided.
type Found<'r> = (&'r Flag, &'r Works);

/// Decides a flag. Watching makes no difference to what is decided.
#[inline]
pub fn evaluate<'r, T: Trace>(
    ruleset: &'r Compiled,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Decision<'r> {
    let found = find(ruleset, request);
    match found.and_then(|found| Ok((found.1, decide(ruleset, found, request, turn, trace)?))) {
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
    let found = find(ruleset, request).map_err(|failed| failed.error)?;
    let (_, works) = found;
    // Where nothing is exposed, nobody needs to know how a plain switch was decided.
    if turn.outbox.is_none()
        && let Some(on) = Plain::decide(works.plain.words(), request.user)
    {
        return Ok(Some(on));
    }
    match decide(ruleset, found, request, turn, &mut Silent) {
        Ok(outcome) => {
            let variation = &works.variations[outcome.variation as usize];
            Ok(variation.value.value.as_bool())
        }
        Err(failed) => Err(failed.error),
    }
}

#[inline(always)]
fn find<'r>(ruleset: &'r Compiled, request: &Request<'_>) -> Result<Found<'r>, Failed<'r>> {
    let Some(flag) = ruleset.flags.get(request.flag) else {
        return Err(Failed {
            error: ErrorCode::FlagNotFound,
            message: "the ruleset has no such flag",
        });
    };
    match &flag.state {
        State::Works(works) => Ok((flag, works)),
        State::Broken(message) => Err(Failed {
            error: ErrorCode::General,
            message,
        }),
    }
}

#[inline(always)]
fn decide<'r, T: Trace>(
    ruleset: &'r Compiled,
    (flag, works): Found<'r>,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Result<Outcome<'r>, Failed<'r>> {
    if request.user.is_absent() {
        return Err(Failed {
            error: ErrorCode::TargetingKeyMissing,
            message: "there is no user to decide for",
        });
    }
    let mut evaluation = Evaluation {
        ruleset,
        user: request.user,
        assignments: &mut turn.assignments,
        trace,
    };
    let outcome = evaluation.flag(flag, works, request.mode == Mode::Expose);
    if let (Mode::Expose, Some(outbox)) = (request.mode, &mut turn.outbox)
        && let Some(split) = outcome.served.and_then(Served::split)
    {
        outbox.push(wire::exposure(wire::Exposure {
            flag: &flag.key,
            variation: &works.variations[outcome.variation as usize].name,
            rule: outcome.rule(),
            reason: outcome.reason,
            user: request.user,
            unit: split.unit(request.user),
            now_ms: turn.clock.now_ms(),
        }));
    }
    Ok(outcome)
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
        rule_id: outcome.rule().map(Cow::Borrowed),
        reason: outcome.reason,
        sticky: outcome.reason == Reason::Sticky,
        error: None,
        message: outcome.not_taken.map(|why| Cow::Borrowed(why.as_str())),
        store_error: None,
        details: None,
    }
}

impl<'e, 'r: 'e, T: Trace> Evaluation<'e, 'r, '_, T> {
    #[inline(always)]
    fn flag(&mut self, flag: &'r Flag, works: &'r Works, writes: bool) -> Outcome<'r> {
        let off = |reason, not_taken| Outcome {
            variation: works.off,
            reason,
            served: None,
            not_taken,
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
        let answered = |variation, reason, served| Outcome {
            variation,
            reason,
            served: Some(served),
            not_taken: None,
        };
        let mut reads = Reads::default();
        for rule in &works.rules {
            let condition = Some(&rule.condition);
            self.trace.enter();
            let tried = self.served(flag, works, &rule.served, condition, &mut reads, writes);
            self.trace.leave(|| {
                let matched = matches!(tried, Tried::Answers(..));
                json!({"step": "rule", "rule": rule.served.id, "matched": matched})
            });
            if let Tried::Answers(variation, reason) = tried {
                return answered(variation, reason, &rule.served);
            }
        }
        self.trace.enter();
        let tried = self.served(flag, works, &works.default, None, &mut reads, writes);
        self.trace
            .leave(|| json!({"step": "default", "rule": works.default.id}));
        match tried {
            Tried::Answers(variation, reason) => answered(variation, reason, &works.default),
            Tried::NotTaken(why) => off(Reason::Fallthrough, Some(why)),
            Tried::Passed => off(Reason::Fallthrough, None),
        }
    }

    /// Whether every other flag that this one depends on has a variation that will do.
    #[inline(never)]
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

    #[inline(always)]
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
    ) -> Tried {
        let split = match &served.what {
            What::Split(split) => split,
            What::Variation(_) if !self.holds(condition) => return Tried::Passed,
            What::Variation(variation) => return Tried::Answers(*variation, by_rule(condition)),
        };
        if let (Some(sticky), Some(id)) = (&split.sticky, &served.id)
            && self.assignments.has_store()
        {
            let question = Question {
                flag: &flag.key,
                works,
                id,
                split,
                sticky,
                user: self.user,
                writes,
            };
            return self.stays(question, condition, reads);
        }
        self.draws(split, works, condition)
    }

    /// Tries a split whose variations stay with those who got them.
    #[inline(never)]
    fn stays(
        &mut self,
        question: Question<'e, 'e>,
        condition: Option<&Condition>,
        reads: &mut Reads<'e>,
    ) -> Tried {
        let free = match stored::ask(question, reads, self.assignments, self.trace) {
            Asked::Stands(variation) => return Tried::Answers(variation, Reason::Sticky),
            Asked::Free(place) => Some(place),
            Asked::Untouchable | Asked::Nowhere => None,
        };
        let tried = self.draws(question.split, question.works, condition);
        let (Some(place), Tried::Answers(drawn, _)) = (free, tried) else {
            return tried;
        };
        let version = question.sticky.version.into();
        match stored::claim(question, drawn, version, place, reads, self.assignments) {
            Some(first) => Tried::Answers(first, Reason::Sticky),
            None => tried,
        }
    }

    /// Draws for those whom the condition is true of.
    #[inline(always)]
    fn draws(&mut self, split: &Split, works: &Works, condition: Option<&Condition>) -> Tried {
        if !self.holds(condition) {
            return Tried::Passed;
        }
        let around = Surroundings {
            user: self.user,
            ruleset: self.ruleset,
            works,
        };
        match split.draw(around, self.trace) {
            Ok(drawn) => Tried::Answers(drawn, by_rule(condition)),
            Err(why) => Tried::NotTaken(why),
        }
    }

    #[inline(always)]
    fn holds(&mut self, condition: Option<&Condition>) -> bool {
        let subject = Subject {
            user: self.user,
            ruleset: self.ruleset,
        };
        condition.is_none_or(|condition| condition.holds(subject, self.trace))
    }
}

/// The reason of what is not stored: rules have a condition, the default has none.
#[inline(always)]
fn by_rule(condition: Option<&Condition>) -> Reason {
    match condition {
        Some(_) => Reason::RuleMatch,
        None => Reason::Fallthrough,
    }
}

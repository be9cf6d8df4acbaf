//! One flag call, top down, in the order of section 2.5.

use super::conditions::Broken;
use super::model::{Flag, Rule, Rules, Variation};
use super::visitor::Visitor;
use super::wire::{Entry, Events, Passed, Read, Record};
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::trace::Trace;
use crate::ruleset::{Mode, Request, Turn};
use crate::value::{Prepared, Value};
use serde_json::json;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// The variables of a flag that is off.
pub static NO_VARIABLES: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::new(Value::Object(Default::default())));

/// Everything that one call knows and changes.
pub struct Call<'c, 'r, 't, T> {
    pub rules: &'r Rules,
    pub visitor: Visitor<'c>,
    pub turn: &'c mut Turn<'t>,
    pub trace: &'c mut T,
    /// What was put among the custom variables as `_vwoUserId`.
    pub user_id: Option<Cow<'c, str>>,
    /// The same among the targeting variables.
    pub targeted_id: Option<Cow<'c, str>>,
    /// Flags whose rollout is known to have passed.
    pub known: Vec<usize>,
    /// Groups within groups that are being evaluated, and how many were in all.
    pub depth: usize,
    pub groups: usize,
    /// `None` where nobody collects them.
    pub events: Option<Sent<'c>>,
    pub writes: bool,
    /// What would have been written by a call that only looks, so that it sees what it would have seen.
    pub unwritten: Vec<(String, Record)>,
    /// Somebody else was first to write the flag's record, and this is what they wrote.
    pub lost: Option<Arc<Value>>,
}

/// The events of one call.
pub struct Sent<'c> {
    pub make: Events<'c>,
    pub bodies: Vec<Value>,
    /// Whether a variation or the impact campaign was among them.
    pub shown: bool,
}

/// A variation and the rule it comes from.
pub type Chosen<'r> = (&'r Variation, Option<&'r str>);

/// Decides, and once more if somebody else was first to store a decision.
pub fn evaluate<'r, T: Trace>(
    rules: &'r Rules,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Decision<'r> {
    let found = rules.flag_by_key.get(request.flag).copied();
    let Some(id) = request.user.key() else {
        let decision = match request.user.is_absent() || request.user.raw_key().is_null() {
            true => Decision::failed(ErrorCode::TargetingKeyMissing, "the user has no key"),
            false => Decision::failed(ErrorCode::InvalidContext, "the user's key is no text"),
        };
        return off(decision, found, request);
    };
    let visitor = Visitor::new(request.user, id);
    if rules.knows_web_ids && visitor.demands_web_id() && !super::visitor::is_web_id(id) {
        let why = "the user's key is no web visitor's id, as `useIdForWeb` demands";
        return off(
            Decision::failed(ErrorCode::InvalidContext, why),
            found,
            request,
        );
    }
    let mut standing = None;
    loop {
        let sent = turn.outbox.is_some().then(|| Sent {
            make: Events::new(rules, visitor, turn.clock.now_ms()),
            bodies: Vec::new(),
            shown: false,
        });
        let mut call = Call {
            rules,
            visitor,
            trace: &mut *trace,
            user_id: None,
            targeted_id: None,
            known: Vec::new(),
            depth: 0,
            groups: 0,
            events: sent,
            writes: request.mode == Mode::Expose && turn.assignments.writes(),
            turn: &mut *turn,
            unwritten: Vec::new(),
            lost: None,
        };
        let again = standing.is_some();
        let decided = call.flag(request.flag, found, standing.take());
        if let (Some(first), false) = (call.lost.take(), again) {
            call.trace
                .step(|| json!({"step": "somebody else was first", "record": *first}));
            standing = Some(first);
            continue;
        }
        return match decided {
            Ok(decision) => {
                call.send();
                match decision.error {
                    Some(_) => off(decision, found, request),
                    None => decision,
                }
            }
            Err(broken) => off(Decision::failed(ErrorCode::General, broken), found, request),
        };
    }
}

/// Finishes a decision that could not be made: no variables, or the caller's default where there is one.
fn off<'r>(
    mut decision: Decision<'r>,
    found: Option<usize>,
    request: &Request<'_>,
) -> Decision<'r> {
    decision.found = found.is_some();
    if request.wants_no_default() {
        decision.value = Answer::Prepared(&NO_VARIABLES);
    }
    decision
}

impl<'c, 'r, T: Trace> Call<'c, 'r, '_, T> {
    fn flag(
        &mut self,
        key: &str,
        found: Option<usize>,
        standing: Option<Arc<Value>>,
    ) -> Result<Decision<'r>, Broken<'r>> {
        let rules = self.rules;
        // Steps 1 and 2.
        let flag = found.map(|index| &rules.flags[index]);
        let (stored, is_free) = match standing {
            Some(record) => (Read::new(record), false),
            None => self.read(key),
        };
        let record = self.usable(stored)?;
        self.trace
            .step(|| json!({"step": "stored record", "record": record.as_ref().map(|r| &*r.0)}));
        let mut not_in: Vec<Value> = Vec::new();
        let mut rollout = None;
        let mut chosen: Option<Chosen<'r>> = None;
        let mut is_sticky = false;
        if let Some(record) = &record {
            // Step 3.
            if let Some(decision) = self.stored_holdout(key, flag, record)? {
                return Ok(decision);
            }
            if record.truthy("experimentVariationId").is_some() {
                // Step 4.
                if let Some(chosen) = self.stored(record, "experimentKey", "experimentVariationId")
                {
                    let flag = flag.ok_or_else(|| missing(key))?;
                    self.late_holdouts(flag, record);
                    self.trace
                        .step(|| json!({"step": "stored experiment", "variation": chosen.0.name}));
                    return Ok(decide(chosen, Reason::Sticky, true));
                }
            } else if record.truthy("rolloutKey").is_some()
                && record.truthy("rolloutId").is_some()
                && let Some(stored) = self.stored(record, "rolloutKey", "rolloutVariationId")
            {
                // Step 5.
                let flag = flag.ok_or_else(|| missing(key))?;
                not_in = self.late_holdouts(flag, record);
                self.trace
                    .step(|| json!({"step": "stored rollout", "variation": stored.0.name}));
                rollout = Some(record.passed("rolloutId", "rolloutKey", "rolloutVariationId"));
                chosen = Some(stored);
                self.known.extend(found);
                is_sticky = true;
            }
        }
        // Step 6.
        let (Some(flag), Some(index)) = (flag, found) else {
            return Ok(Decision::failed(
                ErrorCode::FlagNotFound,
                "the document has no such flag",
            ));
        };
        if chosen.is_none() {
            // Step 8.
            let (matched, unmatched) = self.holdouts(flag, record.as_ref(), true)?;
            if !matched.is_empty() {
                let entry = Entry {
                    held_out: Some(matched),
                    not_held_out: Some(unmatched),
                    ..Entry::default()
                };
                self.write_flag(key, is_free, &entry);
                self.skip_usage();
                return Ok(nothing(Reason::Off, false));
            }
            not_in.extend(unmatched);
            // Step 9.
            if let Some((variation, passed)) = self.rollout(flag, index)? {
                rollout = Some(passed.1);
                chosen = Some((variation, Some(passed.0)));
                self.show(passed.1.id, variation);
            }
        }
        let mut reason = match is_sticky {
            true => Reason::Sticky,
            false => Reason::RuleMatch,
        };
        // Steps 10 and 11.
        let mut experiment = None;
        if (chosen.is_some() || flag.rollouts.is_empty())
            && let Some((rule, variation, is_forced)) = self.experiment(flag)?
        {
            experiment = Some(passed(rule, variation));
            chosen = Some((variation, Some(&rule.rule_key)));
            is_sticky = false;
            reason = match is_forced {
                true => Reason::TargetMatch,
                false => Reason::RuleMatch,
            };
            self.show(&rule.id.json, variation);
        }
        // Step 12.
        let entry = Entry {
            rollout,
            experiment,
            not_held_out: Some(not_in),
            ..Entry::default()
        };
        self.write_flag(key, is_free, &entry);
        // Step 13.
        if let (Some(impact), Some(events)) = (&flag.impact, &mut self.events) {
            let variation = if chosen.is_some() { "2" } else { "1" };
            events.bodies.push(events.make.shown(impact, variation));
            events.shown = true;
        }
        // Step 14.
        Ok(match chosen {
            Some(chosen) => decide(chosen, reason, is_sticky),
            None => nothing(Reason::Off, false),
        })
    }

    /// Step 3: a user who was put into a holdout stays there.
    fn stored_holdout(
        &mut self,
        key: &str,
        flag: Option<&'r Flag>,
        record: &Record,
    ) -> Result<Option<Decision<'r>>, Broken<'r>> {
        let (held, not_held) = (record.held_out(), record.ids("notInHoldoutId"));
        if held.is_empty() && not_held.is_empty() {
            return Ok(None);
        }
        let flag = flag.ok_or_else(|| missing(key))?;
        let rules = self.rules;
        let is_held = |at: &usize| held.iter().any(|id| rules.holdouts[*at].id.is(id));
        if !flag.holdouts.iter().any(is_held) {
            return Ok(None);
        }
        let (matched, unmatched) = self.holdouts(flag, Some(record), true)?;
        let entry = Entry {
            held_out: Some(held.iter().cloned().chain(matched).collect()),
            not_held_out: Some(not_held.iter().cloned().chain(unmatched).collect()),
            ..Entry::default()
        };
        self.trace
            .step(|| json!({"step": "stored holdout", "ids": held}));
        self.write_flag(key, false, &entry);
        Ok(Some(nothing(Reason::Sticky, true)))
    }

    /// Step 9: the first rollout that passes decides, whether or not the user is in its traffic.
    #[expect(
        clippy::type_complexity,
        reason = "a variation and what is stored of it"
    )]
    fn rollout(
        &mut self,
        flag: &'r Flag,
        index: usize,
    ) -> Result<Option<(&'r Variation, (&'r str, Passed<'r>))>, Broken<'r>> {
        for at in &flag.rollouts {
            let rule = &flag.rules[*at];
            if self.passes(rule, flag, &mut Vec::new())?.is_none() {
                continue;
            }
            if !self.rules.groups.is_empty() {
                self.known.push(index);
            }
            let Some(variation) = self.variation(rule)? else {
                return Ok(None);
            };
            return Ok(Some((variation, (&rule.rule_key, passed(rule, variation)))));
        }
        Ok(None)
    }

    /// Step 11: the first experiment that passes decides, whether or not it has a variation for the user.
    fn experiment(
        &mut self,
        flag: &'r Flag,
    ) -> Result<Option<(&'r Rule, &'r Variation, bool)>, Broken<'r>> {
        let mut winners = Vec::new();
        for at in &flag.experiments {
            let rule = &flag.rules[*at];
            match self.passes(rule, flag, &mut winners)? {
                None => {}
                Some(Some(forced)) => return Ok(Some((rule, forced, true))),
                Some(None) => {
                    let variation = self.variation(rule)?;
                    return Ok(variation.map(|variation| (rule, variation, false)));
                }
            }
        }
        Ok(None)
    }

    /// Notes that a variation was shown.
    fn show(&mut self, campaign: &Value, variation: &Variation) {
        if let Some(events) = &mut self.events {
            events
                .bodies
                .push(events.make.shown(campaign, &variation.id.text));
            events.shown = true;
        }
    }

    /// A fresh holdout is no usage.
    fn skip_usage(&mut self) {
        if let Some(events) = &mut self.events {
            events.shown = true;
        }
    }

    /// Hands the events over, with a usage event where nothing was shown (section 6.6).
    fn send(&mut self) {
        let (Some(mut events), Some(outbox)) = (self.events.take(), &mut self.turn.outbox) else {
            return;
        };
        if self.rules.counts_usage && !events.shown {
            events.bodies.push(events.make.usage());
        }
        outbox.append(&mut events.bodies);
    }
}

/// What is stored of a rule's variation.
pub fn passed<'r>(rule: &'r Rule, variation: &'r Variation) -> Passed<'r> {
    Passed {
        id: &rule.id.json,
        key: &rule.stored_key,
        variation: &variation.id.json,
    }
}

fn missing(key: &str) -> Broken<'static> {
    Cow::Owned(format!(
        "there is a stored decision for `{key}`, but the document has no such flag"
    ))
}

fn decide<'r>((variation, rule): Chosen<'r>, reason: Reason, sticky: bool) -> Decision<'r> {
    Decision {
        enabled: true,
        value: Answer::Prepared(&variation.values),
        variation: Some(Cow::Borrowed(&variation.name)),
        variation_id: Some(Cow::Borrowed(&variation.id.text)),
        rule_id: rule.map(Cow::Borrowed),
        sticky,
        ..Decision::because(reason)
    }
}

fn nothing(reason: Reason, sticky: bool) -> Decision<'static> {
    Decision {
        value: Answer::Prepared(&NO_VARIABLES),
        sticky,
        ..Decision::because(reason)
    }
}

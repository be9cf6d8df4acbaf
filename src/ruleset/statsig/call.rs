//! One call, from the request to the decision.

use super::evaluate::{Evaluation, Failure};
use super::events::Events;
use super::facts::Facts;
use super::nested::Called;
use super::outcome::{Json, Log, Outcome, Undelegated};
use super::record::{Stored, exposures_to_json};
use super::rules::{FALSE, NOTHING, Rules, TRUE};
use super::subject::Subject;
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::trace::Trace;
use crate::ruleset::{Kind, Request, Turn};
use crate::sticky::StoreError;
use crate::value::Value;
use serde_json::json;
use std::borrow::Cow;

/// What one call knows, and what it may touch.
pub struct Call<'c, 'r, 't, T> {
    pub rules: &'r Rules,
    pub request: &'c Request<'c>,
    pub subject: Subject<'c>,
    pub turn: &'c mut Turn<'t>,
    pub trace: &'c mut T,
    /// Whether the store is written to and removed from.
    pub writes: bool,
    pub store_error: Option<Box<StoreError>>,
}

/// Decides. With `writes` off the store is left as it is.
pub fn decide<'r, T: Trace>(
    rules: &'r Rules,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    writes: bool,
    trace: &mut T,
) -> Decision<'r> {
    let kind = match request.kind {
        Some(kind) => Some(kind),
        None => rules
            .kind_of(request.flag)
            .or_else(|| overridden_kind(rules, request, turn)),
    };
    let mut decision = match kind {
        _ if request.user.is_absent() => {
            Decision::failed(ErrorCode::TargetingKeyMissing, "there is no user")
        }
        None => not_found(),
        Some(kind) => {
            let mut call = Call {
                rules,
                request,
                subject: rules.subject(request.user),
                turn,
                trace,
                writes,
                store_error: None,
            };
            let mut decision = call.decide(kind);
            decision.store_error = call.store_error;
            decision
        }
    };
    decision.kind = kind;
    if decision.error.is_some() {
        decision.rule_id = Some(Cow::Borrowed(""));
        if let (true, Some(kind)) = (request.wants_no_default(), kind) {
            decision.value = Answer::Prepared(value_of_nothing(kind));
        }
    }
    decision
}

/// What a name that is not there, or cannot be evaluated, answers (section 2.14).
pub fn value_of_nothing(kind: Kind) -> &'static crate::value::Prepared {
    match kind {
        Kind::Gate => &FALSE,
        Kind::Config | Kind::Experiment | Kind::Layer => &NOTHING,
    }
}

fn not_found() -> Decision<'static> {
    Decision::failed(ErrorCode::FlagNotFound, "the document has no such name")
}

/// The kind of a name that only the host's overrides know.
fn overridden_kind(rules: &Rules, request: &Request<'_>, turn: &Turn<'_>) -> Option<Kind> {
    let overrides = &turn.host.overrides;
    if !overrides.have(request.flag) {
        return None;
    }
    let subject = rules.subject(request.user);
    let ids: Vec<_> = subject.ids().collect();
    let is_set = |kind: &Kind| {
        let found = overrides.find(*kind, request.flag, ids.iter().map(|id| &**id));
        found.is_some()
    };
    [Kind::Gate, Kind::Config, Kind::Experiment, Kind::Layer]
        .into_iter()
        .find(is_set)
}

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    fn decide(&mut self, kind: Kind) -> Decision<'r> {
        let (request, rules) = (self.request, self.rules);
        let tells = self.turn.outbox.is_some() || request.details;
        let may_store = request.held.is_some()
            && self.turn.assignments.has_store()
            && matches!(kind, Kind::Experiment | Kind::Layer);
        let mut evaluation = Evaluation::new(
            rules,
            self.subject,
            self.turn.host,
            self.turn.clock,
            &mut *self.trace,
        );
        evaluation.log = Log::new(tells || may_store);
        let ended = evaluation.run(kind, request.flag);
        let Evaluation {
            outcome,
            log,
            start,
            called,
            ..
        } = evaluation;
        for called in &called {
            self.follow(called);
        }
        let lists = |outcome: &Outcome<'r, '_>| {
            let undelegated = match &outcome.undelegated {
                Undelegated::Absent => Value::Null,
                Undelegated::UpTo(end) => exposures_to_json(log.piece(start, *end)),
                Undelegated::List(list) => exposures_to_json(list),
            };
            (exposures_to_json(log.piece(start, log.len())), undelegated)
        };
        let failure = ended.err();
        if let Ok(true) = ended
            && let Some(record) = self.stored(kind, &outcome, || lists(&outcome))
            && let Ok(stored) = Stored::read(&record)
        {
            let mut decision = answer_stored(&stored);
            if tells {
                let facts = Facts::of_stored(kind, request.flag, &outcome, &stored);
                self.tell(&facts, stored.json.and_then(Value::as_object));
                decision.details = self.details(&facts);
            }
            return decision;
        }
        if !tells {
            return answer(kind, outcome, ended);
        }
        let mut facts = Facts::of_live(rules, kind, request.flag, &outcome, ended);
        if failure.is_none() {
            (facts.exposures, facts.undelegated) = lists(&outcome);
        }
        self.tell(&facts, outcome.json.object());
        let details = self.details(&facts);
        Decision {
            details,
            ..answer(kind, outcome, ended)
        }
    }

    /// What follows from the call that the condition `experiment_group` made: the experiment is exposed and, because
    /// nothing was passed for it, what is stored for it is removed (section 2.8.5).
    fn follow(&mut self, called: &Called<'r, '_>) {
        self.remove_called(called);
        if self.turn.outbox.is_none() {
            return;
        }
        let mut facts = Facts::of_live(
            self.rules,
            Kind::Experiment,
            called.name,
            &called.outcome,
            called.ended,
        );
        if called.ended.is_ok() {
            facts.exposures = exposures_to_json(&called.exposures);
        }
        facts.is_inner = true;
        self.tell(&facts, None);
    }

    fn details(&self, facts: &Facts<'_>) -> Option<Box<Value>> {
        self.request.details.then(|| Box::new(facts.to_json()))
    }

    /// Queues the exposure events of an answer. `value` gives a layer's parameters.
    fn tell(&mut self, facts: &Facts<'_>, value: Option<&crate::value::Map<String, Value>>) {
        let Some(outbox) = &mut self.turn.outbox else {
            return;
        };
        let events = Events {
            options: &self.rules.options,
            user: self.request.user,
            now_ms: self.turn.clock.now_ms(),
        };
        match facts.kind {
            Kind::Gate | Kind::Config | Kind::Experiment => outbox.push(events.exposure(facts)),
            Kind::Layer => {
                let names = value.into_iter().flat_map(|value| value.keys());
                outbox.extend(
                    names
                        .enumerate()
                        .map(|(at, name)| events.parameter(facts, at, name)),
                );
            }
        }
    }
}

/// The decision of a live evaluation.
fn answer<'r>(kind: Kind, outcome: Outcome<'r, '_>, ended: Result<bool, Failure>) -> Decision<'r> {
    match ended {
        Err(failure) => return Decision::failed(ErrorCode::General, failure.message()),
        Ok(false) => return not_found(),
        Ok(true) => {}
    }
    let rule = outcome.rule_id.unwrap_or_default();
    let reason = match rule {
        _ if outcome.is_overridden => Reason::TargetMatch,
        "disabled" => Reason::Off,
        "default" | "" => Reason::Fallthrough,
        _ => Reason::RuleMatch,
    };
    let value = match (kind, outcome.json) {
        (Kind::Gate, _) => Answer::Prepared(if outcome.value { &TRUE } else { &FALSE }),
        (_, Json::Given(given)) => Answer::Prepared(given.object().unwrap_or(&NOTHING)),
        (_, Json::Override(value)) => Answer::made(value.value.clone()),
        (_, Json::Merged(value)) => Answer::made(Value::Object(value)),
        (_, Json::Absent) => Answer::Prepared(&NOTHING),
    };
    Decision {
        enabled: outcome.value,
        value,
        variation: outcome.group.map(Cow::Borrowed),
        rule_id: Some(Cow::Borrowed(rule)),
        ..Decision::because(reason)
    }
}

/// The decision of a record (section 3.7).
fn answer_stored<'r>(stored: &Stored<'_>) -> Decision<'r> {
    Decision {
        enabled: stored.value,
        value: Answer::made(stored.json.cloned().unwrap_or_else(|| json!({}))),
        variation: stored.group.map(|group| Cow::Owned(group.to_owned())),
        rule_id: Some(Cow::Owned(stored.rule_id.to_owned())),
        sticky: true,
        ..Decision::because(Reason::Sticky)
    }
}

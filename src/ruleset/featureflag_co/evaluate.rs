//! One decision, top down (sections 2.1 to 2.3).

use super::flag::{Choice, Flag, Prerequisite, Served, Split, Works};
use super::rules::Rules;
use super::{CUSTOMS, compile, wire};
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::clause::Inquiry;
use crate::ruleset::coerce;
use crate::ruleset::data_sync::{error_words, reason_words};
use crate::ruleset::experiment::Sent;
use crate::ruleset::person::Person;
use crate::ruleset::portion;
use crate::ruleset::raised::{Raised, Reached};
use crate::ruleset::switch::is_on;
use crate::ruleset::trace::{Silent, Trace};
use crate::ruleset::{Request, Turn};
use crate::user::User;
use crate::value::Value;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use std::cell::OnceCell;

/// Prerequisites of prerequisites: a chain that is longer goes in a circle, or might as well.
const DEEPEST: usize = 200;

/// Flags that one decision evaluates at most.
const MOST: usize = 10_000;

/// What a flag answers.
#[derive(Clone, Copy)]
pub struct Answered<'r> {
    pub flag: &'r Works,
    pub choice: &'r Choice,
    pub reason: Reason,
    /// `None`: it is not sent to experiments, whoever asks.
    sent: Option<&'r Sent>,
}

/// The evaluation ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    Raised,
    /// The default's ranges do not hold the user.
    NoResult,
}

impl From<Raised> for Failed {
    fn from(_: Raised) -> Self {
        Failed::Raised
    }
}

/// The user that section 2.2 makes of one.
pub fn person(user: &User) -> Result<Person<'_>, ErrorCode> {
    let mut person = Person::new(user, &CUSTOMS)?;
    person.name = person.optional("name")?;
    person.email = person.optional("email")?;
    person.country = person.optional("country")?;
    Ok(person)
}

pub fn evaluate<'r, T: Trace>(
    rules: &'r Rules,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Decision<'r> {
    match decide(rules, request, turn, trace) {
        Ok(decision) => decision,
        Err(error) => failed(rules, request, error),
    }
}

fn decide<'r, T: Trace>(
    rules: &'r Rules,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Result<Decision<'r>, ErrorCode> {
    if !rules.is_ready() {
        return Err(ErrorCode::ProviderNotReady);
    }
    let is_blank = coerce::strip(request.flag).is_empty();
    let flag = rules.flag(request.flag).filter(|_| !is_blank);
    let flag = flag.ok_or(ErrorCode::FlagNotFound)?;
    let person = person(request.user)?;
    let mut call = Call::new(rules, &person, trace);
    let answer = call.settle(flag).map_err(|_| ErrorCode::General)?;
    if let Some(outbox) = &mut turn.outbox {
        outbox.push(wire::evaluations(&call, &answer, turn.clock.now_ms()));
    }
    Ok(call.decision(answer, request))
}

/// What is answered instead (section 2.9).
fn failed<'r>(rules: &'r Rules, request: &Request<'_>, error: ErrorCode) -> Decision<'r> {
    let mut decision = Decision::failed(error, error_words(error));
    let default = rules.options.defaults.get(request.flag);
    decision.enabled = default.is_some_and(|default| is_on(&default.value));
    if let Some(value) = super::default_value(&rules.options, request, error) {
        decision.value = value;
    }
    decision
}

/// Every flag, whatever environment its id belongs to (section 2.11).
pub fn evaluate_all<'r>(
    rules: &'r Rules,
    request: &Request<'_>,
) -> Result<Vec<(&'r str, Decision<'r>)>, ErrorCode> {
    if !rules.is_ready() {
        return Err(ErrorCode::ProviderNotReady);
    }
    let person = person(request.user)?;
    let listing = rules.listing();
    let mut decisions = Vec::with_capacity(listing.flags.len());
    let mut spent = 0;
    for (place, flag) in listing.flags.iter().enumerate() {
        let mut silent = Silent;
        let mut call = Call::new(rules, &person, &mut silent);
        let answer = call.settle(flag).map_err(|_| ErrorCode::General)?;
        spent += call.inquiry.spent() + call.before.len();
        if spent > Inquiry::MOST_FOR_ALL {
            return Err(ErrorCode::General);
        }
        let name = answer.flag.listed_as.as_deref().ok_or(ErrorCode::General)?;
        if listing.is_last_of_its_name(place, name) {
            decisions.push((name, call.decision(answer, request)));
        }
    }
    Ok(decisions)
}

/// One user's evaluation of one flag and of its prerequisites.
pub struct Call<'r, 'p, T> {
    rules: &'r Rules,
    pub person: &'p Person<'p>,
    inquiry: Inquiry<'p>,
    /// What was evaluated for what was asked for, in the order it was finished.
    pub before: Vec<Answered<'r>>,
    number: OnceCell<Option<f64>>,
    trace: &'p mut T,
}

/// A flag whose prerequisites are being looked at.
struct Open<'r> {
    flag: &'r Works,
    next: usize,
    has_failed: bool,
}

impl<'r> Open<'r> {
    fn new(flag: &'r Works) -> Self {
        Open {
            flag,
            next: 0,
            has_failed: false,
        }
    }
}

/// What comes next for a flag.
enum Next<'r> {
    /// Another flag must be evaluated before.
    Other(&'r Flag),
    /// A prerequisite has failed.
    Off,
    Own,
}

impl<'r: 'p, 'p, T: Trace> Call<'r, 'p, T> {
    pub fn new(rules: &'r Rules, person: &'p Person<'p>, trace: &'p mut T) -> Self {
        Call {
            rules,
            person,
            inquiry: Inquiry::new(person, &rules.segments),
            before: Vec::new(),
            number: OnceCell::new(),
            trace,
        }
    }

    /// Evaluates a flag after all that it needs. Nothing recurses: a document may chain as many flags as it likes.
    pub fn settle(&mut self, flag: &'r Flag) -> Result<Answered<'r>, Failed> {
        let works = flag.works().ok_or(Raised)?;
        if works.is_off || works.prerequisites.is_empty() {
            return self.answer(works);
        }
        let mut open = vec![Open::new(works)];
        while let Some(top) = open.last_mut() {
            let flag = top.flag;
            let answer = match self.next(top)? {
                Next::Other(other) => {
                    if open.len() == DEEPEST || self.before.len() + open.len() > MOST {
                        self.trace
                            .step(|| json!({"step": "prerequisites go too deep"}));
                        return Err(Failed::Raised);
                    }
                    open.push(Open::new(other.works().ok_or(Raised)?));
                    continue;
                }
                Next::Off => Answered {
                    flag,
                    choice: flag.off.as_ref().map_err(|raised| *raised)?,
                    reason: Reason::PrerequisiteFailed,
                    sent: None,
                },
                Next::Own => self.answer(flag)?,
            };
            open.pop();
            let Some(needing) = open.last_mut() else {
                return Ok(answer);
            };
            self.before.push(answer);
            self.compare(needing, answer)?;
        }
        // Not reached: the last flag to be done is the one that was asked for.
        Err(Failed::Raised)
    }

    fn next(&mut self, open: &Open<'r>) -> Reached<Next<'r>> {
        if open.has_failed {
            return Ok(Next::Off);
        }
        if open.flag.is_off {
            return Ok(Next::Own);
        }
        let Some(prerequisite) = open.flag.prerequisites.get(open.next) else {
            return Ok(Next::Own);
        };
        let Prerequisite { id, is_short, .. } = prerequisite.as_ref().map_err(|raised| *raised)?;
        match self.rules.live(id.as_str()) {
            Some(other) => Ok(Next::Other(other)),
            None if *is_short => Err(Raised),
            None => {
                self.trace.step(
                    || json!({"step": "prerequisite", "flag": id.text(), "holds": false, "missing": true}),
                );
                Ok(Next::Off)
            }
        }
    }

    /// Holds the answer of a prerequisite against what the flag that waits for it wants.
    fn compare(&mut self, open: &mut Open<'r>, answer: Answered<'r>) -> Reached<()> {
        let Some(prerequisite) = open.flag.prerequisites.get(open.next) else {
            return Ok(());
        };
        let Prerequisite { id, wanted, .. } = prerequisite.as_ref().map_err(|raised| *raised)?;
        let wanted = wanted.as_ref().map_err(|raised| *raised)?;
        let holds = compile::same(wanted, &answer.choice.local_id);
        self.trace.step(
            || json!({"step": "prerequisite", "flag": id.text(), "wanted": wanted, "variation": answer.choice.local_id, "holds": holds}),
        );
        match holds {
            true => open.next += 1,
            false => open.has_failed = true,
        }
        Ok(())
    }

    /// A flag's own answer, when its prerequisites are satisfied.
    fn answer(&mut self, flag: &'r Works) -> Result<Answered<'r>, Failed> {
        let served = |served: &'r Served, reason| Answered {
            flag,
            choice: &served.choice,
            reason,
            sent: Some(&served.sent),
        };
        self.trace
            .step(|| json!({"step": "flag", "key": flag.key_name, "on": !flag.is_off}));
        if flag.is_off {
            return Ok(Answered {
                flag,
                choice: flag.off.as_ref().map_err(|raised| *raised)?,
                reason: Reason::Off,
                sent: None,
            });
        }
        if let Some(place) = flag.targets.places.get(self.person.key) {
            self.trace
                .step(|| json!({"step": "target", "index": place}));
            let target = flag.targets.served[*place].as_ref();
            return Ok(served(
                target.map_err(|raised| *raised)?,
                Reason::TargetMatch,
            ));
        }
        if flag.targets.raises {
            return Err(Failed::Raised);
        }
        for (index, rule) in flag.rules.iter().enumerate() {
            let rule = rule.as_ref().map_err(|raised| *raised)?;
            let holds = self.inquiry.all_hold(&rule.clauses);
            self.trace
                .step(|| json!({"step": "rule", "index": index, "holds": holds.ok()}));
            if !holds? {
                continue;
            }
            if let Some(found) = self.draw(&rule.split)? {
                return Ok(served(found, Reason::RuleMatch));
            }
            // The first rule that matches is the only one: next is the default.
            break;
        }
        match self.draw(&flag.default)? {
            Some(found) => Ok(served(found, Reason::Fallthrough)),
            None => Err(Failed::NoResult),
        }
    }

    /// Section 2.7: the first range that holds the user.
    fn draw(&mut self, split: &'r Reached<Split>) -> Reached<Option<&'r Served>> {
        for rollout in split.as_ref().map_err(|raised| *raised)? {
            let rollout = rollout.as_ref().map_err(|raised| *raised)?;
            if rollout.range.holds(|| self.number()) {
                self.trace.step(
                    || json!({"step": "split", "number": self.number.get(), "found": rollout.served.is_ok()}),
                );
                return rollout.served.as_ref().map(Some).map_err(|raised| *raised);
            }
        }
        self.trace
            .step(|| json!({"step": "split", "number": self.number.get(), "found": false}));
        Ok(None)
    }

    /// The user's number, which is the same for all flags.
    fn number(&self) -> Option<f64> {
        let number = || {
            let key = self.person.key;
            key.is_ascii().then(|| portion::number(&[key]))
        };
        *self.number.get_or_init(number)
    }

    /// Section 6.3.
    pub fn sent(&self, answer: &Answered<'r>) -> Value {
        match answer.sent {
            None => Value::Bool(false),
            Some(sent) => sent.of(|| portion::number(&[&BASE64_STANDARD.encode(self.person.key)])),
        }
    }

    fn decision(&self, answer: Answered<'r>, request: &Request<'_>) -> Decision<'r> {
        let Answered {
            flag,
            choice,
            reason,
            ..
        } = answer;
        let details = request.details.then(|| {
            Box::new(json!({
                "reason": reason_words(reason),
                "keyName": flag.key_name,
                "name": flag.name,
                "sendToExperiment": self.sent(&answer),
            }))
        });
        Decision {
            enabled: choice.is_on,
            value: Answer::Prepared(&choice.value),
            variation_id: Some((&*choice.id).into()),
            details,
            ..Decision::because(reason)
        }
    }
}

/// Whether a decision that was made before is what a flag still answers.
pub fn is_still(answer: &Answered<'_>, decision: &Decision<'_>) -> bool {
    decision.reason != Reason::Error
        && decision.reason == answer.reason
        && decision.variation_id.as_deref() == Some(&*answer.choice.id)
        && decision.value.value() == Some(&answer.choice.value.value)
}

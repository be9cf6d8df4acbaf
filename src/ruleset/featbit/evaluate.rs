//! One decision, top down (sections 2.1 to 2.5).

use super::flag::{Flag, Served, Split, Variation, Works};
use super::rules::Rules;
use super::{CUSTOMS, wire};
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::clause::Inquiry;
use crate::ruleset::coerce::Text;
use crate::ruleset::data_sync::{error_words, reason_words};
use crate::ruleset::experiment::Sent;
use crate::ruleset::person::{Person, Property};
use crate::ruleset::portion;
use crate::ruleset::raised::{Raised, Reached};
use crate::ruleset::switch::is_on;
use crate::ruleset::trace::{Silent, Trace};
use crate::ruleset::{Request, Turn};
use crate::user::User;
use crate::value::Value;
use serde_json::json;

/// What a flag answers.
#[derive(Clone, Copy)]
pub struct Answered<'r> {
    pub flag: &'r Flag,
    pub works: &'r Works,
    pub variation: &'r Variation,
    pub reason: Reason,
    /// `None`: it is not sent to experiments, whoever asks.
    sent: Option<(&'r Sent, &'r Property)>,
}

/// The user that section 2.2 makes of one.
pub fn person(user: &User) -> Result<Person<'_>, ErrorCode> {
    let mut person = Person::new(user, &CUSTOMS)?;
    person.name = Some(person.required("name")?);
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
    let flag = rules
        .flag(request.flag)
        .filter(|_| !request.flag.is_empty());
    let flag = flag.ok_or(ErrorCode::FlagNotFound)?;
    let person = person(request.user)?;
    let mut call = Call::new(rules, &person, trace);
    // That no range holds the user is an exception on the platform, too.
    let answer = call.answer(flag).ok().flatten().ok_or(ErrorCode::General)?;
    if let (Some(outbox), true) = (&mut turn.outbox, answer.works.insights) {
        outbox.push(wire::evaluation(&person, &answer, turn.clock.now_ms()));
    }
    Ok(decision(&person, &answer, request))
}

/// What is answered instead.
fn failed<'r>(rules: &'r Rules, request: &Request<'_>, error: ErrorCode) -> Decision<'r> {
    let mut decision = Decision::failed(error, error_words(error));
    if let Some(default) = rules.options.defaults.get(request.flag) {
        decision.enabled = is_on(&default.value);
        decision.value = Answer::Prepared(default);
    }
    decision
}

/// Every flag (section 2.7). What raises in one of them fails them all.
pub fn evaluate_all<'r>(
    rules: &'r Rules,
    request: &Request<'_>,
) -> Result<Vec<(&'r str, Decision<'r>)>, ErrorCode> {
    if !rules.is_ready() {
        return Err(ErrorCode::ProviderNotReady);
    }
    let person = person(request.user)?;
    let mut spent = 0;
    let decide = |flag: &'r Flag| {
        let mut silent = Silent;
        let mut call = Call::new(rules, &person, &mut silent);
        let answer = call.answer(flag);
        spent += call.inquiry.spent();
        let answer = answer.ok().flatten();
        let answer = answer.filter(|_| spent <= Inquiry::MOST_FOR_ALL);
        let answer = answer.ok_or(ErrorCode::General)?;
        Ok((&*flag.key, decision(&person, &answer, request)))
    };
    let flags = rules.listing().iter();
    flags.map(|flag| &**flag).map(decide).collect()
}

/// One user's evaluation of one flag.
pub struct Call<'p, T> {
    person: &'p Person<'p>,
    inquiry: Inquiry<'p>,
    trace: &'p mut T,
}

impl<'p, T: Trace> Call<'p, T> {
    pub fn new(rules: &'p Rules, person: &'p Person<'p>, trace: &'p mut T) -> Self {
        Call {
            person,
            inquiry: Inquiry::new(person, &rules.segments),
            trace,
        }
    }

    /// `None`: no range of the default holds the user.
    pub fn answer<'r>(&mut self, flag: &'r Flag) -> Reached<Option<Answered<'r>>> {
        let works = flag.works().ok_or(Raised)?;
        let answered = |variation: usize, reason, sent| Answered {
            flag,
            works,
            variation: &works.variations[variation],
            reason,
            sent,
        };
        self.trace
            .step(|| json!({"step": "flag", "key": flag.key, "on": !works.is_off}));
        if works.is_off {
            return Ok(Some(answered(works.off?, Reason::Off, None)));
        }
        if let Some(place) = works.targets.places.get(self.person.key) {
            self.trace
                .step(|| json!({"step": "target", "index": place}));
            let served = works.targets.served[*place].as_ref();
            let served = served.map_err(|raised| *raised)?;
            let sent = Some((&served.sent, &Property::Key));
            return Ok(Some(answered(served.variation, Reason::TargetMatch, sent)));
        }
        if works.targets.raises {
            return Err(Raised);
        }
        for (index, rule) in works.rules.iter().enumerate() {
            let rule = rule.as_ref().map_err(|raised| *raised)?;
            let holds = self.inquiry.all_hold(&rule.clauses);
            self.trace
                .step(|| json!({"step": "rule", "index": index, "holds": holds.ok()}));
            if !holds? {
                continue;
            }
            let split = rule.split.as_ref().map_err(|raised| *raised)?;
            if let Some(served) = self.draw(flag, split)? {
                let sent = Some((&served.sent, &split.dispatch));
                return Ok(Some(answered(served.variation, Reason::RuleMatch, sent)));
            }
            // The first rule that matches is the only one: next is the default.
            break;
        }
        let split = works.default.as_ref().map_err(|raised| *raised)?;
        let served = self.draw(flag, split)?;
        Ok(served.map(|served| {
            let sent = Some((&served.sent, &split.dispatch));
            answered(served.variation, Reason::Fallthrough, sent)
        }))
    }

    /// The first range that holds the user.
    fn draw<'r>(&mut self, flag: &Flag, split: &'r Split) -> Reached<Option<&'r Served>> {
        let mut drawn = None;
        let mut number = || {
            *drawn.get_or_insert_with(|| {
                let text = attribute(self.person, &split.dispatch);
                portion::number(&[&flag.key, text.as_str()])
            })
        };
        let mut found = None;
        for rollout in &split.rollouts {
            let rollout = rollout.as_ref().map_err(|raised| *raised)?;
            if rollout.range.holds(|| Some(number())) {
                found = Some(rollout.served.as_ref().map_err(|raised| *raised)?);
                break;
            }
        }
        self.trace
            .step(|| json!({"step": "split", "number": drawn, "found": found.is_some()}));
        Ok(found)
    }
}

/// What of the user is hashed; nothing where the user does not have it.
fn attribute<'u>(person: &Person<'u>, dispatch: &Property) -> Text<'u> {
    person.get(dispatch).unwrap_or(Text::Borrowed(""))
}

impl Answered<'_> {
    /// Whether the evaluation is sent to experiments (section 6.3).
    pub fn sent(&self, person: &Person<'_>) -> Value {
        match self.sent {
            None => Value::Bool(false),
            Some((sent, dispatch)) => sent.of(|| {
                let text = attribute(person, dispatch);
                portion::number(&["expt", &self.flag.key, text.as_str()])
            }),
        }
    }

    /// Whether it is what a decision answered that was made before.
    pub fn is(&self, decision: &Decision<'_>) -> bool {
        decision.reason != Reason::Error
            && decision.reason == self.reason
            && decision.variation_id.as_deref() == Some(&*self.variation.id_text)
            && decision.value.value() == Some(&self.variation.value.value)
    }
}

fn decision<'r>(person: &Person<'_>, answer: &Answered<'r>, request: &Request<'_>) -> Decision<'r> {
    let Answered {
        works,
        variation,
        reason,
        ..
    } = *answer;
    let details = request.details.then(|| {
        Box::new(json!({
            "reason": reason_words(reason),
            "keyName": works.key,
            "name": works.name,
            "sendToExperiment": answer.sent(person),
        }))
    });
    Decision {
        enabled: variation.is_on,
        value: Answer::Prepared(&variation.value),
        variation_id: Some((&*variation.id_text).into()),
        details,
        ..Decision::because(reason)
    }
}

//! The dialect `featureflag-co`: data-sync messages of featureflag.co.
//!
//! Comments name the sections of the platform's behaviour that `docs/dialects/featureflag-co.md` describes.

mod compile;
mod evaluate;
mod experiment;
mod flag;
mod options;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

use super::clause::Flavour;
use super::coerce::truthy;
use super::data_sync::{Message, Received};
use super::person::{Customs, Property};
use super::trace::{Recorder, Silent};
use super::{Dialect, Loaded, Metric, Problem, Reader, Request, Ruleset, Turn};
use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::Error;
use crate::user::Name;
use crate::value::{Map, Prepared, Value};
use evaluate::Call;
use options::Options;
use rules::Rules;
use std::any::Any;
use std::sync::{Arc, LazyLock};

pub struct FeatureflagCo;

/// Section 2.2: which members of a user are no custom properties.
static CUSTOMS: Customs = Customs {
    reserved: &["key", "keyid", "name", "email", "country"],
    booleans: false,
};

/// Section 2.4.
static FLAVOUR: Flavour = Flavour {
    operation: "operation",
    conditions: "ruleJsonContent",
    none_holds: false,
    empty_is_missing: true,
    ignore_case: true,
    rules_required: false,
    property,
};

/// Section 2.2: what a property's name finds.
fn property(name: &str) -> Property {
    match name {
        "KeyId" | "key" | "keyid" => Property::Key,
        "Name" | "name" => Property::Name,
        "Email" | "email" => Property::Email,
        "Country" | "country" => Property::Country,
        name if CUSTOMS.may_have(name) => Property::Custom(Name::new(name)),
        _ => Property::Missing,
    }
}

impl Dialect for FeatureflagCo {
    fn name(&self) -> &'static str {
        "featureflag-co"
    }

    fn open(&self, options: &Map<String, Value>) -> Result<Box<dyn Reader>, Error> {
        let options = Arc::new(Options::read(options)?);
        Ok(Box::new(Opened { options }))
    }
}

/// The dialect with a client's options.
struct Opened {
    options: Arc<Options>,
}

impl Reader for Opened {
    fn read(&self, document: &str, current: Option<&Arc<dyn Ruleset>>) -> Result<Loaded, Error> {
        let message = match Message::read(document)? {
            Received::Message(message) => message,
            Received::Other(what) => return Ok(what),
        };
        let current = current.and_then(|current| current.as_any().downcast_ref::<Rules>());
        match current {
            Some(current) => current.after(&message),
            None => Rules::empty(Arc::clone(&self.options)).after(&message),
        }
    }

    fn initial(&self) -> Option<Arc<dyn Ruleset>> {
        Some(Arc::new(Rules::empty(Arc::clone(&self.options))))
    }

    fn value_without_ruleset(&self, request: &Request<'_>) -> Option<Answer<'_>> {
        default_value(&self.options, request, ErrorCode::ProviderNotReady)
    }

    fn notes(&self) -> Vec<String> {
        match self.options.prefix {
            Some(_) => Vec::new(),
            None => {
                let why = "options.env_secret names no account, project and environment: no flag is ever found";
                vec![why.to_owned()]
            }
        }
    }
}

/// The value of a decision that could not be made; `None`: the caller's default.
///
/// A client that has no data yet answers a text of its own where the default counts as nothing; otherwise that stands
/// as it is.
fn default_value<'o>(
    options: &'o Options,
    request: &Request<'_>,
    error: ErrorCode,
) -> Option<Answer<'o>> {
    static UNKNOWN: LazyLock<Prepared> =
        LazyLock::new(|| Prepared::new(Value::from("flag value unknown")));
    let configured = options.defaults.get(request.flag);
    if error == ErrorCode::ProviderNotReady {
        let is_something = match configured {
            Some(value) => truthy(&value.value),
            None => {
                let default = request.default.unwrap_or("null");
                // Of a default that is no JSON the caller is told when it is answered.
                serde_json::from_str(default).map_or(true, |default| truthy(&default))
            }
        };
        if !is_something {
            return Some(Answer::Prepared(&UNKNOWN));
        }
    }
    configured.map(Answer::Prepared)
}

impl Ruleset for Rules {
    fn evaluate<'r>(&'r self, request: &Request<'_>, turn: &mut Turn<'_>) -> Decision<'r> {
        evaluate::evaluate(self, request, turn, &mut Silent)
    }

    fn explain<'r>(
        &'r self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
        recorder: &mut Recorder,
    ) -> Decision<'r> {
        evaluate::evaluate(self, request, turn, recorder)
    }

    fn evaluate_switch(
        &self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Option<bool>, ErrorCode> {
        let decision = self.evaluate(request, turn);
        match decision.error {
            // A default of the configuration wins over the caller's here too.
            Some(error) if !self.options.defaults.contains_key(request.flag) => Err(error),
            _ => Ok(Some(decision.enabled)),
        }
    }

    /// What `is_enabled` answers: every value of this platform can be read as a switch.
    fn switch(&self, decision: &Decision<'_>) -> Option<bool> {
        Some(decision.enabled)
    }

    fn evaluate_all<'r>(
        &'r self,
        request: &Request<'_>,
        _: &mut Turn<'_>,
    ) -> Result<Vec<(&'r str, Decision<'r>)>, ErrorCode> {
        evaluate::evaluate_all(self, request)
    }

    fn flags(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let Some(prefix) = self.options.prefix.as_deref() else {
            return Box::new(std::iter::empty());
        };
        let flags = self.listing().flags.iter();
        Box::new(flags.filter_map(move |flag| flag.id.text()?.strip_prefix(prefix)))
    }

    fn problems(&self) -> &[Problem] {
        Rules::problems(self)
    }

    fn is_ready(&self) -> bool {
        Rules::is_ready(self)
    }

    /// Section 6.4. Works before data has arrived.
    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error> {
        let one = Value::from(1.0);
        let value = metric.value.unwrap_or(&one);
        let is_positive = value.as_f64().is_some_and(|value| value > 0.0);
        let Ok(person) = evaluate::person(metric.user) else {
            return Ok(false);
        };
        if metric.event.is_empty() || !is_positive {
            return Ok(false);
        }
        if let Some(outbox) = &mut turn.outbox {
            outbox.push(wire::metric(&person, metric.event, value));
        }
        Ok(true)
    }

    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value> {
        let flag = self.listing().named(request.flag)?;
        let person = evaluate::person(request.user).ok()?;
        let mut silent = Silent;
        let mut call = Call::new(self, &person, &mut silent);
        let answer = call.settle(flag).ok()?;
        // What was shown is no longer true: there is no event that would be.
        evaluate::is_still(&answer, decision).then(|| wire::evaluations(&call, &answer, now_ms))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

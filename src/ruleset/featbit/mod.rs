//! The dialect `featbit`: data-sync messages of FeatBit.
//!
//! Comments name the sections of the platform's behaviour that `docs/dialects/featbit.md` describes.

mod compile;
mod evaluate;
mod flag;
mod moment;
mod options;
mod rules;
#[cfg(test)]
mod tests;
mod variation;
mod wire;

use super::clause::Flavour;
use super::data_sync::{Message, Received};
use super::person::{Customs, Property};
use super::trace::{Recorder, Silent};
use super::{Dialect, Loaded, Metric, Problem, Reader, Request, Ruleset, Turn};
use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::Error;
use crate::user::Name;
use crate::value::{Map, Value};
use evaluate::Call;
use options::Options;
use rules::Rules;
use std::any::Any;
use std::sync::Arc;

pub struct FeatBit;

/// The name of the event that makes a user known and says nothing else.
const IDENTIFY: &str = "$identify";

/// Section 2.2: which members of a user are no custom attributes.
static CUSTOMS: Customs = Customs {
    reserved: &["key", "keyid", "name"],
    booleans: true,
};

/// Section 2.4.
static FLAVOUR: Flavour = Flavour {
    operation: "op",
    conditions: "conditions",
    none_holds: true,
    empty_is_missing: false,
    ignore_case: false,
    rules_required: true,
    property,
};

/// Section 2.2: what a property's name finds.
fn property(name: &str) -> Property {
    match name.to_lowercase().as_str() {
        "key" | "keyid" => Property::Key,
        "name" => Property::Name,
        _ => Property::Custom(Name::new(name)),
    }
}

impl Dialect for FeatBit {
    fn name(&self) -> &'static str {
        "featbit"
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
        self.options
            .defaults
            .get(request.flag)
            .map(Answer::Prepared)
    }
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
            _ => Ok(self.switch(&decision)),
        }
    }

    fn evaluate_all<'r>(
        &'r self,
        request: &Request<'_>,
        _: &mut Turn<'_>,
    ) -> Result<Vec<(&'r str, Decision<'r>)>, ErrorCode> {
        evaluate::evaluate_all(self, request)
    }

    fn flags(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let ids = self.listing().iter().filter_map(|flag| flag.id.text());
        Box::new(ids.filter(|key| !key.is_empty()))
    }

    fn problems(&self) -> &[Problem] {
        Rules::problems(self)
    }

    fn is_ready(&self) -> bool {
        Rules::is_ready(self)
    }

    /// Works before data has arrived.
    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error> {
        let one = Value::from(1.0);
        let value = metric.value.unwrap_or(&one);
        let Ok(person) = evaluate::person(metric.user) else {
            return Ok(false);
        };
        if metric.event.is_empty() || !value.is_number() {
            return Ok(false);
        }
        if let Some(outbox) = &mut turn.outbox {
            outbox.push(match metric.event {
                IDENTIFY => wire::identity(&person),
                name => wire::metric(&person, name, value, turn.clock.now_ms()),
            });
        }
        Ok(true)
    }

    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value> {
        let flag = self.flag(request.flag)?;
        let person = evaluate::person(request.user).ok()?;
        let answer = Call::new(self, &person, &mut Silent).answer(flag).ok()??;
        // Where what was shown is no longer true, there is no event that would be.
        let is_told = answer.works.insights && answer.is(decision);
        is_told.then(|| wire::evaluation(&person, &answer, now_ms))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

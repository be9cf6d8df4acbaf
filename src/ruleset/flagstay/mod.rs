//! The `flagstay` dialect: the project's own rule format. `docs/dialects/flagstay.md` is its reference.
//!
//! A document is read (`document`) and compiled (`compile`) into flags (`flag`) whose names are numbers and whose
//! operands are prepared; `evaluate` decides, `wire` says what is stored and sent.

mod attribute;
mod compile;
mod conditions;
mod document;
mod evaluate;
mod flag;
mod identity;
mod operators;
mod shape;
mod split;
mod stored;
mod wire;

#[cfg(test)]
mod tests;

use super::plain::Plain;
use super::trace::{Recorder, Silent};
use super::{Dialect, Loaded, Metric, Problem, Reader, Request, Ruleset, Turn};
use crate::decision::{Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::value::{Map, Value};
use flag::{Compiled, Flag};
use std::any::Any;
use std::sync::Arc;

pub struct Flagstay;

impl Dialect for Flagstay {
    fn name(&self) -> &'static str {
        "flagstay"
    }

    fn open(&self, options: &Map<String, Value>) -> Result<Box<dyn Reader>, Error> {
        if let Some(option) = options.keys().next() {
            let message = "the dialect `flagstay` has no such option";
            let place = format!("options.{option}");
            return Err(Error::at(ErrorKind::InvalidConfig, place, message));
        }
        Ok(Box::new(Flagstay))
    }
}

impl Reader for Flagstay {
    fn read(&self, document: &str, _: Option<&Arc<dyn Ruleset>>) -> Result<Loaded, Error> {
        Ok(Loaded::Ruleset(Arc::new(compile::compile(document)?)))
    }
}

impl Ruleset for Compiled {
    fn evaluate<'r>(&'r self, request: &Request<'_>, turn: &mut Turn<'_>) -> Decision<'r> {
        evaluate::evaluate(self, request, turn, &mut Silent)
    }

    fn evaluate_switch(
        &self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Option<bool>, ErrorCode> {
        evaluate::switch(self, request, turn)
    }

    fn plain(&self, flag: &str) -> Plain {
        let works = self.flags.get(flag).and_then(Flag::works);
        works.map_or(Plain::NO, |works| works.plain)
    }

    fn explain<'r>(
        &'r self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
        recorder: &mut Recorder,
    ) -> Decision<'r> {
        evaluate::evaluate(self, request, turn, recorder)
    }

    fn flags(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.flags.iter().map(|flag| &*flag.key))
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error> {
        let event = wire::metric(metric, turn.clock.now_ms());
        let accepted = event.is_some();
        if let (Some(event), Some(outbox)) = (event, &mut turn.outbox) {
            outbox.push(event);
        }
        Ok(accepted)
    }

    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value> {
        evaluate::exposure(self, request, decision, now_ms)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

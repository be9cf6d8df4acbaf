//! The dialect `vwo-fullstack`: VWO FullStack's settings file, v1, and its User Storage Service.
//!
//! Comments name the sections of the platform's behaviour that `docs/dialects/vwo-fullstack.md` describes.

mod admission;
mod compile;
mod conditions;
mod document;
mod evaluate;
mod goals;
mod groups;
mod operands;
mod options;
mod stored;
#[cfg(test)]
mod tests;
mod validation;
mod variables;
mod wire;

use super::trace::{Recorder, Silent};
use super::{Dialect, Loaded, Metric, Problem, Reader, Request, Ruleset, Turn};
use crate::decision::Decision;
use crate::error::{Error, ErrorKind};
use crate::value::{Map, Value};
use compile::Rules;
use options::Options;
use std::any::Any;
use std::sync::Arc;
use wire::Events;

pub struct VwoFullstack;

/// Something malformed was reached: the whole condition is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Poison;

impl Dialect for VwoFullstack {
    fn name(&self) -> &'static str {
        "vwo-fullstack"
    }

    fn open(&self, options: &Map<String, Value>) -> Result<Box<dyn Reader>, Error> {
        Ok(Box::new(Options::read(options)?))
    }
}

impl Reader for Options {
    fn read(&self, document: &str, _: Option<&Arc<dyn Ruleset>>) -> Result<Loaded, Error> {
        let document: Value = crate::error::from_json(document, ErrorKind::InvalidRuleset)?;
        validation::DOCUMENT.check(&document)?;
        let rules = compile::compile(document::Document::read(document)?, *self);
        Ok(Loaded::Ruleset(Arc::new(rules)))
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

    fn switch(&self, decision: &Decision<'_>) -> Option<bool> {
        Some(decision.enabled)
    }

    fn flags(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        // Several campaigns with one key are one flag. Those that do not run have records all the same.
        let campaigns = self.campaigns.iter().enumerate();
        let is_first = |at, key| self.keys.get(key).is_some_and(|places| places.first == at);
        let first = campaigns.filter(move |(at, campaign)| is_first(*at, &campaign.key));
        Box::new(first.map(|(_, campaign)| &*campaign.key))
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error> {
        Ok(goals::track(self, metric, turn))
    }

    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value> {
        // A stored decision is not told again.
        if decision.sticky {
            return None;
        }
        let campaign = &self.campaigns[self.keys.get(request.flag)?.running?];
        let name = decision.variation.as_deref()?;
        let id = decision.variation_id.as_deref()?;
        let mut variations = campaign.variations.iter();
        let shown = variations.find(|v| *v.name == *name && *v.id.text == *id)?;
        let events = Events::new(self, request.user, request.user.key()?, now_ms);
        Some(events.shown(&campaign.id.json, &shown.id.json))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

//! The dialect `vwo-fme`: VWO Feature Management & Experimentation, settings document v2.
//!
//! Comments name the sections of the platform's behaviour that `docs/dialects/vwo-fme.md` describes.

mod compile;
mod conditions;
mod document;
mod evaluate;
mod groups;
mod holdouts;
mod link;
mod model;
mod operands;
mod rules;
mod segments;
mod stored;
mod validation;
mod visitor;
mod wire;

use super::trace::{Recorder, Silent};
use super::{Dialect, Loaded, Metric, Problem, Reader, Request, Ruleset, Turn};
use crate::decision::{Answer, Decision};
use crate::error::{Error, ErrorKind};
use crate::value::{Map, Value};
use model::Rules;
use std::any::Any;
use std::sync::Arc;
use visitor::Visitor;
use wire::Events;

pub struct VwoFme;

impl Dialect for VwoFme {
    fn name(&self) -> &'static str {
        "vwo-fme"
    }

    fn open(&self, options: &Map<String, Value>) -> Result<Box<dyn Reader>, Error> {
        if let Some(option) = options.keys().next() {
            return Err(Error::at(
                ErrorKind::InvalidConfig,
                format_args!("options.{option}"),
                "the dialect vwo-fme has no such option",
            ));
        }
        Ok(Box::new(VwoFme))
    }
}

impl Reader for VwoFme {
    fn read(&self, document: &str, _: Option<&Arc<dyn Ruleset>>) -> Result<Loaded, Error> {
        let document: Value = crate::error::from_json(document, ErrorKind::InvalidRuleset)?;
        validation::DOCUMENT.check(&document)?;
        let rules = compile::compile(document::Document::read(document)?);
        Ok(Loaded::Ruleset(Arc::new(rules)))
    }

    fn value_without_ruleset(&self, request: &Request<'_>) -> Option<Answer<'_>> {
        let nothing = || Answer::Prepared(&evaluate::NO_VARIABLES);
        request.wants_no_default().then(nothing)
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
        // Of several flags with one key only the first can be evaluated.
        let flags = self.flags.iter().enumerate();
        let first = flags.filter(|(at, flag)| self.flag_by_key.get(&flag.key) == Some(at));
        Box::new(first.map(|(_, flag)| &*flag.key))
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error> {
        let Some(id) = metric.user.key() else {
            return Ok(false);
        };
        let Some(known) = self.metrics.get(metric.event) else {
            return Ok(false);
        };
        let is_meant = |flags: &[String]| flags.iter().any(|flag| known.flags.contains(&**flag));
        if !metric.flags.is_none_or(is_meant) {
            return Ok(false);
        }
        let mut properties = metric.properties.cloned().unwrap_or_default();
        if let Some(value) = metric.value {
            let Some(property) = &known.revenue else {
                return Err(Error::at(
                    ErrorKind::InvalidArgument,
                    metric.event,
                    "this metric names no property for a value; pass it among the properties",
                ));
            };
            properties
                .entry(&**property)
                .or_insert_with(|| value.clone());
        }
        let visitor = Visitor::new(metric.user, id);
        if let Some(outbox) = &mut turn.outbox {
            let events = Events::new(self, visitor, turn.clock.now_ms());
            outbox.push(events.custom(metric.event, properties.into_iter()));
        }
        Ok(true)
    }

    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value> {
        // A stored decision is not told again.
        if !decision.enabled || decision.sticky {
            return None;
        }
        let flag = &self.flags[*self.flag_by_key.get(request.flag)?];
        let key = decision.rule_id.as_deref()?;
        let rule = flag.rules.iter().find(|rule| *rule.rule_key == *key)?;
        let visitor = Visitor::new(request.user, request.user.key()?);
        let events = Events::new(self, visitor, now_ms);
        Some(events.shown(&rule.id.json, decision.variation_id.as_deref()?))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

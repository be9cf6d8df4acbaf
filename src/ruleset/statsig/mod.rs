//! The dialect `statsig`: Statsig's download_config_specs document, version 2.
//!
//! Comments name the sections of the platform's behaviour that `docs/dialects/statsig.md` describes.

mod call;
mod compile;
mod condition;
mod country;
mod cursor;
mod delegates;
mod document;
mod evaluate;
mod events;
mod facts;
mod hash;
mod id_lists;
mod mapping;
mod merge;
mod nested;
mod number;
mod operators;
mod options;
mod outcome;
mod record;
mod regex;
mod rules;
mod sources;
mod spec;
mod sticky;
mod subject;
mod target;
mod time;
mod user_agent;
mod version;
mod view;
mod waiting;

#[cfg(test)]
mod tests;

use super::trace::{Recorder, Silent};
use super::{Dialect, Kind, Loaded, Metric, Problem, Reader, Request, Ruleset, Turn};
use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::user::User;
use crate::value::{Map, Value, kind_of};
use document::{Document, Read};
use events::Events;
use options::Options;
use rules::Rules;
use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;
use subject::{IdType, Subject};

pub struct Statsig;

/// Reads the documents of one client.
struct Documents(Arc<Options>);

impl Dialect for Statsig {
    fn name(&self) -> &'static str {
        "statsig"
    }

    fn open(&self, options: &Map<String, Value>) -> Result<Box<dyn Reader>, Error> {
        Ok(Box::new(Documents(Arc::new(Options::read(options)?))))
    }
}

impl Reader for Documents {
    fn read(&self, document: &str, current: Option<&Arc<dyn Ruleset>>) -> Result<Loaded, Error> {
        let options = Arc::clone(&self.0);
        let document = match Document::read(document)? {
            Read::Document(document) => *document,
            Read::NoUpdates if current.is_some() => {
                return Ok(Loaded::Unchanged(
                    "the document says that nothing is new".to_owned(),
                ));
            }
            // A server with nothing for this client: it is ready, and nothing is found.
            Read::NoUpdates => return Ok(Loaded::Ruleset(Arc::new(Rules::empty(options)))),
        };
        let mut rules = compile::compile(document, options);
        // The default environment is that of the client's first document, for good (section 2.4).
        if let Some(current) = current.and_then(|current| current.as_any().downcast_ref::<Rules>())
        {
            rules.default_tier = current.default_tier.clone();
        }
        Ok(Loaded::Ruleset(Arc::new(rules)))
    }

    fn value_without_ruleset(&self, request: &Request<'_>) -> Option<Answer<'_>> {
        let kind = request.kind.filter(|_| request.wants_no_default())?;
        Some(Answer::Prepared(call::value_of_nothing(kind)))
    }

    fn rule_without_ruleset(&self) -> Option<&'static str> {
        Some("")
    }

    fn notes(&self) -> Vec<String> {
        match self.0.countries {
            Some(_) => Vec::new(),
            None => vec![
                "no `country_table` was given: conditions on the country of an address find none, unless the host \
                 looks countries up"
                    .to_owned(),
            ],
        }
    }

    fn has_overrides(&self) -> bool {
        true
    }
}

impl Rules {
    fn subject<'a>(&'a self, user: &'a User) -> Subject<'a> {
        Subject {
            user,
            options: &self.options,
            default_tier: self.default_tier.as_ref(),
        }
    }
}

impl Ruleset for Rules {
    fn evaluate<'r>(&'r self, request: &Request<'_>, turn: &mut Turn<'_>) -> Decision<'r> {
        call::decide(self, request, turn, true, &mut Silent)
    }

    fn explain<'r>(
        &'r self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
        recorder: &mut Recorder,
    ) -> Decision<'r> {
        call::decide(self, request, turn, true, recorder)
    }

    /// Looks and changes nothing: neither is anything stored, nor removed.
    fn evaluate_all<'r>(
        &'r self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Vec<(&'r str, Decision<'r>)>, ErrorCode> {
        let outbox = turn.outbox.take();
        let decide = |(kind, spec): (Kind, &'r rules::Spec)| {
            let request = Request {
                flag: &spec.name,
                kind: Some(kind),
                default: None,
                ..*request
            };
            let mut decision = call::decide(self, &request, turn, false, &mut Silent);
            let error = turn.assignments.take_error();
            decision.store_error = decision.store_error.or(error);
            (&*spec.name, decision)
        };
        let all = self
            .listed()
            .collect::<Vec<_>>()
            .into_iter()
            .map(decide)
            .collect();
        turn.outbox = outbox;
        Ok(all)
    }

    fn flags(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        // A name is one flag here, whatever it is the name of.
        let mut seen = HashSet::new();
        let names = self.listed().map(|(_, spec)| &*spec.name);
        Box::new(names.filter(move |name| seen.insert(*name)))
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn unit(&self, user: &User, id_type: &str) -> Option<String> {
        // The platform's helper takes the user's id by any spelling (section 3.2); a spec that has such a spelling keeps
        // its assignments under it all the same.
        let is_user_id = matches!(&*id_type.to_lowercase(), "userid" | "user_id");
        let mut specs = self.configs.list.iter().chain(&self.layers.list);
        let id_type = match is_user_id && !specs.any(|spec| &*spec.id_type.text == id_type) {
            true => "userID",
            false => id_type,
        };
        let unit = self.subject(user).unit_text(&IdType::new(id_type))?;
        Some(format!("{unit}:{id_type}"))
    }

    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error> {
        let refused =
            |message: String| Error::at(ErrorKind::InvalidArgument, metric.event, message);
        if metric.flags.is_some() {
            let why = "events of this platform are for no single flags; name none";
            return Err(refused(why.to_owned()));
        }
        let value = match metric.value {
            None => Value::Null,
            // As the platform's SDK writes them.
            Some(Value::Bool(value)) => Value::from(f64::from(u8::from(*value))),
            Some(value @ (Value::Null | Value::Number(_) | Value::String(_))) => value.clone(),
            Some(other) => {
                let why = format!("a value must be a number or a text, is {}", kind_of(other));
                return Err(refused(why));
            }
        };
        if let Some(outbox) = &mut turn.outbox {
            let events = Events {
                options: &self.options,
                user: metric.user,
                now_ms: turn.clock.now_ms(),
            };
            outbox.push(events.custom(metric, value));
        }
        Ok(true)
    }

    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value> {
        let kind = decision
            .kind
            .or(request.kind)
            .or_else(|| self.kind_of(request.flag))?;
        if request.user.is_absent() || kind == Kind::Layer {
            return None;
        }
        let events = Events {
            options: &self.options,
            user: request.user,
            now_ms,
        };
        Some(events.exposure(&facts::Facts::of_decision(
            self,
            kind,
            request.flag,
            decision,
        )))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

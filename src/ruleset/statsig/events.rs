//! Event bodies, as the platform's collector takes them (sections 6.2 and 6.3).

use super::facts::Facts;
use super::options::Options;
use super::record::truth;
use super::subject::TOP;
use crate::ruleset::{Kind, Metric};
use crate::user::{Entries, Part, User};
use crate::value::{Map, Value};
use serde_json::json;

/// Makes the events of one call.
pub struct Events<'a> {
    pub options: &'a Options,
    pub user: &'a User,
    pub now_ms: i64,
}

impl Events<'_> {
    /// A gate, a config or an experiment was seen.
    pub fn exposure(&self, facts: &Facts<'_>) -> Value {
        let mut metadata = Map::new();
        let mut put = |name: &str, value: &str| metadata.insert(name.to_owned(), value.into());
        let event = match facts.kind {
            Kind::Gate => {
                put("gate", facts.name);
                put("gateValue", truth(facts.value));
                put("ruleID", facts.rule_id);
                "statsig::gate_exposure"
            }
            Kind::Config | Kind::Experiment | Kind::Layer => {
                put("config", facts.name);
                put("ruleID", facts.rule_id);
                // The platform's core does not say it of experiments that it asks for by itself.
                if !facts.is_inner {
                    put("rulePassed", truth(facts.value));
                }
                "statsig::config_exposure"
            }
        };
        if let Some(mapped) = facts.mapped {
            put("overrideConfigName", mapped);
        }
        self.seen(event, metadata, facts, facts.exposures.clone())
    }

    /// A parameter of a layer was seen: the `at`th of its value.
    pub fn parameter(&self, facts: &Facts<'_>, at: usize, name: &str) -> Value {
        let is_explicit = facts
            .explicit
            .as_ref()
            .is_some_and(|explicit| explicit.contains(&name));
        let rule = facts
            .parameter_rules
            .get(at)
            .copied()
            .unwrap_or(facts.rule_id);
        let (experiment, exposures) = match is_explicit {
            true => (facts.delegate.unwrap_or_default(), &facts.exposures),
            false => ("", &facts.undelegated),
        };
        let mut metadata = Map::new();
        let mut put = |name: &str, value: &str| metadata.insert(name.to_owned(), value.into());
        put("config", facts.name);
        put("ruleID", rule);
        put("parameterName", name);
        put("isExplicitParameter", truth(is_explicit));
        put("allocatedExperiment", experiment);
        self.seen(
            "statsig::layer_exposure",
            metadata,
            facts,
            exposures.clone(),
        )
    }

    fn seen(
        &self,
        event: &str,
        mut metadata: Map<String, Value>,
        facts: &Facts<'_>,
        exposures: Value,
    ) -> Value {
        let mut put = |name: &str, value: String| metadata.insert(name.to_owned(), value.into());
        put("reason", facts.reason.to_string());
        if let Some(time) = facts.time {
            put("lcut", time.to_string());
        }
        if let Some(version) = facts.version {
            put("configVersion", version.to_string());
        }
        self.body(
            event,
            Value::Null,
            Value::Object(metadata),
            json!({}),
            exposures,
        )
    }

    /// Something that the user did. `value` is a text, a number or null.
    pub fn custom(&self, metric: &Metric<'_>, value: Value) -> Value {
        let metadata = metric
            .properties
            .map_or(Value::Null, |map| Value::Object(map.clone()));
        self.body(metric.event, value, metadata, Value::Null, Value::Null)
    }

    fn body(
        &self,
        name: &str,
        value: Value,
        metadata: Value,
        statsig: Value,
        exposures: Value,
    ) -> Value {
        json!({
            "eventName": name,
            "value": value,
            "metadata": metadata,
            "statsigMetadata": statsig,
            "user": self.user_to_json(),
            "time": self.now_ms,
            "secondaryExposures": exposures,
        })
    }

    /// The user without what is private.
    fn user_to_json(&self) -> Value {
        let mut user = Map::new();
        let id = self.user.raw_key();
        let id = match id.is_string() || id.is_number() {
            true => id.clone(),
            false => "".into(),
        };
        user.insert("userID".to_owned(), id);
        let copy = |entries: &Entries| -> Map<String, Value> {
            entries
                .iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect()
        };
        let mut put = |name: &str, map: Map<String, Value>| {
            if !map.is_empty() {
                user.insert(name.to_owned(), Value::Object(map));
            }
        };
        put("customIDs", copy(self.user.ids()));
        let mut custom = copy(&self.options.global_custom_fields);
        let mut top = Map::new();
        for (name, value) in self.user.attributes().iter() {
            let fields = match TOP.contains(&name) {
                // A field that is null is one that was not given.
                true if value.is_null() => continue,
                true => &mut top,
                false => &mut custom,
            };
            fields.insert(name.to_owned(), value.clone());
        }
        put("custom", custom);
        let own = self.user.part(Part::Environment);
        let environment = match own.is_empty() {
            false => Some(own),
            true => self.options.environment.as_ref(),
        };
        put(
            "statsigEnvironment",
            environment.map(copy).unwrap_or_default(),
        );
        user.extend(top);
        Value::Object(user)
    }
}

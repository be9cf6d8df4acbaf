//! What leaves and enters in the platform's shapes: stored records (section 3) and event bodies (section 6).

use super::model::Rules;
use super::visitor::{Visitor, is_web_id};
use crate::ruleset::coerce::truthy;
use crate::value::{Map, Value};
use serde_json::json;
use std::sync::Arc;

/// The decision for a rollout or an experiment as it is stored: campaign id, stored key, variation id.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    pub id: &'a Value,
    pub key: &'a Value,
    pub variation: &'a Value,
}

static NULL: Value = Value::Null;

/// A record before it is written.
#[derive(Debug, Default)]
pub struct Entry<'a> {
    pub rollout: Option<Passed<'a>>,
    pub experiment: Option<Passed<'a>>,
    pub held_out: Option<Vec<Value>>,
    pub not_held_out: Option<Vec<Value>>,
}

impl Entry<'_> {
    /// Whether the platform's SDK would write it (section 3.3).
    pub fn is_writable(&self, key: &str, user: &str) -> bool {
        let names = |passed: Option<Passed<'_>>| passed.is_some_and(|passed| truthy(passed.key));
        let varies =
            |passed: Option<Passed<'_>>| passed.is_some_and(|passed| truthy(passed.variation));
        let rollout_is_whole =
            !names(self.rollout) || names(self.experiment) || varies(self.rollout);
        let experiment_is_whole = !names(self.experiment) || varies(self.experiment);
        !key.is_empty() && !user.is_empty() && rollout_is_whole && experiment_is_whole
    }

    /// The record: always all ten keys, in the platform's order.
    pub fn to_record(&self, key: &str, user: &str) -> Value {
        let mut record = Map::new();
        let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
        put("featureKey", key.into());
        put("userId", user.into());
        let mut decided = |names: [&str; 3], passed: Option<Passed<'_>>| {
            let values = match passed {
                Some(passed) => [passed.id, passed.key, passed.variation],
                None => [&NULL; 3],
            };
            for (name, value) in names.into_iter().zip(values) {
                put(name, value.clone());
            }
        };
        decided(
            ["rolloutId", "rolloutKey", "rolloutVariationId"],
            self.rollout,
        );
        decided(
            ["experimentId", "experimentKey", "experimentVariationId"],
            self.experiment,
        );
        let list = |ids: &Option<Vec<Value>>| ids.clone().map_or(Value::Null, Value::Array);
        put("isInHoldoutId", list(&self.held_out));
        put("notInHoldoutId", list(&self.not_held_out));
        Value::Object(record)
    }
}

/// What a store answered (section 3.2).
#[derive(Clone, Debug)]
pub enum Read {
    /// No record, or one that says so.
    None,
    /// A record that makes the SDK give up; where only its presence matters, it is there.
    Fatal(Record),
    Record(Record),
    /// Something that is no record.
    Garbage,
}

/// A stored record, with the words to read it.
#[derive(Clone, Debug)]
pub struct Record(pub Arc<Value>);

impl Read {
    pub fn new(record: Arc<Value>) -> Self {
        let Some(object) = record.as_object() else {
            return match &*record {
                Value::Null => Read::None,
                _ => Read::Garbage,
            };
        };
        match object.get("status").and_then(Value::as_str) {
            Some(
                "Storage is undefined"
                | "No data found"
                | "Campaign paused"
                | "Whitelisted variation",
            ) => Read::None,
            Some("Incorrect data" | "Variation not found") => Read::Fatal(Record(record)),
            _ if object.is_empty() => Read::None,
            _ => Read::Record(Record(record)),
        }
    }
}

impl Record {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A member that counts.
    pub fn truthy(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| truthy(value))
    }

    /// A list of holdout ids; whatever is no list is an empty one.
    pub fn ids(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Some(Value::Array(ids)) => ids,
            _ => &[],
        }
    }

    /// The holdouts that the user was put into, also where an older SDK wrote them.
    pub fn held_out(&self) -> &[Value] {
        match self.truthy("isInHoldoutId") {
            Some(_) => self.ids("isInHoldoutId"),
            None => self.ids("holdoutGroupId"),
        }
    }

    pub fn passed<'a>(&'a self, id: &str, key: &str, variation: &str) -> Passed<'a> {
        let get = |name| self.get(name).unwrap_or(&NULL);
        Passed {
            id: get(id),
            key: get(key),
            variation: get(variation),
        }
    }
}

/// Makes the event bodies of one call.
pub struct Events<'a> {
    rules: &'a Rules,
    visitor: Visitor<'a>,
    id: String,
    now_ms: i64,
}

impl<'a> Events<'a> {
    pub fn new(rules: &'a Rules, visitor: Visitor<'a>, now_ms: i64) -> Self {
        let is_web = rules.knows_web_ids && is_web_id(visitor.id);
        let id = match is_web {
            true => visitor.id.to_owned(),
            false if visitor.id.is_empty() => String::new(),
            false => rules.visitors.id(visitor.id),
        };
        Events {
            rules,
            visitor,
            id,
            now_ms,
        }
    }

    /// A variation was shown (section 6.2).
    pub fn shown(&self, campaign: &Value, variation: &str) -> Value {
        let mut event = self.body("vwo_variationShown");
        let props = &mut event["d"]["event"]["props"];
        props["id"] = campaign.clone();
        props["variation"] = json!(variation);
        props["isFirst"] = json!(1);
        let visitor = &mut event["d"]["visitor"]["props"];
        for (name, value) in self.visitor.post_segmentation() {
            visitor[name] = value.clone();
        }
        if let Some(ip) = self.visitor.ip_address() {
            visitor["ip"] = ip.clone();
        }
        event
    }

    /// A holdout was evaluated (section 6.4).
    pub fn held_out(&self, holdout: &Value, is_in: bool, flag: &Value) -> Value {
        let mut event = self.body("vwo_variationShown");
        // These name the visitor and the session their own way.
        let id = self.rules.visitors.id(self.visitor.id);
        event["d"]["msgId"] = json!(format!("{id}-{}", self.now_ms));
        event["d"]["visId"] = json!(id);
        event["d"]["sessionId"] = json!(self.now_ms / 1000);
        let props = &mut event["d"]["event"]["props"];
        props["id"] = holdout.clone();
        props["variation"] = json!(if is_in { 1 } else { 2 });
        props["isFirst"] = json!(1);
        props["fId"] = flag.clone();
        event
    }

    /// A flag was read and nothing was shown (section 6.6).
    pub fn usage(&self) -> Value {
        self.body("vwo_feTrackUsage")
    }

    /// Something that the user did (section 6.6).
    pub fn custom(&self, name: &str, properties: impl Iterator<Item = (String, Value)>) -> Value {
        let mut event = self.body(name);
        let props = &mut event["d"]["event"]["props"];
        props["isCustomEvent"] = json!(true);
        props["variation"] = json!(1);
        props["id"] = json!(1);
        for (name, value) in properties {
            props[name] = value;
        }
        event
    }

    /// What all events have in common (section 6.1).
    fn body(&self, name: &str) -> Value {
        let key = &*self.rules.sdk_key;
        let seconds = Value::from(self.now_ms / 1000);
        let mut body = json!({
            "msgId": format!("{}-{}", self.id, self.now_ms),
            "visId": self.id,
            "sessionId": self.visitor.session().unwrap_or(&seconds),
            "event": {
                "name": name,
                "time": self.now_ms,
                "props": {
                    "vwo_sdkName": "flagstay",
                    "vwo_sdkVersion": env!("CARGO_PKG_VERSION"),
                    "vwo_envKey": key,
                },
            },
        });
        if let Some(agent) = self.visitor.user_agent() {
            body["visitor_ua"] = agent.clone();
        }
        if let Some(ip) = self.visitor.ip_address() {
            body["visitor_ip"] = ip.clone();
        }
        body["visitor"] = json!({"props": {"vwo_fs_environment": key}});
        json!({ "d": body })
    }
}

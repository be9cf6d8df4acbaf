//! Event bodies as the platform takes them (section 6): of its events architecture where the document says so, else
//! entries of its batches.

use super::compile::Rules;
use super::document::Id;
use super::goals::{Goal, Type};
use crate::ruleset::Metric;
use crate::ruleset::coerce::truthy;
use crate::ruleset::python_repr;
use crate::user::{Part, User};
use crate::value::{Map, Value};
use serde_json::json;
use std::fmt::Write;

/// The event that carries custom dimensions.
pub const SYNC_VISITOR: &str = "vwo_syncVisitorProp";

/// One campaign that counts a metric event.
pub struct Conversion<'r> {
    pub campaign: &'r Id,
    pub variation: &'r Id,
    pub goal: &'r Goal,
}

/// Makes the events of one call.
pub struct Events<'a> {
    rules: &'a Rules,
    user: &'a User,
    /// The user's id never leaves; this does.
    visitor: String,
    now_ms: i64,
}

impl<'a> Events<'a> {
    pub fn new(rules: &'a Rules, user: &'a User, id: &str, now_ms: i64) -> Self {
        Events {
            rules,
            user,
            visitor: rules.visitors.id(id),
            now_ms,
        }
    }

    /// A variation was shown.
    pub fn shown(&self, campaign: &Value, variation: &Value) -> Value {
        if !self.rules.by_events {
            return self.entry(json!({"c": variation, "e": campaign, "eT": 1}));
        }
        let mut event = self.body("vwo_variationShown");
        let props = &mut event["d"]["event"]["props"];
        props["id"] = campaign.clone();
        props["variation"] = variation.clone();
        props["isFirst"] = json!(1);
        if let Some(properties) = self.context("customProperties") {
            props["vwoMeta"] = properties.clone();
        }
        event
    }

    /// A goal was reached in several campaigns. `candidates` are the goals of all campaigns that were meant.
    pub fn goal<'g>(
        &self,
        metric: &Metric<'_>,
        conversions: &[Conversion<'_>],
        candidates: impl Iterator<Item = &'g Goal>,
        revenue: Option<&Value>,
    ) -> Value {
        let mut reached = Map::new();
        for conversion in conversions {
            let campaign = format!("id_{}", conversion.campaign.text);
            let goal = format!("g_{}", python_repr::text(&conversion.goal.id));
            reached.insert(campaign, json!([goal]));
        }
        let mut meta = json!({"metric": reached});
        if let Some(revenue) = revenue {
            for property in candidates.filter_map(|goal| goal.revenue_property.as_deref()) {
                meta[property] = revenue.clone();
            }
        }
        let mut event = self.body(metric.event);
        let props = &mut event["d"]["event"]["props"];
        props["vwoMeta"] = meta;
        props["isCustomEvent"] = json!(true);
        for (name, value) in metric.properties.into_iter().flatten() {
            props[name.as_str()] = value.clone();
        }
        event
    }

    /// A goal was reached in one campaign, as an entry of a batch.
    pub fn conversion(&self, conversion: &Conversion<'_>, revenue: Option<&Value>) -> Value {
        let mut entry = self.entry(json!({
            "c": conversion.variation.json,
            "e": conversion.campaign.json,
            "g": conversion.goal.id,
            "eT": 2,
        }));
        if let (Some(revenue), false) = (revenue, conversion.goal.kind == Type::Custom) {
            entry["r"] = revenue.clone();
        }
        entry
    }

    /// Custom dimensions of the user, all at once.
    pub fn visitor<'t>(&self, tags: impl Iterator<Item = (&'t str, String)>) -> Value {
        let mut event = self.body(SYNC_VISITOR);
        event["d"]["event"]["props"]["isCustomEvent"] = json!(true);
        for (name, value) in tags {
            event["d"]["visitor"]["props"][name] = json!(value);
        }
        event
    }

    /// One custom dimension, as an entry of a batch.
    pub fn tag(&self, name: &str, value: &str) -> Value {
        let tags = format!("{{\"u\": {{{}: {}}}}}", ascii(name), ascii(value));
        self.entry(json!({"t": tags, "eT": 3}))
    }

    /// An entry of a batch: what is common to all, then `own`.
    fn entry(&self, own: Value) -> Value {
        let text = |name| self.context(name).cloned().unwrap_or_else(|| json!(""));
        let mut entry = json!({
            "u": self.visitor,
            "sId": self.now_ms.div_euclid(1000),
            "visitor_ua": text("userAgent"),
            "visitor_ip": text("ipAddress"),
        });
        if let (Some(entry), Value::Object(own)) = (entry.as_object_mut(), own) {
            entry.extend(own);
        }
        entry
    }

    fn body(&self, name: &str) -> Value {
        let key = &self.rules.sdk_key;
        json!({"d": {
            "msgId": format!("{}-{}", self.visitor, self.now_ms),
            "visId": self.visitor,
            "sessionId": self.now_ms.div_euclid(1000),
            "event": {
                "props": {
                    "vwo_sdkName": "flagstay",
                    "vwo_sdkVersion": env!("CARGO_PKG_VERSION"),
                    "vwo_envKey": key,
                },
                "name": name,
                "time": self.now_ms,
            },
            "visitor": {"props": {"vwo_fs_environment": key}},
        }})
    }

    fn context(&self, name: &str) -> Option<&Value> {
        let value = self.user.part(Part::Context).get_str(name);
        value.filter(|value| truthy(value))
    }
}

/// A text as JSON in ASCII.
fn ascii(text: &str) -> String {
    let mut ascii = String::new();
    for c in Value::from(text).to_string().chars() {
        if c.is_ascii() && c != '\x7f' {
            ascii.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            // Writing into a string does not fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

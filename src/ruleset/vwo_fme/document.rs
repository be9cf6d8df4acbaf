//! The platform's settings document, v2 (section 1), as far as decisions and events need it. Read after validation, so
//! what is checked there is not checked again.

use crate::error::{Error, ErrorKind};
use crate::ruleset::coerce;
use crate::ruleset::shape::list;
use crate::value::{Map, Value};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub account_id: Id,
    /// Not checked by validation; whatever is no text counts as absent.
    #[serde(default)]
    pub sdk_key: Value,
    #[serde(deserialize_with = "list")]
    pub features: Vec<Feature>,
    #[serde(deserialize_with = "list")]
    pub campaigns: Vec<Campaign>,
    #[serde(default, deserialize_with = "groups")]
    pub groups: Vec<(String, Group)>,
    #[serde(default)]
    pub campaign_groups: Map<String, Value>,
    #[serde(default, deserialize_with = "list")]
    pub holdouts: Vec<Holdout>,
    #[serde(default = "yes")]
    pub is_web_connectivity_enabled: Value,
    #[serde(default, rename = "isMAU")]
    pub is_mau: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    pub id: Id,
    pub key: String,
    pub metrics: Vec<Metric>,
    #[serde(default)]
    pub rules: Vec<Rule>,
    #[serde(default)]
    pub impact_campaign: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub rule_key: String,
    pub campaign_id: Id,
    pub variation_id: Option<Id>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    pub id: Id,
    pub key: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub segments: Value,
    pub percent_traffic: Option<f64>,
    #[serde(default)]
    pub salt: Value,
    #[serde(default)]
    pub is_forced_variation_enabled: bool,
    #[serde(default)]
    pub is_user_list_enabled: Value,
    #[serde(deserialize_with = "list")]
    pub variations: Vec<Variation>,
}

#[derive(Deserialize)]
pub struct Variation {
    pub id: Id,
    pub name: String,
    #[serde(deserialize_with = "weight")]
    pub weight: f64,
    #[serde(default)]
    pub segments: Value,
    #[serde(default)]
    pub salt: Value,
    #[serde(default, deserialize_with = "list")]
    pub variables: Vec<Variable>,
}

#[derive(Deserialize)]
pub struct Variable {
    pub key: String,
    pub value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    pub identifier: String,
    pub revenue_prop: Option<String>,
}

#[derive(Deserialize)]
pub struct Group {
    pub name: Option<String>,
    #[serde(default)]
    pub campaigns: Vec<String>,
    pub et: Option<f64>,
    #[serde(default)]
    pub p: Vec<String>,
    #[serde(default)]
    pub wt: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holdout {
    pub id: Id,
    pub percent_traffic: f64,
    pub is_global: bool,
    pub feature_ids: Vec<Value>,
    pub segments: Value,
    pub metrics: Vec<Metric>,
}

/// An id: a number or a text, which are never the same. Keeps its JSON type for the stored record.
#[derive(Clone, Debug)]
pub struct Id {
    pub json: Value,
    /// As part of hash inputs and keys.
    pub text: Box<str>,
}

impl Id {
    pub fn new(json: Value) -> Self {
        let text = text_of(&json).into();
        Id { json, text }
    }

    pub fn is(&self, other: &Value) -> bool {
        crate::value::equal(&self.json, other)
    }

    /// For looking things up by their id.
    pub fn key(&self) -> IdKey<'_> {
        match &self.json {
            Value::Number(number) => IdKey::of_number(coerce::double(number)),
            _ => IdKey::Text(&self.text),
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
pub enum IdKey<'d> {
    Number(u64),
    Text(&'d str),
}

impl IdKey<'_> {
    pub fn of_number(number: f64) -> Self {
        // Adding makes of the two zeros one.
        IdKey::Number((number + 0.0).to_bits())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Id::new)
    }
}

impl Document {
    /// Reads a document that [`super::validation`] has nothing to say against.
    pub fn read(document: Value) -> Result<Self, Error> {
        serde_path_to_error::deserialize(document).map_err(|error| {
            let path = error.path().to_string();
            Error::at(ErrorKind::InvalidRuleset, path, error.into_inner())
        })
    }
}

/// A value as it appears in texts that are compared: integers as digits, `5.0` and `5` alike.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => coerce::canonical(coerce::double(number))
            .as_str()
            .to_owned(),
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    }
}

fn yes() -> Value {
    Value::Bool(true)
}

fn groups<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Group)>, D::Error> {
    let groups = Map::<String, Value>::deserialize(deserializer)?;
    let read = |(id, group): (String, Value)| match Group::deserialize(group) {
        Ok(group) => Ok((id, group)),
        Err(error) => Err(D::Error::custom(format_args!("{id}: {error}"))),
    };
    groups.into_iter().map(read).collect()
}

/// A number, or a text that is one.
fn weight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let weight = Value::deserialize(deserializer)?;
    let number = match &weight {
        Value::Number(number) => Some(coerce::double(number)),
        Value::String(text) => coerce::float(text),
        _ => None,
    };
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| D::Error::custom(format_args!("weight: {weight} is not a number")))
}

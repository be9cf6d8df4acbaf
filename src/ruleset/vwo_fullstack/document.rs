//! The platform's settings file (section 1), as far as decisions and events need it. Read after validation, so what is
//! checked there is not checked again; what validation passes over is kept as it is.

use crate::error::{Error, ErrorKind};
use crate::ruleset::python_repr;
use crate::ruleset::shape::list;
use crate::value::{Map, Value};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub account_id: Id,
    #[serde(default)]
    pub sdk_key: Value,
    #[serde(default, rename = "isNB")]
    pub is_nb: Value,
    #[serde(default, rename = "isNBv2")]
    pub is_nb_v2: Value,
    #[serde(default)]
    pub is_event_arch_enabled: Value,
    #[serde(deserialize_with = "list")]
    pub campaigns: Vec<Campaign>,
    /// The text of a campaign's id → the id of its group.
    #[serde(default)]
    pub campaign_groups: Map<String, Value>,
    #[serde(default)]
    pub groups: HashMap<String, Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    pub id: Id,
    pub key: String,
    pub status: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub percent_traffic: f64,
    #[serde(default)]
    pub segments: Value,
    #[serde(default)]
    pub is_forced_variation_enabled: Value,
    #[serde(default)]
    pub is_bucketing_seed_enabled: bool,
    #[serde(default, rename = "isOB")]
    pub is_ob: Value,
    #[serde(default, rename = "isOBv2")]
    pub is_ob_v2: Value,
    #[serde(default, rename = "isMAB")]
    pub is_mab: Value,
    #[serde(deserialize_with = "list")]
    pub variations: Vec<Variation>,
    #[serde(deserialize_with = "list")]
    pub goals: Vec<Value>,
    #[serde(default, deserialize_with = "list")]
    pub variables: Vec<Variable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variation {
    pub id: Id,
    pub name: String,
    pub weight: f64,
    #[serde(default)]
    pub segments: Value,
    pub is_feature_enabled: Option<bool>,
    #[serde(default, deserialize_with = "list")]
    pub variables: Vec<Variable>,
}

#[derive(Deserialize)]
pub struct Variable {
    pub key: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub value: Value,
}

#[derive(Deserialize)]
pub struct Group {
    #[serde(default)]
    pub campaigns: Vec<Value>,
    pub et: Option<f64>,
    #[serde(default)]
    pub p: Vec<Value>,
    #[serde(default)]
    pub wt: Map<String, Value>,
}

/// An id: a number or a text, which are never the same. Keeps its JSON type for events.
#[derive(Clone, Debug)]
pub struct Id {
    pub json: Value,
    /// As part of hash inputs and keys.
    pub text: Box<str>,
}

impl Id {
    pub fn is(&self, other: &Value) -> bool {
        crate::value::equal(&self.json, other)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let text = python_repr::text(&json).into();
        Ok(Id { json, text })
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

//! The platform's document, dcs-v2 (section 1).
//!
//! A member of the wrong type makes the whole document unusable. Specs are the exception: each is read by itself, so
//! here they are still JSON. Members that decisions do not read are checked all the same, because the platform does.

use crate::error::{Error, ErrorKind, Object};
use crate::value::{Map, Prepared, Value};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::error::Category;
use std::collections::HashMap;

#[derive(Deserialize)]
#[expect(dead_code, reason = "what only has to have its type")]
pub struct Document {
    pub has_updates: bool,
    pub time: u64,
    pub feature_gates: Map<String, Value>,
    pub dynamic_configs: Map<String, Value>,
    pub layer_configs: Map<String, Value>,
    pub condition_map: HashMap<String, Object<Condition>>,
    experiment_to_layer: HashMap<String, String>,
    checksum: Option<String>,
    company_id: Option<String>,
    response_format: Option<String>,
    pub app_id: Option<Value>,
    pub default_environment: Option<String>,
    id_lists: Option<HashMap<String, bool>>,
    param_stores: Option<HashMap<String, Object<ParameterStore>>>,
    pub overrides: Option<HashMap<String, Vec<Object<Mapping>>>>,
    pub override_rules: Option<HashMap<String, Object<Rule>>>,
    pub cmab_configs: Option<HashMap<String, Object<Bandit>>>,
    sdk_flags: Option<HashMap<String, bool>>,
    sdk_configs: Option<HashMap<String, IgnoredAny>>,
    diagnostics: Option<HashMap<String, f64>>,
    hashed_sdk_keys_to_app_ids: Option<HashMap<String, IgnoredAny>>,
    sdk_keys_to_app_ids: Option<HashMap<String, IgnoredAny>>,
    session_replay_info: Option<HashMap<String, IgnoredAny>>,
    auto_capture_settings: Option<HashMap<String, IgnoredAny>>,
    gcir_config: Option<HashMap<String, IgnoredAny>>,
}

/// What can be evaluated (section 1.2).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what only has to have its type")]
pub struct Spec {
    #[serde(rename = "type")]
    kind: String,
    pub salt: String,
    pub enabled: bool,
    pub default_value: Given,
    pub rules: Vec<Object<Rule>>,
    pub id_type: String,
    pub entity: String,
    pub is_active: Option<bool>,
    pub explicit_parameters: Option<Vec<Box<str>>>,
    has_shared_params: Option<bool>,
    pub version: Option<u32>,
    #[serde(rename = "targetAppIDs")]
    target_app_ids: Option<Vec<String>>,
    forward_all_exposures: Option<bool>,
    pub use_new_layer_eval: Option<bool>,
    fields_used: Option<Vec<String>>,
    checksum: Option<String>,
}

/// Section 1.3.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what only has to have its type")]
pub struct Rule {
    name: String,
    pub id: String,
    pub pass_percentage: f64,
    pub return_value: Given,
    pub conditions: Vec<String>,
    pub id_type: String,
    pub salt: Option<String>,
    pub group_name: Option<String>,
    pub is_experiment_group: Option<bool>,
    pub config_delegate: Option<String>,
    sampling_rate: Option<u64>,
}

/// Section 1.4.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what only has to have its type")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub id_type: String,
    pub target_value: Option<Value>,
    pub operator: Option<String>,
    pub field: Option<String>,
    pub additional_values: Option<HashMap<String, String>>,
    checksum: Option<String>,
}

/// One way of answering a config by another one (section 2.9).
#[derive(Deserialize)]
pub struct Mapping {
    pub new_config_name: String,
    pub rules: Vec<Object<MappingRule>>,
}

#[derive(Deserialize)]
pub struct MappingRule {
    pub rule_name: String,
    pub start_time: Option<i64>,
}

/// A contextual bandit (section 2.12).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what only has to have its type")]
pub struct Bandit {
    salt: String,
    default_value: Given,
    id_type: String,
    enabled: bool,
    version: u32,
    sample_rate: f64,
    higher_is_better: bool,
    groups: Vec<Object<BanditGroup>>,
    config: Option<HashMap<String, Object<BanditWeights>>>,
    targeting_gate_name: Option<String>,
    #[serde(rename = "targetAppIDs")]
    target_app_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what only has to have its type")]
struct BanditGroup {
    name: String,
    parameter_values: Given,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what only has to have its type")]
struct BanditWeights {
    alpha: f64,
    intercept: f64,
    records: u64,
    weights_numerical: HashMap<String, f64>,
    weights_categorical: HashMap<String, HashMap<String, f64>>,
}

/// Section 4.6. Not evaluated, only checked.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what only has to have its type")]
struct ParameterStore {
    parameters: HashMap<String, Object<Parameter>>,
    #[serde(rename = "targetAppIDs")]
    target_app_ids: Option<Vec<String>>,
    version: Option<u32>,
    checksum: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "what only has to have its type")]
struct Parameter {
    ref_type: String,
    param_type: String,
    #[serde(flatten)]
    reference: Reference,
}

/// The first shape whose members are all there.
#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "what only has to have its type")]
enum Reference {
    Static {
        value: Value,
    },
    Gate {
        gate_name: String,
        pass_value: Value,
        fail_value: Value,
    },
    Config {
        config_name: String,
        param_name: String,
    },
    Experiment {
        experiment_name: String,
        param_name: String,
    },
    Layer {
        layer_name: String,
        param_name: String,
    },
}

/// A value that a rule or a default gives (section 1.5).
#[derive(Debug)]
pub enum Given {
    Null,
    Bool(bool),
    Object(Prepared),
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Given::Null,
            Value::Bool(value) => Given::Bool(value),
            object @ Value::Object(_) => Given::Object(Prepared::new(object)),
            // Whatever else there is counts as an object without members.
            _ => Given::Object(Prepared::new(Value::Object(Map::new()))),
        })
    }
}

/// What a text says.
pub enum Read {
    Document(Box<Document>),
    /// The short answer of a server that has nothing new.
    NoUpdates,
}

impl Document {
    /// Reads a text. Bytes behind the JSON value mean nothing (section 1.1).
    pub fn read(text: &str) -> Result<Read, Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let error = match serde_path_to_error::deserialize::<_, Object<Document>>(&mut deserializer)
        {
            Ok(Object(document)) if document.has_updates => {
                return Ok(Read::Document(Box::new(document)));
            }
            Ok(_) => return Ok(Read::NoUpdates),
            Err(error) => error,
        };
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.classify() != Category::Data {
            return Err(Error::new(ErrorKind::InvalidJson, error.to_string()));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let hint = Object::<Hint>::deserialize(&mut deserializer)
            .unwrap_or_default()
            .0;
        if hint.has_updates == Some(Value::Bool(false)) {
            return Ok(Read::NoUpdates);
        }
        if hint.is_legacy() {
            return Err(Error::at(
                ErrorKind::InvalidRuleset,
                "feature_gates",
                "this is a document of version 1, with lists of specs; fetch \
                 /v2/download_config_specs instead, whose specs are objects by name with a `condition_map`",
            ));
        }
        Err(match path.as_str() {
            "." | "?" => Error::new(ErrorKind::InvalidRuleset, error.to_string()),
            _ => Error::at(ErrorKind::InvalidRuleset, path, error),
        })
    }
}

/// What an unreadable document is recognised by.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Hint {
    has_updates: Option<Value>,
    feature_gates: Option<Value>,
    condition_map: Option<IgnoredAny>,
}

impl Hint {
    /// Section 1.6.
    fn is_legacy(&self) -> bool {
        matches!(self.feature_gates, Some(Value::Array(_))) && self.condition_map.is_none()
    }
}

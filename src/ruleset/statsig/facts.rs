//! Everything that is said about an answer besides its value: for the caller who asks for details, and for events.

use super::evaluate::Failure;
use super::outcome::Outcome;
use super::record::Stored;
use super::rules::Rules;
use crate::decision::Decision;
use crate::ruleset::Kind;
use crate::value::Value;
use serde_json::json;
use std::borrow::Cow;

/// Where documents come from, in the platform's words: the host hands them over.
const SOURCE: &str = "Bootstrap";

#[derive(Debug)]
pub struct Facts<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub value: bool,
    pub rule_id: &'a str,
    pub group: Option<&'a str>,
    pub id_type: Option<&'a str>,
    pub version: Option<u64>,
    pub delegate: Option<&'a str>,
    pub explicit: Option<Vec<&'a str>>,
    /// Lists in the platform's shape, or null.
    pub exposures: Value,
    pub undelegated: Value,
    pub is_active: bool,
    pub is_group: bool,
    pub reason: Cow<'a, str>,
    pub time: Option<u64>,
    pub mapped: Option<&'a str>,
    /// Which rule gave each parameter of a merged layer.
    pub parameter_rules: &'a [&'a str],
    /// Whether a condition asked, and not the caller.
    pub is_inner: bool,
}

impl<'a> Facts<'a> {
    pub fn of_live(
        rules: &Rules,
        kind: Kind,
        name: &'a str,
        outcome: &'a Outcome<'_, '_>,
        ended: Result<bool, Failure>,
    ) -> Self {
        let nothing = Facts {
            kind,
            name,
            value: false,
            rule_id: "",
            group: None,
            id_type: None,
            version: None,
            delegate: None,
            explicit: None,
            exposures: Value::Null,
            undelegated: Value::Null,
            is_active: false,
            is_group: false,
            reason: reason(rules, outcome, ended),
            time: None,
            mapped: None,
            parameter_rules: &[],
            is_inner: false,
        };
        match ended {
            Err(_) => nothing,
            Ok(_) => Facts {
                value: outcome.value,
                rule_id: outcome.rule_id.unwrap_or_default(),
                group: outcome.group,
                id_type: outcome.id_type.map(|id_type| &*id_type.text),
                version: outcome.version.map(u64::from),
                delegate: outcome.delegate,
                explicit: outcome
                    .explicit
                    .map(|names| names.iter().map(|name| &**name).collect()),
                is_active: outcome.is_active,
                is_group: outcome.is_group,
                time: Some(rules.time.unwrap_or(0)),
                mapped: outcome.mapped,
                parameter_rules: outcome.parameter_rules.as_deref().unwrap_or_default(),
                ..nothing
            },
        }
    }

    /// Section 3.7.
    pub fn of_stored(
        kind: Kind,
        name: &'a str,
        live: &Outcome<'a, '_>,
        stored: &Stored<'a>,
    ) -> Self {
        let texts = |list: &'a [Value]| list.iter().filter_map(Value::as_str).collect();
        let list = |exposures: &[Value]| Value::Array(exposures.to_vec());
        Facts {
            kind,
            name,
            value: stored.value,
            rule_id: stored.rule_id,
            group: stored.group,
            id_type: live.id_type.map(|id_type| &*id_type.text),
            version: stored.version,
            delegate: stored.delegate,
            explicit: stored.explicit.map(texts),
            exposures: list(stored.exposures),
            undelegated: stored.undelegated.map_or(Value::Null, list),
            is_active: true,
            is_group: true,
            reason: Cow::Borrowed("Persisted"),
            time: stored.time,
            mapped: None,
            parameter_rules: &[],
            is_inner: false,
        }
    }

    /// What a decision that was made earlier still says. Which gates were asked is known only if details were asked
    /// for.
    pub fn of_decision(
        rules: &Rules,
        kind: Kind,
        name: &'a str,
        decision: &'a Decision<'_>,
    ) -> Self {
        let details = decision.details.as_deref();
        let detail = |name| details.and_then(|details| details.get(name));
        let reason = match decision {
            Decision { sticky: true, .. } => "Persisted".to_owned(),
            Decision { found: false, .. } => format!("{SOURCE}:Unrecognized"),
            _ => format!("{SOURCE}:Recognized"),
        };
        let spec = rules.specs(kind).find(name);
        let version = match details {
            Some(_) => detail("version").and_then(Value::as_u64),
            None if decision.sticky => None,
            None => spec.and_then(|spec| spec.version).map(u64::from),
        };
        let time = match details {
            Some(_) => detail("lcut").and_then(Value::as_u64),
            None if decision.sticky => None,
            None => rules.time,
        };
        let reason = detail("reason")
            .and_then(Value::as_str)
            .map_or(Cow::Owned(reason), Cow::Borrowed);
        Facts {
            kind,
            name,
            value: decision.enabled,
            rule_id: decision.rule_id.as_deref().unwrap_or_default(),
            group: decision.variation.as_deref(),
            id_type: None,
            version,
            delegate: None,
            explicit: None,
            exposures: detail("secondary_exposures").cloned().unwrap_or_default(),
            undelegated: Value::Null,
            is_active: false,
            is_group: false,
            reason,
            time,
            mapped: detail("override_config_name").and_then(Value::as_str),
            parameter_rules: &[],
            is_inner: false,
        }
    }

    pub fn to_json(&self) -> Value {
        json!({
            "group": self.group,
            "rule_id": self.rule_id,
            "id_type": self.id_type,
            "version": self.version,
            "allocated_experiment": self.delegate,
            "explicit_parameters": self.explicit,
            "secondary_exposures": self.exposures,
            "undelegated_secondary_exposures": self.undelegated,
            "is_experiment_active": self.is_active,
            "is_user_in_experiment": self.is_group,
            "override_config_name": self.mapped,
            "reason": self.reason,
            "lcut": self.time,
        })
    }
}

/// Section 2.13.
fn reason(
    rules: &Rules,
    outcome: &Outcome<'_, '_>,
    ended: Result<bool, Failure>,
) -> Cow<'static, str> {
    let source = match rules.time {
        Some(_) => SOURCE,
        None => "Loading",
    };
    match ended {
        Err(failure) => Cow::Owned(format!("Error:{}", failure.message())),
        Ok(false) => Cow::Owned(format!("{source}:Unrecognized")),
        Ok(true) if outcome.is_overridden => Cow::Borrowed("LocalOverride:Recognized"),
        Ok(true) if outcome.lacks_countries => Cow::Borrowed("CountryLookupNotLoaded:Recognized"),
        Ok(true) if outcome.unsupported => Cow::Owned(format!("{source}:Unsupported")),
        Ok(true) if outcome.asked_id_list => {
            Cow::Owned(format!("{source}:Recognized:IdListInMemory"))
        }
        Ok(true) => Cow::Owned(format!("{source}:Recognized")),
    }
}

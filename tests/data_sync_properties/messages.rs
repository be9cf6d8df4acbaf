//! Flags and segments before they are written down, and the messages of both platforms that say them.

use super::anything::Words;
use flagstay::client::Client;
use flagstay::config::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

pub const FLAGS: [&str; 4] = ["a", "b", "c", "d"];

pub const WORDS: Words = Words {
    texts: &[
        "",
        "u",
        "v",
        "1",
        "on",
        "off",
        " ",
        "a",
        "FF__1__2__3__a",
        "FF__1__2__3__b",
        "FF__1__2",
        "[\"u\", \"1\"]",
        "[\"s\", \"t\"]",
        "{\"s\": 1}",
        "[[]]",
        "Equal",
        "NotContain",
        "MatchRegex",
        "NotMatchRegex",
        "BiggerThan",
        "IsOneOf",
        "User is in segment",
        "User is not in segment",
        "Disabled",
        "full",
        "patch",
        "boolean",
        "number",
        "json",
        "^a|u$",
        "(",
        "((a+)+)+$",
        "(?=.*a)b\\1",
        "(a|aa)+\\1$",
        concat!(
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "((((((((((",
            "a",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
            "))))))))))",
        ),
        "\\N{DIGIT ONE}",
        "1e400",
        "-0",
        "nan",
        "2026-11-21T12:00:00Z",
        "2026-W47",
    ],
    keys: &[
        "key",
        "keyid",
        "name",
        "email",
        "plan",
        "Name",
        "KEY",
        "data",
        "id",
        "ff",
        "ffp",
        "rules",
        "property",
        "operation",
        "op",
        "value",
        "timestamp",
        "updatedAt",
        "variations",
        "rolloutPercentage",
        "rollout",
    ],
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Platform {
    FeatureflagCo,
    FeatBit,
}

pub use Platform::{FeatBit, FeatureflagCo};

/// A flag before it is written down.
#[derive(Clone, Debug)]
pub struct Flag {
    pub key: &'static str,
    pub version: u8,
    pub is_archived: bool,
    pub is_off: bool,
    pub targets: Vec<(String, u8)>,
    pub rules: Vec<(Vec<Condition>, Split)>,
    pub default: Split,
    pub needs: Vec<(&'static str, u8)>,
    pub scope: Value,
}

pub type Condition = (String, String, Value);

/// Shares of a hundred and the variation of each, in a row.
pub type Split = Vec<(u8, u8)>;

#[derive(Clone, Debug)]
pub struct Segment {
    pub id: &'static str,
    pub version: u8,
    pub included: Vec<String>,
    pub conditions: Vec<Condition>,
}

fn condition() -> BoxedStrategy<Condition> {
    let operations = vec![
        "Equal",
        "NotEqual",
        "Contains",
        "StartsWith",
        "IsTrue",
        "IsOneOf",
        "NotOneOf",
        "BiggerEqualThan",
        "LessThan",
        "MatchRegex",
        "NotMatchRegex",
        "User is in segment",
        "User is not in segment",
        "Than",
        "",
    ];
    let operation = proptest::sample::select(operations).prop_map(str::to_owned);
    (WORDS.key(), operation, WORDS.scalar()).boxed()
}

fn split() -> BoxedStrategy<Split> {
    prop_oneof![
        3 => (1..4_u8).prop_map(|variation| vec![(100, variation)]),
        2 => proptest::collection::vec((0..60_u8, 1..4_u8), 0..4),
    ]
    .boxed()
}

prop_compose! {
    fn flag(key: &'static str)(
        version in 1..8_u8,
        state in (proptest::bool::weighted(0.1), proptest::bool::weighted(0.1)),
        targets in proptest::collection::vec((WORDS.text(), 1..4_u8), 0..3),
        rules in proptest::collection::vec((proptest::collection::vec(condition(), 0..3), split()), 0..3),
        default in split(),
        needs in proptest::collection::vec((proptest::sample::select(FLAGS.to_vec()), 1..4_u8), 0..2),
        scope in prop_oneof![Just(json!(null)), Just(json!(true)), Just(json!(false)), WORDS.scalar()],
    ) -> Flag {
        Flag { key, version, is_archived: state.0, is_off: state.1, targets, rules, default, needs, scope }
    }
}

prop_compose! {
    fn segment(id: &'static str)(
        version in 1..8_u8,
        included in proptest::collection::vec(WORDS.text(), 0..3),
        conditions in proptest::collection::vec(condition(), 0..3),
    ) -> Segment {
        Segment { id, version, included, conditions }
    }
}

/// Some of the flags and segments, each once.
pub fn items() -> impl Strategy<Value = (Vec<Flag>, Vec<Segment>)> {
    let flags = FLAGS.map(|key| proptest::option::weighted(0.7, flag(key).boxed()));
    let segments = ["s", "t"].map(|id| proptest::option::of(segment(id).boxed()));
    (flags, segments).prop_map(|(flags, segments)| {
        let flags = flags.into_iter().flatten().collect();
        (flags, segments.into_iter().flatten().collect())
    })
}

impl Platform {
    pub fn client(self) -> Client {
        let (dialect, options) = match self {
            // `x__1__2__3`
            FeatureflagCo => ("featureflag-co", json!({"env_secret": "eF9fMV9fMl9fMw=="})),
            FeatBit => ("featbit", json!({"defaults": {"d": 5}})),
        };
        let config = json!({"dialect": dialect, "options": options, "events": {"exposures": true}, "now_ms": 1});
        Client::new(Config::from_json(&config.to_string()).unwrap(), None).unwrap()
    }

    pub fn message(self, event: &str, flags: &[Flag], segments: &[Segment]) -> Value {
        let flags: Vec<_> = flags.iter().map(|flag| self.flag(flag)).collect();
        let segments: Vec<_> = segments
            .iter()
            .map(|segment| self.segment(segment))
            .collect();
        json!({"messageType": "data-sync", "data": {"eventType": event, "featureFlags": flags, "segments": segments}})
    }

    fn conditions(self, conditions: &[Condition]) -> Value {
        let operation = match self {
            FeatureflagCo => "operation",
            FeatBit => "op",
        };
        let one = |(property, name, value): &Condition| json!({"property": property, operation: name, "value": value});
        conditions.iter().map(one).collect()
    }

    fn segment(self, segment: &Segment) -> Value {
        let conditions = self.conditions(&segment.conditions);
        let mut written = json!({"id": segment.id, "isArchived": false, "included": segment.included, "excluded": ["v"]});
        match self {
            FeatureflagCo => {
                written["timestamp"] = json!(segment.version);
                written["rules"] = json!([{"ruleJsonContent": conditions}]);
            }
            FeatBit => {
                written["updatedAt"] = date(segment.version);
                written["rules"] = json!([{"conditions": conditions}]);
            }
        }
        written
    }

    fn split(self, split: &Split) -> Value {
        let mut low = 0.0;
        let range = |(share, variation): &(u8, u8)| {
            let high = low + f64::from(*share) / 100.0;
            let range = json!([low, high]);
            low = high;
            match self {
                FeatureflagCo => {
                    json!({"exptRollout": 0.1, "rolloutPercentage": range, "valueOption": option(*variation)})
                }
                FeatBit => {
                    json!({"exptRollout": 0.1, "rollout": range, "id": format!("v{variation}")})
                }
            }
        };
        split.iter().map(range).collect()
    }

    fn flag(self, flag: &Flag) -> Value {
        let id = format!("FF__1__2__3__{}", flag.key);
        match self {
            FeatureflagCo => {
                let targets: Vec<_> = flag.targets.iter()
                    .map(|(key, variation)| json!({"individuals": [{"keyId": key}], "valueOption": option(*variation)}))
                    .collect();
                let rules: Vec<_> = flag.rules.iter()
                    .map(|(conditions, split)| json!({
                        "isIncludedInExpt": true, "ruleJsonContent": self.conditions(conditions),
                        "valueOptionsVariationRuleValues": self.split(split),
                    }))
                    .collect();
                let needs: Vec<_> = flag
                    .needs
                    .iter()
                    .map(|(key, variation)| {
                        json!({
                            "prerequisiteFeatureFlagId": format!("FF__1__2__3__{key}"),
                            "ValueOptionsVariationValue": option(*variation),
                        })
                    })
                    .collect();
                json!({
                    "id": id, "isArchived": flag.is_archived, "timestamp": flag.version, "ffp": needs,
                    "targetIndividuals": targets, "fftuwmtr": rules, "exptIncludeAllRules": flag.scope,
                    "ff": {
                        "id": id, "name": flag.key, "keyName": flag.key,
                        "status": if flag.is_off { "Disabled" } else { "Enabled" },
                        "variationOptionWhenDisabled": option(9),
                        "isDefaultRulePercentageRolloutsIncludedInExpt": true,
                        "defaultRulePercentageRollouts": self.split(&flag.default),
                    },
                })
            }
            FeatBit => {
                let targets: Vec<_> = flag.targets.iter()
                    .map(|(key, variation)| json!({"keyIds": [key], "variationId": format!("v{variation}")}))
                    .collect();
                let rules: Vec<_> = flag.rules.iter()
                    .map(|(conditions, split)| json!({
                        "includedInExpt": true, "conditions": self.conditions(conditions), "dispatchKey": "plan",
                        "variations": self.split(split),
                    }))
                    .collect();
                let variations: Vec<_> = [1, 2, 3, 9].iter()
                    .map(|variation| json!({"id": format!("v{variation}"), "value": format!("{variation}")}))
                    .collect();
                json!({
                    "id": id, "key": flag.key, "name": flag.key, "isArchived": flag.is_archived,
                    "updatedAt": date(flag.version), "variationType": "number", "variations": variations,
                    "isEnabled": !flag.is_off, "disabledVariationId": "v9", "targetUsers": targets, "rules": rules,
                    "fallthrough": {"includedInExpt": true, "dispatchKey": null, "variations": self.split(&flag.default)},
                    "exptIncludeAllTargets": flag.scope,
                })
            }
        }
    }
}

fn option(variation: u8) -> Value {
    json!({"localId": variation, "variationValue": variation.to_string()})
}

fn date(version: u8) -> Value {
    json!(format!("2026-11-21T12:00:0{version}Z"))
}

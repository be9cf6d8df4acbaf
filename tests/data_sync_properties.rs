//! Whatever messages and users hold: the dialects `featureflag-co` and `featbit` answer, and soon, on a small stack; and
//! what came in pieces is decided as what came at once.

mod anything;

use anything::{Words, put_elsewhere, soon};
use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::ruleset::{Metric, Request};
use flagstay::user::User;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Threads of this size exist.
const STACK: usize = 256 * 1024;

const FLAGS: [&str; 4] = ["a", "b", "c", "d"];

const WORDS: Words = Words {
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
enum Platform {
    FeatureflagCo,
    FeatBit,
}

use Platform::{FeatBit, FeatureflagCo};

/// A flag before it is written down.
#[derive(Clone, Debug)]
struct Flag {
    key: &'static str,
    version: u8,
    is_archived: bool,
    is_off: bool,
    targets: Vec<(String, u8)>,
    rules: Vec<(Vec<Condition>, Split)>,
    default: Split,
    needs: Vec<(&'static str, u8)>,
    scope: Value,
}

type Condition = (String, String, Value);

/// Shares of a hundred and the variation of each, in a row.
type Split = Vec<(u8, u8)>;

#[derive(Clone, Debug)]
struct Segment {
    id: &'static str,
    version: u8,
    included: Vec<String>,
    conditions: Vec<Condition>,
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
fn items() -> impl Strategy<Value = (Vec<Flag>, Vec<Segment>)> {
    let flags = FLAGS.map(|key| proptest::option::weighted(0.7, flag(key).boxed()));
    let segments = ["s", "t"].map(|id| proptest::option::of(segment(id).boxed()));
    (flags, segments).prop_map(|(flags, segments)| {
        let flags = flags.into_iter().flatten().collect();
        (flags, segments.into_iter().flatten().collect())
    })
}

impl Platform {
    fn client(self) -> Client {
        let (dialect, options) = match self {
            // `x__1__2__3`
            FeatureflagCo => ("featureflag-co", json!({"env_secret": "eF9fMV9fMl9fMw=="})),
            FeatBit => ("featbit", json!({"defaults": {"d": 5}})),
        };
        let config = json!({"dialect": dialect, "options": options, "events": {"exposures": true}, "now_ms": 1});
        Client::new(Config::from_json(&config.to_string()).unwrap(), None).unwrap()
    }

    fn message(self, event: &str, flags: &[Flag], segments: &[Segment]) -> Value {
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

fn platform() -> impl Strategy<Value = Platform> {
    prop_oneof![Just(FeatureflagCo), Just(FeatBit)]
}

fn user() -> impl Strategy<Value = User> {
    let attributes = prop_oneof![
        6 => proptest::collection::vec((WORDS.key(), WORDS.scalar()), 0..5)
            .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        1 => WORDS.json(),
    ];
    let key = prop_oneof![3 => WORDS.text().prop_map(Value::from), 1 => WORDS.scalar()];
    (key, attributes, any::<bool>()).prop_map(|(key, mut attributes, named)| {
        if let (Value::Object(attributes), true) = (&mut attributes, named) {
            attributes.insert("name".to_owned(), json!("Una"));
            attributes.remove("email");
        }
        User::from_value(json!({"key": key, "attributes": attributes}))
            .expect("a user of this shape is one")
    })
}

/// Does the work on a thread with little stack.
fn on_a_small_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(STACK);
        let done = small
            .spawn_scoped(scope, work)
            .expect("a thread begins")
            .join();
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
}

fn decide(client: &Client, flag: &str, user: &User) -> Value {
    let request = Request {
        details: true,
        default: Some("\"mine\""),
        ..Request::new(flag, user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

/// Every verb once. Explaining is deciding, watched; and all flags at once are the flags one by one.
fn use_all(client: &Client, user: &User) {
    let mut decided = BTreeMap::new();
    for flag in FLAGS {
        let request = Request {
            details: true,
            default: Some("\"mine\""),
            ..Request::new(flag, user)
        };
        let decision = soon("deciding", || decide(client, flag, user));
        let explained = soon("explaining", || client.explain(&request));
        assert_eq!(explained["decision"], decision);
        assert_eq!(decision["error"].is_string(), decision["reason"] == "ERROR");
        assert_eq!(
            decision["error"].is_string(),
            decision["message"].is_string()
        );
        let _ = soon("switching", || client.switch(&request));
        decided.insert(flag.to_owned(), decision);
    }
    client.drain_events(usize::MAX);
    let mut all = Vec::new();
    let request = Request {
        details: true,
        ..Request::new("", user)
    };
    let each = |name: &str, decision: flagstay::decision::Decision<'_>| {
        all.push((name.to_owned(), decision.into_owned()));
    };
    let are_all = soon("deciding all", || client.evaluate_all(&request, each));
    assert_eq!(client.drain_events(usize::MAX), Vec::<Value>::new());
    for (name, decision) in &all {
        if let Some(single) = decided.get(name) {
            // A flag of another environment may have the name.
            if single["found"] == true {
                assert_eq!(decision.to_json(), *single, "{name}");
            }
        }
        soon("exposing", || {
            client.expose(&Request::new(name, user), decision)
        });
    }
    if are_all.is_ok() {
        assert!(client.drain_events(usize::MAX).len() <= all.len());
    }
    for event in ["click", "", "$identify"] {
        let metric = Metric {
            event,
            user,
            value: None,
            properties: None,
            flags: None,
        };
        soon("tracking", || client.track(&metric)).expect("a metric event is taken or not");
    }
    soon("asking for the status", || client.status());
}

/// What must be there after some messages: each item's newest version, as the platform counts.
struct Model {
    flags: Vec<Flag>,
    segments: Vec<Segment>,
    version: u8,
}

impl Model {
    fn of(flags: &[Flag], segments: &[Segment]) -> Self {
        Model {
            flags: flags.to_vec(),
            segments: segments.to_vec(),
            version: Model::newest(flags, segments),
        }
    }

    fn newest(flags: &[Flag], segments: &[Segment]) -> u8 {
        let versions = flags.iter().map(|flag| flag.version);
        let versions = versions.chain(segments.iter().map(|segment| segment.version));
        versions.max().unwrap_or(0)
    }

    fn patch(&mut self, platform: Platform, flags: &[Flag], segments: &[Segment]) {
        let newest = Model::newest(flags, segments);
        if platform == FeatureflagCo && newest <= self.version {
            return;
        }
        self.version = self.version.max(newest);
        let mut flags = flags.to_vec();
        if platform == FeatBit {
            // The oldest items are taken first, and new ones come to stand in that order.
            flags.sort_by_key(|flag| flag.version);
        }
        for flag in &flags {
            match self.flags.iter_mut().find(|known| known.key == flag.key) {
                Some(known) if known.version >= flag.version => {}
                Some(known) => *known = flag.clone(),
                None => self.flags.push(flag.clone()),
            }
        }
        for segment in segments {
            match self
                .segments
                .iter_mut()
                .find(|known| known.id == segment.id)
            {
                Some(known) if known.version >= segment.version => {}
                Some(known) => *known = segment.clone(),
                None => self.segments.push(segment.clone()),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_message_or_refused(platform in platform(), message in WORDS.json(), user in user()) {
        on_a_small_stack(|| {
            let client = platform.client();
            let _ = soon("loading", || client.update(&message.to_string()));
            use_all(&client, &user);
        });
    }

    #[test]
    fn messages_with_something_else_in_them_are_taken_or_refused_with_a_place(
        platform in platform(),
        messages in proptest::collection::vec((
            any::<bool>(),
            items(),
            proptest::collection::vec((proptest::collection::vec(0..12_usize, 2..9), WORDS.json()), 0..3),
        ), 1..4),
        user in user(),
    ) {
        on_a_small_stack(|| {
            let client = platform.client();
            for (is_full, (flags, segments), changes) in &messages {
                let event = if *is_full { "full" } else { "patch" };
                let mut message = platform.message(event, flags, segments);
                for (path, other) in changes {
                    put_elsewhere(&mut message, path, other.clone());
                }
                let before = client.status()["flags"].clone();
                if let Err(error) = soon("loading", || client.update(&message.to_string())) {
                    assert!(error.message.contains(": ") || error.message.starts_with("a data-sync"), "{error}");
                    assert_eq!(client.status()["flags"], before);
                }
                use_all(&client, &user);
            }
        });
    }

    #[test]
    fn what_came_in_pieces_is_decided_as_what_came_at_once(
        platform in platform(),
        full in items(),
        patches in proptest::collection::vec(items(), 0..4),
        users in proptest::collection::vec(user(), 1..4),
    ) {
        let patched = platform.client();
        let whole = platform.message("full", &full.0, &full.1);
        patched.update(&whole.to_string()).expect("the message is in order");
        let mut model = Model::of(&full.0, &full.1);
        for (flags, segments) in &patches {
            let patch = platform.message("patch", flags, segments);
            patched.update(&patch.to_string()).expect("the message is in order");
            model.patch(platform, flags, segments);
        }
        let loaded = platform.client();
        let whole = platform.message("full", &model.flags, &model.segments);
        loaded.update(&whole.to_string()).expect("the message is in order");
        for user in &users {
            for flag in FLAGS {
                prop_assert_eq!(decide(&patched, flag, user), decide(&loaded, flag, user), "{}", flag);
            }
            let names = |client: &Client| {
                let mut names = Vec::new();
                let all = client.evaluate_all(&Request::new("", user), |name, _| names.push(name.to_owned()));
                all.map(|()| names)
            };
            prop_assert_eq!(names(&patched), names(&loaded));
        }
    }

    #[test]
    fn an_old_message_changes_nothing(platform in platform(), first in items(), second in items(), user in user()) {
        let client = platform.client();
        let newest = first.0.iter().map(|flag| flag.version).max().unwrap_or(0);
        client.update(&platform.message("full", &first.0, &first.1).to_string()).expect("it is in order");
        let before: Vec<_> = FLAGS.iter().map(|flag| decide(&client, flag, &user)).collect();
        let mut old = second;
        old.0.retain(|flag| flag.version <= newest);
        client.update(&platform.message("full", &old.0, &[]).to_string()).expect("it is in order");
        let is_known = |flag: &Flag| first.0.iter().any(|known| known.key == flag.key && known.version >= flag.version);
        old.0.retain(is_known);
        client.update(&platform.message("patch", &old.0, &[]).to_string()).expect("it is in order");
        let after: Vec<_> = FLAGS.iter().map(|flag| decide(&client, flag, &user)).collect();
        prop_assert_eq!(before, after);
    }
}

#[test]
fn the_messages_of_these_tests_lead_to_every_reason() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reasons = BTreeMap::new();
    for _ in 0..150 {
        let made = (items(), user())
            .new_tree(&mut runner)
            .expect("a value is made");
        let ((flags, segments), user) = made.current();
        for platform in [FeatureflagCo, FeatBit] {
            let client = platform.client();
            let full = platform.message("full", &flags, &segments).to_string();
            client.update(&full).expect("the message is in order");
            for flag in FLAGS {
                let decision = decide(&client, flag, &user);
                let said = match &decision["error"] {
                    Value::String(error) => error.clone(),
                    _ => decision["reason"].to_string(),
                };
                *reasons.entry((platform as u8, said)).or_insert(0) += 1;
            }
        }
    }
    // Both: off, target, rule, default, and four errors; one of them prerequisites, too.
    assert!(reasons.len() >= 17, "{reasons:?}");
}

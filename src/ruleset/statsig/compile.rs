//! From the document to what decides: names found, targets parsed, what does not work reported.

use super::condition::{Condition, Source};
use super::document::{self, Document};
use super::operators::{Compiled, Test};
use super::options::Options;
use super::rules::{Mapping, MappingRule, Rule, Rules, Spec, Specs, Target};
use super::subject::{Field, IdType};
use super::user_agent;
use crate::error::Object;
use crate::ruleset::{Kind, Problem};
use crate::value::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Compiles a document. `default_tier` is that of the client's first document.
pub fn compile(document: Document, options: Arc<Options>) -> Rules {
    let mut compiler = Compiler {
        places: HashMap::new(),
        conditions: HashMap::new(),
        problems: Vec::new(),
    };
    let gates = compiler.read(Kind::Gate, "feature_gates", document.feature_gates);
    let configs = compiler.read(
        Kind::Experiment,
        "dynamic_configs",
        document.dynamic_configs,
    );
    let layers = compiler.read(Kind::Layer, "layer_configs", document.layer_configs);
    let conditions = compiler.conditions(document.condition_map, options.as_ref());
    let specs = |compiler: &mut Compiler, root, list: Vec<(String, document::Spec)>| {
        let spec = |(name, spec)| compiler.spec(root, name, spec);
        Specs::new(list.into_iter().map(spec).collect())
    };
    let gates = specs(&mut compiler, "feature_gates", gates);
    let configs = specs(&mut compiler, "dynamic_configs", configs);
    let layers = specs(&mut compiler, "layer_configs", layers);
    let mappings = compiler.mappings(document.overrides, document.override_rules);
    let bandits = document.cmab_configs.unwrap_or_default();
    for name in bandits.keys() {
        let why = "contextual bandits are not evaluated: an experiment of this name is not found";
        compiler.report(Some(name), format!("cmab_configs.{name}"), why);
    }
    Rules {
        options,
        time: Some(document.time),
        app: document.app_id,
        default_tier: document.default_environment.map(Value::String),
        gates,
        configs,
        layers,
        conditions,
        mappings,
        bandits: bandits.into_keys().map(Into::into).collect(),
        problems: compiler.problems,
    }
}

struct Compiler {
    /// Where each spec stands among those of its kind; configs and experiments are of one.
    places: HashMap<(Kind, Box<str>), u32>,
    conditions: HashMap<Box<str>, u32>,
    problems: Vec<Problem>,
}

impl Compiler {
    fn report(&mut self, flag: Option<&str>, path: String, message: impl Into<String>) {
        self.problems.push(Problem {
            flag: flag.map(str::to_owned),
            path,
            message: message.into(),
        });
    }

    /// Reads specs, each by itself: one that cannot be read is left out, and nothing else suffers (section 1.1).
    fn read(
        &mut self,
        kind: Kind,
        root: &str,
        specs: Map<String, Value>,
    ) -> Vec<(String, document::Spec)> {
        let mut read = Vec::new();
        for (name, spec) in specs {
            match serde_path_to_error::deserialize::<_, Object<document::Spec>>(spec) {
                Ok(Object(spec)) => {
                    self.places
                        .insert((kind, name.as_str().into()), read.len() as u32);
                    read.push((name, spec));
                }
                Err(error) => {
                    let path = match error.path().to_string() {
                        whole if whole == "." => format!("{root}.{name}"),
                        path => format!("{root}.{name}.{path}"),
                    };
                    let why = format!(
                        "{}; this is left out, as if it were not there",
                        error.into_inner()
                    );
                    self.report(Some(&name), path, why);
                }
            }
        }
        read
    }

    fn target(&self, kind: Kind, name: &str) -> Target {
        Target {
            place: self.places.get(&(kind, name.into())).copied(),
            is_segment: name.starts_with("segment:"),
            name: name.into(),
        }
    }

    fn conditions(
        &mut self,
        conditions: HashMap<String, Object<document::Condition>>,
        options: &Options,
    ) -> Box<[Condition]> {
        let mut sorted: Vec<_> = conditions.into_iter().collect();
        sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut compiled = Vec::new();
        for (id, Object(condition)) in sorted {
            self.conditions
                .insert(id.as_str().into(), compiled.len() as u32);
            compiled.push(self.condition(id, condition, options));
        }
        compiled.into()
    }

    fn condition(
        &mut self,
        id: String,
        condition: document::Condition,
        options: &Options,
    ) -> Condition {
        let path = |member: &str| format!("condition_map.{id}.{member}");
        let field = condition.field.as_deref();
        let target = condition.target_value.unwrap_or_default();
        let id_type = || IdType::new(&condition.id_type);
        let source = match condition.kind.as_str() {
            "public" => Source::Public,
            kind @ ("pass_gate" | "fail_gate") => Source::Gate {
                gate: target.as_str().map(|name| self.target(Kind::Gate, name)),
                inverted: kind == "fail_gate",
            },
            "user_field" => Source::Field(field.map(Field::new)),
            "environment_field" => Source::Environment(field.map(Field::new)),
            "current_time" => Source::Now,
            "user_bucket" => {
                let salt = condition
                    .additional_values
                    .as_ref()
                    .and_then(|values| values.get("salt"));
                Source::Bucket {
                    salt: salt.map(String::as_str).unwrap_or_default().into(),
                    id_type: id_type(),
                }
            }
            "unit_id" => Source::Unit(id_type()),
            "ip_based" => Source::Country {
                by_address: field == Some("country"),
                field: field.map(Field::new),
            },
            "ua_based" => Source::UserAgent {
                part: field.and_then(|field| user_agent::Field::named(&field.to_lowercase())),
                field: field.map(Field::new),
            },
            "target_app" => Source::App,
            "experiment_group" => {
                Source::Group(field.map(|name| self.target(Kind::Experiment, name)))
            }
            _ => Source::Unknown,
        };
        if let Source::Gate { gate, .. } = &source
            && gate.as_ref().is_none_or(|gate| gate.place.is_none())
        {
            let why = format!("there is no gate {target}: it counts as one that fails");
            self.report(None, path("targetValue"), why);
        }
        if let Source::Unknown = source {
            let why = format!(
                "the type `{}` is not known: who meets it is unsupported",
                condition.kind
            );
            self.report(None, path("type"), why);
        }
        let mut test = None;
        if !matches!(
            source,
            Source::Public | Source::Gate { .. } | Source::Unknown
        ) {
            match condition
                .operator
                .as_deref()
                .map(|operator| Test::compile(operator, &target))
            {
                Some(Compiled::Test(compiled)) => test = Some(compiled),
                Some(Compiled::BadPattern(compiled)) => {
                    let why = "this pattern does not compile, and matches nothing";
                    self.report(None, path("targetValue"), why);
                    test = Some(compiled);
                }
                Some(Compiled::Unknown) => {
                    let operator = condition.operator.as_deref().unwrap_or_default();
                    let why = format!(
                        "the operator `{operator}` is not known: who meets it is unsupported"
                    );
                    self.report(None, path("operator"), why);
                }
                None => {
                    let why = "there is no operator: who meets the condition is unsupported";
                    self.report(None, path("operator"), why);
                }
            }
        }
        if let Some(list) = test.as_ref().and_then(Test::id_list)
            && !options.id_lists.has(list)
        {
            let why = format!("the client was given no ID list `{list}`: nobody is in it");
            self.report(None, path("targetValue"), why);
        }
        Condition {
            kind: condition.kind.into(),
            operator: condition.operator.map(Into::into),
            field: condition.field.map(Into::into),
            id: id.into(),
            source,
            test,
        }
    }

    fn spec(&mut self, root: &str, name: String, spec: document::Spec) -> Spec {
        let mut rules = Vec::new();
        for (at, Object(rule)) in spec.rules.into_iter().enumerate() {
            rules.push(self.rule(Some(&name), &format!("{root}.{name}.rules[{at}]"), rule));
        }
        Spec {
            salt: spec.salt.into(),
            enabled: spec.enabled,
            default: spec.default_value,
            rules: rules.into(),
            id_type: IdType::new(&spec.id_type),
            entity: spec.entity.into(),
            is_active: spec.is_active,
            explicit: spec.explicit_parameters.map(Into::into),
            version: spec.version,
            merges: spec.use_new_layer_eval == Some(true),
            name: name.into(),
        }
    }

    fn rule(&mut self, flag: Option<&str>, path: &str, rule: document::Rule) -> Rule {
        let mut conditions = Vec::new();
        for (at, id) in rule.conditions.iter().enumerate() {
            let place = self.conditions.get(id.as_str()).copied();
            if place.is_none() {
                let why = format!("there is no condition `{id}`: who meets it is unsupported");
                self.report(flag, format!("{path}.conditions[{at}]"), why);
            }
            conditions.push(place);
        }
        let delegate = rule
            .config_delegate
            .map(|name| self.target(Kind::Experiment, &name));
        if let Some(Target {
            name, place: None, ..
        }) = &delegate
        {
            let why = format!("there is no config `{name}`: the rule answers by itself");
            self.report(flag, format!("{path}.configDelegate"), why);
        }
        Rule {
            salt: rule.salt.as_deref().unwrap_or(&rule.id).into(),
            id: rule.id.into(),
            percentage: rule.pass_percentage,
            id_type: IdType::new(&rule.id_type),
            returns: rule.return_value,
            conditions: conditions.into(),
            group: rule.group_name.map(Into::into),
            is_group: rule.is_experiment_group == Some(true),
            delegate: delegate.filter(|delegate| delegate.place.is_some()),
        }
    }

    /// Mappings do something only where the document has both members (section 2.9).
    fn mappings(
        &mut self,
        overrides: Option<HashMap<String, Vec<Object<document::Mapping>>>>,
        rules: Option<HashMap<String, Object<document::Rule>>>,
    ) -> HashMap<Box<str>, Box<[Mapping]>> {
        let (Some(overrides), Some(rules)) = (overrides, rules) else {
            return HashMap::new();
        };
        let mut by_name = HashMap::new();
        for (name, Object(rule)) in rules {
            let rule = self.rule(None, &format!("override_rules.{name}"), rule);
            by_name.insert(name, Arc::new(rule));
        }
        let mut all = HashMap::new();
        for (name, mappings) in overrides {
            let mut compiled = Vec::new();
            for (at, Object(mapping)) in mappings.into_iter().enumerate() {
                let mut rules = Vec::new();
                for (nth, Object(rule)) in mapping.rules.into_iter().enumerate() {
                    let found = by_name.get(&rule.rule_name).cloned();
                    if found.is_none() {
                        let why = format!("there is no override rule `{}`", rule.rule_name);
                        let path = format!("overrides.{name}[{at}].rules[{nth}]");
                        self.report(Some(&name), path, why);
                    }
                    rules.push(MappingRule {
                        starts: rule.start_time.unwrap_or(0),
                        rule: found,
                    });
                }
                compiled.push(Mapping {
                    new_name: mapping.new_config_name.into(),
                    rules: rules.into(),
                });
            }
            all.insert(name.into(), compiled.into());
        }
        all
    }
}

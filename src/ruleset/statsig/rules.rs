//! A compiled document.

use super::condition::Condition;
use super::document::Given;
use super::options::Options;
use super::subject::IdType;
use crate::ruleset::texts::Index;
use crate::ruleset::{Kind, Problem};
use crate::value::{Prepared, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Everything that a client evaluates.
pub struct Rules {
    pub options: Arc<Options>,
    /// When the document was last changed, Unix milliseconds (`lcut`); `None`: there is no document yet.
    pub time: Option<u64>,
    pub app: Option<Value>,
    /// The `default_environment` of the client's first document.
    pub default_tier: Option<Value>,
    pub gates: Specs,
    pub configs: Specs,
    pub layers: Specs,
    pub conditions: Box<[Condition]>,
    pub mappings: HashMap<Box<str>, Box<[Mapping]>>,
    /// The names of contextual bandits, which are not evaluated.
    pub bandits: HashSet<Box<str>>,
    pub problems: Vec<Problem>,
}

/// The specs of one kind, in the order of the document.
pub struct Specs {
    pub list: Box<[Spec]>,
    by_name: Index,
}

#[derive(Debug)]
pub struct Spec {
    pub name: Box<str>,
    pub salt: Box<str>,
    pub enabled: bool,
    pub default: Given,
    pub rules: Box<[Rule]>,
    pub id_type: IdType,
    pub entity: Box<str>,
    pub is_active: Option<bool>,
    pub explicit: Option<Box<[Box<str>]>>,
    pub version: Option<u32>,
    pub merges: bool,
}

#[derive(Debug)]
pub struct Rule {
    pub id: Box<str>,
    pub percentage: f64,
    pub salt: Box<str>,
    pub id_type: IdType,
    pub returns: Given,
    /// `None`: the document has no condition of that id.
    pub conditions: Box<[Option<u32>]>,
    pub group: Option<Box<str>>,
    pub is_group: bool,
    /// What is evaluated instead; `None` also where the document has no config of that name.
    pub delegate: Option<Target>,
}

/// The classes of rules that are asked again where an assignment is enforced (section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Targeting,
    Override,
}

/// A name that a condition or rule mentions, found at load time.
#[derive(Debug)]
pub struct Target {
    pub name: Box<str>,
    /// Its place among the specs of its kind.
    pub place: Option<u32>,
    pub is_segment: bool,
}

/// One way of answering a config by another one (section 2.9).
#[derive(Debug)]
pub struct Mapping {
    pub new_name: Box<str>,
    pub rules: Box<[MappingRule]>,
}

#[derive(Debug)]
pub struct MappingRule {
    pub starts: i64,
    /// `None`: the document has no such rule.
    pub rule: Option<Arc<Rule>>,
}

impl Rules {
    /// What a client evaluates whose server had nothing for it.
    pub fn empty(options: Arc<Options>) -> Self {
        Rules {
            options,
            time: None,
            app: None,
            default_tier: None,
            gates: Specs::new(Vec::new()),
            configs: Specs::new(Vec::new()),
            layers: Specs::new(Vec::new()),
            conditions: Box::default(),
            mappings: HashMap::new(),
            bandits: HashSet::new(),
            problems: Vec::new(),
        }
    }

    pub fn specs(&self, kind: Kind) -> &Specs {
        match kind {
            Kind::Gate => &self.gates,
            Kind::Config | Kind::Experiment => &self.configs,
            Kind::Layer => &self.layers,
        }
    }

    /// The kind of a name where the caller does not say: gates go before configs, and these before layers.
    pub fn kind_of(&self, name: &str) -> Option<Kind> {
        if self.gates.find(name).is_some() {
            return Some(Kind::Gate);
        }
        if let Some(spec) = self.configs.find(name) {
            return Some(spec.kind());
        }
        self.layers.find(name).map(|_| Kind::Layer)
    }

    /// All that can be asked for, in the order of [`Rules::kind_of`]. Segments and holdouts only serve others.
    pub fn listed(&self) -> impl Iterator<Item = (Kind, &Spec)> {
        let gates = self.gates.list.iter().map(|spec| (Kind::Gate, spec));
        let gates = gates.filter(|(_, spec)| !matches!(&*spec.entity, "segment" | "holdout"));
        let configs = self.configs.list.iter().map(|spec| (spec.kind(), spec));
        let layers = self.layers.list.iter().map(|spec| (Kind::Layer, spec));
        gates.chain(configs).chain(layers)
    }
}

impl Specs {
    pub fn new(list: Vec<Spec>) -> Self {
        let list = list.into_boxed_slice();
        let by_name = Index::new(&list, |spec| &spec.name);
        Specs { list, by_name }
    }

    pub fn find(&self, name: &str) -> Option<&Spec> {
        self.by_name.find(&self.list, name, |spec| &spec.name)
    }

    pub fn at(&self, target: &Target) -> Option<&Spec> {
        self.list.get(target.place? as usize)
    }
}

impl Spec {
    /// What an entry among the configs is where the caller does not say.
    fn kind(&self) -> Kind {
        match &*self.entity {
            "experiment" => Kind::Experiment,
            _ => Kind::Config,
        }
    }

    pub fn has_rules_of(&self, class: Class) -> bool {
        self.rules.iter().any(|rule| rule.is_of(class))
    }
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Targeting => "targeting",
            Class::Override => "override",
        }
    }
}

impl Rule {
    pub fn is_of(&self, class: Class) -> bool {
        match class {
            Class::Targeting => matches!(&*self.id, "targetingGate" | "inlineTargetingRules"),
            Class::Override => self.id.ends_with("override"),
        }
    }
}

impl Given {
    /// A passing rule opens a gate unless it says otherwise.
    pub fn passes(&self) -> bool {
        !matches!(self, Given::Bool(false))
    }

    /// A default opens it only if it says so.
    pub fn is_true(&self) -> bool {
        matches!(self, Given::Bool(true))
    }

    pub fn object(&self) -> Option<&Prepared> {
        match self {
            Given::Object(object) => Some(object),
            Given::Null | Given::Bool(_) => None,
        }
    }
}

/// The value of a config that has none.
pub static NOTHING: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::new(Value::Object(Default::default())));
pub static TRUE: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(Value::Bool(true)));
pub static FALSE: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(Value::Bool(false)));

//! From the document to what decides: ids resolved, ranges computed, conditions, values and hash inputs prepared.

use super::conditions::{Compiler, Condition};
use super::document::{self, Document, Id};
use super::goals::Goal;
use super::options::Options;
use super::variables;
use crate::ruleset::Problem;
use crate::ruleset::coerce::truthy;
use crate::ruleset::python_repr;
use crate::ruleset::range::{Range, Space};
use crate::ruleset::visitor::Visitors;
use crate::value::{Prepared, Value};
use std::collections::HashMap;

/// A compiled document. Campaigns and groups refer to each other by index.
pub struct Rules {
    pub options: Options,
    pub sdk_key: Option<Box<str>>,
    pub visitors: Visitors,
    /// Metric events are told in the shape of the platform's events architecture.
    pub by_events: bool,
    pub campaigns: Vec<Campaign>,
    pub keys: HashMap<Box<str>, Places>,
    pub groups: Vec<Group>,
    /// The campaigns that have a goal of an identifier, in document order, and that goal.
    pub goals: HashMap<Box<str>, Vec<(usize, Goal)>>,
    pub problems: Vec<Problem>,
}

/// Which campaigns have a key.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    pub first: usize,
    pub last: usize,
    /// The first that runs.
    pub running: Option<usize>,
}

pub struct Campaign {
    pub id: Id,
    pub key: Box<str>,
    pub is_running: bool,
    pub kind: Kind,
    pub segments: Option<Condition>,
    /// Percent.
    pub traffic: f64,
    pub traffic_space: Space,
    pub split_space: Space,
    /// Where the split looks at the traffic's buckets, they are stretched to all of its own.
    pub stretch: f64,
    pub whitelists: bool,
    pub is_bandit: bool,
    pub variations: Vec<Variation>,
    pub group: Membership,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Experiment,
    FeatureTest,
    FeatureRollout,
    /// A type that this platform does not have.
    Other,
}

pub struct Variation {
    pub id: Id,
    pub name: Box<str>,
    pub weight: f64,
    pub range: Range,
    /// Who is put into it by whitelisting.
    pub segments: Option<Condition>,
    /// Whether the feature is on.
    pub is_on: bool,
    /// The name in an experiment, else the feature's variables.
    pub value: Prepared,
}

pub enum Membership {
    None,
    Group(usize),
    /// The group that the campaign is said to be in is not there.
    Missing,
}

pub struct Group {
    pub space: Space,
    /// The running members, in the order of their ranges.
    pub members: Vec<usize>,
    pub election: Election,
}

/// How a group finds the one campaign that its user may be in.
pub enum Election {
    Random,
    Advanced {
        /// Campaign ids.
        priority: Vec<Value>,
        /// Text of a campaign's id → weight; `None` where it is no number.
        weights: HashMap<Box<str>, Option<f64>>,
    },
    Unknown,
}

/// Compiles a valid document.
pub fn compile(document: Document, options: Options) -> Rules {
    let mut rules = Rules {
        options,
        sdk_key: document.sdk_key.as_str().map(Into::into),
        visitors: Visitors::new(&document.account_id.text),
        by_events: truthy(&document.is_event_arch_enabled),
        campaigns: Vec::new(),
        keys: HashMap::new(),
        groups: Vec::new(),
        goals: HashMap::new(),
        problems: Vec::new(),
    };
    let mut group_by_text = HashMap::new();
    for index in 0..document.campaigns.len() {
        let mut compiler = Compiler::default();
        let group = rules.membership(&document, index, &mut group_by_text, &mut compiler);
        let campaign = campaign(&document, index, group, &mut compiler);
        rules.add(campaign, &document.campaigns[index].goals, &mut compiler);
        let flag = &document.campaigns[index].key;
        for (path, message) in compiler.remarks {
            rules.problems.push(Problem {
                flag: Some(flag.clone()),
                path,
                message,
            });
        }
    }
    let running = rules.running();
    for (text, at) in group_by_text {
        let ids = document.groups[&text].campaigns.iter();
        let members = ids.flat_map(|id| {
            let same_bits = bits(id).and_then(|bits| running.get(&bits));
            let is_member = |at: &usize| rules.campaigns[*at].id.is(id);
            same_bits.into_iter().flatten().copied().filter(is_member)
        });
        rules.groups[at].members = members.collect();
    }
    rules
}

impl Rules {
    fn membership(
        &mut self,
        document: &Document,
        index: usize,
        group_by_text: &mut HashMap<String, usize>,
        compiler: &mut Compiler,
    ) -> Membership {
        let id = &document.campaigns[index].id;
        let Some(group_id) = document.campaign_groups.get(&*id.text) else {
            return Membership::None;
        };
        let text = python_repr::text(group_id);
        let Some(group) = document.groups.get(&text) else {
            compiler.remarks.push((
                format!("campaignGroups.{}", id.text),
                format!("there is no group {text}; nobody gets into the campaign"),
            ));
            return Membership::Missing;
        };
        let groups = &mut self.groups;
        Membership::Group(*group_by_text.entry(text).or_insert_with_key(|text| {
            let election = election(group);
            if let Election::Unknown = election {
                compiler.remarks.push((
                    format!("groups.{text}.et"),
                    "neither 1 nor 2; nobody gets into the group's campaigns by their traffic"
                        .to_owned(),
                ));
            }
            groups.push(Group {
                space: Space::new(match truthy(group_id) {
                    true => format!("{text}_"),
                    false => String::new(),
                }),
                members: Vec::new(),
                election,
            });
            groups.len() - 1
        }))
    }

    fn add(&mut self, campaign: Campaign, goals: &[Value], compiler: &mut Compiler) {
        let index = self.campaigns.len();
        for (at, goal) in goals.iter().enumerate() {
            let Some((identifier, goal)) = Goal::read(goal) else {
                let path = format!("campaigns[{index}].goals[{at}]");
                let why = "not an object with an `identifier`; it is never reached".to_owned();
                compiler.remarks.push((path, why));
                continue;
            };
            let list = self.goals.entry(identifier.into()).or_default();
            // The campaign's first goal with an identifier counts.
            if list.last().is_none_or(|(campaign, _)| *campaign != index) {
                list.push((index, goal));
            }
        }
        // No call takes an empty key.
        if !campaign.key.is_empty() {
            let places = self.keys.entry(campaign.key.clone()).or_insert(Places {
                first: index,
                last: index,
                running: None,
            });
            places.last = index;
            if campaign.is_running {
                places.running.get_or_insert(index);
            }
        }
        self.campaigns.push(campaign);
    }

    /// The campaigns that run, by the bits of their numeric id.
    fn running(&self) -> HashMap<u64, Vec<usize>> {
        let mut running: HashMap<u64, Vec<usize>> = HashMap::new();
        for (index, campaign) in self.campaigns.iter().enumerate() {
            if let (true, Some(bits)) = (campaign.is_running, bits(&campaign.id.json)) {
                running.entry(bits).or_default().push(index);
            }
        }
        running
    }
}

/// The same for numbers that are equal; a few large integers share theirs.
fn bits(id: &Value) -> Option<u64> {
    // Adding makes of the two zeros one.
    id.as_f64().map(|number| (number + 0.0).to_bits())
}

fn election(group: &document::Group) -> Election {
    match group.et {
        None => Election::Random,
        Some(1.0) => Election::Random,
        Some(2.0) => {
            let weights = group.wt.iter();
            Election::Advanced {
                priority: group.p.clone(),
                weights: weights
                    .map(|(id, weight)| (id.as_str().into(), weight.as_f64()))
                    .collect(),
            }
        }
        Some(_) => Election::Unknown,
    }
}

fn campaign(
    document: &Document,
    index: usize,
    group: Membership,
    compiler: &mut Compiler,
) -> Campaign {
    let campaign = &document.campaigns[index];
    let path = format!("campaigns[{index}]");
    let kind = match campaign.kind.as_deref() {
        Some("VISUAL_AB") => Kind::Experiment,
        Some("FEATURE_TEST") => Kind::FeatureTest,
        Some("FEATURE_ROLLOUT") => Kind::FeatureRollout,
        _ => {
            let why =
                "none of VISUAL_AB, FEATURE_TEST, FEATURE_ROLLOUT; the campaign decides nothing";
            compiler
                .remarks
                .push((format!("{path}.type"), why.to_owned()));
            Kind::Other
        }
    };
    let (split_space, stretch) = split(document, campaign);
    Campaign {
        is_running: campaign.status == "RUNNING",
        kind,
        segments: Condition::compile(&campaign.segments, &format!("{path}.segments"), compiler),
        traffic: campaign.percent_traffic,
        traffic_space: own_space(document, campaign),
        split_space,
        stretch,
        whitelists: campaign.is_forced_variation_enabled == Value::Bool(true),
        is_bandit: truthy(&campaign.is_mab),
        variations: variations(campaign, kind, &path, compiler),
        group,
        key: campaign.key.as_str().into(),
        id: campaign.id.clone(),
    }
}

/// What traffic and whitelisting hash (section 2.3).
fn own_space(document: &Document, campaign: &document::Campaign) -> Space {
    Space::new(
        match truthy(&document.is_nb) || campaign.is_bucketing_seed_enabled {
            true => format!("{}_", campaign.id.text),
            false => String::new(),
        },
    )
}

/// What the split hashes, and how far it stretches the bucket (section 2.4).
fn split(document: &Document, campaign: &document::Campaign) -> (Space, f64) {
    let (is_new, is_newer) = (truthy(&document.is_nb), truthy(&document.is_nb_v2));
    let is_old = (!is_new && !is_newer) || (is_new && truthy(&campaign.is_ob));
    let by_user = (is_new && campaign.is_ob.is_null() && !is_newer)
        || (is_newer && !campaign.is_ob_v2.is_null());
    if is_old {
        let stretch = (10_000.0 / campaign.percent_traffic) / 100.0;
        (own_space(document, campaign), stretch)
    } else if by_user {
        (Space::new(String::new()), 1.0)
    } else {
        let (campaign, account) = (&campaign.id.text, &document.account_id.text);
        (Space::new(format!("{campaign}_{account}_")), 1.0)
    }
}

fn variations(
    campaign: &document::Campaign,
    kind: Kind,
    path: &str,
    compiler: &mut Compiler,
) -> Vec<Variation> {
    let control = campaign
        .variations
        .iter()
        .find(|variation| is_one(&variation.id.json));
    let value = |variation: &document::Variation| match kind {
        Kind::Experiment | Kind::Other => Prepared::new(variation.name.as_str().into()),
        Kind::FeatureRollout => variables::prepare(&campaign.variables),
        Kind::FeatureTest if variation.is_feature_enabled == Some(false) => {
            variables::prepare(control.map_or(&[], |control| &control.variables))
        }
        Kind::FeatureTest => variables::prepare(&variation.variables),
    };
    let ranges = Range::split(campaign.variations.iter().map(|variation| variation.weight));
    let ranged = campaign.variations.iter().zip(ranges).enumerate();
    ranged
        .map(|(at, (variation, range))| {
            let path = format!("{path}.variations[{at}].segments");
            Variation {
                id: variation.id.clone(),
                name: variation.name.as_str().into(),
                weight: variation.weight,
                range,
                segments: Condition::compile(&variation.segments, &path, compiler),
                is_on: kind != Kind::FeatureTest || variation.is_feature_enabled == Some(true),
                value: value(variation),
            }
        })
        .collect()
}

/// Whether an id, read as an integer, is that of the control.
fn is_one(id: &Value) -> bool {
    match id {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.trunc() == 1.0),
        Value::String(text) => {
            crate::ruleset::coerce::integer(text).is_some_and(|number| number.as_i64() == Some(1))
        }
        _ => false,
    }
}

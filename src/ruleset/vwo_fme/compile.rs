//! From the document to what decides: ids resolved, ranges computed, conditions and hash inputs prepared (section 2.2).

use super::conditions::{Compiler, Condition};
use super::document::{self, Document, Id, IdKey, text_of, truthy};
use crate::ruleset::Problem;
use crate::ruleset::hash::murmur3;
use crate::ruleset::visitor::Visitors;
use crate::value::{Map, Prepared, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A compiled document. Flags, campaigns and groups refer to each other by index.
pub struct Rules {
    pub sdk_key: Box<str>,
    pub visitors: Visitors,
    pub knows_web_ids: bool,
    pub counts_usage: bool,
    pub flags: Vec<Flag>,
    pub flag_by_key: HashMap<Box<str>, usize>,
    pub campaigns: Vec<Campaign>,
    /// The first campaign with a key.
    pub campaign_by_key: HashMap<Box<str>, usize>,
    /// The rules, as (flag, rule), that a stored key may mean, in document order.
    pub rules_by_stored_key: HashMap<Box<str>, Vec<(usize, usize)>>,
    pub groups: Vec<Group>,
    pub holdouts: Vec<Holdout>,
    pub metrics: HashMap<Box<str>, Metric>,
    pub problems: Vec<Problem>,
}

pub struct Flag {
    pub id: Id,
    pub key: Box<str>,
    /// The linked rules, in document order.
    pub rules: Vec<Rule>,
    /// Indices of the rules that open the flag.
    pub rollouts: Vec<usize>,
    /// Indices of the rules that vary it.
    pub experiments: Vec<usize>,
    /// Indices of the holdouts that apply.
    pub holdouts: Vec<usize>,
    /// The campaigns of all its rules, also of those whose campaign is not in the document.
    pub campaigns: Vec<Id>,
    pub impact: Option<Value>,
}

/// A campaign as it is looked up by a stored key.
pub struct Campaign {
    pub variations: Vec<Arc<Variation>>,
    /// The key of the first rule that uses it.
    pub rule_key: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rollout,
    Testing,
    Personalisation,
    /// A type that never applies.
    Other,
}

/// A campaign linked into a flag by a rule.
pub struct Rule {
    pub kind: Kind,
    pub id: Id,
    pub campaign_key: Box<str>,
    pub rule_key: Box<str>,
    /// The key under which a decision by it is stored, as JSON (section 3.4).
    pub stored_key: Value,
    /// The same where no flag is at hand: in the record of a group's winner.
    pub winner_key: Value,
    pub variations: Vec<Arc<Variation>>,
    /// `"<id>_<id of the first variation>"`.
    pub pair: Box<str>,
    pub whitelists: bool,
    pub by_user_list: bool,
    /// `None`: an evaluation error where it is needed.
    pub traffic: Option<f64>,
    pub traffic_space: Space,
    pub split_space: Space,
    pub segments: Option<Arc<Condition>>,
    pub group: Membership,
    /// Where the campaign is in the document, for messages.
    pub path: Box<str>,
}

pub enum Membership {
    None,
    Group(usize),
    /// The group that the campaign is said to be in is not there.
    Missing(Box<str>),
}

pub struct Variation {
    pub id: Id,
    pub name: Box<str>,
    pub weight: f64,
    pub range: Range,
    /// Whitelisting for testing campaigns, the rule's condition for the others.
    pub segments: Option<Arc<Condition>>,
    pub values: Prepared,
}

pub struct Group {
    /// Where its winner is stored.
    pub record_key: Box<str>,
    pub text: Box<str>,
    pub space: Space,
    pub is_random: bool,
    /// Flags that have members, and which of their rules are members, in the order they are walked.
    pub candidates: Vec<(usize, Vec<usize>)>,
    pub priority: Vec<Box<str>>,
    pub weights: HashMap<Box<str>, f64>,
}

pub struct Holdout {
    pub id: Id,
    pub percent: f64,
    pub space: Space,
    pub segments: Option<Condition>,
}

pub struct Metric {
    /// The flags that have it.
    pub flags: HashSet<Box<str>>,
    pub revenue: Option<Box<str>>,
}

/// Everything of a hash input that is known before the user.
#[derive(Clone, Debug)]
pub struct Space(Box<str>);

impl Space {
    pub fn new(prefix: String) -> Self {
        Space(prefix.into())
    }

    /// `1..=100` (section 2.3).
    pub fn bucket100(&self, id: &str) -> f64 {
        bucket(murmur3(&[&self.0, id], 1), 100.0)
    }

    /// `1..=10000`.
    pub fn bucket10000(&self, id: &str) -> f64 {
        bucket(murmur3(&[&self.0, id], 1), 10_000.0)
    }
}

fn bucket(hash: u32, buckets: f64) -> f64 {
    (buckets * (f64::from(hash) / 4_294_967_296.0) + 1.0).floor()
}

/// Buckets, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range(f64, f64);

impl Range {
    pub fn holds(self, bucket: f64) -> bool {
        self.0 <= bucket && bucket <= self.1
    }

    /// The ranges of weights that follow each other.
    pub fn split(weights: impl Iterator<Item = f64>) -> impl Iterator<Item = Range> {
        let mut at = 0.0;
        weights.map(move |weight| {
            let step = step(weight);
            let range = if step == 0.0 {
                Range(-1.0, -1.0)
            } else {
                Range(at + 1.0, at + step)
            };
            at += step;
            range
        })
    }

    /// The same in a group, where neighbours share a bucket.
    pub fn share(weights: impl Iterator<Item = f64>) -> impl Iterator<Item = Range> {
        let mut at = 0.0;
        weights.map(move |weight| {
            let step = step(weight);
            let range = if step == 0.0 {
                Range(-1.0, -1.0)
            } else {
                Range(at, at + step)
            };
            at += step;
            range
        })
    }
}

fn step(weight: f64) -> f64 {
    (weight * 100.0).ceil().min(10_000.0)
}

impl Flag {
    pub fn has_campaign(&self, id: &Value) -> bool {
        self.campaigns.iter().any(|campaign| campaign.is(id))
    }
}

impl Rule {
    /// Its variation with an id of the same JSON type.
    pub fn variation(&self, id: &Value) -> Option<&Arc<Variation>> {
        self.variations.iter().find(|variation| variation.id.is(id))
    }
}

/// Compiles a valid document.
pub fn compile(document: Document) -> Rules {
    let flag_by_id = by_id(document.features.iter().map(|feature| &feature.id));
    let flag_of = |id: f64| {
        let index = *flag_by_id.get(&IdKey::of_number(id))?;
        Some(document.features[index].key.as_str().into())
    };
    let mut builder = Builder {
        document: &document,
        compiler: Compiler {
            flag_of: &flag_of,
            remarks: Vec::new(),
        },
        problems: Vec::new(),
    };
    builder.rules()
}

/// The index of the first thing with an id.
fn by_id<'d>(ids: impl Iterator<Item = &'d Id>) -> HashMap<IdKey<'d>, usize> {
    let mut index = HashMap::new();
    for (at, id) in ids.enumerate() {
        index.entry(id.key()).or_insert(at);
    }
    index
}

struct Builder<'d, 'c> {
    document: &'d Document,
    compiler: Compiler<'c>,
    problems: Vec<Problem>,
}

/// A campaign before it is linked.
struct Base {
    campaign: Campaign,
    kind: Kind,
    segments: Option<Arc<Condition>>,
    /// What does not work in it, to be said once per flag that uses it.
    remarks: Vec<(String, String)>,
}

impl Builder<'_, '_> {
    fn rules(&mut self) -> Rules {
        let document = self.document;
        let account = &document.account_id;
        let holdouts = self.holdouts();
        let mut bases: Vec<Base> = Vec::new();
        for index in 0..document.campaigns.len() {
            bases.push(self.base(index));
        }
        let (mut groups, group_by_text) = self.groups();
        let campaign_by_id = by_id(document.campaigns.iter().map(|campaign| &campaign.id));
        let flags: Vec<Flag> = (0..document.features.len())
            .map(|index| self.flag(index, &mut bases, &campaign_by_id, &group_by_text))
            .collect();
        for base in &bases {
            if base.campaign.rule_key.is_none() {
                self.report(None, &base.remarks);
            }
        }
        for (group, (_, members)) in groups.iter_mut().zip(&document.groups) {
            group.candidates = candidates(&members.campaigns, &flags, &document.features);
        }
        let mut rules = Rules {
            sdk_key: document.sdk_key.as_str().unwrap_or_default().into(),
            visitors: Visitors::new(&account.text),
            knows_web_ids: truthy(&document.is_web_connectivity_enabled),
            counts_usage: truthy(&document.is_mau),
            flag_by_key: HashMap::new(),
            campaigns: bases.into_iter().map(|base| base.campaign).collect(),
            campaign_by_key: HashMap::new(),
            rules_by_stored_key: HashMap::new(),
            flags,
            groups,
            holdouts,
            metrics: self.metrics(),
            problems: std::mem::take(&mut self.problems),
        };
        for (index, campaign) in document.campaigns.iter().enumerate() {
            let key = campaign.key.as_str().into();
            rules.campaign_by_key.entry(key).or_insert(index);
        }
        for (index, flag) in rules.flags.iter().enumerate() {
            rules.flag_by_key.entry(flag.key.clone()).or_insert(index);
            for (at, rule) in flag.rules.iter().enumerate() {
                let stored = rule.stored_key.as_str().unwrap_or_default();
                let mut meant = |key: &str| {
                    let list = rules.rules_by_stored_key.entry(key.into()).or_default();
                    list.push((index, at));
                };
                meant(stored);
                if stored != &*rule.campaign_key {
                    meant(&rule.campaign_key);
                }
            }
        }
        rules
    }

    fn report(&mut self, flag: Option<&str>, remarks: &[(String, String)]) {
        for (path, message) in remarks {
            self.problems.push(Problem {
                flag: flag.map(str::to_owned),
                path: path.clone(),
                message: message.clone(),
            });
        }
    }

    fn condition(&mut self, segments: &Value, path: &str) -> Option<Condition> {
        Condition::compile(segments, path, &mut self.compiler)
    }

    fn holdouts(&mut self) -> Vec<Holdout> {
        let account = &self.document.account_id.text;
        let mut holdouts = Vec::new();
        for (index, holdout) in self.document.holdouts.iter().enumerate() {
            let path = format!("holdouts[{index}].segments");
            holdouts.push(Holdout {
                id: holdout.id.clone(),
                percent: holdout.percent_traffic,
                space: Space::new(format!("{account}_{}_", holdout.id.text)),
                segments: self.condition(&holdout.segments, &path),
            });
        }
        let remarks = std::mem::take(&mut self.compiler.remarks);
        self.report(None, &remarks);
        holdouts
    }

    fn base(&mut self, index: usize) -> Base {
        let campaign = &self.document.campaigns[index];
        let path = format!("campaigns[{index}]");
        let kind = match campaign.kind.as_str() {
            "FLAG_ROLLOUT" => Kind::Rollout,
            "FLAG_TESTING" => Kind::Testing,
            "FLAG_PERSONALIZE" => Kind::Personalisation,
            other => {
                let message = format!("campaigns of type `{other}` never apply");
                self.compiler
                    .remarks
                    .push((format!("{path}.type"), message));
                Kind::Other
            }
        };
        let segments = match kind {
            Kind::Testing => self.condition(&campaign.segments, &format!("{path}.segments")),
            _ => None,
        };
        if kind == Kind::Testing && campaign.percent_traffic.is_none() {
            let message = "is missing; a user whose traffic is computed gets no answer";
            self.compiler
                .remarks
                .push((format!("{path}.percentTraffic"), message.to_owned()));
        }
        if matches!(kind, Kind::Rollout | Kind::Personalisation) && campaign.variations.is_empty() {
            let message = "is empty; a user who gets here gets no answer";
            self.compiler
                .remarks
                .push((format!("{path}.variations"), message.to_owned()));
        }
        let whitelists = kind == Kind::Testing && campaign.is_forced_variation_enabled;
        let ranges = Range::split(campaign.variations.iter().map(|variation| variation.weight));
        let mut variations = Vec::new();
        for ((at, variation), range) in campaign.variations.iter().enumerate().zip(ranges) {
            let path = format!("{path}.variations[{at}].segments");
            let segments = match kind {
                // Nobody looks at them, so nobody needs to hear what is wrong with them.
                Kind::Other => None,
                Kind::Testing if !whitelists => None,
                _ => self.condition(&variation.segments, &path),
            };
            variations.push(Arc::new(Variation {
                id: variation.id.clone(),
                name: variation.name.as_str().into(),
                weight: variation.weight,
                range,
                segments: segments.map(Arc::new),
                values: Prepared::new(values(&variation.variables)),
            }));
        }
        Base {
            campaign: Campaign {
                variations,
                rule_key: None,
            },
            kind,
            segments: segments.map(Arc::new),
            remarks: std::mem::take(&mut self.compiler.remarks),
        }
    }

    fn groups(&mut self) -> (Vec<Group>, HashMap<Box<str>, usize>) {
        let mut groups = Vec::new();
        let mut by_text = HashMap::new();
        for (text, group) in &self.document.groups {
            if group.name.is_some() {
                by_text.insert(text.as_str().into(), groups.len());
            }
            let weights = group.wt.iter();
            groups.push(Group {
                record_key: format!("_vwo_meta_meg_{text}").into(),
                text: text.as_str().into(),
                space: Space::new(format!("{text}_")),
                is_random: group.et.is_none_or(|algorithm| algorithm == 1.0),
                candidates: Vec::new(),
                priority: group.p.iter().map(|entry| entry.as_str().into()).collect(),
                weights: weights
                    .filter_map(|(member, weight)| Some((member.as_str().into(), weight.as_f64()?)))
                    .collect(),
            });
        }
        (groups, by_text)
    }

    fn flag(
        &mut self,
        index: usize,
        bases: &mut [Base],
        campaign_by_id: &HashMap<IdKey<'_>, usize>,
        group_by_text: &HashMap<Box<str>, usize>,
    ) -> Flag {
        let feature = &self.document.features[index];
        let mut rules = Vec::new();
        let mut reported = HashSet::new();
        for (at, rule) in feature.rules.iter().enumerate() {
            let Some(&found) = campaign_by_id.get(&rule.campaign_id.key()) else {
                let path = format!("features[{index}].rules[{at}].campaignId");
                let message = "no campaign has this id; the rule is left out".to_owned();
                self.report(Some(&feature.key), &[(path, message)]);
                continue;
            };
            let base = &mut bases[found];
            base.campaign
                .rule_key
                .get_or_insert(rule.rule_key.as_str().into());
            if reported.insert(found) {
                let remarks = base.remarks.clone();
                self.report(Some(&feature.key), &remarks);
            }
            let linked = self.link(feature, rule, found, &bases[found], group_by_text);
            if let Membership::Missing(why) = &linked.group {
                let remark = (linked.path.to_string(), why.to_string());
                self.report(Some(&feature.key), &[remark]);
            }
            rules.push(linked);
        }
        let of = |wanted: fn(Kind) -> bool| {
            let fits = |(at, rule): (usize, &Rule)| wanted(rule.kind).then_some(at);
            rules.iter().enumerate().filter_map(fits).collect()
        };
        let applies = |holdout: &document::Holdout| {
            holdout.is_global || holdout.feature_ids.iter().any(|id| feature.id.is(id))
        };
        let holdouts = self.document.holdouts.iter().enumerate();
        let impact = feature.impact_campaign.get("campaignId");
        Flag {
            id: feature.id.clone(),
            key: feature.key.as_str().into(),
            rollouts: of(|kind| kind == Kind::Rollout),
            experiments: of(|kind| matches!(kind, Kind::Testing | Kind::Personalisation)),
            holdouts: holdouts
                .filter_map(|(at, holdout)| applies(holdout).then_some(at))
                .collect(),
            campaigns: feature
                .rules
                .iter()
                .map(|rule| rule.campaign_id.clone())
                .collect(),
            impact: impact.filter(|id| truthy(id)).cloned(),
            rules,
        }
    }

    fn link(
        &self,
        feature: &document::Feature,
        rule: &document::Rule,
        at: usize,
        base: &Base,
        group_by_text: &HashMap<Box<str>, usize>,
    ) -> Rule {
        let campaign = &self.document.campaigns[at];
        let kind = base.kind;
        let all = &base.campaign.variations;
        let only = rule.variation_id.as_ref();
        let only = only.and_then(|id| all.iter().find(|variation| variation.id.is(&id.json)));
        let variations = only.map_or_else(|| all.clone(), |one| vec![Arc::clone(one)]);
        let first = variations.first();
        let id = &campaign.id.text;
        let pair = format!("{id}_{}", first.map_or("", |variation| &variation.id.text));
        let is_split = kind == Kind::Testing;
        let salt = match (is_split, first) {
            (true, _) => campaign.salt.as_str(),
            // The linked copy's first variation, as it is in the document.
            (false, Some(first)) => campaign
                .variations
                .iter()
                .find(|variation| variation.id.is(&first.id.json))
                .and_then(|variation| variation.salt.as_str()),
            (false, None) => None,
        };
        let salt = salt.filter(|salt| !salt.is_empty()).unwrap_or(id);
        let account = &self.document.account_id.text;
        let member = match kind {
            Kind::Personalisation => pair.as_str(),
            _ => id,
        };
        let group = match self.document.campaign_groups.get(member) {
            None => Membership::None,
            Some(group) => {
                let group = text_of(group);
                match group_by_text.get(group.as_str()) {
                    Some(group) => Membership::Group(*group),
                    None => Membership::Missing(
                        format!("campaignGroups.{member}: no group {group} with a name").into(),
                    ),
                }
            }
        };
        let by_rule = |prefix: &str| match (kind, rule.rule_key.as_str()) {
            (Kind::Rollout | Kind::Personalisation, key) if !key.is_empty() => {
                Value::from(format!("{prefix}_{key}"))
            }
            _ => Value::from(campaign.key.as_str()),
        };
        let stem = campaign
            .key
            .rsplit_once('_')
            .map_or(campaign.key.as_str(), |(stem, _)| stem);
        Rule {
            kind,
            id: campaign.id.clone(),
            campaign_key: campaign.key.as_str().into(),
            rule_key: rule.rule_key.as_str().into(),
            stored_key: by_rule(&feature.key),
            winner_key: by_rule(stem),
            pair: pair.into(),
            whitelists: is_split && campaign.is_forced_variation_enabled,
            by_user_list: truthy(&campaign.is_user_list_enabled),
            traffic: match is_split {
                true => campaign.percent_traffic,
                false => first.map(|variation| variation.weight),
            },
            traffic_space: Space::new(format!("{salt}_")),
            split_space: Space::new(format!("{salt}_{account}_")),
            segments: match is_split {
                true => base.segments.clone(),
                false => first.and_then(|variation| variation.segments.clone()),
            },
            group,
            path: format!("campaigns[{at}]").into(),
            variations,
        }
    }

    fn metrics(&self) -> HashMap<Box<str>, Metric> {
        let mut metrics: HashMap<Box<str>, Metric> = HashMap::new();
        let mut add = |metric: &document::Metric, flag: Option<&str>| {
            let known = metrics
                .entry(metric.identifier.as_str().into())
                .or_insert_with(|| Metric {
                    flags: HashSet::new(),
                    revenue: None,
                });
            known.flags.extend(flag.map(Into::into));
            if let (None, Some(property)) = (&known.revenue, &metric.revenue_prop) {
                known.revenue = Some(property.as_str().into());
            }
        };
        for feature in &self.document.features {
            for metric in &feature.metrics {
                add(metric, Some(&feature.key));
            }
        }
        for metric in self.document.holdouts.iter().flat_map(|h| &h.metrics) {
            add(metric, None);
        }
        metrics
    }
}

/// All variables as one object; the first of a key counts.
fn values(variables: &[document::Variable]) -> Value {
    let mut values = Map::new();
    for variable in variables {
        if !values.contains_key(&variable.key) {
            values.insert(variable.key.clone(), variable.value.clone());
        }
    }
    Value::Object(values)
}

/// Which flags have members of a group, and which of their rules are members (section 2.7b, steps 1 and 2.4).
fn candidates(
    members: &[String],
    flags: &[Flag],
    features: &[document::Feature],
) -> Vec<(usize, Vec<usize>)> {
    let mut listed: Vec<usize> = Vec::new();
    for member in members {
        let mut parts = member.split('_');
        let (campaign, variation) = (parts.next(), parts.next());
        let is_meant = |rule: &document::Rule| {
            let of = rule.variation_id.as_ref().map(|id| &*id.text);
            Some(&*rule.campaign_id.text) == campaign && (variation.is_none() || of == variation)
        };
        for (index, feature) in features.iter().enumerate() {
            if !listed.contains(&index) && feature.rules.iter().any(is_meant) {
                listed.push(index);
            }
        }
    }
    let members: HashSet<&str> = members.iter().map(String::as_str).collect();
    let of = |flag: &Flag| {
        let mut keys: HashSet<&str> = HashSet::new();
        let mut candidates = Vec::new();
        for (at, rule) in flag.rules.iter().enumerate() {
            let is_member = members.contains(&*rule.id.text)
                || (!rule.variations.is_empty() && members.contains(&*rule.pair));
            if is_member && keys.insert(&rule.rule_key) {
                candidates.push(at);
            }
        }
        candidates
    };
    listed
        .into_iter()
        .map(|index| (index, of(&flags[index])))
        .collect()
}

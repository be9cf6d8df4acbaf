//! From the document to what decides: ids resolved, ranges computed, conditions and hash inputs prepared (section 2.2).

use super::conditions::Condition;
use super::document::{self, Document, Id, IdKey};
use super::link;
use super::model::{Campaign, Flag, Group, Holdout, Kind, Metric, Rules, Variation};
use super::segments::Compiler;
use crate::ruleset::Problem;
use crate::ruleset::coerce::truthy;
use crate::ruleset::range::{Range, Space};
use crate::ruleset::visitor::Visitors;
use crate::value::{Map, Prepared, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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

pub(super) struct Builder<'d, 'c> {
    pub(super) document: &'d Document,
    compiler: Compiler<'c>,
    problems: Vec<Problem>,
}

/// A campaign before it is linked.
pub(super) struct Base {
    pub(super) campaign: Campaign,
    pub(super) kind: Kind,
    pub(super) segments: Option<Arc<Condition>>,
    /// What does not work in it, to be said once per flag that uses it.
    pub(super) remarks: Vec<(String, String)>,
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
            group.candidates = link::candidates(&members.campaigns, &flags, &document.features);
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

    pub(super) fn report(&mut self, flag: Option<&str>, remarks: &[(String, String)]) {
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

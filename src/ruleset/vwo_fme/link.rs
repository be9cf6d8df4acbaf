//! Linking campaigns into flags, by their rules, and flags into groups (sections 2.2, 2.7b and 3.4).

use super::compile::{Base, Builder};
use super::document::{self, IdKey, text_of};
use super::model::{Flag, Kind, Membership, Rule};
use crate::ruleset::coerce::truthy;
use crate::ruleset::range::Space;
use crate::value::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

impl Builder<'_, '_> {
    pub(super) fn flag(
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
                let (path, why) = why.split_once(": ").unwrap_or(("campaignGroups", why));
                let why = format!("{why}; a user who gets here gets no answer");
                self.report(Some(&feature.key), &[(path.to_owned(), why)]);
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
}

/// Which flags have members of a group, and which of their rules are members (section 2.7b, steps 1 and 2.4).
pub fn candidates(
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

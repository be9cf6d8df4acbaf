//! What decides: a document after compilation. Flags, rules, campaigns and groups refer to each other by index.

use super::conditions::Condition;
use super::document::Id;
use crate::ruleset::Problem;
use crate::ruleset::range::{Range, Space};
use crate::ruleset::visitor::Visitors;
use crate::value::{Prepared, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A compiled document.
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

//! Layers whose value is put together from several rules (`useNewLayerEval`, section 2.8.4).

use super::cursor::{Cursor, Next, Place};
use super::document::Given;
use super::evaluate::Evaluation;
use super::outcome::{Exposure, Json, Undelegated};
use super::rules::{Rule, Spec};
use super::waiting::Waiting;
use crate::ruleset::trace::Trace;
use crate::value::{Map, Value};
use serde_json::json;

/// What has been put together so far.
pub struct Merge<'r> {
    layer: &'r Spec,
    /// The place of the rule.
    at: usize,
    value: Map<String, Value>,
    parameter_rules: Vec<&'r str>,
    rule_id: &'r str,
    passed: bool,
    has_passed: bool,
    delegate: Option<&'r str>,
    group: Option<&'r str>,
    is_group: bool,
    explicit: Option<&'r [Box<str>]>,
    /// Where the layer's own exposures begin; those of the outcome begin where it has not been asked yet.
    start: usize,
    undelegated: Vec<Exposure<'r>>,
}

impl<'r> Merge<'r> {
    /// The first rule to give a parameter wins.
    fn take(&mut self, value: &Map<String, Value>, rule: &'r str) {
        for (name, value) in value {
            if !self.value.contains_key(name) {
                self.value.insert(name.clone(), value.clone());
                self.parameter_rules.push(rule);
            }
        }
    }
}

impl<'c, 'r: 'c, T: Trace> Evaluation<'c, 'r, '_, T> {
    pub fn begin_merging(&mut self, layer: &'r Spec) -> Next<'r> {
        self.merge_next(Box::new(Merge {
            layer,
            at: 0,
            value: Map::new(),
            parameter_rules: Vec::new(),
            rule_id: "default",
            passed: false,
            has_passed: false,
            delegate: None,
            group: None,
            is_group: false,
            explicit: None,
            start: self.start,
            undelegated: Vec::new(),
        }))
    }

    fn merge_next(&mut self, merge: Box<Merge<'r>>) -> Next<'r> {
        let layer = merge.layer;
        match layer.rules.get(merge.at) {
            Some(rule) => Next::Conditions(Cursor::new(rule, Place::Merge(merge))),
            None => self.merged(merge),
        }
    }

    fn merge_after(&mut self, mut merge: Box<Merge<'r>>) -> Next<'r> {
        merge.at += 1;
        self.merge_next(merge)
    }

    /// A rule whose conditions have been gone through.
    pub fn decide_merge(&mut self, rule: &'r Rule, mut merge: Box<Merge<'r>>) -> Next<'r> {
        let length = self.log.len();
        merge
            .undelegated
            .extend_from_slice(self.log.piece(self.start, length));
        self.start = length;
        if self.outcome.unsupported {
            self.start = merge.start;
            self.outcome.undelegated = Undelegated::List(merge.undelegated);
            return Next::Ended(true);
        }
        let passes = self.outcome.value;
        self.trace.step(
            || json!({"step": "rule", "spec": merge.layer.name, "id": rule.id, "matches": passes}),
        );
        if !passes || !self.is_in(&merge.layer.salt, rule) {
            return self.merge_after(merge);
        }
        if let Some(delegate) = self.delegate_of(rule) {
            let cursor = Cursor::new(rule, Place::Merge(merge));
            return self.delegate(Waiting::Merge(cursor, delegate.0), delegate);
        }
        merge.passed = true;
        if let Given::Object(object) = &rule.returns
            && let Value::Object(value) = &object.value
        {
            merge.take(value, &rule.id);
        }
        merge.has_passed = true;
        self.merge_after(merge)
    }

    /// A rule's delegate has been evaluated.
    pub fn merge_delegate(&mut self, cursor: Cursor<'r>, delegate: &'r Spec) -> Next<'r> {
        let rule = cursor.rule;
        let Place::Merge(mut merge) = cursor.place else {
            return self.finish();
        };
        if merge.has_passed {
            return self.merge_after(merge);
        }
        let nothing = Map::new();
        let value = match &self.outcome.json {
            Json::Absent => return self.merge_after(merge),
            Json::Given(Given::Object(object)) => object.value.as_object(),
            Json::Override(value) => value.value.as_object(),
            Json::Merged(value) => Some(value),
            Json::Given(_) => None,
        };
        let value = value.unwrap_or(&nothing);
        if value.keys().any(|name| merge.value.contains_key(name)) {
            return self.merge_after(merge);
        }
        merge.take(value, &rule.id);
        merge.passed = self.outcome.value;
        merge.delegate = Some(&delegate.name);
        merge.group = self.outcome.group;
        merge.rule_id = &rule.id;
        merge.is_group = rule.is_group;
        merge.explicit = delegate.explicit.as_deref();
        merge.has_passed = true;
        self.start = self.log.len();
        self.merge_after(merge)
    }

    /// All rules have been asked.
    fn merged(&mut self, mut merge: Box<Merge<'r>>) -> Next<'r> {
        let layer = merge.layer;
        if let Given::Object(object) = &layer.default
            && let Value::Object(value) = &object.value
        {
            merge.take(value, "default");
        }
        // What a delegate that gave nothing has exposed, and no rule behind it took up.
        self.cut(self.start);
        self.start = merge.start;
        let outcome = &mut self.outcome;
        outcome.value = merge.passed;
        outcome.json = Json::Merged(merge.value);
        outcome.parameter_rules = Some(merge.parameter_rules);
        outcome.rule_id = Some(merge.rule_id);
        outcome.group = merge.group;
        outcome.is_group = merge.is_group;
        outcome.is_active = layer.is_active == Some(true);
        outcome.explicit = merge.explicit;
        outcome.delegate = merge.delegate;
        outcome.undelegated = Undelegated::List(merge.undelegated);
        Next::Ended(true)
    }
}

//! Whether a document is one: every rule that it breaks, each with its JSON path (section 1.8).

use crate::ruleset::Problem;
use crate::value::{Map, Value, kind_of};

/// What a member of an object may be.
enum Kind {
    Text,
    Number,
    NumberOrText,
    Switch,
    Object,
    /// Number, text, boolean or object.
    Scalar,
    Numbers,
    Texts,
    DistinctTexts,
    List(&'static Shape),
    /// A list, or the empty object that the platform writes for an empty one.
    ListOrEmpty(&'static Shape),
    /// An object with keys of digits.
    ById(&'static Shape),
    /// An object of numbers whose keys are digits and underscores.
    Memberships,
    /// An object in which the keys of digits have numbers.
    Weights,
}

struct Member {
    name: &'static str,
    kind: Kind,
    required: bool,
}

struct Shape(&'static [Member]);

const fn must(name: &'static str, kind: Kind) -> Member {
    Member {
        name,
        kind,
        required: true,
    }
}

const fn may(name: &'static str, kind: Kind) -> Member {
    Member {
        name,
        kind,
        required: false,
    }
}

static DOCUMENT: Shape = Shape(&[
    must("version", Kind::NumberOrText),
    must("accountId", Kind::NumberOrText),
    must("campaigns", Kind::ListOrEmpty(&CAMPAIGN)),
    must("features", Kind::ListOrEmpty(&FEATURE)),
    may("holdouts", Kind::ListOrEmpty(&HOLDOUT)),
    may("campaignGroups", Kind::Memberships),
    may("groups", Kind::ById(&GROUP)),
]);

static CAMPAIGN: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("type", Kind::Text),
    must("key", Kind::Text),
    must("status", Kind::Text),
    must("variations", Kind::ListOrEmpty(&VARIATION)),
    must("segments", Kind::Object),
    must("name", Kind::Text),
    may("percentTraffic", Kind::Number),
    may("isForcedVariationEnabled", Kind::Switch),
    may("isAlwaysCheckSegment", Kind::Switch),
]);

static VARIATION: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("name", Kind::Text),
    must("weight", Kind::NumberOrText),
    may("segments", Kind::Object),
    may("variables", Kind::ListOrEmpty(&VARIABLE)),
    may("startRangeVariation", Kind::Number),
    may("endRangeVariation", Kind::Number),
]);

static VARIABLE: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("type", Kind::Text),
    must("key", Kind::Text),
    must("value", Kind::Scalar),
]);

static FEATURE: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("key", Kind::Text),
    must("status", Kind::Text),
    must("name", Kind::Text),
    must("type", Kind::Text),
    must("metrics", Kind::List(&METRIC)),
    may("rules", Kind::List(&RULE)),
    may("impactCampaign", Kind::Object),
    may("variables", Kind::ListOrEmpty(&VARIABLE)),
]);

static RULE: Shape = Shape(&[
    must("type", Kind::Text),
    must("ruleKey", Kind::Text),
    must("campaignId", Kind::Number),
    may("variationId", Kind::Number),
]);

static METRIC: Shape = Shape(&[
    must("id", Kind::Number),
    must("type", Kind::Text),
    must("identifier", Kind::Text),
    may("mca", Kind::Number),
    may("hasProps", Kind::Switch),
    may("revenueProp", Kind::Text),
]);

static GROUP: Shape = Shape(&[
    may("name", Kind::Text),
    may("campaigns", Kind::DistinctTexts),
    may("et", Kind::Number),
    may("p", Kind::Texts),
    may("wt", Kind::Weights),
]);

static HOLDOUT: Shape = Shape(&[
    must("metrics", Kind::List(&METRIC)),
    must("segments", Kind::Object),
    must("featureIds", Kind::Numbers),
    must("isGlobal", Kind::Switch),
    must("name", Kind::Text),
    must("id", Kind::NumberOrText),
    must("percentTraffic", Kind::Number),
]);

/// Every rule that `document` breaks, in document order of the rules.
pub fn violations(document: &Value) -> Vec<Problem> {
    let mut found = Found {
        path: String::new(),
        problems: Vec::new(),
    };
    found.shape(document, &DOCUMENT);
    found.problems
}

struct Found {
    path: String,
    problems: Vec<Problem>,
}

impl Found {
    /// Goes one step down the path for the time of `check`.
    fn inside(&mut self, step: std::fmt::Arguments<'_>, check: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        // Writing into a string does not fail.
        let _ = std::fmt::Write::write_fmt(&mut self.path, step);
        check(self);
        self.path.truncate(outer);
    }

    fn key(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        match self.path.is_empty() {
            true => self.inside(format_args!("{key}"), check),
            false => self.inside(format_args!(".{key}"), check),
        }
    }

    fn report(&mut self, message: String) {
        let path = match self.path.is_empty() {
            true => ".".to_owned(),
            false => self.path.clone(),
        };
        self.problems.push(Problem {
            flag: None,
            path,
            message,
        });
    }

    fn expected(&mut self, wanted: &str, value: &Value) {
        self.report(format!("must be {wanted}, is {}", kind_of(value)));
    }

    fn shape(&mut self, value: &Value, shape: &Shape) {
        let Value::Object(object) = value else {
            return self.expected("an object", value);
        };
        for member in shape.0 {
            self.key(member.name, |found| match object.get(member.name) {
                Some(value) => found.kind(value, &member.kind),
                None if member.required => found.report("is missing".to_owned()),
                None => {}
            });
        }
    }

    fn kind(&mut self, value: &Value, kind: &Kind) {
        match (kind, value) {
            (Kind::Text | Kind::NumberOrText | Kind::Scalar, Value::String(_))
            | (Kind::Number | Kind::NumberOrText | Kind::Scalar, Value::Number(_))
            | (Kind::Switch | Kind::Scalar, Value::Bool(_))
            | (Kind::Object | Kind::Scalar, Value::Object(_)) => {}
            (Kind::Text, _) => self.expected("a text", value),
            (Kind::Number, _) => self.expected("a number", value),
            (Kind::NumberOrText, _) => self.expected("a number or a text", value),
            (Kind::Switch, _) => self.expected("a boolean", value),
            (Kind::Object, _) => self.expected("an object", value),
            (Kind::Scalar, _) => self.expected("a number, a text, a boolean or an object", value),
            (Kind::Numbers, Value::Array(list)) => self.each(list, &Kind::Number),
            (Kind::Texts, Value::Array(list)) => self.each(list, &Kind::Text),
            (Kind::DistinctTexts, Value::Array(list)) => {
                self.each(list, &Kind::Text);
                for (index, value) in list.iter().enumerate() {
                    if list[..index].contains(value) {
                        self.inside(format_args!("[{index}]"), |found| {
                            found.report(format!("{value} is there twice"));
                        });
                    }
                }
            }
            (Kind::List(shape) | Kind::ListOrEmpty(shape), Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    self.inside(format_args!("[{index}]"), |found| found.shape(value, shape));
                }
            }
            (Kind::ListOrEmpty(_), Value::Object(object)) if object.is_empty() => {}
            (
                Kind::Numbers
                | Kind::Texts
                | Kind::DistinctTexts
                | Kind::List(_)
                | Kind::ListOrEmpty(_),
                _,
            ) => self.expected("a list", value),
            (Kind::ById(shape), Value::Object(object)) => {
                self.entries(object, |found, key, value| {
                    if !is_digits(key, false) {
                        found.report("its key must be digits".to_owned());
                    }
                    found.shape(value, shape);
                })
            }
            (Kind::Memberships, Value::Object(object)) => {
                self.entries(object, |found, key, value| {
                    if !is_digits(key, true) {
                        found.report("its key must be digits and underscores".to_owned());
                    }
                    found.kind(value, &Kind::Number);
                });
            }
            (Kind::Weights, Value::Object(object)) => self.entries(object, |found, key, value| {
                if is_digits(key, false) {
                    found.kind(value, &Kind::Number);
                }
            }),
            (Kind::ById(_) | Kind::Memberships | Kind::Weights, _) => {
                self.expected("an object", value);
            }
        }
    }

    fn each(&mut self, list: &[Value], kind: &Kind) {
        for (index, value) in list.iter().enumerate() {
            self.inside(format_args!("[{index}]"), |found| found.kind(value, kind));
        }
    }

    fn entries(&mut self, object: &Map<String, Value>, check: impl Fn(&mut Self, &str, &Value)) {
        for (key, value) in object {
            self.key(key, |found| check(found, key, value));
        }
    }
}

fn is_digits(key: &str, underscores: bool) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (underscores && byte == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_broken_rule_is_reported_with_its_path() {
        let document = json!({
            "version": null,
            "accountId": 1,
            "features": [{"id": 1, "key": 5, "status": "ON", "name": "a", "type": "T", "metrics": [{}], "rules": [7]}],
            "campaigns": {"1": {}},
            "groups": {"a": {"campaigns": ["1", "1"], "wt": {"3": "x", "3_1": "x"}}},
            "campaignGroups": {"4-1": "2"},
        });
        let found = violations(&document);
        let lines: Vec<_> = found
            .iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect();
        assert_eq!(
            lines,
            [
                "version: must be a number or a text, is null",
                "campaigns: must be a list, is object",
                "features[0].key: must be a text, is number",
                "features[0].metrics[0].id: is missing",
                "features[0].metrics[0].type: is missing",
                "features[0].metrics[0].identifier: is missing",
                "features[0].rules[0]: must be an object, is number",
                "campaignGroups.4-1: its key must be digits and underscores",
                "campaignGroups.4-1: must be a number, is text",
                "groups.a: its key must be digits",
                "groups.a.campaigns[1]: \"1\" is there twice",
                "groups.a.wt.3: must be a number, is text",
            ]
        );
    }

    #[test]
    fn a_document_that_is_no_object_is_no_document() {
        assert_eq!(violations(&json!([]))[0].path, ".");
    }
}

//! Whether a document is one (section 1.1).

use crate::ruleset::shape::{Kind, Shape, may, must};

pub static DOCUMENT: Shape = Shape(&[
    must("version", Kind::NumberOrText),
    must("accountId", Kind::NumberOrText),
    must("campaigns", Kind::ListOrEmpty(&CAMPAIGN)),
    may("campaignGroups", Kind::NumbersById),
    may("groups", Kind::ById(&GROUP)),
]);

static CAMPAIGN: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("key", Kind::Text),
    must("status", Kind::Text),
    must("percentTraffic", Kind::Number),
    must("variations", Kind::ListOrEmpty(&VARIATION)),
    must("goals", Kind::AnyListOrEmpty),
    may("name", Kind::Text),
    may("type", Kind::Text),
    may("variables", Kind::ListOrEmpty(&VARIABLE)),
    may("segments", Kind::Object),
    may("isBucketingSeedEnabled", Kind::Switch),
]);

static VARIATION: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("name", Kind::Text),
    // The platform's shape also has texts here, and its arithmetic then fails on them.
    must("weight", Kind::Number),
    may("variables", Kind::ListOrEmpty(&VARIABLE)),
    may("isFeatureEnabled", Kind::Switch),
]);

static VARIABLE: Shape = Shape(&[
    must("id", Kind::NumberOrText),
    must("key", Kind::Text),
    must("type", Kind::Text),
    must("value", Kind::Scalar),
]);

static GROUP: Shape = Shape(&[
    may("name", Kind::Text),
    may("campaigns", Kind::DistinctNumbers),
    may("et", Kind::Number),
    may("p", Kind::Numbers),
    may("wt", Kind::Weights),
]);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_broken_rule_is_reported_with_its_path() {
        let document = json!({
            "version": true,
            "accountId": 1,
            "campaigns": [
                {"id": null, "key": "a", "status": "RUNNING", "percentTraffic": "100", "goals": {},
                 "variations": [{"id": 1, "name": "x", "weight": "50", "variables": [{"id": 1, "key": "k", "type": "json", "value": []}]}],
                 "segments": []},
            ],
            "campaignGroups": {"4_1": 2},
            "groups": {"3": {"campaigns": [1, "1", 1.0]}, "x": {}},
        });
        let found: Vec<_> = DOCUMENT
            .violations(&document)
            .into_iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect();
        assert_eq!(
            found,
            [
                "version: must be a number or a text, is boolean",
                "campaigns[0].id: must be a number or a text, is null",
                "campaigns[0].percentTraffic: must be a number, is text",
                "campaigns[0].variations[0].weight: must be a number, is text",
                "campaigns[0].variations[0].variables[0].value: must be a number, a text, a boolean or an object, is list",
                "campaigns[0].segments: must be an object, is list",
                "campaignGroups.4_1: its key must be digits",
                "groups.3.campaigns[1]: must be a number, is text",
                "groups.3.campaigns[2]: 1.0 is there twice",
                "groups.x: its key must be digits",
            ]
        );
    }
}

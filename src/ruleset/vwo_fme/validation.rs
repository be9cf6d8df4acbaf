//! Whether a document is one (section 1.8).

use crate::ruleset::shape::{Kind, Shape, may, must};

pub static DOCUMENT: Shape = Shape(&[
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
        let found = DOCUMENT.violations(&document);
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
        assert_eq!(DOCUMENT.violations(&json!([]))[0].path, ".");
    }
}

//! Who may be in a campaign: by whitelisting, or by segments and traffic.

use super::compile::{Campaign, Variation};
use super::conditions::Bag;
use super::evaluate::Call;
use crate::ruleset::range::Range;
use crate::ruleset::trace::Trace;
use crate::user::Part;
use serde_json::json;

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// Whitelisting (section 2.5).
    pub fn whitelisted(&self, campaign: &'r Campaign) -> Option<&'r Variation> {
        if !campaign.whitelists {
            return None;
        }
        let bag = Bag {
            entries: self.user.part(Part::Targeting),
            user_id: Some(self.id),
        };
        let is_hit = |variation: &&Variation| {
            let segments = variation.segments.as_ref();
            segments.is_some_and(|segments| segments.holds(&bag))
        };
        let mut hits = campaign.variations.iter().filter(is_hit);
        let first = hits.next()?;
        let Some(second) = hits.next() else {
            return Some(first);
        };
        // Several share the buckets, in the proportion of their weights.
        let hits: Vec<_> = [first, second].into_iter().chain(hits).collect();
        let sum = hits.iter().fold(0.0, |sum, hit| sum + hit.weight);
        let scaled = |hit: &&Variation| match sum {
            0.0 => 100.0 / hits.len() as f64,
            sum => (hit.weight / sum) * 100.0,
        };
        let bucket = campaign.traffic_space.bucket10000(self.id);
        let mut ranges = Range::split(hits.iter().map(scaled));
        let at = ranges.position(|range| range.holds(bucket))?;
        Some(hits[at])
    }

    /// Pre-segmentation and traffic (step 4).
    pub fn passes(&mut self, campaign: &Campaign) -> bool {
        if let Some(segments) = &campaign.segments {
            let bag = Bag {
                entries: self.user.attributes(),
                user_id: None,
            };
            let holds = segments.holds(&bag);
            self.trace
                .step(|| json!({"step": "segments", "campaign": campaign.key, "holds": holds}));
            if !holds {
                return false;
            }
        }
        let bucket = campaign.traffic_space.bucket100(self.id);
        self.trace.step(|| {
            json!({"step": "traffic", "campaign": campaign.key, "bucket": bucket, "limit": campaign.traffic})
        });
        bucket <= campaign.traffic
    }
}

//! Whether a rule passes, and which variation it has for a user (sections 2.4, 2.6 and 2.7).

use super::conditions::{Broken, Condition, Scope};
use super::document::text_of;
use super::evaluate::Call;
use super::model::{Flag, Kind, Membership, Rule, Variation};
use super::wire::Read;
use crate::ruleset::coerce::truthy;
use crate::ruleset::range::{Range, Space};
use crate::ruleset::trace::Trace;
use crate::value::{Value, equal};
use serde_json::json;
use std::borrow::Cow;

/// Who won a group, as far as this call knows: (group, the platform's way to name the winner).
pub type Winners = Vec<(usize, Value)>;

impl<'c, 'r, T: Trace> Call<'c, 'r, '_, T> {
    /// Whether a rule passes; with the forced variation where it was forced.
    pub fn passes(
        &mut self,
        rule: &'r Rule,
        flag: &'r Flag,
        winners: &mut Winners,
    ) -> Result<Option<Option<&'r Variation>>, Broken<'r>> {
        self.trace.enter();
        let passes = self.check(rule, flag, winners);
        self.trace.leave(|| {
            let (passes, forced) = match &passes {
                Ok(passes) => (json!(passes.is_some()), passes.flatten()),
                Err(broken) => (json!({"broken": broken}), None),
            };
            json!({
                "step": "rule",
                "rule": rule.rule_key,
                "campaign": rule.id.json,
                "passes": passes,
                "forced": forced.map(|variation| &variation.name),
            })
        });
        passes
    }

    fn check(
        &mut self,
        rule: &'r Rule,
        flag: &'r Flag,
        winners: &mut Winners,
    ) -> Result<Option<Option<&'r Variation>>, Broken<'r>> {
        const PASSES: Option<Option<&Variation>> = Some(None);
        // Step 1.
        if rule.kind == Kind::Testing {
            self.targeted_id = Some(self.id_for(rule));
            if rule.whitelists
                && let Some(forced) = self.whitelisted(rule)?
            {
                return Ok(Some(Some(forced)));
            }
        }
        // Step 2.
        self.user_id = Some(self.id_for(rule));
        // Step 3.
        let group = match &rule.group {
            Membership::None => None,
            Membership::Group(group) => Some(*group),
            Membership::Missing(why) => return Err(Cow::Borrowed(why)),
        };
        let Some(group) = group else {
            // Step 6.
            let passes = self.holds(rule.segments.as_deref())?;
            return Ok(if passes { PASSES } else { None });
        };
        // Step 4.
        let known = winners
            .iter()
            .find(|(of, winner)| *of == group && truthy(winner));
        if let Some((_, winner)) = known {
            let passes = match rule.kind {
                Kind::Testing => equal(winner, &rule.id.json),
                Kind::Personalisation => winner.as_str() == Some(&*rule.pair),
                _ => false,
            };
            return Ok(if passes { PASSES } else { None });
        }
        // Step 5.
        let (read, mut is_free) = self.read(&self.rules.groups[group].record_key);
        if let Some(passes) = self.stored_winner(read, rule, group, winners)? {
            return Ok(if passes { PASSES } else { None });
        }
        // Step 6.
        if !self.holds(rule.segments.as_deref())? {
            return Ok(None);
        }
        // Step 7.
        let winner = match self.group(group, flag, &mut is_free)? {
            Ok(winner) => winner,
            // Somebody else was first to store a winner: that one it is.
            Err(standing) => {
                let read = Read::new(standing);
                match self.stored_winner(read, rule, group, winners)? {
                    Some(passes) => return Ok(if passes { PASSES } else { None }),
                    None => None,
                }
            }
        };
        let name = match winner {
            Some(winner) if equal(&winner.id.json, &rule.id.json) => {
                let same = |rule: &Rule| rule.variations.first().map(|v| v.id.json.clone());
                if winner.kind == Kind::Testing || same(winner) == same(rule) {
                    return Ok(PASSES);
                }
                Value::from(&*winner.pair)
            }
            Some(winner) if winner.kind == Kind::Testing => winner.id.json.clone(),
            Some(winner) => Value::from(&*winner.pair),
            None => Value::from(-1),
        };
        winners.push((group, name));
        Ok(None)
    }

    /// Step 5: what the stored winner of a group says about a rule; `None` where there is none.
    fn stored_winner(
        &mut self,
        read: Read,
        rule: &Rule,
        group: usize,
        winners: &mut Winners,
    ) -> Result<Option<bool>, Broken<'r>> {
        let Some(record) = self.usable(read)? else {
            return Ok(None);
        };
        let (Some(_), Some(id)) = (
            record.truthy("experimentKey"),
            record.truthy("experimentId"),
        ) else {
            return Ok(None);
        };
        let variation = record.get("experimentVariationId").unwrap_or(&Value::Null);
        self.trace.step(|| json!({"step": "stored winner of the group", "campaign": id, "variation": variation}));
        let winner = if equal(id, &rule.id.json) {
            let own = rule.variations.first();
            let is_own = own.is_some_and(|own| own.id.is(variation));
            if rule.kind != Kind::Personalisation || is_own {
                return Ok(Some(true));
            }
            // The platform names this rule's variation here, not the stored one.
            let own = own.map_or("None", |own| &own.id.text);
            Value::from(format!("{}_{own}", text_of(id)))
        } else if equal(variation, &Value::from(-1)) {
            id.clone()
        } else {
            Value::from(format!("{}_{}", text_of(id), text_of(variation)))
        };
        winners.push((group, winner));
        Ok(Some(false))
    }

    fn id_for(&self, rule: &Rule) -> Cow<'c, str> {
        match rule.by_user_list {
            true => Cow::Owned(self.rules.visitors.id(self.visitor.id)),
            false => Cow::Borrowed(self.visitor.id),
        }
    }

    /// Asks a condition about the custom variables; none always holds.
    pub fn holds(&mut self, condition: Option<&'r Condition>) -> Result<bool, Broken<'r>> {
        let id = self.user_id.take();
        let holds = self.ask(condition, id.as_deref(), false);
        self.user_id = id;
        holds
    }

    fn ask(
        &mut self,
        condition: Option<&'r Condition>,
        user_id: Option<&str>,
        targeting: bool,
    ) -> Result<bool, Broken<'r>> {
        let Some(condition) = condition else {
            return Ok(true);
        };
        let visitor = self.visitor;
        let mut stored = |flag: &str| matches!(self.read(flag).0, Read::Record(_) | Read::Fatal(_));
        let mut scope = Scope {
            visitor,
            variables: match targeting {
                true => visitor.targeting_variables(),
                false => visitor.custom_variables(),
            },
            user_id,
            stored: &mut stored,
        };
        condition.holds(&mut scope)
    }

    /// The forced variation, if there is one (section 2.7).
    fn whitelisted(&mut self, rule: &'r Rule) -> Result<Option<&'r Variation>, Broken<'r>> {
        let id = self.targeted_id.take();
        let mut matches: Vec<&'r Variation> = Vec::new();
        for variation in &rule.variations {
            let condition = variation.segments.as_deref();
            if condition.is_some() && self.ask(condition, id.as_deref(), true)? {
                matches.push(variation);
            }
        }
        self.targeted_id = id;
        if matches.len() < 2 {
            return Ok(matches.first().copied());
        }
        let total: f64 = matches.iter().map(|variation| variation.weight).sum();
        let count = matches.len() as f64;
        let scaled = |variation: &&Variation| match total == 0.0 {
            true => 100.0 / count,
            false => variation.weight / total * 100.0,
        };
        let bucket = rule.traffic_space.bucket10000(self.visitor.bucketing_id);
        let mut ranges = Range::split(matches.iter().map(scaled));
        Ok(ranges
            .position(|range| range.holds(bucket))
            .map(|at| matches[at]))
    }

    /// The variation that a rule has for the user (section 2.4).
    pub fn variation(&mut self, rule: &'r Rule) -> Result<Option<&'r Variation>, Broken<'r>> {
        if !self.is_in_traffic(rule)? {
            return Ok(None);
        }
        if rule.kind != Kind::Testing {
            return Ok(rule.variations.first().map(|variation| &**variation));
        }
        let bucket = self.bucket(&rule.split_space);
        let mut variations = rule.variations.iter();
        let found = variations.find(|variation| variation.range.holds(bucket));
        self.trace.step(|| {
            json!({
                "step": "split",
                "bucket": bucket,
                "variation": found.map(|variation| &variation.name),
            })
        });
        Ok(found.map(|variation| &**variation))
    }

    pub fn is_in_traffic(&mut self, rule: &'r Rule) -> Result<bool, Broken<'r>> {
        if self.visitor.id.is_empty() {
            return Ok(false);
        }
        let Some(limit) = rule.traffic else {
            let what = match rule.kind {
                Kind::Testing => "percentTraffic",
                _ => "variations[0]",
            };
            return Err(Cow::Owned(format!("{}.{what}: is missing", rule.path)));
        };
        let bucket = rule.traffic_space.bucket100(self.visitor.bucketing_id);
        self.trace
            .step(|| json!({"step": "traffic", "bucket": bucket, "limit": limit}));
        Ok(bucket <= limit)
    }

    pub fn bucket(&self, space: &Space) -> f64 {
        space.bucket10000(self.visitor.bucketing_id)
    }
}

//! The record of the platform's User Storage Service (section 3).

use super::compile::{Campaign, Variation};
use crate::ruleset::coerce::truthy;
use crate::value::{Map, Value};

/// Between the goals of a record.
const SEPARATOR: &str = "_vwo_";

/// The goals that a user has reached. The platform's Python SDK has the second name.
const GOALS: [&str; 2] = ["goalIdentifier", "goalIdentifiers"];

/// A record from which no goals can be read; the platform's SDK gives up on it.
pub struct Unreadable;

/// The record of a fresh decision.
pub fn fresh(user: &str, campaign: &Campaign, variation: &Variation, goal: Option<&str>) -> Value {
    let mut record = Map::new();
    let mut put = |name: &str, value: &str| record.insert(name.to_owned(), value.into());
    put("userId", user);
    put("campaignKey", &campaign.key);
    put("variationName", &variation.name);
    if let Some(goal) = goal {
        put(GOALS[0], goal);
    }
    Value::Object(record)
}

/// The variation that a record names, if the record is the campaign's and the campaign still has it.
pub fn variation<'r>(record: &Value, campaign: &'r Campaign) -> Option<&'r Variation> {
    if record.get("campaignKey")?.as_str()? != &*campaign.key {
        return None;
    }
    let name = record.get("variationName")?.as_str()?;
    let mut variations = campaign.variations.iter();
    variations.find(|variation| !name.is_empty() && *variation.name == *name)
}

/// The goals in a record, joined; `None`: there are none.
pub fn goals(record: &Value) -> Result<Option<&str>, Unreadable> {
    let record = record.as_object().ok_or(Unreadable)?;
    let mut named = GOALS.iter().filter_map(|name| record.get(*name));
    match named.find(|goals| truthy(goals)) {
        None => Ok(None),
        Some(goals) => goals.as_str().map(Some).ok_or(Unreadable),
    }
}

/// Whether a goal is among those of a record. One whose identifier has the separator in it never is.
pub fn has_goal(goals: Option<&str>, goal: &str) -> bool {
    goals.is_some_and(|goals| goals.split(SEPARATOR).any(|reached| reached == goal))
}

/// The record with one more goal; everything else in it stays.
pub fn with_goal(record: &Value, goals: Option<&str>, goal: &str) -> Value {
    let mut record = record.clone();
    if let Some(record) = record.as_object_mut() {
        let goals = match goals {
            Some(goals) => format!("{goals}{SEPARATOR}{goal}"),
            None => goal.to_owned(),
        };
        record.shift_remove(GOALS[1]);
        record.insert(GOALS[0].to_owned(), goals.into());
    }
    record
}

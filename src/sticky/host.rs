//! The host's own store: text in, text out, through whatever the host offers.

use super::{Record, Store, StoreError};
use crate::value::{Map, Value, equal};
use std::sync::Arc;

/// What a host offers. Records are JSON text; an error is a sentence for people.
pub trait Host: Send + Sync {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<String>, String>;
    fn set(&self, unit: &str, flag: &str, record: &str) -> Result<(), String>;
    fn remove(&self, unit: &str, flag: &str) -> Result<(), String>;
    /// All records of a unit as one JSON object, flag → record. The outer `None`: not offered.
    fn load(&self, unit: &str) -> Option<Result<Option<String>, String>>;
    /// Writes if nothing is stored and returns the record that stands. `None`: not offered.
    fn set_if_absent(&self, unit: &str, flag: &str, record: &str)
    -> Option<Result<String, String>>;
}

/// A [`Store`] made of what a host offers.
///
/// With `set_if_absent` the first writer wins among any number of processes. Without it a claim is a plain `set`
/// after the read that found nothing: two processes that meet a new user in the same instant may answer differently
/// once. Replacing a record that no longer counts is always a plain `set`.
pub struct HostStore<H> {
    host: H,
}

impl<H: Host> HostStore<H> {
    pub fn new(host: H) -> Self {
        HostStore { host }
    }

    /// Everything held for a unit; `None` where the host does not offer `load`.
    fn listed(&self, unit: &str) -> Option<Result<Vec<(String, Record)>, StoreError>> {
        Some(match self.host.load(unit)? {
            Err(message) => Err(StoreError::Failed(message)),
            Ok(None) => Ok(Vec::new()),
            Ok(Some(text)) => parse_all(&text),
        })
    }
}

fn parse(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Garbage(format!("not JSON: {error}")))
}

fn parse_all(text: &str) -> Result<Vec<(String, Record)>, StoreError> {
    let records: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        StoreError::Garbage(format!("`load` did not return a JSON object: {error}"))
    })?;
    Ok(records
        .into_iter()
        .map(|(flag, record)| (flag, Arc::new(record)))
        .collect())
}

impl<H: Host> Store for HostStore<H> {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<Record>, StoreError> {
        match self.host.get(unit, flag).map_err(StoreError::Failed)? {
            Some(text) => Ok(Some(Arc::new(parse(&text)?))),
            None => Ok(None),
        }
    }

    fn set(&self, unit: &str, flag: &str, record: &Value) -> Result<(), StoreError> {
        self.host
            .set(unit, flag, &record.to_string())
            .map_err(StoreError::Failed)
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), StoreError> {
        self.host.remove(unit, flag).map_err(StoreError::Failed)
    }

    fn load(
        &self,
        unit: &str,
        flags: &mut dyn Iterator<Item = &str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        if let Some(held) = self.listed(unit) {
            return held;
        }
        // Without `load` nobody can list what is held: every flag of the ruleset is asked for.
        let mut held = Vec::new();
        for flag in flags {
            if let Some(record) = self.get(unit, flag)? {
                held.push((flag.to_owned(), record));
            }
        }
        Ok(held)
    }

    fn claim(
        &self,
        unit: &str,
        flag: &str,
        expected: Option<&Record>,
        record: Record,
    ) -> Result<Record, StoreError> {
        let text = record.to_string();
        if expected.is_none()
            && let Some(standing) = self.host.set_if_absent(unit, flag, &text)
        {
            let standing = parse(&standing.map_err(StoreError::Failed)?)?;
            return Ok(if equal(&standing, &record) {
                record
            } else {
                Arc::new(standing)
            });
        }
        self.host
            .set(unit, flag, &text)
            .map_err(StoreError::Failed)?;
        Ok(record)
    }

    fn forget(&self, unit: &str, flags: &mut dyn Iterator<Item = &str>) -> Result<u64, StoreError> {
        if let Some(held) = self.listed(unit) {
            let held = held?;
            for (flag, _) in &held {
                self.remove(unit, flag)?;
            }
            return Ok(held.len() as u64);
        }
        // Without `load` nobody can list what is held: every flag of the ruleset is asked for.
        let mut removed = 0;
        for flag in flags {
            let held = self.host.get(unit, flag).map_err(StoreError::Failed)?;
            if held.is_some() {
                self.remove(unit, flag)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn name(&self) -> &'static str {
        "host"
    }
}

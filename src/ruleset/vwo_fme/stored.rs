//! Reading and writing the store during a call, and what a record names (sections 3.2 to 3.5).

use super::conditions::Broken;
use super::evaluate::{Call, Chosen};
use super::wire::{Entry, Read, Record};
use crate::ruleset::trace::Trace;
use crate::sticky::Stored;
use crate::value::Value;
use serde_json::json;
use std::borrow::Cow;
use std::sync::Arc;

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// The variation that a record names, in the current document (section 3.5).
    pub fn stored(&self, record: &Record, key: &str, variation: &str) -> Option<Chosen<'r>> {
        let rules = self.rules;
        let key = record.get(key)?.as_str()?;
        let id = record.get(variation).filter(|id| !id.is_null())?;
        let campaign = rules
            .campaign_by_key
            .get(key)
            .map(|at| &rules.campaigns[*at]);
        if let Some(campaign) = campaign
            && let Some(variation) = campaign.variations.iter().find(|v| v.id.is(id))
        {
            return Some((variation, campaign.rule_key.as_deref()));
        }
        let meant = rules.rules_by_stored_key.get(key)?;
        meant.iter().find_map(|(flag, rule)| {
            let rule = &rules.flags[*flag].rules[*rule];
            Some((&**rule.variation(id)?, Some(&*rule.rule_key)))
        })
    }

    /// Reads the record of a flag or a group. The second part: nothing is known to be there, so that whoever writes
    /// first wins.
    pub fn read(&mut self, key: &str) -> (Read, bool) {
        if let Some((_, record)) = self.unwritten.iter().rev().find(|(known, _)| known == key) {
            return (Read::Record(record.clone()), false);
        }
        match self.turn.assignments.read(self.visitor.id, key) {
            // A store that did not answer may hold something: what is decided blind must not replace it.
            Stored::Nothing | Stored::Unknown => (Read::None, true),
            Stored::Record(record) => {
                let read = Read::new(record);
                if let Read::Garbage = read {
                    let why = "a record must be an object";
                    self.turn.assignments.reject(self.visitor.id, key, why);
                }
                (read, false)
            }
        }
    }

    pub fn usable(&mut self, read: Read) -> Result<Option<Record>, Broken<'r>> {
        match read {
            Read::None | Read::Garbage => Ok(None),
            Read::Record(record) => Ok(Some(record)),
            Read::Fatal(record) => Err(Cow::Owned(format!(
                "the stored record has the status {}",
                record.get("status").unwrap_or(&Value::Null)
            ))),
        }
    }

    /// Writes the flag's own record. Where there was none, the first writer wins, and the call is decided again with
    /// what stands.
    pub fn write_flag(&mut self, key: &str, is_free: bool, entry: &Entry<'_>) {
        self.lost = self.write(key, is_free, entry);
    }

    /// Writes a record and returns what stands there instead, if somebody else was first.
    pub fn write(&mut self, key: &str, is_free: bool, entry: &Entry<'_>) -> Option<Arc<Value>> {
        let user = self.visitor.id;
        if !self.turn.assignments.has_store() || !entry.is_writable(key, user) {
            return None;
        }
        let record = entry.to_record(key, user);
        self.trace
            .step(|| json!({"step": "write", "key": key, "record": record}));
        if !self.writes {
            self.unwritten
                .push((key.to_owned(), Record(Arc::new(record))));
            return None;
        }
        if !is_free {
            self.turn.assignments.write(user, key, &record);
            return None;
        }
        let mine = record.clone();
        let standing = self.turn.assignments.claim(user, key, None, record)?;
        (!crate::value::equal(&standing, &mine)).then_some(standing)
    }
}

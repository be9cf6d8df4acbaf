//! `memory:` — assignments for the life of the process.

use super::{Record, Store, StoreError};
use crate::fork::{self, AtFork, Cell, Rest, Steady, Torn};
use crate::value::{Value, equal};
use std::collections::HashMap;
use std::sync::{Arc, RwLockReadGuard, RwLockWriteGuard, Weak};
use xxhash_rust::xxh64::xxh64;

/// Enough that threads which decide for different users rarely meet.
const SHARDS: usize = 64;

type Shard = HashMap<Box<str>, Vec<(Box<str>, Record)>>;

/// Compare-and-write is one step under the lock of the unit's shard: the first writer wins, exactly.
///
/// A forked child starts with what the parent held at that moment; from then on each goes its own way.
pub struct MemoryStore {
    shards: Arc<Shards>,
}

struct Shards([Steady<Shard>; SHARDS]);

impl Default for MemoryStore {
    fn default() -> Self {
        let shards = Arc::new(Shards(std::array::from_fn(|_| Steady::default())));
        let member: Weak<Shards> = Arc::downgrade(&shards);
        fork::register(member);
        MemoryStore { shards }
    }
}

impl AtFork for Shards {
    fn each<'m>(&'m self, visit: &mut dyn FnMut(&'m dyn Cell)) {
        for shard in &self.0 {
            visit(shard);
        }
    }
}

impl Rest for Shard {}

impl MemoryStore {
    fn shard(&self, unit: &str) -> &Steady<Shard> {
        &self.shards.0[xxh64(unit.as_bytes(), 0) as usize % SHARDS]
    }

    fn read(&self, unit: &str) -> Result<RwLockReadGuard<'_, Shard>, StoreError> {
        self.shard(unit).read().map_err(lost)
    }

    fn write(&self, unit: &str) -> Result<RwLockWriteGuard<'_, Shard>, StoreError> {
        self.shard(unit).write().map_err(lost)
    }
}

fn lost(_: Torn) -> StoreError {
    StoreError::Failed("this process was forked while that part of the store was locked".to_owned())
}

fn find<'s>(shard: &'s Shard, unit: &str, flag: &str) -> Option<&'s Record> {
    let records = shard.get(unit)?;
    records
        .iter()
        .find(|(stored, _)| **stored == *flag)
        .map(|(_, record)| record)
}

fn put(shard: &mut Shard, unit: &str, flag: &str, record: Record) {
    let records = match shard.get_mut(unit) {
        Some(records) => records,
        None => shard.entry(unit.into()).or_default(),
    };
    match records.iter_mut().find(|(stored, _)| **stored == *flag) {
        Some((_, standing)) => *standing = record,
        None => records.push((flag.into(), record)),
    }
}

impl Store for MemoryStore {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<Record>, StoreError> {
        Ok(find(&*self.read(unit)?, unit, flag).cloned())
    }

    fn set(&self, unit: &str, flag: &str, record: &Value) -> Result<(), StoreError> {
        put(
            &mut *self.write(unit)?,
            unit,
            flag,
            Arc::new(record.clone()),
        );
        Ok(())
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), StoreError> {
        let mut shard = self.write(unit)?;
        if let Some(records) = shard.get_mut(unit) {
            records.retain(|(stored, _)| **stored != *flag);
            if records.is_empty() {
                shard.remove(unit);
            }
        }
        Ok(())
    }

    fn load(
        &self,
        unit: &str,
        _: &mut dyn Iterator<Item = &str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let shard = self.read(unit)?;
        let records = shard.get(unit).map_or(&[][..], Vec::as_slice);
        Ok(records
            .iter()
            .map(|(flag, record)| (flag.to_string(), Arc::clone(record)))
            .collect())
    }

    fn claim(
        &self,
        unit: &str,
        flag: &str,
        expected: Option<&Record>,
        record: Record,
    ) -> Result<Record, StoreError> {
        let mut shard = self.write(unit)?;
        let standing = find(&shard, unit, flag);
        let unchanged = match (standing, expected) {
            (None, None) => true,
            (Some(standing), Some(expected)) => {
                Arc::ptr_eq(standing, expected) || equal(standing, expected)
            }
            // Somebody removed the record in between: nothing stands in the way.
            (None, Some(_)) => true,
            (Some(_), None) => false,
        };
        if !unchanged && let Some(standing) = standing {
            return Ok(Arc::clone(standing));
        }
        put(&mut shard, unit, flag, Arc::clone(&record));
        Ok(record)
    }

    fn forget(&self, unit: &str, _: &mut dyn Iterator<Item = &str>) -> Result<u64, StoreError> {
        Ok(self
            .write(unit)?
            .remove(unit)
            .map_or(0, |records| records.len() as u64))
    }

    fn name(&self) -> &'static str {
        "memory"
    }

    fn may_wait(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(variation: &str) -> Record {
        Arc::new(json!({ "variation": variation }))
    }

    #[test]
    fn the_first_writer_wins() {
        let store = MemoryStore::default();
        assert_eq!(store.claim("u", "f", None, record("a")), Ok(record("a")));
        assert_eq!(store.claim("u", "f", None, record("b")), Ok(record("a")));
        assert_eq!(store.get("u", "f"), Ok(Some(record("a"))));
    }

    #[test]
    fn a_record_that_changed_since_it_was_read_is_not_replaced() {
        let store = MemoryStore::default();
        store.set("u", "f", &record("b")).unwrap();
        let stale = record("a");
        let standing = store.claim("u", "f", Some(&stale), record("c"));
        assert_eq!(standing, Ok(record("b")));
    }

    #[test]
    fn forget_removes_everything_of_one_unit_and_nothing_else() {
        let store = MemoryStore::default();
        for (unit, flag) in [("u", "f"), ("u", "g"), ("v", "f")] {
            store.set(unit, flag, &record("a")).unwrap();
        }
        assert_eq!(store.forget("u", &mut std::iter::empty()), Ok(2));
        assert_eq!(store.load("u", &mut std::iter::empty()), Ok(Vec::new()));
        assert_eq!(store.get("v", "f"), Ok(Some(record("a"))));
    }
}

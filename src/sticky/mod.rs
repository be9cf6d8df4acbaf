//! Stickiness: one contract for every dialect and every store.
//!
//! A store keeps JSON records under (unit, flag). What a record says is the dialect's business; that a store may be
//! slow, broken, shared by many processes or full of garbage is this module's. Dialects never see a store, they see
//! [`Assignments`]: reads that may fail without failing the decision, and writes that let the first writer win.

#[cfg(feature = "sqlite")]
pub mod sqlite;

pub mod health;
pub mod held;
pub mod host;
pub mod memory;
pub mod open;
#[doc(hidden)]
pub mod staged;

pub use health::Health;
pub use held::Held;

use crate::value::Value;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// A stored record, shared so that a store in memory hands it out without a copy.
pub type Record = Arc<Value>;

/// Why a store did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The store said that it failed, or could not be reached.
    Failed(String),
    /// The store answered with something that is no JSON record.
    Garbage(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Failed(message) => write!(f, "the store failed: {message}"),
            StoreError::Garbage(message) => write!(f, "the store returned garbage: {message}"),
        }
    }
}

/// Where assignments live. Called on the thread that asked for the decision, with no lock of flagstay held.
pub trait Store: Send + Sync {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<Record>, StoreError>;

    /// Writes `record`, whatever was there.
    fn set(&self, unit: &str, flag: &str, record: &Value) -> Result<(), StoreError>;

    /// Removes the record; that there was none is no failure.
    fn remove(&self, unit: &str, flag: &str) -> Result<(), StoreError>;

    /// Everything held for a unit. `flags` are the flags that the ruleset knows, for stores that cannot list what they
    /// hold.
    fn load(
        &self,
        unit: &str,
        flags: &mut dyn Iterator<Item = &str>,
    ) -> Result<Vec<(String, Record)>, StoreError>;

    /// Writes `record` if what is stored is still `expected` (`None`: nothing), and returns the record that stands
    /// afterwards: `record`, or that of whoever was first. A store that cannot compare and write in one step says in
    /// its documentation how far its guarantee goes.
    fn claim(
        &self,
        unit: &str,
        flag: &str,
        expected: Option<&Record>,
        record: Record,
    ) -> Result<Record, StoreError>;

    /// Removes everything held for a unit and returns how many records that were. `flags` are the flags that the
    /// ruleset knows, for stores that cannot list what they hold.
    fn forget(&self, unit: &str, flags: &mut dyn Iterator<Item = &str>) -> Result<u64, StoreError>;

    /// The store as it is named in the client's status: `memory`, `sqlite`, `host`.
    fn name(&self) -> &'static str;

    /// Whether a call may leave this process or touch a disk, so that its duration is worth measuring.
    fn may_wait(&self) -> bool {
        true
    }
}

/// Asks a store that may be anybody's: one that panics has failed, like one that says so.
pub fn ask<T>(
    store: &dyn Store,
    work: impl FnOnce(&dyn Store) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(|| work(store))).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        let error = StoreError::Failed(format!("it panicked: {said}"));
        // Whatever was thrown may throw again when it is dropped.
        std::mem::forget(panic);
        Err(error)
    })
}

/// What a read found.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// The store answered, and holds nothing.
    Nothing,
    Record(Record),
    /// The store did not answer. Nobody knows what it holds, so nothing may be written over it.
    Unknown,
}

/// The store as one evaluation sees it.
pub struct Assignments<'c> {
    store: Option<&'c dyn Store>,
    health: &'c Health,
    error: Option<Box<StoreError>>,
    writes: bool,
}

impl<'c> Assignments<'c> {
    pub fn new(store: Option<&'c dyn Store>, health: &'c Health) -> Self {
        Assignments {
            store,
            health,
            error: None,
            writes: true,
        }
    }

    /// A view that reads and never writes: for explaining a decision without making it.
    pub fn read_only(store: Option<&'c dyn Store>, health: &'c Health) -> Self {
        Assignments {
            writes: false,
            ..Assignments::new(store, health)
        }
    }

    /// Whether there is a store at all.
    #[inline]
    pub fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Whether writes reach the store.
    pub fn writes(&self) -> bool {
        self.writes
    }

    pub fn read(&mut self, unit: &str, flag: &str) -> Stored {
        match self.call(|store| store.get(unit, flag)) {
            None | Some(Ok(None)) => Stored::Nothing,
            Some(Ok(Some(record))) => Stored::Record(record),
            Some(Err(error)) => {
                self.note(error);
                Stored::Unknown
            }
        }
    }

    /// Everything held for a unit; `None` where the store did not answer.
    pub fn load(
        &mut self,
        unit: &str,
        flags: &mut dyn Iterator<Item = &str>,
    ) -> Option<Vec<(String, Record)>> {
        match self.call(|store| store.load(unit, flags)) {
            None => Some(Vec::new()),
            Some(Ok(records)) => Some(records),
            Some(Err(error)) => {
                self.note(error);
                None
            }
        }
    }

    /// Writes `record` if the store still holds `expected`, and returns the record that stands afterwards. `None`:
    /// there is no store, this view does not write, or the store failed; the caller's own decision stands then.
    pub fn claim(
        &mut self,
        unit: &str,
        flag: &str,
        expected: Option<&Record>,
        record: Value,
    ) -> Option<Record> {
        if !self.writes {
            return None;
        }
        let record = Arc::new(record);
        let mine = Arc::clone(&record);
        match self.call(|store| store.claim(unit, flag, expected, record))? {
            Ok(standing) => {
                if Arc::ptr_eq(&standing, &mine) || crate::value::equal(&standing, &mine) {
                    self.health.written();
                } else {
                    self.health.lost_race();
                }
                Some(standing)
            }
            Err(error) => {
                self.note(error);
                None
            }
        }
    }

    /// Writes `record`, whatever was there. For platforms whose contract is "the last one wins".
    pub fn write(&mut self, unit: &str, flag: &str, record: &Value) -> bool {
        if !self.writes {
            return false;
        }
        match self.call(|store| store.set(unit, flag, record)) {
            None => false,
            Some(Ok(())) => {
                self.health.written();
                true
            }
            Some(Err(error)) => {
                self.note(error);
                false
            }
        }
    }

    pub fn remove(&mut self, unit: &str, flag: &str) -> bool {
        if !self.writes {
            return false;
        }
        match self.call(|store| store.remove(unit, flag)) {
            None => false,
            Some(Ok(())) => true,
            Some(Err(error)) => {
                self.note(error);
                false
            }
        }
    }

    /// Reports a record that is JSON but makes no sense to the dialect that reads it.
    pub fn reject(&mut self, unit: &str, flag: &str, why: impl fmt::Display) {
        self.note(StoreError::Garbage(format!(
            "record of unit `{unit}`, flag `{flag}`: {why}"
        )));
    }

    /// Whether anything went wrong with the store during this evaluation.
    #[inline]
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// The first thing that did.
    #[inline]
    pub fn take_error(&mut self) -> Option<Box<StoreError>> {
        self.error.take()
    }

    #[inline]
    fn call<T>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        let store = self.store?;
        if !store.may_wait() {
            return Some(work(store));
        }
        let began = Instant::now();
        let result = ask(store, work);
        self.health.took(began.elapsed());
        Some(result)
    }

    fn note(&mut self, error: StoreError) {
        self.health.failed(&error);
        self.error.get_or_insert_with(|| Box::new(error));
    }
}

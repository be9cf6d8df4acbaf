//! A store in memory with a director, for tests: it fails where it is told to, lets somebody else write at the worst
//! moment, and keeps a list of what it was asked.

use super::memory::MemoryStore;
use super::{Record, Store, StoreError};
use crate::value::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// What is about to happen, or, with [`Cue::Got`], has happened but is not told yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    Get,
    Got,
    Set,
    Remove,
    Load,
    Claim,
}

/// Says what happens on a cue: `unit` and `flag` are those of the call. An error is the call's.
type Director = dyn Fn(&MemoryStore, Cue, &str, &str) -> Result<(), StoreError> + Send + Sync;

pub struct Staged {
    /// What is stored; using it is nobody's call.
    pub inner: MemoryStore,
    calls: Mutex<Vec<String>>,
    director: Box<Director>,
}

impl Staged {
    pub fn new(
        director: impl Fn(&MemoryStore, Cue, &str, &str) -> Result<(), StoreError>
        + Send
        + Sync
        + 'static,
    ) -> Arc<Self> {
        Arc::new(Staged {
            inner: MemoryStore::default(),
            calls: Mutex::default(),
            director: Box::new(director),
        })
    }

    /// A store that does what it is asked, and keeps the list.
    pub fn watched() -> Arc<Self> {
        Staged::new(|_, _, _, _| Ok(()))
    }

    /// What it was asked since this was last called: operation, unit and flag.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn cue(&self, cue: Cue, unit: &str, flag: &str) -> Result<(), StoreError> {
        let operation = match cue {
            Cue::Got => None,
            Cue::Get => Some("get"),
            Cue::Set => Some("set"),
            Cue::Remove => Some("remove"),
            Cue::Load => Some("load"),
            Cue::Claim => Some("claim"),
        };
        if let Some(operation) = operation {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            calls.push(format!("{operation} {unit} {flag}").trim_end().to_owned());
        }
        (self.director)(&self.inner, cue, unit, flag)
    }
}

impl Store for Staged {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<Record>, StoreError> {
        self.cue(Cue::Get, unit, flag)?;
        let found = self.inner.get(unit, flag);
        self.cue(Cue::Got, unit, flag)?;
        found
    }

    fn set(&self, unit: &str, flag: &str, record: &Value) -> Result<(), StoreError> {
        self.cue(Cue::Set, unit, flag)?;
        self.inner.set(unit, flag, record)
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), StoreError> {
        self.cue(Cue::Remove, unit, flag)?;
        self.inner.remove(unit, flag)
    }

    fn load(
        &self,
        unit: &str,
        flags: &mut dyn Iterator<Item = &str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        self.cue(Cue::Load, unit, "")?;
        self.inner.load(unit, flags)
    }

    fn claim(
        &self,
        unit: &str,
        flag: &str,
        expected: Option<&Record>,
        record: Record,
    ) -> Result<Record, StoreError> {
        self.cue(Cue::Claim, unit, flag)?;
        self.inner.claim(unit, flag, expected, record)
    }

    fn forget(&self, unit: &str, flags: &mut dyn Iterator<Item = &str>) -> Result<u64, StoreError> {
        self.inner.forget(unit, flags)
    }

    fn name(&self) -> &'static str {
        "staged"
    }
}

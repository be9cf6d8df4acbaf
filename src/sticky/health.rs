//! How a store is doing, counted for the client's status.

use super::StoreError;
use crate::value::Value;
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counters of one client's store. Successful reads are not counted: they are the hot path, and a counter that all
/// threads share would be its only shared write.
#[derive(Debug)]
pub struct Health {
    writes: AtomicU64,
    lost_races: AtomicU64,
    failures: AtomicU64,
    garbage: AtomicU64,
    slow: AtomicU64,
    slow_after: Duration,
    last_error: ArcSwapOption<String>,
}

impl Health {
    /// `slow_after`: a call that takes longer counts as slow.
    pub fn new(slow_after: Duration) -> Self {
        Health {
            writes: AtomicU64::new(0),
            lost_races: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            garbage: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            slow_after,
            last_error: ArcSwapOption::empty(),
        }
    }

    pub fn written(&self) {
        self.writes.fetch_add(1, Relaxed);
    }

    pub fn lost_race(&self) {
        self.lost_races.fetch_add(1, Relaxed);
    }

    pub fn took(&self, duration: Duration) {
        if duration > self.slow_after {
            self.slow.fetch_add(1, Relaxed);
        }
    }

    pub fn failed(&self, error: &StoreError) {
        match error {
            StoreError::Failed(_) => self.failures.fetch_add(1, Relaxed),
            StoreError::Garbage(_) => self.garbage.fetch_add(1, Relaxed),
        };
        self.last_error.store(Some(Arc::new(error.to_string())));
    }

    /// The counters as they appear under `store` in the status.
    pub fn to_json(&self) -> Value {
        serde_json::json!({
            "writes": self.writes.load(Relaxed),
            "lost_races": self.lost_races.load(Relaxed),
            "failures": self.failures.load(Relaxed),
            "garbage": self.garbage.load(Relaxed),
            "slow": self.slow.load(Relaxed),
            "last_error": self.last_error.load().as_deref(),
        })
    }
}

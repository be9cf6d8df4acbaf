//! Documents as they arrive: one after the other, and counted.

use crate::error::Error;
use crate::fork::Fresh;
use crate::value::Value;
use arc_swap::ArcSwapOption;
use serde_json::json;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Counts of what arrived, and the lock that lets one update happen at a time. The lock guards no data: the status does
/// not wait for an update, and a forked child makes its own.
pub struct Updates {
    order: Fresh<Mutex<()>>,
    loaded: AtomicU64,
    unchanged: AtomicU64,
    refused: AtomicU64,
    last_error: ArcSwapOption<String>,
}

impl Default for Updates {
    fn default() -> Self {
        Updates {
            order: Fresh::new(Mutex::default),
            loaded: AtomicU64::new(0),
            unchanged: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            last_error: ArcSwapOption::empty(),
        }
    }
}

impl Updates {
    /// What an update locks before it begins.
    pub fn order(&self) -> Arc<impl Deref<Target = Mutex<()>>> {
        self.order.get()
    }

    pub fn loaded(&self) {
        self.loaded.fetch_add(1, Relaxed);
        self.last_error.store(None);
    }

    pub fn unchanged(&self) {
        self.unchanged.fetch_add(1, Relaxed);
    }

    pub fn refused(&self, error: &Error) {
        self.refused.fetch_add(1, Relaxed);
        self.last_error.store(Some(Arc::new(error.message.clone())));
    }

    pub fn to_json(&self) -> Value {
        json!({
            "loaded": self.loaded.load(Relaxed),
            "unchanged": self.unchanged.load(Relaxed),
            "refused": self.refused.load(Relaxed),
            "last_error": self.last_error.load().as_deref(),
        })
    }
}

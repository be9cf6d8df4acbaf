//! Survival of `fork()`: a generation number that every child increases.
//!
//! Threads, locks that other threads held and SQLite connections do not survive a fork. Whoever owns such a thing
//! remembers the generation it was made in; in a later generation it abandons the thing, without touching it, and
//! makes a new one. Asking costs one relaxed load, not a system call.

#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static GENERATION: AtomicU64 = AtomicU64::new(0);
static WATCH: Once = Once::new();

extern "C" fn in_the_child() {
    GENERATION.fetch_add(1, Relaxed);
}

/// Starts counting forks. Every client does this when it is made; after the first time it costs nothing.
pub fn watch() {
    WATCH.call_once(|| {
        // SAFETY: the handler does one atomic addition, which is async-signal-safe, and it is never unloaded: the
        // library is linked with `-z nodelete`.
        let failed = unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) };
        // Only memory exhaustion makes it fail; forks then go unnoticed, as they would without this module.
        debug_assert_eq!(failed, 0);
    });
}

/// How many forks lie between the first process and this one.
#[inline]
pub fn generation() -> u64 {
    GENERATION.load(Relaxed)
}

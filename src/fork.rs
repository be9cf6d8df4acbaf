//! Survival of `fork()`.
//!
//! A child of `fork()` has one thread, and a copy of whatever the parent's other threads were doing: locks that nobody
//! will ever release, queues caught half-way. Two kinds of cell keep that out of the child:
//!
//! - [`Fresh`]: what a child must not share with its parent. Every process makes its own on first use; the parent's is
//!   abandoned without being touched.
//! - [`Steady`]: what a child inherits. It is a lock that the forking thread takes before it forks and lets go on both
//!   sides afterwards, so that the copy is whole and free. A fork waits for it, a second at most.
//!
//! Besides them there are atomics, which are never half-way, and `arc-swap`: a thread that was reading one at the fork
//! keeps its debt in the child for ever, which costs a small leak there and blocks nobody.
//!
//! Only forks that run `pthread_atfork` handlers are seen, `fork()` itself that is. `vfork`, `posix_spawn` and a bare
//! `clone` do not run them; their children are meant to call `exec`, not this library.

#![allow(unsafe_code)]

use arc_swap::ArcSwap;
use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, Weak};
use std::time::{Duration, Instant};

static GENERATION: AtomicU64 = AtomicU64::new(0);
static WATCHING: AtomicBool = AtomicBool::new(false);
static REGISTRY: Steady<Registry> = Steady::new(Registry {
    members: Vec::new(),
    resting: Vec::new(),
});

/// How long a fork waits for all locks together. They are held for moments; a disk that hangs is the exception.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many forks lie between the first process and this one. One relaxed load, no system call.
#[inline]
pub fn generation() -> u64 {
    GENERATION.load(Relaxed)
}

/// Starts counting forks. Every client does this when it is made; after the first time it costs nothing.
pub fn watch() {
    // Not a `Once`: a fork in the middle of one leaves the child waiting for ever.
    if WATCHING.swap(true, Relaxed) {
        return;
    }
    // SAFETY: the handlers are functions of this library, which is never unloaded: it is linked with `-z nodelete`.
    let failed =
        unsafe { libc::pthread_atfork(Some(before), Some(in_the_parent), Some(in_the_child)) };
    // Only memory exhaustion makes it fail; forks then go unnoticed, as they would without this module.
    debug_assert_eq!(failed, 0);
}

/// Which process a handler runs in after the fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Parent,
    Child,
}

/// The owner of [`Steady`] cells.
pub trait AtFork: Send + Sync {
    /// Shows every cell. It has to be a part of `self`, the same each time.
    fn each<'m>(&'m self, visit: &mut dyn FnMut(&'m dyn Cell));
}

/// What a [`Steady`] guards.
pub trait Rest {
    /// Called by the forking thread while it holds the lock, before it forks.
    fn rest(&mut self) {}
}

/// A [`Steady`] of any type.
pub trait Cell: sealed::Hold {}

mod sealed {
    use super::{Instant, Side};

    /// # Safety
    /// Both are for the forking thread alone: `hold` before the fork, `release` afterwards whether `hold` succeeded or
    /// not; `self` neither moves nor goes in between.
    pub trait Hold {
        /// Takes the lock for the time of a fork, waiting until `until` at most (`None`: as long as it takes).
        unsafe fn hold(&self, until: Option<Instant>) -> bool;
        /// Lets go. In a child, a lock that could not be held before the fork is torn from now on.
        unsafe fn release(&self, side: Side);
    }
}
use sealed::Hold;

/// Has `member` brought to rest before each fork, for as long as it lives.
pub fn register(member: Weak<dyn AtFork>) {
    watch();
    if let Ok(mut registry) = REGISTRY.write() {
        registry.members.retain(|member| member.strong_count() > 0);
        registry.members.push(member);
    }
}

struct Registry {
    members: Vec<Weak<dyn AtFork>>,
    /// Those of a fork that is going on: kept alive until it is over.
    resting: Vec<Arc<dyn AtFork>>,
}

impl Rest for Registry {
    fn rest(&mut self) {
        self.resting = self.members.iter().filter_map(Weak::upgrade).collect();
        let until = Instant::now() + PATIENCE;
        for member in &self.resting {
            // SAFETY: the forking thread is here, `after` releases, and `resting` keeps the member where it is.
            member.each(&mut |cell| unsafe {
                cell.hold(Some(until));
            });
        }
    }
}

extern "C" fn before() {
    // Waits for another thread that forks or registers; both take a bounded time.
    // SAFETY: the forking thread is here, `after` releases, and a static stays.
    unsafe { REGISTRY.hold(None) };
}

extern "C" fn in_the_parent() {
    after(Side::Parent);
}

extern "C" fn in_the_child() {
    GENERATION.fetch_add(1, Relaxed);
    after(Side::Child);
}

fn after(side: Side) {
    // SAFETY: this thread took it in `before`.
    let Some(registry) = (unsafe { REGISTRY.held() }) else {
        return;
    };
    let resting = std::mem::take(&mut registry.resting);
    for member in &resting {
        // SAFETY: this thread held them in `before`.
        member.each(&mut |cell| unsafe { cell.release(side) });
    }
    // SAFETY: as above, and `registry` is not used any more.
    unsafe { REGISTRY.release(side) };
    // The last owners of a store may have let go meanwhile; then it ends here, with no lock held.
    drop(resting);
}

/// A lock that was held by another thread when this process was forked off. What it guards is lost to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn;

/// A lock whose content survives into a forked child: its owner, an [`AtFork`], holds it across the fork.
pub struct Steady<T: 'static> {
    lock: ManuallyDrop<RwLock<T>>,
    held: UnsafeCell<Option<RwLockWriteGuard<'static, T>>>,
    torn: AtomicBool,
}

// SAFETY: `held` is touched by the forking thread only, between `hold` and `release`, and holding the lock of the
// registry (or being it) keeps a second forking thread out.
unsafe impl<T: Send + Sync> Sync for Steady<T> {}
// SAFETY: a value that can be moved to another thread is not held: its owner is borrowed by the registry until then.
unsafe impl<T: Send> Send for Steady<T> {}

impl<T: Default> Default for Steady<T> {
    fn default() -> Self {
        Steady::new(T::default())
    }
}

impl<T> Steady<T> {
    pub const fn new(value: T) -> Self {
        Steady {
            lock: ManuallyDrop::new(RwLock::new(value)),
            held: UnsafeCell::new(None),
            torn: AtomicBool::new(false),
        }
    }

    #[inline]
    pub fn read(&self) -> Result<RwLockReadGuard<'_, T>, Torn> {
        self.whole()?;
        Ok(self.lock.read().unwrap_or_else(|e| e.into_inner()))
    }

    #[inline]
    pub fn write(&self) -> Result<RwLockWriteGuard<'_, T>, Torn> {
        self.whole()?;
        Ok(self.lock.write().unwrap_or_else(|e| e.into_inner()))
    }

    /// `None`: somebody else has it right now.
    pub fn try_write(&self) -> Result<Option<RwLockWriteGuard<'_, T>>, Torn> {
        self.whole()?;
        match self.lock.try_write() {
            Ok(guard) => Ok(Some(guard)),
            Err(TryLockError::Poisoned(poisoned)) => Ok(Some(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => Ok(None),
        }
    }

    #[inline]
    fn whole(&self) -> Result<(), Torn> {
        match self.torn.load(Relaxed) {
            true => Err(Torn),
            false => Ok(()),
        }
    }

    fn write_until(&self, until: Instant) -> Option<RwLockWriteGuard<'_, T>> {
        loop {
            for _ in 0..100 {
                if let Some(guard) = self.try_write().ok()? {
                    return Some(guard);
                }
                std::thread::yield_now();
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_micros(20));
        }
    }

    /// What is held.
    ///
    /// # Safety
    /// For the forking thread alone, between `hold` and `release`, while no other reference into the value is alive.
    #[allow(clippy::mut_from_ref)]
    unsafe fn held(&self) -> Option<&mut T> {
        // SAFETY: as promised.
        unsafe { (*self.held.get()).as_deref_mut() }
    }
}

impl<T: Rest + Send + Sync> Cell for Steady<T> {}

impl<T: Rest + Send + Sync> Hold for Steady<T> {
    unsafe fn hold(&self, until: Option<Instant>) -> bool {
        let guard = match until {
            None => self.write().ok(),
            Some(until) => self.write_until(until),
        };
        let Some(mut guard) = guard else {
            return false;
        };
        guard.rest();
        // SAFETY: the guard borrows from `self`, which stays until `release`, as promised.
        let guard = unsafe {
            std::mem::transmute::<RwLockWriteGuard<'_, T>, RwLockWriteGuard<'static, T>>(guard)
        };
        // SAFETY: nobody else touches `held`, as promised.
        unsafe { *self.held.get() = Some(guard) };
        true
    }

    unsafe fn release(&self, side: Side) {
        // SAFETY: as promised.
        let guard = unsafe { (*self.held.get()).take() };
        if guard.is_none() && side == Side::Child {
            self.torn.store(true, Relaxed);
        }
    }
}

impl<T> Drop for Steady<T> {
    fn drop(&mut self) {
        // What a vanished thread was changing cannot be taken apart: it is leaked.
        if !*self.torn.get_mut() {
            // SAFETY: dropped once, here.
            unsafe { ManuallyDrop::drop(&mut self.lock) }
        }
    }
}

/// What every process makes for itself.
pub struct Fresh<T> {
    current: ArcSwap<Made<T>>,
    make: Box<dyn Fn() -> T + Send + Sync>,
}

/// Something made by this process.
pub struct Made<T> {
    value: T,
    generation: u64,
}

impl<T> Deref for Made<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Fresh<T> {
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Fresh {
            current: ArcSwap::from_pointee(Made {
                value: make(),
                generation: generation(),
            }),
            make: Box::new(make),
        }
    }

    /// This process's own.
    pub fn get(&self) -> Arc<Made<T>> {
        let current = self.current.load_full();
        if current.generation == generation() {
            return current;
        }
        let fresh = Arc::new(Made {
            value: (self.make)(),
            generation: generation(),
        });
        let previous = self.current.compare_and_swap(&current, Arc::clone(&fresh));
        if Arc::ptr_eq(&previous, &current) {
            // Never dropped: dropping would walk something that may have been caught half-way.
            std::mem::forget(current);
            fresh
        } else {
            Arc::clone(&previous)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Rest for u8 {
        fn rest(&mut self) {
            *self += 1;
        }
    }

    #[test]
    fn what_could_not_be_held_is_torn_in_the_child_and_fine_in_the_parent() {
        let steady = Steady::new(1_u8);
        let busy = steady.read().unwrap();
        let soon = Instant::now() + Duration::from_millis(5);
        // SAFETY: this thread is the only one that plays a fork.
        unsafe {
            assert!(!steady.hold(Some(soon)));
            steady.release(Side::Parent);
            assert!(steady.try_write().is_ok());
            steady.release(Side::Child);
        }
        assert!(matches!(steady.try_write(), Err(Torn)));
        drop(busy);
    }

    #[test]
    fn what_was_held_has_been_brought_to_rest_and_is_free_on_both_sides() {
        let steady = Steady::new(1_u8);
        for side in [Side::Parent, Side::Child] {
            // SAFETY: this thread is the only one that plays a fork.
            unsafe {
                assert!(steady.hold(None));
                assert!(matches!(steady.try_write(), Ok(None)));
                steady.release(side);
            }
        }
        assert_eq!(steady.read().map(|value| *value), Ok(3));
    }
}

//! The system's heap, counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub struct Heap {
    allocations: AtomicUsize,
    held: AtomicUsize,
    peak: AtomicUsize,
}

impl Heap {
    pub const fn new() -> Self {
        Heap {
            allocations: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }

    /// How many allocations there have been, reallocations included.
    pub fn allocations(&self) -> usize {
        self.allocations.load(Relaxed)
    }

    /// Begins a new peak and returns the bytes that are held now.
    pub fn mark(&self) -> usize {
        let held = self.held.load(Relaxed);
        self.peak.store(held, Relaxed);
        held
    }

    /// The most bytes that were held at once since the mark.
    pub fn peak(&self) -> usize {
        self.peak.load(Relaxed)
    }

    fn took(&self, bytes: usize) {
        self.allocations.fetch_add(1, Relaxed);
        let held = self.held.fetch_add(bytes, Relaxed) + bytes;
        self.peak.fetch_max(held, Relaxed);
    }
}

// SAFETY: every call is the system allocator's own, with what it was called with; counting touches no memory of it.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.took(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        self.held.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.held.fetch_sub(layout.size(), Relaxed);
        self.took(size);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

//! What a host passes along with a table of callbacks, and gets back with each of them.

use std::ffi::c_void;

/// A table's `context`, and how the host wants it let go: exactly once, when this is dropped.
pub struct Context {
    pointer: *mut c_void,
    drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

// SAFETY: the header demands that callbacks may be called from several threads at once, with the same context.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    pub fn new(
        pointer: *mut c_void,
        drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    ) -> Self {
        Context { pointer, drop }
    }

    pub fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the host's own function with the host's own context, called once.
            unsafe { drop(self.pointer) }
        }
    }
}

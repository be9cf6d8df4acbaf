//! Versions.

use super::versioned;
use std::ffi::c_char;

/// The number that `flagstay_abi_version` returns for this header. It grows when a function or a struct member is
/// added; a function is never removed and never changes its meaning under the soname `libflagstay.so.1`.
pub const FLAGSTAY_ABI_VERSION: u32 = 3;

/// Returns the ABI version of the loaded library. A program built against this header works with any library for
/// which this is at least `FLAGSTAY_ABI_VERSION`.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_abi_version() -> u32 {
    FLAGSTAY_ABI_VERSION
}

/// Returns the version of the loaded library, such as "0.1.0": NUL-terminated, and valid for ever.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

versioned!(flagstay_abi_version, flagstay_version);

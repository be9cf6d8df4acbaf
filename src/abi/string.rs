//! Text that the library makes and the caller owns.

use super::guard::{Out, guard_plain, put};
use super::versioned;
use std::ffi::c_char;

/// Text that belongs to the caller until it is passed to `flagstay_string_free`.
pub struct flagstay_string {
    text: Box<str>,
}

impl flagstay_string {
    pub(super) fn into_raw(text: String) -> *mut Self {
        Box::into_raw(Box::new(flagstay_string {
            text: text.into_boxed_str(),
        }))
    }
}

/// Returns the text, UTF-8 and not NUL-terminated, borrowed until the string is freed; its length in bytes goes to
/// `*len`. For NULL: NULL and 0.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_string_data(
    string: Option<&flagstay_string>,
    len: Out<'_, usize>,
) -> *const c_char {
    put(len, string.map_or(0, |string| string.text.len()));
    string.map_or(std::ptr::null(), |string| string.text.as_ptr().cast())
}

/// Frees a string. NULL is fine.
///
/// Threads: any; nobody may use the string afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_string_free(string: Option<Box<flagstay_string>>) {
    guard_plain((), || drop(string));
}

versioned!(flagstay_string_data, flagstay_string_free);

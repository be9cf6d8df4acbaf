//! Text that the library makes and the caller owns.

use super::guard::{guard_plain, put};
use super::handle::{Handle, Kind, end, handle, if_right};
use super::versioned;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Text that belongs to the caller until it is passed to `flagstay_string_free`.
///
/// Threads: any number may read a string at once.
pub struct flagstay_string(Handle<Box<str>>);

handle!(flagstay_string, Box<str>, b"fsstring");

impl flagstay_string {
    pub(super) fn of(text: String) -> *mut Self {
        Self::into_raw(text.into_boxed_str())
    }
}

/// Returns the text, UTF-8 and not NUL-terminated, borrowed until the string is freed; its length in bytes goes to
/// `*len`. For NULL: NULL and 0.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_string_data(
    string: Option<&flagstay_string>,
    len: Option<&mut MaybeUninit<usize>>,
) -> *const c_char {
    guard_plain(std::ptr::null(), || {
        let text = if_right(string, "string");
        put(len, text.map_or(0, |text| text.len()));
        text.map_or(std::ptr::null(), |text| text.as_ptr().cast())
    })
}

/// Frees a string. NULL is fine.
///
/// Threads: any; nobody may use the string afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_string_free(string: Option<Box<flagstay_string>>) {
    guard_plain((), || end(string, "string"));
}

versioned!(flagstay_string_data, flagstay_string_free);

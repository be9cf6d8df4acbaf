//! Text across the boundary: pointer and length, UTF-8, embedded NUL welcome.

use crate::error::{Error, ErrorKind};
use std::ffi::c_char;

/// The text of a pointer and a length. NULL with length 0 is the empty text.
///
/// # Safety
/// `pointer` is NULL or points to `length` readable bytes that do not change until the call returns.
#[inline]
pub unsafe fn text<'a>(
    pointer: *const c_char,
    length: usize,
    name: &str,
) -> Result<&'a str, Error> {
    if length == 0 {
        return Ok("");
    }
    if pointer.is_null() || length > isize::MAX as usize {
        return Err(impossible(name, length));
    }
    // SAFETY: promised by the caller, NULL and absurd lengths excluded above.
    let bytes = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), length) };
    std::str::from_utf8(bytes).map_err(|error| not_utf8(name, error))
}

/// The same for text that must be JSON. It is looked at, not parsed: that happens where its value is needed.
///
/// # Safety
/// As [`text`].
pub unsafe fn json<'a>(
    pointer: *const c_char,
    length: usize,
    name: &str,
) -> Result<&'a str, Error> {
    // SAFETY: promised by the caller.
    let json = unsafe { text(pointer, length, name) }?;
    match serde_json::from_str::<serde::de::IgnoredAny>(json) {
        Ok(_) => Ok(json),
        Err(error) => Err(not_json(name, error)),
    }
}

#[cold]
fn not_json(name: &str, error: serde_json::Error) -> Error {
    Error::new(ErrorKind::InvalidJson, format!("`{name}`: {error}"))
}

#[cold]
fn impossible(name: &str, length: usize) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{name}` is NULL or no text at all, with a length of {length}"),
    )
}

#[cold]
fn not_utf8(name: &str, error: std::str::Utf8Error) -> Error {
    Error::new(ErrorKind::InvalidUtf8, format!("`{name}`: {error}"))
}

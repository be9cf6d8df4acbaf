//! Text across the boundary: pointer and length, UTF-8, embedded NUL welcome.

use crate::error::{Error, ErrorKind};
use crate::word;
use std::ffi::c_char;

/// The text of a pointer and a length. NULL with length 0 is the empty text.
///
/// # Safety
/// `pointer` is NULL or points to `length` readable bytes that do not change until the call returns.
#[inline(always)]
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
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    beyond_ascii(bytes, name)
}

#[inline(never)]
fn beyond_ascii<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|error| not_utf8(name, error))
}

/// Keys of flags are short and mostly ASCII: up to sixteen bytes are looked at as two words, which may overlap.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let all = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last)
        }
        (None, _) => word::of_few(bytes),
        _ => return bytes.is_ascii(),
    };
    all & HIGH == 0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_told_from_the_rest_wherever_the_rest_stands() {
        for length in 0..40 {
            let mut bytes = vec![b'x'; length];
            assert!(is_ascii(&bytes));
            for at in 0..length {
                bytes[at] = 0x80;
                assert!(!is_ascii(&bytes), "{at} of {length}");
                bytes[at] = 0x7f;
            }
        }
    }
}

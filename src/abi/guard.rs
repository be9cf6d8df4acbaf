//! The one guard that every entry runs in, and the handles that it checks.

use super::status::{flagstay_error, flagstay_status};
use crate::error::{Error, ErrorKind};
use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An out-parameter. It may be NULL, and what it points to may be uninitialised.
pub type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// Where a failed call puts its error object.
pub type ErrorOut<'a> = Out<'a, *mut flagstay_error>;

/// Runs `body`, turns its failure into a status and an error object, and lets nothing unwind into C.
#[inline]
pub fn guard(
    error: ErrorOut<'_>,
    body: impl FnOnce() -> Result<flagstay_status, Error>,
) -> flagstay_status {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => {
            put(error, std::ptr::null_mut());
            return status;
        }
        Ok(Err(failure)) => failure,
        Err(panic) => panicked(panic),
    };
    report(error, failure)
}

#[cold]
fn report(error: ErrorOut<'_>, failure: Error) -> flagstay_status {
    let status = flagstay_status::of(failure.kind);
    put(error, flagstay_error::into_raw(status, failure.message));
    status
}

/// Runs `body` where there is no status to return; a panic gives `fallback`.
pub fn guard_plain<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        forget(panic);
        fallback
    })
}

#[cold]
fn panicked(panic: Box<dyn Any + Send>) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    forget(panic);
    Error::new(
        ErrorKind::Internal,
        format!("a bug in flagstay, please report it: {said}"),
    )
}

/// The payload of a panic may panic again when it is dropped, outside the guard: it is leaked instead.
fn forget(panic: Box<dyn Any + Send>) {
    std::mem::forget(panic);
}

/// Writes an out-parameter, if the caller gave one.
#[inline]
pub fn put<T>(out: Out<'_, T>, value: T) {
    if let Some(out) = out {
        out.write(value);
    }
}

/// A handle that the caller must give.
#[inline]
pub fn required<T>(handle: Option<T>, name: &str) -> Result<T, Error> {
    handle.ok_or_else(|| missing(name))
}

#[cold]
fn missing(name: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("`{name}` is NULL"))
}

/// A struct that starts with its own size, as the caller's header declared it. A shorter one is padded with zeroes; a
/// longer one, from a newer header, is accepted when everything this library does not know is zero.
///
/// # Safety
/// `pointer` is NULL or points to as many readable bytes as its first `size_t` says, and every bit pattern that the
/// caller may have written is a valid `T`, all zeroes included.
pub unsafe fn read_sized<T: Copy>(pointer: *const T, name: &str) -> Result<Option<T>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller promises at least the size member.
    let given = unsafe { pointer.cast::<usize>().read() };
    let known = size_of::<T>();
    if given < size_of::<usize>() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`{name}.size` is {given}; set it to sizeof *{name}"),
        ));
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: `given` readable bytes are promised, and the smaller of both sizes fits either side.
    unsafe {
        std::ptr::copy_nonoverlapping(
            pointer.cast::<u8>(),
            value.as_mut_ptr().cast::<u8>(),
            given.min(known),
        );
    }
    for offset in known..given {
        // SAFETY: within the promised bytes.
        if unsafe { pointer.cast::<u8>().add(offset).read() } != 0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{name}` sets a member that this version of flagstay does not know"),
            ));
        }
    }
    // SAFETY: zeroes and the caller's bytes are a valid `T`, as promised.
    Ok(Some(unsafe { value.assume_init() }))
}

//! The one guard that every entry runs in, out-parameters, and structs that know their size.

use super::status::{flagstay_error, flagstay_status};
use crate::error::{Error, ErrorKind};
use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An out-parameter. It may be NULL, and what it points to may be uninitialised. Exported functions spell it out: for
/// cbindgen an alias would be a type of its own.
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
    // An object that nobody takes is not made.
    if let Some(error) = error {
        error.write(flagstay_error::of(status, failure.message));
    }
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

/// An out-parameter that the caller must give.
#[inline]
pub fn place<'a, T>(out: Out<'a, T>, name: &str) -> Result<&'a mut MaybeUninit<T>, Error> {
    out.ok_or_else(|| missing(name))
}

#[cold]
pub fn missing(name: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("`{name}` is NULL"))
}

/// More than any struct of ours will ever have: a size beyond it was never set.
const LARGEST: usize = 4096;

/// The size that a struct says it has, which must cover at least its first `least` bytes. `None` for NULL.
///
/// # Safety
/// `pointer` is NULL or points to a struct that begins with its size.
#[inline]
pub unsafe fn size_of_given<T>(
    pointer: *const T,
    least: usize,
    name: &str,
) -> Result<Option<usize>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: promised by the caller.
    let given = unsafe { pointer.cast::<usize>().read() };
    if (least..=LARGEST).contains(&given) {
        Ok(Some(given))
    } else {
        Err(absurd(name, given))
    }
}

#[cold]
fn absurd(name: &str, given: usize) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{name}.size` is {given}; zero the struct and set it to sizeof *{name}"),
    )
}

/// What the caller's header made of a struct, read into what this library makes of it.
pub struct Given<T> {
    pub value: T,
    /// The caller's struct is from a newer header and sets something that this library does not know.
    pub beyond: bool,
}

/// Reads a struct that starts with its own size. A shorter one is padded with zeroes; of a longer one, from a newer
/// header, everything that this library does not know must be zero.
///
/// # Safety
/// `pointer` is NULL or points to as many readable bytes as its first `size_t` says, and every bit pattern that the
/// caller may have written is a valid `T`, all zeroes included.
pub unsafe fn read_sized<T: Copy>(
    pointer: *const T,
    least: usize,
    name: &str,
) -> Result<Option<Given<T>>, Error> {
    // SAFETY: promised by the caller.
    let Some(given) = (unsafe { size_of_given(pointer, least, name) })? else {
        return Ok(None);
    };
    let known = size_of::<T>();
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: `given` readable bytes are promised, and the smaller of both sizes fits either side.
    let bytes = unsafe {
        std::ptr::copy_nonoverlapping(
            pointer.cast::<u8>(),
            value.as_mut_ptr().cast::<u8>(),
            given.min(known),
        );
        std::slice::from_raw_parts(pointer.cast::<u8>(), given)
    };
    let unknown = bytes.get(known..).unwrap_or_default();
    Ok(Some(Given {
        // SAFETY: zeroes and the caller's bytes are a valid `T`, as promised.
        value: unsafe { value.assume_init() },
        beyond: unknown.iter().any(|byte| *byte != 0),
    }))
}

pub fn sets_beyond(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{name}` sets a member that this version of flagstay does not know"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::handle::{Kind, end};

    /// What a guarded body that panics leaves behind: the status and the message.
    fn after_panic(body: impl FnOnce()) -> (flagstay_status, String) {
        let mut error = MaybeUninit::uninit();
        let status = guard(Some(&mut error), || {
            body();
            Ok(flagstay_status::FLAGSTAY_OK)
        });
        // SAFETY: `guard` writes its out-parameter on every path.
        let error = unsafe { error.assume_init() };
        let mut length = MaybeUninit::uninit();
        // SAFETY: a new error object.
        let message = crate::abi::status::flagstay_error_message(
            unsafe { error.as_ref() },
            Some(&mut length),
        );
        // SAFETY: a message of that length, alive until the error is freed below.
        let message =
            unsafe { std::slice::from_raw_parts(message.cast::<u8>(), length.assume_init()) };
        let message = String::from_utf8(message.to_vec()).unwrap();
        crate::abi::status::flagstay_error_free(
            (!error.is_null()).then(|| unsafe { Box::from_raw(error) }),
        );
        (status, message)
    }

    #[test]
    fn a_panic_becomes_a_status_and_a_message() {
        let (status, message) = after_panic(|| panic!("seven"));
        assert_eq!(status, flagstay_status::FLAGSTAY_INTERNAL);
        assert!(message.ends_with("seven"), "{message}");
        let (_, message) = after_panic(|| panic!("{}", 7 + 1));
        assert!(message.ends_with('8'), "{message}");
    }

    /// Panics when it is dropped, as a host's or a bug's payload might.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_is_not_dropped() {
        let (status, message) = after_panic(|| std::panic::panic_any(Bomb));
        assert_eq!(status, flagstay_status::FLAGSTAY_INTERNAL);
        assert!(message.ends_with("no message"), "{message}");
        assert_eq!(guard_plain(5, || std::panic::panic_any(Bomb)), 5);
    }

    struct Fragile(crate::abi::handle::Handle<Bomb>);
    crate::abi::handle::handle!(Fragile, Bomb, b"fs.bombs");
    use crate::abi::handle::Handle;

    #[test]
    fn content_that_panics_when_it_is_dropped_ends_inside_the_guard() {
        let handle = Fragile::into_raw(Bomb);
        // SAFETY: a new handle.
        guard_plain((), || {
            end(Some(unsafe { Box::from_raw(handle) }), "fragile")
        });
    }
}

//! Status codes and error objects.

use super::guard::{guard_plain, put};
use super::handle::{Handle, Kind, end, handle, if_right};
use super::versioned;
use crate::decision::ErrorCode;
use crate::error::ErrorKind;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// The outcome of a call. Numbers are stable; new ones may be added within their hundred.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_status {
    /// The call did what it says.
    FLAGSTAY_OK = 0,

    /// A handle is NULL, of another kind, or known to be freed; a constant is unknown; a size is absurd.
    FLAGSTAY_INVALID_ARGUMENT = 100,
    /// A text is not UTF-8.
    FLAGSTAY_INVALID_UTF8 = 101,

    /// A text is not JSON.
    FLAGSTAY_INVALID_JSON = 200,
    /// The configuration has an unknown, missing or ill-typed option.
    FLAGSTAY_INVALID_CONFIG = 201,
    /// The ruleset was refused as a whole. The one before it stays.
    FLAGSTAY_INVALID_RULESET = 202,
    /// The user document does not have the shape of a user.
    FLAGSTAY_INVALID_USER = 203,

    /// The caller's default was answered: the ruleset has no such flag.
    FLAGSTAY_FLAG_NOT_FOUND = 300,
    /// The caller's default was answered: there is no ruleset yet, or the client has been closed.
    FLAGSTAY_PROVIDER_NOT_READY = 301,
    /// The caller's default was answered: the user has no usable key.
    FLAGSTAY_TARGETING_KEY_MISSING = 302,
    /// The caller's default was answered: the flag's value has another type.
    FLAGSTAY_TYPE_MISMATCH = 303,
    /// The caller's default was answered: something could not be parsed.
    FLAGSTAY_PARSE_ERROR = 304,
    /// The caller's default was answered: the platform's rules refuse this user.
    FLAGSTAY_INVALID_CONTEXT = 305,
    /// The caller's default was answered: the evaluation failed; the decision's message says how.
    FLAGSTAY_GENERAL = 306,

    /// The call needs a store, and the client has none.
    FLAGSTAY_NO_STORE = 400,
    /// The store failed or returned garbage.
    FLAGSTAY_STORE_FAILED = 401,

    /// The client has been closed.
    FLAGSTAY_CLOSED = 500,
    /// A deadline passed.
    FLAGSTAY_TIMEOUT = 501,

    /// A bug in flagstay was caught at the boundary. The process is unharmed.
    FLAGSTAY_INTERNAL = 900,
}

impl flagstay_status {
    pub(super) fn of(kind: ErrorKind) -> Self {
        use flagstay_status::*;
        match kind {
            ErrorKind::InvalidArgument => FLAGSTAY_INVALID_ARGUMENT,
            ErrorKind::InvalidUtf8 => FLAGSTAY_INVALID_UTF8,
            ErrorKind::InvalidJson => FLAGSTAY_INVALID_JSON,
            ErrorKind::InvalidConfig => FLAGSTAY_INVALID_CONFIG,
            ErrorKind::InvalidRuleset => FLAGSTAY_INVALID_RULESET,
            ErrorKind::InvalidUser => FLAGSTAY_INVALID_USER,
            ErrorKind::Closed => FLAGSTAY_CLOSED,
            ErrorKind::NoStore => FLAGSTAY_NO_STORE,
            ErrorKind::Store => FLAGSTAY_STORE_FAILED,
            ErrorKind::Timeout => FLAGSTAY_TIMEOUT,
            ErrorKind::Internal => FLAGSTAY_INTERNAL,
        }
    }

    pub(super) fn of_decision(error: Option<ErrorCode>) -> Self {
        use flagstay_status::*;
        match error {
            None => FLAGSTAY_OK,
            Some(ErrorCode::FlagNotFound) => FLAGSTAY_FLAG_NOT_FOUND,
            Some(ErrorCode::ProviderNotReady) => FLAGSTAY_PROVIDER_NOT_READY,
            Some(ErrorCode::TargetingKeyMissing) => FLAGSTAY_TARGETING_KEY_MISSING,
            Some(ErrorCode::TypeMismatch) => FLAGSTAY_TYPE_MISMATCH,
            Some(ErrorCode::ParseError) => FLAGSTAY_PARSE_ERROR,
            Some(ErrorCode::InvalidContext) => FLAGSTAY_INVALID_CONTEXT,
            Some(ErrorCode::General) => FLAGSTAY_GENERAL,
        }
    }
}

/// What went wrong, in words. A call that takes a `flagstay_error **` sets it to NULL when it succeeds, or when it
/// answers the caller's default (status 3xx), and to a new object, owned by the caller, otherwise. Pass NULL when the
/// status is enough.
///
/// Threads: any number may read an error at once.
pub struct flagstay_error(Handle<Failure>);

handle!(flagstay_error, Failure, b"fs.error");

pub struct Failure {
    status: flagstay_status,
    message: Box<str>,
}

impl flagstay_error {
    pub(super) fn of(status: flagstay_status, message: String) -> *mut Self {
        Self::into_raw(Failure {
            status,
            message: message.into_boxed_str(),
        })
    }
}

/// Returns the status that came with the error, or `FLAGSTAY_OK` for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_error_status(error: Option<&flagstay_error>) -> flagstay_status {
    guard_plain(flagstay_status::FLAGSTAY_OK, || {
        if_right(error, "error").map_or(flagstay_status::FLAGSTAY_OK, |error| error.status)
    })
}

/// Returns the message, UTF-8 and not NUL-terminated, borrowed until the error is freed; its length in bytes goes to
/// `*len`. It names the place: the JSON path, flag key or option. For NULL: NULL and 0.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_error_message(
    error: Option<&flagstay_error>,
    len: Option<&mut MaybeUninit<usize>>,
) -> *const c_char {
    guard_plain(std::ptr::null(), || {
        let message = if_right(error, "error").map(|error| &*error.message);
        put(len, message.map_or(0, str::len));
        message.map_or(std::ptr::null(), |message| message.as_ptr().cast())
    })
}

/// Frees an error. NULL is fine.
///
/// Threads: any; nobody may use the error afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_error_free(error: Option<Box<flagstay_error>>) {
    guard_plain((), || end(error, "error"));
}

versioned!(
    flagstay_error_status,
    flagstay_error_message,
    flagstay_error_free,
);

//! What is stored, seen from outside a decision.

use super::client::flagstay_client;
use super::guard::{guard, place, put};
use super::handle::required;
use super::status::{flagstay_error, flagstay_status};
use super::string::flagstay_string;
use super::text::text;
use super::versioned;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Reads the assignment of (unit, flag) without deciding or enrolling. `*record` receives a new string, the record as
/// JSON in the platform's own shape, or NULL where nothing is stored.
///
/// `FLAGSTAY_NO_STORE` and `FLAGSTAY_STORE_FAILED` say what they say. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_peek(
    client: Option<&flagstay_client>,
    unit: *const c_char,
    unit_len: usize,
    flag: *const c_char,
    flag_len: usize,
    mut record: Option<&mut MaybeUninit<*mut flagstay_string>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(record.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let client = required(client, "client")?;
        let out = place(record, "record")?;
        // SAFETY: promised by the caller.
        let unit = unsafe { text(unit, unit_len, "unit") }?;
        // SAFETY: promised by the caller.
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        if let Some(found) = client.peek(unit, flag)? {
            out.write(flagstay_string::of(found.to_string()));
        }
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Removes every assignment of a unit, for all flags; how many there were goes to `*removed`, which may be NULL.
///
/// `FLAGSTAY_NO_STORE` and `FLAGSTAY_STORE_FAILED` say what they say; a store that fails half-way has removed a part.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_forget(
    client: Option<&flagstay_client>,
    unit: *const c_char,
    unit_len: usize,
    mut removed: Option<&mut MaybeUninit<u64>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(removed.as_deref_mut(), 0);
    guard(error, || {
        let client = required(client, "client")?;
        // SAFETY: promised by the caller.
        let unit = unsafe { text(unit, unit_len, "unit") }?;
        put(removed, client.forget(unit)?);
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

versioned!(flagstay_peek, flagstay_forget);

//! Assignments: loaded once for many decisions, and seen from outside a decision.

use super::client::flagstay_client;
use super::guard::{guard, guard_plain, place, put};
use super::handle::{Handle, Kind, end, handle, if_right, required};
use super::status::{flagstay_error, flagstay_status};
use super::string::flagstay_string;
use super::text::{json, text};
use super::user::{flagstay_user, user_of};
use super::versioned;
use crate::error::Error;
use crate::sticky::Held;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// What a store held for a user when it was asked, to be passed to any number of evaluations: one store call, then no
/// more reads. A snapshot: later evaluations do not change it.
///
/// Only Statsig's contract takes assignments from the caller; the other platforms read the store themselves. There,
/// three cases differ: no assignments passed (the stored one is removed), assignments without the flag (the user is
/// enrolled), assignments with the flag (they answer).
///
/// Threads: any number may read it at once.
pub struct flagstay_assignments(Handle<Loaded>);

handle!(flagstay_assignments, Loaded, b"fs..held");

pub struct Loaded {
    pub(super) held: Held,
    error: Option<Box<str>>,
}

impl flagstay_assignments {
    fn of(held: Held) -> *mut Self {
        let error = held.error().map(|error| error.to_string().into());
        Self::into_raw(Loaded { held, error })
    }
}

/// Loads what the store holds for a user, by their id of type `id_type`: "userID" for their key, otherwise the name of
/// one of their ids. `*assignments` receives a new handle, to be freed with `flagstay_assignments_free`, or NULL where the
/// user has no such id: passing that on is passing none.
///
/// A store that fails fails no decision: the handle says so (`flagstay_assignments_error`), and a decision that it is
/// passed to is made by the rules, carries the store's error, and writes and removes nothing. The same holds while
/// there is no ruleset. Without a store there is nothing in the handle.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_assignments_load(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    id_type: *const c_char,
    id_type_len: usize,
    mut assignments: Option<&mut MaybeUninit<*mut flagstay_assignments>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(assignments.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let client = required(client, "client")?;
        let out = place(assignments, "assignments")?;
        // SAFETY: promised by the caller.
        let id_type = unsafe { text(id_type, id_type_len, "id_type") }?;
        if let Some(held) = client.load_assignments(user_of(user)?, id_type)? {
            out.write(flagstay_assignments::of(held));
        }
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Makes assignments from what the caller has, a JSON object: flag to record. A record that is not as the platform
/// writes them counts for its flag alone, as if no assignments were passed. `*assignments` receives a new handle, to be
/// freed with `flagstay_assignments_free`.
///
/// `FLAGSTAY_INVALID_JSON`: what is given is no JSON; `FLAGSTAY_INVALID_ARGUMENT`: it is no object.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_assignments_from_json(
    records: *const c_char,
    records_len: usize,
    mut assignments: Option<&mut MaybeUninit<*mut flagstay_assignments>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(assignments.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let out = place(assignments, "assignments")?;
        // SAFETY: promised by the caller.
        let records = unsafe { json(records, records_len, "records") }?;
        let held = Held::from_json(records).map_err(|error| Error {
            message: format!("`records`: {}", error.message),
            ..error
        })?;
        out.write(flagstay_assignments::of(held));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Returns why the store did not say what it holds, borrowed until the handle is freed; its length in bytes goes to
/// `*len`. NULL and 0: it did, or the handle is NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_assignments_error(
    assignments: Option<&flagstay_assignments>,
    len: Option<&mut MaybeUninit<usize>>,
) -> *const c_char {
    guard_plain(std::ptr::null(), || {
        let loaded = if_right(assignments, "assignments");
        let error = loaded.and_then(|loaded| loaded.error.as_deref());
        put(len, error.map_or(0, str::len));
        error.map_or(std::ptr::null(), |error| error.as_ptr().cast())
    })
}

/// Tells what is in assignments, as JSON: an object, flag to record, in the order of the flags' keys; an empty one also
/// where the store did not answer. `*records` receives a new string.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_assignments_json(
    assignments: Option<&flagstay_assignments>,
    mut records: Option<&mut MaybeUninit<*mut flagstay_string>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(records.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let loaded = required(assignments, "assignments")?;
        let out = place(records, "records")?;
        out.write(flagstay_string::of(loaded.held.to_json().to_string()));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Frees assignments. NULL is fine.
///
/// Threads: any; nobody may use them at the same time or afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_assignments_free(assignments: Option<Box<flagstay_assignments>>) {
    guard_plain((), || end(assignments, "assignments"));
}

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

versioned!(
    flagstay_assignments_load,
    flagstay_assignments_from_json,
    flagstay_assignments_error,
    flagstay_assignments_json,
    flagstay_assignments_free,
    flagstay_peek,
    flagstay_forget,
);

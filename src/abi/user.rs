//! Users: built by one thread, then read by many.

use super::guard::{guard, guard_plain, place, put};
use super::handle::{Handle, Kind, end, handle, optional, required_mut};
use super::status::{flagstay_error, flagstay_status};
use super::text::text;
use super::versioned;
use crate::error::{Error, ErrorKind, from_json};
use crate::user::{Part, User};
use crate::value::{Number, Value};
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Who a decision is for: a key, and named values in six parts.
///
/// Threads: one while it is being built; then any number may read it at once.
pub struct flagstay_user(Handle<User>);

handle!(flagstay_user, User, b"fs..user");

/// NULL stands for no user at all.
static NOBODY: User = User::absent();

/// The user of a handle, or nobody.
#[inline]
pub(super) fn user_of(user: Option<&flagstay_user>) -> Result<&User, Error> {
    Ok(match optional(user, "user")? {
        Some(user) => user,
        None => &NOBODY,
    })
}

/// The parts of a user. Which of them a dialect reads, and what for, is on its reference page.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_part {
    /// What is known about the user; conditions look here.
    FLAGSTAY_ATTRIBUTES = 0,
    /// The same for values that must not appear in events.
    FLAGSTAY_PRIVATE_ATTRIBUTES = 1,
    /// Other ids than the key: of a company, a device, an anonymous visitor.
    FLAGSTAY_IDS = 2,
    /// Values for individual targeting (VWO).
    FLAGSTAY_TARGETING = 3,
    /// The environment that the user is in (Statsig).
    FLAGSTAY_ENVIRONMENT = 4,
    /// What else a platform's call takes (VWO).
    FLAGSTAY_CONTEXT = 5,
}

fn part_of(part: i32) -> Result<Part, Error> {
    usize::try_from(part)
        .ok()
        .and_then(|at| Part::ALL.get(at))
        .map(|(part, _)| *part)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`part` is {part}, which is no flagstay_part"),
            )
        })
}

/// Makes a user with a key. `*user` receives it, to be freed with `flagstay_user_free`. An empty key is a key; for a
/// user without one use `flagstay_user_from_json` with "{}".
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_new(
    key: *const c_char,
    key_len: usize,
    mut user: Option<&mut MaybeUninit<*mut flagstay_user>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(user.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let out = place(user, "user")?;
        // SAFETY: promised by the caller.
        let user = User::new(unsafe { text(key, key_len, "key") }?);
        out.write(flagstay_user::into_raw(user));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Makes a user from JSON: `{"key": …, "attributes": {…}, "private_attributes": {…}, "ids": {…}, "targeting": {…},
/// "environment": {…}, "context": {…}}`, each member optional, no other member allowed. "null" makes the absent user,
/// for which every evaluation answers the default. `*user` receives it, to be freed with `flagstay_user_free`.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_from_json(
    json: *const c_char,
    json_len: usize,
    mut user: Option<&mut MaybeUninit<*mut flagstay_user>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(user.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let out = place(user, "user")?;
        // SAFETY: promised by the caller.
        let user = User::from_json(unsafe { text(json, json_len, "json") }?)?;
        out.write(flagstay_user::into_raw(user));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Sets a text value. A name that is already there keeps its place and gets the new value; so do all setters.
///
/// Threads: one at a time for each user, and none while the user is being read by an evaluation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_set_text(
    user: Option<&mut flagstay_user>,
    part: i32,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // SAFETY: promised by the caller.
        let value = unsafe { text(value, value_len, "value") }?.to_owned();
        // SAFETY: promised by the caller.
        unsafe { set(user, part, name, name_len, Value::String(value)) }
    })
}

/// Sets a number. JSON knows neither infinities nor NaN: they are `FLAGSTAY_INVALID_ARGUMENT`.
///
/// Threads: as `flagstay_user_set_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_set_number(
    user: Option<&mut flagstay_user>,
    part: i32,
    name: *const c_char,
    name_len: usize,
    value: f64,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        let number = Number::from_f64(value).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`value` is {value}, which is no JSON number"),
            )
        })?;
        // SAFETY: promised by the caller.
        unsafe { set(user, part, name, name_len, Value::Number(number)) }
    })
}

/// Sets a whole number, exactly, also beyond 2^53.
///
/// Threads: as `flagstay_user_set_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_set_integer(
    user: Option<&mut flagstay_user>,
    part: i32,
    name: *const c_char,
    name_len: usize,
    value: i64,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    // SAFETY: promised by the caller.
    guard(error, || unsafe {
        set(user, part, name, name_len, Value::from(value))
    })
}

/// Sets a boolean: 0 is false, anything else true.
///
/// Threads: as `flagstay_user_set_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_set_boolean(
    user: Option<&mut flagstay_user>,
    part: i32,
    name: *const c_char,
    name_len: usize,
    value: u8,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    // SAFETY: promised by the caller.
    guard(error, || unsafe {
        set(user, part, name, name_len, Value::Bool(value != 0))
    })
}

/// Sets any JSON value: null, a list, an object, or one of the kinds above.
///
/// Threads: as `flagstay_user_set_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_user_set_json(
    user: Option<&mut flagstay_user>,
    part: i32,
    name: *const c_char,
    name_len: usize,
    json: *const c_char,
    json_len: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // SAFETY: promised by the caller.
        let json = unsafe { text(json, json_len, "json") }?;
        let value: Value = from_json(json, ErrorKind::InvalidUser)?;
        // SAFETY: promised by the caller.
        unsafe { set(user, part, name, name_len, value) }
    })
}

/// # Safety
/// `name` is readable for its length.
unsafe fn set(
    user: Option<&mut flagstay_user>,
    part: i32,
    name: *const c_char,
    name_len: usize,
    value: Value,
) -> Result<flagstay_status, Error> {
    let user = required_mut(user, "user")?;
    let part = part_of(part)?;
    // SAFETY: promised by the caller.
    let name = unsafe { text(name, name_len, "name") }?;
    user.part_mut(part).set(name, value);
    Ok(flagstay_status::FLAGSTAY_OK)
}

/// Frees a user. NULL is fine.
///
/// Threads: any; nobody may use the user at the same time or afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_user_free(user: Option<Box<flagstay_user>>) {
    guard_plain((), || end(user, "user"));
}

versioned!(
    flagstay_user_new,
    flagstay_user_from_json,
    flagstay_user_set_text,
    flagstay_user_set_number,
    flagstay_user_set_integer,
    flagstay_user_set_boolean,
    flagstay_user_set_json,
    flagstay_user_free,
);

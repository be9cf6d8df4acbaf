//! Evaluations: a switch or a number in one call, a full decision in one more struct, and why.

use super::client::flagstay_client;
use super::decision::{flagstay_decision, flagstay_options, options};
use super::guard::{guard, place, put};
use super::handle::required;
use super::quoted::Quoted;
use super::slot::Slot;
use super::status::{flagstay_error, flagstay_status};
use super::string::flagstay_string;
use super::text::{json, text};
use super::user::{flagstay_user, user_of};
use super::versioned;
use crate::decision::{Answer, ErrorCode};
use crate::error::Error;
use crate::ruleset::Request;
use crate::value::{Value, kind_of};
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Decides, and fills `*decision`. The status is that of the call: when it is `FLAGSTAY_OK` there is a decision, and
/// `decision->error` says whether it is the caller's default. Otherwise the call itself was wrong, and the caller's
/// default is in `*decision` all the same.
///
/// `user` may be NULL, for no user at all. `options` may be NULL.
///
/// Time: tens to hundreds of nanoseconds, plus what the store takes where the flag is sticky.
///
/// Threads: any, for any number of calls at once; each with a decision struct of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_evaluate(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    options: *const flagstay_options,
    decision: *mut flagstay_decision,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // First of all, so that the struct is in order whatever fails.
        // SAFETY: promised by the caller, as is what follows.
        let mut slot = unsafe { Slot::take(decision) }?;
        let options = match options.is_null() {
            true => None,
            false => Some(unsafe { self::options(options, &mut slot.default) }?),
        };
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        slot.flag = flag;
        // Most callers have no options, and go without the copy of them.
        let request = match options {
            None => Request::new(flag, user_of(user)?),
            Some(options) => options.request(flag, user_of(user)?),
        };
        required(client, "client")?.evaluate(&request, |decided| slot.fill(decided))?;
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Decides a switch, and tells `then` whether it is on, if there is a decision. The status says why there is none.
#[inline]
unsafe fn switch(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    fallback: bool,
    then: impl FnOnce(bool),
) -> Result<flagstay_status, Error> {
    let client = required(client, "client")?;
    // SAFETY: promised by the caller.
    let flag = unsafe { text(flag, flag_len, "flag") }?;
    let request = Request::of_switch(flag, user_of(user)?, fallback);
    Ok(told(client.switch(&request), then))
}

/// Tells `then` the answer of a switch, if there is one. The status says why there is none.
#[inline]
pub(super) fn told(
    switch: Result<Option<bool>, ErrorCode>,
    then: impl FnOnce(bool),
) -> flagstay_status {
    match switch {
        Ok(Some(on)) => {
            then(on);
            flagstay_status::FLAGSTAY_OK
        }
        Ok(None) => flagstay_status::FLAGSTAY_TYPE_MISMATCH,
        Err(error) => flagstay_status::of_decision(Some(error)),
    }
}

/// Answer and status in one number, as `flagstay_on` returns them.
#[inline]
pub(super) fn packed(status: flagstay_status, answer: bool) -> i32 {
    ((status as i32) << 1) | i32::from(answer)
}

/// Decides a switch in one call: `*value` is 1 or 0. It is written on every path, with `fallback` (0 or not) when there
/// is no decision; the status then says why: `FLAGSTAY_FLAG_NOT_FOUND`, `FLAGSTAY_TYPE_MISMATCH` for a flag that is no
/// switch, and so on.
///
/// Some dialects have `defaults` among their options, for decisions that cannot be made. One that the flag has, and that
/// can be read as a switch, goes before `fallback`, and the status is `FLAGSTAY_OK`.
///
/// Threads: any, for any number of calls at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_boolean(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    fallback: u8,
    mut value: Option<&mut MaybeUninit<u8>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    let fallback = fallback != 0;
    put(value.as_deref_mut(), fallback.into());
    guard(error, || {
        let value = place(value, "value")?;
        // SAFETY: promised by the caller.
        unsafe {
            switch(client, user, flag, flag_len, fallback, |on| {
                value.write(on.into());
            })
        }
    })
}

/// Decides a switch as `flagstay_boolean` does, with nothing to be written to: for callers to whom each parameter is
/// dear, such as a language's binding, and for a condition in C:
///
/// ```c
/// if (flagstay_on(client, user, "new-checkout", 12, 0) & 1) { … }
/// ```
///
/// Returns the answer, 1 or 0, where there is a decision. Where there is none, or the call itself was wrong, the answer
/// is `fallback` (0 or not), and twice the status is added to it. So bit 0 is the answer always, and the result shifted
/// right by one is the status: `FLAGSTAY_OK`, `FLAGSTAY_FLAG_NOT_FOUND`, `FLAGSTAY_INVALID_ARGUMENT` and so on. The
/// result is never negative. Without `& 1` a flag that is not there is taken for one that is on.
///
/// Threads: any, for any number of calls at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_on(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    fallback: u8,
) -> i32 {
    let mut answer = fallback != 0;
    let status = guard(None, || {
        // SAFETY: promised by the caller.
        unsafe { switch(client, user, flag, flag_len, answer, |on| answer = on) }
    });
    packed(status, answer)
}

/// Decides a number in one call, as `flagstay_boolean` does a switch. Whole numbers beyond 2^53 are rounded; a full
/// decision has them exactly, as JSON. Where there is no decision, a number that the dialect has for that
/// (`defaults`) goes before `fallback`, and the status says why all the same.
///
/// Threads: any, for any number of calls at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_number(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    fallback: f64,
    mut value: Option<&mut MaybeUninit<f64>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(value.as_deref_mut(), fallback);
    guard(error, || {
        let client = required(client, "client")?;
        let value = place(value, "value")?;
        // SAFETY: promised by the caller.
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        let request = Request::new(flag, user_of(user)?);
        Ok(client.evaluate(&request, |decision| {
            let number = decision.value.value().and_then(Value::as_f64);
            if let Some(number) = number {
                value.write(number);
            }
            match (number, decision.error) {
                (None, None) => flagstay_status::FLAGSTAY_TYPE_MISMATCH,
                (_, error) => flagstay_status::of_decision(error),
            }
        }))
    })
}

/// Decides a text: as `flagstay_evaluate`, and where the flag's value is no text, or there is no decision, the value is
/// `fallback` and the status says why (3xx). Where there is no decision, a text that the dialect has for that (`defaults`)
/// goes before `fallback`. Read `decision->value_text`.
///
/// Threads: as `flagstay_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_text(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    fallback: *const c_char,
    fallback_len: usize,
    decision: *mut flagstay_decision,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // SAFETY: promised by the caller, as is what follows.
        let quoted = unsafe { text(fallback, fallback_len, "fallback") }.map(Quoted::new);
        let mut slot = unsafe { Slot::take(decision) }?;
        slot.default = Some(quoted.as_ref().map_err(Error::clone)?.as_json());
        slot.flag = unsafe { text(flag, flag_len, "flag") }?;
        typed(client, user, slot, "text", Value::is_string)
    })
}

/// Decides a list, an object or any other JSON value: as `flagstay_evaluate`, and where the flag's value is not of the
/// type of `fallback` (itself JSON), or there is no decision, the value is `fallback` and the status says why (3xx).
/// Where there is no decision, a value of that type that the dialect has for that (`defaults`) goes before `fallback`. A
/// fallback of null accepts every type. Read `decision->value_json`.
///
/// Threads: as `flagstay_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_json(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    fallback: *const c_char,
    fallback_len: usize,
    decision: *mut flagstay_decision,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // SAFETY: promised by the caller, as is what follows.
        let mut slot = unsafe { Slot::take(decision) }?;
        let fallback = unsafe { json(fallback, fallback_len, "fallback") }?;
        slot.default = Some(fallback);
        slot.flag = unsafe { text(flag, flag_len, "flag") }?;
        let wanted = kind_of_json(fallback);
        typed(client, user, slot, wanted, |value| {
            wanted == "null" || kind_of(value) == wanted
        })
    })
}

/// Decides into a slot that has flag and default. `wanted` names the type of value that `fits`.
#[inline]
fn typed(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    mut slot: Slot<'_>,
    wanted: &'static str,
    fits: impl Fn(&Value) -> bool,
) -> Result<flagstay_status, Error> {
    let request = Request {
        default: slot.default,
        ..Request::new(slot.flag, user_of(user)?)
    };
    required(client, "client")?.evaluate(&request, |decided| {
        if !decided.value.value().is_some_and(fits) {
            match decided.error {
                None => decided.mismatch(wanted),
                // What the platform answers without a decision is of another type than the caller can use.
                Some(_) => decided.value = Answer::Default,
            }
        }
        slot.fill(decided)?;
        Ok(flagstay_status::of_decision(decided.error))
    })
}

/// The kind of a well-formed JSON text, told by its first letter.
fn kind_of_json(json: &str) -> &'static str {
    match json.trim_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "list",
        Some(b'"') => "text",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// Says why a decision is what it is, as JSON: `flag`, `decision` (keys as in `flagstay_decision`) and `steps`, each
/// step an object that may have `steps` of its own: every rule tried, every condition's outcome, buckets, the stored
/// record. The same code decides as in `flagstay_evaluate`; stored assignments are read, nothing is stored or queued.
///
/// `*explanation` receives a new string. For people and logs, not for the request path. `options` may be NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_explain(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    flag: *const c_char,
    flag_len: usize,
    options: *const flagstay_options,
    mut explanation: Option<&mut MaybeUninit<*mut flagstay_string>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(explanation.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let client = required(client, "client")?;
        let out = place(explanation, "explanation")?;
        // SAFETY: promised by the caller.
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        // SAFETY: promised by the caller.
        let options = unsafe { self::options(options, &mut None) }?;
        let request = options.request(flag, user_of(user)?);
        let explained = client.explain(&request).to_string();
        out.write(flagstay_string::of(explained));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

versioned!(
    flagstay_evaluate,
    flagstay_boolean,
    flagstay_on,
    flagstay_number,
    flagstay_text,
    flagstay_json,
    flagstay_explain,
);

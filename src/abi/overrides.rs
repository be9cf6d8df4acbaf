//! Local overrides: answers that the host sets in place of the ruleset's.

use super::client::flagstay_client;
use super::decision::flagstay_kind;
use super::guard::guard;
use super::handle::required;
use super::status::{flagstay_error, flagstay_status};
use super::text::{json, text};
use super::versioned;
use crate::error::{Error, ErrorKind};
use crate::host::Override;
use crate::ruleset::Kind;
use crate::value::{Value, kind_of};
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Sets what a flag answers, in place of the ruleset, from the next evaluation on: `value` is JSON, a boolean for a
/// gate, an object for everything else. `kind` is a `flagstay_kind`, other than ANY. `id`: only for users who have that
/// id, their key or any other; with NULL and 0 for everybody who has no answer of their own. The flag need not be in the
/// ruleset. Setting anew replaces.
///
/// Overrides live as long as the client and are no part of a store; explanations and all-flags calls see them too.
/// `FLAGSTAY_INVALID_ARGUMENT`: the value does not fit the kind, or the client's dialect knows no overrides (only
/// `statsig` does); the same holds for the calls below.
///
/// Threads: any; evaluations go on meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_override_set(
    client: Option<&flagstay_client>,
    kind: i32,
    flag: *const c_char,
    flag_len: usize,
    id: *const c_char,
    id_len: usize,
    value: *const c_char,
    value_len: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        let client = required(client, "client")?;
        // SAFETY: promised by the caller.
        let place = unsafe { Place::read(kind, flag, flag_len, id, id_len) }?;
        // SAFETY: promised by the caller.
        let value = unsafe { json(value, value_len, "value") }?;
        let value: Value = serde_json::from_str(value)
            .map_err(|error| Error::new(ErrorKind::InvalidJson, format!("`value`: {error}")))?;
        let (fits, wanted) = match place.kind {
            Kind::Gate => (value.is_boolean(), "a boolean"),
            _ => (value.is_object(), "an object"),
        };
        if !fits {
            let has = kind_of(&value);
            let message = format!(
                "`value` is {has}; an answer of the kind {} is {wanted}",
                place.kind.as_str()
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        place.set(client, Override::value(value))
    })
}

/// Sets that an experiment answers what its group named `group` gets, as `flagstay_override_set` does a value. A group
/// that the ruleset does not have answers an empty object.
///
/// Threads: any; evaluations go on meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_override_set_group(
    client: Option<&flagstay_client>,
    flag: *const c_char,
    flag_len: usize,
    id: *const c_char,
    id_len: usize,
    group: *const c_char,
    group_len: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        let client = required(client, "client")?;
        let kind = flagstay_kind::FLAGSTAY_KIND_EXPERIMENT as i32;
        // SAFETY: promised by the caller.
        let place = unsafe { Place::read(kind, flag, flag_len, id, id_len) }?;
        // SAFETY: promised by the caller.
        let group = unsafe { text(group, group_len, "group") }?;
        place.set(client, Override::Group(group.into()))
    })
}

/// Removes the override of a flag for an id or, with `id` NULL and 0, all overrides of the flag. That there is none is
/// fine.
///
/// Threads: any; evaluations go on meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_override_remove(
    client: Option<&flagstay_client>,
    kind: i32,
    flag: *const c_char,
    flag_len: usize,
    id: *const c_char,
    id_len: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        let client = required(client, "client")?;
        // SAFETY: promised by the caller.
        let Place { kind, flag, id } = unsafe { Place::read(kind, flag, flag_len, id, id_len) }?;
        client.change_overrides(|overrides| overrides.remove(kind, flag, id))?;
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Removes all overrides of the client.
///
/// Threads: any; evaluations go on meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_override_clear(
    client: Option<&flagstay_client>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        required(client, "client")?.change_overrides(|overrides| overrides.clear())?;
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// For which flag, and for whom.
struct Place<'a> {
    kind: Kind,
    flag: &'a str,
    id: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// # Safety
    /// Both texts are NULL or readable for their length.
    unsafe fn read(
        kind: i32,
        flag: *const c_char,
        flag_len: usize,
        id: *const c_char,
        id_len: usize,
    ) -> Result<Self, Error> {
        let kind = flagstay_kind::read(kind, "kind")?.ok_or_else(|| {
            let message = "`kind` is ANY; an override is for a gate, config, experiment or layer";
            Error::new(ErrorKind::InvalidArgument, message)
        })?;
        // SAFETY: promised by the caller.
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        let id = match (id.is_null(), id_len) {
            (true, 0) => None,
            // SAFETY: promised by the caller.
            _ => Some(unsafe { text(id, id_len, "id") }?),
        };
        Ok(Place { kind, flag, id })
    }

    fn set(
        self,
        client: &crate::client::Client,
        answer: Override,
    ) -> Result<flagstay_status, Error> {
        let Place { kind, flag, id } = self;
        client.change_overrides(|overrides| overrides.set(kind, flag, id, answer))?;
        Ok(flagstay_status::FLAGSTAY_OK)
    }
}

versioned!(
    flagstay_override_set,
    flagstay_override_set_group,
    flagstay_override_remove,
    flagstay_override_clear,
);

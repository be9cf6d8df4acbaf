//! The host's own store, as a table of function pointers.

use super::context::Context;
use super::guard::{read_sized, sets_beyond};
use super::sink::{self, flagstay_sink};
use crate::error::{Error, ErrorKind};
use crate::sticky::Store;
use crate::sticky::host::{Host, HostStore};
use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::sync::Arc;

/// A store of the host's: where assignments are kept, as JSON records under (unit, flag).
///
/// The callbacks run only on threads that are inside a flagstay call made by the host, on that very thread, with no
/// lock of flagstay held. They may be called from several threads at once, and may themselves call any flagstay
/// function for the same client, except `flagstay_client_free`. They must not unwind: an exception of the host's
/// language has to be caught, kept, and reported as `FLAGSTAY_STORE_FAILURE`. All text is UTF-8, not
/// NUL-terminated, and borrowed until the callback returns. Whatever comes back through a sink is validated.
///
/// A member that is NULL means "not offered". `get` and `set` must be offered.
///
/// The table itself is copied; it need not outlive the call that it is passed to.
///
/// Threads: the callbacks must be ready for several at once, unless the host makes one call at a time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct flagstay_store {
    /// `sizeof(flagstay_store)`.
    pub size: usize,
    /// Passed to every callback. May be NULL.
    pub context: *mut c_void,
    /// Called exactly once, when the store is needed no longer: on the thread that closes or frees the client, on one
    /// that is inside a call for the client at that moment, when it is done, or on the one whose `flagstay_client_new`
    /// fails. May be NULL.
    pub drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Gives the record of (unit, flag) to the sink, or does not call the sink if there is none.
    pub get: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            unit: *const c_char,
            unit_len: usize,
            flag: *const c_char,
            flag_len: usize,
            sink: flagstay_sink,
            sink_context: *mut c_void,
        ) -> i32,
    >,
    /// Stores the record of (unit, flag), replacing what is there.
    pub set: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            unit: *const c_char,
            unit_len: usize,
            flag: *const c_char,
            flag_len: usize,
            record: *const c_char,
            record_len: usize,
            sink: flagstay_sink,
            sink_context: *mut c_void,
        ) -> i32,
    >,
    /// Removes the record of (unit, flag); that there is none is no failure.
    pub remove: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            unit: *const c_char,
            unit_len: usize,
            flag: *const c_char,
            flag_len: usize,
            sink: flagstay_sink,
            sink_context: *mut c_void,
        ) -> i32,
    >,
    /// Gives everything held for a unit to the sink: one JSON object, flag to record. Optional; without it
    /// `flagstay_forget` and `flagstay_assignments_load` ask for every flag of the ruleset.
    pub load: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            unit: *const c_char,
            unit_len: usize,
            sink: flagstay_sink,
            sink_context: *mut c_void,
        ) -> i32,
    >,
    /// Stores the record of (unit, flag) if there is none, in one atomic step, and gives the record that stands
    /// afterwards to the sink: the one stored now, or the one that was there first. Optional; without it two processes
    /// that meet a new user at the same instant may answer differently once.
    pub set_if_absent: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            unit: *const c_char,
            unit_len: usize,
            flag: *const c_char,
            flag_len: usize,
            record: *const c_char,
            record_len: usize,
            sink: flagstay_sink,
            sink_context: *mut c_void,
        ) -> i32,
    >,
}

// The table spells these out: for cbindgen an alias would be a type of its own.
type Ask = unsafe extern "C" fn(
    context: *mut c_void,
    unit: *const c_char,
    unit_len: usize,
    flag: *const c_char,
    flag_len: usize,
    sink: flagstay_sink,
    sink_context: *mut c_void,
) -> i32;

type Give = unsafe extern "C" fn(
    context: *mut c_void,
    unit: *const c_char,
    unit_len: usize,
    flag: *const c_char,
    flag_len: usize,
    record: *const c_char,
    record_len: usize,
    sink: flagstay_sink,
    sink_context: *mut c_void,
) -> i32;

/// The table while a client holds it.
struct Table {
    context: Context,
    /// Its `context` and `drop` are the other member's.
    offers: flagstay_store,
}

// SAFETY: the header demands that callbacks may be called from several threads at once.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    fn call(
        &self,
        name: &str,
        callback: impl FnOnce(*mut c_void, flagstay_sink, *mut c_void) -> i32,
    ) -> Result<Option<String>, String> {
        sink::call(name, |sink, sink_context| {
            callback(self.context.pointer(), sink, sink_context)
        })
    }

    /// Calls what is asked about an assignment.
    fn ask(&self, name: &str, ask: Ask, unit: &str, flag: &str) -> Result<Option<String>, String> {
        // SAFETY: a function of the host's, called as the header says.
        self.call(name, |context, sink, sink_context| unsafe {
            ask(
                context,
                unit.as_ptr().cast(),
                unit.len(),
                flag.as_ptr().cast(),
                flag.len(),
                sink,
                sink_context,
            )
        })
    }

    /// Calls what takes a record.
    fn give(
        &self,
        name: &str,
        give: Give,
        (unit, flag): (&str, &str),
        record: &str,
    ) -> Result<Option<String>, String> {
        // SAFETY: a function of the host's, called as the header says.
        self.call(name, |context, sink, sink_context| unsafe {
            give(
                context,
                unit.as_ptr().cast(),
                unit.len(),
                flag.as_ptr().cast(),
                flag.len(),
                record.as_ptr().cast(),
                record.len(),
                sink,
                sink_context,
            )
        })
    }
}

impl Host for Table {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<String>, String> {
        let get = self.offers.get.ok_or("`get` is not offered")?;
        self.ask("get", get, unit, flag)
    }

    fn set(&self, unit: &str, flag: &str, record: &str) -> Result<(), String> {
        let set = self.offers.set.ok_or("`set` is not offered")?;
        self.give("set", set, (unit, flag), record).map(drop)
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), String> {
        let remove = self.offers.remove.ok_or("`remove` is not offered")?;
        self.ask("remove", remove, unit, flag).map(drop)
    }

    fn load(&self, unit: &str) -> Option<Result<Option<String>, String>> {
        let load = self.offers.load?;
        // SAFETY: a function of the host's, called as the header says.
        Some(self.call("load", |context, sink, sink_context| unsafe {
            load(
                context,
                unit.as_ptr().cast(),
                unit.len(),
                sink,
                sink_context,
            )
        }))
    }

    fn set_if_absent(
        &self,
        unit: &str,
        flag: &str,
        record: &str,
    ) -> Option<Result<String, String>> {
        let set_if_absent = self.offers.set_if_absent?;
        let reply = self.give("set_if_absent", set_if_absent, (unit, flag), record);
        Some(reply.and_then(|standing| {
            standing
                .ok_or_else(|| "`set_if_absent` did not return the record that stands".to_owned())
        }))
    }
}

/// What a table must cover, so that its context can be let go.
const LEAST: usize = offset_of!(flagstay_store, drop) + size_of::<usize>();

/// Takes over a table. From here on its `drop` will be called, whatever happens.
///
/// # Safety
/// `table` is NULL or points to a table as `flagstay_store` describes it.
pub(super) unsafe fn take(table: *const flagstay_store) -> Result<Option<Arc<dyn Store>>, Error> {
    // SAFETY: a table of pointers and a size: every bit pattern a C compiler writes there is valid.
    let Some(given) = (unsafe { read_sized(table, LEAST, "store") })? else {
        return Ok(None);
    };
    let table = Table {
        context: Context::new(given.value.context, given.value.drop),
        offers: given.value,
    };
    if given.beyond {
        return Err(sets_beyond("store"));
    }
    if table.offers.get.is_none() || table.offers.set.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "`store` must offer `get` and `set`",
        ));
    }
    Ok(Some(Arc::new(HostStore::new(table))))
}

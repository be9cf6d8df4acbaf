//! Who knows the country of an address: a function of the host's.

use super::client::flagstay_client;
use super::context::Context;
use super::guard::{Given, guard, read_sized, sets_beyond};
use super::handle::required;
use super::sink::{self, flagstay_sink};
use super::status::{flagstay_error, flagstay_status};
use super::versioned;
use crate::error::{Error, ErrorKind};
use crate::host::Countries;
use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::sync::Arc;

/// Finds the country of an IP address, for conditions on the country of users who come without one (Statsig).
///
/// The callback runs on the thread that evaluates, with no lock of flagstay held, and for as long as it takes: look up a
/// table, do not ask a network. It must not unwind. What holds for the callbacks of a store holds here.
///
/// Threads: the callback must be ready for several calls at once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct flagstay_countries {
    /// `sizeof(flagstay_countries)`.
    pub size: usize,
    /// Passed to every callback. May be NULL.
    pub context: *mut c_void,
    /// Called exactly once, when the callback is needed no longer: when another table takes its place or the client is
    /// closed or freed, on that thread or on one that is inside a call for the client at that moment, when it is done.
    /// May be NULL.
    pub drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Gives the ISO 3166 code of two letters to the sink, or does not call the sink where the country is unknown.
    /// Returns `FLAGSTAY_STORE_DONE`; anything else, or text that is not UTF-8, is as good as an unknown country. The
    /// code is compared with those of the ruleset as it is given.
    pub country: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            ip: *const c_char,
            ip_len: usize,
            sink: flagstay_sink,
            sink_context: *mut c_void,
        ) -> i32,
    >,
}

type Country = unsafe extern "C" fn(
    context: *mut c_void,
    ip: *const c_char,
    ip_len: usize,
    sink: flagstay_sink,
    sink_context: *mut c_void,
) -> i32;

/// The table while a client holds it.
struct Table {
    context: Context,
    country: Option<Country>,
}

impl Countries for Table {
    fn country(&self, ip: &str) -> Option<String> {
        let country = self.country?;
        // SAFETY: a function of the host's, called as the header says.
        let reply = sink::call("country", |sink, sink_context| unsafe {
            country(
                self.context.pointer(),
                ip.as_ptr().cast(),
                ip.len(),
                sink,
                sink_context,
            )
        });
        reply.ok().flatten()
    }
}

/// What a table must cover, so that its context can be let go.
const LEAST: usize = offset_of!(flagstay_countries, drop) + size_of::<usize>();

/// Sets who knows the country of an IP address, from the next evaluation on; NULL: nobody any more. The table is copied;
/// its `drop` is called exactly once, also when this call fails, unless its `size` ends before `drop`. It goes before a
/// table file in the configuration.
///
/// Threads: any; evaluations go on meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_client_set_countries(
    client: Option<&flagstay_client>,
    countries: *const flagstay_countries,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // SAFETY: a table of pointers and a size: every bit pattern a C compiler writes there is valid.
        let given = unsafe { read_sized(countries, LEAST, "countries") }?;
        let beyond = given.as_ref().is_some_and(|given| given.beyond);
        let countries = given.map(|Given { value, .. }| {
            Arc::new(Table {
                context: Context::new(value.context, value.drop),
                country: value.country,
            })
        });
        let client = required(client, "client")?;
        if beyond {
            return Err(sets_beyond("countries"));
        }
        if countries
            .as_ref()
            .is_some_and(|table| table.country.is_none())
        {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "`countries` must offer `country`",
            ));
        }
        client.set_countries(countries.map(|table| table as Arc<dyn Countries>))?;
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

versioned!(flagstay_client_set_countries);

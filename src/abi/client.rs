//! The client's life: make it, hand it rulesets, ask how it is, end it.

use super::guard::{guard, guard_plain, place, put};
use super::handle::{Handle, Kind, end, handle, required};
use super::status::{flagstay_error, flagstay_status};
use super::store::{self, flagstay_store};
use super::string::flagstay_string;
use super::text::text;
use super::versioned;
use crate::client::Client;
use crate::config::Config;
use crate::error::Error;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// Decides for users by one ruleset, with at most one store. Make one per ruleset and process, and share it.
///
/// Threads: any number may use a client at once.
pub struct flagstay_client(Handle<Client>);

handle!(flagstay_client, Client, b"fsclient");

/// Makes a client from a configuration, a JSON object:
///
/// - `dialect`: what rulesets are written in; default "flagstay".
/// - `ruleset`: the first ruleset, inline, or `ruleset_file`: the path of one. Without either the client answers
///   defaults until the first `flagstay_client_update`.
/// - `store`: "memory:", "sqlite:PATH", or `{"url": …, "busy_timeout_ms": 2000, "slow_ms": 50}`. `busy_timeout_ms` is
///   how long a decision waits for another process that is writing; a call over `slow_ms` is counted in the status.
/// - `events`: `{"capacity": 10000, "exposures": false}`: how many events wait to be drained, 1 to 1,000,000 (then the
///   oldest leaves, counted), and whether decisions queue exposure events.
/// - `now_ms`: a fixed clock in Unix milliseconds, for tests and simulations.
/// - `options`: the dialect's own options, by its reference page.
///
/// An unknown or ill-typed option is an error that names it, and so is a first ruleset that cannot be used.
///
/// `store`: the host's own store, or NULL. Its `drop` is called exactly once, also when this call fails, unless its
/// `size` ends before `drop`.
///
/// On success `*client` is a new client, to be freed with `flagstay_client_free`; otherwise NULL.
///
/// Threads: any. Fork: a client that was made before `fork()` works in the child too; events that were queued at that
/// moment stay with the parent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_client_new(
    config: *const c_char,
    config_len: usize,
    store: *const flagstay_store,
    mut client: Option<&mut MaybeUninit<*mut flagstay_client>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(client.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        // The table is taken first: whatever fails afterwards, its `drop` is called.
        // SAFETY: promised by the caller.
        let store = unsafe { store::take(store) }?;
        let out = place(client, "client")?;
        // SAFETY: promised by the caller.
        let config = Config::from_json(unsafe { text(config, config_len, "config") }?)?;
        let client = Client::new(config, store)?;
        out.write(flagstay_client::into_raw(client));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Hands the client a ruleset document: it replaces the current ruleset or, in dialects whose documents are messages,
/// is applied to it. Evaluations go on meanwhile, each on the ruleset it began with. A document that is refused changes
/// nothing. Time: that of parsing the document.
///
/// Threads: any; concurrent updates take effect one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_client_update(
    client: Option<&flagstay_client>,
    document: *const c_char,
    document_len: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        let client = required(client, "client")?;
        // SAFETY: promised by the caller.
        let document = unsafe { text(document, document_len, "document") }?;
        client.update(document)?;
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Tells how the client is doing, as JSON: `state` (INITIALIZING, READY, OFF), `dialect`, `flags` (their number),
/// `problems` (what is broken in the ruleset: `flag`, JSON `path`, `message`), `notes` (what the client was not given and
/// rulesets may ask for), `overrides` (their number), `updates` (`loaded`, `unchanged`,
/// `refused`, `last_error`), `store` (`kind`, `writes`, `lost_races`, `failures`, `garbage`, `slow`, `last_error`) and
/// `events` (`queued`, `capacity`, `accepted`, `dropped`). Members may be added.
///
/// `*status` receives a new string.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_client_status(
    client: Option<&flagstay_client>,
    mut status: Option<&mut MaybeUninit<*mut flagstay_string>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(status.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let client = required(client, "client")?;
        let out = place(status, "status")?;
        out.write(flagstay_string::of(client.status().to_string()));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Ends the client. The handle stays valid: evaluations answer the caller's default from now on, other calls return
/// `FLAGSTAY_CLOSED`. Store and countries are let go, by this thread or by one that is inside a call right now, when it is
/// done.
/// Waits at most `timeout_ms` milliseconds for background work; `FLAGSTAY_TIMEOUT` says that it took longer. Closing
/// twice is fine.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_client_close(
    client: Option<&flagstay_client>,
    timeout_ms: u32,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    // A client has no background work yet that could be waited for.
    let _ = timeout_ms;
    guard(error, || {
        required(client, "client")?.close();
        Ok::<_, Error>(flagstay_status::FLAGSTAY_OK)
    })
}

/// Frees a client, closing it first if that has not been done. Never waits, so a finalizer may call it. NULL is fine.
///
/// Threads: any, but no other call may use the client at the same time or afterwards, and no callback of the host's may
/// call this for the client that called it.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_client_free(client: Option<Box<flagstay_client>>) {
    guard_plain((), || end(client, "client"));
}

versioned!(
    flagstay_client_new,
    flagstay_client_update,
    flagstay_client_status,
    flagstay_client_close,
    flagstay_client_free,
);

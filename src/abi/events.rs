//! Metric events in, queued events out.

use super::client::flagstay_client;
use super::guard::{guard, place, put};
use super::handle::{optional, required};
use super::status::{flagstay_error, flagstay_status};
use super::string::flagstay_string;
use super::text::text;
use super::user::flagstay_user;
use super::versioned;
use crate::error::{ErrorKind, Object, from_json};
use crate::ruleset::Metric;
use crate::user::User;
use crate::value::{Map, Value};
use serde::Deserialize;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// What an event may carry besides its name.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    value: Option<Value>,
    properties: Option<Map<String, Value>>,
    flags: Option<Vec<String>>,
}

/// Takes a metric event: what a user did. `details` is a JSON object with any of `value` (a number, or what the
/// platform takes), `properties` (an object) and `flags` (a list of keys, where the event is meant for some only), or
/// empty. `*accepted`, which may be NULL, becomes 1 if the event was queued, and 0 if the platform's rules do not take
/// it. Never waits: when the queue is full the oldest event leaves, and is counted in the status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_track(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    event: *const c_char,
    event_len: usize,
    details: *const c_char,
    details_len: usize,
    mut accepted: Option<&mut MaybeUninit<u8>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(accepted.as_deref_mut(), 0);
    guard(error, || {
        let client = required(client, "client")?;
        // SAFETY: promised by the caller.
        let event = unsafe { text(event, event_len, "event") }?;
        // SAFETY: promised by the caller.
        let details = match unsafe { text(details, details_len, "details") }? {
            "" => Details::default(),
            json => from_json::<Object<Details>>(json, ErrorKind::InvalidArgument)?.0,
        };
        let absent = User::absent();
        let metric = Metric {
            event,
            user: optional(user, "user")?.unwrap_or(&absent),
            value: details.value.as_ref(),
            properties: details.properties.as_ref(),
            flags: details.flags.as_deref(),
        };
        put(accepted, client.track(&metric)?.into());
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Takes up to `most` queued events out, oldest first: `*lines` receives a new string with one JSON object a line, each
/// line ended by "\n"; empty when nothing waits. Events are in the shape of the ruleset's platform. What has been
/// drained is the caller's to deliver. Works on a closed client too, so that nothing need be lost.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_drain_events(
    client: Option<&flagstay_client>,
    most: usize,
    mut lines: Option<&mut MaybeUninit<*mut flagstay_string>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(lines.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let client = required(client, "client")?;
        let out = place(lines, "lines")?;
        let mut text = String::new();
        for event in client.drain_events(most) {
            text.push_str(&event.to_string());
            text.push('\n');
        }
        out.write(flagstay_string::of(text));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

versioned!(flagstay_track, flagstay_drain_events);

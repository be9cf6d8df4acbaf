//! Prepared switches: a flag of a client that is asked again and again whether it is on.

use super::client::flagstay_client;
use super::evaluate::{packed, told};
use super::guard::{guard, guard_plain, place, put};
use super::handle::{Handle, Kind, alive, end, handle, required};
use super::status::{flagstay_error, flagstay_status};
use super::text::text;
use super::user::{flagstay_user, user_of};
use super::versioned;
use crate::client::{Client, Switch};
use crate::error::Error;
use std::ffi::c_char;
use std::mem::MaybeUninit;

/// A flag of a client that is asked again and again whether it is on. Made once, it is the cheapest way to ask: nothing
/// is looked up by a name any more. It follows the client's rulesets: an answer is never older than the last
/// `flagstay_client_update` that returned before it was asked for.
///
/// It belongs to its client: once that has been freed, a switch can only be freed.
///
/// Threads: any number may ask a switch at once.
pub struct flagstay_switch(Handle<Prepared>);

pub struct Prepared {
    /// Borrowed, without its lifetime: C keeps the client, as the header says.
    client: *const flagstay_client,
    switch: Switch,
}

handle!(flagstay_switch, Prepared, b"fsswitch");

impl Prepared {
    #[inline(always)]
    fn client(&self) -> Result<&Client, Error> {
        // SAFETY: the caller keeps the client at least as long as the switch is asked.
        required(unsafe { self.client.as_ref() }, "prepared.client")
    }
}

/// Prepares a switch. The flag need not exist, nor be a switch: what it is shows when it is asked. `fallback` (0 or not)
/// is the answer where there is no decision.
///
/// `*prepared` receives a new switch, to be freed with `flagstay_switch_free`; NULL on failure.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_switch_new(
    client: Option<&flagstay_client>,
    flag: *const c_char,
    flag_len: usize,
    fallback: u8,
    mut prepared: Option<&mut MaybeUninit<*mut flagstay_switch>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(prepared.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        required(client, "client")?;
        let out = place(prepared, "prepared")?;
        // SAFETY: promised by the caller.
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        let client = client.map_or(std::ptr::null(), std::ptr::from_ref);
        let switch = Switch::new(flag, fallback != 0);
        out.write(flagstay_switch::into_raw(Prepared { client, switch }));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Decides a switch. Returns what `flagstay_on` returns, which is worth reading there: bit 0 is the answer, and what is
/// left when it is shifted out is the status. So 0 and 1 are decisions, and everything above says why there is none.
///
/// Threads: any, for any number of calls at once.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_switch_on(
    prepared: Option<&flagstay_switch>,
    user: Option<&flagstay_user>,
) -> i32 {
    let mut answer = false;
    let status = guard(None, || {
        let prepared = required(prepared, "prepared")?;
        let switch = &prepared.switch;
        answer = switch.fallback();
        let client = prepared.client()?;
        let user = user_of(user)?;
        if let Some(on) = client.try_switch(switch, user) {
            answer = on;
            return Ok(flagstay_status::FLAGSTAY_OK);
        }
        Ok(told(client.ask_switch(switch, user), |on| answer = on))
    });
    packed(status, answer)
}

/// Decides a switch if that takes no more than a little arithmetic, as it does for plain percentages of users by their
/// key (of 512 bytes at most) and for flags that are on or off for everybody: 1 or 0. Otherwise -1, and
/// `flagstay_switch_on` knows the answer, or what is wrong; after a ruleset was replaced, it must be asked once before
/// this one answers again.
///
/// For callers to whom a call into C is dearer the more it may do, such as runtimes that stop their threads: this one
/// takes well below a microsecond, and never waits, takes a lock, allocates, makes a system call or calls back.
///
/// Threads: any, for any number of calls at once.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_switch_try(
    prepared: Option<&flagstay_switch>,
    user: Option<&flagstay_user>,
) -> i32 {
    const ASK: i32 = -1;
    guard_plain(ASK, || {
        let decide = || {
            let prepared = alive(prepared?)?;
            // SAFETY: as in `Prepared::client`.
            let client = alive(unsafe { prepared.client.as_ref() }?)?;
            client.try_switch(&prepared.switch, alive(user?)?)
        };
        decide().map_or(ASK, i32::from)
    })
}

/// Frees a switch. NULL is fine. The client may have been freed before.
///
/// Threads: any, but no other call may use the switch at the same time or afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_switch_free(prepared: Option<Box<flagstay_switch>>) {
    guard_plain((), || end(prepared, "prepared"));
}

versioned!(
    flagstay_switch_new,
    flagstay_switch_on,
    flagstay_switch_try,
    flagstay_switch_free,
);

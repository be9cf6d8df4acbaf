//! The decisions for all flags of a user: made at once, looked at one by one.

use super::client::flagstay_client;
use super::decision::{flagstay_decision, flagstay_options, options};
use super::guard::{guard, guard_plain, place, put};
use super::handle::{Handle, Kind, end, handle, if_right, required};
use super::slot::Slot;
use super::status::{flagstay_error, flagstay_status};
use super::text::text;
use super::user::{flagstay_user, user_of};
use super::versioned;
use crate::decision::{Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::ruleset::{Mode, Request};
use crate::user::User;
use arc_swap::ArcSwapOption;
use hashbrown::HashTable;
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The decisions for all flags of one user, made at one moment on one ruleset.
///
/// Threads: any number may read them at once.
pub struct flagstay_decisions(Handle<Decisions>);

handle!(flagstay_decisions, Decisions, b"fs..many");

pub struct Decisions {
    decisions: Vec<(String, Decision<'static>)>,
    /// The indices by flag. Made by whoever first looks for one, or by two at once: a lock could be caught by a fork.
    places: ArcSwapOption<HashTable<usize>>,
    user: User,
    mode: Mode,
}

impl Decisions {
    /// The index of a flag's decision; of several that share a name, of the first.
    fn find(&self, flag: &str) -> Option<usize> {
        if self.places.load().is_none() {
            self.places.store(Some(Arc::new(self.index())));
        }
        let places = self.places.load();
        let found = places
            .as_ref()?
            .find(hash(flag), |at| self.key(*at) == flag);
        found.copied()
    }

    fn index(&self) -> HashTable<usize> {
        let mut places = HashTable::with_capacity(self.decisions.len());
        for at in 0..self.decisions.len() {
            let key = self.key(at);
            places
                .entry(
                    hash(key),
                    |known| self.key(*known) == key,
                    |known| hash(self.key(*known)),
                )
                .or_insert(at);
        }
        places
    }

    fn key(&self, at: usize) -> &str {
        &self.decisions[at].0
    }
}

fn hash(flag: &str) -> u64 {
    xxh3_64(flag.as_bytes())
}

/// Decides every flag for a user. `*decisions` receives the decisions in the order of the ruleset, to be freed with
/// `flagstay_decisions_free`. No exposure is queued by this call: what is looked at is exposed by
/// `flagstay_decisions_expose`. Status 3xx, and no decisions: the platform's rules make none for this user, or there is
/// no ruleset.
///
/// `options` may be NULL; its default is not used.
///
/// Threads: any; the decisions may be read by several threads at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_evaluate_all(
    client: Option<&flagstay_client>,
    user: Option<&flagstay_user>,
    options: *const flagstay_options,
    mut decisions: Option<&mut MaybeUninit<*mut flagstay_decisions>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(decisions.as_deref_mut(), std::ptr::null_mut());
    guard(error, || {
        let client = required(client, "client")?;
        let out = place(decisions, "decisions")?;
        // SAFETY: promised by the caller.
        let options = unsafe { self::options(options, &mut None) }?;
        let user = user_of(user)?;
        let mut decisions = Vec::new();
        let made = client.evaluate_all(&options.request("", user), |flag, decision| {
            decisions.push((flag.to_owned(), decision.into_owned()));
        });
        if let Err(code) = made {
            return Ok(flagstay_status::of_decision(Some(code)));
        }
        out.write(flagstay_decisions::into_raw(Decisions {
            decisions,
            places: ArcSwapOption::empty(),
            user: user.clone(),
            mode: options.mode,
        }));
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Returns how many decisions there are; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_decisions_count(decisions: Option<&flagstay_decisions>) -> usize {
    guard_plain(0, || {
        if_right(decisions, "decisions").map_or(0, |all| all.decisions.len())
    })
}

/// Fills `*decision` with the decision at `index`, counted from 0.
///
/// Threads: any, each with a decision struct of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_decisions_at(
    decisions: Option<&flagstay_decisions>,
    index: usize,
    decision: *mut flagstay_decision,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        // SAFETY: promised by the caller.
        let mut slot = unsafe { Slot::take(decision) }?;
        let (flag, found) = at(decisions, index)?;
        slot.flag = flag;
        slot.fill(found)?;
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

/// Finds the decision for a flag: its index goes to `*index`, and that of the first where flags of several kinds share
/// the name. `FLAGSTAY_FLAG_NOT_FOUND` when there is none.
///
/// Time: the first call takes as long as there are flags, each further one as good as none.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_decisions_find(
    decisions: Option<&flagstay_decisions>,
    flag: *const c_char,
    flag_len: usize,
    mut index: Option<&mut MaybeUninit<usize>>,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    put(index.as_deref_mut(), 0);
    guard(error, || {
        let decisions = required(decisions, "decisions")?;
        // SAFETY: promised by the caller.
        let flag = unsafe { text(flag, flag_len, "flag") }?;
        Ok(match decisions.find(flag) {
            Some(found) => {
                put(index, found);
                flagstay_status::FLAGSTAY_OK
            }
            None => flagstay_status::of_decision(Some(ErrorCode::FlagNotFound)),
        })
    })
}

/// Queues the exposure event of the decision at `index`, as an evaluation of that flag would have, if the client
/// collects exposures.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_decisions_expose(
    decisions: Option<&flagstay_decisions>,
    client: Option<&flagstay_client>,
    index: usize,
    error: Option<&mut MaybeUninit<*mut flagstay_error>>,
) -> flagstay_status {
    guard(error, || {
        let client = required(client, "client")?;
        let (flag, decision) = at(decisions, index)?;
        let all = required(decisions, "decisions")?;
        let request = Request {
            mode: all.mode,
            kind: decision.kind,
            ..Request::new(flag, &all.user)
        };
        client.expose(&request, decision);
        Ok(flagstay_status::FLAGSTAY_OK)
    })
}

fn at(
    decisions: Option<&flagstay_decisions>,
    index: usize,
) -> Result<(&str, &Decision<'static>), Error> {
    let decisions = required(decisions, "decisions")?;
    let count = decisions.decisions.len();
    decisions
        .decisions
        .get(index)
        .map(|(flag, decision)| (flag.as_str(), decision))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`index` is {index}, and there are {count} decisions"),
            )
        })
}

/// Frees decisions. NULL is fine.
///
/// Threads: any; nobody may use them at the same time or afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn flagstay_decisions_free(decisions: Option<Box<flagstay_decisions>>) {
    guard_plain((), || end(decisions, "decisions"));
}

versioned!(
    flagstay_evaluate_all,
    flagstay_decisions_count,
    flagstay_decisions_at,
    flagstay_decisions_find,
    flagstay_decisions_expose,
    flagstay_decisions_free,
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Reason;

    fn decisions(flags: &[String]) -> Decisions {
        let decided = |flag: &String| (flag.clone(), Decision::because(Reason::Off));
        Decisions {
            decisions: flags.iter().map(decided).collect(),
            places: ArcSwapOption::empty(),
            user: User::absent(),
            mode: Mode::Read,
        }
    }

    #[test]
    fn a_flag_is_found_where_it_stands_and_nowhere_else() {
        let flags: Vec<String> = (0..1_000).map(|n| format!("flag {n}")).collect();
        let all = decisions(&flags);
        for (at, flag) in flags.iter().enumerate() {
            assert_eq!(all.find(flag), Some(at));
        }
        assert_eq!(all.find("flag 1000"), None);
        assert_eq!(all.find(""), None);
        assert_eq!(decisions(&[]).find("flag"), None);
    }

    #[test]
    fn of_flags_that_share_a_name_the_first_is_found() {
        let all = decisions(&["a", "b", "a", "", "b", ""].map(str::to_owned));
        assert_eq!(
            ["a", "b", ""].map(|flag| all.find(flag)),
            [0, 1, 3].map(Some)
        );
    }
}

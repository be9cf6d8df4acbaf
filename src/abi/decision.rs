//! The decision as C sees it: a struct of the caller's that the library fills.

use super::assignments::flagstay_assignments;
use super::guard::{guard_plain, read_sized, sets_beyond};
use super::handle::optional;
use super::slot::Slot;
use super::text::json;
use super::versioned;
use crate::decision::Reason;
use crate::error::{Error, ErrorKind};
use crate::ruleset::{Enforce, Kind, Mode, Request};
use crate::sticky::Held;
use crate::user::User;
use crate::value::Value;
use std::ffi::{c_char, c_void};

/// Why a decision is what it is.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_reason {
    /// There is no decision; `error` says why, and the value is the caller's default.
    FLAGSTAY_REASON_ERROR = 0,
    /// The flag is off, or the user was held out of everything that it offers.
    FLAGSTAY_REASON_OFF = 1,
    /// No rule matched, and the default applied.
    FLAGSTAY_REASON_FALLTHROUGH = 2,
    /// The user is one of the flag's individual targets.
    FLAGSTAY_REASON_TARGET_MATCH = 3,
    /// A rule matched; `rule_id` says which.
    FLAGSTAY_REASON_RULE_MATCH = 4,
    /// Another flag that this one depends on stands in the way.
    FLAGSTAY_REASON_PREREQUISITE_FAILED = 5,
    /// A stored assignment answered.
    FLAGSTAY_REASON_STICKY = 6,
}

impl From<Reason> for flagstay_reason {
    fn from(reason: Reason) -> Self {
        use flagstay_reason::*;
        match reason {
            Reason::Error => FLAGSTAY_REASON_ERROR,
            Reason::Off => FLAGSTAY_REASON_OFF,
            Reason::Fallthrough => FLAGSTAY_REASON_FALLTHROUGH,
            Reason::TargetMatch => FLAGSTAY_REASON_TARGET_MATCH,
            Reason::RuleMatch => FLAGSTAY_REASON_RULE_MATCH,
            Reason::PrerequisiteFailed => FLAGSTAY_REASON_PREREQUISITE_FAILED,
            Reason::Sticky => FLAGSTAY_REASON_STICKY,
        }
    }
}

/// The type of a decision's value.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_type {
    /// There is no value: the ruleset has none, and the caller gave no default.
    FLAGSTAY_TYPE_NONE = 0,
    /// JSON's null.
    FLAGSTAY_TYPE_NULL = 1,
    /// In `value_boolean`.
    FLAGSTAY_TYPE_BOOLEAN = 2,
    /// In `value_number`.
    FLAGSTAY_TYPE_NUMBER = 3,
    /// In `value_text`.
    FLAGSTAY_TYPE_TEXT = 4,
    /// In `value_json` only.
    FLAGSTAY_TYPE_LIST = 5,
    /// In `value_json` only.
    FLAGSTAY_TYPE_OBJECT = 6,
}

impl flagstay_type {
    pub(super) fn of(value: Option<&Value>) -> Self {
        use flagstay_type::*;
        match value {
            None => FLAGSTAY_TYPE_NONE,
            Some(Value::Null) => FLAGSTAY_TYPE_NULL,
            Some(Value::Bool(_)) => FLAGSTAY_TYPE_BOOLEAN,
            Some(Value::Number(_)) => FLAGSTAY_TYPE_NUMBER,
            Some(Value::String(_)) => FLAGSTAY_TYPE_TEXT,
            Some(Value::Array(_)) => FLAGSTAY_TYPE_LIST,
            Some(Value::Object(_)) => FLAGSTAY_TYPE_OBJECT,
        }
    }
}

/// One decision. The struct is the caller's, on the stack or wherever; zero it, set `size`, and use it for any number
/// of evaluations, one after the other:
///
/// ```c
/// flagstay_decision decision = { .size = sizeof decision };
/// flagstay_evaluate(client, user, "checkout", 8, NULL, &decision, NULL);
/// … read decision …
/// flagstay_decision_clear(&decision);
/// ```
///
/// The texts are UTF-8, not NUL-terminated, and borrowed from `storage`: they live until the struct is used for the
/// next evaluation or cleared. A text that there is not is NULL with length 0; an empty one is not NULL. The storage
/// grows to what the largest decision needed and is then reused, so a decision allocates nothing. A store may evaluate
/// into the same struct from its callbacks, all but `drop`; the outer decision is the one that stays.
///
/// Under a call that fails the struct is filled too, unless it is itself what the call refuses: with the caller's
/// default, no reason, and `FLAGSTAY_GENERAL` as its error. Members that are newer than the library become zero.
///
/// Threads: one at a time for each struct.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct flagstay_decision {
    /// `sizeof(flagstay_decision)`.
    pub size: usize,
    /// The library's. Zero it once, then leave it alone; never copy it to a second struct.
    pub storage: *mut c_void,
    /// A `flagstay_reason`.
    pub reason: i32,
    /// A `flagstay_status`: `FLAGSTAY_OK`, or the 3xx for which the caller's default was answered.
    pub error: i32,
    /// The `flagstay_type` of the value.
    pub value_type: i32,
    /// 1: the ruleset has the flag.
    pub found: u8,
    /// 1: the flag read as a switch is on: gate passed, feature on, user part of the campaign.
    pub enabled: u8,
    /// 1: the answer came from a stored assignment.
    pub sticky: u8,
    /// The value where it is a boolean, otherwise 0.
    pub value_boolean: u8,
    /// The value where it is a number, otherwise 0. A whole number beyond 2^53 is exact in `value_json` only.
    pub value_number: f64,
    /// The value where it is a text.
    pub value_text: *const c_char,
    /// The length of `value_text` in bytes, as with each text below.
    pub value_text_len: usize,
    /// The value, whatever it is, as JSON.
    pub value_json: *const c_char,
    pub value_json_len: usize,
    /// The flag's key.
    pub flag: *const c_char,
    pub flag_len: usize,
    /// The variation's name.
    pub variation: *const c_char,
    pub variation_len: usize,
    /// The platform's id of the variation.
    pub variation_id: *const c_char,
    pub variation_id_len: usize,
    /// The id of the rule that answered.
    pub rule_id: *const c_char,
    pub rule_id_len: usize,
    /// A sentence about `error`.
    pub message: *const c_char,
    pub message_len: usize,
    /// What went wrong with the store on the way. The decision stands all the same.
    pub store_error: *const c_char,
    pub store_error_len: usize,
    /// The platform's further facts as a JSON object, where the options ask for `details`. What is in it is on the
    /// dialect's reference page.
    pub details_json: *const c_char,
    pub details_json_len: usize,
    /// A `flagstay_kind`: what the flag is, on platforms where flags of several kinds may share a name.
    pub kind: i32,
    // The next member must make the struct larger: in the padding behind `kind` no size would tell it is there.
}

/// Frees what a decision struct holds, and zeroes it; `size` stays, and the struct may be used again. NULL and a struct
/// that was never used are fine.
///
/// Threads: one at a time for each struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_decision_clear(decision: *mut flagstay_decision) {
    guard_plain((), || {
        // SAFETY: promised by the caller.
        if let Ok(slot) = unsafe { Slot::take(decision) } {
            slot.clear();
        }
    });
}

/// What a call may say beyond user and flag. Zero it, set `size`, set what you need.
///
/// Threads: any number of calls may read the same struct at once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct flagstay_options {
    /// `sizeof(flagstay_options)`.
    pub size: usize,
    /// A `flagstay_mode`.
    pub mode: i32,
    /// The caller's default, as JSON; NULL for none. Answered, as it is, when there is no decision. Borrowed until the
    /// call returns. A default that is no JSON is `FLAGSTAY_INVALID_JSON`.
    pub default_json: *const c_char,
    /// The length of `default_json` in bytes.
    pub default_json_len: usize,
    /// A `flagstay_kind`: which kind of flag is meant, where names can collide (Statsig).
    pub kind: i32,
    /// 1: users for whom the targeting rules decide otherwise today do not keep their stored assignment (Statsig).
    pub enforce_targeting: u8,
    /// 1: users whom an override rule matches today do not keep their stored assignment (Statsig).
    pub enforce_overrides: u8,
    /// 1: fill `details_json` in the decision. Gathering it costs time and memory.
    pub details: u8,
    /// Assignments that were loaded before (Statsig); NULL: none are passed. Borrowed until the call returns.
    pub assignments: *const flagstay_assignments,
}

/// What a flag is. Statsig's four kinds may share a name; all other platforms have flags, and no kinds.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_kind {
    /// In options: whatever has the name. In a decision: the platform has no kinds.
    FLAGSTAY_KIND_ANY = 0,
    /// A switch that users pass or do not pass.
    FLAGSTAY_KIND_GATE = 1,
    /// A dynamic config: an object chosen by rules.
    FLAGSTAY_KIND_CONFIG = 2,
    /// An experiment: an object for each of its groups.
    FLAGSTAY_KIND_EXPERIMENT = 3,
    /// A layer: parameters that experiments share, each user being in one of them at most.
    FLAGSTAY_KIND_LAYER = 4,
}

impl flagstay_kind {
    pub(super) fn of(kind: Option<Kind>) -> Self {
        use flagstay_kind::*;
        match kind {
            None => FLAGSTAY_KIND_ANY,
            Some(Kind::Gate) => FLAGSTAY_KIND_GATE,
            Some(Kind::Config) => FLAGSTAY_KIND_CONFIG,
            Some(Kind::Experiment) => FLAGSTAY_KIND_EXPERIMENT,
            Some(Kind::Layer) => FLAGSTAY_KIND_LAYER,
        }
    }

    /// The kind of a number that a caller gives; `None` within: any.
    pub(super) fn read(given: i32, name: &str) -> Result<Option<Kind>, Error> {
        let any = [None].into_iter();
        let known = [Kind::Gate, Kind::Config, Kind::Experiment, Kind::Layer];
        any.chain(known.map(Some))
            .find(|kind| flagstay_kind::of(*kind) as i32 == given)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("`{name}` is {given}, which is no flagstay_kind"),
                )
            })
    }
}

/// What an evaluation does to the store and to the event queue.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_mode {
    /// The user sees the variation: a new assignment is stored, and an exposure is queued if the client collects them.
    FLAGSTAY_MODE_EXPOSE = 0,
    /// Somebody only looks: stored assignments answer, nothing is queued, and nothing is stored but where the platform's
    /// own contract says so all the same: VWO FullStack replaces a stored record that no longer counts, and Statsig
    /// stores and removes by the assignments that are passed.
    FLAGSTAY_MODE_READ = 1,
}

/// The options of a call, read.
#[derive(Clone, Copy, Default)]
pub(super) struct Options<'a> {
    pub mode: Mode,
    default: Option<&'a str>,
    kind: Option<Kind>,
    held: Option<&'a Held>,
    enforce: Enforce,
    details: bool,
}

impl<'a> Options<'a> {
    /// What is asked with these options.
    #[inline]
    pub fn request(&self, flag: &'a str, user: &'a User) -> Request<'a> {
        Request {
            flag,
            user,
            default: self.default,
            mode: self.mode,
            kind: self.kind,
            held: self.held,
            enforce: self.enforce,
            details: self.details,
        }
    }
}

/// Reads options: first of all the default, into `default`, so that it is answered even where the rest is refused.
///
/// # Safety
/// `options` is NULL or points to a struct as `flagstay_options` describes it.
#[inline]
pub(super) unsafe fn options<'a>(
    options: *const flagstay_options,
    default: &mut Option<&'a str>,
) -> Result<Options<'a>, Error> {
    match options.is_null() {
        true => Ok(Options::default()),
        // SAFETY: promised by the caller.
        false => unsafe { given(options, default) },
    }
}

/// # Safety
/// As [`options`].
#[inline(never)]
unsafe fn given<'a>(
    options: *const flagstay_options,
    default: &mut Option<&'a str>,
) -> Result<Options<'a>, Error> {
    // SAFETY: promised by the caller; integers and pointers have no invalid bit pattern.
    let Some(given) = (unsafe { read_sized(options, size_of::<usize>(), "options") })? else {
        return Ok(Options::default());
    };
    let flagstay_options {
        mode,
        default_json,
        default_json_len,
        kind,
        enforce_targeting,
        enforce_overrides,
        details,
        assignments,
        ..
    } = given.value;
    *default = match (default_json.is_null(), default_json_len) {
        (true, 0) => None,
        // SAFETY: promised by the caller.
        _ => Some(unsafe { json(default_json, default_json_len, "options.default_json") }?),
    };
    if given.beyond {
        return Err(sets_beyond("options"));
    }
    let mode = match mode {
        mode if mode == flagstay_mode::FLAGSTAY_MODE_EXPOSE as i32 => Mode::Expose,
        mode if mode == flagstay_mode::FLAGSTAY_MODE_READ as i32 => Mode::Read,
        other => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`options.mode` is {other}, which is no flagstay_mode"),
            ));
        }
    };
    // SAFETY: promised by the caller: NULL or a handle.
    let loaded = optional(unsafe { assignments.as_ref() }, "options.assignments")?;
    Ok(Options {
        mode,
        default: *default,
        kind: flagstay_kind::read(kind, "options.kind")?,
        held: loaded.map(|loaded| &loaded.held),
        enforce: Enforce {
            targeting: enforce_targeting != 0,
            overrides: enforce_overrides != 0,
        },
        details: details != 0,
    })
}

versioned!(flagstay_decision_clear);

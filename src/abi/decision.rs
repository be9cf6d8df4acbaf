//! The decision as C sees it: a struct of the caller's that the library fills.

use super::guard::{guard_plain, read_sized};
use super::status::flagstay_status;
use super::versioned;
use crate::decision::{Answer, Decision, Reason};
use crate::error::{Error, ErrorKind};
use crate::value::Value;
use std::ffi::{c_char, c_void};
use std::fmt::Write;
use std::mem::offset_of;
use std::ops::Range;

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
    FLAGSTAY_TYPE_NULL = 1,
    FLAGSTAY_TYPE_BOOLEAN = 2,
    FLAGSTAY_TYPE_NUMBER = 3,
    FLAGSTAY_TYPE_TEXT = 4,
    FLAGSTAY_TYPE_LIST = 5,
    FLAGSTAY_TYPE_OBJECT = 6,
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
/// next evaluation or cleared. A text that there is not is NULL with length 0. The storage grows to what the largest
/// decision needed and is then reused, so a decision allocates nothing.
///
/// Threads: one at a time.
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
}

/// Where the texts of a decision lie.
#[derive(Default)]
struct Storage {
    text: String,
}

impl Storage {
    fn add(&mut self, text: &str) -> Option<Range<usize>> {
        let start = self.text.len();
        self.text.push_str(text);
        Some(start..self.text.len())
    }

    fn point(&self, range: Option<Range<usize>>) -> (*const c_char, usize) {
        match range.and_then(|range| self.text.get(range)) {
            Some(text) => (text.as_ptr().cast(), text.len()),
            None => (std::ptr::null(), 0),
        }
    }
}

/// The caller's struct while it is being filled.
pub(super) struct Slot {
    target: *mut flagstay_decision,
    size: usize,
    storage: Box<Storage>,
}

impl Slot {
    /// Takes the caller's struct, with the storage that it brings along.
    ///
    /// # Safety
    /// `target` is NULL or points to a struct as `flagstay_decision` describes it.
    pub unsafe fn take(target: *mut flagstay_decision) -> Result<Self, Error> {
        // SAFETY: promised by the caller.
        let Some(given) = (unsafe { read_size(target) })? else {
            return Err(Error::new(ErrorKind::InvalidArgument, "`decision` is NULL"));
        };
        // SAFETY: the storage member is within every accepted size; the struct is exclusively ours for the call.
        let storage =
            unsafe { std::ptr::replace(&raw mut (*target).storage, std::ptr::null_mut()) };
        let storage = if storage.is_null() {
            Box::default()
        } else {
            // SAFETY: a storage that is not NULL was put there by `fill`.
            unsafe { Box::from_raw(storage.cast::<Storage>()) }
        };
        Ok(Slot {
            target,
            size: given,
            storage,
        })
    }

    /// Writes a decision into the caller's struct. `default` is the caller's default as JSON text.
    pub fn fill(mut self, flag: &str, decision: &Decision<'_>, default: Option<&str>) {
        let storage = &mut *self.storage;
        storage.text.clear();
        let parsed;
        let (value, json) = match &decision.value {
            Answer::Prepared(prepared) => (Some(&prepared.value), storage.add(&prepared.json)),
            Answer::Made(value) => (Some(value), add_json(storage, value)),
            Answer::Default => {
                parsed = default.and_then(|json| serde_json::from_str::<Value>(json).ok());
                let json = parsed
                    .as_ref()
                    .and(default)
                    .and_then(|json| storage.add(json));
                (parsed.as_ref(), json)
            }
        };
        let text = value.and_then(Value::as_str).and_then(|t| storage.add(t));
        let mut optional = |text: Option<&str>| text.and_then(|text| storage.add(text));
        let flag = optional(Some(flag));
        let variation = optional(decision.variation.as_deref());
        let variation_id = optional(decision.variation_id.as_deref());
        let rule_id = optional(decision.rule_id.as_deref());
        let message = optional(decision.message.as_deref());
        let store_error = decision.store_error.as_ref().map(ToString::to_string);
        let store_error = optional(store_error.as_deref());

        // The text does not move any more.
        let storage = &self.storage;
        let (value_text, value_text_len) = storage.point(text);
        let (value_json, value_json_len) = storage.point(json);
        let (flag, flag_len) = storage.point(flag);
        let (variation, variation_len) = storage.point(variation);
        let (variation_id, variation_id_len) = storage.point(variation_id);
        let (rule_id, rule_id_len) = storage.point(rule_id);
        let (message, message_len) = storage.point(message);
        let (store_error, store_error_len) = storage.point(store_error);
        let filled = flagstay_decision {
            size: self.size,
            storage: std::ptr::null_mut(),
            reason: flagstay_reason::from(decision.reason) as i32,
            error: flagstay_status::of_decision(decision.error) as i32,
            value_type: type_of(value) as i32,
            found: decision.found.into(),
            enabled: decision.enabled.into(),
            sticky: decision.sticky.into(),
            value_boolean: value.and_then(Value::as_bool).unwrap_or(false).into(),
            value_number: value.and_then(Value::as_f64).unwrap_or(0.0),
            value_text,
            value_text_len,
            value_json,
            value_json_len,
            flag,
            flag_len,
            variation,
            variation_len,
            variation_id,
            variation_id_len,
            rule_id,
            rule_id_len,
            message,
            message_len,
            store_error,
            store_error_len,
        };
        self.give(filled);
    }

    fn give(self, mut filled: flagstay_decision) {
        filled.storage = Box::into_raw(self.storage).cast();
        let known = self.size.min(size_of::<flagstay_decision>());
        // SAFETY: `size` bytes are the caller's, and were checked to cover the storage member.
        unsafe {
            std::ptr::copy_nonoverlapping(
                (&raw const filled).cast::<u8>(),
                self.target.cast::<u8>(),
                known,
            );
        }
    }
}

fn add_json(storage: &mut Storage, value: &Value) -> Option<Range<usize>> {
    let start = storage.text.len();
    // Writing to a String does not fail.
    let _ = write!(storage.text, "{value}");
    Some(start..storage.text.len())
}

fn type_of(value: Option<&Value>) -> flagstay_type {
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

/// The size that the caller set; `None` for NULL.
///
/// # Safety
/// `target` is NULL or points to a struct as `flagstay_decision` describes it.
unsafe fn read_size(target: *const flagstay_decision) -> Result<Option<usize>, Error> {
    if target.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller promises at least the size member.
    let given = unsafe { (&raw const (*target).size).read() };
    let least = offset_of!(flagstay_decision, storage) + size_of::<*mut c_void>();
    if given < least {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("`decision.size` is {given}; set it to sizeof *decision"),
        ));
    }
    Ok(Some(given))
}

/// Frees what a decision struct holds, and zeroes it; `size` stays, and the struct may be used again. NULL and a struct
/// that was never used are fine.
///
/// Threads: one at a time.
///
/// # Safety
/// `decision` is NULL or points to a struct as `flagstay_decision` describes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flagstay_decision_clear(decision: *mut flagstay_decision) {
    guard_plain((), || {
        // SAFETY: promised by the caller.
        let Ok(slot) = (unsafe { Slot::take(decision) }) else {
            return;
        };
        let after_size = size_of::<usize>();
        let known = slot.size.min(size_of::<flagstay_decision>());
        // SAFETY: `size` bytes are the caller's; all zeroes is a valid, unused struct.
        unsafe {
            std::ptr::write_bytes(decision.cast::<u8>().add(after_size), 0, known - after_size);
        }
    });
}

/// What a call may say beyond user and flag. Zero it, set `size`, set what you need.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct flagstay_options {
    /// `sizeof(flagstay_options)`.
    pub size: usize,
    /// A `flagstay_mode`.
    pub mode: i32,
    /// The caller's default, as JSON; NULL for none. Answered, as it is, when there is no decision.
    pub default_json: *const c_char,
    pub default_json_len: usize,
}

/// What an evaluation does to the store and to the event queue.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_mode {
    /// The user sees the variation: a new assignment is stored, and an exposure is queued if the client collects them.
    FLAGSTAY_MODE_EXPOSE = 0,
    /// Somebody only looks: stored assignments answer, nothing is stored, nothing is queued.
    FLAGSTAY_MODE_READ = 1,
}

/// # Safety
/// `options` is NULL or points to a struct as `flagstay_options` describes it.
pub(super) unsafe fn options<'a>(options: *const flagstay_options) -> Result<Options<'a>, Error> {
    // SAFETY: promised by the caller; integers and pointers have no invalid bit pattern.
    let Some(given) = (unsafe { read_sized(options, "options") })? else {
        return Ok(Options::default());
    };
    let mode = match given.mode {
        mode if mode == flagstay_mode::FLAGSTAY_MODE_EXPOSE as i32 => crate::ruleset::Mode::Expose,
        mode if mode == flagstay_mode::FLAGSTAY_MODE_READ as i32 => crate::ruleset::Mode::Read,
        other => {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`options.mode` is {other}, which is no flagstay_mode"),
            ));
        }
    };
    let default = match given.default_json.is_null() {
        true => None,
        // SAFETY: promised by the caller.
        false => Some(unsafe {
            super::text::text(
                given.default_json,
                given.default_json_len,
                "options.default_json",
            )
        }?),
    };
    Ok(Options { mode, default })
}

/// The options of a call, read.
#[derive(Clone, Copy, Default)]
pub(super) struct Options<'a> {
    pub mode: crate::ruleset::Mode,
    pub default: Option<&'a str>,
}

versioned!(flagstay_decision_clear);

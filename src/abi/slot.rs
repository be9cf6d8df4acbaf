//! The caller's decision struct while it is being filled.

use super::decision::{flagstay_decision, flagstay_reason, flagstay_type};
use super::guard::{missing, size_of_given};
use super::handle::{Handle, Kind, end, handle, required_mut};
use super::status::flagstay_status;
use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::value::Value;
use std::ffi::{c_char, c_void};
use std::fmt::Write;
use std::mem::{offset_of, take};
use std::ops::Range;

/// Where the texts of a decision lie. It stays with the caller's struct, so that the next decision finds room made.
pub struct Storage(Handle<String>);

handle!(Storage, String, b"fs.texts");

/// The caller's struct. However the call ends, the struct is in order when this is dropped: where there is no decision,
/// it says so and has the caller's default as its value.
pub struct Slot<'a> {
    /// The flag that the caller asked for.
    pub flag: &'a str,
    /// The caller's default, as JSON.
    pub default: Option<&'a str>,
    target: *mut flagstay_decision,
    size: usize,
    texts: String,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    Filling,
    Filled,
}

/// The part of the struct that every caller has: its size and its storage.
const LEAST: usize = offset_of!(flagstay_decision, storage) + size_of::<*mut c_void>();

impl<'a> Slot<'a> {
    /// Takes the caller's struct, and out of its storage the text of the decision before. The storage itself stays: a
    /// store that evaluates into the same struct from its callback finds an empty one.
    ///
    /// # Safety
    /// `target` is NULL or points to a struct as `flagstay_decision` describes it.
    #[inline]
    pub unsafe fn take(target: *mut flagstay_decision) -> Result<Self, Error> {
        // SAFETY: promised by the caller.
        let Some(size) = (unsafe { size_of_given(target, LEAST, "decision") })? else {
            return Err(missing("decision"));
        };
        // SAFETY: the storage lies within every accepted size, and is NULL or what `give` put there.
        let storage = unsafe { storage_of(target).as_mut() };
        let texts = match storage {
            None => String::new(),
            storage => take(required_mut(storage, "decision.storage")?),
        };
        Ok(Slot {
            flag: "",
            default: None,
            target,
            size,
            texts,
            state: State::Open,
        })
    }

    /// Writes a decision into the caller's struct. An error: there is none, and the caller's default cannot be
    /// answered because it is no JSON.
    pub fn fill(&mut self, decision: &Decision<'_>) -> Result<(), Error> {
        self.state = State::Filling;
        self.texts.clear();
        let parsed: Value;
        let (value, json) = match (&decision.value, self.default) {
            (Answer::Prepared(prepared), _) => (Some(&prepared.value), self.add(&prepared.json)),
            (Answer::Made(value), _) => (Some(value), self.add_json(value)),
            (Answer::Default, Some(json)) => {
                parsed = parse_default(json)?;
                (Some(&parsed), self.add(json))
            }
            (Answer::Default, None) => (None, None),
        };
        let text = match value {
            Some(Value::String(text)) => self.add(text),
            _ => None,
        };
        let flag = self.add(self.flag);
        let variation = self.add_some(decision.variation.as_deref());
        let variation_id = self.add_some(decision.variation_id.as_deref());
        let rule_id = self.add_some(decision.rule_id.as_deref());
        let message = self.add_some(decision.message.as_deref());
        let store_error = decision.store_error.as_ref().map(|error| {
            let start = self.texts.len();
            // Writing to a String does not fail.
            let _ = write!(self.texts, "{error}");
            start..self.texts.len()
        });

        // The texts do not move any more.
        let (value_text, value_text_len) = self.point(text);
        let (value_json, value_json_len) = self.point(json);
        let (flag, flag_len) = self.point(flag);
        let (variation, variation_len) = self.point(variation);
        let (variation_id, variation_id_len) = self.point(variation_id);
        let (rule_id, rule_id_len) = self.point(rule_id);
        let (message, message_len) = self.point(message);
        let (store_error, store_error_len) = self.point(store_error);
        self.give(flagstay_decision {
            size: self.size,
            storage: std::ptr::null_mut(),
            reason: flagstay_reason::from(decision.reason) as i32,
            error: flagstay_status::of_decision(decision.error) as i32,
            value_type: flagstay_type::of(value) as i32,
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
        });
        Ok(())
    }

    #[inline]
    fn add(&mut self, text: &str) -> Option<Range<usize>> {
        let start = self.texts.len();
        self.texts.push_str(text);
        Some(start..self.texts.len())
    }

    #[inline]
    fn add_some(&mut self, text: Option<&str>) -> Option<Range<usize>> {
        text.and_then(|text| self.add(text))
    }

    fn add_json(&mut self, value: &Value) -> Option<Range<usize>> {
        let start = self.texts.len();
        // Writing to a String does not fail.
        let _ = write!(self.texts, "{value}");
        Some(start..self.texts.len())
    }

    #[inline]
    fn point(&self, range: Option<Range<usize>>) -> (*const c_char, usize) {
        match range.and_then(|range| self.texts.get(range)) {
            Some(text) => (text.as_ptr().cast(), text.len()),
            None => (std::ptr::null(), 0),
        }
    }

    /// Copies as much as the caller's header knows, zeroes what this library does not, and hands the storage back.
    #[inline]
    fn give(&mut self, mut filled: flagstay_decision) {
        self.state = State::Filled;
        let texts = take(&mut self.texts);
        // SAFETY: as in `take`; read again, because a callback may have used or cleared the struct in the meantime.
        let storage = unsafe { storage_of(self.target) };
        filled.storage = match required_mut(unsafe { storage.as_mut() }, "decision.storage") {
            Ok(place) => {
                *place = texts;
                storage
            }
            Err(_) => Storage::into_raw(texts),
        }
        .cast();
        let known = self.size.min(size_of::<flagstay_decision>());
        // SAFETY: `size` bytes are the caller's, and were checked to cover the storage.
        unsafe {
            let target = self.target.cast::<u8>();
            std::ptr::copy_nonoverlapping((&raw const filled).cast::<u8>(), target, known);
            if self.size > known {
                std::ptr::write_bytes(target.add(known), 0, self.size - known);
            }
        }
    }

    /// Frees the storage and zeroes the caller's struct.
    pub fn clear(mut self) {
        self.state = State::Filled;
        // SAFETY: as in `take`; a struct of zeroes is one that was never used.
        unsafe {
            let storage = storage_of(self.target);
            let rest = self.target.cast::<u8>().add(size_of::<usize>());
            std::ptr::write_bytes(rest, 0, self.size - size_of::<usize>());
            if !storage.is_null() {
                end(Some(Box::from_raw(storage)), "decision.storage");
            }
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        const FAILED: &str = "the call failed; its status says how";
        let failed = || Decision::failed(ErrorCode::General, FAILED);
        let default_stands = self.state == State::Open && self.fill(&failed()).is_ok();
        if !default_stands && self.state != State::Filled {
            self.default = None;
            // Cannot fail: there is no default to be parsed.
            let _ = self.fill(&failed());
        }
    }
}

/// # Safety
/// `target` points to a struct of at least `LEAST` bytes.
#[inline]
unsafe fn storage_of(target: *mut flagstay_decision) -> *mut Storage {
    // SAFETY: promised by the caller.
    unsafe { (&raw const (*target).storage).read() }.cast()
}

fn parse_default(json: &str) -> Result<Value, Error> {
    serde_json::from_str(json).map_err(|error| {
        Error::new(
            ErrorKind::InvalidJson,
            format!("the default that was to be answered: {error}"),
        )
    })
}

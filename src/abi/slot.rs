//! The caller's decision struct while it is being filled.

use super::decision::{flagstay_decision, flagstay_kind, flagstay_reason, flagstay_type};
use super::guard::{missing, size_of_given};
use super::handle::{Handle, Kind, end, handle, required_mut};
use super::status::flagstay_status;
use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::value::Value;
use std::ffi::{c_char, c_void};
use std::fmt::{self, Write};
use std::mem::{offset_of, take};

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

/// Where a text lies in the storage.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    len: usize,
}

/// The place of a text that there is not.
const NOWHERE: Place = Place {
    start: usize::MAX,
    len: 0,
};

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
            (Answer::Made(value), _) => (Some(value), self.write(value)),
            (Answer::Default, Some(json)) => {
                parsed = parse_default(json)?;
                (Some(&parsed), self.add(json))
            }
            (Answer::Default, None) => (None, NOWHERE),
        };
        let text = match value {
            Some(Value::String(text)) => self.add_within(text, json),
            _ => NOWHERE,
        };
        let flag = self.add(self.flag);
        let variation = self.add_some(decision.variation.as_deref());
        let variation_id = match (&decision.variation, &decision.variation_id) {
            // Where a platform has only names, a name is its own id.
            (Some(name), Some(id)) if std::ptr::eq::<str>(&**name, &**id) => variation,
            (_, id) => self.add_some(id.as_deref()),
        };
        let rule_id = self.add_some(decision.rule_id.as_deref());
        let message = self.add_some(decision.message.as_deref());
        let store_error = match &decision.store_error {
            Some(error) => self.write(error),
            None => NOWHERE,
        };
        let details = match &decision.details {
            Some(details) => self.write(details),
            None => NOWHERE,
        };

        // The texts do not move any more.
        let (value_text, value_text_len) = self.point(text);
        let (value_json, value_json_len) = self.point(json);
        let (flag, flag_len) = self.point(flag);
        let (variation, variation_len) = self.point(variation);
        let (variation_id, variation_id_len) = self.point(variation_id);
        let (rule_id, rule_id_len) = self.point(rule_id);
        let (message, message_len) = self.point(message);
        let (store_error, store_error_len) = self.point(store_error);
        let (details_json, details_json_len) = self.point(details);
        let storage = self.give_texts();
        self.give(flagstay_decision {
            size: self.size,
            storage: storage.cast(),
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
            details_json,
            details_json_len,
            kind: flagstay_kind::of(decision.kind) as i32,
        });
        Ok(())
    }

    #[inline]
    fn add(&mut self, text: &str) -> Place {
        let start = self.texts.len();
        push(&mut self.texts, text);
        Place {
            start,
            len: text.len(),
        }
    }

    #[inline]
    fn add_some(&mut self, text: Option<&str>) -> Place {
        text.map_or(NOWHERE, |text| self.add(text))
    }

    /// Adds a text of which the JSON is there already. Without escapes it stands in it, between the quotes.
    #[inline]
    fn add_within(&mut self, text: &str, json: Place) -> Place {
        if json.len != text.len() + 2 || !self.texts[json.start..].starts_with('"') {
            return self.add(text);
        }
        Place {
            start: json.start + 1,
            len: text.len(),
        }
    }

    fn write(&mut self, what: &dyn fmt::Display) -> Place {
        let start = self.texts.len();
        // Writing to a String does not fail.
        let _ = write!(self.texts, "{what}");
        Place {
            start,
            len: self.texts.len() - start,
        }
    }

    #[inline]
    fn point(&self, place: Place) -> (*const c_char, usize) {
        if place.start == NOWHERE.start {
            return (std::ptr::null(), 0);
        }
        let text = self.texts.as_ptr().wrapping_add(place.start);
        (text.cast(), place.len)
    }

    /// Puts the texts into the storage that the struct has now: a callback may have used or cleared the struct in the
    /// meantime.
    #[inline]
    fn give_texts(&mut self) -> *mut Storage {
        let texts = take(&mut self.texts);
        // SAFETY: as in `take`.
        let storage = unsafe { storage_of(self.target) };
        match required_mut(unsafe { storage.as_mut() }, "decision.storage") {
            Ok(place) => {
                *place = texts;
                storage
            }
            Err(_) => Storage::into_raw(texts),
        }
    }

    #[inline]
    fn give(&mut self, filled: flagstay_decision) {
        self.state = State::Filled;
        let known = size_of::<flagstay_decision>();
        // SAFETY: `size` bytes are the caller's.
        unsafe {
            if self.size == known {
                self.target.write(filled);
            } else {
                give_in_part(&filled, self.target, self.size);
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

/// Copies as much as the caller's header knows, and zeroes what this library does not.
///
/// # Safety
/// `target` points to `size` bytes.
#[cold]
unsafe fn give_in_part(filled: &flagstay_decision, target: *mut flagstay_decision, size: usize) {
    let known = size.min(size_of::<flagstay_decision>());
    let target = target.cast::<u8>();
    // SAFETY: `known` is at most the size of either.
    unsafe {
        std::ptr::copy_nonoverlapping((&raw const *filled).cast::<u8>(), target, known);
        std::ptr::write_bytes(target.add(known), 0, size - known);
    }
}

/// # Safety
/// `target` points to a struct of at least `LEAST` bytes.
#[inline]
unsafe fn storage_of(target: *mut flagstay_decision) -> *mut Storage {
    // SAFETY: promised by the caller.
    unsafe { (&raw const (*target).storage).read() }.cast()
}

/// Appends a text. The texts of a decision are short: up to 32 bytes they are copied as two words that may overlap,
/// where the call of a copy would cost more.
#[inline]
fn push(texts: &mut String, text: &str) {
    let (length, more) = (texts.len(), text.len());
    if !(4..=32).contains(&more) || texts.capacity() - length < more {
        return texts.push_str(text);
    }
    // SAFETY: there is room for `more` bytes behind `length`, and both words lie within `more` bytes on either side.
    // What is appended is UTF-8.
    unsafe {
        let texts = texts.as_mut_vec();
        let (from, to) = (text.as_ptr(), texts.as_mut_ptr().add(length));
        match more {
            16.. => copy_ends::<16>(from, to, more),
            8.. => copy_ends::<8>(from, to, more),
            _ => copy_ends::<4>(from, to, more),
        }
        texts.set_len(length + more);
    }
}

/// # Safety
/// `length` bytes are readable and writable, and `length` is between `WORD` and twice that.
#[inline]
unsafe fn copy_ends<const WORD: usize>(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: promised by the caller.
    unsafe {
        let first = from.cast::<[u8; WORD]>().read();
        let last = from.add(length - WORD).cast::<[u8; WORD]>().read();
        to.cast::<[u8; WORD]>().write(first);
        to.add(length - WORD).cast::<[u8; WORD]>().write(last);
    }
}

fn parse_default(json: &str) -> Result<Value, Error> {
    serde_json::from_str(json).map_err(|error| {
        Error::new(
            ErrorKind::InvalidJson,
            format!("the default that was to be answered: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_appended_as_they_are() {
        let mut texts = String::new();
        let mut expected = String::new();
        for round in 0..3 {
            texts.clear();
            expected.clear();
            for length in 0..80 {
                let text: String = ('a'..='z').cycle().skip(round).take(length).collect();
                push(&mut texts, &text);
                expected.push_str(&text);
                assert_eq!(texts, expected, "{length}");
            }
        }
    }
}

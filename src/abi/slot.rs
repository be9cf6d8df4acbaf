//! The caller's decision struct while it is being filled.

use super::decision::{flagstay_decision, flagstay_kind, flagstay_reason, flagstay_type};
use super::guard::{missing, size_of_given};
use super::handle::{Handle, Kind, end, handle, required_mut};
use super::status::flagstay_status;
use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::value::Value;
use crate::word;
use std::ffi::{c_char, c_void};
use std::fmt::{self, Write};
use std::mem::{MaybeUninit, offset_of, take};
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

/// A text as C sees it.
type Text = (*const c_char, usize);

/// The text that there is not.
const NO_TEXT: Text = (std::ptr::null(), 0);

/// The bytes of a word.
const WORD: usize = 8;

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
        let parsed: Value;
        let (value, json) = match (&decision.value, self.default) {
            (Answer::Prepared(prepared), _) => (Some(&prepared.value), Some(&*prepared.json)),
            (Answer::Made(value), _) => (Some(&**value), None),
            (Answer::Default, Some(json)) => {
                parsed = parse_default(json)?;
                (Some(&parsed), Some(json))
            }
            (Answer::Default, None) => (None, None),
        };
        self.texts.clear();
        // What is no text yet comes first, for writing it may move what lies there.
        let made = match &decision.value {
            Answer::Made(value) => Some(self.write(value)),
            _ => None,
        };
        let store_error = decision.store_error.as_ref().map(|error| self.write(error));
        let details = decision.details.as_ref().map(|details| self.write(details));
        let mut aside = MaybeUninit::<flagstay_decision>::uninit();
        let place = match self.is_whole() {
            true => self.target,
            // SAFETY: zeroes are a struct of integers and pointers.
            false => aside.write(unsafe { std::mem::zeroed() }),
        };
        // SAFETY: a struct of that size that is the caller's to lend; integers and pointers are in order whatever they
        // are.
        let out = unsafe { &mut *place };
        let mut pen = Pen::new(&mut self.texts);
        (out.store_error, out.store_error_len) = pen.written(store_error);
        (out.details_json, out.details_json_len) = pen.written(details);
        let json = match json {
            Some(json) => pen.copy(json),
            None => pen.written(made),
        };
        (out.value_json, out.value_json_len) = json;
        (out.value_text, out.value_text_len) = NO_TEXT;
        (out.value_boolean, out.value_number) = (0, 0.0);
        match value {
            // Without escapes it stands in the JSON, between the quotes.
            Some(Value::String(text)) if text.len() + 2 == json.1 => {
                (out.value_text, out.value_text_len) = (json.0.wrapping_add(1), text.len());
            }
            Some(Value::String(text)) => {
                (out.value_text, out.value_text_len) = pen.copy(text);
            }
            Some(Value::Bool(on)) => out.value_boolean = (*on).into(),
            Some(Value::Number(number)) => out.value_number = number.as_f64().unwrap_or(0.0),
            _ => {}
        }
        (out.flag, out.flag_len) = pen.copy(self.flag);
        let variation = decision.variation.as_deref();
        let id = decision.variation_id.as_deref();
        (out.variation, out.variation_len) = pen.copy_some(variation);
        (out.variation_id, out.variation_id_len) = match (variation, id) {
            // Where a platform has only names, a name is its own id.
            (Some(name), Some(id)) if std::ptr::eq(name, id) => (out.variation, out.variation_len),
            _ => pen.copy_some(id),
        };
        (out.rule_id, out.rule_id_len) = pen.copy_some(decision.rule_id.as_deref());
        (out.message, out.message_len) = pen.copy_some(decision.message.as_deref());
        if !pen.lift() {
            return self.fill_again(decision);
        }
        out.size = self.size;
        out.reason = flagstay_reason::from(decision.reason) as i32;
        out.error = flagstay_status::of_decision(decision.error) as i32;
        out.value_type = flagstay_type::of(value) as i32;
        out.found = decision.found.into();
        out.enabled = decision.enabled.into();
        out.sticky = decision.sticky.into();
        out.kind = flagstay_kind::of(decision.kind) as i32;
        // SAFETY: as above; and `size` bytes are the caller's.
        unsafe {
            (*place).storage = self.give_texts().cast();
            if !self.is_whole() {
                give_in_part(&*place, self.target, self.size);
            }
        }
        self.state = State::Filled;
        Ok(())
    }

    /// Once the storage has grown to what decisions need, once is enough. Not a loop: all that does not change in it
    /// would be got ready for more rounds than one.
    #[cold]
    #[inline(never)]
    fn fill_again(&mut self, decision: &Decision<'_>) -> Result<(), Error> {
        self.fill(decision)
    }

    /// Whether the caller's struct is the one that this library knows.
    #[inline(always)]
    fn is_whole(&self) -> bool {
        self.size == size_of::<flagstay_decision>()
    }

    /// Writes what is no text yet, and says where it lies.
    #[inline(never)]
    fn write(&mut self, what: &dyn fmt::Display) -> Range<usize> {
        let start = self.texts.len();
        // Writing to a String does not fail.
        let _ = write!(self.texts, "{what}");
        start..self.texts.len()
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

    /// Puts the struct in order although there is no decision.
    #[cold]
    #[inline(never)]
    fn fill_failed(&mut self) {
        const FAILED: &str = "the call failed; its status says how";
        let failed = || Decision::failed(ErrorCode::General, FAILED);
        let default_stands = self.state == State::Open && self.fill(&failed()).is_ok();
        if !default_stands {
            self.default = None;
            // Cannot fail: there is no default to be parsed.
            let _ = self.fill(&failed());
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
    #[inline]
    fn drop(&mut self) {
        if self.state != State::Filled {
            self.fill_failed();
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

/// Appends texts to a storage without moving any: what there is no room for is only counted.
struct Pen<'t> {
    texts: &'t mut String,
    start: *mut u8,
    length: usize,
}

impl<'t> Pen<'t> {
    #[inline(always)]
    fn new(texts: &'t mut String) -> Self {
        Pen {
            start: texts.as_mut_ptr(),
            length: texts.len(),
            texts,
        }
    }

    /// The texts of a decision are short: up to 32 bytes they are copied as two words that may overlap, where the call
    /// of a copy would cost more.
    #[inline(always)]
    fn copy(&mut self, text: &str) -> Text {
        let length = text.len();
        let place = self.start.wrapping_add(self.length);
        self.length += length;
        if self.length + WORD > self.texts.capacity() {
            return NO_TEXT;
        }
        let from = text.as_ptr();
        // SAFETY: there is room for `length` bytes, and for a word besides. What is appended is UTF-8.
        unsafe {
            match length {
                ..WORD => {
                    let word = word::of_few(text.as_bytes()).to_le_bytes();
                    place.cast::<[u8; WORD]>().write(word);
                }
                WORD..=16 => copy_ends::<WORD>(from, place, length),
                17..=32 => copy_ends::<16>(from, place, length),
                _ => place.copy_from_nonoverlapping(from, length),
            }
        }
        (place.cast(), length)
    }

    #[inline(always)]
    fn copy_some(&mut self, text: Option<&str>) -> Text {
        text.map_or(NO_TEXT, |text| self.copy(text))
    }

    /// What was written before, if anything was.
    #[inline(always)]
    fn written(&self, place: Option<Range<usize>>) -> Text {
        match place {
            Some(place) => (self.start.wrapping_add(place.start).cast(), place.len()),
            None => NO_TEXT,
        }
    }

    /// Leaves the texts in the storage, or, where there was not enough room for all of them, makes room.
    #[inline(always)]
    fn lift(self) -> bool {
        let fits = self.length + WORD <= self.texts.capacity();
        if fits {
            // SAFETY: all of it was written, texts as a whole.
            unsafe { self.texts.as_mut_vec().set_len(self.length) };
        } else {
            self.texts.clear();
            self.texts.reserve(self.length + WORD);
        }
        fits
    }
}

/// # Safety
/// `length` bytes are readable and writable, and `length` is between `SIZE` and twice that.
#[inline(always)]
unsafe fn copy_ends<const SIZE: usize>(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: promised by the caller.
    unsafe {
        let first = from.cast::<[u8; SIZE]>().read();
        let last = from.add(length - SIZE).cast::<[u8; SIZE]>().read();
        to.cast::<[u8; SIZE]>().write(first);
        to.add(length - SIZE).cast::<[u8; SIZE]>().write(last);
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
        let lengths = (0..80).rev().chain(0..80);
        let texts = lengths
            .map(|length| -> String { ('a'..='z').cycle().skip(length).take(length).collect() });
        let texts: Vec<String> = texts.collect();
        let mut storage = String::from("before");
        let mut rounds = 0;
        loop {
            rounds += 1;
            let mut pen = Pen::new(&mut storage);
            let placed: Vec<Text> = texts.iter().map(|text| pen.copy(text)).collect();
            if !pen.lift() {
                continue;
            }
            assert_eq!(storage, texts.concat());
            for ((start, length), text) in placed.into_iter().zip(&texts) {
                // SAFETY: what was placed lies in the storage.
                let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) };
                assert_eq!(bytes, text.as_bytes());
            }
            break;
        }
        assert_eq!(rounds, 2);
    }
}

//! How a callback of the host's gives text back, and how its reply is read.

use super::guard::guard_plain;
use std::ffi::{c_char, c_void};

/// What a callback of the host's returns. Zero is not a success, so that a reply which a language runtime zeroed by
/// itself (after an exception, say) counts as a failure.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum flagstay_store_result {
    /// The host could not do it. Text given to the sink, if any, is taken as the reason.
    FLAGSTAY_STORE_FAILURE = 0,
    /// The host did it.
    FLAGSTAY_STORE_DONE = 7001,
}

/// Takes the text that a callback returns: UTF-8, copied before the sink returns. `sink_context` is what the callback
/// was given. Call it at most once per callback, on the same thread, before the callback returns; a second call makes
/// the callback count as failed. Not calling it means "nothing": nothing stored, country unknown.
pub type flagstay_sink =
    Option<unsafe extern "C" fn(sink_context: *mut c_void, text: *const c_char, len: usize)>;

/// What a callback gave to its sink.
#[derive(Default)]
struct Reply {
    text: Option<Result<String, String>>,
    calls: u32,
}

unsafe extern "C" fn receive(sink_context: *mut c_void, text: *const c_char, len: usize) {
    // SAFETY: `sink_context` is the `Reply` of `call`, which is waiting for the callback on this thread.
    let Some(reply) = (unsafe { sink_context.cast::<Reply>().as_mut() }) else {
        return;
    };
    reply.calls = reply.calls.saturating_add(1);
    if reply.calls == 1 {
        // SAFETY: the callback promises `len` readable bytes.
        let copied = guard_plain(None, || Some(unsafe { copy(text, len) }));
        reply.text = Some(copied.unwrap_or_else(|| Err("unreadable text".to_owned())));
    }
}

/// # Safety
/// `text` is NULL or points to `len` readable bytes.
unsafe fn copy(text: *const c_char, len: usize) -> Result<String, String> {
    if len == 0 {
        return Ok(String::new());
    }
    if text.is_null() || len > isize::MAX as usize {
        return Err(format!("NULL or no text at all, with a length of {len}"));
    }
    let mut bytes = Vec::new();
    // A length that was never a length must not end the process for want of memory.
    bytes
        .try_reserve_exact(len)
        .map_err(|_| format!("a text of {len} bytes, more than there is memory for"))?;
    // SAFETY: promised by the caller.
    bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(text.cast::<u8>(), len) });
    String::from_utf8(bytes).map_err(|error| format!("text that is not UTF-8: {error}"))
}

/// Calls a callback named `name` with a sink, and reads what it returned and what it gave to the sink.
pub(super) fn call(
    name: &str,
    callback: impl FnOnce(flagstay_sink, *mut c_void) -> i32,
) -> Result<Option<String>, String> {
    let mut reply = Reply::default();
    let result = callback(Some(receive), (&raw mut reply).cast::<c_void>());
    let text = reply
        .text
        .transpose()
        .map_err(|what| format!("`{name}` gave its sink {what}"));
    if result != flagstay_store_result::FLAGSTAY_STORE_DONE as i32 {
        let said = text.ok().flatten().filter(|text| !text.is_empty());
        return Err(said.unwrap_or_else(|| format!("`{name}` returned {result}")));
    }
    if reply.calls > 1 {
        return Err(format!("`{name}` called its sink {} times", reply.calls));
    }
    text
}

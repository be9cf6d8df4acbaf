//! The client's side, as a C program sees it.

use super::host::told;
use crate::setting::{FLAG, colours};
use flagstay::abi::client::*;
use flagstay::abi::decision::{flagstay_decision, flagstay_decision_clear};
use flagstay::abi::evaluate::flagstay_evaluate;
use flagstay::abi::status::{flagstay_error_free, flagstay_error_message, flagstay_status};
use flagstay::abi::store::flagstay_store;
use flagstay::abi::string::{flagstay_string_data, flagstay_string_free};
use flagstay::abi::user::{flagstay_user, flagstay_user_free, flagstay_user_new};
use serde_json::{Value, json};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr::null;

/// A client's handle, as a C program holds it.
#[derive(Clone, Copy)]
pub struct Handle(*mut flagstay_client);

// SAFETY: the header says "Threads: any".
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// `flagstay_client_new` with an error that is looked at and freed.
pub fn new(
    config: &Value,
    store: *const flagstay_store,
) -> Result<Handle, (flagstay_status, String)> {
    let config = config.to_string();
    let mut client = MaybeUninit::uninit();
    let mut error = MaybeUninit::uninit();
    let status = unsafe {
        flagstay_client_new(
            config.as_ptr().cast(),
            config.len(),
            store,
            Some(&mut client),
            Some(&mut error),
        )
    };
    let (client, error) = unsafe { (client.assume_init(), error.assume_init()) };
    if status == flagstay_status::FLAGSTAY_OK {
        assert!(error.is_null());
        return Ok(Handle(client));
    }
    assert!(client.is_null());
    let error = unsafe { Box::from_raw(error) };
    let mut len = MaybeUninit::uninit();
    let message = flagstay_error_message(Some(&error), Some(&mut len));
    let message = unsafe { told(message, len.assume_init()) };
    flagstay_error_free(Some(error));
    Err((status, message))
}

pub fn config() -> Value {
    let ruleset: Value = serde_json::from_str(&colours(50)).unwrap();
    json!({ "ruleset": ruleset })
}

pub struct User(pub *mut flagstay_user);

impl User {
    pub fn new(key: &str) -> Self {
        let mut user = MaybeUninit::uninit();
        unsafe { flagstay_user_new(key.as_ptr().cast(), key.len(), Some(&mut user), None) };
        User(unsafe { user.assume_init() })
    }
}

impl Drop for User {
    fn drop(&mut self) {
        flagstay_user_free(Some(unsafe { Box::from_raw(self.0) }));
    }
}

#[derive(Debug, PartialEq)]
pub struct Seen {
    pub variation: String,
    pub sticky: bool,
    pub error: i32,
    pub store_error: String,
}

impl Handle {
    pub fn get(&self) -> Option<&flagstay_client> {
        unsafe { self.0.as_ref() }
    }

    pub fn decide(&self, key: &str) -> Seen {
        let user = User::new(key);
        let mut decision: flagstay_decision = unsafe { std::mem::zeroed() };
        decision.size = size_of::<flagstay_decision>();
        let status = unsafe {
            flagstay_evaluate(
                self.get(),
                user.0.as_ref(),
                FLAG.as_ptr().cast(),
                FLAG.len(),
                null(),
                &raw mut decision,
                None,
            )
        };
        assert_eq!(status, flagstay_status::FLAGSTAY_OK);
        let text = |text: *const c_char, len| match text.is_null() {
            true => String::new(),
            false => unsafe { told(text, len) },
        };
        let seen = Seen {
            variation: text(decision.variation, decision.variation_len),
            sticky: decision.sticky == 1,
            error: decision.error,
            store_error: text(decision.store_error, decision.store_error_len),
        };
        unsafe { flagstay_decision_clear(&raw mut decision) };
        seen
    }

    pub fn counters(&self) -> [u64; 3] {
        let store = self.store_status();
        ["writes", "failures", "garbage"].map(|name| store[name].as_u64().unwrap())
    }

    /// `store` of the status.
    pub fn store_status(&self) -> Value {
        let mut string = MaybeUninit::uninit();
        flagstay_client_status(self.get(), Some(&mut string), None);
        let string = unsafe { Box::from_raw(string.assume_init()) };
        let mut len = MaybeUninit::uninit();
        let data = flagstay_string_data(Some(&string), Some(&mut len));
        let status: Value =
            serde_json::from_str(&unsafe { told(data, len.assume_init()) }).unwrap();
        flagstay_string_free(Some(string));
        status["store"].clone()
    }

    pub fn close(&self) {
        let status = flagstay_client_close(self.get(), 1_000, None);
        assert_eq!(status, flagstay_status::FLAGSTAY_OK);
    }

    pub fn free(self) {
        flagstay_client_free(Some(unsafe { Box::from_raw(self.0) }));
    }
}

//! The host's side of the table of functions.

use super::handle::Handle;
use crate::process::DEADLINE;
use crate::setting::colours;
use flagstay::abi::client::flagstay_client_update;
use flagstay::abi::sink::{flagstay_sink, flagstay_store_result};
use flagstay::abi::status::flagstay_status;
use flagstay::abi::store::flagstay_store;
use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::ptr::null;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

pub const DONE: i32 = flagstay_store_result::FLAGSTAY_STORE_DONE as i32;
pub const FAILURE: i32 = flagstay_store_result::FLAGSTAY_STORE_FAILURE as i32;

/// What `get` does.
#[derive(Clone)]
pub enum Get {
    Well,
    /// Gives these texts to the sink, in this order, and returns this.
    Says(Vec<Vec<u8>>, i32),
    /// Gives NULL with a length to the sink, and claims to be done.
    SaysNull,
    /// Reports that it has been reached, then waits to be told to go on.
    Waits(Sender<()>, Arc<Mutex<Receiver<()>>>),
    /// Takes longer than the configuration calls slow.
    Sleeps,
    /// Uses the client that is asking, and closes it at last.
    CallsBack(Handle),
}

/// The host's side of the table.
pub struct Host {
    get: Mutex<Get>,
    pub held: Mutex<HashMap<(String, String), String>>,
    /// The threads on which `drop` was called.
    pub drops: Mutex<Vec<ThreadId>>,
}

impl Host {
    pub fn new() -> Arc<Self> {
        Arc::new(Host {
            get: Mutex::new(Get::Well),
            held: Mutex::default(),
            drops: Mutex::default(),
        })
    }

    pub fn does(&self, get: Get) {
        *self.get.lock().unwrap() = get;
    }

    pub fn drops(&self) -> usize {
        self.drops.lock().unwrap().len()
    }

    /// A table that lends this host out. The tests keep it alive for longer than any client.
    pub fn table(self: &Arc<Self>) -> flagstay_store {
        flagstay_store {
            size: size_of::<flagstay_store>(),
            context: Arc::as_ptr(self).cast_mut().cast(),
            drop: Some(on_drop),
            get: Some(on_get),
            set: Some(on_set),
            remove: Some(on_remove),
            load: None,
            set_if_absent: None,
        }
    }
}

unsafe fn host<'a>(context: *mut c_void) -> &'a Host {
    unsafe { &*context.cast::<Host>() }
}

pub unsafe fn told(text: *const c_char, len: usize) -> String {
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), len) };
    String::from_utf8(bytes.to_vec()).unwrap()
}

unsafe extern "C" fn on_drop(context: *mut c_void) {
    let thread = std::thread::current().id();
    unsafe { host(context) }.drops.lock().unwrap().push(thread);
}

unsafe extern "C" fn on_get(
    context: *mut c_void,
    unit: *const c_char,
    unit_len: usize,
    flag: *const c_char,
    flag_len: usize,
    sink: flagstay_sink,
    sink_context: *mut c_void,
) -> i32 {
    let sink = sink.unwrap();
    let host = unsafe { host(context) };
    assert_eq!(host.drops(), 0, "a store was asked after it was let go");
    let key = unsafe { (told(unit, unit_len), told(flag, flag_len)) };
    let get = host.get.lock().unwrap().clone();
    match get {
        Get::Says(texts, result) => {
            for text in texts {
                unsafe { sink(sink_context, text.as_ptr().cast(), text.len()) };
            }
            return result;
        }
        Get::SaysNull => {
            unsafe { sink(sink_context, null(), 3) };
            return DONE;
        }
        Get::Waits(reached, go_on) => {
            reached.send(()).unwrap();
            go_on.lock().unwrap().recv_timeout(DEADLINE).unwrap();
        }
        Get::Sleeps => std::thread::sleep(std::time::Duration::from_millis(20)),
        Get::CallsBack(client) => {
            // Once is enough.
            host.does(Get::Well);
            assert!(!client.decide("someone-else").sticky);
            assert!(client.decide("someone-else").sticky);
            assert_eq!(client.counters(), [1, 0, 0]);
            let document = colours(100);
            let status = unsafe {
                flagstay_client_update(client.get(), document.as_ptr().cast(), document.len(), None)
            };
            assert_eq!(status, flagstay_status::FLAGSTAY_OK);
            client.close();
        }
        Get::Well => {}
    }
    if let Some(text) = host.held.lock().unwrap().get(&key) {
        unsafe { sink(sink_context, text.as_ptr().cast(), text.len()) };
    }
    DONE
}

unsafe extern "C" fn on_set(
    context: *mut c_void,
    unit: *const c_char,
    unit_len: usize,
    flag: *const c_char,
    flag_len: usize,
    record: *const c_char,
    record_len: usize,
    _: flagstay_sink,
    _: *mut c_void,
) -> i32 {
    let key = unsafe { (told(unit, unit_len), told(flag, flag_len)) };
    let record = unsafe { told(record, record_len) };
    unsafe { host(context) }
        .held
        .lock()
        .unwrap()
        .insert(key, record);
    DONE
}

unsafe extern "C" fn on_remove(
    context: *mut c_void,
    unit: *const c_char,
    unit_len: usize,
    flag: *const c_char,
    flag_len: usize,
    _: flagstay_sink,
    _: *mut c_void,
) -> i32 {
    let key = unsafe { (told(unit, unit_len), told(flag, flag_len)) };
    unsafe { host(context) }.held.lock().unwrap().remove(&key);
    DONE
}

//! The host's store through the C ABI: what it returns, how it may misbehave, and that it is let go exactly once.

mod handle;
mod host;

use super::process::DEADLINE;
use super::setting::{FLAG, blue_users, record};
use flagstay::abi::assignments::{flagstay_forget, flagstay_peek};
use flagstay::abi::client::*;
use flagstay::abi::status::*;
use flagstay::abi::store::*;
use flagstay::abi::string::*;
use handle::{config, new};
use host::{DONE, FAILURE, Get, Host, told};
use serde_json::{Value, json};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

#[test]
fn whatever_get_does_the_decision_is_healthy_and_nothing_is_written_over() {
    let host = Host::new();
    let table = host.table();
    let client = new(&config(), &table).unwrap();
    let user = blue_users().next().unwrap();
    let key = (user.clone(), FLAG.to_owned());
    let green = record("green").to_string();
    host.held.lock().unwrap().insert(key, green.clone());
    let before = host.held.lock().unwrap().clone();
    let green = green.into_bytes();

    let cases: Vec<(Get, &str, [u64; 2])> = vec![
        (
            Get::Says(vec![], FAILURE),
            "the store failed: `get` returned 0",
            [1, 0],
        ),
        (
            Get::Says(vec![green.clone()], FAILURE),
            "the store failed: ",
            [1, 0],
        ),
        (
            Get::Says(vec![b"gone fishing".to_vec()], FAILURE),
            "the store failed: gone fishing",
            [1, 0],
        ),
        (
            Get::Says(vec![green.clone()], 1),
            "the store failed: ",
            [1, 0],
        ),
        (
            Get::Says(vec![green.clone(), green.clone()], DONE),
            "the store failed: `get` called its sink 2 times",
            [1, 0],
        ),
        (
            Get::Says(vec![b"\"\xff\"".to_vec()], DONE),
            "the store failed: `get` gave its sink text that is not UTF-8",
            [1, 0],
        ),
        (
            Get::SaysNull,
            "the store failed: `get` gave its sink ",
            [1, 0],
        ),
        (
            Get::Says(vec![b"{".to_vec()], DONE),
            "the store returned garbage: ",
            [0, 1],
        ),
        (
            Get::Says(vec![vec![]], DONE),
            "the store returned garbage: ",
            [0, 1],
        ),
    ];
    let mut expected = [0, 0, 0];
    for (get, said, counted) in cases {
        host.does(get);
        let seen = client.decide(&user);
        assert!(
            seen.store_error.starts_with(said),
            "{seen:?} instead of {said}"
        );
        assert_eq!(
            (seen.variation.as_str(), seen.sticky, seen.error),
            ("blue", false, 0)
        );
        assert_eq!(*host.held.lock().unwrap(), before);
        expected[1] += counted[0];
        expected[2] += counted[1];
        assert_eq!(client.counters(), expected, "after {said}");
    }
    host.does(Get::Well);
    let seen = client.decide(&user);
    assert_eq!((seen.variation.as_str(), seen.sticky), ("green", true));
    assert_eq!(seen.store_error, "");
    client.free();
    assert_eq!(host.drops(), 1);
}

#[test]
fn a_get_that_takes_its_time_is_waited_for_and_counted() {
    let host = Host::new();
    let mut config = config();
    config["store"] = json!({"slow_ms": 5});
    let client = new(&config, &host.table()).unwrap();
    host.does(Get::Sleeps);
    assert_eq!(client.decide("user").store_error, "");
    assert!(client.decide("user").sticky);
    let status = client.store_status();
    assert_eq!(status["kind"], "host");
    assert!(status["slow"].as_u64().unwrap() >= 2, "{status}");
    client.free();
}

#[test]
fn a_callback_may_use_and_close_the_client_that_called_it() {
    let host = Host::new();
    let client = new(&config(), &host.table()).unwrap();
    host.does(Get::CallsBack(client));
    let (done, wait) = channel();
    let user = blue_users().next().unwrap();
    let evaluation = std::thread::spawn(move || {
        done.send(client.decide(&user)).unwrap();
        std::thread::current().id()
    });
    let seen = wait.recv_timeout(DEADLINE).expect("it hangs, or panicked");
    // The decision goes on with what it began with: the ruleset and the store.
    assert_eq!((seen.variation.as_str(), seen.error), ("blue", 0));
    assert_eq!(seen.store_error, "");
    assert_eq!(host.held.lock().unwrap().len(), 2);
    let thread = evaluation.join().unwrap();
    assert_eq!(*host.drops.lock().unwrap(), [thread]);
    client.free();
    assert_eq!(host.drops(), 1);
}

#[test]
fn a_user_is_enrolled_peeked_at_and_forgotten_through_the_table() {
    let host = Host::new();
    let client = new(&config(), &host.table()).unwrap();
    let first = client.decide("user");
    assert!(!first.sticky);
    assert!(client.decide("user").sticky);
    let mut string = MaybeUninit::uninit();
    let status = unsafe {
        flagstay_peek(
            client.get(),
            "user".as_ptr().cast(),
            4,
            FLAG.as_ptr().cast(),
            FLAG.len(),
            Some(&mut string),
            None,
        )
    };
    assert_eq!(status, flagstay_status::FLAGSTAY_OK);
    let string = unsafe { Box::from_raw(string.assume_init()) };
    let mut len = MaybeUninit::uninit();
    let data = flagstay_string_data(Some(&string), Some(&mut len));
    let peeked: Value = serde_json::from_str(&unsafe { told(data, len.assume_init()) }).unwrap();
    assert_eq!(peeked, record(&first.variation));
    flagstay_string_free(Some(string));
    let mut removed = MaybeUninit::uninit();
    unsafe {
        flagstay_forget(
            client.get(),
            "user".as_ptr().cast(),
            4,
            Some(&mut removed),
            None,
        )
    };
    assert_eq!(unsafe { removed.assume_init() }, 1);
    assert!(host.held.lock().unwrap().is_empty());
    client.free();
}

#[test]
fn a_client_that_cannot_be_made_lets_the_store_go_once() {
    let no_get = |mut table: flagstay_store| {
        table.get = None;
        table
    };
    let cases = [
        (
            "an unknown option",
            json!({"colour": "blue"}),
            Host::new(),
            false,
        ),
        (
            "a broken ruleset",
            json!({"ruleset": {"format": 9}}),
            Host::new(),
            false,
        ),
        (
            "two stores",
            json!({"store": "memory:"}),
            Host::new(),
            false,
        ),
        ("a table without `get`", config(), Host::new(), true),
    ];
    for (what, config, host, without_get) in cases {
        let table = match without_get {
            true => no_get(host.table()),
            false => host.table(),
        };
        assert!(new(&config, &table).is_err(), "{what}");
        assert_eq!(host.drops(), 1, "{what}");
    }
    // No place for the handle.
    let host = Host::new();
    let text = config().to_string();
    let status =
        unsafe { flagstay_client_new(text.as_ptr().cast(), text.len(), &host.table(), None, None) };
    assert_eq!(status, flagstay_status::FLAGSTAY_INVALID_ARGUMENT);
    assert_eq!(host.drops(), 1);
    // A configuration that is no text.
    let host = Host::new();
    let mut client = MaybeUninit::uninit();
    let status =
        unsafe { flagstay_client_new(c"\xff".as_ptr(), 1, &host.table(), Some(&mut client), None) };
    assert_eq!(status, flagstay_status::FLAGSTAY_INVALID_UTF8);
    assert_eq!(host.drops(), 1);
}

#[test]
fn a_table_of_a_newer_header_is_let_go_once_also_when_it_is_refused() {
    #[repr(C)]
    struct Newer {
        table: flagstay_store,
        more: *mut c_void,
    }
    for (more, refused) in [(null_mut(), false), (std::ptr::dangling_mut(), true)] {
        let host = Host::new();
        let mut newer = Newer {
            table: host.table(),
            more,
        };
        newer.table.size = size_of::<Newer>();
        match new(&config(), (&raw const newer).cast()) {
            Ok(client) => client.free(),
            Err((status, message)) => {
                assert!(refused, "{message}");
                assert_eq!(status, flagstay_status::FLAGSTAY_INVALID_ARGUMENT);
            }
        }
        assert_eq!(host.drops(), 1, "refused: {refused}");
    }
}

#[test]
fn closing_twice_and_freeing_let_the_store_go_once_on_the_closing_thread() {
    let host = Host::new();
    let client = new(&config(), &host.table()).unwrap();
    client.decide("user");
    assert_eq!(host.drops(), 0);
    client.close();
    assert_eq!(*host.drops.lock().unwrap(), [std::thread::current().id()]);
    client.close();
    let seen = client.decide("user");
    let not_ready = flagstay_status::FLAGSTAY_PROVIDER_NOT_READY as i32;
    assert_eq!(seen.error, not_ready);
    client.free();
    assert_eq!(host.drops(), 1);
}

#[test]
fn a_store_in_use_while_the_client_is_closed_is_let_go_by_the_thread_that_uses_it() {
    let host = Host::new();
    let client = new(&config(), &host.table()).unwrap();
    let user = blue_users().next().unwrap();
    let (reached, wait) = channel();
    let (go_on, told_to) = channel();
    host.does(Get::Waits(reached, Arc::new(Mutex::new(told_to))));
    let evaluation = std::thread::spawn({
        let user = user.clone();
        // The whole handle moves, not the pointer in it.
        move || (client.decide(&user), std::thread::current().id())
    });
    wait.recv_timeout(DEADLINE).unwrap();
    client.close();
    // It is in the middle of a call: it must not have been let go.
    assert_eq!(host.drops(), 0);
    go_on.send(()).unwrap();
    let (seen, thread) = evaluation.join().unwrap();
    // The decision that was going on is a whole one, and its user is enrolled.
    assert_eq!((seen.variation.as_str(), seen.error), ("blue", 0));
    assert_eq!(host.held.lock().unwrap().len(), 1);
    assert_eq!(*host.drops.lock().unwrap(), [thread]);
    client.free();
    assert_eq!(host.drops(), 1);
}

//! Stores in Rust that misbehave, one way at a time.

use super::process::DEADLINE;
use super::setting::{FLAG, blue_users, client_with, colours, counter, decide, decide_in, record};
use flagstay::client::Client;
use flagstay::ruleset::{Metric, Mode};
use flagstay::sticky::host::{Host, HostStore};
use flagstay::user::User;
use serde_json::Value;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

/// What a store does before it does what it is asked to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Well,
    FailsToRead,
    FailsToWrite,
    Sleeps,
    Panics,
    CallsBack,
}

type Held = HashMap<(String, String), String>;

struct Moody {
    mood: Mutex<Mood>,
    held: Mutex<Held>,
    client: OnceLock<Weak<Client>>,
}

/// A client, and a hand on its store.
struct Case {
    client: Arc<Client>,
    store: Arc<Moody>,
}

struct Shared(Arc<Moody>);

impl Case {
    fn new() -> Self {
        let store = Arc::new(Moody {
            mood: Mutex::new(Mood::Well),
            held: Mutex::default(),
            client: OnceLock::new(),
        });
        let shared = Shared(Arc::clone(&store));
        let client = Arc::new(client_with(50, Arc::new(HostStore::new(shared))));
        store.client.set(Arc::downgrade(&client)).unwrap();
        Case { client, store }
    }

    fn is(&self, mood: Mood) {
        *self.store.mood.lock().unwrap() = mood;
    }

    fn put(&self, user: &str, record: impl ToString) {
        let key = (user.to_owned(), FLAG.to_owned());
        self.store
            .held
            .lock()
            .unwrap()
            .insert(key, record.to_string());
    }

    fn held(&self) -> Held {
        self.store.held.lock().unwrap().clone()
    }

    /// Not among them: `slow`, which a busy machine may raise at any time.
    fn counters(&self) -> [u64; 4] {
        ["writes", "lost_races", "failures", "garbage"].map(|name| counter(&self.client, name))
    }
}

impl Moody {
    fn meet(&self, reading: bool) -> Result<(), String> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::FailsToRead if reading => Err("no route to store".to_owned()),
            Mood::FailsToWrite if !reading => Err("disk full".to_owned()),
            Mood::Panics => panic!("store in flames"),
            Mood::Sleeps => {
                std::thread::sleep(Duration::from_millis(20));
                Ok(())
            }
            Mood::CallsBack => {
                self.call_back();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Does with the client what a host may do anywhere.
    fn call_back(&self) {
        thread_local!(static INSIDE: Cell<bool> = const { Cell::new(false) });
        let Some(client) = self.client.get().and_then(Weak::upgrade) else {
            return;
        };
        if INSIDE.replace(true) {
            return;
        }
        assert_eq!(decide(&client, "someone-else").error, None);
        client.update(&colours(50)).unwrap();
        client.peek("someone-else", FLAG).unwrap().unwrap();
        assert_eq!(client.forget("someone-else"), Ok(1));
        assert_eq!(client.status()["state"], "READY");
        let user = User::new("someone-else");
        let metric = Metric {
            event: "called-back",
            user: &user,
            value: None,
            properties: None,
            flags: None,
        };
        assert_eq!(client.track(&metric), Ok(true));
        assert!(!client.drain_events(usize::MAX).is_empty());
        INSIDE.set(false);
    }
}

impl Host for Shared {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<String>, String> {
        self.0.meet(true)?;
        let key = (unit.to_owned(), flag.to_owned());
        Ok(self.0.held.lock().unwrap().get(&key).cloned())
    }

    fn set(&self, unit: &str, flag: &str, record: &str) -> Result<(), String> {
        self.0.meet(false)?;
        let key = (unit.to_owned(), flag.to_owned());
        self.0.held.lock().unwrap().insert(key, record.to_owned());
        Ok(())
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), String> {
        self.0.meet(false)?;
        let key = (unit.to_owned(), flag.to_owned());
        self.0.held.lock().unwrap().remove(&key);
        Ok(())
    }

    fn load(&self, _: &str) -> Option<Result<Option<String>, String>> {
        None
    }

    fn set_if_absent(&self, _: &str, _: &str, _: &str) -> Option<Result<String, String>> {
        None
    }
}

/// Runs `work` on a thread of its own; a deadlock fails the test.
fn in_time(work: impl FnOnce() + Send + 'static) {
    let (done, wait) = channel();
    let thread = std::thread::spawn(move || {
        work();
        done.send(()).unwrap();
    });
    if wait.recv_timeout(DEADLINE).is_err() {
        assert!(thread.is_finished(), "it hangs");
        thread.join().unwrap();
    }
}

#[test]
fn a_store_that_cannot_be_read_costs_the_stickiness_and_not_the_decision() {
    let case = Case::new();
    let user = blue_users().next().unwrap();
    case.put(&user, record("green"));
    let before = case.held();
    case.is(Mood::FailsToRead);
    let decided = decide(&case.client, &user);
    assert_eq!(
        (decided.variation.as_str(), decided.sticky),
        ("blue", false)
    );
    assert_eq!(decided.error, None);
    assert_eq!(
        decided.store_error.as_deref(),
        Some("the store failed: no route to store")
    );
    // Nobody knew what was stored, so it was not written over.
    assert_eq!(case.held(), before);
    assert_eq!(case.counters(), [0, 0, 1, 0]);
    assert!(case.client.peek(&user, FLAG).is_err());
    assert_eq!(case.counters(), [0, 0, 2, 0]);
    let status = case.client.status();
    assert_eq!(
        status["store"]["last_error"],
        "the store failed: no route to store"
    );

    case.is(Mood::Well);
    let decided = decide(&case.client, &user);
    assert_eq!(
        (decided.variation.as_str(), decided.sticky),
        ("green", true)
    );
    assert_eq!(decided.store_error, None);
}

#[test]
fn a_store_that_cannot_be_written_leaves_new_users_new() {
    let case = Case::new();
    case.is(Mood::FailsToWrite);
    let user = blue_users().next().unwrap();
    for _ in 0..2 {
        let decided = decide(&case.client, &user);
        assert_eq!(
            (decided.variation.as_str(), decided.sticky),
            ("blue", false)
        );
        assert_eq!(
            decided.store_error.as_deref(),
            Some("the store failed: disk full")
        );
    }
    assert_eq!(case.counters(), [0, 0, 2, 0]);
    case.is(Mood::Well);
    assert!(!decide(&case.client, &user).sticky);
    assert!(decide(&case.client, &user).sticky);
    assert_eq!(case.counters(), [1, 0, 2, 0]);
}

#[test]
fn garbage_is_not_believed_and_not_written_over() {
    let case = Case::new();
    let user = blue_users().next().unwrap();
    let garbage = [
        "",
        "{oops",
        "[]",
        "7",
        "null",
        r#"{"splits":7}"#,
        r#"{"splits":{"colours":"blue"}}"#,
    ];
    for (n, text) in garbage.iter().enumerate() {
        case.put(&user, text);
        let before = case.held();
        let decided = decide(&case.client, &user);
        assert_eq!(
            (decided.variation.as_str(), decided.sticky),
            ("blue", false),
            "{text}"
        );
        assert_eq!(decided.error, None);
        let said = decided.store_error.unwrap_or_default();
        assert!(
            said.starts_with("the store returned garbage"),
            "{text}: {said}"
        );
        assert_eq!(case.held(), before);
        assert_eq!(case.counters(), [0, 0, 0, n as u64 + 1]);
    }
}

#[test]
fn a_slow_store_is_waited_for_and_counted() {
    let case = Case::new();
    case.is(Mood::Sleeps);
    let user = blue_users().next().unwrap();
    assert_eq!(decide(&case.client, &user).store_error, None);
    assert!(decide(&case.client, &user).sticky);
    // A read and a write, then a read, each over the 5 ms of the configuration.
    assert!(counter(&case.client, "slow") >= 3);
    assert_eq!(case.counters(), [1, 0, 0, 0]);
}

#[test]
fn a_store_may_call_back_into_the_client_that_called_it() {
    in_time(|| {
        let case = Case::new();
        case.is(Mood::CallsBack);
        let user = blue_users().next().unwrap();
        assert_eq!(decide(&case.client, &user).variation, "blue");
        assert!(decide(&case.client, &user).sticky);
        assert_eq!(case.client.forget(&user), Ok(1));
        assert_eq!(case.counters()[2..], [0, 0]);
    });
}

#[test]
fn a_store_that_panics_has_failed_like_one_that_says_so() {
    let case = Case::new();
    let user = blue_users().next().unwrap();
    case.put(&user, record("green"));
    let before = case.held();
    case.is(Mood::Panics);
    for mode in [Mode::Expose, Mode::Read] {
        let decided = decide_in(mode, &case.client, &user);
        assert_eq!((decided.variation.as_str(), decided.error), ("blue", None));
        let said = decided.store_error.unwrap();
        assert_eq!(said, "the store failed: it panicked: store in flames");
    }
    assert!(case.client.peek(&user, FLAG).is_err());
    assert!(case.client.forget(&user).is_err());
    assert_eq!(case.counters(), [0, 0, 4, 0]);
    assert_eq!(case.held(), before);
    case.is(Mood::Well);
    assert!(decide(&case.client, &user).sticky);
}

#[test]
fn a_store_may_close_the_client_that_is_asking_it() {
    #[derive(Clone)]
    struct Closing(Arc<OnceLock<Weak<Client>>>);
    impl Host for Closing {
        fn get(&self, _: &str, _: &str) -> Result<Option<String>, String> {
            if let Some(client) = self.0.get().and_then(Weak::upgrade) {
                client.close();
            }
            Ok(Some(record("green").to_string()))
        }
        fn set(&self, _: &str, _: &str, _: &str) -> Result<(), String> {
            Ok(())
        }
        fn remove(&self, _: &str, _: &str) -> Result<(), String> {
            Ok(())
        }
        fn load(&self, _: &str) -> Option<Result<Option<String>, String>> {
            None
        }
        fn set_if_absent(&self, _: &str, _: &str, _: &str) -> Option<Result<String, String>> {
            None
        }
    }
    in_time(|| {
        let host = Closing(Arc::default());
        let store = Arc::new(HostStore::new(host.clone()));
        let client = Arc::new(client_with(50, store));
        host.0.set(Arc::downgrade(&client)).unwrap();
        // The decision that was going on is finished; the next one is refused.
        assert_eq!(decide(&client, "user").variation, "green");
        assert_eq!(decide(&client, "user").variation, "none");
        assert_eq!(client.status()["state"], Value::from("OFF"));
        assert_eq!(
            Arc::strong_count(&host.0),
            1,
            "the store has not been let go"
        );
    });
}

use super::process::{self, hear, say, start, stop_after};
use super::setting::{FLAG, client, client_with, colours, counter, decide, sqlite};
use flagstay::client::Client;
use flagstay::ruleset::Metric;
use flagstay::sticky::host::{Host, HostStore};
use flagstay::user::User;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const FORKS: u32 = 10;
/// For a child, and for its parent to wait for it.
const SHORT: Duration = Duration::from_secs(30);

/// Runs `work` in a forked child that ends as a program does, and waits for it.
fn in_a_child(work: impl FnOnce()) {
    // SAFETY: what the child may do is what is tested here.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork: {}", std::io::Error::last_os_error()),
        0 => {
            stop_after(SHORT);
            let good = catch_unwind(AssertUnwindSafe(work)).is_ok();
            std::process::exit(if good { 0 } else { 1 });
        }
        child => wait_for(child),
    }
}

fn wait_for(child: libc::pid_t) {
    let until = Instant::now() + SHORT + Duration::from_secs(5);
    loop {
        let mut status = 0;
        // SAFETY: a child of this process, and a place for its status.
        let ended = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        if ended == child {
            assert_eq!(status, 0, "the child failed, or hung until it was ended");
            return;
        }
        assert_eq!(ended, 0);
        assert!(Instant::now() < until, "the child does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn track(client: &Client, event: &str) {
    let user = User::new("someone");
    let metric = Metric {
        event,
        user: &user,
        value: None,
        properties: None,
        flags: None,
    };
    assert_eq!(client.track(&metric), Ok(true));
}

fn names(events: Vec<Value>) -> Vec<String> {
    events
        .iter()
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect()
}

/// Everything that a client can do, in a child.
fn live(client: &Client, round: u32, inherited: &[(String, String)]) {
    // What waited to be drained waits in the parent.
    assert_eq!(client.drain_events(usize::MAX), Vec::<Value>::new());
    for (user, variation) in inherited {
        let decided = decide(client, user);
        assert_eq!((&decided.variation, decided.sticky), (variation, true));
    }
    let mine = |n: u32| format!("child-{round}-{n}");
    for n in 0..150 {
        // Of many users some meet every part of a store, also the one in which a thread of the parent was busy.
        let first = decide(client, &mine(n));
        assert_eq!((first.sticky, first.store_error), (false, None));
    }
    client.update(&colours(0)).unwrap();
    client.update("{").unwrap_err();
    client.update(&colours(100)).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..150 {
                assert!(decide(client, &mine(n)).sticky);
            }
        });
    });
    assert!(client.peek(&mine(0), FLAG).unwrap().is_some());
    assert_eq!(client.forget(&mine(0)), Ok(1));
    assert_eq!(client.peek(&mine(0), FLAG), Ok(None));
    let event = format!("of child {round}");
    track(client, &event);
    assert_eq!(client.status()["events"]["queued"], json!(1));
    assert_eq!(names(client.drain_events(usize::MAX)), [event]);
    let status = client.status();
    assert_eq!(status["state"], "READY");
    assert_eq!(status["store"]["failures"], json!(0), "{status}");
    client.close();
}

/// Forks again and again while other threads do everything that a client can do.
fn fork_while_busy(client: &Client, fork: &dyn Fn(&mut dyn FnMut())) {
    let inherited: Vec<(String, String)> = (0..20)
        .map(|n| format!("before-{n}"))
        .map(|user| (user.clone(), decide(client, &user).variation))
        .collect();
    let stop = AtomicBool::new(false);
    let tracked = AtomicU64::new(0);
    let drained: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        // Threads stop also when a fork fails its test.
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Relaxed);
            }
        }
        let _stop = Stop(&stop);
        for thread in 0..2 {
            let (stop, tracked) = (&stop, &tracked);
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Relaxed) {
                        return;
                    }
                    let decided = decide(client, &format!("parent-{thread}-{n}"));
                    assert_eq!((decided.error, decided.store_error), (None, None));
                    assert!(decide(client, &format!("before-{}", n % 20)).sticky);
                    track(client, &format!("of parent {thread} {n}"));
                    tracked.fetch_add(1, Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                client.update(&colours(50)).unwrap();
                client.update("{").unwrap_err();
                client.status();
            }
        });
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                drained
                    .lock()
                    .unwrap()
                    .extend(names(client.drain_events(100)));
                client.forget("parent-0-1").unwrap();
            }
        });
        for round in 0..FORKS {
            fork(&mut || in_a_child(|| live(client, round, &inherited)));
        }
    });
    // The parent has not noticed: everything that was tracked has come out once, and nothing else.
    let mut drained = drained.into_inner().unwrap();
    drained.extend(names(client.drain_events(usize::MAX)));
    let tracked = tracked.into_inner();
    assert!(tracked > 0);
    assert_eq!(drained.len() as u64, tracked);
    let different: HashSet<&String> = drained.iter().collect();
    assert_eq!(different.len() as u64, tracked);
    assert!(drained.iter().all(|event| event.starts_with("of parent ")));
    assert_eq!(counter(client, "failures"), 0);
    assert!(!decide(client, "after").sticky);
    assert!(decide(client, "after").sticky);
}

fn just_fork(fork: &mut dyn FnMut()) {
    fork();
}

#[test]
fn a_client_with_a_memory_store_is_forked_by_a_busy_process() {
    const TEST: &str = "forks::a_client_with_a_memory_store_is_forked_by_a_busy_process";
    if process::role().is_some() {
        return fork_while_busy(&client(50, json!("memory:")), &just_fork);
    }
    start(TEST, &["parent"]).finish();
}

#[test]
fn a_client_with_an_sqlite_store_is_forked_by_a_busy_process() {
    const TEST: &str = "forks::a_client_with_an_sqlite_store_is_forked_by_a_busy_process";
    if let Some(role) = process::role() {
        let client = client(50, sqlite(Path::new(&role[0])));
        return fork_while_busy(&client, &just_fork);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flags.db");
    start(TEST, &[path.to_str().unwrap()]).finish();
    // What the children enrolled before they ended is there, next to what the parent enrolled.
    let after = client(50, sqlite(&path));
    assert!(decide(&after, "after").sticky);
    for round in 0..FORKS {
        for n in 1..150 {
            assert!(decide(&after, &format!("child-{round}-{n}")).sticky);
        }
    }
}

/// A host that has a lock of its own, and looks after it.
#[derive(Clone, Default)]
struct Map(Arc<Mutex<HashMap<(String, String), String>>>);

impl Host for Map {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<String>, String> {
        let key = (unit.to_owned(), flag.to_owned());
        Ok(self.0.lock().unwrap().get(&key).cloned())
    }
    fn set(&self, unit: &str, flag: &str, record: &str) -> Result<(), String> {
        let key = (unit.to_owned(), flag.to_owned());
        self.0.lock().unwrap().insert(key, record.to_owned());
        Ok(())
    }
    fn remove(&self, unit: &str, flag: &str) -> Result<(), String> {
        let key = (unit.to_owned(), flag.to_owned());
        self.0.lock().unwrap().remove(&key);
        Ok(())
    }
    fn load(&self, _: &str) -> Option<Result<Option<String>, String>> {
        None
    }
    fn set_if_absent(
        &self,
        unit: &str,
        flag: &str,
        record: &str,
    ) -> Option<Result<String, String>> {
        let key = (unit.to_owned(), flag.to_owned());
        let mut held = self.0.lock().unwrap();
        Some(Ok(held
            .entry(key)
            .or_insert_with(|| record.to_owned())
            .clone()))
    }
}

#[test]
fn a_client_with_a_store_of_the_hosts_is_forked_by_a_busy_process() {
    const TEST: &str = "forks::a_client_with_a_store_of_the_hosts_is_forked_by_a_busy_process";
    if process::role().is_some() {
        let map = Map::default();
        let client = client_with(50, Arc::new(HostStore::new(map.clone())));
        return fork_while_busy(&client, &|fork| {
            let quiet = map.0.lock().unwrap();
            // SAFETY: as in `in_a_child`.
            match unsafe { libc::fork() } {
                0 => {
                    drop(quiet);
                    // The child of the child does what is tested; this one hands its result on.
                    let good = catch_unwind(AssertUnwindSafe(&mut *fork)).is_ok();
                    std::process::exit(if good { 0 } else { 1 });
                }
                child => {
                    drop(quiet);
                    wait_for(child);
                }
            }
        });
    }
    start(TEST, &["parent"]).finish();
}

/// Forks a child that lives on when this process has ended.
fn leave_a_child_behind(path: &Path) {
    let client = client(50, sqlite(path));
    decide(&client, "of the parent");
    // SAFETY: this process has one thread besides the harness's, which waits.
    if unsafe { libc::fork() } != 0 {
        client.close();
        // Not by `exit`: what is told to the test is the child's to tell.
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    stop_after(SHORT);
    assert!(decide(&client, "of the parent").sticky);
    decide(&client, "of the child, early");
    say("waiting");
    assert_eq!(hear(), "go on");
    for n in 0..2_000 {
        let decided = decide(&client, &format!("of the child, {n}"));
        assert_eq!(decided.store_error, None);
    }
    say("done");
    std::process::exit(0);
}

#[test]
fn a_child_that_outlives_its_parent_loses_nothing_when_others_close_the_file() {
    const TEST: &str =
        "forks::a_child_that_outlives_its_parent_loses_nothing_when_others_close_the_file";
    if let Some(role) = process::role() {
        return leave_a_child_behind(Path::new(&role[0]));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flags.db");
    let mut process = start(TEST, &[path.to_str().unwrap()]);
    process.expect("waiting");
    // Somebody who uses the file with SQLite's own manners: the last one to leave empties and deletes the log. A child
    // that only believed to hold its locks would go on writing into the deleted one.
    let other = rusqlite::Connection::open(&path).unwrap();
    let seen: i64 = other
        .query_row("SELECT count(*) FROM assignments", [], |row| row.get(0))
        .unwrap();
    assert_eq!(seen, 2);
    drop(other);
    process.tell("go on");
    process.expect("done");
    let after = client(0, sqlite(&path));
    for n in 0..2_000 {
        assert!(decide(&after, &format!("of the child, {n}")).sticky, "{n}");
    }
    assert!(decide(&after, "of the child, early").sticky);
}

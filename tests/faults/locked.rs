use super::process::{self, hear, say, start};
use super::setting::{FLAG, by_the_rules, client, counter, decide};
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Keeps the file locked from one line to the next.
fn lock(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    say("locked");
    assert_eq!(hear(), "unlock");
    connection.execute_batch("ROLLBACK").unwrap();
    say("unlocked");
}

#[test]
fn a_file_locked_for_longer_than_the_timeout_costs_the_enrolment_and_not_the_decision() {
    const TEST: &str = "locked::a_file_locked_for_longer_than_the_timeout_costs_the_enrolment_and_not_the_decision";
    if let Some(role) = process::role() {
        return lock(Path::new(&role[0]));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flags.db");
    let url = format!("sqlite:{}", path.display());
    let store = json!({"url": url, "busy_timeout_ms": 60, "slow_ms": 30});
    let client = client(50, store);
    let old = decide(&client, "old");
    assert_eq!(counter(&client, "writes"), 1);

    let mut process = start(TEST, &[path.to_str().unwrap()]);
    process.expect("locked");
    // Who is enrolled keeps the assignment: reads do not wait for writes.
    assert_eq!(decide(&client, "old").variation, old.variation);
    assert_eq!(counter(&client, "failures"), 0);
    // Who is not gets the answer of the rules, after the timeout, however many wait at once.
    let began = Instant::now();
    let said: Vec<String> = std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8)
            .map(|n| {
                let client = &client;
                scope.spawn(move || {
                    let user = format!("new-{n}");
                    let decided = decide(client, &user);
                    assert_eq!(decided.error, None);
                    assert_eq!(decided.variation, by_the_rules(50, &user));
                    decided.store_error.expect("a store error")
                })
            })
            .collect();
        waiting.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Some wait for the file, and some for those of this process who wait for it.
    let locked = "locked by another process for more than 60 ms";
    assert!(said.iter().any(|said| said.contains(locked)), "{said:?}");
    let busy = "busy for too long with other threads' calls";
    assert!(
        said.iter()
            .all(|said| said.contains(locked) || said.contains(busy)),
        "{said:?}"
    );
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(60), "{took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(counter(&client, "failures"), 8);
    assert!(counter(&client, "slow") >= 8);
    assert_eq!(counter(&client, "writes"), 1);

    process.tell("unlock");
    process.expect("unlocked");
    process.finish();
    // Nothing of that was kept for later: the users are new still, and are enrolled by what the rules say then.
    for n in 0..8 {
        assert_eq!(client.peek(&format!("new-{n}"), FLAG), Ok(None));
    }
    assert_eq!(decide(&client, "new-0").store_error, None);
    assert!(decide(&client, "new-0").sticky);
    assert_eq!(counter(&client, "failures"), 8);
    assert_eq!(counter(&client, "writes"), 2);
}

/// Opens the file as somebody who may read it and nothing else.
fn open_without_rights(path: &str) {
    // SAFETY: a process of its own with one busy thread; nothing depends on its identity.
    unsafe {
        if libc::geteuid() == 0 {
            assert_eq!(libc::setresuid(65_534, 65_534, 65_534), 0);
        }
    }
    match flagstay::sticky::sqlite::SqliteStore::open(path, Duration::ZERO) {
        Ok(_) => say("opened"),
        Err(error) => say(&format!("{:?} {error}", error.kind)),
    }
}

#[test]
fn a_file_that_may_not_be_written_is_refused_when_it_is_opened() {
    const TEST: &str = "locked::a_file_that_may_not_be_written_is_refused_when_it_is_opened";
    if let Some(role) = process::role() {
        return open_without_rights(&role[0]);
    }
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flags.db");
    drop(client(
        50,
        json!({"url": format!("sqlite:{}", path.display())}),
    ));
    let readable = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    readable(directory.path(), 0o555);
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        readable(&entry.unwrap().path(), 0o444);
    }
    let said = start(TEST, &[path.to_str().unwrap()]).finish();
    readable(directory.path(), 0o755);
    let expected = format!(
        "InvalidConfig store: sqlite:{}: the file is not writable",
        path.display()
    );
    assert_eq!(said, [expected]);
}

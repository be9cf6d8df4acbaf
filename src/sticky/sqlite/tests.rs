use super::*;
use crate::error::ErrorKind;
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PATIENT: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(30);

fn record(variation: &str) -> Record {
    Arc::new(json!({ "variation": variation }))
}

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("flags.db");
    (directory, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path.to_str().unwrap(), PATIENT).unwrap()
}

/// A database as another program sees it.
fn outside(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn refusal(path: &str) -> Error {
    match SqliteStore::open(path, SHORT) {
        Ok(_) => panic!("`{path}` was opened"),
        Err(error) => error,
    }
}

#[test]
fn the_first_writer_wins_across_stores_that_share_a_file() {
    let (_directory, path) = place();
    let (one, other) = (open(&path), open(&path));
    assert_eq!(one.claim("u", "f", None, record("a")), Ok(record("a")));
    assert_eq!(other.claim("u", "f", None, record("b")), Ok(record("a")));
    assert_eq!(other.get("u", "f"), Ok(Some(record("a"))));
    assert_eq!(other.get("u", "g"), Ok(None));
}

#[test]
fn a_record_is_replaced_only_while_it_is_what_was_read() {
    let (_directory, path) = place();
    let store = open(&path);
    store.set("u", "f", &record("b")).unwrap();
    let stale = record("a");
    let standing = store.claim("u", "f", Some(&stale), record("c"));
    assert_eq!(standing, Ok(record("b")));
    let read = store.get("u", "f").unwrap().unwrap();
    let standing = store.claim("u", "f", Some(&read), record("c"));
    assert_eq!(standing, Ok(record("c")));
    assert_eq!(store.get("u", "f"), Ok(Some(record("c"))));
}

#[test]
fn what_was_read_is_compared_as_json_and_not_as_text() {
    let (_directory, path) = place();
    let store = open(&path);
    store.set("u", "f", &json!({"a": 1, "b": 2})).unwrap();
    outside(&path)
        .execute(
            "UPDATE assignments SET record = '{ \"b\": 2.0, \"a\": 1 }'",
            [],
        )
        .unwrap();
    let read = Arc::new(json!({"a": 1, "b": 2}));
    let standing = store.claim("u", "f", Some(&read), record("c"));
    assert_eq!(standing, Ok(record("c")));
}

#[test]
fn a_record_that_was_removed_meanwhile_stands_in_nobodys_way() {
    let (_directory, path) = place();
    let store = open(&path);
    let gone = record("a");
    let standing = store.claim("u", "f", Some(&gone), record("b"));
    assert_eq!(standing, Ok(record("b")));
    store.remove("u", "f").unwrap();
    store.remove("u", "f").unwrap();
    assert_eq!(store.get("u", "f"), Ok(None));
}

#[test]
fn forget_removes_everything_of_one_unit_and_nothing_else() {
    let (_directory, path) = place();
    let store = open(&path);
    for (unit, flag) in [("u", "g"), ("u", "f"), ("v", "f")] {
        store.set(unit, flag, &record(flag)).unwrap();
    }
    let held = vec![("f".to_owned(), record("f")), ("g".to_owned(), record("g"))];
    assert_eq!(store.load("u", &mut std::iter::empty()), Ok(held));
    assert_eq!(store.forget("u", &mut std::iter::empty()), Ok(2));
    assert_eq!(store.forget("u", &mut std::iter::empty()), Ok(0));
    assert_eq!(store.load("u", &mut std::iter::empty()), Ok(Vec::new()));
    assert_eq!(store.get("v", "f"), Ok(Some(record("f"))));
}

#[test]
fn assignments_outlive_the_store_that_wrote_them() {
    let (_directory, path) = place();
    open(&path).claim("u", "f", None, record("a")).unwrap();
    assert_eq!(open(&path).get("u", "f"), Ok(Some(record("a"))));
}

#[test]
fn keys_may_be_empty_or_hold_nul_and_records_may_be_large() {
    let (_directory, path) = place();
    let store = open(&path);
    let large = Arc::new(json!({ "text": "å".repeat(4 << 20) }));
    for (unit, flag, record) in [
        ("", "", record("empty")),
        ("u\0v", "f\0", record("nul")),
        ("u", "f\0g", record("another")),
        ("u", "f", Arc::clone(&large)),
    ] {
        store.claim(unit, flag, None, record).unwrap();
    }
    assert_eq!(store.get("", ""), Ok(Some(record("empty"))));
    assert_eq!(store.get("u\0v", "f\0"), Ok(Some(record("nul"))));
    assert_eq!(store.get("u\0v", "f"), Ok(None));
    assert_eq!(store.get("u\0", "f\0"), Ok(None));
    assert_eq!(store.get("u", "f"), Ok(Some(large)));
    assert_eq!(
        store
            .load("u", &mut std::iter::empty())
            .map(|held| held.len()),
        Ok(2)
    );
}

#[test]
fn a_stored_text_that_is_no_json_is_garbage_and_stays_where_it_is() {
    let (_directory, path) = place();
    let store = open(&path);
    for stored in ["'{oops'", "x'7b7d'", "CAST(x'22ff22' AS TEXT)", "7.5"] {
        let sql = format!("INSERT OR REPLACE INTO assignments VALUES ('u', 'f', {stored})");
        outside(&path).execute(&sql, []).unwrap();
        if stored == "7.5" {
            // The column's type makes text of it, and the text is JSON.
            assert_eq!(store.get("u", "f"), Ok(Some(Arc::new(json!(7.5)))));
            continue;
        }
        let seen = store.get("u", "f").unwrap_err();
        assert!(matches!(&seen, StoreError::Garbage(_)), "{stored}: {seen}");
        assert!(seen.to_string().contains("unit `u`, flag `f`"), "{seen}");
        assert!(store.load("u", &mut std::iter::empty()).is_err());
        assert!(store.claim("u", "f", None, record("a")).is_err());
        let mine = record("a");
        assert!(store.claim("u", "f", Some(&mine), record("b")).is_err());
        let same = format!("SELECT record IS {stored} FROM assignments");
        let same: bool = outside(&path)
            .query_row(&same, [], |row| row.get(0))
            .unwrap();
        assert!(same, "{stored} was overwritten");
    }
}

#[test]
fn paths_that_cannot_be_a_store_are_refused_with_their_name() {
    let (directory, path) = place();
    let text = directory.path().join("notes.txt");
    std::fs::write(&text, "Just notes.\n").unwrap();
    let missing = directory.path().join("no/such/flags.db");
    for (given, why) in [
        ("", "needs the path of a file"),
        (":memory:", "use `memory:`"),
        (directory.path().to_str().unwrap(), "it is a directory"),
        (missing.to_str().unwrap(), "there is no directory"),
        (text.to_str().unwrap(), "it is no SQLite database"),
        ("nul\0inside", "nul"),
    ] {
        let error = refusal(given);
        assert_eq!(error.kind, ErrorKind::InvalidConfig, "{given}");
        assert!(error.message.starts_with("store: "), "{error}");
        assert!(error.message.contains(why), "{error}");
        assert!(error.message.contains(given), "{error}");
    }
    assert_eq!(std::fs::read(&text).unwrap(), b"Just notes.\n");
    assert!(!path.exists());
}

#[test]
fn a_database_of_something_else_is_refused_and_left_as_it_is() {
    let (directory, path) = place();
    outside(&path)
        .execute_batch("CREATE TABLE bills (amount); INSERT INTO bills VALUES (1)")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = refusal(path.to_str().unwrap());
    assert!(error.message.contains("something else"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let files = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn a_format_of_a_newer_flagstay_is_refused() {
    let (_directory, path) = place();
    drop(open(&path));
    outside(&path)
        .pragma_update(None, "user_version", 2)
        .unwrap();
    let error = refusal(path.to_str().unwrap());
    assert!(error.message.contains("has format 2"), "{error}");
}

#[test]
fn a_store_without_its_table_is_refused() {
    let (_directory, path) = place();
    drop(open(&path));
    outside(&path)
        .execute("DROP TABLE assignments", [])
        .unwrap();
    let error = refusal(path.to_str().unwrap());
    assert!(error.message.contains("no such table"), "{error}");
}

#[test]
fn many_stores_may_make_the_same_file_at_the_same_time() {
    let (_directory, path) = place();
    std::thread::scope(|scope| {
        for n in 0..16 {
            let path = &path;
            scope.spawn(move || {
                let unit = format!("u{n}");
                open(path).claim(&unit, "f", None, record("a")).unwrap();
            });
        }
    });
    let rows: i64 = outside(&path)
        .query_row("SELECT count(*) FROM assignments", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 16);
}

#[test]
fn threads_that_claim_the_same_new_units_agree() {
    let (_directory, path) = place();
    let (one, other) = (open(&path), open(&path));
    let answers: Vec<Vec<Record>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12)
            .map(|n| {
                let store = if n % 2 == 0 { &one } else { &other };
                scope.spawn(move || {
                    let mine = record(&format!("of thread {n}"));
                    (0..100)
                        .map(|unit| {
                            let unit = unit.to_string();
                            match store.get(&unit, "f").unwrap() {
                                Some(standing) => standing,
                                None => store.claim(&unit, "f", None, Arc::clone(&mine)).unwrap(),
                            }
                        })
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|each| *each == answers[0]));
}

#[test]
fn reads_go_on_while_another_connection_writes_and_writes_give_up_in_time() {
    let (_directory, path) = place();
    let store = SqliteStore::open(path.to_str().unwrap(), SHORT).unwrap();
    store.set("u", "f", &record("a")).unwrap();
    let other = outside(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.get("u", "f"), Ok(Some(record("a"))));
    let began = std::time::Instant::now();
    let error = store.claim("u", "g", None, record("b")).unwrap_err();
    assert!(began.elapsed() >= SHORT);
    assert!(began.elapsed() < SHORT + Duration::from_secs(2));
    assert!(matches!(&error, StoreError::Failed(_)));
    assert!(
        error.to_string().contains("locked by another process"),
        "{error}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.claim("u", "g", None, record("b")), Ok(record("b")));
}

#[test]
fn a_file_that_was_taken_away_is_a_failure_and_not_a_new_store() {
    let (directory, path) = place();
    let store = open(&path);
    std::fs::remove_dir_all(directory.path()).unwrap();
    // The writer has its connection already; a reader opens its own now.
    let error = store.get("u", "f").unwrap_err();
    assert!(matches!(&error, StoreError::Failed(_)), "{error}");
    assert!(!path.exists());
}

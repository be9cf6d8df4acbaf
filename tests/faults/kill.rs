use super::process::{self, say, start};
use super::setting::{FLAG, client, decide, record, sqlite};
use rusqlite::Connection;
use std::path::Path;

const USERS: usize = 10_000;

/// Enrols everybody from four threads, and says each decision as soon as it has been returned.
fn enrol_everybody(path: &Path) {
    let client = client(50, sqlite(path));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for n in (thread..USERS).step_by(4) {
                    let user = format!("user-{n}");
                    let decided = decide(client, &user);
                    assert_eq!(decided.store_error, None);
                    say(&format!("{user} {}", decided.variation));
                }
            });
        }
    });
}

#[test]
fn every_decision_that_was_returned_before_kill_9_is_found_again() {
    const TEST: &str = "kill::every_decision_that_was_returned_before_kill_9_is_found_again";
    if let Some(role) = process::role() {
        return enrol_everybody(Path::new(&role[0]));
    }
    for enough in [1, 2_500, 6_000] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("flags.db");
        let process = start(TEST, &[path.to_str().unwrap()]);
        let mut said: Vec<String> = (0..enough).map(|_| process.line().unwrap()).collect();
        said.extend(process.kill());
        assert!(said.len() < USERS, "it was too fast to be killed");

        // With other percentages only what is stored can give the same answers.
        let after = client(0, sqlite(&path));
        for line in &said {
            let (user, variation) = line.split_once(' ').unwrap();
            let stored = after.peek(user, FLAG).unwrap();
            assert_eq!(stored.as_deref(), Some(&record(variation)), "{user}");
            let decided = decide(&after, user);
            assert_eq!(
                (decided.variation.as_str(), decided.sticky),
                (variation, true)
            );
        }
        assert!(said.iter().any(|line| line.ends_with("blue")) || enough == 1);
        // And the store takes new users.
        let last = format!("user-{USERS}");
        assert!(!decide(&after, &last).sticky);
        assert!(decide(&after, &last).sticky);
        drop(after);
        let whole: String = Connection::open(&path)
            .unwrap()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(whole, "ok");
    }
}

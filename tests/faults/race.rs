use super::process::{self, Process, hear, say, start};
use super::setting::{client, counter, decide, sqlite};
use std::collections::HashMap;
use std::path::Path;

/// One of the racers: decides for the users of each batch when it is told to, and says what it decided.
fn race(role: &[String]) {
    let [path, blue, threads, users, batch] = role else {
        panic!("{role:?}");
    };
    let client = client(blue.parse().unwrap(), sqlite(Path::new(path)));
    let threads: usize = threads.parse().unwrap();
    let users: usize = users.parse().unwrap();
    let batch: usize = batch.parse().unwrap();
    for first in (0..users).step_by(batch) {
        say("ready");
        assert_eq!(hear(), "go");
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for n in first..(first + batch).min(users) {
                        let user = format!("user-{n}");
                        let decided = decide(&client, &user);
                        assert_eq!(decided.store_error, None);
                        say(&format!("{user} {}", decided.variation));
                    }
                });
            }
        });
    }
    say(&format!("enrolled {}", counter(&client, "writes")));
}

/// Runs the racers in step and returns what each said of each user, and how many users each enrolled.
fn run(
    mut racers: Vec<Process>,
    users: usize,
    batch: usize,
) -> (HashMap<String, String>, Vec<u64>) {
    let mut answers: HashMap<String, String> = HashMap::new();
    let mut enrolled = Vec::new();
    let mut note = |line: &str| {
        let (user, variation) = line.split_once(' ').unwrap();
        let first = answers
            .entry(user.to_owned())
            .or_insert_with(|| variation.to_owned());
        assert_eq!(first, variation, "the processes disagree about {user}");
    };
    for _ in (0..users).step_by(batch) {
        for racer in &racers {
            loop {
                let line = racer.line().expect("a racer has ended early");
                if line == "ready" {
                    break;
                }
                note(&line);
            }
        }
        for racer in &mut racers {
            racer.tell("go");
        }
    }
    for racer in racers {
        for line in racer.finish() {
            match line.strip_prefix("enrolled ") {
                Some(count) => enrolled.push(count.parse().unwrap()),
                None => note(&line),
            }
        }
    }
    (answers, enrolled)
}

fn racers(
    test: &str,
    path: &Path,
    blue: &[&str],
    threads: &str,
    users: usize,
    batch: usize,
) -> Vec<Process> {
    let path = path.to_str().unwrap();
    let (users, batch) = (users.to_string(), batch.to_string());
    blue.iter()
        .map(|blue| start(test, &[path, blue, threads, &users, &batch]))
        .collect()
}

#[test]
fn two_processes_with_different_rulesets_agree_about_every_new_user() {
    const TEST: &str = "race::two_processes_with_different_rulesets_agree_about_every_new_user";
    if let Some(role) = process::role() {
        return race(&role);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flags.db");
    // No user has the same answer by both rulesets.
    let racers = racers(TEST, &path, &["100", "0"], "1", 1_000, 50);
    let (answers, enrolled) = run(racers, 1_000, 50);
    assert_eq!(answers.len(), 1_000);
    // Each user was enrolled once, by one of them, and both had their share.
    assert_eq!(enrolled.iter().sum::<u64>(), 1_000);
    assert!(enrolled.iter().all(|count| *count > 0), "{enrolled:?}");
}

#[test]
fn many_threads_of_many_processes_agree_about_every_new_user() {
    const TEST: &str = "race::many_threads_of_many_processes_agree_about_every_new_user";
    if let Some(role) = process::role() {
        return race(&role);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flags.db");
    let racers = racers(TEST, &path, &["0", "30", "70", "100"], "6", 400, 100);
    let (answers, _) = run(racers, 400, 100);
    assert_eq!(answers.len(), 400);
    let after = client(50, sqlite(&path));
    for (user, variation) in answers {
        let decided = decide(&after, &user);
        assert_eq!((decided.variation, decided.sticky), (variation, true));
    }
}

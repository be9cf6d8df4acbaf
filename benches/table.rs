//! The core's rows of `make bench`: language, row, nanoseconds, allocations, ratio to an empty call, by tabs.

mod heap;
mod messages;
mod scene;

use flagstay::abi::version::flagstay_abi_version;
use flagstay::client::Switch;
use flagstay::decision::Reason;
use heap::Heap;
use messages::{data_sync, named_user};
use scene::{checked, checked_in, client, client_in, decide, keys, many, prepared, switch, user};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

#[global_allocator]
static HEAP: Heap = Heap::new();

fn main() {
    let millis = std::env::var("FLAGSTAY_BENCH_MS").map_or(500, |text| {
        text.parse().expect("FLAGSTAY_BENCH_MS is a number")
    });
    Table::new(Duration::from_millis(millis)).run();
}

struct Table {
    time: Duration,
    /// Nanoseconds of the empty call.
    empty: f64,
}

impl Table {
    fn new(time: Duration) -> Self {
        Table { time, empty: 1.0 }
    }

    fn run(mut self) {
        let empty: extern "C" fn() -> u32 = flagstay_abi_version;
        self.empty = nanos(self.time, || black_box(empty)());
        self.print("empty foreign call", self.empty, "0.00", 1.0);

        let user = user();
        let rollout = checked("boolean.json", "rollout", None, Reason::Fallthrough);
        let rules = checked("three-rules.json", "experiment", None, Reason::RuleMatch);
        let sticky = checked("sticky.json", "experiment", Some("memory:"), Reason::Sticky);
        self.row("boolean 50% rollout", || {
            switch(&rollout, black_box("rollout"), &user)
        });
        let switch = Switch::new("rollout", false);
        self.row("same, prepared switch", || {
            prepared(&rollout, &switch, black_box(&user))
        });
        self.row("three rules then three-way split", || {
            decide(&rules, black_box("experiment"), &user)
        });
        self.row("same, warm memory store (sticky)", || {
            decide(&sticky, black_box("experiment"), &user)
        });
        let dialect = "vwo-fme";
        let fme = checked_in(
            dialect,
            "vwo-fme.json",
            "experiment",
            None,
            Reason::RuleMatch,
        );
        let stored = checked_in(
            dialect,
            "vwo-fme.json",
            "experiment",
            Some("memory:"),
            Reason::Sticky,
        );
        self.row("vwo-fme: rollout and three experiments", || {
            decide(&fme, black_box("experiment"), &user)
        });
        self.row("vwo-fme: same, warm memory store (sticky)", || {
            decide(&stored, black_box("experiment"), &user)
        });
        self.row("user built per call", || {
            decide(&rules, black_box("experiment"), &scene::user())
        });
        for (row, count) in [("1,000 flags", 1_000), ("10,000 flags", 10_000)] {
            let client = client(&many(count), None);
            let keys = keys(count);
            let mut next = keys.iter().cycle();
            self.row(row, || next.next().map(|key| decide(&client, key, &user)));
        }
        self.two_threads(|| decide(&rules, black_box("experiment"), &user));
        self.row("sha-256 of 40 bytes", || {
            Sha256::digest(black_box([7_u8; 40]))
        });
        self.load(10_000);
        self.patch(10_000);
    }

    fn row<T>(&self, row: &str, mut work: impl FnMut() -> T) {
        let nanos = nanos(self.time, &mut work);
        let before = HEAP.allocations();
        for _ in 0..1_000 {
            black_box(work());
        }
        let allocations = (HEAP.allocations() - before) as f64 / 1_000.0;
        self.print(row, nanos, &format!("{allocations:.2}"), nanos / self.empty);
    }

    /// In the last column: throughput as a multiple of one thread's.
    fn two_threads<T>(&self, work: impl Fn() -> T + Sync) {
        let one = nanos(self.time, &work);
        let start = Barrier::new(2);
        let both = std::thread::scope(|scope| {
            let measure = || {
                start.wait();
                nanos(self.time, &work)
            };
            let other = scope.spawn(measure);
            let mine = measure();
            [mine, other.join().expect("the other thread measures")]
        });
        let together = 1.0 / both.iter().map(|nanos| 1.0 / nanos).sum::<f64>();
        self.print("two threads", together, "-", one / together);
    }

    /// In the column of allocations: the most memory that was held at once, in bytes, the document not counted.
    fn load(&self, count: usize) {
        let document = many(count);
        let mut fastest = f64::INFINITY;
        let mut peak = 0;
        for _ in 0..5 {
            let client = client("{\"format\": 1}", None);
            let before = HEAP.mark();
            let began = Instant::now();
            client.update(&document).expect("the ruleset is in order");
            fastest = fastest.min(began.elapsed().as_nanos() as f64);
            peak = HEAP.peak() - before;
        }
        let row = format!("load {count} flags (peak bytes)");
        self.print(&row, fastest, &peak.to_string(), fastest / self.empty);
    }

    /// Messages: all flags at once, and one flag of them. In the last column of the second row: how many such patches
    /// cost as much as the full message.
    fn patch(&self, count: usize) {
        let full = data_sync("full", 0..count, 0);
        let one = data_sync("full", 0..1, 0);
        let client = client_in("featbit", &full, None);
        let user = named_user();
        assert_eq!(decide(&client, "flag-7", &user), Reason::RuleMatch);
        self.row("featbit: three rules then three-way split", || {
            decide(&client, black_box("flag-7"), &user)
        });
        let mut load = f64::INFINITY;
        for _ in 0..5 {
            // One second newer than what is there.
            let client = client_in("featbit", &one, None);
            let full = full.replace(":00Z", ":01Z");
            let began = Instant::now();
            client.update(&full).expect("the message is in order");
            load = load.min(began.elapsed().as_nanos() as f64);
        }
        let row = format!("featbit: full message, {count} flags");
        self.print(&row, load, "-", load / self.empty);
        let patches: Vec<_> = (1..=1_000)
            .map(|second| {
                let flag = second * 7 % count;
                data_sync("patch", flag..flag + 1, second)
            })
            .collect();
        let mut patch = f64::INFINITY;
        for batch in patches.chunks(100) {
            let began = Instant::now();
            for message in batch {
                client.update(message).expect("the message is in order");
            }
            patch = patch.min(began.elapsed().as_nanos() as f64 / batch.len() as f64);
        }
        assert_eq!(client.status()["updates"]["loaded"], 1_001);
        let row = format!("featbit: patch of one flag, {count} flags");
        self.print(&row, patch, "-", load / patch);
    }

    fn print(&self, row: &str, nanos: f64, allocations: &str, ratio: f64) {
        println!("rust\t{row}\t{nanos:.1}\t{allocations}\t{ratio:.2}");
    }
}

/// Nanoseconds for one call: the median of batches of about a millisecond each.
fn nanos<T>(time: Duration, mut work: impl FnMut() -> T) -> f64 {
    let mut batch = |calls: u32| {
        let began = Instant::now();
        for _ in 0..calls {
            black_box(work());
        }
        began.elapsed()
    };
    let mut calls = 1;
    while batch(calls) < Duration::from_millis(1) {
        calls *= 2;
    }
    let until = Instant::now() + time;
    let mut batches = Vec::new();
    while batches.is_empty() || Instant::now() < until {
        batches.push(batch(calls).as_nanos() as f64 / f64::from(calls));
    }
    batches.sort_by(f64::total_cmp);
    batches[batches.len() / 2]
}

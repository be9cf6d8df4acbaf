//! The core under criterion: statistics for those who work on it. `make bench` prints the table for everybody else.

mod scene;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use flagstay::client::Switch;
use flagstay::decision::Reason;
use scene::{checked, client, decide, keys, many, prepared, switch, user};
use sha2::{Digest, Sha256};
use std::hint::black_box;

fn decisions(criterion: &mut Criterion) {
    let user = user();
    let rollout = checked("boolean.json", "rollout", None, Reason::Fallthrough);
    criterion.bench_function("boolean 50% rollout", |bencher| {
        bencher.iter(|| switch(&rollout, black_box("rollout"), &user));
    });
    let prepared_switch = Switch::new("rollout", false);
    criterion.bench_function("same, prepared switch", |bencher| {
        bencher.iter(|| prepared(&rollout, &prepared_switch, black_box(&user)));
    });
    let rules = checked("three-rules.json", "experiment", None, Reason::RuleMatch);
    criterion.bench_function("three rules then three-way split", |bencher| {
        bencher.iter(|| decide(&rules, black_box("experiment"), &user));
    });
    let sticky = checked("sticky.json", "experiment", Some("memory:"), Reason::Sticky);
    criterion.bench_function("same, warm memory store (sticky)", |bencher| {
        bencher.iter(|| decide(&sticky, black_box("experiment"), &user));
    });
    criterion.bench_function("user built per call", |bencher| {
        bencher.iter(|| decide(&rules, black_box("experiment"), &scene::user()));
    });
    criterion.bench_function("sha-256 of 40 bytes", |bencher| {
        bencher.iter(|| Sha256::digest(black_box([7_u8; 40])));
    });
}

fn many_flags(criterion: &mut Criterion) {
    let user = user();
    for count in [1_000, 10_000] {
        let document = many(count);
        let many = client(&document, None);
        let keys = keys(count);
        let mut next = keys.iter().cycle();
        criterion.bench_function(&format!("{count} flags"), |bencher| {
            bencher.iter(|| next.next().map(|key| decide(&many, key, &user)));
        });
        criterion.bench_function(&format!("load {count} flags"), |bencher| {
            bencher.iter_batched(
                || client("{\"format\": 1}", None),
                |empty| empty.update(black_box(&document)).map(|()| empty),
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, decisions, many_flags);
criterion_main!(benches);

//! Buckets of both VWO platforms, and the ranges of buckets that weights make.

use super::hash::murmur3;

/// Everything of a hash input that is known before the user.
#[derive(Clone, Debug)]
pub struct Space(Box<str>);

impl Space {
    pub fn new(prefix: String) -> Self {
        Space(prefix.into())
    }

    /// `1..=100`.
    pub fn bucket100(&self, id: &str) -> f64 {
        self.bucket(id, 100.0, 1.0)
    }

    /// `1..=10000`.
    pub fn bucket10000(&self, id: &str) -> f64 {
        self.bucket(id, 10_000.0, 1.0)
    }

    /// `1..=buckets`, stretched by a multiplier that is not negative.
    #[inline]
    pub fn bucket(&self, id: &str, buckets: f64, multiplier: f64) -> f64 {
        let hash = murmur3(&[&self.0, id], 1);
        ((buckets * (f64::from(hash) / 4_294_967_296.0) + 1.0) * multiplier).floor()
    }
}

/// Buckets, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range(f64, f64);

impl Range {
    pub fn holds(self, bucket: f64) -> bool {
        self.0 <= bucket && bucket <= self.1
    }

    /// The ranges of weights that follow each other.
    pub fn split(weights: impl Iterator<Item = f64>) -> impl Iterator<Item = Range> {
        let mut at = 0.0;
        weights.map(move |weight| {
            let step = step(weight);
            let range = if step == 0.0 {
                Range(-1.0, -1.0)
            } else {
                Range(at + 1.0, at + step)
            };
            at += step;
            range
        })
    }

    /// The same in a group, where neighbours share a bucket.
    pub fn share(weights: impl Iterator<Item = f64>) -> impl Iterator<Item = Range> {
        let mut at = 0.0;
        weights.map(move |weight| {
            let step = step(weight);
            let range = if step == 0.0 {
                Range(-1.0, -1.0)
            } else {
                Range(at, at + step)
            };
            at += step;
            range
        })
    }
}

fn step(weight: f64) -> f64 {
    (weight * 100.0).ceil().min(10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(weights: &[f64]) -> Vec<Range> {
        Range::split(weights.iter().copied()).collect()
    }

    #[test]
    fn weights_are_rounded_up_to_whole_buckets() {
        let split = ranges(&[33.34, 33.33, 33.33]);
        assert_eq!(
            split,
            [
                Range(1.0, 3335.0),
                Range(3336.0, 6668.0),
                Range(6669.0, 10_001.0)
            ]
        );
        assert_eq!(
            ranges(&[0.07, 99.93]),
            [Range(1.0, 8.0), Range(9.0, 10_001.0)]
        );
        assert_eq!(
            ranges(&[0.0, 100.0]),
            [Range(-1.0, -1.0), Range(1.0, 10_000.0)]
        );
        assert_eq!(ranges(&[16.67; 6])[1], Range(1669.0, 3336.0));
    }

    #[test]
    fn members_of_a_group_share_the_bucket_between_them() {
        let shares: Vec<_> = Range::share([50.0, 50.0].into_iter()).collect();
        assert!(shares[0].holds(5000.0) && shares[1].holds(5000.0));
        let steps = [
            5000.0, 3334.0, 2500.0, 2000.0, 1667.0, 1429.0, 1250.0, 1112.0,
        ];
        for (count, expected) in (2..).zip(steps) {
            let share = (100.0 / f64::from(count) * 10_000.0_f64).round_ties_even() / 10_000.0;
            assert_eq!(step(share), expected, "{count}");
        }
    }

    #[test]
    fn known_inputs_fall_into_known_buckets() {
        for (space, id, hundred, ten_thousand) in [
            ("1_", "user-2", 99.0, 9811.0),
            ("77_", "пользователь", 55.0, 5415.0),
            ("s4lt_123456_", "alice", 1.0, 65.0),
            ("42_", "🙂", 15.0, 1427.0),
            ("", "Ashley", 50.0, 4986.0),
        ] {
            let space = Space::new(space.to_owned());
            assert_eq!(space.bucket100(id), hundred);
            assert_eq!(space.bucket10000(id), ten_thousand);
        }
    }
    #[test]
    fn a_stretched_bucket_may_lie_beyond_the_last() {
        let space = Space::new(String::new());
        assert_eq!(space.bucket("Bill", 10_000.0, 2.0), 4758.0);
        assert_eq!(space.bucket("edge-2722", 10_000.0, 2.0), 10_001.0);
    }
}

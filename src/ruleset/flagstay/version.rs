//! Versions as users have them: SemVer 2.0 to the letter, read anew for each decision.

use semver::Version;
use std::cmp::Ordering;

/// What any number of this many digits, and no more, is sure to fit in: 64 bits.
const DIGITS: usize = 19;

/// A version that a text says.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Three numbers and nothing else, as in nearly all.
    Plain([u64; 3]),
    Other(Version),
}

impl Found {
    /// The version of a text; `None` where it is none.
    #[inline]
    pub fn read(text: &str) -> Option<Self> {
        match plain(text) {
            Some(numbers) => Some(Found::Plain(numbers)),
            None => Version::parse(text).ok().map(Found::Other),
        }
    }

    /// SemVer's precedence, which builds do not count for.
    #[inline]
    pub fn precedence(&self, of: &Version) -> Ordering {
        match self {
            Found::Plain(numbers) => numbers
                .cmp(&[of.major, of.minor, of.patch])
                // What is released comes after what was before the release.
                .then_with(|| true.cmp(&of.pre.is_empty())),
            Found::Other(version) => version.cmp_precedence(of),
        }
    }
}

/// A plain version is read in a few instructions. `None` leaves everything else, what is no version included, to be
/// judged by the crate.
#[inline]
fn plain(text: &str) -> Option<[u64; 3]> {
    let (major, rest) = number(text.as_bytes())?;
    let (minor, rest) = number(rest.strip_prefix(b".")?)?;
    let (patch, rest) = number(rest.strip_prefix(b".")?)?;
    rest.is_empty().then_some([major, minor, patch])
}

/// The number that stands first, without leading zeroes, and what follows.
#[inline]
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    let mut length = 0;
    for byte in text.iter().take(DIGITS) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number * 10 + u64::from(digit);
        length += 1;
    }
    let has_leading_zero = length > 1 && text[0] == b'0';
    (length > 0 && !has_leading_zero).then(|| (number, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was read, in the crate's words.
    fn version(text: &str) -> Option<Version> {
        Found::read(text).map(|found| match found {
            Found::Plain([major, minor, patch]) => Version::new(major, minor, patch),
            Found::Other(version) => version,
        })
    }

    #[test]
    fn precedence_is_that_of_the_crate() {
        let texts = [
            "1.2.3",
            "1.2.3-rc.1",
            "1.2.3-rc.2",
            "1.2.3+b",
            "1.2.4",
            "1.3.0",
            "2.0.0",
            "2.0.0-a+b",
        ];
        for text in texts {
            for bound in texts {
                let bound = Version::parse(bound).unwrap();
                let expected = Version::parse(text).unwrap().cmp_precedence(&bound);
                let found = Found::read(text).unwrap();
                assert_eq!(found.precedence(&bound), expected, "{text} {bound}");
            }
        }
    }

    /// Every text of up to `length` letters.
    fn texts(letters: &[char], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..length {
            let longer = |text: &String| letters.iter().map(|c| format!("{text}{c}")).collect();
            last = last.iter().flat_map::<Vec<_>, _>(longer).collect();
            all.extend_from_slice(&last);
        }
        all
    }

    #[test]
    fn every_short_text_is_the_version_that_the_crate_reads() {
        let mut plain_ones = 0;
        for text in texts(&['0', '1', '9', '.', '-', 'é'], 6) {
            let expected = Version::parse(&text).ok();
            assert_eq!(version(&text), expected, "{text}");
            plain_ones += usize::from(plain(&text).is_some());
            // The quick way takes what it is there for.
            if expected.is_some_and(|version| version.pre.is_empty()) {
                assert!(plain(&text).is_some(), "{text}");
            }
        }
        assert!(plain_ones > 100, "{plain_ones}");
    }

    #[test]
    fn numbers_of_every_length_are_read_as_the_crate_reads_them() {
        let numbers = (1..=25).flat_map(|n| ["0", "1", "9"].map(|digit| digit.repeat(n)));
        let limits = [u64::MAX as u128, u64::MAX as u128 + 1].map(|n| n.to_string());
        for number in numbers.chain(limits) {
            for text in [
                format!("{number}.2.3"),
                format!("1.{number}.3"),
                format!("1.2.{number}"),
                format!("1.2.{number}-rc.1"),
                format!("1.2.{number}+build"),
            ] {
                assert_eq!(version(&text), Version::parse(&text).ok(), "{text}");
            }
        }
    }
}

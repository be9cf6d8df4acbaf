//! Versions as users have them: SemVer 2.0 to the letter. Nearly all are plain, and a plain one fits in a word.

use semver::Version;

/// What any number of this many digits, and no more, is sure to fit in: 64 bits.
const DIGITS: usize = 19;

/// A version of three numbers and nothing else.
pub type Plain = [u64; 3];

/// The bits that each number of a plain version has in a word.
const BITS: u32 = 21;

/// A plain version in a word, never 0: words have the order of their versions. `None` where a number is too large.
pub fn word([major, minor, patch]: Plain) -> Option<u64> {
    let fits = (major | minor | patch) >> BITS == 0;
    fits.then(|| ((major << (2 * BITS)) | (minor << BITS) | patch) + 1)
}

/// The plain version after this one.
pub fn next([major, minor, patch]: Plain) -> Option<Plain> {
    Some([major, minor, patch.checked_add(1)?])
}

/// The version of a text; `None` where it is none.
pub fn version(text: &str) -> Option<Version> {
    match plain(text) {
        Some([major, minor, patch]) => Some(Version::new(major, minor, patch)),
        None => Version::parse(text).ok(),
    }
}

/// A plain version is read in a few instructions. `None` leaves everything else, what is no version included, to be
/// judged by the crate.
#[inline]
pub fn plain(text: &str) -> Option<Plain> {
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

    #[test]
    fn words_have_the_order_of_their_versions() {
        const LAST: u64 = (1 << BITS) - 1;
        let numbers = [0, 1, 2, 9, 10, LAST - 1, LAST];
        let mut versions: Vec<Plain> = Vec::new();
        for major in numbers {
            for minor in numbers {
                versions.extend(numbers.map(|patch| [major, minor, patch]));
            }
        }
        assert!(versions.is_sorted());
        let words: Vec<u64> = versions.iter().filter_map(|plain| word(*plain)).collect();
        assert_eq!(words.len(), versions.len());
        assert!(words[0] > 0 && words.is_sorted_by(|one, other| one < other));
        for plain in [[LAST + 1, 0, 0], [0, LAST + 1, 0], [0, 0, u64::MAX]] {
            assert_eq!(word(plain), None);
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

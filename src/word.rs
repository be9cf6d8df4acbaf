//! Short texts in a word: what is in a register is compared and hashed without looking at memory again.

/// Fewer than eight bytes as a number, the first one lowest. Looked at in pieces that overlap where they must, for a
/// loop over so few would cost more.
#[inline(always)]
pub fn of_few(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    debug_assert!(length < 8);
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | (u64::from(last) << (8 * (length & 3)));
    }
    match bytes {
        [] => 0,
        // Of one to three bytes the second of two halves begins in the middle.
        _ => {
            let (middle, last) = (bytes[length / 2], bytes[length - 1]);
            u64::from(bytes[0])
                | (u64::from(middle) << (8 * (length / 2)))
                | (u64::from(last) << (8 * (length - 1)))
        }
    }
}

/// The longest text that [`of_short`] has a word for.
pub const SHORT: usize = 7;

/// A text of up to seven bytes as it is, with their number in the eighth: no other text has that word.
#[inline(always)]
pub fn of_short(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    (bytes.len() <= SHORT).then(|| of_few(bytes) | ((bytes.len() as u64) << 56))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_short_texts_share_a_word() {
        let texts = [
            "", "\0", "\0\0", "a", "a\0", "aaaaaaa", "aaaaaa", "é", "\u{1}",
        ];
        for (n, one) in texts.iter().enumerate() {
            for (m, other) in texts.iter().enumerate() {
                assert_eq!(
                    of_short(one) == of_short(other),
                    n == m,
                    "{one:?} {other:?}"
                );
            }
        }
        assert_eq!(of_short("aaaaaaaa"), None);
    }

    #[test]
    fn few_bytes_are_the_number_that_they_spell() {
        for length in 0..8 {
            for first in [0, 1, 0x7f, 0x80, 0xf8] {
                let mut bytes = [0; 8];
                for (byte, value) in bytes[..length].iter_mut().zip(first..) {
                    *byte = value;
                }
                assert_eq!(
                    of_few(&bytes[..length]),
                    u64::from_le_bytes(bytes),
                    "{length}"
                );
            }
        }
    }
}

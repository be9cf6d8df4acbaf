//! MurmurHash3, x86 variant, 32 bits: the bucketing hash of both VWO platforms.

/// The hash of the pieces as if they were one text: `hash(&["5_", "alice"], 1)` is that of `5_alice`. Nothing is put
/// together, so nothing is allocated.
#[inline]
pub fn murmur3(pieces: &[&str], seed: u32) -> u32 {
    let mut hash = seed;
    let mut length: u32 = 0;
    // Up to three bytes wait here, lowest first, for a fourth to make a block.
    let mut block: u32 = 0;
    let mut waiting = 0;
    for piece in pieces {
        let mut bytes = piece.as_bytes();
        length = length.wrapping_add(bytes.len() as u32);
        while waiting != 0 && !bytes.is_empty() {
            block |= u32::from(bytes[0]) << (8 * waiting);
            bytes = &bytes[1..];
            waiting = (waiting + 1) % 4;
            if waiting == 0 {
                hash = mix(hash, block);
                block = 0;
            }
        }
        let (blocks, rest) = bytes.as_chunks::<4>();
        for whole in blocks {
            hash = mix(hash, u32::from_le_bytes(*whole));
        }
        for byte in rest {
            block |= u32::from(*byte) << (8 * waiting);
            waiting += 1;
        }
    }
    if waiting != 0 {
        hash ^= scramble(block);
    }
    hash ^= length;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[inline]
fn scramble(block: u32) -> u32 {
    block
        .wrapping_mul(0xcc9e_2d51)
        .rotate_left(15)
        .wrapping_mul(0x1b87_3593)
}

#[inline]
fn mix(hash: u32, block: u32) -> u32 {
    (hash ^ scramble(block))
        .rotate_left(13)
        .wrapping_mul(5)
        .wrapping_add(0xe654_6b64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_have_their_known_hashes() {
        let known: &[(&str, u32)] = &[
            ("", 1364076727),
            ("a", 1485495528),
            ("1_user-1", 545083269),
            ("77_пользователь", 2325347189),
            ("s4lt_123456_alice", 27652055),
            ("123456_9_erin", 1774407839),
            ("42_🙂", 612559751),
            ("key123", 2360047679),
        ];
        for (text, hash) in known {
            assert_eq!(murmur3(&[text], 1), *hash, "{text}");
        }
        assert_eq!(murmur3(&["1_", &"x".repeat(40)], 1), 3344588534);
    }

    #[test]
    fn where_a_text_is_cut_does_not_matter() {
        let text = "s4lt_123456_alice-and-bob";
        let whole = murmur3(&[text], 1);
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(murmur3(&pieces, 1), whole, "{pieces:?}");
            }
        }
    }
}

//! XXH64 (seed 0) of texts whose beginnings are known before.

use crate::word;

const PRIMES: [u64; 5] = [
    0x9E37_79B1_85EB_CA87,
    0xC2B2_AE3D_27D4_EB4F,
    0x1656_67B1_9E37_79F9,
    0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
];

/// How many bytes are taken at once, one word in each of four lanes.
const STRIPE: usize = 32;

/// The beginning of any number of texts, cut into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    words: Box<[u64]>,
    rest: u64,
    rest_bits: u32,
}

/// The same, lent.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'h> {
    pub words: &'h [u64],
    /// The bytes behind the words, and eight times how many they are.
    pub rest: u64,
    pub rest_bits: u32,
}

impl Head {
    pub fn new(text: &str) -> Self {
        let (words, rest) = text.as_bytes().as_chunks();
        Head {
            words: words.iter().map(|word| u64::from_le_bytes(*word)).collect(),
            rest: word::of_few(rest),
            rest_bits: 8 * rest.len() as u32,
        }
    }

    #[inline(always)]
    pub fn lend(&self) -> Beginning<'_> {
        Beginning {
            words: &self.words,
            rest: self.rest,
            rest_bits: self.rest_bits,
        }
    }
}

impl Beginning<'_> {
    /// The hash of this beginning with `tail` behind it. Nothing is put together: bytes that are written and then read
    /// in other pieces make a processor wait.
    #[inline(always)]
    pub fn hash(self, tail: &str) -> u64 {
        let length = 8 * self.words.len() + self.rest_bits as usize / 8 + tail.len();
        match length {
            ..STRIPE => self.before(tail).end(PRIMES[4].wrapping_add(length as u64)),
            _ => self.hash_of_long(tail, length),
        }
    }

    #[inline(always)]
    fn before<'t>(&'t self, tail: &'t str) -> Words<'t> {
        Words {
            whole: self.words,
            waiting: self.rest,
            bits: self.rest_bits,
            bytes: tail.as_bytes(),
        }
    }

    /// The hash of a text of at least one stripe.
    #[inline(never)]
    fn hash_of_long(self, tail: &str, length: usize) -> u64 {
        let mut text = self.before(tail);
        let mut lanes = [
            PRIMES[0].wrapping_add(PRIMES[1]),
            PRIMES[1],
            0,
            PRIMES[0].wrapping_neg(),
        ];
        for _ in 0..length / STRIPE {
            for lane in &mut lanes {
                *lane = round(*lane, text.next());
            }
        }
        let turned = lanes[0]
            .rotate_left(1)
            .wrapping_add(lanes[1].rotate_left(7))
            .wrapping_add(lanes[2].rotate_left(12))
            .wrapping_add(lanes[3].rotate_left(18));
        let hash = lanes.iter().fold(turned, |hash, lane| {
            (hash ^ round(0, *lane))
                .wrapping_mul(PRIMES[0])
                .wrapping_add(PRIMES[3])
        });
        text.end(hash.wrapping_add(length as u64))
    }
}

/// What is still to be hashed of a head and a tail.
struct Words<'t> {
    whole: &'t [u64],
    /// Bytes that wait for others to make a word, and eight times how many they are.
    waiting: u64,
    bits: u32,
    bytes: &'t [u8],
}

impl Words<'_> {
    /// Whatever is left after the last stripe.
    #[inline(always)]
    fn end(self, mut hash: u64) -> u64 {
        let Words {
            whole,
            mut waiting,
            bits,
            mut bytes,
        } = self;
        for word in whole {
            hash = take(hash, *word);
        }
        while let Some((more, behind)) = bytes.split_first_chunk() {
            let more = u64::from_le_bytes(*more);
            hash = take(hash, waiting | (more << bits));
            waiting = overflow(more, bits);
            bytes = behind;
        }
        let few = word::of_few(bytes);
        let mut last = waiting | (few << bits);
        let mut left = bits as usize / 8 + bytes.len();
        if left >= 8 {
            hash = take(hash, last);
            last = overflow(few, bits);
            left -= 8;
        }
        if left >= 4 {
            hash = (hash ^ u64::from(last as u32).wrapping_mul(PRIMES[0]))
                .rotate_left(23)
                .wrapping_mul(PRIMES[1])
                .wrapping_add(PRIMES[2]);
            last >>= 32;
            left -= 4;
        }
        while left > 0 {
            hash = (hash ^ u64::from(last as u8).wrapping_mul(PRIMES[4]))
                .rotate_left(11)
                .wrapping_mul(PRIMES[0]);
            last >>= 8;
            left -= 1;
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
        hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
        hash ^ (hash >> 32)
    }

    /// The next word, where there are eight bytes for it.
    #[inline(always)]
    fn next(&mut self) -> u64 {
        if let Some((word, behind)) = self.whole.split_first() {
            self.whole = behind;
            return *word;
        }
        let (more, behind) = match self.bytes.split_first_chunk() {
            Some((more, behind)) => (u64::from_le_bytes(*more), behind),
            None => (word::of_few(self.bytes), &[][..]),
        };
        let word = self.waiting | (more << self.bits);
        self.waiting = overflow(more, self.bits);
        // Fewer than eight bytes were enough because of those that waited; the others wait now.
        let held = 8 * (self.bytes.len() - behind.len()) as u32;
        self.bits = self.bits + held - 64;
        self.bytes = behind;
        word
    }
}

/// What a word with `bits` before it has beyond 64.
#[inline(always)]
fn overflow(word: u64, bits: u32) -> u64 {
    // Twice, for 64 bits at once cannot be shifted out.
    (word >> 1) >> (63 - bits)
}

/// Takes a word after the last stripe.
#[inline(always)]
fn take(hash: u64, word: u64) -> u64 {
    (hash ^ round(0, word))
        .rotate_left(27)
        .wrapping_mul(PRIMES[0])
        .wrapping_add(PRIMES[3])
}

#[inline(always)]
fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIMES[1]))
        .rotate_left(31)
        .wrapping_mul(PRIMES[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh64::xxh64;

    #[test]
    fn every_text_has_the_hash_that_the_crate_gives_it_wherever_it_is_cut() {
        // Bytes of every kind, and no two places alike.
        let text: String = (0..200)
            .map(|n| char::from_u32(n * 37 % 0x90).unwrap_or('x'))
            .collect();
        let ends = (0..=text.len()).filter(|end| text.is_char_boundary(*end));
        for end in ends.clone() {
            let expected = xxh64(&text.as_bytes()[..end], 0);
            for cut in ends.clone().take_while(|cut| *cut <= end) {
                let head = Head::new(&text[..cut]);
                assert_eq!(head.lend().hash(&text[cut..end]), expected, "{cut} {end}");
            }
        }
    }
}

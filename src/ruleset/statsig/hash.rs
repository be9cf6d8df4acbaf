//! The platform's hash (section 2.5).

use sha2::{Digest, Sha256};

/// The first eight bytes of the SHA-256 of the pieces, joined by points, as a number.
pub fn hash64(pieces: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            hash.update(b".");
        }
        hash.update(piece.as_bytes());
    }
    let digest = hash.finalize();
    digest
        .first_chunk()
        .map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_have_their_known_hashes() {
        let known: &[(&[&str], u64)] = &[
            (&["salt-nav", "s-roll", "u-1"], 14845048535504226725),
            (&["salt-nav", "s-roll", "u-2"], 14383000722286021453),
            (&["salt-nav", "s-roll", ""], 157428336789481588),
            (
                &["salt-nav", "s-roll", "ünïcode-ユーザー"],
                6793843889932223097,
            ),
            (&["", "", "x"], 9872298905840152695),
            (&["a.b", "c", "d"], 5702964377572599558),
            (&["a", "b.c", "d"], 5702964377572599558),
            (&["salt-hold", "s-hold", "c-1"], 15219819754758786575),
            (&["S", "R", "9007199254740992"], 16964690665291261256),
            (&["S", "R", "9007199254740993"], 12931414839531363116),
            (&["S", "R", "1"], 14319880167310042483),
            (&["S", "R", "1.5"], 1763713602384435578),
            (
                &["gate-salt", "rule-id", "user@example.com"],
                8267897168464046765,
            ),
            (
                &["k1", "k2", "00000000-0000-0000-0000-000000000000"],
                8637853423215458395,
            ),
            (&["k1", "k2", " spaced "], 15687777464151780886),
            (&["alloc-9", "c-1"], 2549595255174086998),
            (&["alloc-9", "c-2"], 66945275720013856),
            (&["alloc-9", "c-3"], 18172403252597604330),
            (&["alloc-9", "c-4"], 8578385035328782834),
            (&["alloc-9", ""], 4403567786588361103),
            (&["", "u-1"], 16181284830592034975),
            (&["salt", "ünïcode"], 15113634883042730299),
            (&["exp.salt", "42"], 11990995339132465872),
        ];
        for (pieces, hash) in known {
            assert_eq!(hash64(pieces), *hash, "{pieces:?}");
        }
    }
}

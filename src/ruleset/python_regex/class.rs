//! Character classes: what `\d`, `\w`, `\s` stand for, and sets in brackets.

use super::Refused;
use super::translate::{DOTTED_AND_DOTLESS, Flags, Translator};
use std::fmt::Write;

/// `\d`, `\w`, `\s` (or, in capitals, everything else) as members of a set.
pub fn category(letter: char, ascii: bool) -> Option<&'static str> {
    Some(match (letter, ascii) {
        ('d', false) => r"\p{Nd}",
        ('D', false) => r"\P{Nd}",
        ('w', false) => r"\p{L}\p{N}_",
        ('W', false) => r"[^\p{L}\p{N}_]",
        ('s', false) => r"\s\x{1C}-\x{1F}",
        ('S', false) => r"[^\s\x{1C}-\x{1F}]",
        ('d', true) => "0-9",
        ('D', true) => "[^0-9]",
        ('w', true) => "0-9A-Za-z_",
        ('W', true) => "[^0-9A-Za-z_]",
        ('s', true) => r"\x{9}-\x{D}\x{20}",
        ('S', true) => r"[^\x{9}-\x{D}\x{20}]",
        _ => return None,
    })
}

/// What stands between the brackets, one at a time.
enum Member {
    Literal(char),
    Category(&'static str),
}

impl Translator<'_> {
    /// A set; the opening bracket has been read.
    pub(super) fn set(&mut self, flags: Flags) -> Result<(), Refused> {
        let folds = flags.folds_ascii();
        let mut set = String::from(if folds { "(?-i:[" } else { "[" });
        if self.take('^') {
            set.push('^');
        }
        let mut empty = true;
        let mut has_i = false;
        let dotted =
            |low: char, high: char| DOTTED_AND_DOTLESS.iter().any(|c| (low..=high).contains(c));
        loop {
            let first = match self.next() {
                None => return Err(unterminated()),
                Some(']') if !empty => break,
                Some(c) => self.member(c, flags)?,
            };
            empty = false;
            if let Member::Literal(c) = first {
                has_i |= dotted(c, c);
                if folds {
                    other_case(&mut set, c, c);
                }
            }
            if !self.take('-') {
                push(&mut set, &first);
                continue;
            }
            match self.next() {
                None => return Err(unterminated()),
                Some(']') => {
                    push(&mut set, &first);
                    push(&mut set, &Member::Literal('-'));
                    break;
                }
                Some(c) => match (first, self.member(c, flags)?) {
                    (Member::Literal(low), Member::Literal(high)) if low <= high => {
                        has_i |= dotted(low, high);
                        if folds {
                            other_case(&mut set, low, high);
                        }
                        push(&mut set, &Member::Literal(low));
                        set.push('-');
                        push(&mut set, &Member::Literal(high));
                    }
                    _ => return Err(Refused::Invalid("bad character range".to_owned())),
                },
            }
        }
        if has_i && flags.folds_i() {
            set.push_str(r"iI\x{130}\x{131}");
        }
        set.push_str(if folds { "])" } else { "]" });
        self.push_set(&set);
        Ok(())
    }

    fn member(&mut self, c: char, flags: Flags) -> Result<Member, Refused> {
        if c != '\\' {
            return Ok(Member::Literal(c));
        }
        let escaped = self.next().ok_or_else(unterminated)?;
        if let Some(category) = category(escaped, flags.ascii) {
            return Ok(Member::Category(category));
        }
        if escaped == 'b' {
            return Ok(Member::Literal('\x08'));
        }
        if let Some(octal) = escaped.to_digit(8) {
            return Ok(Member::Literal(self.octal(octal, 2)?));
        }
        self.character(escaped).map(Member::Literal)
    }
}

fn unterminated() -> Refused {
    Refused::Invalid("unterminated character set".to_owned())
}

fn push(set: &mut String, member: &Member) {
    match member {
        Member::Category(category) => set.push_str(category),
        Member::Literal(c) => literal(set, *c),
    }
}

/// Adds the letters of ASCII that are those of a range in the other case.
fn other_case(set: &mut String, low: char, high: char) {
    for (first, last) in [('a', 'z'), ('A', 'Z')] {
        let (first, last) = (first.max(low), last.min(high));
        if first <= last {
            set.push((first as u8 ^ 0x20) as char);
            set.push('-');
            set.push((last as u8 ^ 0x20) as char);
        }
    }
}

/// Writes a character so that no engine takes it for syntax, inside a set or outside.
pub fn literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        // Writing into a string does not fail.
        let _ = write!(out, "\\x{{{:X}}}", c as u32);
    }
}

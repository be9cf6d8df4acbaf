//! Groups, assertions, conditions and flags: whatever stands in parentheses.

use super::Refused;
use super::translate::{Flags, Translator, Width, invalid};
use crate::ruleset::coerce;
use std::sync::LazyLock;

/// Higher numbers name no group; a pattern would have to be longer than any.
const MOST_GROUPS: u64 = 1 << 30;

impl Translator<'_> {
    /// A group; its opening parenthesis has been read.
    pub(super) fn group(&mut self, flags: Flags) -> Result<Width, Refused> {
        if !self.take('?') {
            return self.capture(flags);
        }
        match self.next() {
            Some('P') => self.named(flags),
            Some(':') => self.inner("(?:", flags),
            Some('>') => {
                self.backtracks = true;
                self.inner("(?>", flags)
            }
            Some('=') => self.look("(?=", flags),
            Some('!') => self.look("(?!", flags),
            Some('<') => match self.next() {
                Some('=') => self.look_behind("(?<=", flags),
                Some('!') => self.look_behind("(?<!", flags),
                _ => Err(invalid("unknown extension")),
            },
            Some('(') => self.condition(flags),
            Some(c) => self.scoped_flags(c, flags),
            None => Err(invalid("unexpected end of pattern")),
        }
    }

    fn inner(&mut self, open: &str, flags: Flags) -> Result<Width, Refused> {
        self.push(open);
        let width = self.alternation(flags)?;
        self.close()?;
        Ok(width)
    }

    fn close(&mut self) -> Result<(), Refused> {
        if !self.take(')') {
            return Err(invalid("missing ), unterminated subpattern"));
        }
        self.push(")");
        Ok(())
    }

    fn capture(&mut self, flags: Flags) -> Result<Width, Refused> {
        let index = self.groups.len();
        self.groups.push(None);
        let width = self.inner("(", flags)?;
        self.groups[index] = Some(width);
        Ok(width)
    }

    fn named(&mut self, flags: Flags) -> Result<Width, Refused> {
        match self.next() {
            Some('<') => {
                let name = self.take_until('>')?;
                if !is_identifier(&name) {
                    return Err(invalid("bad character in group name"));
                }
                let group = self.groups.len() + 1;
                if self.names.insert(name, group).is_some() {
                    return Err(invalid("redefinition of group name"));
                }
                self.capture(flags)
            }
            Some('=') => {
                let name = self.take_until(')')?;
                let group = self.names.get(&name).copied();
                self.back_reference(group.ok_or_else(|| invalid("unknown group name"))?)
            }
            _ => Err(invalid("unknown extension")),
        }
    }

    fn look(&mut self, open: &str, flags: Flags) -> Result<Width, Refused> {
        self.assert()?;
        self.backtracks = true;
        self.inner(open, flags)?;
        Ok(Width::ZERO)
    }

    fn look_behind(&mut self, open: &str, flags: Flags) -> Result<Width, Refused> {
        self.assert()?;
        self.backtracks = true;
        let outer = self.behind;
        self.behind = Some(outer.unwrap_or(self.groups.len()));
        let width = self.inner(open, flags)?;
        self.behind = outer;
        if width.0 != width.1 {
            return Err(invalid("look-behind requires fixed-width pattern"));
        }
        Ok(Width::ZERO)
    }

    fn condition(&mut self, flags: Flags) -> Result<Width, Refused> {
        let name = self.take_until(')')?;
        let group = match self.names.get(&name) {
            Some(group) => *group,
            // A number as Python's `int()` reads it: ` +1` is one.
            None => match coerce::integer(&name).and_then(|number| number.as_u64()) {
                Some(group @ 1..=MOST_GROUPS) => group as usize,
                _ => return Err(invalid("bad or unknown group in a condition")),
            },
        };
        self.check_behind(group)?;
        self.asked = self.asked.max(group);
        self.backtracks = true;
        self.push(&format!("(?({group})"));
        let mut width = self.sequence(flags)?;
        if self.take('|') {
            self.push("|");
            width = width.or(self.sequence(flags)?);
            if self.peek() == Some('|') {
                return Err(invalid("conditional backref with more than two branches"));
            }
        } else {
            width = width.or(Width::ZERO);
        }
        self.close()?;
        Ok(width)
    }

    fn scoped_flags(&mut self, first: char, mut flags: Flags) -> Result<Width, Refused> {
        let outer = flags.ignore_case;
        let mut letters = String::from(first);
        letters += &self.take_while(usize::MAX, |c| c.is_ascii_alphabetic() || c == '-');
        if !self.take(':') {
            return Err(invalid(
                "global flags not at the start of the expression, or unknown extension",
            ));
        }
        let (on, off) = match letters.split_once('-') {
            Some((_, "")) => return Err(invalid("missing flag")),
            Some((on, off)) => (on, off),
            None => (letters.as_str(), ""),
        };
        if on.contains(|c| off.contains(c)) || (on.contains('a') && on.contains('u')) {
            return Err(invalid("contradictory flags"));
        }
        for letter in on.chars() {
            flags.set(letter, true)?;
        }
        for letter in off.chars() {
            flags.set(letter, false)?;
        }
        let open = match (outer, flags.ignore_case) {
            (false, true) => "(?i:",
            (true, false) => "(?-i:",
            _ => "(?:",
        };
        self.inner(open, flags)
    }
}

/// Python's rule for names, which is that of Unicode.
fn is_identifier(name: &str) -> bool {
    static IDENTIFIER: LazyLock<Option<regex::Regex>> =
        LazyLock::new(|| regex::Regex::new(r"^[\p{XIDS}_]\p{XIDC}*$").ok());
    let identifier = IDENTIFIER.as_ref();
    identifier.is_some_and(|identifier| identifier.is_match(name))
}

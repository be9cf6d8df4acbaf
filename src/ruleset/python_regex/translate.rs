//! From Python's syntax to that of the engines: Python's errors are found here, and its meanings spelt out.

use super::class::{category, literal};
use super::{Options, Refused};
use std::collections::HashMap;

/// Groups within groups beyond this are refused, so that no pattern exhausts the stack.
const DEPTH: usize = 100;

/// Python's own bound for repeats; at once its "no bound".
const ENDLESS: u64 = 4_294_967_295;

/// A translated pattern: two texts that differ in how they say `$` and `\b`.
pub struct Pattern {
    pub usual: String,
    pub exact: String,
    /// Only the backtracking engine can run it.
    pub backtracks: bool,
    pub has_end: bool,
    pub has_boundary: bool,
}

#[derive(Clone, Copy, Default)]
pub struct Flags {
    pub ascii: bool,
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    verbose: bool,
}

/// Python's folding makes one letter of these four; the engines' makes three.
pub const DOTTED_AND_DOTLESS: [char; 4] = ['i', 'I', '\u{130}', '\u{131}'];

impl Flags {
    pub fn folds_i(self) -> bool {
        self.ignore_case && !self.ascii
    }

    fn set(&mut self, letter: char, on: bool) -> Result<(), Refused> {
        match letter {
            'a' if on => self.ascii = true,
            'u' if on => self.ascii = false,
            'i' => self.ignore_case = on,
            'm' => self.multi_line = on,
            's' => self.dot_all = on,
            'x' => self.verbose = on,
            _ => return Err(invalid("unknown or misplaced flag")),
        }
        Ok(())
    }
}

/// How many characters a piece of a pattern matches, at least and at most.
#[derive(Clone, Copy)]
struct Width(u64, u64);

impl Width {
    const ZERO: Width = Width(0, 0);
    const ONE: Width = Width(1, 1);

    fn then(self, next: Width) -> Width {
        Width(
            self.0.saturating_add(next.0),
            self.1.saturating_add(next.1).min(ENDLESS),
        )
    }

    fn or(self, other: Width) -> Width {
        Width(self.0.min(other.0), self.1.max(other.1))
    }

    fn times(self, least: u64, most: u64) -> Width {
        Width(
            self.0.saturating_mul(least),
            self.1.saturating_mul(most).min(ENDLESS),
        )
    }
}

/// What was read last, as far as a repeat that follows must know.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// Nothing, or something without a width that cannot be repeated, like `^`.
    Nothing,
    Item,
    Repeat,
}

pub(super) struct Translator<'p> {
    rest: std::str::Chars<'p>,
    usual: String,
    exact: String,
    backtracks: bool,
    has_end: bool,
    has_boundary: bool,
    /// The widths of the groups, in the order they were opened; `None`: still open.
    groups: Vec<Option<Width>>,
    names: HashMap<String, usize>,
    /// Inside a look-behind: how many groups there were before it.
    behind: Option<usize>,
    /// The highest group that a condition asks for.
    asked: usize,
    depth: usize,
}

pub fn translate(pattern: &str, options: Options) -> Result<Pattern, Refused> {
    let mut translator = Translator {
        rest: pattern.chars(),
        usual: String::with_capacity(2 * pattern.len()),
        exact: String::with_capacity(2 * pattern.len()),
        backtracks: false,
        has_end: false,
        has_boundary: false,
        groups: Vec::new(),
        names: HashMap::new(),
        behind: None,
        asked: 0,
        depth: 0,
    };
    if options.anchored {
        translator.push(r"\A");
    }
    let mut flags = Flags {
        ignore_case: options.ignore_case,
        ..Flags::default()
    };
    translator.leading_flags(&mut flags)?;
    translator.push(if flags.ignore_case { "(?i:" } else { "(?:" });
    translator.alternation(flags)?;
    translator.push(")");
    if translator.rest.next().is_some() {
        return Err(invalid("unbalanced parenthesis"));
    }
    if translator.asked > translator.groups.len() {
        return Err(invalid("invalid group reference"));
    }
    Ok(Pattern {
        usual: translator.usual,
        exact: translator.exact,
        backtracks: translator.backtracks,
        has_end: translator.has_end,
        has_boundary: translator.has_boundary,
    })
}

fn invalid(why: &str) -> Refused {
    Refused::Invalid(why.to_owned())
}

impl Translator<'_> {
    pub(super) fn next(&mut self) -> Option<char> {
        self.rest.next()
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    pub(super) fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        if there {
            self.rest.next();
        }
        there
    }

    fn take_text(&mut self, text: &str) -> bool {
        match self.rest.as_str().strip_prefix(text) {
            Some(rest) => {
                self.rest = rest.chars();
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, most: usize, fits: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|c| taken.len() < most && fits(*c)) {
            taken.push(c);
            self.rest.next();
        }
        taken
    }

    fn take_until(&mut self, end: char) -> Result<String, Refused> {
        let taken = self.take_while(usize::MAX, |c| c != end);
        match self.next() {
            Some(_) => Ok(taken),
            None => Err(invalid("something is not closed")),
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.usual.push_str(text);
        self.exact.push_str(text);
    }

    /// Flags for the whole pattern, which only its very beginning may set.
    fn leading_flags(&mut self, flags: &mut Flags) -> Result<(), Refused> {
        let (mut ascii, mut unicode) = (false, false);
        loop {
            if flags.verbose {
                self.skip_white_space();
            }
            if self.take_text("(?#") {
                self.take_until(')')?;
                continue;
            }
            let Some(group) = self.rest.as_str().strip_prefix("(?") else {
                return Ok(());
            };
            let letters = group.split(')').next().unwrap_or_default();
            let is_flags = !letters.is_empty() && letters.bytes().all(|c| b"aimsux".contains(&c));
            if !is_flags || letters.len() == group.len() {
                return Ok(());
            }
            for letter in letters.chars() {
                ascii |= letter == 'a';
                unicode |= letter == 'u';
                flags.set(letter, true)?;
            }
            if ascii && unicode {
                return Err(invalid("flags `a` and `u` exclude each other"));
            }
            self.rest = group[letters.len() + 1..].chars();
        }
    }

    fn skip_white_space(&mut self) {
        loop {
            self.take_while(usize::MAX, |c| matches!(c, '\t'..='\r' | ' '));
            if !self.take('#') {
                return;
            }
            self.take_while(usize::MAX, |c| c != '\n');
        }
    }

    /// Alternatives up to a closing parenthesis or the end.
    fn alternation(&mut self, flags: Flags) -> Result<Width, Refused> {
        let mut width = self.sequence(flags)?;
        while self.take('|') {
            self.push("|");
            width = width.or(self.sequence(flags)?);
        }
        Ok(width)
    }

    fn sequence(&mut self, flags: Flags) -> Result<Width, Refused> {
        let mut total = Width::ZERO;
        let mut last = Width::ZERO;
        let mut before = Before::Nothing;
        let mut starts = (self.usual.len(), self.exact.len());
        loop {
            if flags.verbose {
                self.skip_white_space();
            }
            let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) else {
                return Ok(total.then(last));
            };
            let rest = self.rest.clone();
            self.rest.next();
            if let Some((least, most)) = self.repeat(c)? {
                match before {
                    Before::Nothing => return Err(invalid("nothing to repeat")),
                    Before::Repeat => return Err(invalid("multiple repeat")),
                    Before::Item => {}
                }
                let asked = rest.as_str().len() - self.rest.as_str().len();
                if last.1 == 0 {
                    self.repeat_nothing(least, starts);
                } else {
                    self.quantifier(&rest.as_str()[..asked], least, most, starts);
                }
                last = last.times(least, most);
                before = Before::Repeat;
                continue;
            }
            if c == '(' && self.take_text("?#") {
                self.take_until(')')?;
                continue;
            }
            total = total.then(last);
            starts = (self.usual.len(), self.exact.len());
            (last, before) = self.item(c, flags)?;
        }
    }

    /// Reads a repeat that begins with `c`, if there is one: how often at least and at most.
    fn repeat(&mut self, c: char) -> Result<Option<(u64, u64)>, Refused> {
        Ok(Some(match c {
            '*' => (0, ENDLESS),
            '+' => (1, ENDLESS),
            '?' => (0, 1),
            '{' => {
                if self.peek() == Some('}') {
                    return Ok(None);
                }
                let rest = self.rest.clone();
                let least = self.take_while(usize::MAX, |c| c.is_ascii_digit());
                let most = match self.take(',') {
                    true => self.take_while(usize::MAX, |c| c.is_ascii_digit()),
                    false => least.clone(),
                };
                if !self.take('}') {
                    self.rest = rest;
                    return Ok(None);
                }
                let number = |text: &str, otherwise| match text {
                    "" => Ok(otherwise),
                    digits => digits
                        .parse()
                        .ok()
                        .filter(|number| *number < ENDLESS)
                        .ok_or_else(|| invalid("the repetition number is too large")),
                };
                let (least, most) = (number(&least, 0)?, number(&most, ENDLESS)?);
                if most < least {
                    return Err(invalid("min repeat greater than max repeat"));
                }
                (least, most)
            }
            _ => return Ok(None),
        }))
    }

    /// Repeats what has no width: once is as often as anybody can tell. The engine repeats no assertions.
    fn repeat_nothing(&mut self, least: u64, starts: (usize, usize)) {
        if !self.take('?') {
            self.take('+');
        }
        if least == 0 {
            self.usual.insert_str(starts.0, "(?:");
            self.exact.insert_str(starts.1, "(?:");
            self.push("|)");
        }
    }

    fn quantifier(&mut self, written: &str, least: u64, most: u64, starts: (usize, usize)) {
        let written = match written.starts_with('{') {
            false => written.to_owned(),
            true if most == ENDLESS => format!("{{{least},}}"),
            true => format!("{{{least},{most}}}"),
        };
        self.push(&written);
        if self.take('?') {
            self.push("?");
        } else if self.take('+') {
            self.backtracks = true;
            self.usual.insert_str(starts.0, "(?>");
            self.exact.insert_str(starts.1, "(?>");
            self.push(")");
        }
    }

    fn item(&mut self, c: char, flags: Flags) -> Result<(Width, Before), Refused> {
        match c {
            '.' => self.push(if flags.dot_all { "(?s:.)" } else { r"[^\n]" }),
            '^' => {
                self.push(if flags.multi_line { "(?m:^)" } else { r"\A" });
                return Ok((Width::ZERO, Before::Nothing));
            }
            '$' => {
                if flags.multi_line {
                    self.push("(?m:$)");
                } else {
                    self.has_end = true;
                    self.usual.push_str(r"\z");
                    self.exact.push_str(r"(?=\n?\z)");
                }
                return Ok((Width::ZERO, Before::Nothing));
            }
            '[' => self.set(flags)?,
            '(' => {
                if self.depth == DEPTH {
                    let why = "groups are nested too deeply";
                    return Err(Refused::Unsupported(why.to_owned()));
                }
                self.depth += 1;
                let width = self.group(flags)?;
                self.depth -= 1;
                return Ok((width, Before::Item));
            }
            '\\' => return self.escape(flags),
            c => self.literal(c, flags),
        }
        Ok((Width::ONE, Before::Item))
    }

    fn literal(&mut self, c: char, flags: Flags) {
        if flags.folds_i() && DOTTED_AND_DOTLESS.contains(&c) {
            return self.push(r"[iI\x{130}\x{131}]");
        }
        literal(&mut self.usual, c);
        literal(&mut self.exact, c);
    }

    fn escape(&mut self, flags: Flags) -> Result<(Width, Before), Refused> {
        let Some(c) = self.next() else {
            return Err(invalid("bad escape at the end"));
        };
        if let Some(category) = category(c, flags.ascii) {
            // The sets of ASCII have no letters of other scripts, whatever folding says.
            self.push(if flags.ascii { "(?-i:[" } else { "[" });
            self.push(category);
            self.push(if flags.ascii { "])" } else { "]" });
            return Ok((Width::ONE, Before::Item));
        }
        match c {
            'A' => self.push(r"\A"),
            'Z' => self.push(r"\z"),
            'b' | 'B' => self.boundary(c == 'b', flags),
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

    fn boundary(&mut self, at_boundary: bool, flags: Flags) {
        let word = match flags.ascii {
            true => "(?-i:[0-9A-Za-z_])",
            false => r"[\p{L}\p{N}_]",
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

    fn back_reference(&mut self, group: usize) -> Result<Width, Refused> {
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

    fn check_behind(&self, group: usize) -> Result<(), Refused> {
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
            'N' => return Err(Refused::Unsupported("characters by name".to_owned())),
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

    /// A group; its opening parenthesis has been read.
    fn group(&mut self, flags: Flags) -> Result<Width, Refused> {
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
        self.backtracks = true;
        self.inner(open, flags)?;
        Ok(Width::ZERO)
    }

    fn look_behind(&mut self, open: &str, flags: Flags) -> Result<Width, Refused> {
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
            None => match name.parse() {
                Ok(group) if group > 0 && name.bytes().all(|c| c.is_ascii_digit()) => group,
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

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

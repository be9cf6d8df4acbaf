//! From Python's syntax to that of the engines: Python's errors are found here, and its meanings spelt out.

use super::class::literal;
use super::{Options, Refused};
use std::collections::HashMap;

/// Groups within groups beyond this are refused, so that no pattern exhausts the stack.
const DEPTH: usize = 100;

/// Assertions beyond so many are refused.
const ASSERTIONS: usize = 1_000;

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
    pub ignore_case: bool,
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

    /// Case means nothing, for the letters of ASCII.
    pub fn folds_ascii(self) -> bool {
        self.ignore_case && self.ascii
    }

    pub(super) fn set(&mut self, letter: char, on: bool) -> Result<(), Refused> {
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
pub(super) struct Width(pub u64, pub u64);

impl Width {
    pub const ZERO: Width = Width(0, 0);
    pub const ONE: Width = Width(1, 1);

    pub(super) fn then(self, next: Width) -> Width {
        Width(
            self.0.saturating_add(next.0),
            self.1.saturating_add(next.1).min(ENDLESS),
        )
    }

    pub(super) fn or(self, other: Width) -> Width {
        Width(self.0.min(other.0), self.1.max(other.1))
    }

    pub(super) fn times(self, least: u64, most: u64) -> Width {
        Width(
            self.0.saturating_mul(least),
            self.1.saturating_mul(most).min(ENDLESS),
        )
    }
}

/// What was read last, as far as a repeat that follows must know.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Before {
    /// Nothing, or something without a width that cannot be repeated, like `^`.
    Nothing,
    Item,
    Repeat,
}

pub(super) struct Translator<'p> {
    pub(super) rest: std::str::Chars<'p>,
    pub(super) usual: String,
    pub(super) exact: String,
    pub(super) backtracks: bool,
    pub(super) has_end: bool,
    pub(super) has_boundary: bool,
    /// The widths of the groups, in the order they were opened; `None`: still open.
    pub(super) groups: Vec<Option<Width>>,
    pub(super) names: HashMap<String, usize>,
    /// Inside a look-behind: how many groups there were before it.
    pub(super) behind: Option<usize>,
    /// The highest group that a condition asks for.
    pub(super) asked: usize,
    pub(super) depth: usize,
    pub(super) style: Style,
    /// Places that only look around.
    pub(super) assertions: usize,
}

/// How sets of characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As they are. The linear-time engine writes a repeated set out as often as it may be repeated, and the sets of
    /// Unicode are large.
    Plain,
    /// So that the backtracking engine takes them one at a time, and counts repeats instead of writing them out.
    OneByOne,
}

pub fn translate(pattern: &str, options: Options, style: Style) -> Result<Pattern, Refused> {
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
        style,
        assertions: 0,
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

pub(super) fn invalid(why: &str) -> Refused {
    Refused::Invalid(why.to_owned())
}

impl Translator<'_> {
    pub(super) fn next(&mut self) -> Option<char> {
        self.rest.next()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    pub(super) fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        if there {
            self.rest.next();
        }
        there
    }

    pub(super) fn take_text(&mut self, text: &str) -> bool {
        match self.rest.as_str().strip_prefix(text) {
            Some(rest) => {
                self.rest = rest.chars();
                true
            }
            None => false,
        }
    }

    pub(super) fn take_while(&mut self, most: usize, fits: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|c| taken.len() < most && fits(*c)) {
            taken.push(c);
            self.rest.next();
        }
        taken
    }

    pub(super) fn take_until(&mut self, end: char) -> Result<String, Refused> {
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

    /// A set of characters as the engines have it.
    pub(super) fn push_set(&mut self, set: &str) {
        match self.style {
            Style::Plain => self.push(set),
            Style::OneByOne => {
                self.backtracks = true;
                self.push("(?>");
                self.push(set);
                self.push(")");
            }
        }
    }

    /// Counts a place that looks around. The backtracking engine makes a machine or more for each, so a short document
    /// could keep its reader busy for minutes.
    pub(super) fn assert(&mut self) -> Result<(), Refused> {
        self.assertions += 1;
        if self.assertions > ASSERTIONS {
            let why = format!("it looks around in more than {ASSERTIONS} places");
            return Err(Refused::Unsupported(why));
        }
        Ok(())
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
    pub(super) fn alternation(&mut self, flags: Flags) -> Result<Width, Refused> {
        let mut width = self.sequence(flags)?;
        while self.take('|') {
            self.push("|");
            width = width.or(self.sequence(flags)?);
        }
        Ok(width)
    }

    pub(super) fn sequence(&mut self, flags: Flags) -> Result<Width, Refused> {
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
            '.' => self.push_set(if flags.dot_all { "(?s:.)" } else { r"[^\n]" }),
            '^' => {
                self.push(if flags.multi_line { "(?m:^)" } else { r"\A" });
                return Ok((Width::ZERO, Before::Nothing));
            }
            '$' => {
                if flags.multi_line {
                    self.push("(?m:$)");
                } else {
                    self.assert()?;
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

    pub(super) fn literal(&mut self, c: char, flags: Flags) {
        if flags.folds_i() && DOTTED_AND_DOTLESS.contains(&c) {
            return self.push(r"[iI\x{130}\x{131}]");
        }
        if flags.folds_ascii() {
            // The engines would fold letters of other scripts onto these: the Kelvin sign is a `k` to them.
            let mut set = String::from("(?-i:[");
            literal(&mut set, c);
            if c.is_ascii_alphabetic() {
                set.push((c as u8 ^ 0x20) as char);
            }
            set.push_str("])");
            return self.push(&set);
        }
        literal(&mut self.usual, c);
        literal(&mut self.exact, c);
    }
}

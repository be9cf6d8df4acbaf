//! Regular expressions as Python's `re.search` understands them, on engines that cannot hang.
//!
//! A pattern is translated once, when the ruleset is loaded. What the linear-time engine can express runs there; look-
//! around, back references and their like run on a backtracking engine that gives up after a fixed number of steps.
//!
//! Two of Python's ideas need the backtracking engine and hardly ever matter: `$` also matches before a final line
//! feed, and `\b` sees other word characters beyond ASCII (and `\B` nothing in an empty text). So a pattern is compiled twice where it has them, and the
//! text decides which of the two is asked.

mod class;
mod escapes;
mod groups;
mod translate;

use super::room::with_room;
use translate::{Pattern, Style, translate};

/// Steps of the backtracking engine after which a text counts as not matching: a few milliseconds.
const STEPS: usize = 200_000;

/// Bytes that a machine of the linear-time engine usually takes at most. One that would be larger would also take long
/// to make; the backtracking engine then does with little.
const SMALL: usize = 1 << 20;

/// Bytes that it takes where that is no help, as with thousands of words.
const LARGE: usize = 10 << 20;

/// Compiling recurses with the groups of a pattern. With more opening parentheses than this it is given a stack of its
/// own, so that a document may be loaded on whatever small thread.
const FLAT: usize = 3;

/// How a pattern is to be taken, besides what it says itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub ignore_case: bool,
    /// The match begins where the text begins (`re.match`); it may end anywhere.
    pub anchored: bool,
}

/// Why a pattern cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no regular expression in Python either.
    Invalid(String),
    /// It means something in Python that no engine here can do.
    Unsupported(String),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Invalid(why) => write!(f, "not a regular expression: {why}"),
            Refused::Unsupported(why) => {
                write!(f, "a regular expression not supported here: {why}")
            }
        }
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub struct PythonRegex {
    usual: Engine,
    /// For texts on which `usual` may differ from Python.
    exact: Option<Engine>,
    has_end: bool,
    has_boundary: bool,
}

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl PythonRegex {
    pub fn new(pattern: &str, options: Options) -> Result<Self, Refused> {
        if pattern.matches('(').count() <= FLAT {
            return PythonRegex::compile(pattern, options);
        }
        with_room(|| PythonRegex::compile(pattern, options))
    }

    fn compile(pattern: &str, options: Options) -> Result<Self, Refused> {
        let small = PythonRegex::compile_as(Style::Plain, SMALL, pattern, options);
        if !matches!(small, Err(Refused::Unsupported(_))) {
            return small;
        }
        // Python takes it, so it may only be too large.
        PythonRegex::compile_as(Style::OneByOne, SMALL, pattern, options)
            .or_else(|_| PythonRegex::compile_as(Style::Plain, LARGE, pattern, options))
    }

    fn compile_as(
        style: Style,
        size: usize,
        pattern: &str,
        options: Options,
    ) -> Result<Self, Refused> {
        let Pattern {
            usual,
            exact,
            backtracks,
            has_end,
            has_boundary,
        } = translate(pattern, options, style)?;
        let usual = match backtracks {
            true => Engine::backtracking(&usual, size)?,
            false => Engine::linear(&usual, size)?,
        };
        let exact = match has_end || has_boundary {
            true => Some(Engine::backtracking(&exact, size)?),
            false => None,
        };
        Ok(PythonRegex {
            usual,
            exact,
            has_end,
            has_boundary,
        })
    }

    /// Whether the pattern is found in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        let has_other_words = text.is_empty() || !text.is_ascii();
        let unusual =
            (self.has_end && text.ends_with('\n')) || (self.has_boundary && has_other_words);
        match &self.exact {
            Some(exact) if unusual => exact.is_match(text),
            _ => self.usual.is_match(text),
        }
    }
}

impl Engine {
    fn linear(pattern: &str, size: usize) -> Result<Self, Refused> {
        match regex::RegexBuilder::new(pattern).size_limit(size).build() {
            Ok(regex) => Ok(Engine::Linear(regex)),
            Err(error) => Err(Refused::Unsupported(error.to_string())),
        }
    }

    fn backtracking(pattern: &str, size: usize) -> Result<Self, Refused> {
        let built = fancy_regex::RegexBuilder::new(pattern)
            .backtrack_limit(STEPS)
            .delegate_size_limit(size)
            .build();
        match built {
            Ok(regex) => Ok(Engine::Backtracking(Box::new(regex))),
            Err(error) => Err(Refused::Unsupported(error.to_string())),
        }
    }

    fn is_match(&self, text: &str) -> bool {
        match self {
            Engine::Linear(regex) => regex.is_match(text),
            // Out of steps: a text that is this hard to match is taken as not matching.
            Engine::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        PythonRegex::new(pattern, Options::default())
            .unwrap_or_else(|why| panic!("{pattern}: {why}"))
            .is_match(text)
    }

    fn is_invalid(pattern: &str) -> bool {
        let made = PythonRegex::new(pattern, Options::default());
        matches!(made, Err(Refused::Invalid(_)))
    }

    #[test]
    fn a_dollar_also_matches_before_a_final_line_feed_and_a_capital_z_does_not() {
        assert!(found("^abc$", "abc\n"));
        assert!(!found("^abc$", "abc\n\n"));
        assert!(!found(r"^abc\Z", "abc\n"));
        assert!(found("(?m)^abc$", "x\nabc\ny"));
    }

    #[test]
    fn classes_are_those_of_python() {
        assert!(found(r"^\d+$", "٤٢"));
        assert!(!found(r"(?a)^\d+$", "٤٢"));
        assert!(found(r"^\s$", "\x1c"));
        // A combining mark is no word character in Python.
        assert!(!found(r"\w", "\u{301}"));
        assert!(found(r"e\b", "e\u{301}"));
        assert!(found(r"\bж\b", "а ж б"));
        assert!(found(r"^[\W]$", "\u{301}"));
        assert!(found(r"^[]a]+$", "]a"));
        assert!(found(r"^[[:alpha:]]$", ":]"));
    }

    #[test]
    fn letters_fold_as_in_python() {
        assert!(found("(?i)I", "ı") && found("(?i)[a-z]", "İ") && !found("(?i)[^i]", "ı"));
        assert!(found(r"(?i)k", "\u{212a}") && !found(r"(?ai)\w", "ſ"));
        assert!(!found(r"\B", "") && found(r"\B", "ab"));
        // A combining iota folds onto the letter, and is no word character for it.
        assert!(!found(r"(?i)\w", "\u{345}") && !found(r"(?i)\b$", "\u{345}"));
        assert!(found("(?i)\u{345}", "ι") && found(r"(?i)\W", "\u{345}"));
        for pattern in ["(?ai)k", "(?ai)[k]", "(?ai)[J-L]", "(?i)(?a:k)"] {
            assert!(
                found(pattern, "K") && found(pattern, "k") && !found(pattern, "\u{212a}"),
                "{pattern}"
            );
        }
        assert!(!found("(?ai)é", "É") && !found("(?ai)[é]", "É") && !found("(?ai)[^k]", "K"));
    }

    #[test]
    fn characters_have_names() {
        assert!(
            found(r"^\N{DIGIT ONE}$", "1")
                && found(r"^[\N{latin small letter e with acute}]$", "é")
        );
        assert!(found(r"\N{LINE FEED}", "\n") && found(r"\N{HANGUL SYLLABLE GA}", "가"));
        for pattern in [
            r"\N{DIGIT_ONE}",
            r"\N{DIGITONE}",
            r"\N{}",
            r"\N{NOBODY}",
            r"\N",
            r"\N{DIGIT ONE",
        ] {
            assert!(is_invalid(pattern), "{pattern}");
        }
    }

    #[test]
    fn assertions_may_be_repeated() {
        assert!(found("(?=a)*b", "b") && !found("(?=a)+b", "b") && found("^(?:(?<!a))?+b", "b"));
    }

    #[test]
    fn look_around_and_references_work() {
        assert!(found(r"^(?!abc).*$", "ab"));
        assert!(!found(r"^(?!abc).*$", "abcd"));
        assert!(found(r"(a)\1", "aa"));
        assert!(found(r"(?P<x>ab)c(?P=x)", "abcab"));
        assert!(found(r"(?<=a|b)c", "bc"));
        assert!(found(r"^(a)?b(?(1)c|d)$", "bd"));
        assert!(!found(r"^a++a$", "aaa"));
        assert!(!found(r"^(?>a{1,2})a$", "aa"));
    }

    #[test]
    fn a_condition_names_its_group_as_python_reads_names_and_numbers() {
        for pattern in ["( 1)", "(+1 )", "(01)", "(１)", "(0_1)"] {
            let pattern = format!("^(a)?b(?{pattern}c|d)$");
            assert!(found(&pattern, "abc") && found(&pattern, "bd"), "{pattern}");
        }
        assert!(found("(?P<e\u{301}>a)(?(e\u{301})b)", "ab"));
        for pattern in [
            "(a)(?(-1)b)",
            "(a)(?(0)b)",
            "(a)(?(1 1)b)",
            "(a)(?(1.0)b)",
            "(?P<x²>a)",
        ] {
            assert!(is_invalid(pattern), "{pattern}");
        }
    }

    #[test]
    fn large_sets_that_may_be_repeated_often_are_counted() {
        let mail = r"^[\w.+-]{1,64}@[\w-]{1,255}\.\w{2,24}$";
        for mail in [
            mail.to_owned(),
            format!("(?!x){mail}"),
            format!(r"\b{mail}"),
        ] {
            let local = "é".repeat(64);
            assert!(found(&mail, &format!("{local}@example.org\n")), "{mail}");
            assert!(!found(&mail, &format!("{local}é@example.org")), "{mail}");
        }
        assert!(found("^.{1,5000}$", &"é".repeat(5_000)) && !found("^.{5000}$", "a"));
        let words: Vec<_> = (0..20_000).map(|n| format!("word-{n}")).collect();
        let words = format!("^(?:{})$", words.join("|"));
        assert!(found(&words, "word-19999\n") && !found(&words, "word-20000"));
        let text = "ж".repeat(400);
        assert!(found(r"(\w{10}){40}", &text) && !found(r"(\w{10}){41}", &text));
        assert!(found(r"(?i)^(?:[а-я]\w){200}\Z", &text) && !found(r"^\W{1,1000}$", &text));
    }

    #[test]
    fn a_pattern_that_looks_around_everywhere_is_not_supported() {
        for pattern in [r"\b", "$", "(?=a)", "(?<!a)"] {
            let made = PythonRegex::new(&pattern.repeat(100_000), Options::default());
            assert!(matches!(made, Err(Refused::Unsupported(_))), "{pattern}");
        }
    }

    #[test]
    fn odd_braces_are_literals_and_odd_repeats_are_errors() {
        assert!(found("^x{,2}$", "xx"));
        assert!(!found("^x{,2}$", "xxx"));
        assert!(found("^x{$", "x{"));
        assert!(found("^x{1,2$", "x{1,2"));
        for pattern in [
            "*a", "^*", "a**", "a{1}{2}", "[", "[]", "(", ")", r"\p{L}", r"\z", "(?<n>a)",
            "a{2,1}", "[z-a]", r"\1", r"(a\1)", "(?<=a*)b", "a(?i)", "(?", "(?i", "(?P<1>a)",
            "(?P=x)", r"\x1", "(?-i)", "x|*", r"(?(2)a)",
        ] {
            assert!(is_invalid(pattern), "{pattern}");
        }
    }

    #[test]
    fn many_groups_within_groups_need_no_large_stack() {
        let nested = |open: &str, close: &str| format!("{}a{}", open.repeat(99), close.repeat(99));
        let patterns = [
            nested("(", ")"),
            nested("(b|", ")") + "$",
            nested("(b|", ")") + "\\1",
            nested("(?:x", ")*"),
            nested("(?=", ")"),
        ];
        let small = std::thread::Builder::new().stack_size(256 * 1024);
        let thread = small.spawn(move || {
            for pattern in patterns {
                if let Ok(regex) = PythonRegex::new(&pattern, Options::default()) {
                    assert!(!regex.is_match("é\n"));
                }
            }
        });
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn a_pattern_that_explodes_gives_up() {
        let text = format!("{}!", "a".repeat(60));
        assert!(!found(r"^(?=(a+)+$)x|^(a|aa)+\2$", &text));
    }
}

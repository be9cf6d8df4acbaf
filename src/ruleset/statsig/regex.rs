//! Regular expressions in the platform's flavour (section 2.7.6), on engines that cannot hang.
//!
//! The platform runs the crate `fancy-regex`, which is what says whether a pattern is one. What the linear-time engine
//! can express with the same meaning runs there; only the rest runs backtracking, within bounds.

use crate::ruleset::room::with_room;
use platform_regex as fancy;

/// Steps of the backtracking engine after which a text counts as not matching: a few milliseconds. The platform goes on
/// for five times as many, which is no use to somebody who waits for an answer.
const STEPS: usize = 200_000;

/// Longer texts do not match on the backtracking engine: one step may go through the whole text.
const LONGEST: usize = 16 << 10;

/// Groups and classes from which on a pattern is compiled with room to go deep.
const DEEP: usize = 16;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern(Engine);

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy::Regex>),
}

impl Pattern {
    /// `None`: no regular expression, so that nothing matches.
    pub fn new(text: &str) -> Option<Pattern> {
        let opening = |c: &char| matches!(c, '(' | '[');
        if text.chars().filter(opening).count() < DEEP {
            return compile(text);
        }
        with_room(|| compile(text))
    }

    /// Whether a search may take much longer than the text is long.
    pub fn may_take_long(&self) -> bool {
        matches!(self.0, Engine::Backtracking(_))
    }

    /// Whether the pattern is found anywhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.0 {
            Engine::Linear(regex) => regex.is_match(text),
            // Out of steps is no match on the platform too.
            Engine::Backtracking(regex) => {
                text.len() <= LONGEST && regex.is_match(text).unwrap_or(false)
            }
        }
    }
}

fn compile(text: &str) -> Option<Pattern> {
    let mut builder = fancy::RegexBuilder::new(text);
    let backtracking = builder.backtrack_limit(STEPS).build().ok()?;
    let linear = match repeats_a_repeat(text) {
        true => None,
        false => regex::Regex::new(text).ok(),
    };
    Some(Pattern(match linear {
        Some(linear) => Engine::Linear(linear),
        None => Engine::Backtracking(Box::new(backtracking)),
    }))
}

/// Whether a repetition may follow a repetition, as in `a++`: the one thing that both engines read, and read
/// differently. Sees too many of them rather than too few: what `(?x)` hides counts.
fn repeats_a_repeat(text: &str) -> bool {
    let mut last = ' ';
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c == '#' || (matches!(last, '*' | '+' | '?' | '}') && matches!(c, '*' | '+' | '{')) {
            return true;
        }
        last = c;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn found(text: &str, within: &str) -> bool {
        pattern(text).is_match(within)
    }

    fn is_linear(text: &str) -> bool {
        matches!(pattern(text).0, Engine::Linear(_))
    }

    #[test]
    fn a_pattern_is_found_anywhere_in_the_text() {
        assert!(
            found("bc", "abcd") && found("", "") && found("a|", "x") && found("true|false", "true")
        );
        assert!(!found("^bc", "abcd") && !found("A", "a") && found("(?i)é", "É"));
        assert!(
            found("é|É", "ÉLAN")
                && found(r"\p{Han}", "日本")
                && found(r"\x61", "a")
                && found(r"\/a", "/a")
        );
    }

    #[test]
    fn classes_are_those_of_unicode() {
        assert!(found(r"^\d+$", "٣") && found(r"^\w+$", "straße") && found(r"^\s$", "\u{a0}"));
        assert!(!found("^[0-9]+$", "٣") && found("[[:alpha:]]+", "1a"));
    }

    #[test]
    fn a_dollar_matches_at_the_very_end_only() {
        assert!(
            !found("c$", "abc\n")
                && found("c$", "abc")
                && found("(?m)c$", "abc\n")
                && !found(r"\Aabc\z", "abc\n")
        );
        assert!(found(r"(?=c)c\Z", "abc\n"));
    }

    #[test]
    fn look_around_references_and_atoms_work() {
        assert!(found("(?<=foo)bar", "foobar") && !found("(?<=foo)bar", "bar"));
        assert!(found("foo(?!baz)", "foobar") && !found("foo(?!baz)", "foobaz"));
        assert!(found(r"(a)\1", "aa") && !found(r"(a)\1", "ab"));
        assert!(found("(?>a)bc", "abc") && !found("(?>a|ab)c", "abc"));
        assert!(found(r"(?<n>a)\k<n>", "aa") && found("(?P<n>a)b(?P=n)", "aba"));
        assert!(found(r"^(a)?b(?(1)c|d)$", "bd") && found("(?<=a+)b", "aab"));
    }

    #[test]
    fn a_plus_after_a_repetition_makes_it_possessive() {
        assert!(found("a++b", "aab") && !found("a++ab", "aab") && !found("(?x) a+ +ab", "aab"));
        assert!(!is_linear("a++b"));
    }

    #[test]
    fn what_the_platform_does_not_compile_matches_nothing() {
        for text in [
            "(",
            "[",
            "*",
            "a)",
            "a**",
            "(?<=a*",
            r"\2",
            r"\g<9>",
            "a{2,1}",
            "[z-a]",
            r"\k<n>",
            "(?P<n>a)(?P<n>",
            // What later versions of its engine, or the linear one, could do.
            r"\R",
            r"\N",
            "(?~ab)",
            "(*FAIL)",
            r"(a)\g<1>",
            r"\p{word}",
            "(?R)",
            "(?-u)",
            "(?<n.m>a)",
            r"\p{^L}",
        ] {
            assert!(Pattern::new(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_linear_engine_runs_what_it_can_express() {
        for text in [
            "^abc$",
            r"\bfoo\b",
            "(a|b)*c",
            r"^(\d{4})-\d{2}$",
            "(?i)x",
            "[[:alpha:]]+?",
            "a{1,2}",
        ] {
            assert!(is_linear(text), "{text}");
        }
        for text in ["(?=a)", r"(a)\1", "(?>a)", r"\Ka"] {
            assert!(!is_linear(text), "{text}");
        }
        assert!(found(r"\bfoo", &format!("{} foo", "a".repeat(2 << 20))));
    }

    #[test]
    fn a_pattern_that_explodes_gives_up() {
        let text = format!("{}!", "a".repeat(60));
        assert!(!found(r"^(?=(a+)+$)x|^(a|aa)+\2$", &text));
        let looking = pattern("(?=.*z)a");
        assert!(looking.is_match(&format!("{}z", "a".repeat(LONGEST - 1))));
        assert!(!looking.is_match(&format!("{}z", "a".repeat(LONGEST))));
    }

    #[test]
    fn groups_within_groups_need_no_large_stack_of_the_host() {
        let compile = || {
            let nested =
                |open: &str, close: &str| format!("{}a{}", open.repeat(25), close.repeat(25));
            assert!(found(&nested("((", "))"), "a"));
            assert!(found(&nested("(?:b|(?=", "))"), "a"));
            assert!(Pattern::new(&"(".repeat(100_000)).is_none());
            assert!(Pattern::new(&"[".repeat(100_000)).is_none());
            assert!(
                found(&"(?i)".repeat(10_000), "")
                    && found(&format!("a{}", "|b".repeat(10_000)), "b")
            );
        };
        let small = std::thread::Builder::new().stack_size(256 << 10);
        small.spawn(compile).unwrap().join().unwrap();
    }
}

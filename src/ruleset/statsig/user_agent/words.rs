//! The words of a user agent, and a window of four that slides over them.

/// What counts for nothing at either end of a word.
const TRIMMED: [char; 7] = ['(', ')', ';', ',', '+', '_', '"'];

/// The word without what counts for nothing; `None` if nothing is left.
pub fn trimmed(word: &str) -> Option<&str> {
    let word = word.trim_matches(TRIMMED);
    (!word.is_empty()).then_some(word)
}

/// Four words in a row, of which the first is the one that is looked at.
pub struct Window<'t> {
    words: Vec<&'t str>,
    at: usize,
}

impl<'t> Window<'t> {
    pub fn new(text: &'t str) -> Self {
        Window {
            words: text.split([';', ' ']).collect(),
            at: 0,
        }
    }

    /// The four words, if there is a first. Empty ones are absent.
    pub fn words(&self) -> Option<[Option<&'t str>; 4]> {
        let word = |ahead: usize| trimmed(self.words.get(self.at + ahead)?);
        (self.at < self.words.len()).then(|| [word(0), word(1), word(2), word(3)])
    }

    pub fn advance(&mut self, words: usize) {
        self.at += words;
    }

    /// The word if it begins with a digit: then it is a version, and the window moves over it.
    pub fn number(&mut self, word: Option<&'t str>) -> Option<&'t str> {
        let number = word.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        self.advance(1);
        Some(number)
    }
}

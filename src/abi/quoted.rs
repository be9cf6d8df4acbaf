//! A text as JSON, made for one call.

use std::io::Write;

/// Short texts, which defaults are, are quoted on the stack.
pub struct Quoted {
    short: [u8; 128],
    len: usize,
    long: String,
}

impl Quoted {
    pub fn new(text: &str) -> Self {
        let mut short = [0; 128];
        let mut rest = &mut short[..];
        let fits = serde_json::to_writer(&mut rest, text).is_ok() && rest.flush().is_ok();
        let len = 128 - rest.len();
        Quoted {
            short,
            len,
            long: match fits {
                true => String::new(),
                false => serde_json::Value::from(text).to_string(),
            },
        }
    }

    pub fn as_json(&self) -> &str {
        if !self.long.is_empty() {
            return &self.long;
        }
        let short = self.short.get(..self.len).unwrap_or_default();
        std::str::from_utf8(short).unwrap_or("null")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_the_same_whether_it_fits_or_not() {
        for length in [0, 1, 125, 126, 127, 128, 129, 500] {
            let text = "é\"\0"
                .repeat(length)
                .chars()
                .take(length)
                .collect::<String>();
            let quoted = Quoted::new(&text);
            let back: String = serde_json::from_str(quoted.as_json()).unwrap();
            assert_eq!(back, text, "{length}");
        }
    }
}

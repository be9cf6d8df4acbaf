//! User agents: operating system and browser, by the platform's own small tokenizer (section 2.11).
//!
//! The rules are the platform's to the letter, oddities included: a browser that it does not know is `Other`, and so is
//! the version of Windows 6.2.

mod tokens;
mod verdict;
mod words;

/// What can be asked of a user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    OsName,
    OsVersion,
    BrowserName,
    BrowserVersion,
}

/// Longer texts, in bytes, are not looked at.
const LONGEST: usize = 1000;

impl Field {
    /// The field that a condition names, its name in lower case.
    pub fn named(lower_case_field: &str) -> Option<Field> {
        match lower_case_field {
            "os_name" | "osname" => Some(Field::OsName),
            "os_version" | "osversion" => Some(Field::OsVersion),
            "browser_name" | "browsername" => Some(Field::BrowserName),
            "browser_version" | "browserversion" => Some(Field::BrowserVersion),
            _ => None,
        }
    }
}

/// The field's text. `None` only for a text that is too long: what is not recognised is `Other` in version `0.0.0`.
pub fn parse(user_agent: &str, field: Field) -> Option<String> {
    if user_agent.len() > LONGEST {
        return None;
    }
    let seen = tokens::read(user_agent);
    Some(match field {
        Field::OsName => verdict::os(&seen).name.to_owned(),
        Field::OsVersion => verdict::os(&seen).version_text(),
        Field::BrowserName => verdict::browser(&seen).name.to_owned(),
        Field::BrowserVersion => verdict::browser(&seen).version_text(),
    })
}

#[cfg(test)]
mod tests;

//! Lists of ids that segments are made of (section 2.7.4).
//!
//! An id is kept as the platform keeps it: the first eight characters of the Base64 of its SHA-256, which are the first
//! six bytes of the hash. The lists come with the client option `id_lists`, an object from a list's name to one of
//!
//! - `{"ids": ["user-1", …]}`: the ids themselves;
//! - `{"hashes": ["xsKJ5J6c", …]}`: the eight characters;
//! - `{"file": "path"}`: a list as the platform's servers hand it out, lines of `+hash` and `-hash` (section 5.5).

use crate::error::{Error, ErrorKind};
use crate::value::{Value, kind_of};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt::Display;

/// What is kept of an id.
type Key = [u8; 6];

/// The lists of a client, by name.
#[derive(Debug, Default)]
pub struct IdLists {
    lists: HashMap<Box<str>, List>,
}

/// Keys in rising order: six bytes an id, however many there are.
#[derive(Debug)]
struct List(Box<[Key]>);

impl IdLists {
    /// Reads the client option `id_lists`, files included.
    pub fn from_options(value: &Value) -> Result<IdLists, Error> {
        let at = "options.id_lists";
        let lists = value
            .as_object()
            .ok_or_else(|| ill_typed(at, "an object", value))?;
        let lists = lists.iter().map(|(name, list)| {
            let list = List::read(&format!("{at}.{name}"), list)?;
            Ok((name.as_str().into(), list))
        });
        Ok(IdLists {
            lists: lists.collect::<Result<_, Error>>()?,
        })
    }

    /// Whether the id is on the list. A list that is not there has no ids.
    pub fn contains(&self, list: &str, id: &str) -> bool {
        let Some(List(keys)) = self.lists.get(list) else {
            return false;
        };
        keys.binary_search(&key_of(id)).is_ok()
    }

    /// Whether there is such a list.
    pub fn has(&self, list: &str) -> bool {
        self.lists.contains_key(list)
    }
}

impl List {
    /// The list that an option describes; `at` is its JSON path.
    fn read(at: &str, value: &Value) -> Result<List, Error> {
        let members = value
            .as_object()
            .ok_or_else(|| ill_typed(at, "an object", value))?;
        let mut members = members.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            let why = "must have exactly one of the members `ids`, `hashes` and `file`";
            return Err(refused(at, why));
        };
        let at = format!("{at}.{name}");
        let keys = match name.as_str() {
            "ids" => texts(&at, value)?.map(|text| Ok(key_of(text?.1))).collect(),
            "hashes" => texts(&at, value)?.map(|text| hash(text?)).collect(),
            "file" => {
                let path = value
                    .as_str()
                    .ok_or_else(|| ill_typed(&at, "text", value))?;
                file(path).map_err(|why| refused(&at, format_args!("{path}: {why}")))
            }
            _ => Err(refused(
                &at,
                "a list has no such member; it has `ids`, `hashes` or `file`",
            )),
        };
        let mut keys: Vec<Key> = keys?.into_iter().collect();
        keys.sort_unstable();
        Ok(List(keys.into()))
    }
}

/// The texts of a list, each with its JSON path.
fn texts<'v>(
    at: &str,
    value: &'v Value,
) -> Result<impl Iterator<Item = Result<(String, &'v str), Error>>, Error> {
    let elements = value
        .as_array()
        .ok_or_else(|| ill_typed(at, "a list", value))?;
    Ok(elements.iter().enumerate().map(move |(index, element)| {
        let at = format!("{at}[{index}]");
        match element.as_str() {
            Some(text) => Ok((at, text)),
            None => Err(ill_typed(&at, "text", element)),
        }
    }))
}

fn hash((at, text): (String, &str)) -> Result<Key, Error> {
    key(text.as_bytes()).ok_or_else(|| refused(&at, not_a_hash(text)))
}

/// A list in the form of a download. What neither adds nor removes is skipped, as on the platform; what does, but no
/// hash, is a mistake: such a line could never have an effect.
fn file(path: &str) -> Result<HashSet<Key>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let first = bytes.trim_ascii_start().first();
    if first.is_some_and(|first| !matches!(first, b'+' | b'-')) {
        return Err("an ID list begins with `+` or `-`".to_owned());
    }
    let mut keys = HashSet::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let (sign, text) = match line.trim_ascii() {
            [] | [_] => continue,
            [sign, text @ ..] => (*sign, text),
        };
        let adds = match sign {
            b'+' => true,
            b'-' => false,
            _ => continue,
        };
        let Some(key) = key(text) else {
            let why = not_a_hash(&String::from_utf8_lossy(text));
            return Err(format!("line {}: {why}", index + 1));
        };
        match adds {
            true => keys.insert(key),
            false => keys.remove(&key),
        };
    }
    Ok(keys)
}

fn key_of(id: &str) -> Key {
    let hash: [u8; 32] = Sha256::digest(id).into();
    hash[..6].try_into().expect("a hash has more bytes")
}

/// The key whose eight characters these are.
fn key(text: &[u8]) -> Option<Key> {
    let mut key = Key::default();
    let length = BASE64_STANDARD.decode_slice(text, &mut key).ok()?;
    (text.len() == 8 && length == 6).then_some(key)
}

fn not_a_hash(text: &str) -> String {
    format!("{text:?} is no hash of an id, which is 8 characters of Base64")
}

fn ill_typed(at: &str, wanted: &str, value: &Value) -> Error {
    let why = format!("must be {wanted}, is {}", kind_of(value));
    refused(at, why)
}

fn refused(at: &str, why: impl Display) -> Error {
    Error::at(ErrorKind::InvalidConfig, at, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lists(value: Value) -> IdLists {
        IdLists::from_options(&value).unwrap()
    }

    /// What becomes of a file with this text.
    fn from_file(text: &[u8]) -> Result<IdLists, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list");
        std::fs::write(&path, text).unwrap();
        IdLists::from_options(&json!({"vip": {"file": path.to_str().unwrap()}}))
    }

    #[test]
    fn ids_are_found_by_the_hashes_that_the_platform_publishes() {
        for (id, hash) in [
            ("user-1", "xsKJ5J6c"),
            ("u", "C/6TXnDD"),
            ("c-1", "pvfvR+6N"),
            ("", "47DEQpj8"),
            ("ünïcode", "uL6JZ+Te"),
            ("user@example.com", "tMmiiTI7"),
        ] {
            let lists = lists(json!({"vip": {"hashes": [hash]}, "plain": {"ids": [id]}}));
            assert!(
                lists.contains("vip", id) && lists.contains("plain", id),
                "{id}"
            );
            assert!(!lists.contains("vip", "other") && !lists.contains("plain", hash));
        }
    }

    #[test]
    fn a_list_that_is_not_there_has_nobody() {
        let lists = lists(json!({"vip": {"ids": ["a", "b", "a"]}, "empty": {"ids": []}}));
        assert!(lists.has("vip") && lists.has("empty") && !lists.has("VIP"));
        assert!(lists.contains("vip", "a") && lists.contains("vip", "b"));
        assert!(!lists.contains("empty", "a") && !lists.contains("VIP", "a"));
        assert!(!IdLists::default().contains("vip", "a"));
    }

    #[test]
    fn a_file_adds_and_removes_line_by_line() {
        let text =
            "\n+xsKJ5J6c\r\n+C/6TXnDD\n-xsKJ5J6c\n\n+\n# note\n  +pvfvR+6N  \n-47DEQpj8\n+47DEQpj8";
        let lists = from_file(text.as_bytes()).unwrap();
        for (id, is_in) in [("user-1", false), ("u", true), ("c-1", true), ("", true)] {
            assert_eq!(lists.contains("vip", id), is_in, "{id}");
        }
        assert!(from_file(b"").unwrap().has("vip"));
    }

    #[test]
    fn a_thousand_ids_are_found_and_no_others() {
        let ids: Vec<String> = (0..1000).map(|n| format!("user-{n}")).collect();
        let lists = lists(json!({"vip": {"ids": ids}}));
        assert!(ids.iter().all(|id| lists.contains("vip", id)));
        assert!((1000..2000).all(|n| !lists.contains("vip", &format!("user-{n}"))));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (value, message) in [
            (json!([]), "options.id_lists: must be an object, is list"),
            (
                json!({"vip": true}),
                "options.id_lists.vip: must be an object, is boolean",
            ),
            (
                json!({"vip": {}}),
                "options.id_lists.vip: must have exactly one",
            ),
            (
                json!({"vip": {"ids": [], "hashes": []}}),
                "options.id_lists.vip: must have exactly one",
            ),
            (
                json!({"vip": {"id": []}}),
                "options.id_lists.vip.id: a list has no such member",
            ),
            (
                json!({"vip": {"ids": {}}}),
                "options.id_lists.vip.ids: must be a list, is object",
            ),
            (
                json!({"vip": {"ids": ["a", 5]}}),
                "options.id_lists.vip.ids[1]: must be text, is number",
            ),
            (
                json!({"vip": {"hashes": ["short"]}}),
                "options.id_lists.vip.hashes[0]: \"short\" is no hash",
            ),
            (
                json!({"vip": {"hashes": ["xsKJ5J6="]}}),
                "options.id_lists.vip.hashes[0]: ",
            ),
            (
                json!({"vip": {"hashes": ["xsKJ5J6_"]}}),
                "options.id_lists.vip.hashes[0]: ",
            ),
            (
                json!({"vip": {"hashes": ["xsKJ5J6cxsKJ"]}}),
                "options.id_lists.vip.hashes[0]: ",
            ),
            (
                json!({"vip": {"file": 5}}),
                "options.id_lists.vip.file: must be text, is number",
            ),
            (
                json!({"vip": {"file": "/nowhere/at.all"}}),
                "options.id_lists.vip.file: /nowhere/at.all: ",
            ),
        ] {
            let error = IdLists::from_options(&value).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidConfig);
            assert!(error.message.starts_with(message), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_list_is_refused_with_the_line() {
        for (text, why) in [
            (&b"user-1\nuser-2"[..], "an ID list begins with"),
            (b"+xsKJ5J6c\n\n+user-1\n", "line 3: \"user-1\" is no hash"),
            (b"-xsKJ5J6c\n-\xff\xff", "line 2: "),
        ] {
            let error = from_file(text).unwrap_err();
            assert!(
                error.message.starts_with("options.id_lists.vip.file: "),
                "{error}"
            );
            assert!(error.message.contains(why), "{error}");
        }
    }
}

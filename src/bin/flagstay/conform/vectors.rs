//! Vector files: finding them and reading them. Everything in them is known, or it is an error.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where a file is counted that does not say its dialect.
pub const UNREADABLE: &str = "unreadable";

/// Adds the `*.json` files at or below `place`, sorted, so that two runs print the same report.
pub fn find(place: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !std::fs::metadata(place)?.is_dir() {
        files.push(place.to_owned());
        return Ok(());
    }
    let mut entries = std::fs::read_dir(place)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|e| e == "json") {
            find(&entry, files)?;
        }
    }
    Ok(())
}

/// A vector file. Documents stay text: a client must see them as their authors wrote them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(skip)]
    pub path: PathBuf,
    format: u32,
    pub dialect: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    pub now_ms: Option<i64>,
    rulesets: HashMap<String, Box<RawValue>>,
    /// Parsed one by one: a case that makes no sense fails alone.
    pub cases: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    #[serde(rename = "$file")]
    file: PathBuf,
}

impl File {
    /// `Ok(None)`: JSON, but no vectors. An error comes with the file's dialect where that can be told.
    pub fn read(path: &Path) -> Result<Option<File>, (Option<String>, String)> {
        let text = std::fs::read_to_string(path).map_err(|error| (None, error.to_string()))?;
        let members: HashMap<String, Box<RawValue>> = match serde_json::from_str(&text) {
            Ok(members) => members,
            Err(error) if error.is_data() => return Ok(None),
            Err(error) => return Err((None, error.to_string())),
        };
        if !(members.contains_key("format") && members.contains_key("cases")) {
            return Ok(None);
        }
        let dialect = members
            .get("dialect")
            .and_then(|dialect| serde_json::from_str(dialect.get()).ok());
        let file: File =
            serde_json::from_str(&text).map_err(|error| (dialect.clone(), error.to_string()))?;
        if file.format != 1 {
            let message = format!("format {} is not known to this runner", file.format);
            return Err((dialect, message));
        }
        Ok(Some(File {
            path: path.to_owned(),
            ..file
        }))
    }

    /// The text of a named document.
    pub fn document(&self, name: &str) -> Result<String, String> {
        let inline = self
            .rulesets
            .get(name)
            .ok_or_else(|| format!("the file has no ruleset `{name}`"))?;
        let Ok(elsewhere) = serde_json::from_str::<Elsewhere>(inline.get()) else {
            return Ok(inline.get().to_owned());
        };
        let path = self.path.with_file_name("").join(elsewhere.file);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// `None`: the client has received no rules yet.
    pub ruleset: Option<String>,
    #[serde(default)]
    pub config: HashMap<String, Box<RawValue>>,
    /// `None`: the client has no store.
    pub storage: Option<Vec<StoredRecord>>,
    pub steps: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRecord {
    pub unit: String,
    pub flag: String,
    /// A store can contain anything.
    #[serde(deserialize_with = "raw")]
    pub record: Box<RawValue>,
}

/// A step: the union of all operations' members. What an operation needs is asked for by [`Step::need`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub op: String,
    pub flag: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub user: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    pub default: Option<Box<RawValue>>,
    pub exposure: Option<bool>,
    pub kind: Option<String>,
    pub assignments: Option<Passed>,
    #[serde(default)]
    pub enforce_targeting: bool,
    #[serde(default)]
    pub enforce_overrides: bool,
    pub name: Option<String>,
    pub event: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub value: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    pub properties: Option<Box<RawValue>>,
    pub flags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    pub expect: Option<Box<RawValue>>,
}

/// The assignments that a step passes along.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Passed {
    /// What the store holds at this step.
    Load {
        user: Box<RawValue>,
        id_type: String,
    },
    /// These records, an object.
    Values(Box<RawValue>),
}

impl Step {
    pub fn need<'s, T>(&self, member: &'s Option<T>, name: &str) -> Result<&'s T, String> {
        let missing = || format!("a step with op `{}` needs `{name}`", self.op);
        member.as_ref().ok_or_else(missing)
    }
}

/// `null` is a member that is there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    raw(deserializer).map(Some)
}

fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    Deserialize::deserialize(deserializer)
}

//! The client options of this dialect (section 2.1 and those of flagstay's own).

use super::country::CountryTable;
use super::id_lists::IdLists;
use crate::error::{Error, ErrorKind};
use crate::user::Entries;
use crate::value::{Map, Value, kind_of};
use std::path::Path;

/// What a client of this dialect was given.
#[derive(Default)]
pub struct Options {
    /// The client's environment; `None`: the document's default.
    pub environment: Option<Entries>,
    pub global_custom_fields: Entries,
    pub countries: Option<CountryTable>,
    pub id_lists: IdLists,
}

impl Options {
    pub fn read(options: &Map<String, Value>) -> Result<Self, Error> {
        let mut read = Options::default();
        for (name, value) in options {
            match name.as_str() {
                "environment" => read.environment = environment(value)?,
                "global_custom_fields" => read.global_custom_fields = entries(name, value)?,
                "country_table" => {
                    let Value::String(path) = value else {
                        return Err(mistyped(name, "a path", value));
                    };
                    read.countries = Some(CountryTable::from_file(Path::new(path))?);
                }
                "id_lists" => read.id_lists = IdLists::from_options(value)?,
                _ => {
                    return Err(Error::at(
                        ErrorKind::InvalidConfig,
                        format_args!("options.{name}"),
                        "the dialect statsig has no such option; known: environment, global_custom_fields, \
                         country_table, id_lists",
                    ));
                }
            }
        }
        Ok(read)
    }
}

/// A tier, or a map of texts.
fn environment(value: &Value) -> Result<Option<Entries>, Error> {
    let mut read = Entries::default();
    match value {
        Value::Null => return Ok(None),
        Value::String(tier) => read.set("tier", tier.as_str().into()),
        Value::Object(map) => {
            for (name, value) in map {
                let Value::String(_) = value else {
                    return Err(mistyped(&format!("environment.{name}"), "a text", value));
                };
                read.set(name, value.clone());
            }
        }
        other => return Err(mistyped("environment", "a text or an object", other)),
    }
    Ok(Some(read))
}

fn entries(name: &str, value: &Value) -> Result<Entries, Error> {
    let mut read = Entries::default();
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (name, value) in map {
                read.set(name, value.clone());
            }
        }
        other => return Err(mistyped(name, "an object", other)),
    }
    Ok(read)
}

fn mistyped(name: &str, wanted: &str, value: &Value) -> Error {
    Error::at(
        ErrorKind::InvalidConfig,
        format_args!("options.{name}"),
        format!("must be {wanted}, is {}", kind_of(value)),
    )
}

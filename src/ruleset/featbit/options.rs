//! The client options of the dialect.

use crate::error::{Error, ErrorKind};
use crate::value::{Map, Prepared, Value, kind_of};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct Options {
    /// The values of decisions that cannot be made, by flag. They win over the caller's.
    pub defaults: HashMap<String, Prepared>,
}

impl Options {
    pub fn read(options: &Map<String, Value>) -> Result<Self, Error> {
        let mut read = Options::default();
        for (name, value) in options {
            let why = match (name.as_str(), value) {
                ("defaults", Value::Object(values)) => {
                    let values = values.iter();
                    read.defaults = values
                        .map(|(flag, value)| (flag.clone(), Prepared::new(value.clone())))
                        .collect();
                    continue;
                }
                ("defaults", other) => format!("must be an object, is {}", kind_of(other)),
                _ => "the dialect featbit has no such option".to_owned(),
            };
            let place = format_args!("options.{name}");
            return Err(Error::at(ErrorKind::InvalidConfig, place, why));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_option_is_named_by_its_path() {
        for (options, path) in [
            (
                json!({"defaults": 5}),
                "options.defaults: must be an object, is number",
            ),
            (json!({"env_secret": ""}), "options.env_secret: "),
        ] {
            let Value::Object(options) = options else {
                unreachable!()
            };
            let error = Options::read(&options).unwrap_err();
            assert!(error.message.starts_with(path), "{}", error.message);
        }
    }
}

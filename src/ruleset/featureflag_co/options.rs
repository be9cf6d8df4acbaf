//! The client options of the dialect.

use crate::error::{Error, ErrorKind};
use crate::value::{Map, Prepared, Value, kind_of};
use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use std::collections::HashMap;

#[derive(Debug)]
pub struct Options {
    /// What the ids of this environment's flags begin with; `None`: the secret says nothing of an environment, so no
    /// flag is ever found.
    pub prefix: Option<Box<str>>,
    /// The values of decisions that cannot be made, by flag. They win over the caller's.
    pub defaults: HashMap<String, Prepared>,
}

/// Python's strict reading: padding must be there, and what the last character says too much does not matter.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

impl Options {
    pub fn read(options: &Map<String, Value>) -> Result<Self, Error> {
        let mut secret = None;
        let mut defaults = HashMap::new();
        for (name, value) in options {
            match (name.as_str(), value) {
                ("env_secret", Value::String(text)) => secret = Some(text),
                ("env_secret", other) => {
                    let why = format!("must be a text, is {}", kind_of(other));
                    return Err(refused(name, why));
                }
                ("defaults", Value::Object(values)) => {
                    let prepared = |(flag, value): (&String, &Value)| {
                        (flag.clone(), Prepared::new(value.clone()))
                    };
                    defaults = values.iter().map(prepared).collect();
                }
                ("defaults", other) => {
                    let why = format!("must be an object, is {}", kind_of(other));
                    return Err(refused(name, why));
                }
                _ => {
                    let why = "the dialect featureflag-co has no such option".to_owned();
                    return Err(refused(name, why));
                }
            }
        }
        let Some(secret) = secret else {
            let why = "must be given: it says which environment's flags are meant".to_owned();
            return Err(refused("env_secret", why));
        };
        Ok(Options {
            prefix: prefix(secret)?,
            defaults,
        })
    }
}

/// Section 4.1: the secret names account, project and environment.
fn prefix(secret: &str) -> Result<Option<Box<str>>, Error> {
    let Ok(bytes) = BASE64.decode(secret) else {
        return Err(refused("env_secret", "is not Base64".to_owned()));
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(None);
    };
    let mut parts = text.split("__").skip(1);
    Ok(match (parts.next(), parts.next(), parts.next()) {
        (Some(account), Some(project), Some(environment)) => {
            Some(format!("FF__{account}__{project}__{environment}__").into())
        }
        _ => None,
    })
}

fn refused(name: &str, why: String) -> Error {
    Error::at(
        ErrorKind::InvalidConfig,
        format_args!("options.{name}"),
        why,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::json;

    fn read(options: Value) -> Result<Options, String> {
        let Value::Object(options) = options else {
            unreachable!()
        };
        Options::read(&options).map_err(|error| error.message)
    }

    #[test]
    fn a_wrong_option_is_named_by_its_path() {
        for (options, path) in [
            (json!({}), "options.env_secret: must be given"),
            (
                json!({"env_secret": 5}),
                "options.env_secret: must be a text",
            ),
            (
                json!({"env_secret": "a b"}),
                "options.env_secret: is not Base64",
            ),
            (
                json!({"env_secret": "QQ"}),
                "options.env_secret: is not Base64",
            ),
            (
                json!({"env_secret": "", "defaults": []}),
                "options.defaults: must be an object",
            ),
            (
                json!({"env_secret": "", "offline": true}),
                "options.offline: ",
            ),
        ] {
            let error = read(options).unwrap_err();
            assert!(error.starts_with(path), "{error}");
        }
    }

    #[test]
    fn the_secret_names_the_environment() {
        for (decoded, expected) in [
            (
                "demo-0000-1%2020240101000000__11__22__33__default_0a1b2",
                Some("FF__11__22__33__"),
            ),
            ("a__b__c__d", Some("FF__b__c__d__")),
            ("__1__2__3", Some("FF__1__2__3__")),
            ("p__1__2__3__", Some("FF__1__2__3__")),
            ("x__1__2", None),
            ("", None),
        ] {
            let secret = BASE64_STANDARD.encode(decoded);
            let options = read(json!({"env_secret": secret})).unwrap();
            assert_eq!(options.prefix.as_deref(), expected, "{decoded}");
        }
        assert_eq!(
            read(json!({"env_secret": "//5fXzFfXzJfXzM="}))
                .unwrap()
                .prefix,
            None
        );
    }
}

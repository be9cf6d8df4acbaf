//! The client options of the dialect.

use crate::error::{Error, ErrorKind};
use crate::value::{Map, Value, kind_of};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub goal_type: GoalType,
    /// The client neither decides nor tracks, and leaves the store alone.
    pub opt_out: bool,
}

/// Goals of which type a metric event counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GoalType {
    #[default]
    All,
    Custom,
    Revenue,
}

impl Options {
    pub fn read(options: &Map<String, Value>) -> Result<Self, Error> {
        let mut read = Options::default();
        for (name, value) in options {
            match (name.as_str(), value) {
                ("goal_type_to_track", value) => {
                    read.goal_type = match value.as_str() {
                        Some("ALL") => GoalType::All,
                        Some("CUSTOM_GOAL") => GoalType::Custom,
                        Some("REVENUE_TRACKING") => GoalType::Revenue,
                        _ => {
                            let why =
                                format!("{value} is none of ALL, CUSTOM_GOAL, REVENUE_TRACKING");
                            return Err(refused(name, why));
                        }
                    }
                }
                ("opt_out", Value::Bool(value)) => read.opt_out = *value,
                ("opt_out", other) => {
                    return Err(refused(
                        name,
                        format!("must be a boolean, is {}", kind_of(other)),
                    ));
                }
                _ => {
                    let why = "the dialect vwo-fullstack has no such option".to_owned();
                    return Err(refused(name, why));
                }
            }
        }
        Ok(read)
    }
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
    use serde_json::json;

    #[test]
    fn a_wrong_option_is_named_by_its_path() {
        for (options, path) in [
            (
                json!({"goal_type_to_track": "custom_goal"}),
                "options.goal_type_to_track: \"custom_goal\"",
            ),
            (json!({"opt_out": 1}), "options.opt_out: must be a boolean"),
            (json!({"optOut": true}), "options.optOut: "),
        ] {
            let Value::Object(options) = options else {
                unreachable!()
            };
            let error = Options::read(&options).unwrap_err();
            assert!(error.message.starts_with(path), "{}", error.message);
        }
    }
}

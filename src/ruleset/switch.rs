//! Values read as a switch, as featureflag.co's `is_enabled` reads them.

use super::python_repr;
use crate::value::Value;

/// Whether a value, as text and in any case, is one of `y`, `yes`, `t`, `true`, `on`, `1`.
pub fn is_on(value: &Value) -> bool {
    const ON: [&str; 6] = ["y", "yes", "t", "true", "on", "1"];
    let text = python_repr::as_text(value);
    ON.iter().any(|on| text.as_str().eq_ignore_ascii_case(on))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_few_texts_are_on_and_everything_else_is_off() {
        for on in [
            json!("ON"),
            json!("y"),
            json!("True"),
            json!(true),
            json!(1),
            json!("T"),
        ] {
            assert!(is_on(&on), "{on}");
        }
        for off in [
            json!(" on"),
            json!("enabled"),
            json!(1.0),
            json!(null),
            json!(["on"]),
            json!(""),
        ] {
            assert!(!is_on(&off), "{off}");
        }
    }
}

//! Who a user is: the key or another id, always as text.

use crate::user::{Name, User};
use crate::value::{Number, Value};
use std::borrow::Cow;

/// Whole numbers up to this magnitude are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The name of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Key,
    Id(Name),
}

impl By {
    pub fn name(&self) -> &str {
        match self {
            By::Key => "key",
            By::Id(name) => name.as_str(),
        }
    }

    /// The user's id, where the user has it.
    #[inline(always)]
    pub fn id<'u>(&self, user: &'u User) -> Option<Cow<'u, str>> {
        match self {
            By::Key => user.key().filter(|key| !key.is_empty()).map(Cow::Borrowed),
            By::Id(name) => as_id(user.ids().get(name)?),
        }
    }

    /// What assignments of an id are kept under.
    pub fn unit<'u>(&self, id: Cow<'u, str>) -> Cow<'u, str> {
        match self {
            By::Key => id,
            By::Id(name) => Cow::Owned(format!("{id}:{}", name.as_str())),
        }
    }
}

/// The text of an id; `None` for what does not count as one.
pub fn as_id(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => whole(number).map(|whole| Cow::Owned(whole.to_string())),
        _ => None,
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i128().or_else(|| {
        let double = number.as_f64()?;
        (double.fract() == 0.0 && double.abs() <= EXACT).then_some(double as i128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_numbers_are_ids_and_other_things_are_not() {
        for (value, id) in [
            (json!("c-9"), Some("c-9")),
            (json!(5), Some("5")),
            (json!(5.0), Some("5")),
            (json!(-0.0), Some("0")),
            (json!(-17), Some("-17")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!(1e300), None),
            (json!(5.5), None),
            (json!(""), None),
            (json!(true), None),
            (json!(null), None),
            (json!(["c-9"]), None),
        ] {
            assert_eq!(as_id(&value).as_deref(), id, "{value}");
        }
    }

    #[test]
    fn a_key_is_its_own_unit_and_another_id_says_which_it_is() {
        assert_eq!(By::Key.unit("u".into()), "u");
        assert_eq!(
            By::Id(Name::new("company")).unit("c-9".into()),
            "c-9:company"
        );
    }
}

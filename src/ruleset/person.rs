//! The user as the SDKs of featureflag.co and FeatBit take one: a map of which a few names are built in, some must be
//! texts, and the rest becomes text or is left out.

use super::coerce::{self, Text, truthy};
use super::python_repr;
use crate::decision::ErrorCode;
use crate::user::{Entries, Name, User};
use crate::value::Value;

/// Which members of the map mean what.
#[derive(Debug)]
pub struct Customs {
    /// Names, in lower case, that no custom attribute may have.
    pub reserved: &'static [&'static str],
    /// Booleans are kept, as `True` and `False`.
    pub booleans: bool,
}

impl Customs {
    /// Whether a custom attribute may have this name.
    pub fn may_have(&self, name: &str) -> bool {
        !self.reserved.contains(&name.to_lowercase().as_str())
    }

    /// The text of a custom attribute; `None`: it is left out.
    pub fn text<'v>(&self, value: &'v Value) -> Option<Text<'v>> {
        let is_kept = match value {
            Value::String(_) | Value::Number(_) => true,
            Value::Bool(_) => self.booleans,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        is_kept.then(|| python_repr::as_text(value))
    }
}

/// A user that the platform accepts.
#[derive(Clone, Copy, Debug)]
pub struct Person<'u> {
    pub key: &'u str,
    pub name: Option<&'u str>,
    pub email: Option<&'u str>,
    pub country: Option<&'u str>,
    customs: &'static Customs,
    attributes: &'u Entries,
}

/// What a condition asks about, found out when the ruleset is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// No user has it.
    Missing,
    Key,
    Name,
    Email,
    Country,
    Custom(Name),
}

impl<'u> Person<'u> {
    /// Takes the key of a user: the member `key` or, where that counts as nothing, `keyid`.
    pub fn new(user: &'u User, customs: &'static Customs) -> Result<Self, ErrorCode> {
        if user.is_absent() || user.attributes().malformed().is_some() {
            return Err(ErrorCode::InvalidContext);
        }
        let attributes = user.attributes();
        let given = match user.raw_key() {
            Value::Null => attributes.get_str("key"),
            key => Some(key),
        };
        let key = given
            .filter(|key| truthy(key))
            .or_else(|| attributes.get_str("keyid"))
            .and_then(Value::as_str)
            .filter(|key| !is_blank(key))
            .ok_or(ErrorCode::TargetingKeyMissing)?;
        Ok(Person {
            key,
            name: None,
            email: None,
            country: None,
            customs,
            attributes,
        })
    }

    /// A built-in member, which is a text that is not blank.
    pub fn required(&self, name: &str) -> Result<&'u str, ErrorCode> {
        let value = self.attributes.get_str(name);
        let text = value.and_then(Value::as_str);
        text.filter(|text| !is_blank(text))
            .ok_or(ErrorCode::InvalidContext)
    }

    /// A built-in member, which may be missing or count as nothing.
    pub fn optional(&self, name: &str) -> Result<Option<&'u str>, ErrorCode> {
        match self.attributes.get_str(name).is_some_and(truthy) {
            true => self.required(name).map(Some),
            false => Ok(None),
        }
    }

    #[inline]
    pub fn get(&self, property: &Property) -> Option<Text<'u>> {
        match property {
            Property::Missing => None,
            Property::Key => Some(Text::Borrowed(self.key)),
            Property::Name => self.name.map(Text::Borrowed),
            Property::Email => self.email.map(Text::Borrowed),
            Property::Country => self.country.map(Text::Borrowed),
            Property::Custom(name) => self.customs.text(self.attributes.get(name)?),
        }
    }

    /// The custom attributes that are kept, as texts, in the order they were given.
    pub fn customs(&self) -> impl Iterator<Item = (&'u str, Text<'u>)> {
        let kept = self
            .attributes
            .iter()
            .filter(|(name, _)| self.customs.may_have(name));
        kept.filter_map(|(name, value)| Some((name, self.customs.text(value)?)))
    }
}

/// Whether there is nothing but white space.
fn is_blank(text: &str) -> bool {
    coerce::strip(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    static CUSTOMS: Customs = Customs {
        reserved: &["key", "keyid", "name"],
        booleans: false,
    };

    fn user(user: Value) -> User {
        User::from_value(user).unwrap()
    }

    fn key(value: Value) -> Result<String, ErrorCode> {
        let user = user(value);
        Person::new(&user, &CUSTOMS).map(|person| person.key.to_owned())
    }

    #[test]
    fn a_key_is_a_text_that_is_not_blank() {
        let missing = Err(ErrorCode::TargetingKeyMissing);
        assert_eq!(key(json!({"key": " a "})), Ok(" a ".to_owned()));
        assert_eq!(key(json!({"key": "\u{200b}"})), Ok("\u{200b}".to_owned()));
        for blank in ["", " ", "\t", "\u{a0}", "\u{3000}", "\u{1c}"] {
            assert_eq!(key(json!({"key": blank})), missing, "{blank:?}");
        }
        assert_eq!(key(json!({"key": 5})), missing);
        assert_eq!(key(json!({})), missing);
        assert_eq!(key(json!(null)), Err(ErrorCode::InvalidContext));
        assert_eq!(
            key(json!({"key": "a", "attributes": [1]})),
            Err(ErrorCode::InvalidContext)
        );
    }

    #[test]
    fn keyid_stands_in_for_a_key_that_counts_as_nothing() {
        let keyid = json!({"keyid": "other"});
        for nothing in [json!(null), json!(""), json!(0), json!(false), json!([])] {
            assert_eq!(
                key(json!({"key": nothing, "attributes": keyid})),
                Ok("other".to_owned())
            );
        }
        assert_eq!(
            key(json!({"key": "a", "attributes": keyid})),
            Ok("a".to_owned())
        );
        let refused = key(json!({"key": " ", "attributes": keyid}));
        assert_eq!(refused, Err(ErrorCode::TargetingKeyMissing));
    }

    #[test]
    fn built_in_members_are_texts_and_may_count_as_nothing_where_they_are_optional() {
        for (value, required, optional) in [
            (json!("N"), Ok("N"), Ok(Some("N"))),
            (
                json!(" "),
                Err(ErrorCode::InvalidContext),
                Err(ErrorCode::InvalidContext),
            ),
            (
                json!(5),
                Err(ErrorCode::InvalidContext),
                Err(ErrorCode::InvalidContext),
            ),
            (json!(0), Err(ErrorCode::InvalidContext), Ok(None)),
            (json!(""), Err(ErrorCode::InvalidContext), Ok(None)),
            (json!(null), Err(ErrorCode::InvalidContext), Ok(None)),
        ] {
            let user = user(json!({"key": "a", "attributes": {"name": value}}));
            let person = Person::new(&user, &CUSTOMS).unwrap();
            assert_eq!(
                (person.required("name"), person.optional("name")),
                (required, optional)
            );
        }
    }

    #[test]
    fn texts_and_numbers_are_kept_and_everything_else_is_left_out() {
        let user = user(json!({"key": "a", "attributes": {
            "b": true, "age": 30.0, "Name": "x", "KEYID": "y", "tags": [1], "none": null, "plan": ""
        }}));
        let person = Person::new(&user, &CUSTOMS).unwrap();
        let kept: Vec<_> = person
            .customs()
            .map(|(name, text)| format!("{name}={}", text.as_str()))
            .collect();
        assert_eq!(kept, ["age=30.0", "plan="]);
        let get = |name| {
            person
                .get(&Property::Custom(Name::new(name)))
                .map(|t| t.as_str().to_owned())
        };
        assert_eq!(get("age").as_deref(), Some("30.0"));
        assert_eq!(get("b"), None);
    }
}

//! The user: who a decision is for.
//!
//! A user is built once and then only read, so any number of threads may decide for it at the same time.

mod entries;

pub use entries::{Entries, Glance, Name, Sight};

use crate::error::{Error, ErrorKind};
use crate::value::{Value, kind_of};

/// The named parts of a user, in the words of the vector format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Attributes,
    PrivateAttributes,
    Ids,
    Targeting,
    Environment,
    Context,
}

impl Part {
    pub const ALL: [(Part, &'static str); 6] = [
        (Part::Attributes, "attributes"),
        (Part::PrivateAttributes, "private_attributes"),
        (Part::Ids, "ids"),
        (Part::Targeting, "targeting"),
        (Part::Environment, "environment"),
        (Part::Context, "context"),
    ];
}

/// Who a decision is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    key: Value,
    absent: bool,
    parts: [Entries; Part::ALL.len()],
}

impl User {
    pub fn new(key: &str) -> Self {
        User {
            key: Value::String(key.to_owned()),
            ..User::default()
        }
    }

    /// No user at all. Every platform answers such a call with an error of its own.
    pub const fn absent() -> Self {
        User {
            key: Value::Null,
            absent: true,
            parts: [const { Entries::NONE }; Part::ALL.len()],
        }
    }

    /// Reads a user in the shape of the vector format. Attribute values may have any type; a key that is not text is
    /// kept, because what it means is the dialect's to say. `null` is [`User::absent`].
    pub fn from_json(json: &str) -> Result<Self, Error> {
        User::from_value(crate::error::from_json(json, ErrorKind::InvalidUser)?)
    }

    pub fn from_value(value: Value) -> Result<Self, Error> {
        let map = match value {
            Value::Null => return Ok(User::absent()),
            Value::Object(map) => map,
            other => {
                return Err(Error::new(
                    ErrorKind::InvalidUser,
                    format!("a user is an object or null, not {}", kind_of(&other)),
                ));
            }
        };
        let mut user = User::default();
        for (name, value) in map {
            if name == "key" {
                user.key = value;
            } else if let Some((part, _)) = Part::ALL.iter().find(|(_, known)| *known == name) {
                user.parts[*part as usize] = Entries::from_value(value);
            } else {
                return Err(Error::at(
                    ErrorKind::InvalidUser,
                    name,
                    "a user has no such member",
                ));
            }
        }
        Ok(user)
    }

    /// The key where it is text.
    #[inline]
    pub fn key(&self) -> Option<&str> {
        self.key.as_str()
    }

    /// The key as it was given; null where there was none.
    pub fn raw_key(&self) -> &Value {
        &self.key
    }

    pub fn is_absent(&self) -> bool {
        self.absent
    }

    #[inline]
    pub fn part(&self, part: Part) -> &Entries {
        &self.parts[part as usize]
    }

    pub fn part_mut(&mut self, part: Part) -> &mut Entries {
        &mut self.parts[part as usize]
    }

    #[inline]
    pub fn attributes(&self) -> &Entries {
        self.part(Part::Attributes)
    }

    #[inline]
    pub fn ids(&self) -> &Entries {
        self.part(Part::Ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_that_no_user_has_is_an_error_that_names_it() {
        let error = User::from_json(r#"{"key": "u", "attribute": {}}"#).unwrap_err();
        assert!(error.message.contains("attribute"), "{}", error.message);
    }

    #[test]
    fn an_odd_key_is_kept_for_the_dialect_to_judge() {
        let user = User::from_json(r#"{"key": 5}"#).unwrap();
        assert_eq!(user.key(), None);
        assert_eq!(user.raw_key(), &json!(5));
    }

    #[test]
    fn null_is_no_user_and_a_list_is_an_error() {
        assert!(User::from_json("null").unwrap().is_absent());
        assert!(User::from_json("[]").is_err());
    }

    #[test]
    fn an_empty_part_is_given_and_a_null_one_is_not() {
        let user = User::from_json(r#"{"key":"u","attributes":{},"targeting":null}"#).unwrap();
        assert!(user.attributes().is_given());
        assert!(!user.part(Part::Targeting).is_given());
    }
}

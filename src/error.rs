//! What goes wrong outside a decision: bad configuration, bad documents, bad arguments.
//!
//! A decision that cannot be made is not an [`Error`]: it carries an
//! [`ErrorCode`](crate::decision::ErrorCode) and still answers the caller's default.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// What kind of thing went wrong. The ABI's status codes are these, one to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// An argument that no correct program passes: a NULL handle, an unknown constant.
    InvalidArgument,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// Text that is not JSON.
    InvalidJson,
    /// A client configuration with an unknown, missing or ill-typed option.
    InvalidConfig,
    /// A ruleset that its dialect refuses as a whole.
    InvalidRuleset,
    /// A user document that does not have the shape of a user.
    InvalidUser,
    /// The client has been closed.
    Closed,
    /// The client has no store, and the call needs one.
    NoStore,
    /// The store failed.
    Store,
    /// A deadline passed.
    Timeout,
    /// A bug in flagstay, caught at the boundary.
    Internal,
}

/// An error and the place it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub kind: ErrorKind,
    /// Complete on its own: names the JSON path, flag key or option it is about.
    pub message: String,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
        }
    }

    /// An error at a JSON path such as `flags.checkout.rules[2].serve`.
    pub fn at(kind: ErrorKind, path: impl fmt::Display, message: impl fmt::Display) -> Self {
        Error::new(kind, format!("{path}: {message}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Deserialises `json`, naming the JSON path in the error.
pub fn from_json<'de, T: Deserialize<'de>>(json: &'de str, kind: ErrorKind) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let kind = match inner.classify() {
            serde_json::error::Category::Data => kind,
            _ => ErrorKind::InvalidJson,
        };
        // `.` is the document itself, `?` a place that was not reached.
        if path == "." || path == "?" {
            Error::new(kind, inner.to_string())
        } else {
            Error::at(kind, path, inner)
        }
    })?;
    deserializer
        .end()
        .map_err(|error| Error::new(ErrorKind::InvalidJson, error.to_string()))?;
    Ok(parsed)
}

/// What is written as an object. By itself a derived struct would also be read from a list of its members in their
/// order, which nobody means.
#[derive(Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer
            .deserialize_map(Members(PhantomData))
            .map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Point {
        #[expect(dead_code, reason = "only its path is looked at")]
        at: Vec<u32>,
    }

    fn refused(json: &str) -> Error {
        from_json::<Point>(json, ErrorKind::InvalidConfig).expect_err(json)
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_by_its_path() {
        let error = refused(r#"{"at": [1, "two"]}"#);
        assert_eq!(error.kind, ErrorKind::InvalidConfig);
        assert!(error.message.starts_with("at[1]: "), "{}", error.message);
    }

    #[test]
    fn text_that_is_no_json_is_described_without_a_path() {
        for json in ["", "{", "nonsense", "{\"at\": []} {}"] {
            let error = refused(json);
            assert_eq!(error.kind, ErrorKind::InvalidJson, "{json}");
            assert!(!error.message.starts_with(['?', '.']), "{}", error.message);
        }
    }
}

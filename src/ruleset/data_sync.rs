//! Data-sync messages: how featureflag.co and FeatBit hand out their documents, whole or in pieces.

use super::Loaded;
use super::path::Path;
use super::raised::{Findings, Raised, items};
use crate::decision::{ErrorCode, Reason};
use crate::error::{Error, ErrorKind};
use crate::value::{Number, Value, compare_numbers, kind_of};
use std::cmp::Ordering;

/// A message with the envelope taken off. Nothing in it has been looked at.
#[derive(Debug)]
pub struct Message {
    pub event: Event,
    pub flags: Vec<Value>,
    pub segments: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Replaces everything.
    Full,
    /// Is added, item by item.
    Patch,
}

/// What a text turned out to be.
pub enum Received {
    Message(Message),
    /// Another message of the platform, which is not about documents.
    Other(Loaded),
}

impl Message {
    pub const FLAGS: Path<'static> = Path::root("data.featureFlags");
    pub const SEGMENTS: Path<'static> = Path::root("data.segments");

    /// Reads a message. An error: it is none that the platform's SDK would look at.
    pub fn read(text: &str) -> Result<Received, Error> {
        let Value::Object(mut message) = crate::error::from_json(text, ErrorKind::InvalidRuleset)?
        else {
            return Err(refused("a data-sync message is an object"));
        };
        match message.get("messageType").and_then(Value::as_str) {
            Some("data-sync") => {}
            Some("pong") => {
                let why = "a `pong` says nothing about flags".to_owned();
                return Ok(Received::Other(Loaded::Unchanged(why)));
            }
            _ => return Err(at("messageType", "must be `data-sync`")),
        }
        let Some(Value::Object(mut data)) = message.remove("data") else {
            return Err(at("data", "must be an object"));
        };
        let event = match data.get("eventType").and_then(Value::as_str) {
            Some("full") => Event::Full,
            Some("patch") => Event::Patch,
            _ => return Err(at("data.eventType", "must be `full` or `patch`")),
        };
        let mut list = |name: &str, path: &Path<'_>| {
            let list = data.remove(name).unwrap_or_default();
            if let Value::Array(list) = list {
                return Ok(list);
            }
            // An empty object or text is no list, and yet nothing is in it. What is in others can be no item.
            match items(&list, path, &mut Findings::default()).map(|mut items| items.next()) {
                Ok(None) => Ok(Vec::new()),
                Ok(Some(_)) | Err(Raised) => {
                    let kind = kind_of(&list);
                    Err(at(path, format_args!("must be a list, is {kind}")))
                }
            }
        };
        Ok(Received::Message(Message {
            event,
            flags: list("featureFlags", &Self::FLAGS)?,
            segments: list("segments", &Self::SEGMENTS)?,
        }))
    }

    /// All flags and segments, compiled. An error: one of them is damaged, which drops the whole message, so nothing may
    /// be stored before.
    pub fn compile<F, S>(
        &self,
        flag: fn(&Value, &Path<'_>) -> Result<F, Error>,
        segment: fn(&Value, &Path<'_>) -> Result<S, Error>,
    ) -> Result<(Vec<F>, Vec<S>), Error> {
        let flags = self.flags.iter().enumerate();
        let flags = flags.map(|(n, item)| flag(item, &Self::FLAGS.index(n)));
        let segments = self.segments.iter().enumerate();
        let segments = segments.map(|(n, item)| segment(item, &Self::SEGMENTS.index(n)));
        Ok((
            flags.collect::<Result<_, _>>()?,
            segments.collect::<Result<_, _>>()?,
        ))
    }
}

/// The SDKs' words for what decided.
pub fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Off => "flag off",
        Reason::PrerequisiteFailed => "prerequisite failed",
        Reason::TargetMatch => "target match",
        Reason::RuleMatch => "rule match",
        Reason::Fallthrough => "fall through all rules",
        // Neither platform remembers anybody, and what could not be decided has words of its own.
        Reason::Sticky | Reason::Error => "",
    }
}

/// The SDKs' words for a decision that could not be made.
pub fn error_words(error: ErrorCode) -> &'static str {
    match error {
        ErrorCode::ProviderNotReady => "client not ready",
        ErrorCode::FlagNotFound => "flag not found",
        ErrorCode::TargetingKeyMissing | ErrorCode::InvalidContext => "user not specified",
        ErrorCode::TypeMismatch => "wrong type",
        ErrorCode::ParseError | ErrorCode::General => "error in evaluation",
    }
}

/// A member that every item of a message must have; without it, the whole message does not count.
pub fn required<'v>(item: &'v Value, name: &str, path: &Path<'_>) -> Result<&'v Value, Error> {
    item.get(name).ok_or_else(|| match item {
        Value::Object(_) => at(path, format_args!("`{name}` is missing")),
        other => at(
            path,
            format_args!("must be an object, is {}", kind_of(other)),
        ),
    })
}

/// An error about a place in a message.
pub fn at(path: impl std::fmt::Display, why: impl std::fmt::Display) -> Error {
    Error::at(ErrorKind::InvalidRuleset, path, why)
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::InvalidRuleset, why)
}

/// How new an item is. What that counts is the platform's to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Version(Number);

impl Version {
    /// What counts as nothing yet.
    pub fn zero() -> Self {
        Version(0.into())
    }

    pub fn of_ms(ms: i64) -> Self {
        Version(ms.into())
    }

    /// A number; the two booleans are 1 and 0 to Python. `None`: it cannot be compared with a number.
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Version(number.clone())),
            Value::Bool(value) => Some(Version(u8::from(*value).into())),
            _ => None,
        }
    }

    pub fn is_zero(&self) -> bool {
        *self <= Version::zero() && Version::zero() <= *self
    }

    /// The newest of some, at least zero.
    pub fn newest<'v>(versions: impl Iterator<Item = &'v Version>) -> Self {
        let newer = |newest: Version, version: &Version| match version.partial_cmp(&newest) {
            Some(Ordering::Greater) => version.clone(),
            _ => newest,
        };
        versions.fold(Version::zero(), newer)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(compare_numbers(&self.0, &other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(message: &Value) -> Result<Message, String> {
        match Message::read(&message.to_string()) {
            Ok(Received::Message(message)) => Ok(message),
            Ok(Received::Other(_)) => Err("other".to_owned()),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn a_message_has_its_type_its_event_and_two_lists() {
        let good = json!({"messageType": "data-sync", "data": {
            "eventType": "patch", "featureFlags": [1], "segments": {}
        }});
        let message = read(&good).unwrap();
        assert_eq!(message.event, Event::Patch);
        assert_eq!((message.flags.len(), message.segments.len()), (1, 0));
        for (pointer, value, why) in [
            ("/messageType", json!("Data-Sync"), "messageType: must be"),
            ("/messageType", json!(null), "messageType: must be"),
            ("/messageType", json!("pong"), "other"),
            ("/data", json!(null), "data: must be an object"),
            ("/data/eventType", json!("Full"), "data.eventType: must be"),
            (
                "/data/featureFlags",
                json!(null),
                "data.featureFlags: must be a list, is null",
            ),
            (
                "/data/segments",
                json!("abc"),
                "data.segments: must be a list, is text",
            ),
            (
                "/data/segments",
                json!(5),
                "data.segments: must be a list, is number",
            ),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            let error = read(&bad).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        assert!(read(&json!([1])).is_err());
    }

    #[test]
    fn versions_are_numbers_and_compare_exactly() {
        let version = |value| Version::read(&value).unwrap();
        assert!(version(json!(9007199254740993_u64)) > version(json!(9007199254740992_u64)));
        assert!(version(json!(1.5)) > version(json!(true)));
        assert!(version(json!(0.0)).is_zero() && version(json!(false)).is_zero());
        assert_eq!(Version::read(&json!("1")), None);
        assert_eq!(Version::read(&json!(null)), None);
        let versions = [version(json!(-5)), version(json!(7)), version(json!(3))];
        assert_eq!(Version::newest(versions.iter()), version(json!(7)));
        assert!(Version::newest(versions[..1].iter()).is_zero());
    }
}

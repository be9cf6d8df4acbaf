//! What leaves: value, variation, reason, rule, whether it was sticky, and what went wrong.

use crate::ruleset::Kind;
use crate::sticky::StoreError;
use crate::value::{Prepared, Value};
use std::borrow::Cow;

/// Why the decision is what it is: LaunchDarkly's published reason kinds, and `STICKY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Off,
    Fallthrough,
    TargetMatch,
    RuleMatch,
    PrerequisiteFailed,
    Sticky,
    Error,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Off => "OFF",
            Reason::Fallthrough => "FALLTHROUGH",
            Reason::TargetMatch => "TARGET_MATCH",
            Reason::RuleMatch => "RULE_MATCH",
            Reason::PrerequisiteFailed => "PREREQUISITE_FAILED",
            Reason::Sticky => "STICKY",
            Reason::Error => "ERROR",
        }
    }
}

/// Why there is no decision: OpenFeature's error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    FlagNotFound,
    ProviderNotReady,
    TargetingKeyMissing,
    TypeMismatch,
    ParseError,
    InvalidContext,
    General,
}

impl ErrorCode {
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::FlagNotFound => "FLAG_NOT_FOUND",
            ErrorCode::ProviderNotReady => "PROVIDER_NOT_READY",
            ErrorCode::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            ErrorCode::TypeMismatch => "TYPE_MISMATCH",
            ErrorCode::ParseError => "PARSE_ERROR",
            ErrorCode::InvalidContext => "INVALID_CONTEXT",
            ErrorCode::General => "GENERAL",
        }
    }
}

/// The value of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<'r> {
    /// A value of the ruleset, as it was loaded.
    Prepared(&'r Prepared),
    /// A value that this decision made: a stored one, or one put together from several places. Boxed, because most
    /// decisions have none and all of them carry the room for it.
    Made(Box<Value>),
    /// The ruleset has no answer; the caller's default stands.
    Default,
}

impl Answer<'_> {
    pub fn made(value: Value) -> Self {
        Answer::Made(Box::new(value))
    }

    pub fn value(&self) -> Option<&Value> {
        match self {
            Answer::Prepared(prepared) => Some(&prepared.value),
            Answer::Made(value) => Some(value),
            Answer::Default => None,
        }
    }
}

/// One decision. What it borrows belongs to the ruleset that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'r> {
    /// Whether the ruleset has the flag.
    pub found: bool,
    /// What the flag is, on platforms where flags of several kinds may share a name.
    pub kind: Option<Kind>,
    /// The flag read as a switch: gate passed, feature on, user part of the campaign.
    pub enabled: bool,
    pub value: Answer<'r>,
    pub variation: Option<Cow<'r, str>>,
    pub variation_id: Option<Cow<'r, str>>,
    pub rule_id: Option<Cow<'r, str>>,
    pub reason: Reason,
    /// The answer came from a stored assignment.
    pub sticky: bool,
    pub error: Option<ErrorCode>,
    /// A sentence for people about `error`.
    pub message: Option<Cow<'r, str>>,
    /// What went wrong with the store on the way. The decision stands all the same.
    pub store_error: Option<Box<StoreError>>,
    /// The platform's further facts, an object, where the request asks for them and the platform has any.
    pub details: Option<Box<Value>>,
}

impl<'r> Decision<'r> {
    /// A decision that could not be made: the caller's default, and why.
    pub fn failed(error: ErrorCode, message: impl Into<Cow<'r, str>>) -> Self {
        Decision {
            found: error != ErrorCode::FlagNotFound && error != ErrorCode::ProviderNotReady,
            kind: None,
            enabled: false,
            value: Answer::Default,
            variation: None,
            variation_id: None,
            rule_id: None,
            reason: Reason::Error,
            sticky: false,
            error: Some(error),
            message: Some(message.into()),
            store_error: None,
            details: None,
        }
    }

    /// A decision for `reason`, everything else still unsaid.
    pub fn because(reason: Reason) -> Self {
        Decision {
            found: true,
            kind: None,
            enabled: false,
            value: Answer::Default,
            variation: None,
            variation_id: None,
            rule_id: None,
            reason,
            sticky: false,
            error: None,
            message: None,
            store_error: None,
            details: None,
        }
    }

    /// The decision as JSON, for explanations and the command line. Keys as in the vector format.
    pub fn to_json(&self) -> Value {
        serde_json::json!({
            "found": self.found,
            "kind": self.kind.map(Kind::as_str),
            "enabled": self.enabled,
            "value": self.value.value(),
            "variation": self.variation,
            "variation_id": self.variation_id,
            "rule_id": self.rule_id,
            "reason": self.reason.as_str(),
            "sticky": self.sticky,
            "error": self.error.map(ErrorCode::as_str),
            "message": self.message,
            "store_error": self.store_error.as_ref().map(ToString::to_string),
            "details": self.details,
        })
    }

    /// The same decision, borrowing nothing, so that it may outlive its ruleset.
    pub fn into_owned(self) -> Decision<'static> {
        fn owned(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
            text.map(|text| Cow::Owned(text.into_owned()))
        }
        Decision {
            value: match self.value {
                Answer::Prepared(prepared) => Answer::made(prepared.value.clone()),
                Answer::Made(value) => Answer::Made(value),
                Answer::Default => Answer::Default,
            },
            variation: owned(self.variation),
            variation_id: owned(self.variation_id),
            rule_id: owned(self.rule_id),
            message: owned(self.message),
            found: self.found,
            kind: self.kind,
            enabled: self.enabled,
            reason: self.reason,
            sticky: self.sticky,
            error: self.error,
            store_error: self.store_error,
            details: self.details,
        }
    }

    /// The caller asked for another type than the flag has: the default stands, the rest is kept for the log.
    pub fn mismatch(&mut self, wanted: &'static str) {
        let has = self.value.value().map_or("none", crate::value::kind_of);
        self.message = Some(Cow::Owned(format!(
            "the flag's value is {has}, the caller asked for {wanted}"
        )));
        self.value = Answer::Default;
        self.reason = Reason::Error;
        self.error = Some(ErrorCode::TypeMismatch);
    }
}

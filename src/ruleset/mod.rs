//! Rulesets: documents of flags, each in one dialect.
//!
//! A dialect turns a document into something that decides. It gets everything it may depend on handed in, the user,
//! the clock, the store, so that the same inputs always give the same decision; it reaches for nothing itself.
//! Dialects share the tools of this folder and never each other's types.

pub mod bucket;
pub mod clause;
pub mod coerce;
pub mod data_sync;
pub mod experiment;
pub mod featbit;
pub mod featureflag_co;
pub mod flagstay;
pub mod hash;
pub mod id;
pub mod path;
pub mod person;
pub mod plain;
pub mod portion;
pub mod python_regex;
pub mod python_repr;
pub mod raised;
pub mod range;
pub mod room;
pub mod shape;
pub mod shelf;
pub mod statsig;
pub mod switch;
pub mod texts;
pub mod trace;
pub mod visitor;
pub mod vwo_fme;
pub mod vwo_fullstack;
pub mod xxh64;

use crate::decision::{Answer, Decision, ErrorCode};
use crate::error::Error;
use crate::host::Host;
use crate::sticky::{Assignments, Held};
use crate::user::User;
use crate::value::{Map, Value};
use plain::Plain;
use std::any::Any;
use std::sync::Arc;
use trace::Recorder;

/// A document format and the rules by which it is evaluated.
pub trait Dialect: Sync {
    /// The name used in configuration and in vector files.
    fn name(&self) -> &'static str;

    /// Takes the dialect's own client options, once per client. An unknown or ill-typed one is an error that names it.
    fn open(&self, options: &Map<String, Value>) -> Result<Box<dyn Reader>, Error>;
}

/// A dialect with the options of one client: reads that client's documents.
pub trait Reader: Send + Sync {
    /// Reads a document. `current` is what the client evaluates now: dialects whose documents arrive as messages build
    /// on it, all others replace it.
    fn read(&self, document: &str, current: Option<&Arc<dyn Ruleset>>) -> Result<Loaded, Error>;

    /// What a client evaluates that has received nothing yet, for platforms that do something without a document: take
    /// metric events, for example. It is not ready. `None`: nothing is asked of the dialect before its first document.
    fn initial(&self) -> Option<Arc<dyn Ruleset>> {
        None
    }

    /// The value of a decision that could not be made for want of a ruleset; `None`: the caller's default.
    fn value_without_ruleset(&self, request: &Request<'_>) -> Option<Answer<'_>> {
        let _ = request;
        None
    }

    /// The rule id of such a decision, on platforms where it is a text in every answer.
    fn rule_without_ruleset(&self) -> Option<&'static str> {
        None
    }

    /// What the status should say besides: a sentence for each thing that the client was not given and that rulesets
    /// may ask for.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether local overrides mean anything to the dialect.
    fn has_overrides(&self) -> bool {
        false
    }
}

/// What became of a document.
pub enum Loaded {
    /// The client evaluates this from now on.
    Ruleset(Arc<dyn Ruleset>),
    /// The document is in order and changes nothing, because (a sentence) it is older than what is there.
    Unchanged(String),
}

/// A loaded document. Immutable: any number of threads evaluate it while another is being loaded.
pub trait Ruleset: Send + Sync {
    fn evaluate<'r>(&'r self, request: &Request<'_>, turn: &mut Turn<'_>) -> Decision<'r>;

    /// The same evaluation, watched.
    fn explain<'r>(
        &'r self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
        recorder: &mut Recorder,
    ) -> Decision<'r>;

    /// Decides for a caller who asks for a switch and nothing else; `None`: the flag is none. A dialect that can do so
    /// without making the whole decision says how.
    fn evaluate_switch(
        &self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Option<bool>, ErrorCode> {
        let decision = self.evaluate(request, turn);
        match decision.error {
            Some(error) => Err(error),
            None => Ok(self.switch(&decision)),
        }
    }

    /// What decides a flag as a switch wherever its answer depends on nothing but this document and the user's key: not
    /// on the store, the host or the clock. For callers that ask one flag again and again.
    fn plain(&self, flag: &str) -> Plain {
        let _ = flag;
        Plain::NO
    }

    /// The decision read as a switch; `None` where it is none. Platforms whose flags carry a value beside the switch
    /// answer `enabled`.
    fn switch(&self, decision: &Decision<'_>) -> Option<bool> {
        decision.value.value().and_then(Value::as_bool)
    }

    /// Decides every flag for the request's user, in document order; `request.flag` means nothing here. An error: the
    /// platform makes no decision for this user, or fails as a whole.
    fn evaluate_all<'r>(
        &'r self,
        request: &Request<'_>,
        turn: &mut Turn<'_>,
    ) -> Result<Vec<(&'r str, Decision<'r>)>, ErrorCode> {
        let decide = |flag| {
            let mut decision = self.evaluate(&Request { flag, ..*request }, turn);
            decision.store_error = turn.assignments.take_error();
            (flag, decision)
        };
        Ok(self.flags().map(decide).collect())
    }

    /// The keys of all flags that can be evaluated, in document order.
    fn flags(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// What is wrong with the document without being wrong enough to refuse it.
    fn problems(&self) -> &[Problem];

    /// Whether decisions can be made. `false` on platforms that have received something and still wait.
    fn is_ready(&self) -> bool {
        true
    }

    /// The unit that assignments of a user are kept under, for an id type; `None`: the user has no such id. Platforms
    /// with one kind of id know the user's key.
    fn unit(&self, user: &User, id_type: &str) -> Option<String> {
        let _ = id_type;
        user.key().map(str::to_owned)
    }

    /// Takes a metric event. `Ok(false)`: the platform's rules do not accept it.
    fn track(&self, metric: &Metric<'_>, turn: &mut Turn<'_>) -> Result<bool, Error>;

    /// The exposure event for a decision that was made earlier and is looked at now, in the platform's shape.
    fn exposure(
        &self,
        request: &Request<'_>,
        decision: &Decision<'_>,
        now_ms: i64,
    ) -> Option<Value>;

    /// For a dialect to recognise its own kind in `current`.
    fn as_any(&self) -> &dyn Any;
}

/// Something in a document that does not work, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The flag that is affected; `None` where it is no single flag.
    pub flag: Option<String>,
    /// The JSON path within the document.
    pub path: String,
    pub message: String,
}

/// What a decision does to the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The user sees the variation: the assignment is written and the exposure is queued.
    #[default]
    Expose,
    /// Somebody only looks: nothing is written, nothing is queued. Where a platform's contract writes all the same, the
    /// dialect's page says so.
    Read,
}

/// What a flag is, on platforms where flags of several kinds may share a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Gate,
    Config,
    Experiment,
    Layer,
}

impl Kind {
    /// The kind of a name, as in vector files and on the command line.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gate" => Kind::Gate,
            "config" => Kind::Config,
            "experiment" => Kind::Experiment,
            "layer" => Kind::Layer,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Gate => "gate",
            Kind::Config => "config",
            Kind::Experiment => "experiment",
            Kind::Layer => "layer",
        }
    }
}

/// Which rules are asked anew although a stored assignment is there (Statsig).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enforce {
    pub targeting: bool,
    pub overrides: bool,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub flag: &'a str,
    pub user: &'a User,
    /// The caller's default, as JSON text. Only the dialects whose platform looks at it read it.
    pub default: Option<&'a str>,
    pub mode: Mode,
    /// Where names can collide; `None`: the dialect looks everywhere.
    pub kind: Option<Kind>,
    /// Assignments that the caller loaded before and passes along; `None`: none were passed.
    pub held: Option<&'a Held>,
    pub enforce: Enforce,
    /// Whether the caller wants the platform's further facts, which cost something to gather.
    pub details: bool,
}

impl<'a> Request<'a> {
    /// A request that says nothing beyond what it must.
    #[inline]
    pub fn new(flag: &'a str, user: &'a User) -> Self {
        Request {
            flag,
            user,
            default: None,
            mode: Mode::Expose,
            kind: None,
            held: None,
            enforce: Enforce::default(),
            details: false,
        }
    }

    /// A request for a switch.
    #[inline]
    pub fn of_switch(flag: &'a str, user: &'a User, fallback: bool) -> Self {
        Request {
            default: Some(if fallback { "true" } else { "false" }),
            ..Request::new(flag, user)
        }
    }

    /// Whether the caller gave no default, or null, which says as much.
    pub fn wants_no_default(&self) -> bool {
        self.default.is_none_or(|default| default.trim() == "null")
    }
}

/// What an evaluation may touch besides the ruleset and the request.
pub struct Turn<'a> {
    pub clock: Clock,
    pub assignments: Assignments<'a>,
    /// Takes exposure events in the platform's wire shape; `None` where nobody collects them.
    pub outbox: Option<Vec<Value>>,
    pub host: &'a Host,
}

/// Where the time comes from. Read on demand: most decisions do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    System,
    /// Unix milliseconds; for tests and simulations.
    Fixed(i64),
}

impl Clock {
    /// Unix milliseconds.
    pub fn now_ms(self) -> i64 {
        match self {
            Clock::Fixed(now) => now,
            Clock::System => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64),
        }
    }
}

/// What a user did.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    pub event: &'a str,
    pub user: &'a User,
    pub value: Option<&'a Value>,
    pub properties: Option<&'a Map<String, Value>>,
    /// The flags that the event is meant for; `None`: all.
    pub flags: Option<&'a [String]>,
}

/// Every dialect that this build knows.
static DIALECTS: &[&dyn Dialect] = &[
    &flagstay::Flagstay,
    &featbit::FeatBit,
    &featureflag_co::FeatureflagCo,
    &statsig::Statsig,
    &vwo_fme::VwoFme,
    &vwo_fullstack::VwoFullstack,
];

/// The dialect of a name, as in configuration and vector files.
pub fn dialect(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|known| known.name() == name)
}

/// The names of all dialects, for messages.
pub fn dialects() -> impl Iterator<Item = &'static str> {
    DIALECTS.iter().map(|dialect| dialect.name())
}

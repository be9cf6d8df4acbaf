//! The client's configuration: one JSON document, every option known, every default said here.

use crate::error::{Error, ErrorKind, Object, from_json};
use crate::ruleset::{self, Clock, Dialect};
use crate::value::{Map, Value, kind_of};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::PathBuf;
use std::time::Duration;

/// The document as it is written. An unknown option is an error: a misspelt one must not become a default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    dialect: Option<String>,
    ruleset: Option<Box<RawValue>>,
    ruleset_file: Option<PathBuf>,
    /// `"memory:"`, `"sqlite:PATH"`, or an object with the URL and what goes with it.
    store: Option<Value>,
    #[serde(default)]
    events: Object<EventsConfig>,
    now_ms: Option<i64>,
    #[serde(default)]
    options: Map<String, Value>,
}

/// A built-in store and how patient to be with it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct StoreOptions {
    /// `memory:`, `sqlite:PATH`, or absent when the host brings its own store.
    pub url: Option<String>,
    /// How long a decision waits for another process that is writing, in milliseconds.
    #[serde(default = "default_busy_timeout_ms")]
    pub busy_timeout_ms: u32,
    /// A call that takes longer than this many milliseconds is counted as slow.
    #[serde(default = "default_slow_ms")]
    pub slow_ms: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            url: None,
            busy_timeout_ms: default_busy_timeout_ms(),
            slow_ms: default_slow_ms(),
        }
    }
}

fn default_busy_timeout_ms() -> u32 {
    2_000
}

fn default_slow_ms() -> u32 {
    50
}

/// What becomes of events.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct EventsConfig {
    /// How many events wait at most; when there are more, the oldest leaves and is counted.
    pub capacity: usize,
    /// Whether decisions queue exposure events. Metric events are always queued.
    pub exposures: bool,
}

impl Default for EventsConfig {
    fn default() -> Self {
        EventsConfig {
            capacity: 10_000,
            exposures: false,
        }
    }
}

impl EventsConfig {
    /// Room for the queue is made at once, so a number that was never meant must not take all memory there is.
    const MOST: usize = 1_000_000;

    fn checked(self) -> Result<Self, Error> {
        if (1..=Self::MOST).contains(&self.capacity) {
            return Ok(self);
        }
        Err(Error::at(
            ErrorKind::InvalidConfig,
            "events.capacity",
            format!("{} is not between 1 and {}", self.capacity, Self::MOST),
        ))
    }
}

/// A configuration that makes sense.
pub struct Config {
    pub dialect: &'static dyn Dialect,
    /// The first ruleset's text; `None`: the client waits for its first update.
    pub ruleset: Option<String>,
    pub store: StoreOptions,
    pub events: EventsConfig,
    pub clock: Clock,
    /// The dialect's own options.
    pub options: Map<String, Value>,
}

impl Config {
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let Object::<Document>(document) = from_json(json, ErrorKind::InvalidConfig)?;
        let name = document.dialect.as_deref().unwrap_or("flagstay");
        let dialect = ruleset::dialect(name).ok_or_else(|| {
            let known: Vec<_> = ruleset::dialects().collect();
            Error::at(
                ErrorKind::InvalidConfig,
                "dialect",
                format!("no such dialect `{name}`; known: {}", known.join(", ")),
            )
        })?;
        let ruleset = match (document.ruleset, document.ruleset_file) {
            (Some(_), Some(_)) => {
                return Err(Error::at(
                    ErrorKind::InvalidConfig,
                    "ruleset_file",
                    "give either `ruleset` or `ruleset_file`, not both",
                ));
            }
            (Some(inline), None) => Some(inline.get().to_owned()),
            (None, Some(path)) => Some(std::fs::read_to_string(&path).map_err(|error| {
                Error::at(
                    ErrorKind::InvalidConfig,
                    "ruleset_file",
                    format!("{}: {error}", path.display()),
                )
            })?),
            (None, None) => None,
        };
        Ok(Config {
            dialect,
            ruleset,
            store: StoreOptions::from_value(document.store)?,
            events: document.events.0.checked()?,
            clock: document.now_ms.map_or(Clock::System, Clock::Fixed),
            options: document.options,
        })
    }
}

impl StoreOptions {
    fn from_value(value: Option<Value>) -> Result<Self, Error> {
        match value {
            None => Ok(StoreOptions::default()),
            Some(Value::String(url)) => Ok(StoreOptions {
                url: Some(url),
                ..StoreOptions::default()
            }),
            Some(options @ Value::Object(_)) => {
                serde_path_to_error::deserialize(options).map_err(|error| {
                    let place = format!("store.{}", error.path());
                    Error::at(ErrorKind::InvalidConfig, place, error.into_inner())
                })
            }
            Some(other) => Err(Error::at(
                ErrorKind::InvalidConfig,
                "store",
                format!("a store is a URL or an object, not {}", kind_of(&other)),
            )),
        }
    }

    pub fn slow_after(&self) -> Duration {
        Duration::from_millis(self.slow_ms.into())
    }

    pub fn busy_timeout(&self) -> Duration {
        Duration::from_millis(self.busy_timeout_ms.into())
    }
}

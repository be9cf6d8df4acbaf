//! What a store held for a unit at one moment, loaded once and passed to any number of evaluations.

use super::{Record, StoreError};
use crate::error::{Error, ErrorKind, from_json};
use crate::value::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The assignments that a caller passes along.
#[derive(Clone, Debug)]
pub enum Held {
    Records {
        records: HashMap<String, Record>,
        origin: Origin,
    },
    /// The store did not answer: nobody knows what it holds, so nothing may be written or removed for it.
    Unknown(StoreError),
}

/// Where the records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The client's own store, which held nothing else for this unit at that moment.
    Store { unit: Box<str> },
    /// The caller, who may have them from anywhere.
    Caller,
}

impl Held {
    pub fn loaded(unit: &str, records: Vec<(String, Record)>) -> Self {
        Held::Records {
            records: records.into_iter().collect(),
            origin: Origin::Store { unit: unit.into() },
        }
    }

    /// Reads an object: flag to record. What a record must look like is the dialect's business.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let records: Map<String, Value> = from_json(json, ErrorKind::InvalidArgument)?;
        let records = records.into_iter();
        Ok(Held::Records {
            records: records
                .map(|(flag, record)| (flag, Arc::new(record)))
                .collect(),
            origin: Origin::Caller,
        })
    }

    /// The store did not say what it holds.
    pub fn unknown(error: Option<Box<StoreError>>) -> Self {
        let reason = error.map(|error| *error);
        Held::Unknown(reason.unwrap_or_else(|| StoreError::Failed("no reason given".to_owned())))
    }

    pub fn get(&self, flag: &str) -> Option<&Record> {
        match self {
            Held::Records { records, .. } => records.get(flag),
            Held::Unknown(_) => None,
        }
    }

    /// Why nothing is known, where that is so.
    pub fn error(&self) -> Option<&StoreError> {
        match self {
            Held::Records { .. } => None,
            Held::Unknown(error) => Some(error),
        }
    }

    /// The records as one object, in the order of their flags.
    pub fn to_json(&self) -> Value {
        let mut all: Vec<(&String, &Record)> = match self {
            Held::Records { records, .. } => records.iter().collect(),
            Held::Unknown(_) => Vec::new(),
        };
        all.sort_by_key(|(flag, _)| *flag);
        let all = all.into_iter();
        all.map(|(flag, record)| (flag.clone(), (**record).clone()))
            .collect::<Map<_, _>>()
            .into()
    }
}

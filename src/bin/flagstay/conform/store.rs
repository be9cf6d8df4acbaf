//! The store of a case: a host's store, as a program that embeds flagstay would bring one.

use flagstay::sticky::host::Host;
use flagstay::value::{Map, Value};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Which operations fail every time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    get: bool,
    set: bool,
}

impl Faults {
    pub fn named(name: &str) -> Result<Self, String> {
        let (get, set) = match name {
            "get" => (true, false),
            "set" => (false, true),
            "both" => (true, true),
            other => return Err(format!("config.store_fault: `{other}` is not known")),
        };
        Ok(Faults { get, set })
    }
}

type Records = BTreeMap<(String, String), String>;

/// Records as JSON text, shared with the runner, which looks at what was written.
#[derive(Clone, Default)]
pub struct CaseStore {
    records: Arc<Mutex<Records>>,
    faults: Faults,
}

impl CaseStore {
    pub fn new(records: Records, faults: Faults) -> Self {
        CaseStore {
            records: Arc::new(Mutex::new(records)),
            faults,
        }
    }

    /// Every record, as the vectors list them.
    pub fn list(&self) -> Result<Vec<Value>, String> {
        self.records()
            .iter()
            .map(|((unit, flag), text)| {
                let record: Value = serde_json::from_str(text)
                    .map_err(|error| format!("a stored record is not JSON: {error}: {text}"))?;
                Ok(json!({"unit": unit, "flag": flag, "record": record}))
            })
            .collect()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn reading(&self) -> Result<MutexGuard<'_, Records>, String> {
        match self.faults.get {
            true => Err("reading fails in this case".to_owned()),
            false => Ok(self.records()),
        }
    }

    fn writing(&self) -> Result<MutexGuard<'_, Records>, String> {
        match self.faults.set {
            true => Err("writing fails in this case".to_owned()),
            false => Ok(self.records()),
        }
    }
}

fn place(unit: &str, flag: &str) -> (String, String) {
    (unit.to_owned(), flag.to_owned())
}

impl Host for CaseStore {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<String>, String> {
        Ok(self.reading()?.get(&place(unit, flag)).cloned())
    }

    fn set(&self, unit: &str, flag: &str, record: &str) -> Result<(), String> {
        self.writing()?.insert(place(unit, flag), record.to_owned());
        Ok(())
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), String> {
        self.writing()?.remove(&place(unit, flag));
        Ok(())
    }

    fn load(&self, unit: &str) -> Option<Result<Option<String>, String>> {
        let listed = self.reading().and_then(|records| {
            let mut held = Map::new();
            for ((owner, flag), text) in records.iter() {
                if owner == unit {
                    let record = serde_json::from_str(text).map_err(|error| error.to_string())?;
                    held.insert(flag.clone(), record);
                }
            }
            Ok(Some(Value::Object(held).to_string()))
        });
        Some(listed)
    }

    fn set_if_absent(
        &self,
        unit: &str,
        flag: &str,
        record: &str,
    ) -> Option<Result<String, String>> {
        Some(self.writing().map(|mut records| {
            let standing = records.entry(place(unit, flag));
            standing.or_insert_with(|| record.to_owned()).clone()
        }))
    }
}

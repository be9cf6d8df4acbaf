//! What the host adds to the ruleset: values of its own for single flags, and the country of an address.

use crate::ruleset::Kind;
use crate::value::{Prepared, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything that an evaluation asks the host's side for.
#[derive(Clone, Default)]
pub struct Host {
    pub overrides: Overrides,
    pub countries: Option<Arc<dyn Countries>>,
}

/// Knows the country of an IP address.
pub trait Countries: Send + Sync {
    /// The country's ISO 3166 code of two letters; `None`: unknown. Called on the thread that decides.
    fn country(&self, ip: &str) -> Option<String>;
}

/// Answers that the host sets in place of the ruleset's, per flag and, where it likes, per id. Shared, so that a copy
/// for the next snapshot costs no more than a count.
#[derive(Clone, Default)]
pub struct Overrides(Arc<HashMap<Box<str>, Vec<Entry>>>);

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    /// `None`: for everybody who has none of their own.
    id: Option<Box<str>>,
    answer: Override,
}

#[derive(Clone, Debug)]
pub enum Override {
    Value(Prepared),
    /// What the experiment's group of that name gets.
    Group(Box<str>),
}

impl Overrides {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is an answer for anybody under this name, of whatever kind.
    pub fn have(&self, flag: &str) -> bool {
        self.0.contains_key(flag)
    }

    /// The answer for the first of `ids` that has one of its own, or else the one for everybody.
    pub fn find<'i>(
        &self,
        kind: Kind,
        flag: &str,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> Option<&Override> {
        if self.is_empty() {
            return None;
        }
        let entries = self.0.get(flag)?;
        let of = |id: Option<&str>| {
            let mut entries = entries.iter();
            entries.find(|entry| entry.kind == kind && entry.id.as_deref() == id)
        };
        let own = ids.into_iter().find_map(|id| of(Some(id)));
        own.or_else(|| of(None)).map(|entry| &entry.answer)
    }

    /// Sets the answer for an id, or (`None`) for everybody who has none of their own.
    pub fn set(&mut self, kind: Kind, flag: &str, id: Option<&str>, answer: Override) {
        let all = Arc::make_mut(&mut self.0);
        let entries = all.entry(flag.into()).or_default();
        entries.retain(|entry| entry.kind != kind || entry.id.as_deref() != id);
        entries.push(Entry {
            kind,
            id: id.map(Into::into),
            answer,
        });
    }

    /// Removes the answer for an id, or (`None`) all answers of the flag.
    pub fn remove(&mut self, kind: Kind, flag: &str, id: Option<&str>) {
        let all = Arc::make_mut(&mut self.0);
        let Some(entries) = all.get_mut(flag) else {
            return;
        };
        entries.retain(|entry| entry.kind != kind || (id.is_some() && entry.id.as_deref() != id));
        if entries.is_empty() {
            all.remove(flag);
        }
    }

    pub fn clear(&mut self) {
        *self = Overrides::default();
    }

    /// How many answers are set.
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl Override {
    pub fn value(value: Value) -> Self {
        Override::Value(Prepared::new(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(overrides: &Overrides, kind: Kind, ids: &[&str]) -> Option<Value> {
        match overrides.find(kind, "checkout", ids.iter().copied())? {
            Override::Value(prepared) => Some(prepared.value.clone()),
            Override::Group(name) => Some(json!({ "group": name })),
        }
    }

    #[test]
    fn an_override_of_an_id_goes_before_the_one_for_everybody() {
        let mut overrides = Overrides::default();
        let set = |overrides: &mut Overrides, id, value: i32| {
            overrides.set(Kind::Config, "checkout", id, Override::value(value.into()));
        };
        set(&mut overrides, None, 0);
        set(&mut overrides, Some("u-1"), 1);
        set(&mut overrides, Some("c-9"), 2);
        assert_eq!(
            found(&overrides, Kind::Config, &["u-1", "c-9"]),
            Some(json!(1))
        );
        assert_eq!(
            found(&overrides, Kind::Config, &["u-2", "c-9"]),
            Some(json!(2))
        );
        assert_eq!(found(&overrides, Kind::Config, &["u-2"]), Some(json!(0)));
        assert_eq!(found(&overrides, Kind::Experiment, &["u-1"]), None);
        set(&mut overrides, Some("u-1"), 7);
        assert_eq!(found(&overrides, Kind::Config, &["u-1"]), Some(json!(7)));
        assert_eq!(overrides.count(), 3);
    }

    #[test]
    fn removing_without_an_id_removes_all_overrides_of_the_flag() {
        let mut overrides = Overrides::default();
        for id in [None, Some("u-1"), Some("u-2")] {
            overrides.set(Kind::Gate, "checkout", id, Override::value(true.into()));
        }
        let before = overrides.clone();
        overrides.remove(Kind::Gate, "checkout", Some("u-1"));
        assert_eq!(overrides.count(), 2);
        overrides.remove(Kind::Gate, "checkout", None);
        assert!(overrides.is_empty());
        assert_eq!(before.count(), 3, "a snapshot keeps what it had");
    }
}

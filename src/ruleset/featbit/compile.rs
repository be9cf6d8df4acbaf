//! Flags and segments as documents have them, compiled (section 1).

use super::flag::{Flag, Rollout, Rule, Served, Split, State, Targets, Works};
use super::variation::Variations;
use super::{FLAVOUR, moment, property};
use crate::error::Error;
use crate::ruleset::clause::clauses;
use crate::ruleset::clause::segment::{Group, Segment};
use crate::ruleset::coerce::truthy;
use crate::ruleset::data_sync::{Version, at, required};
use crate::ruleset::experiment::Sent;
use crate::ruleset::id::Id;
use crate::ruleset::path::Path;
use crate::ruleset::person::Property;
use crate::ruleset::portion::Range;
use crate::ruleset::python_repr;
use crate::ruleset::raised::{Findings, Raised, Reached, items, member};
use crate::value::{Value, kind_of};

/// An error: the whole message does not count.
fn version(item: &Value, path: &Path<'_>) -> Result<Version, Error> {
    let text = required(item, "updatedAt", path)?.as_str();
    let ms = text.and_then(moment::read).unwrap_or(0);
    Ok(Version::of_ms(ms))
}

fn id(item: &Value, name: &str, path: &Path<'_>) -> Result<Id, Error> {
    let id = required(item, name, path)?;
    let why = || format!("must be a text, is {}", kind_of(id));
    Id::read(id).ok_or_else(|| at(path.key(name), why()))
}

pub fn segment(item: &Value, path: &Path<'_>) -> Result<Segment, Error> {
    let id = id(item, "id", path)?;
    let version = version(item, path)?;
    let is_archived = truthy(required(item, "isArchived", path)?);
    let mut findings = Findings::default();
    let group = (!is_archived).then(|| Group::compile(item, &FLAVOUR, path, &mut findings));
    Ok(Segment {
        id,
        version,
        group,
        problems: findings.problems,
    })
}

pub fn flag(item: &Value, path: &Path<'_>) -> Result<Flag, Error> {
    required(item, "id", path)?;
    let id = id(item, "key", path)?;
    let version = version(item, path)?;
    let is_archived = truthy(required(item, "isArchived", path)?);
    let variations = Variations::read(item, path)?;
    let key = python_repr::as_text(required(item, "key", path)?)
        .as_str()
        .into();
    let mut findings = Findings::of(id.text().map(str::to_owned));
    let state = match is_archived {
        true => State::Archived,
        false => match works(item, variations, path, &mut findings) {
            Ok(works) => State::Works(Box::new(works)),
            Err(Raised) => State::Raises,
        },
    };
    Ok(Flag {
        id,
        key,
        version,
        state,
        problems: findings.problems,
    })
}

fn works(
    item: &Value,
    variations: Variations,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Works> {
    let is_off = !truthy(member(item, "isEnabled", path, findings)?);
    // Whatever is answered, these are read.
    let name = member(item, "name", path, findings)?.clone();
    let kind = member(item, "variationType", path, findings)?;
    let mut works = Works {
        key: member(item, "key", path, findings)?.clone(),
        name,
        is_off,
        insights: item.get("insightsEnabled") != Some(&Value::Bool(false)),
        variations: Vec::new(),
        off: Err(Raised),
        targets: Targets::default(),
        rules: Vec::new(),
        default: Err(Raised),
    };
    let mut source = Source {
        item,
        path,
        scope: Err(Raised),
        variations,
        findings,
    };
    if is_off {
        works.off = source.variation(item, "disabledVariationId", path);
    } else {
        source.scope = member(item, "exptIncludeAllTargets", path, source.findings);
        works.targets = source.targets();
        works.rules = source.rules();
        works.default = source.default();
    }
    works.variations = source.variations.of_type(kind);
    Ok(works)
}

/// A flag that is being compiled.
struct Source<'s> {
    item: &'s Value,
    path: &'s Path<'s>,
    /// The scope of experiments, which is read by whatever answers an enabled flag.
    scope: Reached<&'s Value>,
    variations: Variations,
    findings: &'s mut Findings,
}

impl Source<'_> {
    /// The place of the variation that a member names.
    fn variation(&mut self, holder: &Value, name: &str, path: &Path<'_>) -> Reached<usize> {
        let id = member(holder, name, path, self.findings)?;
        match self.variations.place(id) {
            Some(place) => Ok(place),
            None => {
                let why = format_args!("the flag has no variation {id}");
                self.findings.raise(&path.key(name), why)
            }
        }
    }

    fn targets(&mut self) -> Targets {
        let mut targets = Targets::default();
        if self.add_targets(&mut targets).is_err() {
            targets.raises = true;
        }
        targets
    }

    fn add_targets(&mut self, targets: &mut Targets) -> Reached<()> {
        let list = member(self.item, "targetUsers", self.path, self.findings)?;
        let place = self.path.key("targetUsers");
        for (index, target) in items(list, &place, self.findings)?.enumerate() {
            let path = place.index(index);
            let served = targets.served.len();
            targets.served.push(self.target(&target, &path));
            let keys = member(&target, "keyIds", &path, self.findings)?;
            for key in items(keys, &path.key("keyIds"), self.findings)? {
                if let Some(key) = key.as_str() {
                    targets.places.entry(key.into()).or_insert(served);
                }
            }
        }
        Ok(())
    }

    fn target(&mut self, target: &Value, path: &Path<'_>) -> Reached<Served> {
        Ok(Served {
            variation: self.variation(target, "variationId", path)?,
            sent: Sent::Known(self.scope?.clone()),
        })
    }

    fn rules(&mut self) -> Vec<Reached<Rule>> {
        let place = self.path.key("rules");
        let list = member(self.item, "rules", self.path, self.findings)
            .and_then(|list| items(list, &place, self.findings));
        let list = match list {
            Ok(list) => list,
            Err(raised) => return vec![Err(raised)],
        };
        let mut compiled = Vec::new();
        for (index, rule) in list.enumerate() {
            let path = place.index(index);
            let rule = clauses(&rule, &FLAVOUR, &path, self.findings).map(|clauses| Rule {
                clauses,
                split: self.split(&rule, &path),
            });
            let raises = rule.is_err();
            compiled.push(rule);
            if raises {
                break;
            }
        }
        compiled
    }

    fn default(&mut self) -> Reached<Split> {
        let holder = member(self.item, "fallthrough", self.path, self.findings)?;
        self.split(holder, &self.path.key("fallthrough"))
    }

    /// The split of a rule or of the default (section 2.5).
    fn split(&mut self, holder: &Value, path: &Path<'_>) -> Reached<Split> {
        let included = member(holder, "includedInExpt", path, self.findings)?;
        let list = member(holder, "variations", path, self.findings)?;
        let place = path.key("variations");
        let mut rollouts = Vec::new();
        for (index, rollout) in items(list, &place, self.findings)?.enumerate() {
            let path = place.index(index);
            let range = match member(&rollout, "rollout", &path, self.findings) {
                Ok(range) => range,
                Err(raised) => {
                    rollouts.push(Err(raised));
                    break;
                }
            };
            let Some(range) = Range::read(range) else {
                let message = "must be a list of two numbers; nobody is in it";
                self.findings.note(&path.key("rollout"), message);
                continue;
            };
            let variation = self.variation(&rollout, "id", &path);
            let sent = self.sent(included, &rollout, range, &path);
            let served = variation.and_then(|variation| {
                Ok(Served {
                    variation,
                    sent: sent?,
                })
            });
            rollouts.push(Ok(Rollout { range, served }));
        }
        Ok(Split {
            dispatch: dispatch(holder.get("dispatchKey")),
            rollouts,
        })
    }

    /// Whether it is sent to experiments (section 6.3), as far as that is known before the user.
    fn sent(
        &mut self,
        included: &Value,
        rollout: &Value,
        range: Range,
        path: &Path<'_>,
    ) -> Reached<Sent> {
        let known = |sent| Ok(Sent::Known(Value::Bool(sent)));
        if truthy(self.scope?) {
            return known(true);
        }
        if !truthy(included) {
            return known(false);
        }
        let share = member(rollout, "exptRollout", path, self.findings)?;
        Sent::share(share, range, path, self.findings)
    }
}

/// Whose text is hashed: the key's, unless something else is named.
fn dispatch(name: Option<&Value>) -> Property {
    match name.filter(|name| truthy(name)) {
        None => Property::Key,
        Some(Value::String(name)) => property(name),
        Some(_) => Property::Missing,
    }
}

//! Flags as documents have them, compiled (section 1.2).

use super::flag::{
    Choice, Flag, Prerequisite, Rollout, Rule, Served, Split, State, Targets, Works,
};
use super::{FLAVOUR, experiment};
use crate::error::Error;
use crate::ruleset::clause::clauses;
use crate::ruleset::clause::segment::{Group, Segment};
use crate::ruleset::coerce::{self, truthy};
use crate::ruleset::data_sync::{Version, at, required};
use crate::ruleset::id::Id;
use crate::ruleset::path::Path;
use crate::ruleset::portion::Range;
use crate::ruleset::python_repr;
use crate::ruleset::raised::{Findings, Raised, Reached, items, member};
use crate::ruleset::switch::is_on;
use crate::value::{Prepared, Value, equal, kind_of};

/// What every item carries.
struct Head {
    id: Id,
    version: Version,
    is_archived: bool,
}

impl Head {
    /// An error: the whole message does not count (section 1.1).
    fn read(item: &Value, path: &Path<'_>) -> Result<Head, Error> {
        let id = required(item, "id", path)?;
        let timestamp = required(item, "timestamp", path)?;
        let is_archived = truthy(required(item, "isArchived", path)?);
        let id = Id::read(id).ok_or_else(|| {
            at(
                path.key("id"),
                format_args!("must be a text, is {}", kind_of(id)),
            )
        })?;
        let version = Version::read(timestamp).ok_or_else(|| {
            let kind = kind_of(timestamp);
            at(
                path.key("timestamp"),
                format_args!("must be a number, is {kind}"),
            )
        })?;
        Ok(Head {
            id,
            version,
            is_archived,
        })
    }
}

pub fn segment(item: &Value, path: &Path<'_>) -> Result<Segment, Error> {
    let head = Head::read(item, path)?;
    let mut findings = Findings::default();
    let group = (!head.is_archived).then(|| Group::compile(item, &FLAVOUR, path, &mut findings));
    Ok(Segment {
        id: head.id,
        version: head.version,
        group,
        problems: findings.problems,
    })
}

pub fn flag(item: &Value, path: &Path<'_>) -> Result<Flag, Error> {
    let head = Head::read(item, path)?;
    let mut findings = Findings::of(head.id.text().map(str::to_owned));
    let state = match head.is_archived {
        true => State::Archived,
        false => match works(item, path, &mut findings) {
            Ok(works) => State::Works(Box::new(works)),
            Err(Raised) => State::Raises,
        },
    };
    Ok(Flag {
        id: head.id,
        version: head.version,
        state,
        problems: findings.problems,
    })
}

fn works(item: &Value, path: &Path<'_>, findings: &mut Findings) -> Reached<Works> {
    let basics = member(item, "ff", path, findings)?;
    let place = path.key("ff");
    let is_off = member(basics, "status", &place, findings)? == "Disabled";
    // Whatever is answered, these are read.
    let key_name = member(basics, "keyName", &place, findings)?.clone();
    let name = member(basics, "name", &place, findings)?.clone();
    let is_listed = !key_name.is_array() && !key_name.is_object();
    let mut works = Works {
        listed_as: is_listed.then(|| python_repr::as_text(&key_name).as_str().into()),
        key_name,
        name,
        is_off,
        off: Err(Raised),
        prerequisites: Vec::new(),
        targets: Targets::default(),
        rules: Vec::new(),
        default: Err(Raised),
    };
    if !is_off {
        works.prerequisites = prerequisites(item, basics, path, findings);
    }
    if is_off || !works.prerequisites.is_empty() {
        works.off = option(basics, "variationOptionWhenDisabled", &place, findings);
    }
    if is_off {
        return Ok(works);
    }
    let scope = member(item, "exptIncludeAllRules", path, findings);
    works.targets = targets(item, scope, path, findings);
    works.rules = rules(item, scope, path, findings);
    works.default = default(basics, scope, path, findings);
    Ok(works)
}

/// A member that is a variation.
fn option(holder: &Value, name: &str, path: &Path<'_>, findings: &mut Findings) -> Reached<Choice> {
    let option = member(holder, name, path, findings)?;
    let path = path.key(name);
    let local_id = member(option, "localId", &path, findings)?;
    let value = member(option, "variationValue", &path, findings)?;
    Ok(Choice {
        local_id: local_id.clone(),
        id: python_repr::text(local_id).into(),
        is_on: is_on(value),
        value: Prepared::new(value.clone()),
    })
}

fn prerequisites(
    item: &Value,
    basics: &Value,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Vec<Reached<Prerequisite>> {
    let place = path.key("ffp");
    let list = member(item, "ffp", path, findings).and_then(|list| items(list, &place, findings));
    let list = match list {
        Ok(list) => list,
        Err(raised) => return vec![Err(raised)],
    };
    let mut compiled = Vec::new();
    for (index, item) in list.enumerate() {
        match prerequisite(&item, basics, path, &place.index(index), findings) {
            // The flag itself: satisfied.
            Ok(None) => {}
            Ok(Some(prerequisite)) => compiled.push(Ok(prerequisite)),
            Err(raised) => {
                compiled.push(Err(raised));
                break;
            }
        }
    }
    compiled
}

fn prerequisite(
    item: &Value,
    basics: &Value,
    flag: &Path<'_>,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Option<Prerequisite>> {
    let id = member(item, "prerequisiteFeatureFlagId", path, findings)?;
    let own = member(basics, "id", &flag.key("ff"), findings)?;
    if same(id, own) {
        return Ok(None);
    }
    let Some(read) = Id::read(id) else {
        let why = format!("must be a text, is {}", kind_of(id));
        return findings.raise(&path.key("prerequisiteFeatureFlagId"), why);
    };
    // Written one way by the server and read another way by the SDK: both will do.
    const CAPITAL: &str = "ValueOptionsVariationValue";
    const SMALL: &str = "valueOptionsVariationValue";
    let spelling = match item.get(CAPITAL).is_none() && item.get(SMALL).is_some() {
        true => SMALL,
        false => CAPITAL,
    };
    let wanted = member(item, spelling, path, findings)
        .and_then(|option| member(option, "localId", &path.key(spelling), findings));
    let is_short = id
        .as_str()
        .is_some_and(|id| !coerce::strip(id).is_empty() && id.split("__").nth(4).is_none());
    Ok(Some(Prerequisite {
        id: read,
        is_short,
        wanted: wanted.cloned(),
    }))
}

/// Whether two values are equal to Python, which counts the booleans as numbers.
pub fn same(left: &Value, right: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(value) => Value::from(u8::from(*value)),
        other => other.clone(),
    };
    equal(&number(left), &number(right))
}

/// The scope of experiments, which is read by whatever answers an enabled flag.
type Scope<'v> = Reached<&'v Value>;

fn targets(item: &Value, scope: Scope<'_>, path: &Path<'_>, findings: &mut Findings) -> Targets {
    let mut targets = Targets::default();
    if add_targets(item, scope, path, &mut targets, findings).is_err() {
        targets.raises = true;
    }
    targets
}

fn add_targets(
    item: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    targets: &mut Targets,
    findings: &mut Findings,
) -> Reached<()> {
    let list = member(item, "targetIndividuals", path, findings)?;
    let place = path.key("targetIndividuals");
    for (index, target) in items(list, &place, findings)?.enumerate() {
        let path = place.index(index);
        let served = targets.served.len();
        targets
            .served
            .push(target_served(&target, scope, &path, findings));
        let individuals = member(&target, "individuals", &path, findings)?;
        let path = path.key("individuals");
        for (index, individual) in items(individuals, &path, findings)?.enumerate() {
            let key = member(&individual, "keyId", &path.index(index), findings)?;
            if let Some(key) = key.as_str() {
                targets.places.entry(key.into()).or_insert(served);
            }
        }
    }
    Ok(())
}

fn target_served(
    target: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Served> {
    Ok(Served {
        choice: option(target, "valueOption", path, findings)?,
        sent: experiment::target(scope?),
    })
}

fn rules(
    item: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Vec<Reached<Rule>> {
    let place = path.key("fftuwmtr");
    let list =
        member(item, "fftuwmtr", path, findings).and_then(|list| items(list, &place, findings));
    let list = match list {
        Ok(list) => list,
        Err(raised) => return vec![Err(raised)],
    };
    let mut compiled = Vec::new();
    for (index, rule) in list.enumerate() {
        let path = place.index(index);
        let rule = clauses(&rule, &FLAVOUR, &path, findings).map(|clauses| Rule {
            clauses,
            split: member(&rule, "isIncludedInExpt", &path, findings).and_then(|included| {
                split(
                    &rule,
                    "valueOptionsVariationRuleValues",
                    included,
                    scope,
                    &path,
                    findings,
                )
            }),
        });
        let raises = rule.is_err();
        compiled.push(rule);
        if raises {
            break;
        }
    }
    compiled
}

fn default(
    basics: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Split> {
    let path = path.key("ff");
    let included = "isDefaultRulePercentageRolloutsIncludedInExpt";
    let included = member(basics, included, &path, findings)?;
    split(
        basics,
        "defaultRulePercentageRollouts",
        included,
        scope,
        &path,
        findings,
    )
}

fn split(
    holder: &Value,
    name: &str,
    included: &Value,
    scope: Scope<'_>,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Split> {
    let list = member(holder, name, path, findings)?;
    let path = path.key(name);
    let mut split = Vec::new();
    for (index, rollout) in items(list, &path, findings)?.enumerate() {
        let path = path.index(index);
        let range = match member(&rollout, "rolloutPercentage", &path, findings) {
            Ok(range) => range,
            Err(raised) => {
                split.push(Err(raised));
                break;
            }
        };
        let Some(range) = Range::read(range) else {
            let message = "must be a list of two numbers; nobody is in it";
            findings.note(&path.key("rolloutPercentage"), message);
            continue;
        };
        let choice = option(&rollout, "valueOption", &path, findings);
        let sent = scope.and_then(|scope| {
            experiment::rollout(scope, included, &rollout, range, &path, findings)
        });
        split.push(Ok(Rollout {
            range,
            served: choice.and_then(|choice| {
                Ok(Served {
                    choice,
                    sent: sent?,
                })
            }),
        }));
    }
    Ok(split)
}

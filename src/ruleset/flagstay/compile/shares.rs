//! Who gets what share: splits, the groups in which they exclude one another, and the holdouts.

use super::{Around, Compiler, Entries, broken, numbers, variation};
use crate::ruleset::bucket::{BUCKETS, Space};
use crate::ruleset::flagstay::document;
use crate::ruleset::flagstay::flag::Variation;
use crate::ruleset::flagstay::identity::By;
use crate::ruleset::flagstay::shape::{Object, Text, read};
use crate::ruleset::flagstay::split::{Gate, Group, Holdout, Slot, Split, Sticky, buckets_of};
use crate::ruleset::path::{Mistake, Path};
use hashbrown::HashMap;
use serde_json::value::RawValue;

/// Holdouts, and which flags they cover.
pub(super) struct Holdouts {
    pub(super) list: Vec<Option<Holdout>>,
    pub(super) everywhere: Vec<u32>,
    pub(super) of_flag: HashMap<u32, Vec<u32>>,
    /// Of those that are broken.
    pub(super) broken_everywhere: Option<String>,
    pub(super) broken_of_flag: HashMap<u32, String>,
}

impl Compiler<'_> {
    pub(super) fn groups(&mut self, entries: &Entries<'_>) -> Vec<Option<Group>> {
        let root = Path::root("groups");
        let mut groups = Vec::with_capacity(entries.len());
        for (name, raw) in entries {
            let group = self.group(name, raw, &root.key(name));
            groups.push(group.map_err(|mistake| self.report(None, mistake)).ok());
        }
        groups
    }

    fn group(&mut self, name: &str, raw: &RawValue, path: &Path<'_>) -> Result<Group, Mistake> {
        let written: document::Group<'_> = read(raw, path)?;
        let path = path.key("slots");
        let mut slots: Vec<Slot> = Vec::with_capacity(written.slots.len());
        let mut from = 0;
        for (n, Object(slot)) in written.slots.iter().enumerate() {
            let path = path.index(n);
            if slots.iter().any(|known| *known.id == *slot.id.as_str()) {
                return Err(path.key("id").mistake("another slot has this id"));
            }
            let below = from + buckets(slot.percent, &path.key("percent"))?;
            if below > BUCKETS {
                let path = path.key("percent");
                return Err(path.mistake("the slots add to more than 100 percent"));
            }
            slots.push(Slot {
                id: slot.id.as_str().into(),
                from,
                below,
            });
            from = below;
        }
        let salt = written.salt.as_ref().map_or(name, Text::as_str);
        Ok(Group {
            name: name.into(),
            by: self.by(written.by.as_ref()),
            space: Space::new(&format!("{salt}/group"), 1),
            slots: slots.into(),
        })
    }

    pub(super) fn holdouts(&mut self, entries: &Entries<'_>, flags: &Entries<'_>) -> Holdouts {
        let flags = numbers(flags);
        let root = Path::root("holdouts");
        let mut holdouts = Holdouts {
            list: Vec::with_capacity(entries.len()),
            everywhere: Vec::new(),
            of_flag: HashMap::new(),
            broken_everywhere: None,
            broken_of_flag: HashMap::new(),
        };
        for (number, (name, raw)) in (0..).zip(entries) {
            let path = root.key(name);
            let read = read::<document::Holdout<'_>>(raw, &path)
                .and_then(|written| Ok((self.holdout(name, &written, &path)?, written.flags)));
            let (holdout, meant) = match read {
                Ok((holdout, meant)) => (Some(holdout), meant),
                Err(mistake) => {
                    self.report(None, mistake);
                    let meant = serde_json::from_str::<document::Meant<'_>>(raw.get());
                    (None, meant.ok().map(|meant| meant.flags))
                }
            };
            let works = holdout.is_some();
            holdouts.list.push(holdout);
            let Some(meant) = meant else {
                if works {
                    holdouts.everywhere.push(number);
                } else {
                    holdouts.broken_everywhere = Some(name.to_string());
                }
                continue;
            };
            for (n, key) in meant.iter().enumerate() {
                match flags.get(key.as_str()) {
                    Some(flag) if works => {
                        let covering = holdouts.of_flag.entry(*flag).or_default();
                        if covering.last() != Some(&number) {
                            covering.push(number);
                        }
                    }
                    Some(flag) => {
                        holdouts.broken_of_flag.insert(*flag, name.to_string());
                    }
                    None if works => {
                        let path = path.key("flags");
                        let message = format_args!("there is no flag `{}`", key.as_str());
                        let mistake = path.index(n).mistake(message);
                        self.report(None, mistake);
                    }
                    None => {}
                }
            }
        }
        holdouts
    }

    fn holdout(
        &mut self,
        name: &str,
        written: &document::Holdout<'_>,
        path: &Path<'_>,
    ) -> Result<Holdout, Mistake> {
        let salt = written.salt.as_ref().map_or(name, Text::as_str);
        Ok(Holdout {
            name: name.into(),
            by: self.by(written.by.as_ref()),
            gate: Gate {
                space: Space::new(&format!("{salt}/holdout"), 1),
                below: buckets(written.percent, &path.key("percent"))?,
            },
        })
    }

    pub(super) fn split(
        &mut self,
        key: &str,
        written: &document::Split<'_>,
        variations: &[Variation],
        around: Around<'_>,
        path: &Path<'_>,
    ) -> Result<Split, Mistake> {
        let by = self.by(written.by.as_ref());
        let weights_path = path.key("weights");
        let mut weights = Vec::with_capacity(written.weights.len());
        let mut end = 0;
        for (n, Object(weight)) in written.weights.iter().enumerate() {
            let path = weights_path.index(n);
            let number = variation(variations, &weight.variation, &path.key("variation"))?;
            // Too many ranges cannot overflow: each adds at most all buckets, and a sum too large is a mistake.
            end = u32::min(
                end + buckets(weight.percent, &path.key("percent"))?,
                BUCKETS + 1,
            );
            weights.push((end, number));
        }
        if end != BUCKETS {
            let sum: f64 = written.weights.iter().map(|weight| weight.0.percent).sum();
            return Err(weights_path.mistake(format_args!("the weights add to {sum}, not 100")));
        }
        let sticky = match &written.sticky {
            None | Some(document::Sticky::Plain(false)) => None,
            Some(document::Sticky::Plain(true)) => Some(Sticky {
                version: 1,
                min_version: 1,
                fallback: None,
            }),
            Some(document::Sticky::Versioned(written)) => {
                Some(self.sticky(written, &by, &path.key("sticky"))?)
            }
        };
        let version = sticky.as_ref().map_or(1, |sticky| sticky.version);
        let salt = written.salt.as_ref().map_or(key, Text::as_str);
        let traffic = match written.traffic {
            None => BUCKETS,
            Some(percent) => buckets(percent, &path.key("traffic"))?,
        };
        Ok(Split {
            by,
            space: Space::new(salt, version),
            traffic: (traffic < BUCKETS).then(|| Gate {
                space: Space::new(&format!("{salt}/traffic"), version),
                below: traffic,
            }),
            group: match &written.group {
                None => None,
                Some(Object(place)) => Some(self.slot(place, around, &path.key("group"))?),
            },
            weights: weights.into(),
            sticky: sticky.map(Box::new),
        })
    }

    fn sticky(
        &mut self,
        written: &document::Versioned<'_>,
        by: &By,
        path: &Path<'_>,
    ) -> Result<Sticky, Mistake> {
        let version = written.version.unwrap_or(1);
        if version == 0 {
            return Err(path.key("version").mistake("versions begin at 1"));
        }
        let min_version = written.min_version.unwrap_or(version);
        if !(1..=version).contains(&min_version) {
            let message = format_args!("is from 1 to the version, {version}");
            return Err(path.key("min_version").mistake(message));
        }
        let fallback = written.fallback.as_ref().map(|name| self.by(Some(name)));
        if fallback.as_ref() == Some(by) {
            return Err(path
                .key("fallback")
                .mistake("is the id that the split goes by anyway"));
        }
        Ok(Sticky {
            version,
            min_version,
            fallback,
        })
    }

    fn slot(
        &self,
        place: &document::Place<'_>,
        around: Around<'_>,
        path: &Path<'_>,
    ) -> Result<(u32, u32), Mistake> {
        let name = place.name.as_str();
        let Some(number) = self.groups.get(name) else {
            let message = format_args!("there is no group `{name}`");
            return Err(path.key("name").mistake(message));
        };
        let Some(group) = &around.groups[*number as usize] else {
            return Err(path.key("name").mistake(broken("group", name)));
        };
        let slot = place.slot.as_str();
        match group.slots.iter().position(|known| *known.id == *slot) {
            Some(slot) => Ok((*number, slot as u32)),
            None => {
                let message = format_args!("the group `{name}` has no slot `{slot}`");
                Err(path.key("slot").mistake(message))
            }
        }
    }
}

fn buckets(percent: f64, path: &Path<'_>) -> Result<u32, Mistake> {
    buckets_of(percent).ok_or_else(|| {
        path.mistake("a percent is a number from 0 to 100 with at most four decimals")
    })
}

//! Flags: variations, targets, rules and the default.

use super::prerequisites::Pending;
use super::shares::Holdouts;
use super::{Around, Compiler, Entries, broken, numbers, texts, variation};
use crate::ruleset::flagstay::conditions::Segment;
use crate::ruleset::flagstay::document;
use crate::ruleset::flagstay::flag::{
    Flag, Flags, Rule, Served, State, Target, Variation, What, Works,
};
use crate::ruleset::flagstay::shape::{Object, Text, read};
use crate::ruleset::flagstay::split::Group;
use crate::ruleset::path::{Mistake, Path};
use crate::ruleset::plain::Plain;
use crate::value::Prepared;

impl Compiler<'_> {
    pub(super) fn flags(
        &mut self,
        entries: &Entries<'_>,
        segments: &[Option<Segment>],
        groups: &[Option<Group>],
        holdouts: &Holdouts,
    ) -> Flags {
        let around = Around {
            segments,
            groups,
            holdouts,
        };
        let root = Path::root("flags");
        let mut flags = Vec::with_capacity(entries.len());
        let mut pending = Vec::new();
        for (number, (key, raw)) in (0..).zip(entries) {
            let path = root.key(key);
            let read = read::<document::Flag<'_>>(raw, &path)
                .and_then(|written| self.flag(number, key, written, around, &path));
            flags.push(match read {
                Ok((works, prerequisites)) => {
                    if !prerequisites.is_empty() {
                        pending.push(Pending {
                            flag: number,
                            prerequisites,
                        });
                    }
                    Flag {
                        key: (**key).into(),
                        state: State::Works(Box::new(works)),
                    }
                }
                Err(mistake) => self.broken(key, mistake),
            });
        }
        if !pending.is_empty() {
            self.prerequisites(&mut flags, &pending, &numbers(entries));
        }
        Flags::new(flags)
    }

    pub(super) fn broken(&mut self, key: &str, mistake: Mistake) -> Flag {
        let flag = Flag::broken(key, &mistake);
        self.report(Some(key), mistake);
        flag
    }

    fn flag<'d>(
        &mut self,
        number: u32,
        key: &str,
        written: document::Flag<'d>,
        around: Around<'_>,
        path: &Path<'_>,
    ) -> Result<(Works, Vec<Object<document::Prerequisite<'d>>>), Mistake> {
        let mut variations = Vec::with_capacity(written.variations.0.len());
        for (name, raw) in &written.variations.0 {
            let value = serde_json::from_str(raw.get())
                .map_err(|error| path.key("variations").key(name).mistake(error))?;
            variations.push(Variation {
                name: (**name).into(),
                value: Prepared::new(value),
            });
        }
        if variations.is_empty() {
            return Err(path
                .key("variations")
                .mistake("a flag has at least one variation"));
        }
        let off = variation(&variations, &written.off, &path.key("off"))?;
        let mut targets = Vec::with_capacity(written.targets.len());
        for (n, Object(target)) in written.targets.into_iter().enumerate() {
            let path = path.key("targets");
            targets.push(Target {
                by: self.by(target.by.as_ref()),
                serve: variation(&variations, &target.serve, &path.index(n).key("serve"))?,
                values: texts(target.values),
            });
        }
        let mut rules: Vec<Rule> = Vec::with_capacity(written.rules.len());
        for (n, Object(rule)) in written.rules.iter().enumerate() {
            let path = path.key("rules");
            let path = path.index(n);
            let condition = self.condition(&rule.condition, around.segments, &path.key("if"))?;
            let mut served = self.served(
                key,
                (rule.id.as_ref(), rule.serve.as_ref(), rule.split.as_ref()),
                &variations,
                around,
                &path,
            )?;
            let id = served
                .id
                .get_or_insert_with(|| format!("rules[{n}]").into());
            if rules
                .iter()
                .any(|rule| rule.served.id.as_ref() == Some(&*id))
            {
                return Err(path.key("id").mistake("another rule is called so"));
            }
            rules.push(Rule { condition, served });
        }
        let default_path = path.key("default");
        let default = match &written.default {
            document::Default::Variation(name) => Served {
                id: None,
                what: What::Variation(variation(&variations, name, &default_path)?),
            },
            document::Default::Served(default) => self.served(
                key,
                (
                    default.id.as_ref(),
                    default.serve.as_ref(),
                    default.split.as_ref(),
                ),
                &variations,
                around,
                &default_path,
            )?,
        };
        if default.id.is_some() && rules.iter().any(|rule| rule.served.id == default.id) {
            return Err(default_path.key("id").mistake("a rule is called so"));
        }
        let mut works = Works {
            on: written.on,
            off,
            variations: variations.into(),
            prerequisites: Box::default(),
            targets: targets.into(),
            rules: rules.into(),
            default,
            holdouts: Box::default(),
            plain: Plain::NO,
        };
        if works.has_split() {
            let holdouts = around.holdouts;
            let broken_holdout = holdouts.broken_of_flag.get(&number);
            if let Some(name) = broken_holdout.or(holdouts.broken_everywhere.as_ref()) {
                return Err(path.mistake(broken("holdout", name)));
            }
            let mut covering = holdouts.everywhere.clone();
            covering.extend(holdouts.of_flag.get(&number).into_iter().flatten());
            covering.sort_unstable();
            works.holdouts = covering.into();
        }
        Ok((works, written.prerequisites))
    }

    pub(super) fn served(
        &mut self,
        key: &str,
        (id, serve, split): (
            Option<&Text<'_>>,
            Option<&Text<'_>>,
            Option<&Object<document::Split<'_>>>,
        ),
        variations: &[Variation],
        around: Around<'_>,
        path: &Path<'_>,
    ) -> Result<Served, Mistake> {
        let what = match (serve, split) {
            (Some(name), None) => What::Variation(variation(variations, name, &path.key("serve"))?),
            (None, Some(Object(split))) => {
                let path = path.key("split");
                let split = self.split(key, split, variations, around, &path)?;
                if split.sticky.is_some() && id.is_none() {
                    return Err(path.key("sticky").mistake(
                        "a sticky split needs the `id` of its rule or default: assignments are kept under it",
                    ));
                }
                What::Split(Box::new(split))
            }
            (None, None) => return Err(path.mistake("wants `serve` or `split`")),
            (Some(_), Some(_)) => {
                return Err(path
                    .key("split")
                    .mistake("wants `serve` or `split`, not both"));
            }
        };
        Ok(Served {
            id: id.map(|id| id.as_str().into()),
            what,
        })
    }
}

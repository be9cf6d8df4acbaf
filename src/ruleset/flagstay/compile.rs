//! From the document to what is evaluated. A mistake breaks the smallest thing that it is in, and whatever uses that.

use super::circle::{self, Place};
use super::conditions::{Condition, Segment};
use super::document::{self, DEEPEST, Document, OneOrMany, Text, read};
use super::flag::{
    Compiled, Flag, Flags, Prerequisite, Rule, Served, State, Target, Variation, What, Works,
};
use super::identity::By;
use super::operands::{self, Expressions};
use super::path::{Mistake, Path};
use super::split::{Gate, Group, Holdout, Slot, Split, Sticky, buckets_of};
use super::texts::Texts;
use crate::error::{Error, ErrorKind, from_json};
use crate::ruleset::Problem;
use crate::ruleset::bucket::{BUCKETS, Space};
use crate::user::Name;
use crate::value::Prepared;
use document::Object;
use hashbrown::{HashMap, HashSet};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How many flags a chain of prerequisites may have.
const LONGEST_CHAIN: u32 = 16;

/// Compiles a document, or refuses it as a whole.
pub fn compile(json: &str) -> Result<Compiled, Error> {
    let Object(document): Object<Document<'_>> = from_json(json, ErrorKind::InvalidRuleset)?;
    if document.format != 1.0 {
        let message = format!("this version reads format 1, not {}", document.format);
        return Err(Error::at(ErrorKind::InvalidRuleset, "format", message));
    }
    let mut compiler = Compiler::new(&document);
    let segments = compiler.segments(&document.segments.0);
    let groups = compiler.groups(&document.groups.0);
    let holdouts = compiler.holdouts(&document.holdouts.0, &document.flags.0);
    let flags = compiler.flags(&document.flags.0, &segments, &groups, &holdouts);
    Ok(Compiled {
        flags,
        segments: segments.into(),
        groups: groups.into(),
        holdouts: holdouts.list.into(),
        problems: compiler.problems,
    })
}

type Entries<'a> = [(Cow<'a, str>, &'a RawValue)];
type Numbers<'a> = HashMap<&'a str, u32>;

fn numbers<'a>(entries: &'a Entries<'_>) -> Numbers<'a> {
    let names = entries.iter().map(|(name, _)| &**name);
    names.zip(0..).collect()
}

/// What is known while a document is compiled.
struct Compiler<'a> {
    names: HashMap<String, Name>,
    expressions: Expressions,
    segments: Numbers<'a>,
    groups: Numbers<'a>,
    problems: Vec<Problem>,
}

/// A condition uses a segment.
struct Use {
    segment: u32,
    path: String,
    /// How many levels of condition are around it, its own included.
    depth: usize,
}

/// Holdouts, and which flags they cover.
struct Holdouts {
    list: Vec<Option<Holdout>>,
    everywhere: Vec<u32>,
    of_flag: HashMap<u32, Vec<u32>>,
    /// Of those that are broken.
    broken_everywhere: Option<String>,
    broken_of_flag: HashMap<u32, String>,
}

/// Prerequisites of a flag that is otherwise in order.
struct Pending<'a> {
    flag: u32,
    prerequisites: Vec<Object<document::Prerequisite<'a>>>,
}

/// What a flag is compiled against.
#[derive(Clone, Copy)]
struct Around<'c> {
    segments: &'c [Option<Segment>],
    groups: &'c [Option<Group>],
    holdouts: &'c Holdouts,
}

impl<'a> Compiler<'a> {
    fn new(document: &'a Document<'_>) -> Self {
        Compiler {
            names: HashMap::new(),
            expressions: Expressions::default(),
            segments: numbers(&document.segments.0),
            groups: numbers(&document.groups.0),
            problems: Vec::new(),
        }
    }

    fn report(&mut self, flag: Option<&str>, mistake: Mistake) {
        self.problems.push(Problem {
            flag: flag.map(str::to_owned),
            path: mistake.path,
            message: mistake.message,
        });
    }

    /// Names are few and stand everywhere: each is kept once.
    fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return known.clone();
        }
        let name = Name::new(text);
        self.names.insert(text.to_owned(), name.clone());
        name
    }

    fn by(&mut self, name: Option<&Text<'_>>) -> By {
        match name.map(Text::as_str) {
            None | Some("key") => By::Key,
            Some(name) => By::Id(self.name(name)),
        }
    }

    // Segments, groups and holdouts.

    fn segments(&mut self, entries: &Entries<'_>) -> Vec<Option<Segment>> {
        let root = Path::root("segments");
        let mut segments = Vec::with_capacity(entries.len());
        let mut all_uses = Vec::with_capacity(entries.len());
        for (name, raw) in entries {
            let path = root.key(name);
            let mut uses = Vec::new();
            let segment = self.segment(name, raw, &mut uses, &path);
            segments.push(segment.map_err(|mistake| self.report(None, mistake)).ok());
            all_uses.push(uses);
        }
        let edges: Vec<Vec<u32>> = all_uses
            .iter()
            .map(|uses| uses.iter().map(|used| used.segment).collect())
            .collect();
        let (order, places) = circle::order(&edges);
        for (number, place) in places.iter().enumerate() {
            if *place != Place::Ordered && segments[number].take().is_some() {
                let used = all_uses[number].iter();
                let mut used = used.filter(|used| places[used.segment as usize] != Place::Ordered);
                let Some(used) = used.next() else { continue };
                let message = match place {
                    Place::Circle => "the segments use one another in a circle".to_owned(),
                    _ => broken("segment", &entries[used.segment as usize].0),
                };
                let path = used.path.clone();
                self.report(None, Mistake { path, message });
            }
        }
        for number in order {
            let uses = &all_uses[number as usize];
            let Some(segment) = &segments[number as usize] else {
                continue;
            };
            match height(segment.height, uses, &segments, entries) {
                Ok(height) => {
                    if let Some(segment) = &mut segments[number as usize] {
                        segment.height = height;
                    }
                }
                Err(mistake) => {
                    segments[number as usize] = None;
                    self.report(None, mistake);
                }
            }
        }
        segments
    }

    fn segment(
        &mut self,
        name: &str,
        raw: &RawValue,
        uses: &mut Vec<Use>,
        path: &Path<'_>,
    ) -> Result<Segment, Mistake> {
        let written: document::Segment<'_> = read(raw, path)?;
        let mut own = 0;
        let condition = match &written.condition {
            None => None,
            Some(condition) => {
                let path = path.key("if");
                Some(self.condition(condition, uses, (0, &mut own), &path)?)
            }
        };
        Ok(Segment {
            name: name.into(),
            by: self.by(written.by.as_ref()),
            include: texts(written.include),
            exclude: texts(written.exclude),
            condition,
            height: own,
        })
    }

    fn groups(&mut self, entries: &Entries<'_>) -> Vec<Option<Group>> {
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

    fn holdouts(&mut self, entries: &Entries<'_>, flags: &Entries<'_>) -> Holdouts {
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

    // Flags.

    fn flags(
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

    fn broken(&mut self, key: &str, mistake: Mistake) -> Flag {
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
        let mut ids = HashSet::new();
        for (n, Object(rule)) in written.rules.iter().enumerate() {
            let path = path.key("rules");
            let path = path.index(n);
            let mut uses = Vec::new();
            let mut own = 0;
            let condition_path = path.key("if");
            let condition =
                self.condition(&rule.condition, &mut uses, (0, &mut own), &condition_path)?;
            self.reachable(own, &uses, around.segments)?;
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
            if !ids.insert(id.clone()) {
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
        if default.id.as_ref().is_some_and(|id| ids.contains(id)) {
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

    fn served(
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

    fn split(
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

    // Conditions.

    /// Compiles a condition that has `depth` levels around it. `own` becomes the height of the whole, segments counted
    /// as the level that they are themselves.
    fn condition(
        &mut self,
        written: &document::Condition<'_>,
        uses: &mut Vec<Use>,
        (depth, own): (usize, &mut usize),
        path: &Path<'_>,
    ) -> Result<Condition, Mistake> {
        let depth = depth + 1;
        *own = depth.max(*own);
        Ok(match written {
            document::Condition::Attribute(name, operator, operand) => {
                let path = path.key(operator.as_str());
                let operator =
                    operands::operator(*operator, operand, &mut self.expressions, &path)?;
                Condition::Attribute(self.name(name.as_str()), operator)
            }
            document::Condition::Id(name, operator, operand) => {
                let path = path.key(operator.as_str());
                let operator =
                    operands::operator(*operator, operand, &mut self.expressions, &path)?;
                Condition::Id(self.by(Some(name)), operator)
            }
            document::Condition::Segment(OneOrMany { texts, listed }) => {
                let path = path.key("segment");
                let mut numbers = Vec::with_capacity(texts.len());
                for (n, name) in texts.iter().enumerate() {
                    let element = path.index(n);
                    let path = if *listed { &element } else { &path };
                    let Some(segment) = self.segments.get(name.as_str()) else {
                        let message = format_args!("there is no segment `{}`", name.as_str());
                        return Err(path.mistake(message));
                    };
                    uses.push(Use {
                        segment: *segment,
                        path: path.to_string(),
                        depth,
                    });
                    numbers.push(*segment);
                }
                Condition::Segments(numbers.into())
            }
            document::Condition::All(inner) => {
                Condition::All(self.conditions(inner, uses, (depth, own), &path.key("all"))?)
            }
            document::Condition::Any(inner) => {
                Condition::Any(self.conditions(inner, uses, (depth, own), &path.key("any"))?)
            }
            document::Condition::Not(inner) => {
                let inner = self.condition(inner, uses, (depth, own), &path.key("not"))?;
                Condition::Not(Box::new(inner))
            }
        })
    }

    fn conditions(
        &mut self,
        written: &[document::Condition<'_>],
        uses: &mut Vec<Use>,
        (depth, own): (usize, &mut usize),
        path: &Path<'_>,
    ) -> Result<Box<[Condition]>, Mistake> {
        let written = written.iter().enumerate();
        written
            .map(|(n, inner)| self.condition(inner, uses, (depth, own), &path.index(n)))
            .collect()
    }

    /// Whether all segments that a flag's condition uses can be evaluated.
    fn reachable(
        &self,
        own: usize,
        uses: &[Use],
        segments: &[Option<Segment>],
    ) -> Result<(), Mistake> {
        if uses.is_empty() {
            return Ok(());
        }
        let name = |number: u32| {
            let mut named = self.segments.iter();
            let found = named.find(|(_, known)| **known == number);
            found.map_or("", |(name, _)| name)
        };
        highest(own, uses, segments, name).map(|_| ())
    }

    // Prerequisites.

    fn prerequisites(
        &mut self,
        flags: &mut [Flag],
        pending: &[Pending<'_>],
        numbers: &Numbers<'_>,
    ) {
        let root = Path::root("flags");
        let mut edges = vec![Vec::new(); flags.len()];
        let mut resolved = Vec::with_capacity(pending.len());
        for Pending {
            flag,
            prerequisites,
        } in pending
        {
            let key = flags[*flag as usize].key.clone();
            let path = root.key(&key);
            match resolve(prerequisites, flags, numbers, &path) {
                Ok(prerequisites) => {
                    let used = prerequisites.iter().map(|prerequisite| prerequisite.flag);
                    edges[*flag as usize] = used.collect();
                    resolved.push((*flag, prerequisites));
                }
                Err(mistake) => flags[*flag as usize] = self.broken(&key, mistake),
            }
        }
        let (order, places) = circle::order(&edges);
        // In the order in which flags depend on one another; those in circles last, in any.
        let circles = (0..flags.len() as u32).filter(|n| places[*n as usize] != Place::Ordered);
        let mut resolved: HashMap<u32, Box<[Prerequisite]>> = resolved.into_iter().collect();
        let mut chains = vec![1_u32; flags.len()];
        let in_order: Vec<u32> = order.into_iter().chain(circles).collect();
        for number in in_order {
            let Some(prerequisites) = resolved.remove(&number) else {
                continue;
            };
            let at = |n: usize| {
                let path = root.key(&flags[number as usize].key);
                let path = path.key("prerequisites");
                path.index(n).key("flag").to_string()
            };
            let used = prerequisites
                .iter()
                .map(|prerequisite| prerequisite.flag as usize);
            let chain = 1 + used.clone().map(|used| chains[used]).max().unwrap_or(0);
            let unsettled = |used: usize| places[used] != Place::Ordered;
            let mistake = if let Some(n) = used.clone().position(unsettled) {
                let message = match places[number as usize] {
                    Place::Circle => "the prerequisites go in a circle".to_owned(),
                    _ => broken("flag", &flags[prerequisites[n].flag as usize].key),
                };
                Some(Mistake {
                    path: at(n),
                    message,
                })
            } else if let Some(n) = used.clone().position(|used| flags[used].works().is_none()) {
                let message = broken("flag", &flags[prerequisites[n].flag as usize].key);
                Some(Mistake {
                    path: at(n),
                    message,
                })
            } else if chain > LONGEST_CHAIN {
                let n = used.clone().position(|used| chains[used] + 1 == chain);
                let message = format!("the chain of prerequisites is longer than {LONGEST_CHAIN}");
                let path = at(n.unwrap_or(0));
                Some(Mistake { path, message })
            } else {
                None
            };
            chains[number as usize] = chain;
            match mistake {
                Some(mistake) => {
                    let key = flags[number as usize].key.clone();
                    flags[number as usize] = self.broken(&key, mistake);
                }
                None => {
                    if let State::Works(works) = &mut flags[number as usize].state {
                        works.prerequisites = prerequisites;
                    }
                }
            }
        }
    }
}

/// Finds the flags and variations that prerequisites name. A flag that is broken already has none to name.
fn resolve(
    written: &[Object<document::Prerequisite<'_>>],
    flags: &[Flag],
    numbers: &Numbers<'_>,
    path: &Path<'_>,
) -> Result<Box<[Prerequisite]>, Mistake> {
    let path = path.key("prerequisites");
    let mut resolved = Vec::with_capacity(written.len());
    for (n, Object(written)) in written.iter().enumerate() {
        let path = path.index(n);
        let key = written.flag.as_str();
        let Some(flag) = numbers.get(key) else {
            return Err(path
                .key("flag")
                .mistake(format_args!("there is no flag `{key}`")));
        };
        let Some(works) = flags[*flag as usize].works() else {
            return Err(path.key("flag").mistake(broken("flag", key)));
        };
        let path = path.key("variations");
        let mut variations = Vec::with_capacity(written.variations.len());
        for (n, name) in written.variations.iter().enumerate() {
            let Some(number) = works.variation(name.as_str()) else {
                let name = name.as_str();
                let message = format_args!("the flag `{key}` has no variation `{name}`");
                return Err(path.index(n).mistake(message));
            };
            variations.push(number);
        }
        resolved.push(Prerequisite {
            flag: *flag,
            variations: variations.into(),
        });
    }
    Ok(resolved.into())
}

fn broken(kind: &str, name: &str) -> String {
    format!("the {kind} `{name}` is broken")
}

fn texts(list: Vec<Text<'_>>) -> Texts {
    let owned = list
        .into_iter()
        .map(|text| text.0.into_owned().into_boxed_str());
    Texts::new(owned.collect())
}

fn variation(known: &[Variation], name: &Text<'_>, path: &Path<'_>) -> Result<u32, Mistake> {
    let name = name.as_str();
    match known.iter().position(|variation| *variation.name == *name) {
        Some(position) => Ok(position as u32),
        None => Err(path.mistake(format_args!("there is no variation `{name}`"))),
    }
}

fn buckets(percent: f64, path: &Path<'_>) -> Result<u32, Mistake> {
    buckets_of(percent).ok_or_else(|| {
        path.mistake("a percent is a number from 0 to 100 with at most four decimals")
    })
}

fn height(
    own: usize,
    uses: &[Use],
    segments: &[Option<Segment>],
    entries: &Entries<'_>,
) -> Result<usize, Mistake> {
    highest(own, uses, segments, |number| &*entries[number as usize].0)
}

/// The height of a condition with those of the segments that it uses.
fn highest<'n>(
    own: usize,
    uses: &[Use],
    segments: &[Option<Segment>],
    name: impl Fn(u32) -> &'n str,
) -> Result<usize, Mistake> {
    let mut highest = own;
    for used in uses {
        let message = match &segments[used.segment as usize] {
            None => broken("segment", name(used.segment)),
            Some(segment) if used.depth + segment.height > DEEPEST => {
                format!("with its segments, the condition is higher than {DEEPEST}")
            }
            Some(segment) => {
                highest = highest.max(used.depth + segment.height);
                continue;
            }
        };
        let path = used.path.clone();
        return Err(Mistake { path, message });
    }
    Ok(highest)
}

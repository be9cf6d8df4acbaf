//! From the document to what is evaluated. A mistake breaks the smallest thing that it is in, and whatever uses that.

mod circle;
mod flags;
mod operands;
mod prerequisites;
mod segments;
mod shares;

use super::conditions::Segment;
use super::document::Document;
use super::flag::{Compiled, Variation};
use super::identity::By;
use super::shape::{Object, Text};
use super::split::Group;
use crate::error::{Error, ErrorKind, from_json};
use crate::ruleset::Problem;
use crate::ruleset::path::{Mistake, Path};
use crate::ruleset::texts::Texts;
use crate::user::Name;
use hashbrown::HashMap;
use operands::Expressions;
use serde_json::value::RawValue;
use shares::Holdouts;
use std::borrow::Cow;

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

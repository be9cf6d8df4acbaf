//! What a client has received so far: a snapshot of all items, and the messages that make the next one (section 5.6).

use super::compile;
use super::flag::{Flag, State, Works};
use super::options::Options;
use crate::error::Error;
use crate::ruleset::clause::segment::Segment;
use crate::ruleset::data_sync::{Event, Message, Version};
use crate::ruleset::shelf::Shelf;
use crate::ruleset::{Loaded, Problem};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A snapshot.
#[derive(Debug)]
pub struct Rules {
    pub options: Arc<Options>,
    pub flags: Shelf<Flag>,
    pub segments: Shelf<Segment>,
    /// `None`: nothing has been stored yet, so nothing can be decided.
    version: Option<Version>,
    /// Made when somebody asks for all flags, not with every patch.
    listing: OnceLock<Listing>,
    problems: OnceLock<Vec<Problem>>,
}

/// All flags in document order.
#[derive(Debug)]
pub struct Listing {
    pub flags: Vec<Arc<Flag>>,
    /// The last flag that works under each name (`ff.keyName`).
    named: HashMap<Box<str>, usize>,
}

impl Rules {
    /// What a client has that has received nothing.
    pub fn empty(options: Arc<Options>) -> Self {
        Rules {
            options,
            flags: Shelf::default(),
            segments: Shelf::default(),
            version: None,
            listing: OnceLock::new(),
            problems: OnceLock::new(),
        }
    }

    pub fn is_ready(&self) -> bool {
        self.version.is_some()
    }

    /// The snapshot after a message.
    pub fn after(&self, message: &Message) -> Result<Loaded, Error> {
        let (flags, segments) = message.compile(compile::flag, compile::segment)?;

        let versions = flags.iter().map(|flag| &flag.version);
        let version = Version::newest(versions.chain(segments.iter().map(|s| &s.version)));
        let known = self.version.clone().unwrap_or_else(Version::zero);
        if version <= known {
            let why = "the message is not newer than what is there".to_owned();
            return Ok(Loaded::Unchanged(why));
        }
        let (flags, segments) = match message.event {
            Event::Full => (
                Shelf::of(flags.into_iter()),
                Shelf::of(segments.into_iter()),
            ),
            Event::Patch => {
                let (mut all_flags, mut all_segments) = (self.flags.clone(), self.segments.clone());
                let mut stored = 0;
                for flag in Shelf::distinct(flags) {
                    let old = all_flags.get(flag.id.as_str());
                    if old.is_none_or(|old| old.version < flag.version) {
                        all_flags.put(flag);
                        stored += 1;
                    }
                }
                for segment in Shelf::distinct(segments) {
                    let old = all_segments.get(segment.id.as_str());
                    if old.is_none_or(|old| old.version < segment.version) {
                        all_segments.put(segment);
                        stored += 1;
                    }
                }
                if stored == 0 {
                    let why = "no item of the patch is newer than its predecessor".to_owned();
                    return Ok(Loaded::Unchanged(why));
                }
                (all_flags, all_segments)
            }
        };
        Ok(Loaded::Ruleset(Arc::new(Rules {
            options: Arc::clone(&self.options),
            flags,
            segments,
            version: Some(version),
            listing: OnceLock::new(),
            problems: OnceLock::new(),
        })))
    }

    /// The flag of a key in this client's environment (section 4.1).
    #[inline]
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        let prefix = self.options.prefix.as_deref()?;
        let mut short = [0; 128];
        let length = prefix.len() + key.len();
        if let Some(id) = short.get_mut(..length) {
            id[..prefix.len()].copy_from_slice(prefix.as_bytes());
            id[prefix.len()..].copy_from_slice(key.as_bytes());
            // Two texts in a row are a text.
            return self.live(std::str::from_utf8(id).ok()?);
        }
        self.live(&format!("{prefix}{key}"))
    }

    /// A flag that is not archived.
    pub fn live(&self, id: &str) -> Option<&Flag> {
        let flag = self.flags.get(id)?;
        (!matches!(flag.state, State::Archived)).then_some(flag)
    }

    pub fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| {
            let mut flags = self.flags.in_order();
            flags.retain(|flag| !matches!(flag.state, State::Archived));
            let names = flags.iter().enumerate();
            let names = names.filter_map(|(n, flag)| {
                let name = flag.works()?.listed_as.clone()?;
                Some((name, n))
            });
            Listing {
                named: names.collect(),
                flags,
            }
        })
    }

    pub fn problems(&self) -> &[Problem] {
        self.problems.get_or_init(|| {
            let problems = self.flags.problems().into_iter();
            problems.chain(self.segments.problems()).collect()
        })
    }
}

impl Listing {
    /// Whether the flag at a place is what its name means.
    pub fn is_last_of_its_name(&self, place: usize, name: &str) -> bool {
        self.named.get(name) == Some(&place)
    }

    pub fn named(&self, name: &str) -> Option<&Flag> {
        Some(&self.flags[*self.named.get(name)?])
    }
}

impl Flag {
    pub fn works(&self) -> Option<&Works> {
        match &self.state {
            State::Works(works) => Some(works),
            State::Archived | State::Raises => None,
        }
    }
}

//! What a client has received so far: a snapshot of all items, and the messages that make the next one (section 5.6).

use super::compile;
use super::flag::{Flag, State};
use super::options::Options;
use crate::error::Error;
use crate::ruleset::clause::segment::Segment;
use crate::ruleset::data_sync::{Event, Message, Version};
use crate::ruleset::shelf::{Shelf, Shelved};
use crate::ruleset::{Loaded, Problem};
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

/// A snapshot.
#[derive(Debug)]
pub struct Rules {
    pub options: Arc<Options>,
    pub flags: Shelf<Flag>,
    pub segments: Shelf<Segment>,
    /// `None`: nothing has been stored yet, so nothing can be decided.
    version: Option<Version>,
    /// All flags in document order, made when somebody asks for them, not with every patch.
    listing: OnceLock<Vec<Arc<Flag>>>,
    problems: OnceLock<Vec<Problem>>,
}

impl Rules {
    /// What a client has that has received nothing.
    pub fn empty(options: Arc<Options>) -> Self {
        Rules::new(options, Shelf::default(), Shelf::default(), None)
    }

    fn new(
        options: Arc<Options>,
        flags: Shelf<Flag>,
        segments: Shelf<Segment>,
        version: Option<Version>,
    ) -> Self {
        Rules {
            options,
            flags,
            segments,
            version,
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
        Ok(match message.event {
            Event::Full => self.replaced(flags, segments),
            Event::Patch => self.patched(flags, segments),
        })
    }

    fn replaced(&self, flags: Vec<Flag>, segments: Vec<Segment>) -> Loaded {
        let versions = flags.iter().map(|flag| &flag.version);
        let version = Version::newest(versions.chain(segments.iter().map(|s| &s.version)));
        let is_empty = flags.is_empty() && segments.is_empty();
        if version.is_zero() && !is_empty {
            return unchanged("no item of the message is dated");
        }
        if self.version.as_ref().is_some_and(|known| version <= *known) {
            return unchanged("the message is not newer than what is there");
        }
        Loaded::Ruleset(Arc::new(Rules::new(
            Arc::clone(&self.options),
            Shelf::of(flags.into_iter()),
            Shelf::of(segments.into_iter()),
            Some(version),
        )))
    }

    /// Each item counts by its own date: one that is not newer than its predecessor is passed over, and the others are
    /// taken all the same.
    fn patched(&self, flags: Vec<Flag>, segments: Vec<Segment>) -> Loaded {
        if flags.is_empty() && segments.is_empty() {
            return unchanged("the patch is empty");
        }
        let mut patch = Patch {
            newest: self.version.clone().unwrap_or_else(Version::zero),
            stored: 0,
        };
        let (mut all_flags, mut all_segments) = (self.flags.clone(), self.segments.clone());
        if patch.put(flags, &mut all_flags, |flag| &flag.version) {
            patch.put(segments, &mut all_segments, |segment| &segment.version);
        }
        if patch.stored == 0 {
            return unchanged("no item of the patch is newer than its predecessor");
        }
        Loaded::Ruleset(Arc::new(Rules::new(
            Arc::clone(&self.options),
            all_flags,
            all_segments,
            Some(patch.newest),
        )))
    }

    /// The flag of a key, unless it is archived.
    #[inline]
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        let flag = self.flags.get(key)?;
        (!matches!(flag.state, State::Archived)).then_some(flag)
    }

    pub fn listing(&self) -> &[Arc<Flag>] {
        self.listing.get_or_init(|| {
            let mut flags = self.flags.in_order();
            flags.retain(|flag| !matches!(flag.state, State::Archived));
            flags
        })
    }

    pub fn problems(&self) -> &[Problem] {
        self.problems.get_or_init(|| {
            let problems = self.flags.problems().into_iter();
            problems.chain(self.segments.problems()).collect()
        })
    }
}

fn unchanged(why: &str) -> Loaded {
    Loaded::Unchanged(why.to_owned())
}

/// A patch that is being stored.
struct Patch {
    newest: Version,
    stored: usize,
}

impl Patch {
    /// Stores items, oldest first. False: one of them has no date or no key, and nothing after it is taken.
    fn put<T: Shelved>(
        &mut self,
        items: Vec<T>,
        shelf: &mut Shelf<T>,
        version: impl Fn(&T) -> &Version,
    ) -> bool {
        let mut items = Shelf::distinct(items);
        items.sort_by(|a, b| {
            let order = version(a).partial_cmp(version(b));
            order.unwrap_or(Ordering::Equal)
        });
        for item in items {
            // A time before all times that count is none.
            if *version(&item) <= Version::zero() || item.id().as_str().is_empty() {
                return false;
            }
            let old = shelf.get(item.id().as_str());
            if old.is_some_and(|old| version(old) >= version(&item)) {
                continue;
            }
            self.newest = Version::newest([&self.newest, version(&item)].into_iter());
            self.stored += 1;
            shelf.put(item);
        }
        true
    }
}

//! What a client must have after some messages, found out the plain way.

use super::messages::{FeatBit, FeatureflagCo, Flag, Platform, Segment};

/// Each item's newest version, as the platform counts.
pub struct Model {
    pub flags: Vec<Flag>,
    pub segments: Vec<Segment>,
    version: u8,
}

impl Model {
    pub fn of(flags: &[Flag], segments: &[Segment]) -> Self {
        Model {
            flags: flags.to_vec(),
            segments: segments.to_vec(),
            version: Model::newest(flags, segments),
        }
    }

    fn newest(flags: &[Flag], segments: &[Segment]) -> u8 {
        let versions = flags.iter().map(|flag| flag.version);
        let versions = versions.chain(segments.iter().map(|segment| segment.version));
        versions.max().unwrap_or(0)
    }

    pub fn patch(&mut self, platform: Platform, flags: &[Flag], segments: &[Segment]) {
        let newest = Model::newest(flags, segments);
        if platform == FeatureflagCo && newest <= self.version {
            return;
        }
        self.version = self.version.max(newest);
        let mut flags = flags.to_vec();
        if platform == FeatBit {
            // The oldest items are taken first, and new ones come to stand in that order.
            flags.sort_by_key(|flag| flag.version);
        }
        for flag in &flags {
            match self.flags.iter_mut().find(|known| known.key == flag.key) {
                Some(known) if known.version >= flag.version => {}
                Some(known) => *known = flag.clone(),
                None => self.flags.push(flag.clone()),
            }
        }
        for segment in segments {
            match self
                .segments
                .iter_mut()
                .find(|known| known.id == segment.id)
            {
                Some(known) if known.version >= segment.version => {}
                Some(known) => *known = segment.clone(),
                None => self.segments.push(segment.clone()),
            }
        }
    }
}

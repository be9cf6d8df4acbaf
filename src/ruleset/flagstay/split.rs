//! Splits: who is taken, and who gets which variation.

use super::flag::{Compiled, Works};
use super::identity::By;
use crate::ruleset::bucket::{BUCKETS, Space};
use crate::ruleset::plain::Plain;
use crate::ruleset::trace::Trace;
use crate::user::User;
use serde_json::json;
use std::borrow::Cow;

#[derive(Debug)]
pub struct Split {
    pub by: By,
    pub space: Space,
    /// `None`: everybody.
    pub traffic: Option<Gate>,
    /// A group and the number of one of its slots.
    pub group: Option<(u32, u32)>,
    /// Where each range ends, and its variation's number.
    pub weights: Box<[(u32, u32)]>,
    pub sticky: Option<Box<Sticky>>,
}

/// The buckets of `space` below `below`.
#[derive(Debug)]
pub struct Gate {
    pub space: Space,
    pub below: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Sticky {
    pub version: u32,
    pub min_version: u32,
    pub fallback: Option<By>,
}

#[derive(Debug)]
pub struct Group {
    pub name: Box<str>,
    pub by: By,
    pub space: Space,
    pub slots: Box<[Slot]>,
}

#[derive(Debug)]
pub struct Slot {
    pub id: Box<str>,
    pub from: u32,
    pub below: u32,
}

#[derive(Debug)]
pub struct Holdout {
    pub name: Box<str>,
    pub by: By,
    pub gate: Gate,
}

/// What a split may depend on besides itself.
#[derive(Clone, Copy)]
pub struct Surroundings<'e> {
    pub user: &'e User,
    pub ruleset: &'e Compiled,
    pub works: &'e Works,
}

/// Why a split does not take a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    NoId,
    HeldOut,
    OtherSlot,
    NoTraffic,
}

impl NotTaken {
    pub fn as_str(self) -> &'static str {
        match self {
            NotTaken::NoId => "the user does not have the id that the split goes by",
            NotTaken::HeldOut => "the user is held out",
            NotTaken::OtherSlot => "the user is not in the split's slot of its group",
            NotTaken::NoTraffic => "the user is outside the split's traffic",
        }
    }
}

/// How many buckets a percent has; `None` for what is not from 0 to 100 or has more than four decimals.
pub fn buckets_of(percent: f64) -> Option<u32> {
    let per_percent = f64::from(BUCKETS / 100);
    let buckets = (percent * per_percent).round();
    // A decimal of at most four places is the double nearest to a whole number of buckets.
    (0.0..=f64::from(BUCKETS))
        .contains(&buckets)
        .then_some(())
        .filter(|()| buckets / per_percent == percent)
        .map(|()| buckets as u32)
}

impl Split {
    /// The id that the user is bucketed by, and which it is.
    #[inline(always)]
    pub fn id<'s, 'u>(&'s self, user: &'u User) -> Option<(&'s By, Cow<'u, str>)> {
        if let Some(id) = self.by.id(user) {
            return Some((&self.by, id));
        }
        let fallback = self.sticky.as_ref()?.fallback.as_ref()?;
        Some((fallback, fallback.id(user)?))
    }

    /// The split as a plain switch, if it is one: everybody is drawn, by the key, and nobody is kept.
    pub fn plain(&self, is_on: impl Fn(u32) -> Option<bool>) -> Plain {
        let draws = self.by == By::Key && self.traffic.is_none() && self.group.is_none();
        if !draws || self.sticky.is_some() {
            return Plain::NO;
        }
        let ranges = self.weights.iter();
        let ranges = ranges.map(|(end, variation)| Some((*end, is_on(*variation)?)));
        match ranges.collect::<Option<Vec<_>>>() {
            Some(ranges) => Plain::ranges(&self.space, ranges),
            None => Plain::NO,
        }
    }

    /// What an assignment of the user is kept under.
    pub fn unit<'u>(&self, user: &'u User) -> Option<Cow<'u, str>> {
        self.id(user).map(|(by, id)| by.unit(id))
    }

    /// Draws a variation, unless the split does not take the user; then it says why.
    #[inline(never)]
    pub fn draw<T: Trace>(&self, around: Surroundings<'_>, trace: &mut T) -> Result<u32, NotTaken> {
        let (by, id) = self.id(around.user).ok_or(NotTaken::NoId)?;
        trace.enter();
        let drawn = self.draw_for(&id, around, trace);
        trace.leave(|| {
            let variation = drawn.ok().map(|drawn| around.works.name(drawn));
            json!({"step": "split", "by": by.name(), "id": id, "variation": variation,
                   "message": drawn.err().map(NotTaken::as_str)})
        });
        drawn
    }

    #[inline(always)]
    fn draw_for<T: Trace>(
        &self,
        id: &str,
        around: Surroundings<'_>,
        trace: &mut T,
    ) -> Result<u32, NotTaken> {
        for number in &around.works.holdouts {
            if let Some(holdout) = &around.ruleset.holdouts[*number as usize]
                && holdout.holds_out(around.user, trace)
            {
                return Err(NotTaken::HeldOut);
            }
        }
        if let Some((group, slot)) = self.group
            && let Some(group) = &around.ruleset.groups[group as usize]
            && !group.places(slot, around.user, trace)
        {
            return Err(NotTaken::OtherSlot);
        }
        if let Some(gate) = &self.traffic {
            let bucket = gate.bucket(id);
            let taken = bucket < gate.below;
            trace.step(|| {
                json!({"step": "traffic", "space": gate.space.name(), "bucket": bucket,
                       "below": gate.below, "in": taken})
            });
            if !taken {
                return Err(NotTaken::NoTraffic);
            }
        }
        let bucket = self.space.bucket(id);
        let place = self.weights.iter().position(|(end, _)| bucket < *end);
        // The last range ends with the last bucket.
        let place = place.unwrap_or(self.weights.len() - 1);
        let (below, variation) = self.weights[place];
        trace.step(|| {
            let from = place
                .checked_sub(1)
                .map_or(0, |before| self.weights[before].0);
            json!({"step": "draw", "space": self.space.name(), "bucket": bucket,
                   "from": from, "below": below,
                   "variation": around.works.name(variation)})
        });
        Ok(variation)
    }
}

impl Gate {
    #[inline(never)]
    fn bucket(&self, id: &str) -> u32 {
        self.space.bucket(id)
    }
}

impl Holdout {
    #[inline(never)]
    fn holds_out<T: Trace>(&self, user: &User, trace: &mut T) -> bool {
        let bucket = self.by.id(user).map(|id| self.gate.bucket(&id));
        let held = bucket.is_some_and(|bucket| bucket < self.gate.below);
        trace.step(|| {
            json!({"step": "holdout", "holdout": self.name, "bucket": bucket,
                   "below": self.gate.below, "held": held})
        });
        held
    }
}

impl Group {
    #[inline(never)]
    fn places<T: Trace>(&self, slot: u32, user: &User, trace: &mut T) -> bool {
        let slot = &self.slots[slot as usize];
        let bucket = self.by.id(user).map(|id| self.space.bucket(&id));
        let inside = bucket.is_some_and(|bucket| (slot.from..slot.below).contains(&bucket));
        trace.step(|| {
            json!({"step": "group", "group": self.name, "slot": slot.id, "bucket": bucket,
                   "from": slot.from, "below": slot.below, "in": inside})
        });
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_has_at_most_four_decimals() {
        for n in (0..=BUCKETS).step_by(7) {
            let text = format!("{}.{:04}", n / 10_000, n % 10_000);
            assert_eq!(buckets_of(text.parse().unwrap()), Some(n), "{text}");
        }
        for percent in [0.00001, 33.33333, 100.0001, -0.0001, -1.0, 1e300, f64::NAN] {
            assert_eq!(buckets_of(percent), None, "{percent}");
        }
    }
}

//! One decision, top down, in the order of section 2.2.

use super::compile::{Campaign, Kind, Membership, Rules, Variation};
use super::goals::Goal;
use super::stored;
use super::wire::Events;
use crate::decision::{Answer, Decision, ErrorCode, Reason};
use crate::ruleset::coerce::truthy;
use crate::ruleset::trace::Trace;
use crate::ruleset::{Mode, Request, Turn};
use crate::sticky::{Record, Stored};
use crate::user::{Part, User};
use crate::value::{Prepared, Value, equal};
use serde_json::json;
use std::sync::LazyLock;

/// The variables of a feature that nobody has.
static NO_VARIABLES: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::new(Value::Object(Default::default())));

/// How often a decision is made again because somebody else has written meanwhile. After that it is written over what
/// is there, as the platform's SDK does at once.
const ROUNDS: usize = 4;

pub fn evaluate<'r, T: Trace>(
    rules: &'r Rules,
    request: &Request<'_>,
    turn: &mut Turn<'_>,
    trace: &mut T,
) -> Decision<'r> {
    let Some(places) = rules.keys.get(request.flag) else {
        return Decision::failed(ErrorCode::FlagNotFound, "the document has no such campaign");
    };
    let campaign = &rules.campaigns[places.running.unwrap_or(places.first)];
    let off = |decision| miss(decision, campaign, request);
    if rules.options.opt_out {
        trace.step(|| json!({"step": "opted out"}));
        return off(Decision::because(Reason::Off));
    }
    let id = match identity(request.user) {
        Ok(id) => id,
        Err((code, why)) => return off(Decision::failed(code, why)),
    };
    let Some(at) = places.running else {
        trace.step(|| json!({"step": "the campaign does not run"}));
        return off(Decision::because(Reason::Off));
    };
    if campaign.is_bandit && request.mode == Mode::Expose && !turn.assignments.has_store() {
        let why = "a multi-armed bandit campaign decides only with a store";
        return off(Decision::failed(ErrorCode::General, why));
    }
    if campaign.kind == Kind::Other {
        let why = "the campaign's type is none of this platform's";
        return off(Decision::failed(ErrorCode::General, why));
    }
    let mut call = Call {
        rules,
        user: request.user,
        id,
        turn: &mut *turn,
        trace,
    };
    let Some(found) = call.decide(at, None, request.mode) else {
        return off(Decision::because(Reason::Off));
    };
    if let (Some(outbox), Mode::Expose, false) = (&mut turn.outbox, request.mode, found.was_known) {
        let events = Events::new(rules, request.user, id, turn.clock.now_ms());
        outbox.push(events.shown(&campaign.id.json, &found.variation.id.json));
    }
    let variation = found.variation;
    Decision {
        enabled: variation.is_on,
        value: Answer::Prepared(&variation.value),
        variation: Some((&*variation.name).into()),
        variation_id: Some((&*variation.id.text).into()),
        sticky: found.by == By::Store,
        ..Decision::because(match found.by {
            By::Whitelist => Reason::TargetMatch,
            By::Store => Reason::Sticky,
            By::Bucket if campaign.segments.is_some() => Reason::RuleMatch,
            By::Bucket => Reason::Fallthrough,
        })
    }
}

/// Finishes a decision that gives no variation: the caller's default or, for a feature without one, no variables.
fn miss<'r>(
    mut decision: Decision<'r>,
    campaign: &Campaign,
    request: &Request<'_>,
) -> Decision<'r> {
    let is_feature = matches!(campaign.kind, Kind::FeatureTest | Kind::FeatureRollout);
    if is_feature && request.wants_no_default() {
        decision.value = Answer::Prepared(&NO_VARIABLES);
    }
    decision
}

/// The id of a user that a call may be made for.
pub fn identity(user: &User) -> Result<&str, (ErrorCode, &'static str)> {
    let id = match user.key() {
        Some("") => return Err((ErrorCode::TargetingKeyMissing, "the user's key is empty")),
        Some(id) => id,
        None if user.raw_key().is_null() => {
            return Err((ErrorCode::TargetingKeyMissing, "the user has no key"));
        }
        None => return Err((ErrorCode::InvalidContext, "the user's key is no text")),
    };
    if user.attributes().malformed().is_some() {
        return Err((
            ErrorCode::InvalidContext,
            "the user's attributes are no object",
        ));
    }
    if user.part(Part::Targeting).malformed().is_some() {
        return Err((
            ErrorCode::InvalidContext,
            "the user's targeting is no object",
        ));
    }
    Ok(id)
}

/// Everything that one call knows and changes.
pub struct Call<'c, 'r, 't, T> {
    pub rules: &'r Rules,
    pub user: &'c User,
    pub id: &'c str,
    pub turn: &'c mut Turn<'t>,
    pub trace: &'c mut T,
}

/// A variation, and how the user came by it.
pub struct Found<'r> {
    pub variation: &'r Variation,
    pub by: By,
    /// The store had a record, be it one that no longer counts.
    pub was_known: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Whitelist,
    Store,
    Bucket,
}

/// Somebody else has written meanwhile, and this stands now.
struct Lost(Record);

/// What a decision replaces in the store.
enum Replaces {
    Record(Option<Record>),
    /// The store did not answer. The platform's contract is to write all the same.
    Unknown,
}

impl<'r, T: Trace> Call<'_, 'r, '_, T> {
    /// Decides for one campaign; with a goal, as a metric event does.
    pub fn decide(&mut self, at: usize, goal: Option<&Goal>, mode: Mode) -> Option<Found<'r>> {
        let mut standing = None;
        for _ in 1..ROUNDS {
            match self.attempt(at, goal, mode, standing, false) {
                Ok(found) => return found,
                Err(Lost(record)) => {
                    self.trace
                        .step(|| json!({"step": "somebody else was first", "record": *record}));
                    standing = Some(record);
                }
            }
        }
        self.attempt(at, goal, mode, standing, true).unwrap_or(None)
    }

    fn attempt(
        &mut self,
        at: usize,
        goal: Option<&Goal>,
        mode: Mode,
        standing: Option<Record>,
        insists: bool,
    ) -> Result<Option<Found<'r>>, Lost> {
        let campaign = &self.rules.campaigns[at];
        // Step 1.
        let group = match campaign.group {
            Membership::None => None,
            Membership::Group(group) => Some(group),
            Membership::Missing => {
                self.trace.step(|| json!({"step": "the group is missing"}));
                return Ok(None);
            }
        };
        // Step 2.
        if let Some(variation) = self.whitelisted(campaign) {
            self.trace
                .step(|| json!({"step": "whitelisted", "variation": variation.name}));
            return Ok(Some(Found {
                variation,
                by: By::Whitelist,
                was_known: false,
            }));
        }
        // Step 3.
        let mut replaces = Replaces::Record(None);
        let mut was_known = false;
        if self.turn.assignments.has_store() {
            let stored = match standing {
                Some(record) => Stored::Record(record),
                None => self.turn.assignments.read(self.id, &campaign.key),
            };
            replaces = match stored {
                Stored::Nothing => Replaces::Record(None),
                Stored::Record(record) => Replaces::Record(Some(record)),
                Stored::Unknown => Replaces::Unknown,
            };
            let known = match &replaces {
                Replaces::Record(Some(record)) if truthy(record) => Some(record.clone()),
                _ => None,
            };
            was_known = known.is_some();
            self.trace
                .step(|| json!({"step": "stored record", "record": known.as_deref()}));
            match known {
                None if mode == Mode::Read => {
                    self.trace.step(|| json!({"step": "not exposed yet"}));
                    return Ok(None);
                }
                None => {}
                Some(record) => {
                    if let Some(decided) = self.stored(campaign, goal, &record, insists)? {
                        return Ok(decided);
                    }
                }
            }
        }
        // Step 4.
        if !self.passes(campaign) {
            return Ok(None);
        }
        // Step 5.
        if let Some(group) = group
            && !self.wins(at, &self.rules.groups[group])
        {
            return Ok(None);
        }
        // Step 6.
        let bucket = campaign
            .split_space
            .bucket(self.id, 10_000.0, campaign.stretch);
        let mut variations = campaign.variations.iter();
        let variation = variations.find(|variation| variation.range.holds(bucket));
        self.trace.step(
            || json!({"step": "split", "bucket": bucket, "variation": variation.map(|v| &*v.name)}),
        );
        let Some(variation) = variation else {
            return Ok(None);
        };
        // Step 7.
        if self.turn.assignments.has_store() {
            let goal = goal.map(|goal| &*goal.identifier);
            let record = stored::fresh(self.id, campaign, variation, goal);
            self.write(campaign, replaces, record, insists)?;
        }
        Ok(Some(Found {
            variation,
            by: By::Bucket,
            was_known,
        }))
    }

    /// What a record says; `None`: it does not count.
    fn stored(
        &mut self,
        campaign: &'r Campaign,
        goal: Option<&Goal>,
        record: &Record,
        insists: bool,
    ) -> Result<Option<Option<Found<'r>>>, Lost> {
        if !record.is_object() {
            let why = "a record must be an object";
            self.turn.assignments.reject(self.id, &campaign.key, why);
        }
        let mut update = None;
        if let Some(goal) = goal {
            let Ok(goals) = stored::goals(record) else {
                self.trace
                    .step(|| json!({"step": "no goals can be read from the record"}));
                return Ok(Some(None));
            };
            if !stored::has_goal(goals, &goal.identifier) {
                update = Some(stored::with_goal(record, goals, &goal.identifier));
            } else if !goal.repeats {
                self.trace
                    .step(|| json!({"step": "the goal was reached before"}));
                return Ok(Some(None));
            }
        }
        let Some(variation) = stored::variation(record, campaign) else {
            self.trace
                .step(|| json!({"step": "the record does not count"}));
            return Ok(None);
        };
        if let Some(update) = update {
            let replaces = Replaces::Record(Some(record.clone()));
            self.write(campaign, replaces, update, insists)?;
        }
        Ok(Some(Some(Found {
            variation,
            by: By::Store,
            was_known: true,
        })))
    }

    fn write(
        &mut self,
        campaign: &Campaign,
        replaces: Replaces,
        record: Value,
        insists: bool,
    ) -> Result<(), Lost> {
        self.trace
            .step(|| json!({"step": "write", "record": record}));
        let assignments = &mut self.turn.assignments;
        let expected = match replaces {
            Replaces::Record(expected) if !insists => expected,
            _ => {
                assignments.write(self.id, &campaign.key, &record);
                return Ok(());
            }
        };
        let mine = record.clone();
        match assignments.claim(self.id, &campaign.key, expected.as_ref(), record) {
            Some(standing) if !equal(&standing, &mine) => Err(Lost(standing)),
            _ => Ok(()),
        }
    }
}

//! The client: a snapshot, a store, a queue, and one method per verb.
//!
//! Everything a decision needs is reached through one atomic load. No lock is held while a ruleset is evaluated or a
//! store is called, so a store may call back into the client that called it.

mod assignments;
mod session;
mod switch;
mod updates;

pub use switch::Switch;

use crate::config::{Config, EventsConfig};
use crate::decision::{Decision, ErrorCode};
use crate::error::{Error, ErrorKind};
use crate::events::Queue;
use crate::host::{Countries, Host, Overrides};
use crate::ruleset::trace::Recorder;
use crate::ruleset::{Clock, Loaded, Metric, Mode, Reader, Request, Ruleset, Turn};
use crate::sticky::{self, Assignments, Health, Store};
use crate::value::Value;
use serde_json::json;
use session::{Current, Session};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use updates::Updates;

/// Decides for users. Safe from any thread.
pub struct Client {
    current: Current,
    updates: Updates,
    closed: AtomicBool,
    dialect: &'static str,
    reader: Box<dyn Reader>,
    clock: Clock,
    health: Health,
    queue: Queue,
    events: EventsConfig,
}

impl Client {
    /// Makes a client. `store` is the host's own; the configuration may name a built-in one instead, not both.
    pub fn new(config: Config, store: Option<Arc<dyn Store>>) -> Result<Self, Error> {
        crate::fork::watch();
        let reader = config.dialect.open(&config.options)?;
        let built_in = sticky::open::open(&config.store)?;
        let store = match (store, built_in) {
            (Some(_), Some(_)) => {
                return Err(Error::at(
                    ErrorKind::InvalidConfig,
                    "store",
                    "the host passes a store of its own, so the configuration must not name one",
                ));
            }
            (host, built_in) => host.or(built_in),
        };
        let client = Client {
            current: Current::new(Session {
                ruleset: reader.initial(),
                store,
                host: Host::default(),
            }),
            updates: Updates::default(),
            closed: AtomicBool::new(false),
            dialect: config.dialect.name(),
            reader,
            clock: config.clock,
            health: Health::new(config.store.slow_after()),
            queue: Queue::new(config.events.capacity),
            events: config.events,
        };
        // A document that cannot be used makes no client: better a failed start than defaults for everybody.
        if let Some(document) = &config.ruleset {
            client.update(document)?;
        }
        Ok(client)
    }

    /// Hands the client a document: it replaces the ruleset or, where the dialect's documents are messages, is applied
    /// to it. Decisions go on meanwhile. A document that is refused changes nothing.
    pub fn update(&self, document: &str) -> Result<(), Error> {
        // Declared before the lock, so dropped after it: these may be the last holders of the store or the countries,
        // whose `drop` is the host's and may call this very client.
        let (session, _before);
        // Loading happens under the lock, so that updates take effect in the order they were begun. No callback can
        // be reached from here.
        let order = self.updates.order();
        let _turn = order.lock().unwrap_or_else(PoisonError::into_inner);
        session = self.current.open()?;
        match self.reader.read(document, session.ruleset.as_ref()) {
            Ok(Loaded::Ruleset(ruleset)) => {
                _before = self.current.change(|next| next.ruleset = Some(ruleset))?;
                self.updates.loaded();
                Ok(())
            }
            Ok(Loaded::Unchanged(_)) => {
                self.updates.unchanged();
                Ok(())
            }
            Err(error) => {
                self.updates.refused(&error);
                Err(error)
            }
        }
    }

    /// Sets, removes or clears overrides, for all decisions that begin from now on.
    pub fn change_overrides(&self, change: impl FnOnce(&mut Overrides)) -> Result<(), Error> {
        if !self.reader.has_overrides() {
            let message = format!("the dialect {} knows no local overrides", self.dialect);
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        self.current
            .change(|next| change(&mut next.host.overrides))
            .map(drop)
    }

    /// Sets who knows the country of an address; `None`: nobody any more.
    pub fn set_countries(&self, countries: Option<Arc<dyn Countries>>) -> Result<(), Error> {
        self.current
            .change(|next| next.host.countries = countries)
            .map(drop)
    }

    /// Decides, and hands the decision to `then` while the snapshot it borrows from is held. It is lent, not given:
    /// moving something of its size costs as much as a lookup.
    #[inline(always)]
    pub fn evaluate<R>(
        &self,
        request: &Request<'_>,
        then: impl FnOnce(&mut Decision<'_>) -> R,
    ) -> R {
        let guard = self.current.load();
        let Some((session, ruleset)) = ready(&guard) else {
            return then(&mut self.not_ready(request));
        };
        let mut turn = self.turn(session, request.mode);
        let mut decision = ruleset.evaluate(request, &mut turn);
        self.settle(&mut turn, &mut decision);
        then(&mut decision)
    }

    /// Decides a switch and nothing else; `None`: the flag is no switch.
    #[inline(always)]
    pub fn switch(&self, request: &Request<'_>) -> Result<Option<bool>, ErrorCode> {
        let guard = self.current.load();
        let Some((session, ruleset)) = ready(&guard) else {
            return Err(ErrorCode::ProviderNotReady);
        };
        let mut turn = self.turn(session, request.mode);
        let switch = ruleset.evaluate_switch(request, &mut turn);
        self.send(&mut turn);
        switch
    }

    /// Decides every flag for the request's user and hands each decision to `each`, in document order. No exposure is
    /// queued: [`Client::expose`] does that for the decisions that are looked at.
    pub fn evaluate_all(
        &self,
        request: &Request<'_>,
        mut each: impl FnMut(&str, Decision<'_>),
    ) -> Result<(), ErrorCode> {
        let guard = self.current.load();
        let Some((session, ruleset)) = ready(&guard) else {
            return Err(ErrorCode::ProviderNotReady);
        };
        let mut turn = Turn {
            outbox: None,
            ..self.turn(session, request.mode)
        };
        for (flag, decision) in ruleset.evaluate_all(request, &mut turn)? {
            each(flag, decision);
        }
        Ok(())
    }

    /// Queues the exposure event of a decision that [`Client::evaluate_all`] made.
    pub fn expose(&self, request: &Request<'_>, decision: &Decision<'_>) {
        let guard = self.current.load();
        if let (true, Some((_, ruleset))) = (self.events.exposures, ready(&guard))
            && let Some(event) = ruleset.exposure(request, decision, self.clock.now_ms())
        {
            self.queue.offer(event);
        }
    }

    /// Why a decision is what it is, as JSON: the decision and every step that led to it. Reads the store, writes
    /// nothing, queues nothing.
    pub fn explain(&self, request: &Request<'_>) -> Value {
        let guard = self.current.load();
        let Some((session, ruleset)) = ready(&guard) else {
            return json!({"flag": request.flag, "decision": self.not_ready(request).to_json(), "steps": []});
        };
        let mut turn = Turn {
            clock: self.clock,
            assignments: Assignments::read_only(session.store.as_deref(), &self.health),
            outbox: None,
            host: &session.host,
        };
        let mut recorder = Recorder::default();
        let mut decision = ruleset.explain(request, &mut turn, &mut recorder);
        self.settle(&mut turn, &mut decision);
        json!({
            "flag": request.flag,
            "decision": decision.to_json(),
            "steps": recorder.into_steps(),
        })
    }

    /// Takes a metric event into the queue. `false`: the platform's rules do not accept it.
    pub fn track(&self, metric: &Metric<'_>) -> Result<bool, Error> {
        let session = self.current.open()?;
        let Some(ruleset) = session.ruleset.as_deref() else {
            return Ok(false);
        };
        let mut turn = Turn {
            clock: self.clock,
            assignments: Assignments::new(session.store.as_deref(), &self.health),
            outbox: Some(Vec::new()),
            host: &session.host,
        };
        let accepted = ruleset.track(metric, &mut turn)?;
        self.send(&mut turn);
        Ok(accepted)
    }

    /// Takes up to `most` queued events out, oldest first.
    pub fn drain_events(&self, most: usize) -> Vec<Value> {
        self.queue.drain(most)
    }

    /// How the client is doing.
    pub fn status(&self) -> Value {
        let session = self.current.load();
        let session = session.as_deref();
        let ruleset = session.and_then(|s| s.ruleset.as_deref());
        let state = match ruleset {
            _ if self.is_closed() => "OFF",
            Some(ruleset) if ruleset.is_ready() => "READY",
            _ => "INITIALIZING",
        };
        let mut store = self.health.to_json();
        store["kind"] = json!(session.and_then(|s| s.store.as_deref()).map(Store::name));
        json!({
            "state": state,
            "dialect": self.dialect,
            "flags": ruleset.map(|r| r.flags().count()),
            "problems": ruleset.map(Ruleset::problems).unwrap_or_default(),
            "notes": self.reader.notes(),
            "overrides": session.map_or(0, |s| s.host.overrides.count()),
            "updates": self.updates.to_json(),
            "store": store,
            "events": self.queue.to_json(),
        })
    }

    /// Ends the client: from now on every evaluation answers the caller's default. The store is let go by this thread
    /// or, if another is evaluating right now, by that one when it is done. Closing twice is fine.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        // The store may go with the last session, and its `drop` is the host's: no lock is held here.
        drop(self.current.close());
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    fn not_ready(&self, request: &Request<'_>) -> Decision<'_> {
        let why = match self.is_closed() {
            true => "the client has been closed",
            false => "the client has no ruleset yet",
        };
        let mut decision = Decision::failed(ErrorCode::ProviderNotReady, why);
        if let Some(value) = self.reader.value_without_ruleset(request) {
            decision.value = value;
        }
        decision.rule_id = self.reader.rule_without_ruleset().map(Cow::Borrowed);
        decision
    }

    #[inline(always)]
    fn turn<'c>(&'c self, session: &'c Session, mode: Mode) -> Turn<'c> {
        let store = session.store.as_deref();
        let exposes = self.events.exposures && mode == Mode::Expose;
        Turn {
            clock: self.clock,
            // What a mode means for the store is the dialect's contract; only an explanation must never write.
            assignments: Assignments::new(store, &self.health),
            outbox: exposes.then(Vec::new),
            host: &session.host,
        }
    }

    #[inline(always)]
    fn settle(&self, turn: &mut Turn<'_>, decision: &mut Decision<'_>) {
        self.send(turn);
        if turn.assignments.has_failed() {
            decision.store_error = turn.assignments.take_error();
        }
    }

    #[inline(always)]
    fn send(&self, turn: &mut Turn<'_>) {
        if let Some(events) = &mut turn.outbox {
            self.offer(events);
        }
    }

    #[inline(never)]
    fn offer(&self, events: &mut Vec<Value>) {
        for event in events.drain(..) {
            self.queue.offer(event);
        }
    }
}

#[inline(always)]
fn ready(session: &Option<Arc<Session>>) -> Option<(&Session, &dyn Ruleset)> {
    let session = session.as_deref()?;
    Some((session, session.ruleset.as_deref()?))
}

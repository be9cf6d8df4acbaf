//! What one decision sees, and how it is replaced while decisions go on.

use crate::error::{Error, ErrorKind};
use crate::fork::Fresh;
use crate::host::Host;
use crate::ruleset::Ruleset;
use crate::sticky::Store;
use arc_swap::{ArcSwapOption, Guard};
use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire},
};
use std::sync::{Arc, Mutex, PoisonError};

/// A snapshot. A decision keeps all of it as it was when the decision began.
#[derive(Clone)]
pub struct Session {
    pub ruleset: Option<Arc<dyn Ruleset>>,
    pub store: Option<Arc<dyn Store>>,
    pub host: Host,
}

impl Session {
    pub fn store(&self) -> Result<&dyn Store, Error> {
        self.store
            .as_deref()
            .ok_or_else(|| Error::new(ErrorKind::NoStore, "the client has no store"))
    }
}

/// The session of a client, as it is now.
pub struct Current {
    /// `None`: the client has been closed.
    session: ArcSwapOption<Session>,
    /// How many sessions there have been. Counted when the new one is in its place already.
    number: AtomicU64,
    /// One change at a time, each over in an instant. Nothing of the host's is called or let go under it.
    changes: Fresh<Mutex<()>>,
}

impl Current {
    pub fn new(session: Session) -> Self {
        Current {
            session: ArcSwapOption::from_pointee(session),
            number: AtomicU64::new(1),
            changes: Fresh::new(Mutex::default),
        }
    }

    #[inline(always)]
    pub fn load(&self) -> Guard<Option<Arc<Session>>> {
        self.session.load()
    }

    /// Tells sessions apart: what was learnt under another number may not hold any more. Never 0.
    #[inline(always)]
    pub fn number(&self) -> u64 {
        self.number.load(Acquire)
    }

    pub fn open(&self) -> Result<Arc<Session>, Error> {
        self.session
            .load_full()
            .ok_or_else(|| Error::new(ErrorKind::Closed, "the client has been closed"))
    }

    /// Replaces the session by a changed copy and returns the one before. That may be the last holder of something of
    /// the host's, so it is for the caller to drop, where no lock is held. A client that has been closed stays closed.
    pub fn change(&self, change: impl FnOnce(&mut Session)) -> Result<Arc<Session>, Error> {
        let changes = self.changes.get();
        let _turn = changes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.open()?;
        let mut next = Session::clone(&before);
        change(&mut next);
        self.session.store(Some(Arc::new(next)));
        self.number.fetch_add(1, AcqRel);
        Ok(before)
    }

    /// Ends it, and returns the last session for the caller to drop, where no lock is held.
    pub fn close(&self) -> Option<Arc<Session>> {
        let changes = self.changes.get();
        let _turn = changes.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.session.swap(None);
        self.number.fetch_add(1, AcqRel);
        last
    }
}

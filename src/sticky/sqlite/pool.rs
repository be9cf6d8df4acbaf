//! Connections: several to read with, one to write with, and who may use them when.
//!
//! A thread that finds its connection taken, or the file locked by another process, holds nothing while it waits. So
//! waiting never adds up, and a fork is never kept waiting by it.
//!
//! No connection is open across a fork. It is not enough to abandon the parent's in the child: SQLite keeps one table
//! per process of the files it has locked, the child inherits that table without the locks, and would believe itself
//! protected while others empty or delete the log under it. And any of SQLite's own locks may have been held by a
//! thread that is gone. So the connections are closed before the fork, while no thread is inside SQLite, and opened
//! again when they are next needed, on both sides.

use super::file::{File, Refusal};
use crate::error::Error;
use crate::fork::{self, AtFork, Cell, Rest, Steady, Torn};
use crate::sticky::StoreError;
use rusqlite::{Connection, ErrorCode};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// More threads than this that read in the same microseconds wait for each other.
const READERS: usize = 8;

/// All connections of one store.
pub struct Pool {
    file: File,
    readers: [Steady<Slot>; READERS],
    writer: Steady<Slot>,
    busy_timeout: Duration,
}

/// A place for a connection. Always used through [`Steady`]'s exclusive guard; the mutex is never locked, it only says
/// so to the compiler.
#[derive(Default)]
struct Slot(Mutex<Option<Connection>>);

impl Slot {
    fn connection(&mut self) -> &mut Option<Connection> {
        self.0.get_mut().unwrap_or_else(|e| e.into_inner())
    }
}

impl Rest for Slot {
    fn rest(&mut self) {
        *self.connection() = None;
    }
}

impl AtFork for Pool {
    fn each<'m>(&'m self, visit: &mut dyn FnMut(&'m dyn Cell)) {
        visit(&self.writer);
        for reader in &self.readers {
            visit(reader);
        }
    }
}

/// What can go wrong with a statement.
pub enum Trouble {
    Sqlite(rusqlite::Error),
    /// A connection could not be had, and waiting will not help.
    Refused(String),
    /// What is stored is no record.
    Garbage(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Trouble::Sqlite(error)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong(why) => Trouble::Refused(why),
            Refusal::Sqlite(error) => Trouble::Sqlite(error),
        }
    }
}

impl Pool {
    pub fn open(path: &str, busy_timeout: Duration) -> Result<Arc<Self>, Error> {
        let pool = Arc::new(Pool {
            file: File::new(path)?,
            readers: Default::default(),
            writer: Steady::default(),
            busy_timeout,
        });
        let member: Weak<Pool> = Arc::downgrade(&pool);
        // Before SQLite is entered for the first time: a fork waits for that, too.
        fork::register(member);
        let mut patience = Patience::new(busy_timeout);
        loop {
            let Ok(mut writer) = pool.writer.write() else {
                break;
            };
            match pool.file.make() {
                Ok(connection) => {
                    *writer.connection() = Some(connection);
                    break;
                }
                Err(Refusal::Sqlite(error)) if is_busy(&error) => {
                    drop(writer);
                    if !patience.wait() {
                        return Err(pool.file.explain(error.into()));
                    }
                }
                Err(refusal) => return Err(pool.file.explain(refusal)),
            }
        }
        Ok(pool)
    }

    pub fn read<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        let own = lane();
        self.run(
            || {
                // A thread prefers one connection, whose statements and pages are then warm for it.
                for step in 0..READERS {
                    let reader = self.readers[(own + step) % READERS].try_write()?;
                    if reader.is_some() {
                        return Ok(reader);
                    }
                }
                Ok(None)
            },
            work,
        )
    }

    pub fn write<T>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        self.run(|| self.writer.try_write(), work)
    }

    fn run<G: std::ops::DerefMut<Target = Slot>, T>(
        &self,
        take: impl Fn() -> Result<Option<G>, Torn>,
        work: impl Fn(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        let mut patience = Patience::new(self.busy_timeout);
        loop {
            let Some(mut slot) = take().map_err(|_| self.torn())? else {
                if patience.wait() {
                    continue;
                }
                return Err(self.failed("busy for too long with other threads' calls"));
            };
            let result = self.with(slot.connection(), &work);
            drop(slot);
            return match result {
                Ok(done) => Ok(done),
                Err(Trouble::Garbage(what)) => Err(StoreError::Garbage(what)),
                Err(Trouble::Refused(why)) => Err(self.failed(why)),
                Err(Trouble::Sqlite(error)) if is_busy(&error) => {
                    if patience.wait() {
                        continue;
                    }
                    Err(self.failed(format!(
                        "locked by another process for more than {} ms ({error})",
                        self.busy_timeout.as_millis()
                    )))
                }
                Err(Trouble::Sqlite(error)) => Err(self.failed(error)),
            };
        }
    }

    fn with<T>(
        &self,
        connection: &mut Option<Connection>,
        work: impl Fn(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let open = match connection {
            Some(open) => open,
            None => connection.insert(self.file.connect()?),
        };
        let result = work(open);
        if let Err(Trouble::Sqlite(error)) = &result
            && !is_busy(error)
        {
            // A disk that came back, a file that was replaced: the next call starts afresh.
            *connection = None;
        }
        result
    }

    fn failed(&self, why: impl std::fmt::Display) -> StoreError {
        StoreError::Failed(format!("sqlite:{}: {why}", self.file.path().display()))
    }

    fn torn(&self) -> StoreError {
        self.failed("the parent of this process was stuck in the store when it forked")
    }
}

/// The time that one call has for waiting. The clock is not read before there is something to wait for.
pub struct Patience {
    limit: Duration,
    until: Option<Instant>,
    waits: u32,
}

impl Patience {
    pub fn new(limit: Duration) -> Self {
        Patience {
            limit,
            until: None,
            waits: 0,
        }
    }

    /// Waits a moment, a little longer each time; `false`: the time is up.
    pub fn wait(&mut self) -> bool {
        let now = Instant::now();
        let until = *self.until.get_or_insert_with(|| now + self.limit);
        if now >= until {
            return false;
        }
        self.waits += 1;
        match self.waits {
            // Most waits are for a write of microseconds.
            1..=20 => std::thread::yield_now(),
            _ => {
                let pause = Duration::from_micros(50 * u64::from(self.waits - 20).min(100));
                std::thread::sleep(pause.min(until - now));
            }
        }
        true
    }
}

pub fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// A small number that stays with a thread.
fn lane() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static LANE: usize = NEXT.fetch_add(1, Relaxed);
    }
    LANE.with(|lane| *lane)
}

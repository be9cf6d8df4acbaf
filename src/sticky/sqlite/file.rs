//! The file: whose it is, what is in it, and a connection to it.

use crate::error::{Error, ErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};

/// "FlSt" in ASCII: how a store of assignments is told from a database of somebody else's.
const APPLICATION_ID: i32 = 0x466C_5374;
/// The format of the table. A file with a higher number was written by a newer flagstay.
const FORMAT: i32 = 1;

// The two texts of the key are all that is ever asked for, so the key is the table.
const TABLE: &str = "CREATE TABLE assignments (
    unit TEXT NOT NULL,
    flag TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (unit, flag)
) WITHOUT ROWID";

/// Where a store is.
pub struct File {
    /// Absolute: connections are opened long after the start, when the working directory may be another.
    path: PathBuf,
}

/// Why a connection could not be had.
pub enum Refusal {
    /// It never will be: the file is not what it has to be.
    Wrong(String),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::Sqlite(error)
    }
}

impl File {
    /// The file that a URL names, without touching it.
    pub fn new(path: &str) -> Result<Self, Error> {
        if path.is_empty() {
            return Err(wrong(
                "`sqlite:` needs the path of a file, as in `sqlite:/var/lib/app/flags.db`",
            ));
        }
        if path.starts_with(":memory:") {
            return Err(wrong(
                "`sqlite::memory:` would be a store per connection; use `memory:`",
            ));
        }
        let path = std::path::absolute(path).map_err(|error| wrong(error.to_string()))?;
        Ok(File { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A further connection. The file must still be there.
    pub fn connect(&self) -> Result<Connection, Refusal> {
        let connection = self.open(OpenFlags::empty())?;
        match identity(&connection)? {
            Identity::Store => {}
            other => return Err(other.refusal()),
        }
        prepare(&connection)?;
        Ok(connection)
    }

    /// The first connection: makes the file if there is none, and makes sure that it is a store.
    pub fn make(&self) -> Result<Connection, Refusal> {
        self.look()?;
        let connection = self.open(OpenFlags::SQLITE_OPEN_CREATE)?;
        // Nothing is changed before it is known that the file is ours or empty.
        match identity(&connection)? {
            Identity::Store => {}
            Identity::Empty => {
                journal(&connection)?;
                let transaction =
                    Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
                // Another process may have been faster.
                if let Identity::Empty = identity(&transaction)? {
                    transaction.execute_batch(TABLE)?;
                    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                    transaction.pragma_update(None, "user_version", FORMAT)?;
                }
                transaction.commit()?;
            }
            other => return Err(other.refusal()),
        }
        prepare(&connection)?;
        Ok(connection)
    }

    fn open(&self, create: OpenFlags) -> Result<Connection, Refusal> {
        // A connection is used by one thread at a time, so SQLite need not lock it. SQLite's own waiting is left out:
        // nothing of ours is to be locked while anybody waits.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(std::time::Duration::ZERO)?;
        // Closing, which a fork does and a finalizer may do, must not wait for a disk.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        if connection.is_readonly("main")? {
            return Err(Refusal::Wrong("the file is not writable".to_owned()));
        }
        Ok(connection)
    }

    /// Says the usual mistakes better than SQLite does.
    fn look(&self) -> Result<(), Refusal> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        if self.path.is_dir() {
            return Err(Refusal::Wrong(
                "it is a directory; name a file in it".to_owned(),
            ));
        }
        if !parent.is_dir() {
            let why = format!("there is no directory {}", parent.display());
            return Err(Refusal::Wrong(why));
        }
        Ok(())
    }

    fn wrong(&self, why: &str) -> Error {
        wrong(format!("sqlite:{}: {why}", self.path.display()))
    }

    /// The refusal as whoever makes a client gets to read it.
    pub fn explain(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::Wrong(why) => self.wrong(&why),
            Refusal::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => self.wrong("it is no SQLite database"),
                Some(
                    ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure,
                ) => Error::at(
                    ErrorKind::Store,
                    "store",
                    format!("sqlite:{}: {error}", self.path.display()),
                ),
                _ => self.wrong(&error.to_string()),
            },
        }
    }
}

fn wrong(why: impl std::fmt::Display) -> Error {
    Error::at(ErrorKind::InvalidConfig, "store", why)
}

/// Settings of a connection to a file that is ours.
fn prepare(connection: &Connection) -> Result<(), Refusal> {
    journal(connection)?;
    connection.execute_batch(
        "PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -1024;
         PRAGMA journal_size_limit = 8388608;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    connection.set_prepared_statement_cache_capacity(16);
    match connection.prepare_cached(super::GET) {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => Err(Refusal::Wrong(
            format!("its table of assignments is broken: {error}"),
        )),
        Err(error) => Err(error.into()),
    }
}

/// The write-ahead log is what lets reads go on beside a write.
fn journal(connection: &Connection) -> Result<(), Refusal> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    match mode.as_str() {
        "wal" => Ok(()),
        _ => Err(Refusal::Wrong(
            "its file system cannot map files into memory, which SQLite's write-ahead log needs"
                .to_owned(),
        )),
    }
}

enum Identity {
    Store,
    Empty,
    Newer(i32),
    Foreign,
}

impl Identity {
    fn refusal(self) -> Refusal {
        Refusal::Wrong(match self {
            Identity::Newer(format) => format!(
                "it has format {format}, written by a newer flagstay; this one knows format {FORMAT}"
            ),
            Identity::Empty => "it has been emptied".to_owned(),
            Identity::Store | Identity::Foreign => {
                "it is a database of something else; flagstay does not touch it".to_owned()
            }
        })
    }
}

fn identity(connection: &Connection) -> Result<Identity, rusqlite::Error> {
    // One statement, so that a file which is just being made is seen before or after, not in between.
    let (application, format, tables): (i32, i32, i64) = connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(match (application, format, tables) {
        (APPLICATION_ID, FORMAT, _) => Identity::Store,
        (APPLICATION_ID, format, _) if format > FORMAT => Identity::Newer(format),
        (0, 0, 0) => Identity::Empty,
        _ => Identity::Foreign,
    })
}

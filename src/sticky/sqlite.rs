//! `sqlite:PATH` — assignments in a file, for any number of processes on one machine.
//!
//! What is promised:
//!
//! - **First writer wins**, exactly, among all threads and processes that use the file: comparing and writing is one
//!   statement or one transaction.
//! - **A decision that was returned is found again** after any end of the process, `kill -9` included: its record has
//!   been handed to the operating system by then.
//! - **After a power loss** or a crash of the machine the file is whole, but the assignments of the last moments before
//!   it may be missing (`synchronous=NORMAL`: no wait for the disk per decision, which would be milliseconds). Users
//!   who lost theirs are decided anew, by the rules.
//! - **Nobody waits without end**: a decision that meets another process's write waits for `busy_timeout_ms` in total,
//!   then goes on without the store and says so. Reads do not wait for writes, nor for each other.
//! - **A fork is survived**: connections are closed before it and opened anew on both sides; nothing less is
//!   safe with SQLite. The forking thread waits for calls that are going on, a second at most.
//!
//! What is asked for in return:
//!
//! - The path names a file on a **local** file system that maps files into memory. NFS, SMB and the like do not keep the
//!   promises between machines, and SQLite cannot tell: use a store with a server there. Containers may share the file
//!   through a volume if they run on the same kernel; nothing is kept in `/dev/shm`.
//! - The file, its `-wal` and its `-shm` belong together: the newest assignments may be in `-wal` alone, also after a
//!   clean end. To copy a store in use, ask SQLite (`VACUUM INTO`). The directory must be writable.
//! - New files get the permissions that the process's umask gives; units are in it, so choose the directory accordingly.
//! - The host does not open and close the file by other means within the same process: closing it releases the locks
//!   of the whole process (POSIX), SQLite's too.
//!
//! Roughly every thousandth write moves what has gathered in `-wal` into the file, which takes that decision
//! milliseconds on a slow disk. Closing never does, and never waits.

mod file;
mod pool;

use super::{Record, Store, StoreError};
use crate::error::Error;
use crate::value::{Value, equal};
use pool::{Pool, Trouble};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::Arc;
use std::time::Duration;

const GET: &str = "SELECT record FROM assignments WHERE unit = ?1 AND flag = ?2";
const LOAD: &str = "SELECT flag, record FROM assignments WHERE unit = ?1 ORDER BY flag";
const ADD: &str =
    "INSERT INTO assignments (unit, flag, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const PUT: &str = "INSERT INTO assignments (unit, flag, record) VALUES (?1, ?2, ?3)
     ON CONFLICT (unit, flag) DO UPDATE SET record = excluded.record";
const REMOVE: &str = "DELETE FROM assignments WHERE unit = ?1 AND flag = ?2";
const FORGET: &str = "DELETE FROM assignments WHERE unit = ?1";

/// The store. See the module for what it promises.
pub struct SqliteStore {
    pool: Arc<Pool>,
}

impl SqliteStore {
    /// Opens the file, or makes it. `busy_timeout` is how long a call waits for other processes, in total.
    pub fn open(path: &str, busy_timeout: Duration) -> Result<Self, Error> {
        Ok(SqliteStore {
            pool: Pool::open(path, busy_timeout)?,
        })
    }
}

impl Store for SqliteStore {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<Record>, StoreError> {
        self.pool.read(|connection| get(connection, unit, flag))
    }

    fn set(&self, unit: &str, flag: &str, record: &Value) -> Result<(), StoreError> {
        let text = record.to_string();
        self.pool.write(|connection| {
            let mut put = connection.prepare_cached(PUT)?;
            put.execute((unit, flag, &text))?;
            Ok(())
        })
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), StoreError> {
        self.pool.write(|connection| {
            connection.prepare_cached(REMOVE)?.execute((unit, flag))?;
            Ok(())
        })
    }

    fn load(
        &self,
        unit: &str,
        _: &mut dyn Iterator<Item = &str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        self.pool.read(|connection| {
            let mut load = connection.prepare_cached(LOAD)?;
            let mut rows = load.query([unit])?;
            let mut records = Vec::new();
            while let Some(row) = rows.next()? {
                let flag: String = row.get(0)?;
                let record = parse(row.get_ref(1)?, unit, &flag)?;
                records.push((flag, record));
            }
            Ok(records)
        })
    }

    fn claim(
        &self,
        unit: &str,
        flag: &str,
        expected: Option<&Record>,
        record: Record,
    ) -> Result<Record, StoreError> {
        let text = record.to_string();
        let standing = self.pool.write(|connection| match expected {
            None => add(connection, unit, flag, &text),
            Some(expected) => replace(connection, unit, flag, expected, &text),
        })?;
        Ok(standing.unwrap_or(record))
    }

    fn forget(&self, unit: &str, _: &mut dyn Iterator<Item = &str>) -> Result<u64, StoreError> {
        self.pool.write(|connection| {
            let removed = connection.prepare_cached(FORGET)?.execute([unit])?;
            Ok(removed as u64)
        })
    }

    fn name(&self) -> &'static str {
        "sqlite"
    }
}

fn get(connection: &Connection, unit: &str, flag: &str) -> Result<Option<Record>, Trouble> {
    let mut get = connection.prepare_cached(GET)?;
    let mut rows = get.query((unit, flag))?;
    match rows.next()? {
        Some(row) => parse(row.get_ref(0)?, unit, flag).map(Some),
        None => Ok(None),
    }
}

/// Writes if nothing is stored; otherwise returns what is.
fn add(
    connection: &Connection,
    unit: &str,
    flag: &str,
    text: &str,
) -> Result<Option<Record>, Trouble> {
    let mut add = connection.prepare_cached(ADD)?;
    loop {
        if add.execute((unit, flag, text))? == 1 {
            return Ok(None);
        }
        if let Some(standing) = get(connection, unit, flag)? {
            return Ok(Some(standing));
        }
        // Removed between the two statements: the place is free again.
    }
}

/// Writes if what is stored is `expected`, or gone; otherwise returns what is.
fn replace(
    connection: &Connection,
    unit: &str,
    flag: &str,
    expected: &Value,
    text: &str,
) -> Result<Option<Record>, Trouble> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let standing = get(&transaction, unit, flag)?;
    if let Some(standing) = standing
        && !equal(&standing, expected)
    {
        return Ok(Some(standing));
    }
    transaction
        .prepare_cached(PUT)?
        .execute((unit, flag, text))?;
    transaction.commit()?;
    Ok(None)
}

fn parse(stored: ValueRef<'_>, unit: &str, flag: &str) -> Result<Record, Trouble> {
    let garbage =
        |why: String| Trouble::Garbage(format!("record of unit `{unit}`, flag `{flag}`: {why}"));
    let ValueRef::Text(text) = stored else {
        return Err(garbage(format!("not text but {}", stored.data_type())));
    };
    match serde_json::from_slice(text) {
        Ok(record) => Ok(Arc::new(record)),
        Err(error) => Err(garbage(format!("not JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests;

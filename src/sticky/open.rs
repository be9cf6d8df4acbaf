//! Built-in stores by their URL.

use super::Store;
use super::memory::MemoryStore;
use crate::config::StoreOptions;
use crate::error::{Error, ErrorKind};
use std::sync::Arc;

/// Opens the store that the configuration names; `None` where it names none.
pub fn open(options: &StoreOptions) -> Result<Option<Arc<dyn Store>>, Error> {
    let Some(url) = options.url.as_deref() else {
        return Ok(None);
    };
    if url == "memory:" {
        return Ok(Some(Arc::new(MemoryStore::default())));
    }
    #[cfg(feature = "sqlite")]
    if let Some(path) = url.strip_prefix("sqlite:") {
        let store = super::sqlite::SqliteStore::open(path, options.busy_timeout())?;
        return Ok(Some(Arc::new(store)));
    }
    let known = match cfg!(feature = "sqlite") {
        true => "memory:, sqlite:PATH",
        false => "memory: (this flagstay was built without sqlite:)",
    };
    Err(Error::at(
        ErrorKind::InvalidConfig,
        "store",
        format!("no such store `{url}`; known: {known}"),
    ))
}

//! The ruleset that a command works on: which file, which dialect, with which options.

use flagstay::error::{Error, ErrorKind};
use flagstay::ruleset::{self, Dialect, Loaded, Ruleset};
use flagstay::value::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Document {
    /// The ruleset document.
    #[arg(long, value_name = "FILE")]
    pub ruleset: PathBuf,
    /// What the document is written in.
    #[arg(long, value_name = "NAME", default_value = "flagstay")]
    pub dialect: String,
    /// The dialect's own options, a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = object)]
    pub options: Map<String, Value>,
}

impl Document {
    /// The document's text; the error names the file.
    pub fn read(&self) -> Result<String, Error> {
        let named = |error| Error::at(ErrorKind::InvalidArgument, self.ruleset.display(), error);
        std::fs::read_to_string(&self.ruleset).map_err(named)
    }

    pub fn dialect(&self) -> Result<&'static dyn Dialect, Error> {
        ruleset::dialect(&self.dialect).ok_or_else(|| {
            let known: Vec<_> = ruleset::dialects().collect();
            let message = format!("no such dialect; known: {}", known.join(", "));
            Error::at(ErrorKind::InvalidArgument, &self.dialect, message)
        })
    }

    /// The document, loaded. An error speaks of a place in the document.
    pub fn load(&self, document: &str) -> Result<Arc<dyn Ruleset>, Error> {
        match self.dialect()?.open(&self.options)?.read(document, None)? {
            Loaded::Ruleset(ruleset) => Ok(ruleset),
            Loaded::Unchanged(why) => Err(Error::new(ErrorKind::InvalidRuleset, why)),
        }
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

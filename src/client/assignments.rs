//! What is stored, seen from outside a decision.

use super::Client;
use crate::error::{Error, ErrorKind};
use crate::sticky::{self, Assignments, Held, Record, StoreError};
use crate::user::User;

impl Client {
    /// What the store holds for a user, by the ids of one type, to be passed to any number of evaluations. `None`: the
    /// user has no such id. A store that fails is no error here: what was loaded says so, and so does each decision that
    /// it is passed to.
    pub fn load_assignments(&self, user: &User, id_type: &str) -> Result<Option<Held>, Error> {
        let session = self.current.open()?;
        let Some(ruleset) = &session.ruleset else {
            let why = "there is no ruleset yet to say what is kept where".to_owned();
            return Ok(Some(Held::Unknown(StoreError::Failed(why))));
        };
        let Some(unit) = ruleset.unit(user, id_type) else {
            return Ok(None);
        };
        let mut assignments = Assignments::new(session.store.as_deref(), &self.health);
        Ok(Some(match assignments.load(&unit, &mut ruleset.flags()) {
            Some(records) => Held::loaded(&unit, records),
            None => Held::unknown(assignments.take_error()),
        }))
    }

    /// The stored assignment, without deciding or enrolling.
    pub fn peek(&self, unit: &str, flag: &str) -> Result<Option<Record>, Error> {
        let session = self.current.open()?;
        sticky::ask(session.store()?, |store| store.get(unit, flag))
            .map_err(|error| self.store_failed(error))
    }

    /// Removes everything held for a unit and returns how many assignments that were.
    pub fn forget(&self, unit: &str) -> Result<u64, Error> {
        let session = self.current.open()?;
        let nothing: Box<dyn Iterator<Item = &str>> = Box::new(std::iter::empty());
        let mut flags = session.ruleset.as_ref().map_or(nothing, |r| r.flags());
        sticky::ask(session.store()?, |store| store.forget(unit, &mut flags))
            .map_err(|error| self.store_failed(error))
    }

    fn store_failed(&self, error: StoreError) -> Error {
        self.health.failed(&error);
        Error::new(ErrorKind::Store, error.to_string())
    }
}

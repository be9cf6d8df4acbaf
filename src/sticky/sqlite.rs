use super::*;
use crate::error::Error;
pub struct SqliteStore;
impl SqliteStore {
    pub fn open(_: &str, _: std::time::Duration) -> Result<Self, Error> {
        unimplemented!()
    }
}
impl Store for SqliteStore {
    fn get(&self, _: &str, _: &str) -> Result<Option<Record>, StoreError> {
        unimplemented!()
    }
    fn set(&self, _: &str, _: &str, _: &Value) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn remove(&self, _: &str, _: &str) -> Result<(), StoreError> {
        unimplemented!()
    }
    fn load(&self, _: &str) -> Result<Vec<(String, Record)>, StoreError> {
        unimplemented!()
    }
    fn claim(&self, _: &str, _: &str, _: Option<&Record>, _: Record) -> Result<Record, StoreError> {
        unimplemented!()
    }
    fn forget(&self, _: &str, _: &mut dyn Iterator<Item = &str>) -> Result<u64, StoreError> {
        unimplemented!()
    }
    fn name(&self) -> &'static str {
        "sqlite"
    }
}

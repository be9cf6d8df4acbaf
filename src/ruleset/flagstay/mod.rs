//! stub
use super::*;
pub struct Flagstay;
impl Dialect for Flagstay {
    fn name(&self) -> &'static str {
        "flagstay"
    }
    fn load(
        &self,
        _: &str,
        _: &Map<String, Value>,
        _: Option<&dyn Ruleset>,
    ) -> Result<Loaded, Error> {
        Ok(Loaded::Unchanged("stub".into()))
    }
}

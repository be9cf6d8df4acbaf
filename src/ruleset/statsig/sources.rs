//! Where conditions get the values that they look at (section 2.6).

use super::condition::Source;
use super::evaluate::Evaluation;
use super::hash::hash64;
use super::subject::{Field, IdType};
use super::user_agent;
use super::view::{View, text_of};
use crate::ruleset::trace::Trace;
use std::borrow::Cow;

impl<'c, 'r: 'c, 'h, T: Trace> Evaluation<'c, 'r, 'h, T> {
    /// The value that a condition looks at (section 2.6); `None`: its type is not known.
    pub fn view(&mut self, source: &'r Source) -> Option<View<'c>> {
        let subject = self.subject;
        let value = |field: &Option<Field>| field.as_ref().and_then(|field| subject.value(field));
        let seen = match source {
            Source::Field(field) => value(field),
            Source::Environment(field) => {
                return Some(
                    field
                        .as_ref()
                        .map_or(View::Missing, |field| subject.environment(field)),
                );
            }
            Source::Now => return Some(View::Now(self.clock.now_ms())),
            Source::Bucket { salt, id_type } => {
                return Some(View::Bucket(self.bucket(salt, id_type)));
            }
            Source::Unit(id_type) => subject.unit(id_type),
            Source::Country { field, by_address } => match value(field) {
                None if *by_address => return Some(self.country()),
                value => value,
            },
            Source::UserAgent { field, part } => match (value(field), part) {
                (None, Some(part)) => {
                    let agent = subject.user_agent().and_then(text_of);
                    let parsed = agent.and_then(|agent| user_agent::parse(&agent, *part));
                    return Some(parsed.map_or(View::Missing, |text| View::Text(Cow::Owned(text))));
                }
                (value, _) => value,
            },
            Source::App => self.rules.app.as_ref(),
            Source::Group(_) => None,
            Source::Public | Source::Gate { .. } | Source::Unknown => return None,
        };
        Some(seen.map_or(View::Missing, View::Json))
    }

    /// The user's bucket (section 2.5). The groups of an experiment ask for the same one, one after the other.
    fn bucket(&mut self, salt: &'r str, id_type: &'r IdType) -> u64 {
        if let Some((known, of, bucket)) = self.bucket
            && known == salt
            && of.text == id_type.text
        {
            return bucket;
        }
        let unit = self.subject.unit_text(id_type).unwrap_or_default();
        let bucket = hash64(&[salt, &unit]) % 1000;
        self.bucket = Some((salt, id_type, bucket));
        bucket
    }

    /// The country of the user's address: the host's answer goes before the table's (section 2.10).
    fn country(&mut self) -> View<'c> {
        let address = self.subject.address().and_then(text_of);
        let country = match (&self.host.countries, &self.rules.options.countries) {
            (Some(countries), _) => address
                .and_then(|ip| countries.country(&ip))
                .map(Cow::Owned),
            (None, Some(table)) => address.and_then(|ip| table.country(&ip)).map(Cow::Borrowed),
            (None, None) => {
                self.outcome.lacks_countries = true;
                None
            }
        };
        country.map_or(View::Missing, View::Text)
    }
}

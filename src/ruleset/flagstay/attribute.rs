//! Conditions over attributes, as nearly all conditions are.

use super::operators::{Comparison, Operator, Seen};
use crate::user::{Glance, Name, Part, User};
use crate::value::Value;
use crate::{version, word};
use semver::Version;

/// Lists up to this length are looked through word by word.
const FEW: usize = 8;

#[derive(Debug)]
pub struct Attribute {
    pub name: Name,
    pub operator: Operator,
    quick: Quick,
}

/// What an operator says about values of which a glance is enough.
#[derive(Debug, PartialEq, Eq)]
enum Quick {
    /// Of short texts these pass, and no others.
    Texts(Box<[u64]>),
    /// Of whole numbers those from the first to the second pass.
    Numbers(i64, i64),
    /// Of plain versions those from the first word up to the second pass.
    Versions(u64, u64),
    /// There is no short cut.
    Nothing,
}

impl Attribute {
    pub fn new(name: Name, operator: Operator) -> Self {
        Attribute {
            quick: Quick::new(&operator),
            name,
            operator,
        }
    }

    #[inline(always)]
    #[allow(
        clippy::manual_contains,
        reason = "of a few texts that are asked one after the other, each must cost a comparison and no more"
    )]
    pub fn holds(&self, user: &User) -> bool {
        let Some(sight) = user.attributes().sight(&self.name) else {
            return self.looks(user);
        };
        match (&self.quick, sight.glance) {
            (Quick::Texts(texts), Glance::Short(seen)) => texts.iter().any(|text| *text == seen),
            (Quick::Numbers(from, to), Glance::Whole(seen)) => (*from <= seen) & (seen <= *to),
            (Quick::Versions(from, below), _) if sight.version != 0 => {
                (*from <= sight.version) & (sight.version < *below)
            }
            _ => self.looks(user),
        }
    }

    /// Looks at the value itself.
    #[inline(never)]
    fn looks(&self, user: &User) -> bool {
        match self.value(user) {
            Some((value, _)) => self.operator.passes(Seen::new(value)),
            None => self.operator.passes_missing(),
        }
    }

    /// The value, and whether it is private. A null is no value.
    #[inline]
    fn value<'u>(&self, user: &'u User) -> Option<(&'u Value, bool)> {
        match user.attributes().get(&self.name) {
            Some(value) if !value.is_null() => Some((value, false)),
            _ => self.private_value(user).map(|value| (value, true)),
        }
    }

    #[inline(never)]
    fn private_value<'u>(&self, user: &'u User) -> Option<&'u Value> {
        let private = user.part(Part::PrivateAttributes).get(&self.name);
        private.filter(|value| !value.is_null())
    }

    /// What the user has, for explanations: the value, or that it is private, or missing.
    pub fn shown(&self, user: &User) -> (&'static str, Value) {
        match self.value(user) {
            Some((_, true)) => ("private", Value::Bool(true)),
            Some((value, false)) => ("value", value.clone()),
            None => ("missing", Value::Bool(true)),
        }
    }
}

impl Quick {
    fn new(operator: &Operator) -> Self {
        match operator {
            Operator::EqualsText(text) => Quick::Texts(word::of_short(text).into_iter().collect()),
            Operator::OneOf(among) if among.texts.iter().count() <= FEW => {
                Quick::Texts(among.texts.iter().filter_map(word::of_short).collect())
            }
            Operator::Equals(value) => Quick::numbers(Comparison::Equals, value.as_i64()),
            Operator::Compares(comparison, number) => Quick::numbers(*comparison, number.as_i64()),
            Operator::Semver(bounds) => Quick::versions(bounds),
            _ => Quick::Nothing,
        }
    }

    /// What comes before a release has its numbers, and is less than the release.
    fn versions(bounds: &[(Comparison, Version)]) -> Self {
        let mut range = (0, u64::MAX);
        for (comparison, bound) in bounds {
            let release = [bound.major, bound.minor, bound.patch];
            let Some(following) = version::next(release).and_then(version::word) else {
                return Quick::Nothing;
            };
            // As the one after this fits in a word, so does this.
            let release = version::word(release).unwrap_or(0);
            let (from, below) = match (comparison, bound.pre.is_empty()) {
                (Comparison::Equals, true) => (release, following),
                (Comparison::Equals, false) => (0, 0),
                (Comparison::GreaterThan, true) => (following, u64::MAX),
                (Comparison::GreaterThan | Comparison::AtLeast, _) => (release, u64::MAX),
                (Comparison::AtMost, true) => (0, following),
                (Comparison::LessThan | Comparison::AtMost, _) => (0, release),
            };
            range = (range.0.max(from), range.1.min(below));
        }
        Quick::Versions(range.0, range.1)
    }

    fn numbers(comparison: Comparison, operand: Option<i64>) -> Self {
        let Some(number) = operand else {
            return Quick::Nothing;
        };
        let (from, to) = match comparison {
            Comparison::Equals => (Some(number), Some(number)),
            Comparison::GreaterThan => (number.checked_add(1), Some(i64::MAX)),
            Comparison::AtLeast => (Some(number), Some(i64::MAX)),
            Comparison::LessThan => (Some(i64::MIN), number.checked_sub(1)),
            Comparison::AtMost => (Some(i64::MIN), Some(number)),
        };
        match (from, to) {
            (Some(from), Some(to)) => Quick::Numbers(from, to),
            _ => Quick::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::flagstay::operators::Among;
    use serde_json::json;

    fn values() -> Vec<Value> {
        let numbers = [
            i64::MIN,
            i64::MIN + 1,
            -1,
            0,
            4,
            5,
            6,
            i64::MAX - 1,
            i64::MAX,
        ];
        let mut values: Vec<Value> = numbers.into_iter().map(Value::from).collect();
        values.extend([
            json!(u64::MAX),
            json!(5.0),
            json!(4.5),
            json!(1e300),
            json!(-1e300),
        ]);
        let texts = [
            "",
            "5",
            "DE",
            "DEU",
            "seven77",
            "eight888",
            "a longer text than that",
        ];
        values.extend(texts.map(Value::from));
        values.extend([json!(true), json!([5]), json!(["DE"]), json!({"DE": 5})]);
        values
    }

    fn operators() -> Vec<Operator> {
        let mut operators = Vec::new();
        for value in values() {
            match &value {
                Value::String(text) => operators.push(Operator::EqualsText(text.as_str().into())),
                other => operators.push(Operator::Equals(Box::new(other.clone()))),
            }
            if let Value::Number(number) = value {
                for comparison in Comparison::ALL {
                    operators.push(Operator::Compares(comparison, number.clone()));
                }
            }
        }
        let versions = values()
            .into_iter()
            .filter_map(|value| Version::parse(value.as_str()?).ok());
        for version in versions {
            let bounds = Comparison::ALL.map(|comparison| (comparison, version.clone()));
            for one in &bounds {
                operators.push(Operator::Semver([one.clone()].into()));
                let ceiling = Version::parse("1.3.0-x").unwrap();
                let two = [one.clone(), (Comparison::LessThan, ceiling)];
                operators.push(Operator::Semver(two.into()));
            }
        }
        for length in [0, 1, FEW, FEW + 1, values().len()] {
            let among = Among::new(values().into_iter().rev().take(length).collect());
            operators.push(Operator::OneOf(Box::new(among)));
        }
        operators
    }

    #[test]
    fn a_short_cut_leads_where_the_long_way_does() {
        let mut quick = 0;
        for operator in operators() {
            let attribute = Attribute::new(Name::new("a"), operator);
            quick += usize::from(attribute.quick != Quick::Nothing);
            for value in values() {
                let mut user = User::new("u");
                user.part_mut(Part::Attributes).set("a", value.clone());
                let expected = attribute.operator.passes(Seen::new(&value));
                let operator = &attribute.operator;
                assert_eq!(attribute.holds(&user), expected, "{operator:?} {value}");
            }
        }
        assert!(quick > 50, "{quick}");
    }

    #[test]
    fn a_null_gives_way_to_a_private_value() {
        let attribute = Attribute::new(Name::new("a"), Operator::EqualsText("x".into()));
        let mut user = User::new("u");
        user.part_mut(Part::PrivateAttributes).set("a", json!("x"));
        assert!(attribute.holds(&user));
        user.part_mut(Part::Attributes).set("a", json!(null));
        assert!(attribute.holds(&user));
        user.part_mut(Part::Attributes).set("a", json!("y"));
        assert!(!attribute.holds(&user));
    }
}

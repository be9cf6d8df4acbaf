//! Conditions as documents have them, compiled.

use super::membership::{self, Members};
use super::segment::Segments;
use super::{Clause, Clauses, Comparison, DECIMALS, Flavour, Order, Test};
use crate::ruleset::coerce::{self, rounded, truthy};
use crate::ruleset::path::Path;
use crate::ruleset::person::Property;
use crate::ruleset::python_regex::{Options, PythonRegex};
use crate::ruleset::python_repr;
use crate::ruleset::raised::{Findings, Raised, Reached, items, member};
use crate::value::Value;

/// The conditions of a rule. `Err`: the rule has no list of them.
pub fn clauses(
    rule: &Value,
    flavour: &Flavour,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Clauses> {
    let list = member(rule, flavour.conditions, path, findings)?;
    let path = path.key(flavour.conditions);
    let mut compiled = Vec::new();
    for (index, clause) in items(list, &path, findings)?.enumerate() {
        compiled.push(compile(&clause, flavour, &path.index(index), findings));
    }
    Ok(Clauses {
        list: compiled,
        none_holds: flavour.none_holds,
    })
}

fn compile(clause: &Value, flavour: &Flavour, path: &Path<'_>, findings: &mut Findings) -> Clause {
    let source = Source {
        clause,
        flavour,
        path,
    };
    match source.test(findings) {
        Ok((test, negated)) => Clause { test, negated },
        Err(Raised) => Clause {
            test: Test::Raises,
            negated: false,
        },
    }
}

/// A condition that is being compiled.
struct Source<'s> {
    clause: &'s Value,
    flavour: &'s Flavour,
    path: &'s Path<'s>,
}

impl Source<'_> {
    fn member(&self, name: &str, findings: &mut Findings) -> Reached<&Value> {
        member(self.clause, name, self.path, findings)
    }

    /// The test, and whether the condition is its opposite.
    fn test(&self, findings: &mut Findings) -> Reached<(Test, bool)> {
        let operation = self.member(self.flavour.operation, findings)?;
        let name = match truthy(operation) {
            true => operation,
            false => self.member("property", findings)?,
        };
        if python_repr::as_text(name).as_str().contains("Than") {
            return Ok((self.number(operation, findings)?, false));
        }
        let positive = |test| Ok((test, false));
        let negative = |test| Ok((test, true));
        match name.as_str() {
            Some("Equal") => positive(self.text(Comparison::Equal, findings)?),
            Some("NotEqual") => negative(self.text(Comparison::Equal, findings)?),
            Some("Contains") => positive(self.text(Comparison::Contains, findings)?),
            Some("NotContain") => negative(self.text(Comparison::Contains, findings)?),
            Some("IsOneOf") => positive(self.one_of(findings)?),
            Some("NotOneOf") => negative(self.one_of(findings)?),
            Some("StartsWith") => positive(self.text(Comparison::StartsWith, findings)?),
            Some("EndsWith") => positive(self.text(Comparison::EndsWith, findings)?),
            Some("IsTrue") => positive(self.word("true", findings)?),
            Some("IsFalse") => positive(self.word("false", findings)?),
            Some("MatchRegex") => positive(self.regex(findings)?),
            Some("NotMatchRegex") => negative(self.regex(findings)?),
            Some("User is in segment") => positive(self.segments(findings)),
            Some("User is not in segment") => negative(self.segments(findings)),
            _ => {
                let message =
                    format_args!("there is no operation {name}; the condition never holds");
                findings.note(self.path, message);
                positive(Test::Never)
            }
        }
    }

    fn property(&self, findings: &mut Findings) -> Reached<Property> {
        let property = self.member("property", findings)?;
        Ok(match property.as_str() {
            Some(name) => (self.flavour.property)(name),
            None => Property::Missing,
        })
    }

    /// The value, where it counts as there.
    fn operand(&self, findings: &mut Findings) -> Reached<Option<&Value>> {
        let value = self.member("value", findings)?;
        let is_there = match self.flavour.empty_is_missing {
            true => truthy(value),
            false => !value.is_null(),
        };
        Ok(is_there.then_some(value))
    }

    fn number(&self, operation: &Value, findings: &mut Findings) -> Reached<Test> {
        let property = self.property(findings)?;
        let order = match operation.as_str() {
            Some("BiggerEqualThan") => Some(Order::AtLeast),
            Some("BiggerThan") => Some(Order::Above),
            Some("LessEqualThan") => Some(Order::AtMost),
            Some("LessThan") => Some(Order::Below),
            _ => {
                let message =
                    format_args!("there is no operation {operation}; the condition never holds");
                findings.note(self.path, message);
                None
            }
        };
        let operand = self.member("value", findings).map(|value| {
            let operand = coerce::float(python_repr::as_text(value).as_str());
            if operand.is_none() {
                let message = format_args!("{value} is no number; the condition never holds");
                findings.note(&self.path.key("value"), message);
            }
            operand.map(|operand| rounded(operand, DECIMALS))
        });
        Ok(Test::Number {
            property,
            order,
            operand,
        })
    }

    fn text(&self, comparison: Comparison, findings: &mut Findings) -> Reached<Test> {
        let property = self.property(findings)?;
        let operand = self.operand(findings)?;
        Ok(Test::Text {
            property,
            comparison,
            operand: operand.map(|value| python_repr::as_text(value).as_str().into()),
            empty_is_missing: self.flavour.empty_is_missing,
        })
    }

    fn word(&self, word: &'static str, findings: &mut Findings) -> Reached<Test> {
        let property = self.property(findings)?;
        Ok(Test::Word { property, word })
    }

    fn one_of(&self, findings: &mut Findings) -> Reached<Test> {
        let property = self.property(findings)?;
        let empty_is_missing = self.flavour.empty_is_missing;
        let members = match membership::parse(self.clause.get("value")) {
            Some(list) => Members::read(&list, empty_is_missing),
            None => {
                findings.note(
                    &self.path.key("value"),
                    "no JSON in a text: nothing is one of it",
                );
                Members::None
            }
        };
        Ok(Test::OneOf {
            property,
            members,
            empty_is_missing,
        })
    }

    fn regex(&self, findings: &mut Findings) -> Reached<Test> {
        let property = self.property(findings)?;
        let operand = self.operand(findings)?;
        let options = Options {
            ignore_case: self.flavour.ignore_case,
            anchored: false,
        };
        let regex = operand.map(|pattern| {
            let pattern = python_repr::as_text(pattern);
            match PythonRegex::new(pattern.as_str(), options) {
                Ok(regex) => Ok(Box::new(regex)),
                Err(refused) => {
                    let why = format_args!("`{}` is {refused}", pattern.as_str());
                    findings.raise(&self.path.key("value"), why)
                }
            }
        });
        Ok(Test::Regex {
            property,
            regex,
            empty_is_missing: self.flavour.empty_is_missing,
        })
    }

    fn segments(&self, findings: &mut Findings) -> Test {
        match Segments::read(self.clause.get("value")) {
            Some(segments) => Test::Segments(segments),
            None => {
                let message = "no list of segments as JSON in a text: nobody is in any";
                findings.note(&self.path.key("value"), message);
                Test::Never
            }
        }
    }
}

//! Conditions, which the platform calls segments: compiled, and asked (section 2.6).
//!
//! A malformed piece of a condition is poison: where evaluation gets to it, the whole condition is false, under a `not`
//! too. So it is kept where it is until then.

use super::Poison;
use super::operands::Test;
use crate::ruleset::coerce::{self, truthy};
use crate::user::{Entries, Name};
use crate::value::Value;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The name under which the user's id is put among the targeting variables.
static USER_ID: LazyLock<Name> = LazyLock::new(|| Name::new("_vwo_user_id"));

/// A whole condition, as it hangs on a campaign or a variation.
#[derive(Debug)]
pub struct Condition(Node);

#[derive(Debug)]
enum Node {
    Poison,
    Never,
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Attribute {
        name: Name,
        is_user_id: bool,
        test: Test,
    },
    Users(HashSet<Box<str>>),
}

/// What a condition may look at.
pub struct Bag<'a> {
    pub entries: &'a Entries,
    /// The user's id where it is among them, in the place of whatever the caller put there.
    pub user_id: Option<&'a str>,
}

impl Bag<'_> {
    fn user_id(&self) -> Option<&str> {
        let spoofed = || self.entries.get(&USER_ID).and_then(Value::as_str);
        self.user_id.or_else(spoofed)
    }
}

/// Compiles conditions and notes what does not work, each with its JSON path.
#[derive(Default)]
pub struct Compiler {
    pub remarks: Vec<(String, String)>,
}

impl Condition {
    /// Compiles the condition at `path`. `None`: there is none.
    pub fn compile(value: &Value, path: &str, compiler: &mut Compiler) -> Option<Condition> {
        truthy(value).then(|| Condition(compiler.node(value, path)))
    }

    pub fn holds(&self, bag: &Bag<'_>) -> bool {
        self.0.holds(bag).unwrap_or(false)
    }
}

impl Compiler {
    fn poison(&mut self, path: &str, why: &str) -> Node {
        self.remark(
            path,
            format!("{why}; for whoever gets here the whole condition is false"),
        );
        Node::Poison
    }

    fn remark(&mut self, path: &str, message: String) {
        self.remarks.push((path.to_owned(), message));
    }

    /// The first member counts, the others mean nothing.
    fn node(&mut self, value: &Value, path: &str) -> Node {
        let Some((key, value)) = first_member(value) else {
            return self.poison(path, "a condition must be an object that is not empty");
        };
        let path = &format!("{path}.{key}");
        match key {
            "and" => match self.list(value, path) {
                Ok(nodes) => Node::All(nodes),
                Err(poison) => poison,
            },
            "or" => match self.list(value, path) {
                Ok(nodes) => Node::Any(nodes),
                Err(poison) => poison,
            },
            "not" => Node::Not(Box::new(self.node(value, path))),
            "custom_variable" => self.attribute(value, path),
            "user" => match value.as_str() {
                Some(users) => Node::Users(
                    users
                        .split(',')
                        .map(|id| coerce::strip(id).into())
                        .collect(),
                ),
                None => self.poison(path, "must be a text"),
            },
            _ => {
                self.remark(
                    path,
                    "there is no such condition; it is never true".to_owned(),
                );
                Node::Never
            }
        }
    }

    fn list(&mut self, value: &Value, path: &str) -> Result<Vec<Node>, Node> {
        match value {
            Value::Array(list) => Ok(list
                .iter()
                .enumerate()
                .map(|(index, value)| self.node(value, &format!("{path}[{index}]")))
                .collect()),
            Value::Object(object) if object.is_empty() => Ok(Vec::new()),
            Value::String(text) if text.is_empty() => Ok(Vec::new()),
            _ => Err(self.poison(path, "must be a list")),
        }
    }

    fn attribute(&mut self, value: &Value, path: &str) -> Node {
        let Some((name, operand)) = first_member(value) else {
            return self.poison(path, "must be an object that is not empty");
        };
        let path = &format!("{path}.{name}");
        let Some(operand) = operand.as_str() else {
            return self.poison(path, "must be a text");
        };
        let mut remarks = Vec::new();
        let test = Test::new(operand, &mut remarks);
        for remark in remarks {
            self.remark(path, remark);
        }
        match test {
            Ok(test) => Node::Attribute {
                is_user_id: name == USER_ID.as_str(),
                name: Name::new(name),
                test,
            },
            Err(why) => self.poison(path, why),
        }
    }
}

fn first_member(value: &Value) -> Option<(&str, &Value)> {
    let (name, value) = value.as_object()?.iter().next()?;
    Some((name, value))
}

impl Node {
    fn holds(&self, bag: &Bag<'_>) -> Result<bool, Poison> {
        Ok(match self {
            Node::Poison => return Err(Poison),
            Node::Never => false,
            Node::Not(node) => !node.holds(bag)?,
            Node::All(nodes) => {
                for node in nodes {
                    if !node.holds(bag)? {
                        return Ok(false);
                    }
                }
                true
            }
            Node::Any(nodes) => {
                for node in nodes {
                    if node.holds(bag)? {
                        return Ok(true);
                    }
                }
                false
            }
            Node::Attribute {
                name,
                is_user_id,
                test,
            } => match bag.user_id.filter(|_| *is_user_id) {
                Some(id) => test.matches(Some(&Value::String(id.to_owned())))?,
                None => test.matches(bag.entries.get(name))?,
            },
            Node::Users(ids) => bag.user_id().is_some_and(|id| ids.contains(id)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::User;
    use serde_json::json;

    fn holds(condition: Value, attributes: Value) -> bool {
        let user = User::from_value(json!({"key": "u", "attributes": attributes})).unwrap();
        let condition = Condition::compile(&condition, "segments", &mut Compiler::default());
        condition.unwrap().holds(&Bag {
            entries: user.attributes(),
            user_id: None,
        })
    }

    #[test]
    fn poison_spoils_a_condition_only_where_it_is_reached() {
        let poison = json!({"custom_variable": {"age": "gt(x)"}});
        let fine = json!({"custom_variable": {"age": "5"}});
        let age = json!({"age": 5});
        assert!(!holds(json!({"not": poison}), age.clone()));
        assert!(!holds(json!({"or": [poison, fine]}), age.clone()));
        assert!(holds(json!({"or": [fine, poison]}), age));
    }

    #[test]
    fn only_the_first_member_counts() {
        assert!(holds(json!({"and": [], "or": []}), json!({})));
        assert!(!holds(json!({"or": [], "and": []}), json!({})));
    }

    #[test]
    fn an_unknown_condition_is_false_and_may_be_negated() {
        assert!(!holds(json!({"AND": []}), json!({})));
        assert!(holds(json!({"not": {"AND": []}}), json!({})));
    }

    #[test]
    fn an_id_among_the_attributes_is_as_good_as_any() {
        let users = json!({"user": " a , b"});
        assert!(!holds(users.clone(), json!({})));
        assert!(holds(users, json!({"_vwo_user_id": "b"})));
    }

    #[test]
    fn a_bad_operand_is_poison_also_where_the_attribute_is_missing() {
        let bad = json!({"not": {"custom_variable": {"a": "wildcard()"}}});
        assert!(!holds(bad, json!({})));
    }
}

//! The JSON Schema of the `flagstay` dialect says what the loader does: whatever loads without a problem is valid by
//! the schema, the examples of the reference page above all.

// Users and records are for the other tests.
#[allow(dead_code)]
mod arbitrary;

use arbitrary::Arbitrary;
use flagstay::client::Client;
use flagstay::config::Config;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema() -> Value {
    serde_json::from_str(&file("schema/flagstay-ruleset-1.schema.json")).unwrap()
}

/// Whether the loader takes the document and finds nothing wrong with it.
fn loads(document: &Value) -> bool {
    let client = Client::new(Config::from_json("{}").unwrap(), None).unwrap();
    client.update(&document.to_string()).is_ok() && client.status()["problems"] == json!([])
}

/// JSON Schema 2020-12, as far as our schema goes. A keyword that is not here is not passed over, it panics.
struct Validator {
    root: Value,
}

impl Validator {
    fn valid(&self, schema: &Value, value: &Value) -> bool {
        let keywords = schema.as_object().expect("a schema is an object");
        let list = |value: &Value| value.as_array().expect("a list").clone();
        keywords
            .iter()
            .all(|(keyword, operand)| match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "default" => true,
                "$ref" => {
                    let pointer = operand.as_str().unwrap().strip_prefix('#').unwrap();
                    self.valid(self.root.pointer(pointer).expect(pointer), value)
                }
                "type" => match operand {
                    Value::Array(types) => types.iter().any(|one| has_type(one, value)),
                    one => has_type(one, value),
                },
                "const" => operand == value,
                "not" => !self.valid(operand, value),
                "oneOf" => {
                    list(operand)
                        .iter()
                        .filter(|one| self.valid(one, value))
                        .count()
                        == 1
                }
                "anyOf" => list(operand).iter().any(|one| self.valid(one, value)),
                "required" => value.as_object().is_none_or(|members| {
                    list(operand)
                        .iter()
                        .all(|name| members.contains_key(name.as_str().unwrap()))
                }),
                "properties" => value.as_object().is_none_or(|members| {
                    members.iter().all(|(name, value)| {
                        operand
                            .get(name)
                            .is_none_or(|schema| self.valid(schema, value))
                    })
                }),
                "additionalProperties" => value.as_object().is_none_or(|members| {
                    let known = keywords.get("properties");
                    let mut others = members.iter().filter(|(name, _)| {
                        known.is_none_or(|known| known.get(name.as_str()).is_none())
                    });
                    match operand {
                        Value::Bool(allowed) => *allowed || others.next().is_none(),
                        schema => others.all(|(_, value)| self.valid(schema, value)),
                    }
                }),
                "items" => value
                    .as_array()
                    .is_none_or(|elements| elements.iter().all(|one| self.valid(operand, one))),
                "minItems" => value
                    .as_array()
                    .is_none_or(|elements| elements.len() as u64 >= operand.as_u64().unwrap()),
                "minProperties" => value
                    .as_object()
                    .is_none_or(|members| members.len() as u64 >= operand.as_u64().unwrap()),
                "minimum" => value
                    .as_f64()
                    .is_none_or(|n| n >= operand.as_f64().unwrap()),
                "maximum" => value
                    .as_f64()
                    .is_none_or(|n| n <= operand.as_f64().unwrap()),
                unknown => panic!("the schema uses `{unknown}`, which this test does not know"),
            })
    }

    fn accepts(&self, document: &Value) -> bool {
        self.valid(&self.root, document)
    }
}

fn has_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("there is no type `{unknown}`"),
    }
}

#[test]
fn the_examples_of_the_reference_page_load_and_are_valid() {
    let validator = Validator { root: schema() };
    let page = file("docs/dialects/flagstay.md");
    let mut documents = 0;
    for example in page.split("```json\n").skip(1) {
        let example = example.split("```").next().unwrap();
        let example: Value =
            serde_json::from_str(example).unwrap_or_else(|e| panic!("{example}: {e}"));
        if example.get("format").is_some() {
            documents += 1;
            assert!(loads(&example), "{example}");
            assert!(validator.accepts(&example), "{example}");
        }
    }
    assert!(documents >= 2);
}

#[test]
fn whatever_loads_without_a_problem_is_valid() {
    let validator = Validator { root: schema() };
    for seed in 0..100 {
        let document = Arbitrary::new(seed).ruleset();
        assert!(loads(&document), "seed {seed}: {document}");
        assert!(validator.accepts(&document), "seed {seed}: {document}");
    }
    let (mut good, mut bad) = (0, 0);
    for seed in 0..600 {
        let mut any = Arbitrary::new(seed);
        let mut document = any.ruleset();
        any.damage(&mut document);
        if loads(&document) {
            good += 1;
            assert!(validator.accepts(&document), "seed {seed}: {document}");
        } else {
            bad += usize::from(!validator.accepts(&document));
        }
    }
    // Some damage is none, and most of the rest is seen by the schema already.
    assert!(
        good > 40 && bad > 200,
        "{good} good, {bad} bad by the schema"
    );
}

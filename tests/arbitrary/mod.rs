//! Arbitrary rulesets, users and records of the `flagstay` dialect, the same for the same seed everywhere.

use serde_json::{Map, Value, json};

/// A small generator of numbers that look random (xorshift with a multiplication).
pub struct Arbitrary(u64);

const ATTRIBUTES: [&str; 5] = ["plan", "age", "version", "since", "tags"];
const IDS: [&str; 3] = ["key", "company", "guest"];
const VARIATIONS: [&str; 4] = ["on", "off", "blue", "green"];
const TEXTS: [&str; 8] = [
    "",
    "pro",
    "pr",
    "é",
    "1.2.0",
    "2.0.0-rc.1",
    "2026-11-21T12:00:00Z",
    "user-1",
];

impl Arbitrary {
    pub fn new(seed: u64) -> Self {
        Arbitrary(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn list<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> &'static str {
        self.pick(&TEXTS)
    }

    fn number(&mut self) -> Value {
        let numbers = [
            json!(0),
            json!(1),
            json!(5.0),
            json!(-17),
            json!(0.5),
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992.0),
            json!(u64::MAX),
            json!(1e300),
            json!(-1e300),
            json!(1_795_262_400_000_u64),
        ];
        numbers[self.below(numbers.len())].clone()
    }

    fn scalar(&mut self) -> Value {
        match self.below(4) {
            0 => json!(self.chance(50)),
            1 => self.number(),
            _ => json!(self.text()),
        }
    }

    /// Any JSON at all.
    pub fn json(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1..=4 => self.scalar(),
            5 => Value::Array(self.list(4, |any| any.json(depth - 1))),
            _ => {
                let names = [
                    "a",
                    "splits",
                    "variation",
                    "version",
                    "serve",
                    "c",
                    "format",
                ];
                let members =
                    self.list(4, |any| (any.pick(&names).to_owned(), any.json(depth - 1)));
                members.into_iter().collect()
            }
        }
    }

    fn something(&mut self) -> Value {
        match self.json(2) {
            Value::Null => json!(1),
            value => value,
        }
    }

    fn put(&mut self, object: &mut Value, percent: usize, name: &str, value: Value) {
        if self.chance(percent) {
            object[name] = value;
        }
    }

    /// A document without a mistake.
    pub fn ruleset(&mut self) -> Value {
        let mut flags = Map::new();
        for n in 0..4 {
            flags.insert(format!("f{n}"), self.flag(n));
        }
        let mut segments = Map::new();
        for n in 0..3 {
            segments.insert(format!("s{n}"), self.segment(n));
        }
        let mut group =
            json!({"slots": [{"id": "a", "percent": 40}, {"id": "b", "percent": 59.9999}]});
        let mut holdout = json!({"percent": self.pick(&[0, 20])});
        let by = json!(self.pick(&IDS));
        self.put(&mut group, 50, "by", by);
        let by = json!(self.pick(&IDS));
        self.put(&mut holdout, 50, "by", by);
        self.put(&mut holdout, 50, "flags", json!(["f0", "f2"]));
        json!({"format": 1, "flags": flags, "segments": segments, "groups": {"g": group},
               "holdouts": {"h": holdout}})
    }

    fn flag(&mut self, number: usize) -> Value {
        let variations: Map<String, Value> = VARIATIONS
            .iter()
            .map(|name| ((*name).to_owned(), self.json(1)))
            .collect();
        let mut rules = self.list(3, |any| {
            let condition = any.condition(3, 3);
            let mut rule = any.served();
            rule["if"] = condition;
            rule
        });
        for (n, rule) in rules.iter_mut().enumerate() {
            if self.chance(70) || rule["split"]["sticky"] != json!(null) {
                rule["id"] = json!(format!("r{n}"));
            }
        }
        let mut default = self.served();
        default["id"] = json!("d");
        let mut flag = json!({"on": self.chance(90), "variations": variations, "off": "off", "rules": rules,
                              "default": if self.chance(30) { json!("on") } else { default }});
        let targets = self.list(2, |any| {
            json!({"values": any.list(3, |any| any.text()), "by": any.pick(&IDS), "serve": any.pick(&VARIATIONS)})
        });
        self.put(&mut flag, 30, "targets", json!(targets));
        if number > 0 {
            let other = format!("f{}", self.below(number));
            let needs = json!([{"flag": other, "variations": ["on", "blue", "off"]}]);
            self.put(&mut flag, 30, "prerequisites", needs);
        }
        flag
    }

    /// A variation or a split.
    fn served(&mut self) -> Value {
        if self.chance(30) {
            return json!({"serve": self.pick(&VARIATIONS)});
        }
        let first = self.below(1_000_001);
        let percent = |buckets: usize| buckets as f64 / 10_000.0;
        let mut split = json!({"weights": [
            {"variation": self.pick(&VARIATIONS), "percent": percent(first)},
            {"variation": self.pick(&VARIATIONS), "percent": percent(1_000_000 - first)}]});
        let by = self.pick(&IDS);
        split["by"] = json!(by);
        let salt = self.text();
        self.put(&mut split, 30, "salt", json!(salt));
        self.put(&mut split, 30, "traffic", json!(70.5));
        let slot = self.pick(&["a", "b"]);
        self.put(&mut split, 30, "group", json!({"name": "g", "slot": slot}));
        if self.chance(60) {
            let mut sticky = json!({"version": 2});
            self.put(&mut sticky, 50, "min_version", json!(1));
            let fallback = self.pick(&IDS);
            if fallback != by {
                self.put(&mut sticky, 70, "fallback", json!(fallback));
            }
            split["sticky"] = if self.chance(30) { json!(true) } else { sticky };
        }
        json!({"split": split})
    }

    /// A condition that uses the first `segments` segments at most.
    fn condition(&mut self, depth: usize, segments: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 if segments > 0 => {
                let name = format!("s{}", self.below(segments));
                if self.chance(50) {
                    json!({"segment": name})
                } else {
                    json!({"segment": [name]})
                }
            }
            1 => {
                let name = self.pick(&IDS);
                self.test("id", name)
            }
            0..=5 => {
                let name = self.pick(&ATTRIBUTES);
                self.test("attribute", name)
            }
            6 => json!({"not": self.condition(depth - 1, segments)}),
            7 => json!({"any": self.list(3, |any| any.condition(depth - 1, segments))}),
            _ => json!({"all": self.list(2, |any| any.condition(depth - 1, segments))}),
        }
    }

    fn test(&mut self, kind: &str, name: &str) -> Value {
        let texts = json!(self.list(12, |any| any.text()));
        let instant = [json!("2026-11-21T12:00:00Z"), json!(1_795_262_400_000_u64)];
        let bounds = ["equals", "greater_than", "at_least", "less_than", "at_most"];
        let (operator, operand) = match self.below(14) {
            0 => ("equals", self.something()),
            1 => ("one_of", Value::Array(self.list(12, Self::something))),
            2 => ("one_of", texts),
            3 => ("contains", Value::Array(self.list(3, Self::scalar))),
            4 => ("contains", self.scalar()),
            5 => ("starts_with", texts),
            6 => ("ends_with", json!(self.text())),
            7 => (
                "matches",
                json!(self.pick(&["^p", r"\d+$", "", "(?i)PRO|é"])),
            ),
            8 => (self.pick(&bounds[1..]), self.number()),
            9 => (
                "semver",
                json!({self.pick(&bounds): "1.2.0", "at_most": "2.0.0"}),
            ),
            10 => ("before", instant[self.below(2)].clone()),
            11 => ("after", instant[self.below(2)].clone()),
            _ => ("present", json!(self.chance(50))),
        };
        json!({kind: name, operator: operand})
    }

    fn segment(&mut self, number: usize) -> Value {
        let mut segment =
            json!({"include": self.list(10, |any| any.text()), "by": self.pick(&IDS)});
        let exclude = json!(self.list(3, |any| any.text()));
        self.put(&mut segment, 50, "exclude", exclude);
        let condition = self.condition(2, number);
        self.put(&mut segment, 80, "if", condition);
        segment
    }

    /// The document with something put in the place of something else, taken out or called differently.
    pub fn damage(&mut self, value: &mut Value) {
        let deeper = self.chance(85);
        match value {
            Value::Object(members) if deeper && !members.is_empty() => {
                let at = self.below(members.len());
                let name = members.keys().nth(at).cloned().unwrap_or_default();
                match self.below(10) {
                    0 => {
                        members.remove(&name);
                    }
                    1 => {
                        let value = members.remove(&name).unwrap_or_default();
                        members.insert(format!("{name}s"), value);
                    }
                    _ => self.damage(&mut members[&name]),
                }
            }
            Value::Array(elements) if deeper && !elements.is_empty() => {
                let at = self.below(elements.len());
                self.damage(&mut elements[at]);
            }
            _ => *value = self.json(3),
        }
    }

    /// A user whose private attributes, and nothing else, have the text `hidden` in them.
    pub fn user(&mut self) -> Value {
        if self.chance(3) {
            return Value::Null;
        }
        let mut user = json!({});
        let key = if self.chance(85) {
            json!(self.text())
        } else {
            self.json(1)
        };
        self.put(&mut user, 90, "key", key);
        let ids = self.list(3, |any| (any.pick(&IDS).to_owned(), any.scalar()));
        user["ids"] = ids.into_iter().collect();
        let attributes = self.list(5, |any| {
            let name = any.pick(&ATTRIBUTES).to_owned();
            (
                name,
                if any.chance(70) {
                    any.scalar()
                } else {
                    any.json(2)
                },
            )
        });
        user["attributes"] = attributes.into_iter().collect();
        let private = self.list(3, |any| {
            let name = any.pick(&ATTRIBUTES).to_owned();
            (name, json!(format!("{}hidden{}", any.text(), any.text())))
        });
        user["private_attributes"] = private.into_iter().collect();
        if self.chance(3) {
            user["attributes"] = self.json(1);
        }
        user
    }

    /// A record of one of the flags that [`Self::ruleset`] makes, or garbage.
    pub fn record(&mut self) -> Value {
        if self.chance(15) {
            return self.json(3);
        }
        let splits = self.list(4, |any| {
            let id = any.pick(&["r0", "r1", "r2", "d"]).to_owned();
            let variation = any.pick(&["on", "off", "blue", "green", "gone"]);
            let entry = json!({"variation": variation, "version": any.below(4)});
            (id, if any.chance(95) { entry } else { any.json(2) })
        });
        json!({"splits": splits.into_iter().collect::<Map<_, _>>(), "note": "kept"})
    }

    /// The units under which the users that [`Self::user`] makes may have records.
    pub fn units() -> impl Iterator<Item = String> {
        let named = |text: &'static str| {
            ["company", "guest"]
                .map(|id| format!("{text}:{id}"))
                .into_iter()
        };
        let texts = TEXTS.into_iter();
        texts.flat_map(move |text| named(text).chain([text.to_owned()]))
    }
}

//! Compiling conditions (sections 2.10 and 2.11). What is malformed, and where it matters, is settled here.

use super::conditions::{Condition, Device, Node, USER_ID, WebCampaign, unquoted};
use super::document::text_of;
use super::operands::Test;
use super::visitor::is_custom_variable;
use crate::ruleset::coerce::{self, digit, truthy};
use crate::ruleset::python_regex::{Options, PythonRegex};
use crate::user::Name;
use crate::value::{Value, kind_of};

const PLACES: [&str; 3] = ["country", "region", "city"];
const DEVICES: [&str; 4] = ["os", "browser_string", "device_type", "device"];

/// What compiling a condition needs to know, and what it finds out.
pub struct Compiler<'c> {
    /// The key of the flag with a numeric id.
    pub flag_of: &'c dyn Fn(f64) -> Option<Box<str>>,
    /// What does not work, each with its JSON path.
    pub remarks: Vec<(String, String)>,
}

impl Condition {
    /// Compiles the condition at `path`. `None`: there is none, it always passes.
    pub fn compile(value: &Value, path: &str, compiler: &mut Compiler<'_>) -> Option<Condition> {
        truthy(value).then(|| Condition {
            root: compiler.node(value, path),
            asks_web: asks_web(value),
        })
    }
}

fn asks_web(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.contains_key("campaignVariation") || object.values().any(asks_web)
        }
        Value::Array(list) => list.iter().any(asks_web),
        _ => false,
    }
}

impl Compiler<'_> {
    fn broken(&mut self, path: &str, why: &str) -> Node {
        Node::Broken(self.breaks(path, why))
    }

    fn breaks(&mut self, path: &str, why: &str) -> Box<str> {
        self.remark(path, format!("{why}; a user who gets here gets no answer"));
        format!("{path}: {why}").into()
    }

    fn remark(&mut self, path: &str, message: String) {
        self.remarks.push((path.to_owned(), message));
    }

    fn node(&mut self, value: &Value, path: &str) -> Node {
        let Some((key, value)) = value.as_object().and_then(|object| object.iter().next()) else {
            return self.broken(path, "a condition must be an object that is not empty");
        };
        let path = &format!("{path}.{key}");
        match key.as_str() {
            "not" => match value.as_object().is_some_and(|object| !object.is_empty()) {
                true => Node::Not(Box::new(self.node(value, path))),
                false => self.broken(path, "must be an object that is not empty"),
            },
            "and" => self.list(value, path, Self::all),
            "or" => self.list(value, path, Self::any),
            "custom_variable" => self.attribute(value, path),
            "user" => match value.as_str() {
                Some(list) => {
                    Node::Users(list.split(',').map(|id| coerce::strip(id).into()).collect())
                }
                None => self.broken(path, "must be a text"),
            },
            "ua" => Node::UserAgent(match value.as_str() {
                Some(operand) => Ok(self.test(operand, path, false)),
                None => Err(self.breaks(path, "must be a text")),
            }),
            "ip_address" => Node::Address(self.test(&text_of(value), path, true)),
            "browser_version" => {
                Node::Version("browser_version", self.test(&text_of(value), path, true))
            }
            "os_version" => Node::Version("os_version", self.test(&text_of(value), path, true)),
            "campaignVariation" => self.web_campaign(value, path),
            _ => Node::Never,
        }
    }

    fn test(&mut self, operand: &str, path: &str, trimmed: bool) -> Test {
        let (test, remark) = Test::new(operand, trimmed);
        if let Some(remark) = remark {
            self.remark(path, remark);
        }
        test
    }

    fn attribute(&mut self, value: &Value, path: &str) -> Node {
        let Some((name, operand)) = value.as_object().and_then(|object| object.iter().next())
        else {
            return self.broken(path, "must be an object that is not empty");
        };
        if !is_custom_variable(name) {
            return Node::Never;
        }
        let path = &format!("{path}.{name}");
        let test = match operand.as_str() {
            Some(operand) if operand.contains("inlist") => {
                let why = "an operand with `inlist` in it is never true on this platform";
                self.remark(path, why.to_owned());
                Ok(Test::Never)
            }
            Some(operand) => Ok(self.test(operand, path, false)),
            None => {
                let why = format!("must be a text, is {}", kind_of(operand));
                Err(self.breaks(path, &why))
            }
        };
        Node::Attribute {
            is_user_id: name == USER_ID,
            name: Name::new(name.as_str()),
            test,
        }
    }

    fn list(
        &mut self,
        value: &Value,
        path: &str,
        compile: impl Fn(&mut Self, &[Value], &str) -> Node,
    ) -> Node {
        match value {
            Value::Array(nodes) => compile(self, nodes, path),
            Value::Object(object) if object.is_empty() => compile(self, &[], path),
            Value::String(text) if text.is_empty() => compile(self, &[], path),
            _ => self.broken(path, "must be a list"),
        }
    }

    /// An `and`: places are collected until there are as many as nodes, which decides; else they do not count.
    fn all(&mut self, nodes: &[Value], path: &str) -> Node {
        let mut compiled = Vec::new();
        let mut places: Vec<(&'static str, Box<str>)> = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let here = PLACES
                .iter()
                .filter_map(|place| Some((*place, node.get(place)?)));
            let mut is_place = false;
            for (place, wanted) in here {
                is_place = true;
                let wanted = unquoted(wanted).into();
                match places.iter_mut().find(|(known, _)| *known == place) {
                    Some(known) => known.1 = wanted,
                    None => places.push((place, wanted)),
                }
            }
            if is_place && places.len() == nodes.len() {
                compiled.push(Node::Location(places));
                return Node::All(compiled);
            }
            if !is_place {
                compiled.push(self.node(node, &format!("{path}[{index}]")));
            }
        }
        Node::All(compiled)
    }

    /// An `or`: devices are collected until there are as many as nodes, which decides; a condition on another flag
    /// decides at once.
    fn any(&mut self, nodes: &[Value], path: &str) -> Node {
        let mut compiled = Vec::new();
        let mut devices: Vec<(&'static str, Vec<Device>)> = Vec::new();
        let mut keys = 0;
        for (index, node) in nodes.iter().enumerate() {
            let path = &format!("{path}[{index}]");
            for (key, value) in node.as_object().into_iter().flatten() {
                if let Some(device) = DEVICES.into_iter().find(|device| device == key) {
                    keys += 1;
                    let wanted = self.devices(value, &format!("{path}.{key}"));
                    match devices.iter_mut().find(|(known, _)| *known == device) {
                        Some((_, known)) => known.extend(wanted),
                        None => devices.push((device, wanted)),
                    }
                } else if key == "featureId"
                    && let Some(decides) = self.feature(value, &format!("{path}.{key}"))
                {
                    compiled.push(decides);
                    return Node::Any(compiled);
                }
            }
            if !devices.is_empty() && keys == nodes.len() {
                compiled.push(Node::Devices(devices));
                return Node::Any(compiled);
            }
            compiled.push(self.node(node, path));
        }
        Node::Any(compiled)
    }

    fn devices(&mut self, wanted: &Value, path: &str) -> Vec<Device> {
        let texts = match wanted {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let lower = texts
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_lowercase);
        lower
            .map(|text| {
                let inside = text
                    .strip_prefix("wildcard(")
                    .and_then(|t| t.strip_suffix(')'));
                let Some(inside) = inside else {
                    return Device::Text(text.into());
                };
                let options = Options {
                    ignore_case: true,
                    anchored: true,
                };
                let regex = PythonRegex::new(&inside.replace('*', ".*"), options);
                if let Err(refused) = &regex {
                    self.remark(path, format!("`{text}` is {refused}; it matches nothing"));
                }
                Device::Pattern(regex.ok().map(Box::new))
            })
            .collect()
    }

    /// A condition on another flag's record; `None` where it does not decide anything.
    fn feature(&mut self, value: &Value, path: &str) -> Option<Node> {
        let Some((id, wanted)) = value.as_object().and_then(|object| object.iter().next()) else {
            return Some(self.broken(path, "must be an object that is not empty"));
        };
        let wanted = match wanted.as_str() {
            Some("on") => true,
            Some("off") => false,
            _ => {
                self.remark(path, "neither `on` nor `off`: it is never true".to_owned());
                return None;
            }
        };
        let Some(id) = integer(id) else {
            return Some(self.broken(path, "its key must be the integer id of a flag"));
        };
        Some(match (self.flag_of)(id) {
            Some(flag) => Node::Stored { flag, wanted },
            None => {
                self.remark(
                    path,
                    format!("no flag has the id {id}: the whole `or` ends false"),
                );
                Node::Never
            }
        })
    }

    fn web_campaign(&mut self, value: &Value, path: &str) -> Node {
        let text = match value {
            Value::String(_) | Value::Number(_) => text_of(value),
            _ => String::new(),
        };
        let text = coerce::strip(&text);
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| digit(c).is_some());
        let campaign = match (text.strip_prefix('!'), text.split_once('_')) {
            (Some(campaign), _) if digits(campaign) => Some(WebCampaign::NotIn(campaign.into())),
            (None, None) if digits(text) => Some(WebCampaign::In(text.into())),
            (None, Some((campaign, variation))) if digits(campaign) => {
                match variation.strip_prefix('!') {
                    Some(other) if digits(other) => {
                        Some(WebCampaign::WithOther(campaign.into(), other.into()))
                    }
                    None if digits(variation) => {
                        Some(WebCampaign::With(campaign.into(), variation.into()))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        match campaign {
            Some(campaign) => Node::WebCampaign(campaign),
            None => {
                self.remark(
                    path,
                    "names no web testing campaign: it is never true".to_owned(),
                );
                Node::Never
            }
        }
    }
}

/// A text as Python's `int()` reads it.
fn integer(text: &str) -> Option<f64> {
    let text = coerce::strip(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = |c: char| c == '_' || digit(c).is_some();
    if digits.is_empty() || !digits.chars().all(fits) {
        return None;
    }
    coerce::float(text)
}

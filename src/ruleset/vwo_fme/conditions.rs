//! Conditions, which the platform calls segments: compiled, and asked (sections 2.10, 2.11 and 2.14).
//!
//! A condition has three outcomes: true, false, and broken. Broken is what the platform's SDK makes of a malformed
//! condition; it ends the whole flag call, under a `not` too. What a malformed piece means depends on where it stands
//! and whether it is reached, so it is kept where it is until then.

use super::document::{text_of, truthy};
use super::operands::Test;
use super::visitor::{Visitor, is_custom_variable};
use crate::ruleset::coerce::{self, digit};
use crate::ruleset::python_regex::{Options, PythonRegex};
use crate::user::{Entries, Name};
use crate::value::{Map, Value, kind_of};
use std::borrow::Cow;
use std::collections::HashSet;

/// The name under which the user's id is put among the variables.
pub const USER_ID: &str = "_vwoUserId";

/// A condition that broke: where, and why.
pub type Broken<'r> = Cow<'r, str>;

/// A whole condition, as it hangs on a campaign, a variation or a holdout.
#[derive(Debug)]
pub struct Condition {
    root: Node,
    /// It asks for web testing campaigns somewhere, so without them it is false as a whole.
    asks_web: bool,
}

#[derive(Debug)]
enum Node {
    Broken(Box<str>),
    Never,
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Attribute {
        name: Name,
        is_user_id: bool,
        test: Result<Test, Box<str>>,
    },
    Users(HashSet<Box<str>>),
    UserAgent(Result<Test, Box<str>>),
    Address(Test),
    /// A version that the gateway service found out.
    Version(&'static str, Test),
    Location(Vec<(&'static str, Box<str>)>),
    Devices(Vec<(&'static str, Vec<Device>)>),
    WebCampaign(WebCampaign),
    /// Whether the store has a record of another flag.
    Stored {
        flag: Box<str>,
        wanted: bool,
    },
}

#[derive(Debug)]
enum Device {
    Text(Box<str>),
    Pattern(Option<Box<PythonRegex>>),
}

#[derive(Debug)]
enum WebCampaign {
    In(Box<str>),
    With(Box<str>, Box<str>),
    WithOther(Box<str>, Box<str>),
    NotIn(Box<str>),
}

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

    pub fn holds<'r>(&'r self, scope: &mut Scope<'_>) -> Result<bool, Broken<'r>> {
        if self.asks_web && scope.visitor.web_campaigns().is_none() {
            return Ok(false);
        }
        self.root.holds(scope)
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

/// A value as places are compared.
fn unquoted(value: &Value) -> String {
    coerce::strip(&text_of(value).replace('"', "")).to_owned()
}

/// What a condition may look at.
pub struct Scope<'a> {
    pub visitor: Visitor<'a>,
    /// The custom variables or, for whitelisting, the targeting variables.
    pub variables: &'a Entries,
    /// What was put among the variables as [`USER_ID`].
    pub user_id: Option<&'a str>,
    /// Whether the store has a record of the flag.
    pub stored: &'a mut dyn FnMut(&str) -> bool,
}

impl Scope<'_> {
    fn user_id(&self, name: &Name) -> Option<Cow<'_, Value>> {
        match self.user_id {
            Some(id) => Some(Cow::Owned(Value::String(id.to_owned()))),
            None => self.variables.get(name).map(Cow::Borrowed),
        }
    }
}

impl Node {
    fn holds<'r>(&'r self, scope: &mut Scope<'_>) -> Result<bool, Broken<'r>> {
        Ok(match self {
            Node::Broken(why) => return Err(Cow::Borrowed(why)),
            Node::Never => false,
            Node::Not(node) => !node.holds(scope)?,
            Node::All(nodes) => {
                for node in nodes {
                    if !node.holds(scope)? {
                        return Ok(false);
                    }
                }
                true
            }
            Node::Any(nodes) => {
                for node in nodes {
                    if node.holds(scope)? {
                        return Ok(true);
                    }
                }
                false
            }
            Node::Attribute {
                name,
                is_user_id: true,
                test,
            } => match scope.user_id(name) {
                Some(value) => tested(test, &value)?,
                None => false,
            },
            Node::Attribute { name, test, .. } => match scope.variables.get(name) {
                Some(value) => tested(test, value)?,
                None => false,
            },
            Node::Users(ids) => {
                let given = || scope.variables.get_str(USER_ID).and_then(Value::as_str);
                scope
                    .user_id
                    .or_else(given)
                    .is_some_and(|id| ids.contains(id))
            }
            Node::UserAgent(test) => match scope.visitor.user_agent() {
                Some(agent) => tested(test, agent)?,
                None => false,
            },
            Node::Address(test) => scope
                .visitor
                .ip_address()
                .is_some_and(|ip| test.matches(ip)),
            Node::Version(of, test) => {
                let found = scope.visitor.gateway("userAgent");
                let version = found.as_ref().and_then(|found| found.get(*of));
                version.is_some_and(|version| !version.is_null() && test.matches(version))
            }
            Node::Location(places) => is_at(&scope.visitor, places),
            Node::Devices(devices) => is_on(&scope.visitor, devices),
            Node::WebCampaign(campaign) => campaign.holds(&scope.visitor),
            Node::Stored { flag, wanted } => (scope.stored)(flag) == *wanted,
        })
    }
}

fn tested<'r>(test: &'r Result<Test, Box<str>>, value: &Value) -> Result<bool, Broken<'r>> {
    match test {
        Ok(test) => Ok(test.matches(value)),
        Err(why) => Err(Cow::Borrowed(why)),
    }
}

fn is_at(visitor: &Visitor<'_>, places: &[(&'static str, Box<str>)]) -> bool {
    let (Some(_), Some(found)) = (visitor.ip_address(), visitor.gateway("location")) else {
        return false;
    };
    let there = |place: &str| found.get(place).map(unquoted);
    places
        .iter()
        .all(|(place, wanted)| there(place).as_deref() == Some(&**wanted))
}

fn is_on(visitor: &Visitor<'_>, devices: &[(&'static str, Vec<Device>)]) -> bool {
    let (Some(_), Some(found)) = (visitor.user_agent(), visitor.gateway("userAgent")) else {
        return false;
    };
    found.iter().any(|(kind, value)| {
        let value = text_of(value);
        let wanted = devices.iter().find(|(known, _)| known == kind);
        wanted.is_some_and(|(_, wanted)| wanted.iter().any(|device| device.is(&value)))
    })
}

impl Device {
    fn is(&self, value: &str) -> bool {
        match self {
            Device::Text(text) => value.to_lowercase() == **text,
            Device::Pattern(pattern) => pattern.as_ref().is_some_and(|p| p.is_match(value)),
        }
    }
}

impl WebCampaign {
    fn holds(&self, visitor: &Visitor<'_>) -> bool {
        let parsed: Value;
        let campaigns = match visitor.web_campaigns() {
            Some(Value::String(json)) => {
                // Given as text, it is only known now.
                parsed = serde_json::from_str(coerce::strip(json)).unwrap_or_default();
                parsed.as_object()
            }
            Some(campaigns) => campaigns.as_object(),
            None => None,
        };
        let in_campaign = |campaign: &str| variation_in(campaigns, campaign);
        match self {
            WebCampaign::In(campaign) => in_campaign(campaign).is_some(),
            WebCampaign::NotIn(campaign) => in_campaign(campaign).is_none(),
            WebCampaign::With(campaign, variation) => {
                in_campaign(campaign).is_some_and(|there| there == **variation)
            }
            WebCampaign::WithOther(campaign, variation) => {
                in_campaign(campaign).is_some_and(|there| there != **variation)
            }
        }
    }
}

fn variation_in(campaigns: Option<&Map<String, Value>>, campaign: &str) -> Option<String> {
    let variation = campaigns?.get(campaign).filter(|value| !value.is_null())?;
    Some(text_of(variation))
}

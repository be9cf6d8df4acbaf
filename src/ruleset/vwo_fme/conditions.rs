//! Conditions, which the platform calls segments, and asking them (sections 2.11 and 2.14).
//!
//! A condition has three outcomes: true, false, and broken. Broken is what the platform's SDK makes of a malformed
//! condition; it ends the whole flag call, under a `not` too. What a malformed piece means depends on where it stands
//! and whether it is reached, so it is kept where it is until then.

use super::document::text_of;
use super::operands::Test;
use super::visitor::Visitor;
use crate::ruleset::coerce;
use crate::ruleset::python_regex::PythonRegex;
use crate::user::{Entries, Name};
use crate::value::{Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;

/// The name under which the user's id is put among the variables.
pub const USER_ID: &str = "_vwoUserId";

/// A condition that broke: where, and why.
pub type Broken<'r> = Cow<'r, str>;

/// A whole condition, as it hangs on a campaign, a variation or a holdout.
#[derive(Debug)]
pub struct Condition {
    pub(super) root: Node,
    /// It asks for web testing campaigns somewhere, so without them it is false as a whole.
    pub(super) asks_web: bool,
}

#[derive(Debug)]
pub(super) enum Node {
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
pub(super) enum Device {
    Text(Box<str>),
    Pattern(Option<Box<PythonRegex>>),
}

#[derive(Debug)]
pub(super) enum WebCampaign {
    In(Box<str>),
    With(Box<str>, Box<str>),
    WithOther(Box<str>, Box<str>),
    NotIn(Box<str>),
}

impl Condition {
    pub fn holds<'r>(&'r self, scope: &mut Scope<'_>) -> Result<bool, Broken<'r>> {
        if self.asks_web && scope.visitor.web_campaigns().is_none() {
            return Ok(false);
        }
        self.root.holds(scope)
    }
}

/// A value as places are compared.
pub(super) fn unquoted(value: &Value) -> String {
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

//! Whom a decision is about: the user in the platform's terms, together with what the client adds to every user
//! (sections 2.1 and 2.4).

use super::options::Options;
use super::view::{View, text_of};
use crate::user::{Entries, Name, Part, User};
use crate::value::Value;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The attributes that are fields of the user; every other one is a custom field.
pub const TOP: [&str; 6] = [
    "email",
    "ip",
    "userAgent",
    "country",
    "locale",
    "appVersion",
];

/// A field of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    UserId,
    Attribute(usize),
}

static TOP_NAMES: LazyLock<[Name; 6]> = LazyLock::new(|| TOP.map(Name::new));

/// A condition's `field`, with everything that can be found out about it before there is a user.
#[derive(Clone, Debug)]
pub struct Field {
    exact: Name,
    lower: Option<Name>,
    /// A field of the user that goes before all others, where it is not empty.
    first: Option<Top>,
    /// One that goes after all others.
    last: Option<Top>,
}

impl Field {
    pub fn new(field: &str) -> Self {
        let lower = field.to_lowercase();
        let attribute = |name| TOP.iter().position(|top| *top == name).map(Top::Attribute);
        let first = match lower.as_str() {
            "userid" => Some(Top::UserId),
            "appversion" => attribute("appVersion"),
            "useragent" => attribute("userAgent"),
            other => attribute(other),
        };
        let last = match lower.as_str() {
            "user_id" => Some(Top::UserId),
            "app_version" => attribute("appVersion"),
            "user_agent" => attribute("userAgent"),
            _ => None,
        };
        Field {
            lower: (lower != field).then(|| Name::new(lower)),
            exact: Name::new(field),
            first,
            last,
        }
    }

    /// The value under the field's name as it is spelled, or in lower case.
    fn among<'e>(&self, entries: &'e Entries) -> Option<&'e Value> {
        let exact = entries.get(&self.exact);
        exact.or_else(|| entries.get(self.lower.as_ref()?))
    }

    /// The same among custom fields, which the fields of the user are not.
    fn among_custom<'e>(&self, entries: &'e Entries) -> Option<&'e Value> {
        let custom = |name: &Name| match TOP.contains(&name.as_str()) {
            true => None,
            false => entries.get(name),
        };
        custom(&self.exact).or_else(|| custom(self.lower.as_ref()?))
    }
}

/// An id type, as a document spells it.
#[derive(Clone, Debug)]
pub struct IdType {
    pub text: Box<str>,
    is_user_id: bool,
    exact: Name,
    lower: Option<Name>,
}

impl IdType {
    pub fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        IdType {
            text: text.into(),
            is_user_id: lower == "userid",
            lower: (lower != text).then(|| Name::new(lower)),
            exact: Name::new(text),
        }
    }
}

/// A user, and what the client says about all of them.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub user: &'a User,
    pub options: &'a Options,
    /// The tier where the client's options name no environment.
    pub default_tier: Option<&'a Value>,
}

static NO_ID: Value = Value::String(String::new());

/// What may be an id; the platform passes over everything else.
fn is_id(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_))
}

impl<'a> Subject<'a> {
    pub fn user_id(&self) -> &'a Value {
        match self.user.raw_key() {
            id if is_id(id) => id,
            _ => &NO_ID,
        }
    }

    /// The unit id, as it was given.
    pub fn unit(&self, id_type: &IdType) -> Option<&'a Value> {
        if id_type.is_user_id {
            return Some(self.user_id());
        }
        let ids = self.user.ids();
        let exact = ids.get(&id_type.exact).filter(|id| is_id(id));
        exact.or_else(|| ids.get(id_type.lower.as_ref()?).filter(|id| is_id(id)))
    }

    pub fn unit_text(&self, id_type: &IdType) -> Option<Cow<'a, str>> {
        text_of(self.unit(id_type)?)
    }

    /// The texts by which local overrides know the user (section 4.5).
    pub fn ids(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let others = self.user.ids().iter().map(|(_, id)| id);
        std::iter::once(self.user_id())
            .chain(others.filter(|id| is_id(id)))
            .filter_map(text_of)
    }

    pub fn top(&self, top: Top) -> Option<&'a Value> {
        match top {
            Top::UserId => Some(self.user_id()),
            Top::Attribute(at) => {
                let value = self.user.attributes().get(&TOP_NAMES[at])?;
                (!value.is_null()).then_some(value)
            }
        }
    }

    /// What a field of this user says; `None`: nothing, not even null.
    pub fn value(&self, field: &Field) -> Option<&'a Value> {
        if let Some(value) = field.first.and_then(|top| self.top(top))
            && text_of(value).is_some_and(|text| !text.is_empty())
        {
            return Some(value);
        }
        field
            .among_custom(self.user.attributes())
            .or_else(|| field.among(&self.options.global_custom_fields))
            .or_else(|| field.among(self.user.part(Part::PrivateAttributes)))
            .or_else(|| self.top(field.last?))
    }

    pub fn user_agent(&self) -> Option<&'a Value> {
        static FIELD: LazyLock<Field> = LazyLock::new(|| Field::new("userAgent"));
        self.value(&FIELD)
    }

    pub fn address(&self) -> Option<&'a Value> {
        static FIELD: LazyLock<Field> = LazyLock::new(|| Field::new("ip"));
        self.value(&FIELD)
    }

    pub fn environment(&self, field: &Field) -> View<'a> {
        let own = self.user.part(Part::Environment).get(&field.exact);
        if let Some(value) = own.filter(|value| !value.is_null()) {
            return View::Json(value);
        }
        let value = match &self.options.environment {
            Some(environment) => field.among(environment),
            None => self.default_tier.filter(|_| {
                let is_tier = |name: &Name| name.as_str() == "tier";
                is_tier(&field.exact) || field.lower.as_ref().is_some_and(is_tier)
            }),
        };
        value.map_or(View::Missing, View::Json)
    }
}

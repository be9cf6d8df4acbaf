//! The user as this platform sees one: an id and its context (section 2.1). Nothing is read before it is asked for.

use crate::ruleset::coerce::{self, truthy};
use crate::user::{Entries, Name, Part, User};
use crate::value::{Map, Value};
use std::borrow::Cow;
use std::sync::LazyLock;

macro_rules! names {
    ($($constant:ident = $name:literal)*) => {
        $(static $constant: LazyLock<Name> = LazyLock::new(|| Name::new($name));)*
    };
}

names! {
    USER_AGENT = "userAgent"
    IP_ADDRESS = "ipAddress"
    SEED = "bucketingSeed"
    ID_FOR_WEB = "useIdForWeb"
    GATEWAY = "_vwo"
    GATEWAY_REBRANDED = "_wingify"
    PLATFORM = "platformVariables"
    SESSION = "sessionId"
    POST_SEGMENTATION = "postSegmentationVariables"
}

/// Attributes of these names are members of the context and no custom variables.
pub fn is_custom_variable(name: &str) -> bool {
    name != USER_AGENT.as_str() && name != IP_ADDRESS.as_str()
}

#[derive(Clone, Copy)]
pub struct Visitor<'u> {
    pub user: &'u User,
    pub id: &'u str,
    /// What buckets are computed from: the seed where there is one, else the id.
    pub bucketing_id: &'u str,
}

impl<'u> Visitor<'u> {
    pub fn new(user: &'u User, id: &'u str) -> Self {
        let context = user.part(Part::Context);
        let seed = match context.is_empty() {
            true => None,
            false => context.get(&SEED).and_then(Value::as_str),
        };
        Visitor {
            user,
            id,
            bucketing_id: seed
                .filter(|seed| !coerce::strip(seed).is_empty())
                .unwrap_or(id),
        }
    }

    pub fn custom_variables(&self) -> &'u Entries {
        self.user.attributes()
    }

    pub fn targeting_variables(&self) -> &'u Entries {
        self.user.part(Part::Targeting)
    }

    pub fn user_agent(&self) -> Option<&'u Value> {
        self.user
            .attributes()
            .get(&USER_AGENT)
            .filter(|v| truthy(v))
    }

    pub fn ip_address(&self) -> Option<&'u Value> {
        self.user
            .attributes()
            .get(&IP_ADDRESS)
            .filter(|v| !v.is_null())
    }

    /// Whether the caller demands that the id be a web visitor's.
    pub fn demands_web_id(&self) -> bool {
        self.context(&ID_FOR_WEB) == Some(&Value::Bool(true))
    }

    pub fn session(&self) -> Option<&'u Value> {
        self.context(&SESSION).filter(|v| !v.is_null())
    }

    /// The custom variables that go with impressions.
    pub fn post_segmentation(&self) -> impl Iterator<Item = (&'u str, &'u Value)> {
        let names = self.context(&POST_SEGMENTATION).and_then(Value::as_array);
        let variables = self.custom_variables();
        names.into_iter().flatten().filter_map(move |name| {
            let name = name.as_str().filter(|name| is_custom_variable(name))?;
            Some((name, variables.get_str(name)?))
        })
    }

    /// A member of what the gateway service found out; `None`: there is no gateway data at all. A member that is
    /// missing is empty.
    pub fn gateway(&self, member: &str) -> Option<Cow<'u, Map<String, Value>>> {
        let data = self
            .context(&GATEWAY)
            .or_else(|| self.context(&GATEWAY_REBRANDED))?;
        let data = data.as_object().filter(|data| !data.is_empty())?;
        Some(match data.get(member).and_then(Value::as_object) {
            Some(member) => Cow::Borrowed(member),
            None => Cow::Owned(Map::new()),
        })
    }

    /// The web testing campaigns, as they were given; `None`: the condition cannot be asked (section 2.11).
    pub fn web_campaigns(&self) -> Option<&'u Value> {
        let platform = self.context(&PLATFORM)?.as_object()?;
        platform.get("webTestingCampaigns").filter(|v| !v.is_null())
    }

    fn context(&self, name: &Name) -> Option<&'u Value> {
        self.user.part(Part::Context).get(name)
    }
}

/// Whether an id looks like the uuid of a web visitor (section 2.9).
pub fn is_web_id(id: &str) -> bool {
    let digits = id.strip_prefix(['D', 'J']);
    digits.is_some_and(|d| d.len() == 32 && d.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

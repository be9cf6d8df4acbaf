//! Whether an evaluation is sent to experiments (section 6.3), as far as that is known before the user.

use super::flag::Sent;
use crate::ruleset::coerce::truthy;
use crate::ruleset::path::Path;
use crate::ruleset::portion::{Range, end};
use crate::ruleset::raised::{Findings, Reached, member};
use crate::value::{Value, kind_of};

/// For a user who is a target: the scope as it is written; where it says nothing, all.
pub fn target(scope: &Value) -> Sent {
    Sent::Known(match scope {
        Value::Null => Value::Bool(true),
        scope => scope.clone(),
    })
}

/// For a user in a range of a rule or of the default.
pub fn rollout(
    scope: &Value,
    included: &Value,
    rollout: &Value,
    range: Range,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<Sent> {
    let known = |sent| Ok(Sent::Known(Value::Bool(sent)));
    if scope.is_null() || included.is_null() {
        return known(true);
    }
    let share = member(rollout, "exptRollout", path, findings)?;
    if share.is_null() {
        return known(true);
    }
    if !truthy(included) {
        return known(false);
    }
    let Some(number) = end(share) else {
        let why = format!("must be a number, is {}", kind_of(share));
        return findings.raise(&path.key("exptRollout"), why);
    };
    if number == 0.0 || range.width() == 0.0 {
        return known(false);
    }
    let upper = (number / range.width()).min(1.0);
    Ok(Sent::Within(Range::new(0.0, upper)))
}

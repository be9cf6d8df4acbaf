//! Whether an evaluation is sent to experiments (section 6.3), as far as that is known before the user.

use crate::ruleset::coerce::truthy;
use crate::ruleset::experiment::Sent;
use crate::ruleset::path::Path;
use crate::ruleset::portion::Range;
use crate::ruleset::raised::{Findings, Reached, member};
use crate::value::Value;

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
    Sent::share(share, range, path, findings)
}

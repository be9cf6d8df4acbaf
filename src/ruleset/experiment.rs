//! Whether an evaluation is sent to experiments, as featureflag.co and FeatBit say it of ranges of users.

use super::path::Path;
use super::portion::{Range, end};
use super::raised::{Findings, Reached};
use crate::value::{Value, kind_of};

/// As far as it is known before the user.
#[derive(Debug)]
pub enum Sent {
    /// As it is written in events.
    Known(Value),
    /// Whoever's experiment number is in it.
    Within(Range),
}

impl Sent {
    /// A share of those who are in a range: `exptRollout`, found at `path`.
    pub fn share(
        share: &Value,
        range: Range,
        path: &Path<'_>,
        findings: &mut Findings,
    ) -> Reached<Sent> {
        let Some(number) = end(share) else {
            let why = format!("must be a number, is {}", kind_of(share));
            return findings.raise(&path.key("exptRollout"), why);
        };
        if number == 0.0 || range.width() == 0.0 {
            return Ok(Sent::Known(Value::Bool(false)));
        }
        let upper = (number / range.width()).min(1.0);
        Ok(Sent::Within(Range::new(0.0, upper)))
    }

    /// What events say of a user; asks for the number only where it matters.
    pub fn of(&self, number: impl FnOnce() -> f64) -> Value {
        match self {
            Sent::Known(sent) => sent.clone(),
            Sent::Within(range) => Value::Bool(range.holds(|| Some(number()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_share_is_of_the_range_and_never_more_than_all_of_it() {
        let path = Path::root("x");
        let sent = |share: Value, high: f64, number: f64| {
            let mut findings = Findings::default();
            let sent = Sent::share(&share, Range::new(0.0, high), &path, &mut findings);
            sent.map(|sent| sent.of(|| number)).ok()
        };
        assert_eq!(sent(json!(0.25), 0.5, 0.49), Some(json!(true)));
        assert_eq!(sent(json!(0.25), 0.5, 0.5), Some(json!(false)));
        assert_eq!(sent(json!(7), 0.5, 1.0), Some(json!(true)));
        assert_eq!(sent(json!(true), 1.0, 1.0), Some(json!(true)));
        assert_eq!(sent(json!(-1), 0.5, 0.0), Some(json!(false)));
        assert_eq!(sent(json!(0), 0.5, 0.0), Some(json!(false)));
        assert_eq!(sent(json!(1), 0.0, 0.0), Some(json!(false)));
        assert_eq!(sent(json!("1"), 0.5, 0.0), None);
        assert_eq!(sent(json!(null), 0.5, 0.0), None);
    }
}

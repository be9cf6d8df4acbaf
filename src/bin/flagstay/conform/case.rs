//! One case: a fresh client, its documents, its steps.

use super::compare::{self, Difference};
use super::report::{Failure, Report};
use super::store::{CaseStore, Faults};
use super::vectors::{Case, File, Passed, Step};
use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::error::{Error, ErrorKind};
use flagstay::ruleset::{Enforce, Kind, Metric, Mode, Request};
use flagstay::sticky::host::HostStore;
use flagstay::sticky::{Held, Store};
use flagstay::user::User;
use flagstay::value::{Map, Value};
use serde_json::json;
use serde_json::value::RawValue;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The client options that a case may set; all but `store_fault` are the dialect's.
const OPTIONS: [&str; 7] = [
    "goal_type_to_track",
    "opt_out",
    "store_fault",
    "environment",
    "global_custom_fields",
    "env_secret",
    "defaults",
];

/// Runs a case and reports each of its checks.
pub fn run(file: &File, text: &RawValue, report: &mut Report) {
    let whole = |case: &str, message: String| Failure::of_case(&file.path, case, message);
    let case: Case = match parse(text) {
        Ok(case) => case,
        Err(error) => return report.fail(&file.dialect, whole("(unreadable)", error)),
    };
    let subject = match quietly(|| Subject::new(file, &case)) {
        Ok(subject) => subject,
        Err(message) => return report.fail(&file.dialect, whole(&case.name, message)),
    };
    for (index, text) in case.steps.iter().enumerate() {
        let failed = |message: String, differences| {
            whole(&case.name, message).at_step(index + 1, text.get(), differences)
        };
        let outcome = parse::<Step>(text).and_then(|step| {
            let differences = quietly(|| subject.take(&step))?;
            Ok(step.expect.is_some().then_some(differences))
        });
        match outcome {
            Ok(None) => {}
            Ok(Some(differences)) if differences.is_empty() => report.pass(&file.dialect),
            Ok(Some(differences)) => {
                report.fail(&file.dialect, failed(String::new(), differences));
            }
            Err(message) => report.fail(&file.dialect, failed(message, Vec::new())),
        }
    }
}

/// The client under test and what the steps look at besides.
struct Subject<'f> {
    file: &'f File,
    client: Client,
    store: Option<CaseStore>,
}

impl<'f> Subject<'f> {
    fn new(file: &'f File, case: &Case) -> Result<Self, String> {
        let mut options = Map::new();
        let mut faults = Faults::default();
        for (name, text) in &case.config {
            if !OPTIONS.contains(&name.as_str()) {
                return Err(format!("config.{name}: not known to this runner"));
            }
            if name == "store_fault" {
                faults = Faults::named(&parse::<String>(text)?)?;
            } else {
                options.insert(name.clone(), parse(text)?);
            }
        }
        let exposures = case
            .steps
            .iter()
            .any(|step| parse::<Step>(step).is_ok_and(|step| step.op == "events"));
        let mut config = json!({
            "dialect": file.dialect,
            "options": options,
            "events": {"exposures": exposures},
        });
        if let Some(now_ms) = file.now_ms {
            config["now_ms"] = json!(now_ms);
        }
        let store = case.storage.as_ref().map(|records| {
            let records = records.iter().map(|stored| {
                let place = (stored.unit.clone(), stored.flag.clone());
                (place, stored.record.get().to_owned())
            });
            CaseStore::new(records.collect(), faults)
        });
        let host = store
            .clone()
            .map(|store| Arc::new(HostStore::new(store)) as Arc<dyn Store>);
        let config = Config::from_json(&config.to_string()).map_err(|e| e.message)?;
        let subject = Subject {
            file,
            client: Client::new(config, host).map_err(|e| e.message)?,
            store,
        };
        if let Some(name) = &case.ruleset {
            subject.update(name)?;
        }
        Ok(subject)
    }

    /// Takes one step and returns where its answer differs from what it expects.
    fn take(&self, step: &Step) -> Result<Vec<Difference>, String> {
        let expected: Option<Value> = step.expect.as_deref().map(parse).transpose()?;
        let differences = |compare: &dyn Fn(&Value) -> Vec<Difference>| {
            Ok(expected.as_ref().map(compare).unwrap_or_default())
        };
        match step.op.as_str() {
            "evaluate" => {
                let got = self.evaluate(step)?;
                differences(&|expected| compare::decision(expected, &got))
            }
            "evaluate_all" => {
                let got = self.evaluate_all(step)?;
                differences(&|expected| compare::decisions(expected, &got))
            }
            "track" => {
                let got = json!({ "accepted": self.track(step)? });
                differences(&|expected| compare::whole("track", expected, &got))
            }
            "events" => {
                let mut got = Value::Array(self.client.drain_events(usize::MAX));
                compare::forget_timestamps(&mut got);
                differences(&|expected| compare::whole("events", expected, &got))
            }
            "storage" => {
                let store = self.store.as_ref().ok_or("the case has no storage")?;
                let got = store.list()?;
                differences(&|expected| compare::set("record", expected, &got))
            }
            "ruleset" => match expected {
                Some(_) => Err("a step with op `ruleset` has nothing to expect".to_owned()),
                None => self
                    .update(step.need(&step.name, "name")?)
                    .map(|()| Vec::new()),
            },
            other => Err(format!("op `{other}` is not known to this runner")),
        }
    }

    /// That the dialect refuses a document is an answer too: what follows is decided without it.
    fn update(&self, name: &str) -> Result<(), String> {
        match self.client.update(&self.file.document(name)?) {
            Err(error) if error.kind == ErrorKind::Internal => Err(error.message),
            _ => Ok(()),
        }
    }

    fn evaluate(&self, step: &Step) -> Result<Value, String> {
        let user = user(step)?;
        let held = self.held(step)?;
        let request = Request {
            flag: step.need(&step.flag, "flag")?,
            held: held.as_ref(),
            ..request(step, &user)?
        };
        self.client.evaluate(&request, |decision| {
            let mut got = decision.to_json();
            // What leaves through the ABI: where the ruleset has no answer, the caller's default.
            if let (None, Some(default)) = (decision.value.value(), &step.default) {
                got["value"] = parse(default)?;
            }
            Ok(got)
        })
    }

    /// The assignments that the step passes along, if it passes any.
    fn held(&self, step: &Step) -> Result<Option<Held>, String> {
        let said = |error: Error| error.message;
        match &step.assignments {
            None => Ok(None),
            Some(Passed::Values(records)) => Held::from_json(records.get()).map(Some).map_err(said),
            Some(Passed::Load { user, id_type }) => {
                let user = User::from_json(user.get()).map_err(said)?;
                self.client.load_assignments(&user, id_type).map_err(said)
            }
        }
    }

    fn evaluate_all(&self, step: &Step) -> Result<Map<String, Value>, String> {
        let mut got = Map::new();
        let each = |flag: &str, decision: flagstay::decision::Decision<'_>| {
            got.insert(flag.to_owned(), decision.to_json());
        };
        let user = user(step)?;
        self.client
            .evaluate_all(&request(step, &user)?, each)
            .map_err(|code| format!("no decisions: {}", code.as_str()))?;
        Ok(got)
    }

    fn track(&self, step: &Step) -> Result<bool, String> {
        let value: Option<Value> = step.value.as_deref().map(parse).transpose()?;
        let properties: Option<Option<Map<String, Value>>> =
            step.properties.as_deref().map(parse).transpose()?;
        let metric = Metric {
            event: step.need(&step.event, "event")?,
            user: &user(step)?,
            value: value.as_ref().filter(|value| !value.is_null()),
            properties: properties.as_ref().and_then(Option::as_ref),
            flags: step.flags.as_deref(),
        };
        self.client.track(&metric).map_err(|error| error.message)
    }
}

fn user(step: &Step) -> Result<User, String> {
    User::from_json(step.need(&step.user, "user")?.get()).map_err(|error| error.message)
}

/// What the step asks, but for the flag and the assignments.
fn request<'a>(step: &'a Step, user: &'a User) -> Result<Request<'a>, String> {
    let kind = |name: &String| Kind::named(name).ok_or_else(|| format!("no such kind: `{name}`"));
    Ok(Request {
        default: step.default.as_deref().map(RawValue::get),
        mode: match step.exposure {
            Some(false) => Mode::Read,
            _ => Mode::Expose,
        },
        kind: step.kind.as_ref().map(kind).transpose()?,
        enforce: Enforce {
            targeting: step.enforce_targeting,
            overrides: step.enforce_overrides,
        },
        ..Request::new("", user)
    })
}

fn parse<T: serde::de::DeserializeOwned>(text: &RawValue) -> Result<T, String> {
    serde_json::from_str(text.get()).map_err(|error| error.to_string())
}

/// A panic fails the step that met it, not the run.
fn quietly<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", said.unwrap_or("no message")))
    })
}

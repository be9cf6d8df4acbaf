//! `flagstay evaluate` and `flagstay explain`: one flag, one user.

use super::ruleset;
use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::error::{Error, ErrorKind};
use flagstay::ruleset::{Kind, Mode, Request};
use flagstay::sticky::Held;
use flagstay::user::User;
use flagstay::value::{Map, Value};
use serde_json::json;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    ruleset: ruleset::Document,
    /// The user: {"key": …, "attributes": {…}, …}, or null for no user at all.
    #[arg(long, value_name = "JSON")]
    user: String,
    /// The flag to decide; `evaluate` without it decides all.
    #[arg(long, value_name = "KEY")]
    flag: Option<String>,
    /// What to answer when there is no decision.
    #[arg(long, value_name = "JSON")]
    default: Option<String>,
    /// Where assignments are kept, for example sqlite:assignments.db.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Only look: write no assignment.
    #[arg(long)]
    read: bool,
    /// Which kind of flag, where names can collide: gate, config, experiment or layer.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// Load the user's assignments from the store first, by their id of this type, and pass them on (Statsig: userID).
    #[arg(long, value_name = "ID_TYPE")]
    load: Option<String>,
    /// Print the platform's further facts too.
    #[arg(long)]
    details: bool,
}

fn kind(name: &str) -> Result<Kind, &'static str> {
    Kind::named(name).ok_or("none of gate, config, experiment, layer")
}

impl Arguments {
    fn client(&self) -> Result<Client, Error> {
        let mut config = json!({"dialect": self.ruleset.dialect, "options": self.ruleset.options});
        if let Some(url) = &self.store {
            config["store"] = json!(url);
        }
        let client = Client::new(Config::from_json(&config.to_string())?, None)?;
        let document = self.ruleset.read()?;
        let named = |error: Error| Error::at(error.kind, self.ruleset.ruleset.display(), error);
        client.update(&document).map_err(named)?;
        Ok(client)
    }

    fn user(&self) -> Result<User, Error> {
        let named = |error: Error| Error::at(error.kind, "--user", error);
        User::from_json(&self.user).map_err(named)
    }

    /// The default, checked: nobody notices a default that is no JSON until the day it is needed.
    fn default(&self) -> Result<Option<Value>, Error> {
        let parse = |text: &String| {
            serde_json::from_str(text)
                .map_err(|error| Error::at(ErrorKind::InvalidJson, "--default", error))
        };
        self.default.as_ref().map(parse).transpose()
    }

    /// The assignments that are to be passed on.
    fn held(&self, client: &Client, user: &User) -> Result<Option<Held>, Error> {
        let load = |id_type: &String| client.load_assignments(user, id_type);
        Ok(self.load.as_ref().map(load).transpose()?.flatten())
    }

    fn request<'a>(&'a self, flag: &'a str, user: &'a User, held: Option<&'a Held>) -> Request<'a> {
        Request {
            held,
            default: self.default.as_deref(),
            mode: if self.read { Mode::Read } else { Mode::Expose },
            kind: self.kind,
            details: self.details,
            ..Request::new(flag, user)
        }
    }
}

/// Prints the decision as JSON, or all of them by flag. 0: decided; 1: not, the decision's `error` says why.
pub fn evaluate(arguments: &Arguments) -> Result<ExitCode, Error> {
    let client = arguments.client()?;
    let user = arguments.user()?;
    let default = arguments.default()?;
    let held = arguments.held(&client, &user)?;
    let held = held.as_ref();
    let Some(flag) = &arguments.flag else {
        let mut decisions = Map::new();
        client
            .evaluate_all(&arguments.request("", &user, held), |flag, decision| {
                decisions.insert(flag.to_owned(), decision.to_json());
            })
            .map_err(|code| Error::new(ErrorKind::InvalidRuleset, code.as_str()))?;
        print(&Value::Object(decisions));
        return Ok(ExitCode::SUCCESS);
    };
    let decision = client.evaluate(&arguments.request(flag, &user, held), |decision| {
        let mut json = decision.to_json();
        if let (None, Some(default)) = (decision.value.value(), default) {
            json["value"] = default;
        }
        json
    });
    print(&decision);
    Ok(code_of(&decision))
}

/// Prints the decision and every step that led to it. Writes nothing, whatever the store.
pub fn explain(arguments: &Arguments) -> Result<ExitCode, Error> {
    let Some(flag) = &arguments.flag else {
        return Err(Error::at(
            ErrorKind::InvalidArgument,
            "--flag",
            "which flag is to be explained?",
        ));
    };
    let client = arguments.client()?;
    arguments.default()?;
    let user = arguments.user()?;
    let held = arguments.held(&client, &user)?;
    let explanation = client.explain(&arguments.request(flag, &user, held.as_ref()));
    print(&explanation);
    Ok(code_of(&explanation["decision"]))
}

fn print(value: &Value) {
    println!("{value:#}");
}

fn code_of(decision: &Value) -> ExitCode {
    if decision["error"].is_null() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

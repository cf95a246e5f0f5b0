//! `blindspot user`: who may ask a collector.

use std::{fs, io::Write as _};

use anyhow::Context as _;
use reqwest::Method;
use serde_json::json;

use super::{Outcome, args::UserCommand};
use crate::{
    api::people::{Done, MadeApiToken, UserLine},
    client::{Client, ClientFile, own_file},
    output::clean::clean,
};

pub(super) fn run(command: &UserCommand) -> anyhow::Result<Outcome> {
    let mut out = anstream::stdout();
    match command {
        UserCommand::Login { name, password, collector } => {
            let client = Client::needed(collector)?;
            let body = json!({ "name": name, "password": asked(password.as_ref(), name)? });
            let made: MadeApiToken = client.ask(Method::POST, "/api/v1/login", &[], Some(&body))?;
            let home = collector.home.as_deref().context("HOME says no folder to write the token to")?;
            let ca = collector
                .ca
                .as_ref()
                .map(fs::read_to_string)
                .transpose()
                .context("could not read the authority")?;
            let path = own_file(home);
            ClientFile { url: client.url().to_owned(), token: made.token, ca }.write(&path)?;
            writeln!(
                out,
                "logged in as {} ({}); {} holds the token",
                clean(name),
                made.role,
                path.display()
            )?;
        }
        UserCommand::List { collector } => {
            for user in Client::needed(collector)?.get::<Vec<UserLine>>("/api/v1/users", &[])? {
                let state = if user.disabled { "  may not log in" } else { "" };
                writeln!(out, "{:24} {:8}{state}", clean(&user.name), user.role)?;
            }
        }
        UserCommand::Add { name, role, password, collector } => {
            let client = Client::needed(collector)?;
            let body = json!({ "name": name, "role": role, "password": asked(password.as_ref(), name)? });
            client.ask::<UserLine>(Method::POST, "/api/v1/users", &[], Some(&body))?;
            writeln!(out, "{} may log in as {role}", clean(name))?;
        }
        UserCommand::Remove { name, collector } => {
            let path = format!("/api/v1/users/{name}");
            Client::needed(collector)?.ask::<Done>(Method::DELETE, &path, &[], None)?;
            writeln!(out, "{} is removed", clean(name))?;
        }
        UserCommand::Token { label, role, ttl, collector } => {
            let body = json!({ "label": label, "role": role, "ttl": ttl });
            let made: MadeApiToken =
                Client::needed(collector)?.ask(Method::POST, "/api/v1/api-tokens", &[], Some(&body))?;
            writeln!(out, "{}", made.token)?;
        }
    }
    Ok(Outcome::Done)
}

/// The password that was given, or that is typed now, unseen.
fn asked(given: Option<&String>, name: &str) -> anyhow::Result<String> {
    match given {
        Some(password) => Ok(password.clone()),
        None => rpassword::prompt_password(format!("password of {name}: ")).context("no password was typed"),
    }
}

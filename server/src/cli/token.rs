//! `blindspot token`: the tokens with which agents enrol.

use std::io::Write as _;

use comfy_table::{Table, presets};
use reqwest::Method;

use super::{Outcome, args::TokenCommand};
use crate::{
    api::{
        people::Done,
        tokens::{MadeToken, NewToken, TokenLine},
    },
    client::Client,
    output::clean::clean,
};

const PATH: &str = "/api/v1/enrolment-tokens";

pub(super) fn run(command: &TokenCommand) -> anyhow::Result<Outcome> {
    let mut out = anstream::stdout();
    match command {
        TokenCommand::Create { group, uses, ttl, label, collector } => {
            let new = NewToken {
                label: Some(label.clone()),
                group: Some(group.clone()),
                uses: *uses,
                ttl: Some(ttl.clone()),
            };
            let body = serde_json::to_value(new)?;
            let made: MadeToken = Client::needed(collector)?.ask(Method::POST, PATH, &[], Some(&body))?;
            // The string alone on standard output, so that it can be taken up by a script.
            writeln!(out, "{}", made.enrolment_string)?;
            let uses =
                uses.map_or_else(|| "any number of agents".to_owned(), |uses| format!("{uses} agents"));
            writeln!(
                anstream::stderr(),
                "on each host: blindspot-agent enroll STRING\ngood for {uses} until {}, into group {}; id {}",
                made.token.expires.strftime("%Y-%m-%d %H:%MZ"),
                clean(&made.token.group),
                made.token.id
            )?;
        }
        TokenCommand::List { collector } => {
            let tokens: Vec<TokenLine> = Client::needed(collector)?.get(PATH, &[])?;
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            table.set_header(["ID", "STATE", "GROUP", "USES LEFT", "EXPIRES", "MADE BY", "FOR"]);
            for token in tokens {
                let uses = token.uses_left.map_or_else(|| "any".to_owned(), |uses| uses.to_string());
                let expires = token.expires.strftime("%Y-%m-%d %H:%MZ").to_string();
                let row = [token.id, token.state, token.group, uses, expires, token.created_by, token.label];
                table.add_row(row.map(|text| clean(&text).into_owned()));
            }
            writeln!(out, "{table}")?;
        }
        TokenCommand::Revoke { id, collector } => {
            let path = format!("{PATH}/{id}");
            Client::needed(collector)?.ask::<Done>(Method::DELETE, &path, &[], None)?;
            writeln!(out, "token {} is revoked", clean(id))?;
        }
    }
    Ok(Outcome::Done)
}

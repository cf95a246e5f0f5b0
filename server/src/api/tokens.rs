//! Enrolment tokens: with one of them, agents get an identity.

use axum::{Json, extract::State};
use blindspot_store::{EnrolmentToken, TokenRow};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::{
    App,
    access::{Body, By, Named, log},
    people::Done,
    problem::{Answer, Failure, Problem},
};
use crate::{cli::args::parse_span, collector::people::random};

/// How long a token is good where nothing is said.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// The longest that a token can be good.
const A_YEAR: SignedDuration = SignedDuration::from_hours(24 * 366);

/// An enrolment token, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TokenLine {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// The group that its agents get into.
    pub group: String,
    /// How many agents it is good for yet; without a number, for any.
    pub uses_left: Option<u32>,
    /// It is good until then.
    #[schema(value_type = String)]
    pub expires: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// good, spent, expired or revoked.
    pub state: String,
}

/// What a token of either kind is called by: the first bytes of its secret's hash, in hexadecimal.
pub(super) fn token_id(hash: &[u8; 32]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn line(row: &TokenRow, now: Timestamp) -> TokenLine {
    let it = &row.token;
    let state = match () {
        () if row.revoked => "revoked",
        () if it.expires <= now => "expired",
        () if it.uses_left == Some(0) => "spent",
        () => "good",
    };
    TokenLine {
        id: token_id(&it.hash),
        label: it.label.clone(),
        group: it.group.clone(),
        uses_left: it.uses_left,
        expires: it.expires,
        created_by: it.created_by.clone(),
        created: row.created,
        state: state.to_owned(),
    }
}

/// All enrolment tokens, without their secrets.
#[utoipa::path(get, path = "/api/v1/enrolment-tokens", responses(
    (status = 200, body = Vec<TokenLine>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>) -> Answer<Vec<TokenLine>> {
    let now = app.clock.wall();
    Ok(Json(app.store.tokens().await?.iter().map(|row| line(row, now)).collect()))
}

/// A token to be made.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewToken {
    /// What it is for.
    #[schema(max_length = 256)]
    pub label: Option<String>,
    /// The group that its agents get into; without one, `default`.
    #[schema(min_length = 1, max_length = 128)]
    pub group: Option<String>,
    /// How many agents it is good for; without a number, for any.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    pub uses: Option<u32>,
    /// How long it is good, such as 24h or 30d, at most a year; without it, a day.
    #[schema(pattern = "^[1-9][0-9]{0,4}(s|m|min|h|d|w)$")]
    pub ttl: Option<String>,
}

/// A token that was made. This is the only time that its secret is shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MadeToken {
    /// What `blindspot-agent enroll` takes.
    pub enrolment_string: String,
    /// The token.
    pub token: TokenLine,
}

/// Makes an enrolment token.
#[utoipa::path(post, path = "/api/v1/enrolment-tokens", request_body = NewToken, responses(
    (status = 200, body = MadeToken), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 415, body = Problem)))]
pub async fn create(State(app): State<App>, By(person): By, Body(new): Body<NewToken>) -> Answer<MadeToken> {
    let ttl = new.ttl.as_deref().map_or(Ok(A_DAY), parse_span).map_err(Failure::bad)?;
    if ttl > A_YEAR {
        return Err(Failure::bad("ttl is longer than a year"));
    }
    let (label, group) = (new.label.unwrap_or_default(), new.group.unwrap_or_else(|| "default".to_owned()));
    if label.chars().count() > 256 || group.is_empty() || group.chars().count() > 128 || new.uses == Some(0) {
        return Err(Failure::bad("label has up to 256 characters, group 1 to 128, and uses is at least 1"));
    }
    let (secret, now) = (random()?, app.clock.wall());
    let token = EnrolmentToken {
        hash: Sha256::digest(secret).into(),
        label,
        group,
        uses_left: new.uses,
        expires: now.checked_add(ttl).unwrap_or(Timestamp::MAX),
        created_by: person.name.clone(),
    };
    app.store.create_token(&token, now).await?;
    log(&app, &person, "token.create", &token_id(&token.hash), &token.group).await?;
    let row = TokenRow { token, created: now, revoked: false };
    Ok(Json(MadeToken { enrolment_string: app.enrolment_string(secret).to_string(), token: line(&row, now) }))
}

/// Revokes an enrolment token. Agents that enrolled with it stay.
#[utoipa::path(delete, path = "/api/v1/enrolment-tokens/{token}",
    params(("token" = String, Path, description = "The token's id")), responses(
    (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem)))]
pub async fn revoke(State(app): State<App>, By(person): By, Named(id): Named) -> Answer<Done> {
    let rows = app.store.tokens().await?;
    let row = rows.iter().find(|row| token_id(&row.token.hash) == id);
    let hash = row.ok_or_else(|| Failure::not_found("token"))?.token.hash;
    app.store.revoke_token(&hash).await?;
    log(&app, &person, "token.revoke", &id, "").await?;
    Ok(Json(Done::default()))
}

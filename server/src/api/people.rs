//! Users, their tokens, and what people did.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{ConnectInfo, State},
};
use blindspot_store::{ApiToken, Role, User};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::{Asked, Body, By, Named, log},
    page::rows_of,
    problem::{Answer, Failure, Problem},
    tokens::token_id,
};
use crate::{
    cli::args::parse_span,
    collector::people::{Person, SHORTEST_PASSWORD, hash_password, new_token},
};

/// How long a token from a login is good.
const LOGIN: SignedDuration = SignedDuration::from_hours(12);

/// Passwords longer than this, in characters, are refused.
const LONGEST_PASSWORD: usize = 1024;

/// It is done.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Done {}

/// Who is asking.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The user's name; `token` and its label for a program.
    pub name: String,
    /// viewer, analyst or admin.
    pub role: String,
}

/// Who is asking, by their token.
#[utoipa::path(get, path = "/api/v1/me", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn me(By(person): By) -> Json<Me> {
    Json(Me { name: person.name, role: person.role.as_str().to_owned() })
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user's name.
    pub name: String,
    /// Their password.
    pub password: String,
}

/// A token that was made. This is the only time that it is shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MadeApiToken {
    /// What to send as `Authorization: Bearer`.
    pub token: String,
    /// viewer, analyst or admin.
    pub role: String,
    /// It is good until then.
    #[schema(value_type = Option<String>)]
    pub expires: Option<Timestamp>,
}

/// Gives a token for a name and a password, good for twelve hours.
#[utoipa::path(post, path = "/api/v1/login", request_body = Login, responses(
    (status = 200, body = MadeApiToken), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 415, body = Problem), (status = 429, body = Problem)))]
pub async fn login(
    State(app): State<App>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(login): Body<Login>,
) -> Answer<MadeApiToken> {
    if !app.paces.may_log_in(from.ip(), &login.name) {
        return Err(Failure::too_often());
    }
    let Some(person) = app.people.by_password(&login.name, login.password).await else {
        let nobody = Person { name: format!("someone at {}", from.ip()), role: Role::Viewer };
        log(&app, &nobody, "login.refused", &super::detections::short(&login.name), "").await?;
        return Err(Failure::unknown_person());
    };
    let expires = app.clock.wall().checked_add(LOGIN).ok();
    let made = make(&app, "login", Some(person.name.clone()), person.role, expires).await?;
    log(&app, &person, "login", &person.name, &format!("from {}", from.ip())).await?;
    Ok(Json(made))
}

async fn make(
    app: &App,
    label: &str,
    user: Option<String>,
    role: Role,
    expires: Option<Timestamp>,
) -> Result<MadeApiToken, Failure> {
    let (text, hash) = new_token()?;
    let created = app.clock.wall();
    let token = ApiToken { hash, label: label.to_owned(), user, role, created, expires, last_used: None };
    app.store.create_api_token(&token).await?;
    app.people.refresh(&app.store).await?;
    Ok(MadeApiToken { token: text, role: role.as_str().to_owned(), expires })
}

/// One user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UserLine {
    /// Their name.
    pub name: String,
    /// viewer, analyst or admin.
    pub role: String,
    /// True where they may not log in.
    pub disabled: bool,
    /// When they were added.
    #[schema(value_type = String)]
    pub created: Timestamp,
}

impl From<&User> for UserLine {
    fn from(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            role: user.role.as_str().to_owned(),
            disabled: user.disabled,
            created: user.created,
        }
    }
}

/// All users.
#[utoipa::path(get, path = "/api/v1/users", responses(
    (status = 200, body = Vec<UserLine>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>) -> Answer<Vec<UserLine>> {
    Ok(Json(app.store.users().await?.iter().map(UserLine::from).collect()))
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Their name: 1 to 64 letters, digits, dots, dashes, underscores or at signs.
    #[schema(pattern = "^[A-Za-z0-9._@-]{1,64}$")]
    pub name: String,
    /// Their password, of 12 to 1024 characters.
    #[schema(min_length = 12, max_length = 1024)]
    pub password: String,
    /// viewer, analyst or admin.
    #[schema(pattern = "^(viewer|analyst|admin)$")]
    pub role: String,
}

fn parse_role(word: &str) -> Result<Role, Failure> {
    Role::parse(word).ok_or_else(|| Failure::bad("a role is viewer, analyst or admin"))
}

/// Hashing takes a while: not on a thread that answers others.
async fn hashed(password: String) -> Result<String, Failure> {
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&password.chars().count()) {
        let most = format!("a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters");
        return Err(Failure::bad(most));
    }
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    Ok(hash.map_err(|_| Failure::unavailable("hashing broke off"))??)
}

/// Adds a user.
#[utoipa::path(post, path = "/api/v1/users", request_body = NewUser, responses(
    (status = 200, body = UserLine), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 409, body = Problem), (status = 415, body = Problem)))]
pub async fn create(State(app): State<App>, By(person): By, Body(new): Body<NewUser>) -> Answer<UserLine> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
    if new.name.is_empty() || new.name.len() > 64 || !new.name.bytes().all(fine) {
        return Err(Failure::bad(
            "a name has 1 to 64 letters, digits, dots, dashes, underscores or at signs",
        ));
    }
    let user = User {
        role: parse_role(&new.role)?,
        password_hash: hashed(new.password).await?,
        name: new.name,
        disabled: false,
        created: app.clock.wall(),
    };
    app.store.create_user(&user).await?;
    app.people.refresh(&app.store).await?;
    log(&app, &person, "user.create", &user.name, user.role.as_str()).await?;
    Ok(Json(UserLine::from(&user)))
}

/// What is to change of a user.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserChange {
    /// A new password; their tokens end.
    #[schema(min_length = 12, max_length = 1024)]
    pub password: Option<String>,
    /// viewer, analyst or admin.
    #[schema(pattern = "^(viewer|analyst|admin)$")]
    pub role: Option<String>,
    /// True: they may not log in, and their tokens end.
    pub disabled: Option<bool>,
}

async fn user_of(app: &App, name: &str) -> Result<User, Failure> {
    app.store.user(name).await?.ok_or_else(|| Failure::not_found("user"))
}

/// The last administrator cannot be taken away.
async fn still_administered(app: &App, without: &User) -> Result<(), Failure> {
    let users = app.store.users().await?;
    let others =
        users.iter().any(|user| user.name != without.name && user.role == Role::Admin && !user.disabled);
    if others || without.role != Role::Admin || without.disabled {
        return Ok(());
    }
    Err(Failure::conflict("this is the last administrator; make another one first"))
}

/// Changes a user's password or role, or whether they may log in.
#[utoipa::path(patch, path = "/api/v1/users/{user}", request_body = UserChange,
    params(("user" = String, Path, description = "The user's name")), responses(
    (status = 200, body = UserLine), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 415, body = Problem)))]
pub async fn change(
    State(app): State<App>,
    By(person): By,
    Named(name): Named,
    Body(change): Body<UserChange>,
) -> Answer<UserLine> {
    let _alone = app.people.changing.lock().await;
    let mut user = user_of(&app, &name).await?;
    let role = change.role.as_deref().map(parse_role).transpose()?;
    if role.is_some_and(|role| role != Role::Admin) || change.disabled == Some(true) {
        still_administered(&app, &user).await?;
    }
    let ends_tokens = change.password.is_some() || change.disabled == Some(true);
    if let Some(password) = change.password {
        user.password_hash = hashed(password).await?;
    }
    user.role = role.unwrap_or(user.role);
    user.disabled = change.disabled.unwrap_or(user.disabled);
    app.store.update_user(&user).await?;
    if ends_tokens {
        app.store.revoke_api_tokens_of(&name).await?;
    }
    app.people.refresh(&app.store).await?;
    log(&app, &person, "user.change", &name, user.role.as_str()).await?;
    Ok(Json(UserLine::from(&user)))
}

/// Removes a user; their tokens end.
#[utoipa::path(delete, path = "/api/v1/users/{user}",
    params(("user" = String, Path, description = "The user's name")), responses(
    (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn delete(State(app): State<App>, By(person): By, Named(name): Named) -> Answer<Done> {
    let _alone = app.people.changing.lock().await;
    let user = user_of(&app, &name).await?;
    still_administered(&app, &user).await?;
    app.store.delete_user(&name).await?;
    app.people.refresh(&app.store).await?;
    log(&app, &person, "user.delete", &name, "").await?;
    Ok(Json(Done::default()))
}

/// A token for the interface, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenLine {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// The user that it stands for.
    pub user: Option<String>,
    /// viewer, analyst or admin.
    pub role: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// It is good until then.
    #[schema(value_type = Option<String>)]
    pub expires: Option<Timestamp>,
}

/// All tokens for the interface, without their secrets.
#[utoipa::path(get, path = "/api/v1/api-tokens", responses(
    (status = 200, body = Vec<ApiTokenLine>), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub async fn tokens(State(app): State<App>) -> Answer<Vec<ApiTokenLine>> {
    let lines = app.store.api_tokens().await?.into_iter().map(|token| ApiTokenLine {
        id: token_id(&token.hash),
        label: token.label,
        user: token.user,
        role: token.role.as_str().to_owned(),
        created: token.created,
        expires: token.expires,
    });
    Ok(Json(lines.collect()))
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 128)]
    pub label: String,
    /// viewer, analyst or admin.
    #[schema(pattern = "^(viewer|analyst|admin)$")]
    pub role: String,
    /// How long it is good, such as 90d; without it, for good.
    #[schema(pattern = "^[1-9][0-9]{0,4}(s|m|min|h|d|w)$")]
    pub ttl: Option<String>,
}

/// Makes a token for a program.
#[utoipa::path(post, path = "/api/v1/api-tokens", request_body = NewApiToken, responses(
    (status = 200, body = MadeApiToken), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 415, body = Problem)))]
pub async fn create_token(
    State(app): State<App>,
    By(person): By,
    Body(new): Body<NewApiToken>,
) -> Answer<MadeApiToken> {
    let role = parse_role(&new.role)?;
    if new.label.is_empty() || new.label.chars().count() > 128 {
        return Err(Failure::bad("label has 1 to 128 characters"));
    }
    let ttl = new.ttl.as_deref().map(parse_span).transpose().map_err(Failure::bad)?;
    let expires = ttl.map(|ttl| app.clock.wall().checked_add(ttl)).transpose();
    let expires =
        expires.map_err(|_| Failure::bad("ttl is too long; without one a token is good for good"))?;
    let made = make(&app, &new.label, None, role, expires).await?;
    log(&app, &person, "api_token.create", &new.label, role.as_str()).await?;
    Ok(Json(made))
}

/// Ends a token for the interface.
#[utoipa::path(delete, path = "/api/v1/api-tokens/{token}",
    params(("token" = String, Path, description = "The token's id")), responses(
    (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem)))]
pub async fn revoke_token(State(app): State<App>, By(person): By, Named(id): Named) -> Answer<Done> {
    let all = app.store.api_tokens().await?;
    let token = all.iter().find(|token| token_id(&token.hash) == id);
    let token = token.ok_or_else(|| Failure::not_found("token"))?;
    app.store.revoke_api_token(&token.hash).await?;
    app.people.refresh(&app.store).await?;
    log(&app, &person, "api_token.revoke", &id, &token.label).await?;
    Ok(Json(Done::default()))
}

/// How much of the log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HowMuch {
    /// Entries, 1 to 1000, the newest first.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// What people did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditLog {
    /// Entries that follow from each other, from the first on.
    pub intact: i64,
    /// The first entry that was changed, if any was.
    pub broken_at: Option<i64>,
    /// The newest entries.
    pub entries: Vec<AuditLine>,
}

/// One thing that somebody did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditLine {
    /// Its number.
    pub n: i64,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More, in words.
    pub detail: String,
}

/// What people did, and whether anybody changed the record of it.
#[utoipa::path(get, path = "/api/v1/audit-log", params(HowMuch), responses(
    (status = 200, body = AuditLog), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem)))]
pub async fn audit_log(State(app): State<App>, Asked(much): Asked<HowMuch>) -> Answer<AuditLog> {
    let limit = u32::try_from(rows_of(much.limit)?).unwrap_or(u32::MAX);
    let checked = app.store.verify_audit_log().await?;
    let entries = app.store.audit_log(limit).await?.into_iter().map(|row| AuditLine {
        n: row.n,
        at: row.entry.at,
        who: row.entry.who,
        action: row.entry.action,
        subject: row.entry.subject,
        detail: row.entry.detail,
    });
    Ok(Json(AuditLog { intact: checked.intact, broken_at: checked.broken_at, entries: entries.collect() }))
}

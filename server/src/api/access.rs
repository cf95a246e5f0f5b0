//! Who asks, and whether they may.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use blindspot_store::{AuditEntry, Role};
use tokio::time::timeout;

use super::{App, problem::Failure};
use crate::collector::people::Person;

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Everybody.
    Public,
    /// Agents, who sign what they send.
    Agent,
    /// People who may look.
    Viewer,
    /// People who may accept risks and sort hosts.
    Analyst,
    /// People who may do everything.
    Admin,
}

impl Access {
    /// The role that it needs; `None` where it needs none.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Public | Self::Agent => None,
            Self::Viewer => Some(Role::Viewer),
            Self::Analyst => Some(Role::Analyst),
            Self::Admin => Some(Role::Admin),
        }
    }
}

/// Lets through whoever has the role, and leaves the [`Person`] with the request.
pub async fn guard(State((app, access)): State<(App, Access)>, mut request: Request, next: Next) -> Response {
    let Some(needed) = access.role() else { return next.run(request).await };
    let Some(person) = person(&app, &request) else { return Failure::unknown_person().into_response() };
    if person.role < needed {
        return Failure::forbidden(needed.as_str()).into_response();
    }
    request.extensions_mut().insert(person);
    next.run(request).await
}

/// Who sent a request, by its token.
#[must_use]
pub fn person(app: &App, request: &Request) -> Option<Person> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    app.people.by_token(token, app.clock.wall())
}

/// The person who was let through.
pub struct By(pub Person);

impl<S: Send + Sync> FromRequestParts<S> for By {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Person>().cloned().map(Self).ok_or_else(Failure::unknown_person)
    }
}

/// Writes into the audit log what a person did.
///
/// # Errors
/// Where it cannot be written: then it was not done in order, and the answer says so.
pub async fn log(app: &App, by: &Person, action: &str, subject: &str, detail: &str) -> Result<(), Failure> {
    let entry = AuditEntry {
        at: app.clock.wall(),
        who: by.name.clone(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    };
    app.store.append_audit(&entry).await?;
    Ok(())
}

/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(15);

/// A JSON body; what is wrong with it is answered as any other refusal.
pub struct Body<T>(pub T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(&request) {
            return Err(Failure::not_json());
        }
        let read = timeout(BODY_TIME, Bytes::from_request(request, state)).await;
        let bytes = read.map_err(|_| Failure::bad("the body came too slowly"))??;
        // PostgreSQL keeps no text with it, and nothing that people type has it.
        if bytes.windows(NUL.len()).any(|window| window == NUL) {
            return Err(Failure::bad("a text in the body holds the character NUL"));
        }
        // A list would be taken for an object's values, in order.
        if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
            return Err(Failure::bad("the body has to be a JSON object"));
        }
        let axum::Json(body) = axum::Json::<T>::from_bytes(&bytes)?;
        Ok(Self(body))
    }
}

/// How JSON writes the character NUL.
const NUL: &[u8] = b"\\u0000";

/// True where the request says that its body is JSON.
fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Query parameters; what is wrong with them is answered as any other refusal.
pub struct Asked<T>(pub T);

impl<T, S> FromRequestParts<S> for Asked<T>
where
    T: serde::de::DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let axum::extract::Query(asked) = axum::extract::Query::<T>::from_request_parts(parts, state).await?;
        Ok(Self(asked))
    }
}

/// A part of the path; what is wrong with it is answered as any other refusal.
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let axum::extract::Path(name) =
            axum::extract::Path::<String>::from_request_parts(parts, state).await?;
        if name.contains('\0') {
            return Err(Failure::bad("a part of the path holds the character NUL"));
        }
        Ok(Self(name))
    }
}

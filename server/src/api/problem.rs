//! How a refusal is answered: a status, a word that stays the same, and a sentence.

use axum::{
    Json,
    extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use blindspot_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::collector::intake::Refused;

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The word: stays the same over versions.
    pub code: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// A refusal.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<u64>,
}

impl Failure {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let problem = Problem { code: code.to_owned(), message: message.into() };
        Self { status, problem, retry_after: None }
    }

    /// Something asked for cannot be (400).
    #[must_use]
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// Nobody known asks (401).
    #[must_use]
    pub fn unknown_person() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_allowed",
            "a valid token is needed: Authorization: Bearer bst_...; `blindspot user login` gets one",
        )
    }

    /// Whoever asks may not (403).
    #[must_use]
    pub fn forbidden(needed: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("this needs the role {needed}"))
    }

    /// There is no such thing (404).
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::absent(format!("there is no such {what}"))
    }

    /// The same in other words (404).
    #[must_use]
    pub fn absent(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The path is there, for other methods (405).
    #[must_use]
    pub fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "this path does not answer that method")
    }

    /// It stands against what there is (409).
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// The body is something else than JSON (415).
    #[must_use]
    pub fn not_json() -> Self {
        let message = "the body has to be JSON: Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
    }

    /// Asked too often (429).
    #[must_use]
    pub fn too_often() -> Self {
        let message = "too many attempts; wait a minute";
        Self { retry_after: Some(60), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_often", message) }
    }

    /// It cannot be answered now (503).
    #[must_use]
    pub fn unavailable(message: &str) -> Self {
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists(what) => Self::conflict(format!("a {what} of this name exists already")),
            error => {
                tracing::error!(error = crate::chain(&error), "the database failed");
                Self::unavailable("the database does not answer now")
            }
        }
    }
}

impl From<crate::collector::people::NoRandom> for Failure {
    fn from(error: crate::collector::people::NoRandom) -> Self {
        tracing::error!(error = error.to_string(), "no secret could be made");
        Self::unavailable("no secret could be made now")
    }
}

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large")
            }
            _ => Self::bad("the body broke off"),
        }
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let code = serde_json::to_value(refused.refusal.code).ok();
        let code = code.as_ref().and_then(|code| code.as_str()).unwrap_or("refused");
        let status = StatusCode::from_u16(refused.refusal.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let retry_after = refused.retry_after.map(|wait| wait.as_secs().saturating_add(1));
        Self { retry_after, ..Self::new(status, code, refused.refusal.message) }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What handlers return.
pub type Answer<T> = Result<Json<T>, Failure>;

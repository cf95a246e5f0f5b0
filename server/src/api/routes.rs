//! Every route, with whom it is for.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{self, MethodRouter},
};
use blindspot_telemetry::wire::{ENROL_PATH, REPORT_PATH};

use super::{
    App,
    access::{Access, guard},
    agents, detections, document, event_types, exceptions, export, health, hosts, people,
    problem::Failure,
    tokens,
};

/// The largest body of a person's request, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// One route.
pub struct Route {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, with its parts in braces.
    pub path: &'static str,
    /// Whom it is for.
    pub access: Access,
    handler: MethodRouter<App>,
}

/// `route!(GET "/path", Viewer, handler)`.
macro_rules! route {
    ($method:ident $path:expr, $access:ident, $handler:expr) => {
        Route {
            method: stringify!($method),
            path: $path,
            access: Access::$access,
            handler: routing::on(axum::routing::MethodFilter::$method, $handler),
        }
    };
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Route> {
    vec![
        route!(GET "/healthz", Public, health::alive),
        route!(GET "/readyz", Public, health::ready),
        route!(GET "/metrics", Public, health::metrics),
        route!(GET "/api/v1/openapi.json", Public, document::openapi),
        route!(POST ENROL_PATH, Agent, agents::enrol),
        route!(POST REPORT_PATH, Agent, agents::report),
        route!(POST "/api/v1/login", Public, people::login),
        route!(GET "/api/v1/me", Viewer, people::me),
        route!(GET "/api/v1/summary", Viewer, health::summary),
        route!(GET "/api/v1/hosts", Viewer, hosts::list),
        route!(GET "/api/v1/hosts/{host}", Viewer, hosts::one),
        route!(GET "/api/v1/hosts/{host}/verdicts", Viewer, hosts::verdicts),
        route!(PATCH "/api/v1/agents/{agent}", Analyst, hosts::sort),
        route!(POST "/api/v1/agents/{agent}/state", Admin, hosts::set_state),
        route!(DELETE "/api/v1/agents/{agent}", Admin, hosts::delete),
        route!(GET "/api/v1/detections", Viewer, detections::list),
        route!(GET "/api/v1/detections/{detection}/hosts", Viewer, detections::hosts),
        route!(GET "/api/v1/explain", Viewer, detections::explain),
        route!(GET "/api/v1/event-types", Viewer, event_types::list),
        route!(GET "/api/v1/check", Viewer, event_types::check),
        route!(GET "/api/v1/exceptions", Viewer, exceptions::list),
        route!(POST "/api/v1/exceptions", Analyst, exceptions::add),
        route!(DELETE "/api/v1/exceptions/{exception}", Analyst, exceptions::remove),
        route!(GET "/api/v1/enrolment-tokens", Admin, tokens::list),
        route!(POST "/api/v1/enrolment-tokens", Admin, tokens::create),
        route!(DELETE "/api/v1/enrolment-tokens/{token}", Admin, tokens::revoke),
        route!(GET "/api/v1/users", Admin, people::list),
        route!(POST "/api/v1/users", Admin, people::create),
        route!(PATCH "/api/v1/users/{user}", Admin, people::change),
        route!(DELETE "/api/v1/users/{user}", Admin, people::delete),
        route!(GET "/api/v1/api-tokens", Admin, people::tokens),
        route!(POST "/api/v1/api-tokens", Admin, people::create_token),
        route!(DELETE "/api/v1/api-tokens/{token}", Admin, people::revoke_token),
        route!(GET "/api/v1/audit-log", Admin, people::audit_log),
        route!(GET "/api/v1/export/audit", Viewer, export::audit),
        route!(GET "/api/v1/export/backup", Admin, export::backup),
    ]
}

/// The routes behind their guards.
pub(super) fn router(app: App) -> Router {
    let mut router: Router<App> = Router::new();
    for Route { path, access, handler, .. } in all() {
        let state = (App::clone(&app), access);
        router = router.route(path, handler.route_layer(from_fn_with_state(state, guard)));
    }
    router
        .fallback(|| async { Failure::not_found("page").into_response() })
        .method_not_allowed_fallback(|| async { Failure::wrong_method().into_response() })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(safe_headers))
        .with_state(app)
}

/// Nothing that is answered is to be sniffed, framed, cached or run.
async fn safe_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

//! The OpenAPI description of the interface.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, OpenApi as Description, Ref, Response, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{access::Access, routes};

/// What the description is made of.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Blindspot collector",
        description = "Which detections cannot see, on which hosts, why. Reports of agents are not part of this: \
                       their form is in the source of telemetry/src/wire."
    ),
    paths(
        super::health::alive, super::health::ready, super::health::metrics, super::health::summary, openapi,
        super::people::login, super::people::me,
        super::hosts::list, super::hosts::one, super::hosts::verdicts, super::hosts::sort, super::hosts::set_state,
        super::hosts::delete,
        super::detections::list, super::detections::hosts, super::detections::explain,
        super::event_types::list, super::event_types::check,
        super::exceptions::list, super::exceptions::add, super::exceptions::remove,
        super::tokens::list, super::tokens::create, super::tokens::revoke,
        super::people::list, super::people::create, super::people::change, super::people::delete,
        super::people::tokens, super::people::create_token, super::people::revoke_token, super::people::audit_log,
        super::export::audit, super::export::backup,
    ),
    modifiers(&Bearer, &Refusals),
    security(("token" = []))
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut Description) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("bst_...").build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// What the routes have in common: whom they are for, how they refuse, names that no two of them share.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, description: &mut Description) {
        for route in routes::all() {
            let Some(item) = description.paths.paths.get_mut(route.path) else { continue };
            let operation = match route.method {
                "GET" => &mut item.get,
                "POST" => &mut item.post,
                "PATCH" => &mut item.patch,
                _ => &mut item.delete,
            };
            if let Some(operation) = operation {
                complete(operation, &route);
            }
        }
    }
}

fn complete(operation: &mut Operation, route: &routes::Route) {
    let path = route.path.trim_start_matches("/api/v1").replace(['/', '-', '.'], "_").replace(['{', '}'], "");
    operation.operation_id = Some(format!("{}{path}", route.method.to_lowercase()));
    let mut statuses = Vec::new();
    if operation.request_body.is_some() {
        statuses.extend(["400", "413", "415", "503"]);
    }
    match route.access {
        Access::Public => operation.security = Some(Vec::new()),
        Access::Agent | Access::Viewer => statuses.extend(["400", "401", "503"]),
        Access::Analyst | Access::Admin => statuses.extend(["400", "401", "403", "503"]),
    }
    for status in statuses {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| refusal().into());
    }
}

fn refusal() -> Response {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description("A refusal, in words").content("application/json", problem).build()
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "OpenAPI", body = Object)))]
pub async fn openapi() -> Json<Description> {
    Json(Document::openapi())
}

//! Who may ask what: every route for everybody, by a table written by hand.

use std::collections::{BTreeMap, BTreeSet};

use blindspot::api::routes;
use blindspot_telemetry::wire::{ENROL_PATH, REPORT_PATH, envelope::HEADER};
use serde_json::{Value, json};

use crate::{
    agent::{Agent, pack_json, report, token},
    client::request,
    collector::{Collector, WIDE},
};

/// Asked with an empty JSON object as body, where the method has one, and with names that nothing has. So 400 and 404
/// mean: let through.
const TABLE: &str = "
                                          nobody wrong expired disabled viewer analyst admin agent
GET    /healthz                              200   200     200      200    200     200   200   200
GET    /readyz                               200   200     200      200    200     200   200   200
GET    /metrics                              401   401     401      401    200     200   200   401
GET    /api/v1/openapi.json                  200   200     200      200    200     200   200   200
POST   /api/v1/agent/enrol                   400   400     400      400    400     400   400   400
POST   /api/v1/agent/report                  400   400     400      400    400     400   400   200
POST   /api/v1/login                         400   400     400      400    400     400   400   400
GET    /api/v1/me                            401   401     401      401    200     200   200   401
GET    /api/v1/summary                       401   401     401      401    200     200   200   401
GET    /api/v1/hosts                         401   401     401      401    200     200   200   401
GET    /api/v1/hosts/{host}                  401   401     401      401    404     404   404   401
GET    /api/v1/hosts/{host}/verdicts         401   401     401      401    404     404   404   401
PATCH  /api/v1/agents/{agent}                401   401     401      401    403     404   404   401
POST   /api/v1/agents/{agent}/state          401   401     401      401    403     403   400   401
DELETE /api/v1/agents/{agent}                401   401     401      401    403     403   404   401
GET    /api/v1/detections                    401   401     401      401    200     200   200   401
GET    /api/v1/detections/{detection}/hosts  401   401     401      401    404     404   404   401
GET    /api/v1/explain                       401   401     401      401    400     400   400   401
GET    /api/v1/event-types                   401   401     401      401    200     200   200   401
GET    /api/v1/check                         401   401     401      401    400     400   400   401
GET    /api/v1/exceptions                    401   401     401      401    200     200   200   401
POST   /api/v1/exceptions                    401   401     401      401    403     400   400   401
DELETE /api/v1/exceptions/{exception}        401   401     401      401    403     404   404   401
GET    /api/v1/enrolment-tokens              401   401     401      401    403     403   200   401
POST   /api/v1/enrolment-tokens              401   401     401      401    403     403   200   401
DELETE /api/v1/enrolment-tokens/{token}      401   401     401      401    403     403   404   401
GET    /api/v1/users                         401   401     401      401    403     403   200   401
POST   /api/v1/users                         401   401     401      401    403     403   400   401
PATCH  /api/v1/users/{user}                  401   401     401      401    403     403   404   401
DELETE /api/v1/users/{user}                  401   401     401      401    403     403   404   401
GET    /api/v1/api-tokens                    401   401     401      401    403     403   200   401
POST   /api/v1/api-tokens                    401   401     401      401    403     403   400   401
DELETE /api/v1/api-tokens/{token}            401   401     401      401    403     403   404   401
GET    /api/v1/audit-log                     401   401     401      401    403     403   200   401
GET    /api/v1/export/audit                  401   401     401      401    404     404   404   401
GET    /api/v1/export/backup                 401   401     401      401    403     403   200   401
";

/// A route's method and path.
type Route = (String, String);

fn table() -> (Vec<String>, BTreeMap<Route, Vec<u16>>) {
    let mut lines = TABLE.lines().filter(|line| !line.trim().is_empty());
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let who = words(lines.next().unwrap());
    let rows: BTreeMap<_, _> = lines
        .map(words)
        .map(|row| {
            let expected: Vec<u16> = row[2..].iter().map(|word| word.parse().unwrap()).collect();
            assert_eq!(expected.len(), who.len(), "{row:?}");
            ((row[0].clone(), row[1].clone()), expected)
        })
        .collect();
    (who, rows)
}

fn all_routes() -> BTreeSet<Route> {
    routes::all().into_iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect()
}

/// The headers by which each of the eight asks; agents sign.
fn headers_of(collector: &Collector, who: &str) -> Vec<String> {
    let bearer = |token: &str| vec![format!("Authorization: Bearer {token}")];
    let made = |body: &Value| {
        collector.order("POST", "/api/v1/api-tokens", Some(body))["token"].as_str().unwrap().to_owned()
    };
    match who {
        "nobody" | "agent" => Vec::new(),
        "wrong" => bearer(&format!("bst_{}", "A".repeat(43))),
        "expired" => {
            let token = made(&json!({"label": "short", "role": "admin", "ttl": "1s"}));
            std::thread::sleep(std::time::Duration::from_millis(1500));
            bearer(&token)
        }
        "disabled" => {
            let token = collector.user("former", "admin");
            collector.order("PATCH", "/api/v1/users/former", Some(&json!({"disabled": true})));
            bearer(&token)
        }
        role => bearer(&collector.user(&format!("a-{role}"), role)),
    }
}

#[test]
fn every_route_answers_everybody_as_tabled() {
    let (who, rows) = table();
    assert_eq!(all_routes(), rows.keys().cloned().collect(), "routes and rows");
    let mut collector = Collector::start(WIDE);
    let mut agent = Agent::enrol(&collector, &token(&collector, 1));
    let asking: Vec<(String, Vec<String>)> =
        who.iter().map(|who| (who.clone(), headers_of(&collector, who))).collect();
    let document = collector.ask("GET", "/api/v1/openapi.json", None, None).json();
    let mut wrong = Vec::new();
    for ((method, path), expected) in &rows {
        let real = path.replace("{agent}", &"0".repeat(32)).replace(['{', '}'], "");
        for ((who, headers), expected) in asking.iter().zip(expected) {
            let (mut headers, mut body) =
                (headers.clone(), if method == "GET" { vec![] } else { b"{}".to_vec() });
            if who == "agent" {
                body = pack_json(&report());
                headers.push(format!("{HEADER}: {}", agent.sign(&body)));
            } else {
                headers.push("Content-Type: application/json".to_owned());
            }
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let answer = collector.exchange(&request(method, &real, &headers, &body));
            // What an agent sends is no JSON: it is told so where no identity is asked for.
            let expected = if who == "agent" && [ENROL_PATH, "/api/v1/login"].contains(&path.as_str()) {
                415
            } else {
                *expected
            };
            let documented = &document["paths"][path][method.to_lowercase()]["responses"];
            let is_known = [ENROL_PATH, REPORT_PATH].contains(&path.as_str())
                || !documented[expected.to_string()].is_null();
            if answer.status != expected || !is_known {
                wrong.push(format!(
                    "{method} {path} by {who}: {}, expected {expected}, documented: {is_known}",
                    answer.status
                ));
            }
            if answer.status >= 400 {
                assert!(
                    answer.code().is_some_and(|code| !code.is_empty()),
                    "{method} {path}: {}",
                    answer.text()
                );
            }
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    collector.assert_sound();
}

#[test]
fn the_document_describes_the_routes_and_nothing_else() {
    let collector = Collector::start(WIDE);
    let document = collector.ask("GET", "/api/v1/openapi.json", None, None).json();
    let described: BTreeSet<Route> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let mut routes = all_routes();
    routes.retain(|(_, path)| path != ENROL_PATH && path != REPORT_PATH);
    assert_eq!(described, routes);
}

#[test]
fn other_methods_and_paths_are_refused_in_the_same_form() {
    let collector = Collector::start(WIDE);
    let asked = |method: &str, path: &str| {
        let answer = collector.ask(method, path, Some(&collector.admin), None);
        (answer.status, answer.code().unwrap_or_default())
    };
    assert_eq!(asked("PUT", "/api/v1/hosts"), (405, "wrong_method".to_owned()));
    assert_eq!(asked("TRACE", "/api/v1/login"), (405, "wrong_method".to_owned()));
    for path in [
        "/",
        "/api",
        "/api/v1/",
        "/api/v1/hosts/",
        "/api/v1/hosts/../users",
        "//healthz",
        "/api/v1/%2e%2e/users",
    ] {
        assert_eq!(asked("GET", path), (404, "not_found".to_owned()), "{path}");
    }
    // A look at the head of a page needs what the page needs.
    for (token, status) in [(None, 401), (Some(&*collector.admin), 200)] {
        let headers: Vec<String> =
            token.iter().map(|token| format!("Authorization: Bearer {token}")).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).chain(["Connection: close"]).collect();
        let mut connection = collector.connect();
        connection.send(&request("HEAD", "/api/v1/users", &headers, b"")).unwrap();
        assert_eq!(connection.head().unwrap().status, status);
    }
}

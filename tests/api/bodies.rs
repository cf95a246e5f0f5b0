//! JSON bodies that are wrong in every way: refused in words, never with a 422 or a 5xx.

use serde_json::{Map, Value, json};

use crate::{
    agent::{enrolment, new_key, token},
    client::{Answer, request},
    collector::{Collector, WIDE},
};

/// Every route that takes JSON, with a body that is as it should be.
fn routes(collector: &Collector) -> Vec<(&'static str, String, Value)> {
    let token = token(collector, 100_000);
    collector.user("somebody", "viewer");
    let agent = crate::agent::Agent::enrol(collector, &token).id;
    let detection = collector.order("GET", "/api/v1/detections", None)["detections"][0]["id"].clone();
    vec![
        ("POST", "/api/v1/agent/enrol".to_owned(), enrolment(&token.secret, &new_key())),
        ("POST", "/api/v1/login".to_owned(), json!({"name": "nobody", "password": "none"})),
        ("PATCH", format!("/api/v1/agents/{agent}"), json!({"group": "web", "labels": {"a": "b"}})),
        ("POST", format!("/api/v1/agents/{agent}/state"), json!({"state": "active"})),
        (
            "POST",
            "/api/v1/exceptions".to_owned(),
            json!({"detection": detection, "group": "web", "reason": "known"}),
        ),
        (
            "POST",
            "/api/v1/enrolment-tokens".to_owned(),
            json!({"label": "a", "group": "web", "uses": 1, "ttl": "1h"}),
        ),
        (
            "POST",
            "/api/v1/users".to_owned(),
            json!({"name": "new", "password": "long enough for all", "role": "viewer"}),
        ),
        (
            "PATCH",
            "/api/v1/users/somebody".to_owned(),
            json!({"password": "long enough for all", "role": "viewer", "disabled": false}),
        ),
        ("POST", "/api/v1/api-tokens".to_owned(), json!({"label": "a", "role": "viewer", "ttl": "1h"})),
    ]
}

/// This body with one thing wrong, each time another.
fn wrong_bodies(good: &Value) -> Vec<Value> {
    let mut bodies = vec![json!(null), json!([]), json!("x"), json!(3), json!(true), json!([good])];
    let keys: Vec<String> = good.as_object().unwrap().keys().cloned().collect();
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    bodies.push(with("no_such_key", json!(1)));
    for key in &keys {
        let other = match &good[key] {
            Value::String(_) => vec![json!(1), json!([]), json!({"a": 1}), json!(false)],
            Value::Number(_) => vec![json!("x"), json!(-1), json!(1.5), json!(1e300), json!(u64::MAX)],
            Value::Bool(_) => vec![json!("true"), json!(1)],
            _ => vec![json!("x"), json!(1), json!({"a": 1}), json!([1])],
        };
        bodies.extend(other.into_iter().map(|value| with(key, value)));
    }
    bodies
}

fn send(collector: &Collector, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
    let bearer = format!("Authorization: Bearer {}", collector.admin);
    collector.exchange(&request(method, path, &[&bearer, &format!("Content-Type: {kind}")], body))
}

fn assert_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let said = answer.json();
    assert!(said["code"].as_str().is_some_and(|word| !word.is_empty()), "{what}: {said}");
    assert!(said["message"].as_str().is_some_and(|text| text.len() < 1000), "{what}: {said}");
}

#[test]
fn a_wrong_body_is_refused_in_words() {
    let mut collector = Collector::start(WIDE);
    for (method, path, good) in routes(&collector) {
        let what = |body: &dyn std::fmt::Display| format!("{method} {path} {body}");
        let json = "application/json";
        // Agents of later versions may say more when they enrol.
        let grows = path.ends_with("/enrol");
        for body in wrong_bodies(&good).into_iter().filter(|body| !(grows && body["no_such_key"] == 1)) {
            let bytes = serde_json::to_vec(&body).unwrap();
            assert_refused(&send(&collector, method, &path, json, &bytes), 400, &what(&body));
        }
        let text = good.to_string();
        for cut in [0, 1, text.len() / 2, text.len() - 1] {
            assert_refused(&send(&collector, method, &path, json, &text.as_bytes()[..cut]), 400, &what(&cut));
        }
        for kind in
            ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "multipart/form-data"]
        {
            assert_refused(&send(&collector, method, &path, kind, text.as_bytes()), 415, &what(&kind));
        }
        let twice = text.replacen('{', &format!("{{{},", text.trim_matches(['{', '}'])), 1);
        assert_refused(&send(&collector, method, &path, json, twice.as_bytes()), 400, &what(&"twice"));
        let deep = [b"[".repeat(30_000), b"]".repeat(30_000)].concat();
        assert_refused(&send(&collector, method, &path, json, &deep), 400, &what(&"deep"));
        assert_refused(&send(&collector, method, &path, json, b"{\"\xff\": 1}"), 400, &what(&"no UTF-8"));
        let large = format!("{text}{}", " ".repeat((64 << 10) + 1 - text.len()));
        assert_refused(&send(&collector, method, &path, json, large.as_bytes()), 413, &what(&"large"));
    }
    collector.assert_sound();
}

#[test]
fn strange_and_huge_texts_are_answered_in_words() {
    let mut collector = Collector::start(WIDE);
    let texts = [
        "".to_owned(),
        "x".repeat(60_000),
        "\u{0}".to_owned(),
        "\u{202e}\u{1b}[2J".to_owned(),
        "'; DROP TABLE users; --".to_owned(),
    ];
    for (method, path, good) in routes(&collector) {
        let texts_of: Vec<String> = good
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| value.is_string())
            .map(|(key, _)| key.clone())
            .collect();
        for (key, text) in texts_of.iter().flat_map(|key| texts.iter().map(move |text| (key, text))) {
            let mut body: Map<String, Value> = good.as_object().unwrap().clone();
            body.insert(key.clone(), json!(text));
            let answer = send(
                &collector,
                method,
                &path,
                "application/json",
                Value::Object(body).to_string().as_bytes(),
            );
            assert!(
                ![422, 500].contains(&answer.status) && answer.status < 500,
                "{method} {path} {key}: {}",
                answer.text()
            );
            assert!(
                answer.status == 200 || answer.code().is_some(),
                "{method} {path} {key}: {}",
                answer.text()
            );
        }
    }
    collector.assert_sound();
}

#[test]
fn strange_parameters_are_answered_in_words() {
    let mut collector = Collector::start(WIDE);
    let listed = [
        "hosts",
        "detections",
        "event-types",
        "summary",
        "check",
        "explain",
        "audit-log",
        "export/audit",
        "hosts/x/verdicts",
    ];
    let strange = [
        "",
        "%00",
        "%ff",
        "%27%20OR%201=1",
        "-1",
        "1e9",
        "99999999999999999999",
        "%E2%80%AE",
        "a&a=b",
        "..%2f..%2fetc",
    ];
    let names = [
        "group",
        "host",
        "q",
        "after",
        "limit",
        "verdict",
        "technique",
        "level",
        "standing",
        "detection",
        "at",
        "event_type",
        "field",
        "within",
        "what",
        "format",
        "no_such",
    ];
    for path in listed {
        for name in names {
            for value in strange {
                let path = format!("/api/v1/{path}?{name}={value}");
                let answer = collector.ask("GET", &path, Some(&collector.admin), None);
                assert!(
                    [200, 400, 404].contains(&answer.status),
                    "{path}: {} {}",
                    answer.status,
                    answer.text()
                );
                assert!(answer.status == 200 || answer.code().is_some(), "{path}: {}", answer.text());
            }
        }
    }
    for path in ["hosts/%00", "hosts/%ff", "detections/%00/hosts", "hosts/%2e%2e/verdicts", "hosts/a%2fb"] {
        let answer = collector.ask("GET", &format!("/api/v1/{path}"), Some(&collector.admin), None);
        assert!([400, 404].contains(&answer.status) && answer.code().is_some(), "{path}: {}", answer.text());
    }
    for path in ["users/%00", "enrolment-tokens/%00", "api-tokens/%00", "exceptions/%00", "agents/%00"] {
        let answer = collector.ask("DELETE", &format!("/api/v1/{path}"), Some(&collector.admin), None);
        assert!([400, 404].contains(&answer.status) && answer.code().is_some(), "{path}: {}", answer.text());
    }
    collector.assert_sound();
}

//! Users, their roles, and what is written down of them.

use std::thread;

use serde_json::{Value, json};

use crate::{
    agent::{Agent, pack_json, report, token},
    collector::{Collector, WIDE},
};

fn status(collector: &Collector, method: &str, path: &str, token: &str, body: Option<&Value>) -> u16 {
    collector.ask(method, path, Some(token), body).status
}

#[test]
fn the_last_administrator_stays() {
    let collector = Collector::start(WIDE);
    let admin = "/api/v1/users/admin";
    for (method, body) in [
        ("DELETE", None),
        ("PATCH", Some(json!({"role": "viewer"}))),
        ("PATCH", Some(json!({"disabled": true}))),
    ] {
        let answer = collector.ask(method, admin, Some(&collector.admin), body.as_ref());
        assert_eq!((answer.status, answer.code().as_deref()), (409, Some("conflict")), "{}", answer.text());
    }
    // One that may not log in does not count.
    collector.user("second", "admin");
    collector.order("PATCH", "/api/v1/users/second", Some(&json!({"disabled": true})));
    assert_eq!(status(&collector, "DELETE", admin, &collector.admin, None), 409);
    collector.order("PATCH", "/api/v1/users/second", Some(&json!({"disabled": false})));
    assert_eq!(status(&collector, "DELETE", admin, &collector.admin, None), 200);
    assert_eq!(status(&collector, "GET", "/api/v1/me", &collector.admin, None), 401, "their tokens end");
}

#[test]
fn administrators_cannot_remove_each_other_at_once() {
    let collector = Collector::start(WIDE);
    let made =
        collector.order("POST", "/api/v1/api-tokens", Some(&json!({"label": "script", "role": "admin"})));
    let token = made["token"].as_str().unwrap();
    for round in 0..20 {
        let names: Vec<String> = (0..4).map(|n| format!("admin-{round}-{n}")).collect();
        for name in &names {
            let new = json!({"name": name, "password": "a long password", "role": "admin"});
            assert_eq!(status(&collector, "POST", "/api/v1/users", token, Some(&new)), 200);
        }
        let all: Vec<Value> =
            collector.ask("GET", "/api/v1/users", Some(token), None).json().as_array().unwrap().clone();
        thread::scope(|scope| {
            for user in &all {
                let path = format!("/api/v1/users/{}", user["name"].as_str().unwrap());
                let collector = &collector;
                scope.spawn(move || status(collector, "DELETE", &path, token, None));
            }
        });
        let left = collector.ask("GET", "/api/v1/users", Some(token), None).json();
        assert!(left.as_array().unwrap().iter().any(|user| user["role"] == "admin"), "round {round}: {left}");
    }
}

#[test]
fn a_token_never_allows_more_than_its_user_may_do_now() {
    let collector = Collector::start(WIDE);
    let bob = collector.user("bob", "admin");
    assert_eq!(status(&collector, "GET", "/api/v1/users", &bob, None), 200);
    collector.order("PATCH", "/api/v1/users/bob", Some(&json!({"role": "viewer"})));
    assert_eq!(status(&collector, "GET", "/api/v1/users", &bob, None), 403);
    assert_eq!(collector.ask("GET", "/api/v1/me", Some(&bob), None).json()["role"], "viewer");
    // Raised again, the old token allows what it did; one from the time as viewer does not.
    let viewer = collector.log_in("bob", "the password of bob");
    collector.order("PATCH", "/api/v1/users/bob", Some(&json!({"role": "admin"})));
    assert_eq!(status(&collector, "GET", "/api/v1/users", &bob, None), 200);
    assert_eq!(status(&collector, "GET", "/api/v1/users", &viewer, None), 403);
    // A new password ends all of them.
    collector.order("PATCH", "/api/v1/users/bob", Some(&json!({"password": "another long one"})));
    for token in [&bob, &viewer] {
        assert_eq!(status(&collector, "GET", "/api/v1/me", token, None), 401);
    }
    assert_eq!(collector.try_log_in("bob", "the password of bob").status, 401);
    let again = collector.log_in("bob", "another long one");
    collector.order("DELETE", "/api/v1/users/bob", None);
    assert_eq!(status(&collector, "GET", "/api/v1/me", &again, None), 401);
}

#[test]
fn every_act_is_written_down_under_the_name_of_who_did_it() {
    let collector = Collector::start(WIDE);
    let enrolment = token(&collector, 1);
    let mut agent = Agent::enrol(&collector, &enrolment);
    assert_eq!(collector.exchange(&agent.report(&pack_json(&report()))).status, 200);
    let path = format!("/api/v1/agents/{}", agent.id);
    let eve = collector.user("eve", "admin");
    // A token that is called like a person is not taken for them.
    let made =
        collector.order("POST", "/api/v1/api-tokens", Some(&json!({"label": "admin", "role": "admin"})));
    let program = made["token"].as_str().unwrap().to_owned();
    let detection = collector.order("GET", "/api/v1/detections", None)["detections"][0]["id"].clone();
    let accepted = collector.order(
        "POST",
        "/api/v1/exceptions",
        Some(&json!({"detection": detection, "reason": "known"})),
    );
    let first = |list: &str| collector.order("GET", list, None)[0]["id"].as_str().unwrap().to_owned();
    let acts = [
        ("PATCH", path.clone(), Some(json!({"group": "web", "labels": {"a": "b"}}))),
        ("POST", format!("{path}/state"), Some(json!({"state": "quarantined"}))),
        ("POST", format!("{path}/state"), Some(json!({"state": "active"}))),
        ("DELETE", path, None),
        ("DELETE", format!("/api/v1/exceptions/{}", accepted["id"].as_str().unwrap()), None),
        ("DELETE", format!("/api/v1/enrolment-tokens/{}", first("/api/v1/enrolment-tokens")), None),
        ("PATCH", "/api/v1/users/eve".to_owned(), Some(json!({"disabled": false}))),
        ("GET", "/api/v1/export/backup".to_owned(), None),
    ];
    for (method, path, body) in &acts {
        assert_eq!(status(&collector, method, path, &eve, body.as_ref()), 200, "{method} {path}");
    }
    assert_eq!(status(&collector, "DELETE", "/api/v1/users/eve", &program, None), 200);
    collector.try_log_in("mallory", "a guess");
    let log = collector.order("GET", "/api/v1/audit-log?limit=1000", None);
    assert!(log["broken_at"].is_null(), "{log}");
    assert_eq!(log["intact"], log["entries"].as_array().unwrap().len(), "{log}");
    let mut entries: Vec<(String, String)> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            (text("who"), text("action"))
        })
        .collect();
    entries.retain(|(_, action)| action != "login");
    let agent = format!("agent {}", agent.id);
    let expected = [
        ("collector", "user.create"),
        ("admin", "token.create"),
        (&agent, "agent.enrol"),
        ("admin", "user.create"),
        ("admin", "api_token.create"),
        ("admin", "exception.add"),
        ("eve", "agent.group"),
        ("eve", "agent.labels"),
        ("eve", "agent.state"),
        ("eve", "agent.state"),
        ("eve", "agent.delete"),
        ("eve", "exception.remove"),
        ("eve", "token.revoke"),
        ("eve", "user.change"),
        ("eve", "backup.export"),
        ("token admin", "user.delete"),
        ("someone at 127.0.0.1", "login.refused"),
    ];
    let expected: Vec<(String, String)> =
        expected.map(|(who, action)| (who.to_owned(), action.to_owned())).to_vec();
    assert_eq!(entries, expected);
}

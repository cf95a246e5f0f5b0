//! Passwords and tokens: tried seldom, told to nobody.

use std::{fs, io::Read as _, path::Path, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;

use crate::{
    agent::{Agent, pack_json, report, token},
    collector::{Collector, WIDE, timed},
};

#[test]
fn an_account_is_tried_five_times_a_minute_and_an_address_twenty_times() {
    let collector = Collector::start(WIDE);
    // One of these was used to log in at the start.
    let statuses: Vec<u16> = (0..10).map(|_| collector.try_log_in("admin", "wrong").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 4, "{statuses:?}");
    let refused = collector.try_log_in("admin", &collector.password);
    assert_eq!(
        (refused.status, refused.code().as_deref()),
        (429, Some("too_often")),
        "even with the right password"
    );
    assert_eq!(refused.header("retry-after"), Some("60"));
    let others = (0..30).map(|n| collector.try_log_in(&format!("user-{n}"), "wrong").status);
    assert!(others.filter(|status| *status == 401).count() <= 10, "twenty of an address");
}

#[test]
fn a_wrong_name_reads_and_takes_like_a_wrong_password() {
    let collector = Collector::start(WIDE);
    let tried = |name: &str| {
        let (answer, took) = timed(|| collector.try_log_in(name, "a wrong password"));
        assert_eq!(answer.status, 401);
        (
            answer.text(),
            answer.head.lines().filter(|line| !line.starts_with("date")).collect::<String>(),
            took,
        )
    };
    // In turns, so that other work on the machine slows both.
    let turns: Vec<_> = (0..4).map(|_| (tried("admin").2, tried("nobody").2)).collect();
    let known = turns.iter().map(|turn| turn.0).min().unwrap();
    let unknown = turns.iter().map(|turn| turn.1).min().unwrap();
    assert!(unknown * 2 > known && known * 2 > unknown, "known: {known:?}, unknown: {unknown:?}");
    let ((text, head, _), other) = (tried("someone"), tried("someone else"));
    assert_eq!((&text, &head), (&other.0, &other.1));
    collector.order(
        "POST",
        "/api/v1/users",
        Some(&json!({"name": "x", "password": "a long password", "role": "admin"})),
    );
    assert_eq!(tried("x").0, text);
    collector.order("PATCH", "/api/v1/users/x", Some(&json!({"disabled": true})));
    let disabled = collector.try_log_in("x", "a long password");
    assert_eq!((disabled.status, disabled.text()), (401, text));
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn secrets_are_nowhere_but_with_their_owners() {
    let mut collector = Collector::logging(WIDE, "trace");
    let enrolment = token(&collector, 10);
    let password = "the password of carol";
    let login = collector.user("carol", "analyst");
    let program =
        collector.order("POST", "/api/v1/api-tokens", Some(&json!({"label": "grafana", "role": "viewer"})));
    let program = program["token"].as_str().unwrap().to_owned();
    let wrong = "a password that was mistyped";
    collector.try_log_in("carol", wrong);
    for token in [&login, &program] {
        collector.ask("GET", "/api/v1/users", Some(token), None);
        collector.ask("GET", &format!("/api/v1/hosts?token={token}"), Some(token), None);
    }
    let mut agent = Agent::enrol(&collector, &enrolment);
    assert_eq!(collector.exchange(&agent.report(&pack_json(&report()))).status, 200);
    std::thread::sleep(Duration::from_secs(2));

    let backup = collector.ask("GET", "/api/v1/export/backup", Some(&collector.admin), None).body;
    let mut plain = Vec::new();
    zstd::stream::read::Decoder::with_buffer(&*backup).unwrap().read_to_end(&mut plain).unwrap();
    assert!(holds(&plain, b"carol"), "the backup is one");
    let seen = |path: &str| collector.ask("GET", path, Some(&collector.admin), None).body;
    let mut places = files(&collector.data());
    places.push(("its log".to_owned(), collector.output().into_bytes()));
    places.push(("the backup".to_owned(), plain));
    for path in [
        "/metrics",
        "/api/v1/users",
        "/api/v1/api-tokens",
        "/api/v1/enrolment-tokens",
        "/api/v1/audit-log?limit=1000",
    ] {
        places.push((path.to_owned(), seen(path)));
    }
    assert!(places.iter().any(|(name, bytes)| name.ends_with("blindspot.db") && !bytes.is_empty()));
    let secret = BASE64_URL_SAFE_NO_PAD.encode(enrolment.secret);
    let secrets: Vec<(&str, &[u8])> = vec![
        ("the first password", collector.password.as_bytes()),
        ("a password", password.as_bytes()),
        ("a mistyped password", wrong.as_bytes()),
        ("a login's token", login.as_bytes()),
        ("the same without its beginning", &login.as_bytes()[4..]),
        ("a program's token", &program.as_bytes()[4..]),
        ("the administrator's token", &collector.admin.as_bytes()[4..]),
        ("an enrolment's secret", secret.as_bytes()),
        ("the same in bytes", &enrolment.secret),
    ];
    let mut found = Vec::new();
    for (name, bytes) in &places {
        found.extend(
            secrets
                .iter()
                .filter(|(_, secret)| holds(bytes, secret))
                .map(|(secret, _)| format!("{secret} in {name}")),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    collector.assert_sound();
}

//! A file into which a syslog relay writes the lines of three machines.

use std::{fmt::Write as _, fs::File, io::Write as _, path::Path};

use jiff::{SignedDuration, Timestamp};

use crate::{compare::Offline, machines::Part};

const HOSTS: [&str; 3] = ["alpha", "beta", "gamma"];
const MINUTES: i64 = 9 * 24 * 60;

/// Appends a part of the file.
pub fn write(logs: &Path, part: Part, began: Timestamp) {
    let from = match part {
        Part::First => MINUTES,
        Part::Second => Part::First.end_minute(),
        Part::Third => Part::Second.end_minute(),
    };
    let mut lines = String::new();
    for minute in (part.end_minute()..from).rev().filter(|minute| minute % 3 == 0) {
        let time = began - SignedDuration::from_mins(minute);
        for (number, host) in (0..).zip(HOSTS) {
            let (program, message) = said(host, minute / 3 + number);
            // RFC 5424, facility auth (4), severity informational (6).
            writeln!(lines, "<38>1 {time} {host} {program} {} - - {message}", 1000 + minute)
                .expect("a string grows");
        }
    }
    let file = File::options().create(true).append(true).open(logs.join("relayed.log"));
    file.and_then(|mut file| file.write_all(lines.as_bytes())).expect("the relay writes");
}

/// What each of them logs; one has no sudo.
fn said(host: &str, number: i64) -> (&'static str, &'static str) {
    match number % 4 {
        0 => ("sshd", "Accepted publickey for anna from 10.0.0.7 port 50022 ssh2"),
        1 => ("CRON", "(root) CMD (true)"),
        2 if host != "gamma" => {
            ("sudo", "anna : TTY=pts/0 ; PWD=/home/anna ; USER=root ; COMMAND=/usr/bin/true")
        }
        _ => ("systemd", "Started something."),
    }
}

/// What is known of them: each has its own programs, and no other's.
pub fn expect(offline: &Offline) {
    assert_eq!(offline.names(), HOSTS);
    for host in HOSTS {
        let host = offline.host(host);
        assert!(host.count("syslog:sshd") > 1000 && host.count("syslog:CRON") > 1000);
    }
    let sudo = HOSTS.map(|host| offline.host(host).count("syslog:sudo") > 1000);
    assert_eq!(sudo, [true, true, false]);
}

//! The forms of a line.

use super::*;

#[test]
fn every_form_tells_host_and_program() {
    for line in [
        "Mar  1 10:15:00 web1 sshd[812]: Accepted",
        "Mar 01 10:15:00 web1 sshd[812]: Accepted",
        "Mar 1 10:15:00 web1 sshd[812]: Accepted",
        "Mar  1 10:15:00.123 web1 sshd[812]: Accepted",
        "Mar  1 10:15:00 UTC web1 sshd[812]: Accepted",
        "Mar  1 2026 10:15:00 web1 sshd[812]: Accepted",
        "2026 Mar  1 10:15:00 web1 sshd[812]: Accepted",
        "<38>Mar  1 10:15:00 web1 sshd[812]: Accepted",
        "Mar  1 10:15:00 web1 auth.info sshd[812]: Accepted",
        "Mar  1 10:15:00 web1 auth|security:info sshd[812]: Accepted",
        "Mar  1 10:15:00 <auth.info> web1 sshd[812]: Accepted",
        "Mar  1 10:15:00 <4.6> web1 sshd[812]: Accepted",
        "Mar  1 10:15:00 web1 sshd[812] <Notice>: Accepted",
        "2026-03-01T10:15:00.123456+01:00 web1 sshd[812]: Accepted",
        "2026-03-01T10:15:00Z web1 sshd[812]: Accepted",
        "2026-03-01T10:15:00 web1 sshd[812]: Accepted",
        "2026-03-01 10:15:00 web1 sshd[812]: Accepted",
        "<38>2026-03-01T10:15:00.123456+01:00 web1 sshd[812]: Accepted",
        "<38>1 2026-03-01T10:15:00.123456+01:00 web1 sshd 812 - - Accepted",
        "1 2026-03-01T10:15:00.123456+01:00 web1 sshd 812 - - Accepted",
        "\u{feff}<38>1 2026-03-01T10:15:00Z web1 sshd 812 - - Accepted",
    ] {
        assert_eq!(one(line), "web1 syslog:sshd", "{line}");
    }
}

#[test]
fn lines_without_a_host_have_none() {
    for (line, program) in [
        ("2026-03-01T10:15:00.1+00:00 INFO prog[1]: text", " syslog:prog"),
        ("Mar  1 10:15:00 kernel: [997.39] sda2", " syslog:kernel"),
        ("Mar  1 10:15:00 prog[1985] <Info>: text", " syslog:prog"),
        ("Mar  1 10:15:00: prog: text", " syslog:prog"),
        ("Mar  1 10:15:00 - prog: text", " syslog:prog"),
        ("<38>1 2026-03-01T10:15:00Z - prog - - - text", " syslog:prog"),
        ("Mar  1 10:15:00: --- a text about nothing ---", " syslog:-"),
    ] {
        assert_eq!(one(line), program, "{line}");
    }
}

#[test]
fn free_text_names_no_program() {
    for line in [
        "Mar  1 10:15:00 web1 Job `cron.daily' terminated",
        "Mar  1 10:15:00 web1 word after word",
        "Mar  1 10:15:00 web1 http://example.org/",
        "Mar  1 10:15:00 web1 12: text",
        "Mar  1 10:15:00 web1",
        "<38>1 2026-03-01T10:15:00Z web1 - - - - text",
        "<38>1 2026-03-01T10:15:00Z web1 1234 - - - text",
        "<38>1 2026-03-01T10:15:00Z web1",
    ] {
        assert_eq!(one(line), "web1 syslog:-", "{line}");
    }
    let lines: Vec<String> = (0..5000).map(|n| format!("Mar  1 10:15:00 web1 word{n} text")).collect();
    let scan = scan_bytes(lines.join("\n").as_bytes());
    assert_eq!(counts(&scan), BTreeMap::from([("web1 syslog:-".to_owned(), 5000)]));
}

#[test]
fn hosts_are_names_or_addresses() {
    for host in [
        "10.0.0.1",
        "fe80::1",
        "2001:db8::",
        "[::1]",
        "web1.example.org",
        "bücher",
        "s_all@web1",
        "host/relay",
    ] {
        assert_eq!(one(&format!("Mar  1 10:15:00 {host} sshd[1]: x")), format!("{host} syslog:sshd"));
    }
    assert_eq!(one("Mar  1 10:15:00 \"quoted\" sshd[1]: x"), " syslog:-");
}

#[test]
fn what_a_line_says_of_its_event_are_fields() {
    let filled =
        |names: &[&str]| (names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), Vec::new());
    assert_eq!(fields("Mar  1 10:15:00 h a: x"), filled(&[]));
    assert_eq!(fields("Mar  1 10:15:00 h a[1]: x"), filled(&["pid"]));
    assert_eq!(fields("<38>Mar  1 10:15:00 h a: x"), filled(&["facility", "severity"]));
    assert_eq!(fields("Mar  1 10:15:00 h user.notice a[1]: x"), filled(&["facility", "pid", "severity"]));
    assert_eq!(fields("Mar  1 10:15:00 <user.notice> h a: x"), filled(&["facility", "severity"]));
    assert_eq!(fields("2026-03-01T10:15:00Z ERR a: x"), filled(&["severity"]));
    assert_eq!(fields("Mar  1 10:15:00 h a[1] <Notice>: x"), filled(&["pid", "severity"]));
    let (known, nil) = fields("<38>1 2026-03-01T10:15:00Z h a - ID1 - x");
    assert_eq!(known, ["facility", "msgid", "severity"]);
    assert_eq!(nil, ["pid"]);
}

#[test]
fn a_log_changes_its_form_half_way() {
    let scan = scan(&[
        "Feb 28 10:00:00 h a: x",
        "2026-02-27T10:00:00+01:00 h a: x",
        "2026-02-26 10:00:00 h a: x",
        "<13>1 2026-03-01T10:15:00Z h a - - - x",
    ]);
    assert_eq!(counts(&scan), BTreeMap::from([("h syslog:a".to_owned(), 4)]));
    let (_, observed) = first(&scan);
    assert_eq!(observed.first, timestamp("2026-02-26T09:00:00Z"));
    assert_eq!(observed.last, timestamp("2026-03-01T10:15:00Z"));
    assert_eq!(observed.hours.len(), 4);
    assert!(!scan.interleaved);
}

#[test]
fn lines_without_a_header_continue_the_one_before() {
    let scan = scan(&[
        "no header yet",
        "Mar  1 10:15:00 h a: one",
        "\tat line 2",
        "2026-03-01 10:15:00 INFO a log that is no syslog",
        "MMM 22 07:54:32 h a: x",
        "Mar  1 10:15:0 h a: x",
        "Mar  1 10:15:00h a: x",
        "<999>Mar  1 10:15:00 h a: x",
        "1 - h a - - - x",
    ]);
    assert_eq!((scan.damaged, scan.continued, scan.records), (1, 7, 1));
}

//! Logs recorded from a real `rsyslogd`: three days' work in five templates each. Every log must agree with the ledger
//! of what was sent, and with a parse that shares nothing with ours.

use std::{fs, path::Path};

use super::{
    Counts, counts,
    daemon::{Daemon, LOCAL_HOST, TEMPLATES},
    scan_file,
};

/// What was sent.
#[derive(Default)]
struct Ledger {
    counts: Counts,
    messages: usize,
}

impl Ledger {
    fn add(&mut self, host: &str, program: &str, events: u64) {
        *self.counts.entry((host.to_owned(), program.to_owned())).or_default() += events;
        self.messages += 1;
    }
}

#[test]
fn what_programs_of_one_machine_log() {
    let Some(daemon) = Daemon::start("") else { return };
    let mut ledger = Ledger::default();
    for (round, process) in (0..5).zip(["7", "812", "32767", "1", "99999"]) {
        for (program, priority, with_process, text) in [
            ("sudo", "authpriv.notice", false, "   root : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id"),
            ("sshd", "auth.info", true, "Accepted publickey for root from 10.0.0.1 port 22: RSA"),
            ("sshd-session", "auth.info", true, "pam_unix(sshd:session): session opened"),
            ("postfix/smtpd", "mail.info", true, "connect from unknown[10.0.0.9]"),
            ("(systemd)", "daemon.debug", true, "text"),
            ("CRON", "cron.info", true, "(root) CMD (true)"),
            ("org.gnome.Shell.desktop", "user.warning", true, "a: b: c[3]: d"),
            ("audit_tool.sh", "local7.err", false, "message with 'quotes' \"and\" <brackets>"),
        ] {
            let tag = if with_process { vec![format!("--id={process}")] } else { Vec::new() };
            let mut arguments = vec!["-t", program, "-p", priority];
            arguments.extend(tag.iter().map(String::as_str));
            arguments.extend(["--", text]);
            daemon.log(&arguments);
            ledger.add(LOCAL_HOST, program, 1);
        }
        daemon.log(&["-t", "multi", "--", "one\ntwo\tthree"]);
        ledger.add(LOCAL_HOST, "multi", 1);
        let id = format!("{}", round % 2 + 1);
        daemon.log(&["-t", "sysmon", "--", &sysmon_event(&id)]);
        ledger.add(LOCAL_HOST, &format!("sysmon-linux:{id}"), 1);
        daemon.log_rfc5424(&["-t", "app", "--id=5", "--msgid", "ID47", "--", "the message"]);
        ledger.add(&own_name(), "app", 1);
    }
    compare(daemon, &ledger, 0);
}

#[test]
fn what_a_relay_hears_of_machines_and_devices() {
    let Some(daemon) = Daemon::start("") else { return };
    let mut ledger = Ledger::default();
    let fortinet = concat!(
        r#"<189>date=2026-03-01 time=10:00:00 devname="FG1" devid="FGT60" logid="0000000013" "#,
        r#"type="traffic" subtype="forward" level="notice" srcip=10.1.1.1"#,
    );
    for (message, host, program) in [
        ("<38>Mar  1 10:00:00 db1 sshd[5]: Accepted password", "db1", "sshd"),
        ("<38>Mar  1 10:00:01 db2 sshd[5]: Accepted password", "db2", "sshd"),
        ("<13>Mar  1 10:00:01 db2.example.org cron[9]: text", "db2.example.org", "cron"),
        (r#"<13>1 2026-03-01T10:00:00.5Z db1 app 77 ID1 [a@1 k="]\]"] text"#, "db1", "app"),
        ("<13>1 2026-03-01T10:00:00+05:30 db3 worker 77 - - text", "db3", "worker"),
        ("<166>Mar 01 2026 10:00:00 fw1 : %ASA-6-302013: Built", "fw1", "%ASA-6-302013"),
        ("<166>Mar 01 2026 10:00:00 fw2 %ASA-4-106023: Deny", "fw2", "%ASA-4-106023"),
        ("<166>Mar 01 2026 10:00:00 fw3: %ASA-4-106023: Deny", "127.0.0.1", "%ASA-4-106023"),
        (
            "<189>123: sw1: *Mar  1 18:46:11.123: %LINEPROTO-5-UPDOWN: Line",
            "127.0.0.1",
            "%LINEPROTO-5-UPDOWN",
        ),
        ("<189>124: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: Configured", "127.0.0.1", "%SYS-5-CONFIG_I"),
        ("<14>Mar  1 10:00:00 ids1 CEF:0|Vendor|Product|1.0|id|name|5|a=b", "ids1", "Product"),
        (fortinet, "FG1", "traffic/forward"),
    ] {
        for _ in 0..3 {
            daemon.send_udp(message);
            ledger.add(host, program, 1);
        }
        daemon.send_tcp(&vec![message.to_owned(); 20]);
        (0..20).for_each(|_| ledger.add(host, program, 1));
    }
    let many: Vec<String> =
        (0..500).map(|number| format!("<13>Mar  1 10:00:00 node{number} unit{}[1]: x", number % 7)).collect();
    daemon.send_tcp(&many);
    (0..500).for_each(|number| ledger.add(&format!("node{number}"), &format!("unit{}", number % 7), 1));
    compare(daemon, &ledger, 0);
}

#[test]
fn what_is_repeated_and_what_has_many_lines() {
    let globals = "$RepeatedMsgReduction on\nglobal(parser.escapeControlCharactersOnReceive=\"off\")";
    let Some(daemon) = Daemon::start(globals) else { return };
    let mut ledger = Ledger::default();
    let mut continued = 0;
    for round in 1..=4_u64 {
        let text = format!("one {round}\n    at line two\n\tand line three");
        daemon.log(&["-t", "java", "--id=4", "--", &text]);
        ledger.add(LOCAL_HOST, "java", 1);
        continued += 2;
        // The daemon writes the first of them, and how many followed.
        (0..=round)
            .for_each(|_| daemon.log(&["-t", "sshd", "--id=4", "--", "error: PAM: Authentication failure"]));
        ledger.add(LOCAL_HOST, "sshd", 1);
        ledger.add(LOCAL_HOST, "sshd", round);
        daemon.log(&["-t", "cron", "--", "another message"]);
        ledger.add(LOCAL_HOST, "cron", 1);
    }
    compare(daemon, &ledger, continued);
}

/// Stops the daemon and compares each of its files.
fn compare(daemon: Daemon, ledger: &Ledger, continued: u64) {
    let lines = ledger.messages + usize::try_from(continued).expect("few lines");
    let folder = daemon.stop(lines);
    for (file, template) in TEMPLATES {
        let path = folder.path().join(file);
        let scan = scan_file(&path);
        assert_eq!((scan.damaged, scan.undated, scan.uncounted), (0, 0, 0), "{template}");
        assert_eq!(scan.continued, continued, "{template}");
        assert_eq!(counts(&scan), ledger.counts, "{template}");
        assert_eq!(naive(&path, template), ledger.counts, "{template}, by the naive parse");
    }
}

/// Words between spaces, by their places in the template.
fn naive(path: &Path, template: &str) -> Counts {
    let log = fs::read_to_string(path).expect("a log of text");
    let mut counts = Counts::new();
    for line in log.lines().filter(|line| !line.starts_with([' ', '\t'])) {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let place = match template {
            "RSYSLOG_TraditionalFileFormat" | "RSYSLOG_SysklogdFileFormat" => 3,
            "RSYSLOG_SyslogProtocol23Format" => 2,
            _ => 1,
        };
        let mut host = words[place];
        let mut program = words[place + 1].split(['[', ':']).next().expect("a word").to_owned();
        if let Some(mnemonic) = words.iter().find(|word| word.starts_with('%')) {
            program = mnemonic.trim_end_matches(':').to_owned();
        } else if let Some(device) = between(line, "devname=\"", "\"") {
            host = device;
            program = format!(
                "{}/{}",
                between(line, " type=\"", "\"").expect("a type"),
                between(line, "subtype=\"", "\"").expect("a subtype")
            );
        } else if let Some(product) = between(line, "|Vendor|", "|") {
            program = product.to_owned();
        } else if let Some(id) = between(line, "<EventID>", "<") {
            program = format!("sysmon-linux:{id}");
        }
        let events = between(line, "message repeated ", " times: [")
            .map_or(1, |times| times.parse().expect("a number"));
        *counts.entry((host.to_owned(), program)).or_default() += events;
    }
    counts
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(inner, _)| inner)
}

/// The name that `logger` itself writes into a message of RFC 5424: up to the first dot.
fn own_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").expect("Linux");
    name.trim().split('.').next().expect("a name").to_owned()
}

fn sysmon_event(id: &str) -> String {
    format!(
        concat!(
            r#"<Event><System><Provider Name="Linux-Sysmon" Guid="{{ff032593-a8d3-4f13-b0d6-01fc615a0f97}}"/>"#,
            r#"<EventID>{}</EventID><TimeCreated SystemTime="2026-03-01T09:15:00.123456000Z"/>"#,
            r#"<Channel>Linux-Sysmon/Operational</Channel></System><EventData><Data Name="RuleName">-</Data>"#,
            r#"<Data Name="CommandLine">sh -c &lt;x&gt;</Data></EventData></Event>"#,
        ),
        id
    )
}

//! One inventory of two hosts and five rules, with names that try to leave their place.

use std::{fs, path::Path};

use blindspot::{cli::args::InputArgs, input::Input, overlay, report::Report};
use blindspot_sampling::Detail;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A host's name that would run a script, end an attribute and turn the text direction.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\" onmouseover=\"alert(2)\u{202e}'";

/// A report's form.
pub(crate) type Render = fn(&Report<'_>) -> anyhow::Result<String>;

/// Writes a report with an overlay of FIN7 over the two hosts.
pub(crate) fn rendered(render: Render) -> String {
    with_hosts(&[host("WS01"), host(HOSTILE)], render)
}

/// Writes a report over one host.
pub(crate) fn rendered_for_one(render: Render) -> String {
    with_hosts(&[host("WS01")], render)
}

fn with_hosts(hosts: &[Value], render: Render) -> String {
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("hosts.json");
    let document = json!({ "schema": "blindspot.audit/1", "hosts": hosts });
    fs::write(&inventory, document.to_string()).unwrap();
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).unwrap();
    write_rules(&rules);
    let arguments = InputArgs {
        paths: Vec::new(),
        rules: vec![rules],
        detections: Vec::new(),
        attack: None,
        catalog: None,
        inventory: vec![inventory],
        since: None,
        level: None,
        status: Vec::new(),
        zone: None,
        threads: None,
    };
    let mut input = Input::load(&arguments, Detail::Inventory).unwrap();
    input.given = vec!["hosts.json".to_owned()];
    let sights = input.sights();
    let made: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut report = Report::new(&input, &sights, made);
    let fin7 = overlay::group(&report, "FIN7").unwrap();
    report.overlays.push(fin7);
    render(&report).unwrap()
}

fn host(name: &str) -> Value {
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    json!({
        "host": name, "platform": "windows", "aliases": [HOSTILE],
        "sources": [
            { "path": HOSTILE, "kind": "evtx", "status": "read", "holds": [sysmon], "records": 300, "damaged": 2,
              "oldest": "2026-03-01T10:00:00Z", "newest": "2026-03-01T20:30:00Z", "size_bytes": 1_118_208 },
            { "path": "Security.evtx", "kind": "evtx", "status": "read", "holds": ["Security"], "records": 40,
              "damaged": 0, "oldest": "2026-03-01T10:00:00Z", "newest": "2026-03-01T20:30:00Z" },
        ],
        "event_types": [
            event(("sysmon:1", sysmon, "Microsoft-Windows-Sysmon", 1), 200, &["Image", "CommandLine", "ParentImage"]),
            event(("sysmon:13", sysmon, "Microsoft-Windows-Sysmon", 13), 100, &["TargetObject", "Details", HOSTILE]),
            event(("x", HOSTILE, HOSTILE, 7), 3, &[HOSTILE]),
            event(("security:4624", "Security", "Microsoft-Windows-Security-Auditing", 4624), 40, &["LogonType"]),
        ],
        "settings": settings(),
    })
}

/// Every key that settings can have.
fn settings() -> Value {
    let field = json!({ "field": "auid", "op": "greater_or_equal", "value": "1000" });
    let between = json!({ "field": "auid", "op": "not_equal", "value": "obj_uid" });
    json!({
        "audit": {
            "rules": {
                "origin": "files",
                "list": [
                    { "watch": { "path": HOSTILE, "perms": "wa", "keys": [HOSTILE] } },
                    { "filter": { "list": "exit", "action": "always", "arch": "b64", "syscalls": ["execve"],
                        "perms": "x", "fields": [field], "between": [between], "keys": ["k"] } },
                ],
                "refused": [{ "line": HOSTILE, "why": "a word without an option" }],
            },
            "state": "on", "pid": 612, "failure": 1, "lost": 0, "backlog": 0, "backlog_limit": 8192, "rate_limit": 0,
            "daemon": { "write_logs": true, "log_format": "enriched", "log_file": HOSTILE, "max_log_file_mib": 8,
                "num_logs": 5, "max_log_file_action": "rotate", "name_format": "none", "not_understood": [HOSTILE] },
        },
        "journald": { "storage": "auto", "folder_exists": true, "rate_limit_interval_ms": 30_000,
            "rate_limit_burst": 10_000, "forward_to_syslog": true, "system_max_use_bytes": 1_048_576,
            "not_understood": [HOSTILE] },
        "syslog": { "program": "rsyslog", "files": [HOSTILE], "thrown_away": ["*.debug"] },
        "sysmon": { "schema": "4.81", "filters": [{ "tag": HOSTILE, "on_match": "include", "conditions": 3 }],
            "not_understood": [HOSTILE] },
    })
}

fn event((key, channel, provider, id): (&str, &str, &str, u16), count: u64, fields: &[&str]) -> Value {
    let fill = json!({ "filled": count, "placeholder": 0, "of": count });
    let fields: serde_json::Map<String, Value> =
        fields.iter().map(|name| ((*name).to_owned(), fill.clone())).collect();
    json!({
        "key": key, "channel": channel, "provider": provider, "event_id": id, "count": count,
        "first": "2026-03-01T10:15:00Z", "last": "2026-03-01T20:15:00Z",
        "hours": { "2026-03-01T10:00:00Z": count - 1, "2026-03-01T20:00:00Z": 1 },
        "fields": fields,
    })
}

fn write_rules(folder: &Path) {
    rule(
        folder,
        ("1", "Run key written", "registry_set", "attack.t1547.001"),
        "TargetObject|contains: '\\Run\\'",
    );
    rule(folder, ("2", "Odd process", "process_creation", "attack.t1059.001"), "Image|endswith: '\\odd.exe'");
    rule(folder, ("3", "Odd name looked up", "dns_query", "attack.t1071.004"), "QueryName|contains: 'odd'");
    rule(folder, ("4", HOSTILE, "pipe_created", "attack.t1055"), "PipeName: '\\odd'");
    rule(folder, ("5", "No home", "process_creation", "attack.t9999"), "Image|endswith: '\\nobody.exe'");
}

fn rule(folder: &Path, (name, title, category, tag): (&str, &str, &str, &str), test: &str) {
    let title = serde_json::to_string(title).unwrap();
    let text = format!(
        "title: {title}\nid: 5f0e1f1e-0000-4000-8000-{name:0>12}\nlevel: high\nstatus: test\ntags:\n    - {tag}\n\
         logsource:\n    product: windows\n    category: {category}\ndetection:\n    selection:\n        {test}\n    \
         condition: selection\n"
    );
    fs::write(folder.join(format!("{name}.yml")), text).unwrap();
}

//! Rules for the audit log on hosts whose audit rules are known: verdicts, reasons and what to do.

use blindspot_catalog::{Detection, Facts, sigma};
use blindspot_coverage::{
    HostSight, How, Judgement, Reason, ReasonCode, Verdict,
    fix::{self, Step},
    judge, say,
};
use blindspot_sampling::settings::{self, SettingsFile, SettingsFiles, SettingsKind};
use blindspot_telemetry::{
    FieldFill, Hour, Inventory, Observed, Platform, Source, SourceId, SourceKind, SourceStatus, Window,
    report::{HostReport, InventoryDocument, SCHEMA, read_inventories},
};
use jiff::Timestamp;

const EXEC: &str = "-a always,exit -F arch=b64 -S execve,execveat -F key=exec\n\
                    -a always,exit -F arch=b32 -S execve,execveat -F key=exec\n";
const RUNNING: &str = "enabled 1\npid 612\nlost 0\nbacklog 0\n";
const START: i64 = 1_760_000_000;

/// A host whose audit log was read, with these event types counted, each with fields that are filled.
fn host(rules: &str, status: &str, counted: &[(&str, &[&str])]) -> Inventory {
    let mut inventory = Inventory::new("web1".into(), Platform::Linux);
    let at = |second| Timestamp::from_second(START + second).expect("a time");
    inventory.sources.push(Source {
        path: "/var/log/audit/audit.log".to_owned(),
        kind: SourceKind::Auditd,
        status: SourceStatus::Read,
        holds: vec![SourceId::Auditd],
        records: 500,
        damaged: 0,
        oldest: Some(at(0)),
        newest: Some(at(86_400)),
        size_bytes: None,
    });
    for (key, fields) in counted {
        let fill = FieldFill { filled: 40, placeholder: 0, empty: 0 };
        let seen = Observed {
            count: 40,
            first: at(0),
            last: at(86_400),
            hours: [(Hour::of(at(0)), 40)].into(),
            fields: fields.iter().map(|name| ((*name).into(), fill)).collect(),
        };
        inventory.observe(key.parse().expect("an event type"), seen);
    }
    let file = |kind, text: &str| SettingsFile { kind, name: String::new(), bytes: text.into() };
    inventory.settings = settings::read(&SettingsFiles {
        files: vec![file(SettingsKind::LoadedAuditRules, rules), file(SettingsKind::AuditStatus, status)],
        ..SettingsFiles::default()
    });
    through_report(&inventory)
}

/// What is known survives being written and read.
fn through_report(inventory: &Inventory) -> Inventory {
    let hosts = vec![HostReport::from(inventory)];
    let json = serde_json::to_vec(&InventoryDocument { schema: SCHEMA.to_owned(), hosts }).expect("JSON");
    let read = read_inventories(&json).expect("inventories");
    assert_eq!(read, std::slice::from_ref(inventory));
    read.into_iter().next().expect("a host")
}

/// A rule of the audit log with one selection.
fn rule(tactic: &str, selection: &str) -> Detection {
    of_logsource("{product: linux, service: auditd}", tactic, selection)
}

fn of_logsource(logsource: &str, tactic: &str, selection: &str) -> Detection {
    let text = format!(
        "title: t\nid: 6f2d5a0e-0d1c-4c0f-9c55-8f8f2f3c1a01\nlogsource: {logsource}\ntags: [attack.{tactic}]\n\
         detection:\n  selection: {selection}\n  condition: selection\n"
    );
    let (rules, problems) = sigma::load([("rule.yml".to_owned(), text)]);
    assert_eq!(problems, []);
    let mut detections = rules.detections(sigma::Logsources::embedded(), &Facts::embedded());
    detections.remove(0)
}

/// Verdict, reason codes, their texts, and commands.
#[derive(Debug)]
struct Answer {
    verdict: Verdict,
    codes: Vec<ReasonCode>,
    text: String,
    how: Vec<How>,
    steps: Vec<Step>,
}

fn answer(detection: &Detection, inventory: &Inventory) -> Answer {
    let facts = Facts::embedded();
    let sight = HostSight::new(inventory, Window::ALL, &facts);
    let judgement: Judgement<'_> = judge(detection, &sight, &facts);
    let said = |reason: &Reason<'_>| say::reason(reason, &sight);
    Answer {
        verdict: judgement.verdict,
        codes: judgement.reasons.iter().map(|reason| reason.code).collect(),
        text: judgement.reasons.iter().map(said).collect::<Vec<_>>().join("; "),
        how: judgement.evidence.iter().map(|evidence| evidence.how).collect(),
        steps: fix::steps(detection, &judgement, &sight, &facts),
    }
}

impl Answer {
    fn commands(&self) -> String {
        self.steps.iter().flat_map(|step| step.commands.clone()).collect::<Vec<_>>().join("\n")
    }
}

fn whoami() -> Detection {
    rule("discovery", "{type: EXECVE, a0: whoami}")
}

fn preload() -> Detection {
    rule("persistence", "{type: PATH, name: /etc/ld.so.preload}")
}

#[test]
fn without_a_rule_nothing_is_written_and_the_step_is_the_rule() {
    let answer = answer(&whoami(), &host("No rules\n", RUNNING, &[]));
    assert_eq!((answer.verdict, answer.codes.as_slice()), (Verdict::Blind, &[ReasonCode::NotConfigured][..]));
    assert!(
        answer.commands().contains("auditctl -a always,exit -F arch=b64 -S execve,execveat"),
        "{answer:?}"
    );
}

#[test]
fn no_audit_at_all_is_a_missing_source_and_the_step_installs_it() {
    let mut bare = host("No rules\n", "enabled 0\npid 0\n", &[]);
    bare.sources[0].status = SourceStatus::Missing;
    bare.sources[0].oldest = None;
    let answer = answer(&whoami(), &bare);
    assert_eq!((answer.verdict, answer.codes.as_slice()), (Verdict::Blind, &[ReasonCode::SourceMissing][..]));
    let commands = answer.commands();
    assert!(
        commands.contains("systemctl enable --now auditd") && commands.contains("-S execve"),
        "{commands}"
    );
}

#[test]
fn a_rule_that_records_everything_and_no_record_is_a_contradiction() {
    let silent = answer(&whoami(), &host(EXEC, RUNNING, &[("auditd:USER_LOGIN", &[])]));
    assert_eq!(silent.codes, [ReasonCode::ConfiguredNotObserved]);
    assert_eq!(silent.verdict, Verdict::Blind);
    assert!(silent.text.contains("auditctl -s"), "{}", silent.text);
    let lossy = answer(&whoami(), &host(EXEC, "enabled 1\npid 612\nlost 9\n", &[("auditd:USER_LOGIN", &[])]));
    assert_eq!((lossy.verdict, lossy.codes.as_slice()), (Verdict::Unknown, &[ReasonCode::ThinEvidence][..]));
    assert!(lossy.text.contains("lost 9") && lossy.commands().contains("auditctl -b"), "{lossy:?}");
}

#[test]
fn never_task_and_a_switched_off_kernel_silence_what_rules_ask_for() {
    let silenced = answer(&whoami(), &host(&format!("-a never,task\n{EXEC}"), RUNNING, &[]));
    assert_eq!(
        (silenced.verdict, silenced.codes.as_slice()),
        (Verdict::Blind, &[ReasonCode::NotConfigured][..])
    );
    assert!(silenced.text.contains("-a never,task"), "{}", silenced.text);
    assert_eq!(silenced.commands(), "auditctl -d never,task");
    let off = answer(&whoami(), &host(EXEC, "enabled 0\n", &[]));
    assert_eq!(
        (off.codes.as_slice(), off.commands().as_str()),
        (&[ReasonCode::NotConfigured][..], "auditctl -e 1")
    );
}

#[test]
fn a_type_that_is_excluded_names_the_rule() {
    let rules = format!("{EXEC}-a always,exclude -F msgtype=EXECVE\n");
    let answer = answer(&whoami(), &host(&rules, RUNNING, &[("auditd:SYSCALL/execve", &[])]));
    assert_eq!(
        (answer.verdict, answer.codes.as_slice()),
        (Verdict::Blind, &[ReasonCode::FilteredByAuditd][..])
    );
    assert!(answer.text.contains("msgtype=EXECVE"), "{}", answer.text);
    assert_eq!(answer.commands(), "auditctl -d always,exclude -F msgtype=EXECVE");
}

#[test]
fn an_act_that_a_rule_records_is_armed_without_an_event() {
    let rules = "-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -F key=modules\n";
    let module = rule("persistence", "{type: SYSCALL, SYSCALL: init_module}");
    let armed = answer(&module, &host(rules, RUNNING, &[]));
    assert_eq!((armed.verdict, armed.how.as_slice()), (Verdict::Armed, &[How::Setting][..]));
    assert_eq!(answer(&module, &host(EXEC, RUNNING, &[])).codes, [ReasonCode::NotConfigured]);
}

#[test]
fn messages_of_programs_are_armed_where_a_daemon_listens() {
    let account = rule("persistence", "{type: ADD_USER}");
    assert_eq!(answer(&account, &host("No rules\n", RUNNING, &[])).verdict, Verdict::Armed);
    assert_eq!(answer(&account, &host("No rules\n", "enabled 1\npid 0\n", &[])).verdict, Verdict::Unknown);
}

#[test]
fn a_watch_elsewhere_does_not_see_the_path_however_many_records_there_are() {
    let counted: &[(&str, &[&str])] = &[("auditd:PATH", &["name"])];
    let answer = answer(&preload(), &host("-w /etc/passwd -p wa -k id\n", RUNNING, counted));
    assert_eq!(
        (answer.verdict, answer.codes.as_slice()),
        (Verdict::Blind, &[ReasonCode::FilteredByAuditd][..])
    );
    assert!(answer.text.contains("watch /etc/passwd, not /etc/ld.so.preload"), "{}", answer.text);
    assert_eq!(answer.commands(), "auditctl -w /etc/ld.so.preload -p wa -k watched");
}

#[test]
fn a_watch_on_the_path_arms_it_and_a_record_shows_it() {
    let rules = "-w /etc/ld.so.preload -p wa -k preload\n";
    let armed = answer(&preload(), &host(rules, RUNNING, &[]));
    assert_eq!((armed.verdict, armed.codes.as_slice()), (Verdict::Armed, &[][..]));
    assert_eq!(
        answer(&preload(), &host(rules, RUNNING, &[("auditd:PATH", &["name"])])).verdict,
        Verdict::Sighted
    );
}

#[test]
fn where_any_file_may_be_recorded_the_path_stays_seen() {
    let counted: &[(&str, &[&str])] = &[("auditd:PATH", &["name"])];
    let all = "-w /etc/passwd -p wa\n-a always,exit -F arch=b64 -S open,openat\n";
    assert_eq!(answer(&preload(), &host(all, RUNNING, counted)).verdict, Verdict::Sighted);
    let failed = "-w /etc/passwd -p wa\n-a always,exit -F arch=b64 -S open,openat -F success=0\n";
    let partial = answer(&preload(), &host(failed, RUNNING, counted));
    assert_eq!(
        (partial.verdict, partial.codes.as_slice()),
        (Verdict::Partial, &[ReasonCode::FilteredByAuditd][..])
    );
}

#[test]
fn of_several_paths_the_step_watches_those_that_are_not() {
    let discovery = rule("discovery", "{type: PATH, name: [/etc/issue, /etc/pam.d/*]}");
    let partial = answer(&discovery, &host("-w /etc/issue -p r\n", RUNNING, &[("auditd:PATH", &["name"])]));
    assert_eq!(partial.verdict, Verdict::Partial);
    assert!(partial.text.contains("nothing records /etc/pam.d/*"), "{}", partial.text);
    assert_eq!(partial.commands(), "auditctl -w /etc/pam.d -p r -k watched");
}

#[test]
fn executions_of_one_user_are_partial_sight() {
    let rules = "-a always,exit -F arch=b64 -S execve -F euid=33 -F key=www\n-w /usr/bin/su -p x -k su\n";
    let seen = answer(&whoami(), &host(rules, RUNNING, &[("auditd:EXECVE", &["a0"])]));
    assert_eq!(
        (seen.verdict, seen.codes.as_slice()),
        (Verdict::Partial, &[ReasonCode::FilteredByAuditd][..])
    );
    assert!(seen.text.contains("euid=33") && seen.text.contains("/usr/bin/su"), "{}", seen.text);
    let unseen = answer(&whoami(), &host(rules, RUNNING, &[]));
    assert_eq!(
        (unseen.verdict, unseen.codes.as_slice()),
        (Verdict::Armed, &[ReasonCode::FilteredByAuditd][..])
    );
}

#[test]
fn file_rules_ask_for_their_path_too() {
    let crontab = of_logsource(
        "{product: linux, category: file_event}",
        "persistence",
        "{TargetFilename|startswith: /etc/cron.d/}",
    );
    let counted: &[(&str, &[&str])] = &[("auditd:SYSCALL/openat", &["exe"])];
    let elsewhere = answer(&crontab, &host("-w /etc/passwd -p wa\n", RUNNING, counted));
    assert_eq!(elsewhere.verdict, Verdict::Blind);
    assert!(elsewhere.commands().contains("auditctl -w /etc/cron.d -p wa"), "{}", elsewhere.commands());
    let watched = answer(&crontab, &host("-w /etc/cron.d -p wa\n", RUNNING, counted));
    assert_eq!(watched.verdict, Verdict::Partial);
}

#[test]
fn with_settings_unknown_all_is_as_before() {
    let mut unknown = host("", "", &[("auditd:PATH", &["name"])]);
    assert_eq!(unknown.settings, blindspot_telemetry::Settings::default());
    assert_eq!(answer(&preload(), &unknown).verdict, Verdict::Sighted);
    unknown.event_types.clear();
    assert_eq!(answer(&preload(), &unknown).codes, [ReasonCode::NeverSeen]);
}

//! The rules of judgement, each a test.

use std::sync::Arc;

use blindspot_catalog::{
    Accepts, Branch, Breadth, Detection, DetectionId, DetectionSource, Exclusion, Facts, FieldExpr,
    FieldNeed, FieldTest, Leaf, LeafEvent, NotUnderstood, Requirement, Schema, Scope,
};
use blindspot_telemetry::{
    EventTypePattern, FieldFill, Hour, Inventory, Observed, Platform, Source, SourceId, SourceKind,
    SourceStatus, Window,
    settings::{
        AuditPolicy, ChannelSettings, OnMatch, Outcomes, Subcategory, SysmonFilter, SysmonSettings,
        WindowsSettings,
    },
};
use jiff::Timestamp;

use super::*;
use crate::verdict::How;

const DAY: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// A host with these event types: text form, count, field fills (name, filled, declared).
type Recorded<'t> = (&'t str, u64, &'t [(&'t str, u64, u64)]);

fn host(status: SourceStatus, channel: &str, recorded: &[Recorded<'_>]) -> Inventory {
    let mut inventory = Inventory::new("WS01".into(), Platform::Windows);
    inventory.sources.push(source(status, channel));
    for (name, count, fields) in recorded {
        let fields = fields.iter().map(|(name, filled, of)| {
            ((*name).into(), FieldFill { filled: *filled, placeholder: 0, empty: of - filled })
        });
        inventory.observe(
            name.parse().unwrap(),
            Observed {
                count: *count,
                first: at(0),
                last: at(DAY),
                hours: [(Hour::of(at(0)), *count)].into(),
                fields: fields.collect(),
            },
        );
    }
    inventory
}

fn source(status: SourceStatus, channel: &str) -> Source {
    Source {
        path: format!("{channel}.evtx"),
        kind: SourceKind::Evtx,
        status,
        holds: vec![SourceId::Channel(channel.into())],
        records: 0,
        damaged: 0,
        oldest: Some(at(0)),
        newest: Some(at(DAY)),
        size_bytes: None,
    }
}

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";

fn need(name: &str) -> FieldNeed {
    FieldNeed {
        rule_name: name.into(),
        event_fields: [name.into()].into(),
        schema: Schema::Declares,
        accepts: Accepts::Value,
    }
}

fn leaf(event_type: &str, needs: &[&str]) -> Leaf {
    Leaf {
        event: LeafEvent::Type(event_type.parse::<EventTypePattern>().unwrap()),
        breadth: Breadth::Exact,
        needs: needs.iter().map(|name| need(name)).collect(),
        exclusions: Arc::default(),
        paths: Arc::default(),
    }
}

fn branch(label: &str, alternatives: Vec<Leaf>) -> Requirement {
    Requirement::Branch(Branch { label: label.into(), alternatives })
}

fn detection(requirement: Requirement) -> Detection {
    Detection {
        id: DetectionId::new("d"),
        source: DetectionSource::Sigma,
        title: "a rule".into(),
        level: None,
        status: None,
        techniques: Vec::new(),
        file: None,
        scope: Scope::Hosts(Platform::Windows),
        requirement,
        sysmon_lines: Vec::new(),
        prerequisites: Vec::new(),
    }
}

/// The verdict and the reason codes.
fn verdict(requirement: Requirement, inventory: &Inventory) -> (Verdict, Vec<ReasonCode>) {
    verdict_in(requirement, inventory, Window::ALL)
}

fn verdict_in(requirement: Requirement, inventory: &Inventory, window: Window) -> (Verdict, Vec<ReasonCode>) {
    let facts = Facts::embedded();
    let detection = detection(requirement);
    let sight = HostSight::new(inventory, window, &facts);
    let judgement = judge(&detection, &sight, &facts);
    (judgement.verdict, judgement.reasons.iter().map(|reason| reason.code).collect())
}

#[test]
fn a_counted_event_type_with_its_field_filled_is_sighted() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:13", 3, &[("TargetObject", 3, 3)])]);
    let requirement =
        branch("run key", vec![leaf("sysmon:13", &["TargetObject"]), leaf("security:4657", &[])]);
    assert_eq!(verdict(requirement, &inventory), (Verdict::Sighted, vec![]));
}

#[test]
fn a_dead_alternative_costs_nothing_and_all_dead_ones_are_named() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[])]);
    let requirement =
        branch("run key", vec![leaf("sysmon:13", &["TargetObject"]), leaf("security:4657", &[])]);
    let codes = vec![ReasonCode::NeverSeen, ReasonCode::SourceMissing];
    assert_eq!(verdict(requirement, &inventory), (Verdict::Blind, codes));
}

#[test]
fn alternatives_are_chosen_per_branch_and_never_mixed_field_by_field() {
    let inventory = host(
        SourceStatus::Read,
        "Security",
        &[
            ("security:4688", 30, &[("CommandLine", 30, 30)]),
            ("sysmon:1", 30, &[("OriginalFileName", 30, 30)]),
        ],
    );
    let both = |event: &str| leaf(event, &["CommandLine", "OriginalFileName"]);
    let (verdict, _) = verdict(branch("both", vec![both("sysmon:1"), both("security:4688")]), &inventory);
    assert_eq!(verdict, Verdict::Blind, "4688's command line beside Sysmon's file name is no event");
}

#[test]
fn one_dead_branch_beside_a_live_one_is_partial() {
    let fields: &[_] = &[("NewProcessName", 30, 30)];
    let inventory = host(SourceStatus::Read, "Security", &[("security:4688", 30, fields)]);
    let parts = Requirement::Parts(vec![
        branch("image", vec![leaf("security:4688", &["NewProcessName"])]),
        branch("renamed", vec![leaf("security:4688", &["OriginalFileName"])]),
    ]);
    assert_eq!(verdict(parts, &inventory), (Verdict::Partial, vec![ReasonCode::FieldAbsent]));
}

#[test]
fn a_field_that_is_declared_and_empty_needs_twenty_events_to_be_dead() {
    let of = |count| {
        host(SourceStatus::Read, "Security", &[("security:4688", count, &[("CommandLine", 0, count)])])
    };
    let requirement = || branch("line", vec![leaf("security:4688", &["CommandLine"])]);
    assert_eq!(verdict(requirement(), &of(20)), (Verdict::Blind, vec![ReasonCode::FieldEmpty]));
    assert_eq!(verdict(requirement(), &of(19)), (Verdict::Unknown, vec![ReasonCode::ThinEvidence]));
}

#[test]
fn a_template_without_the_field_is_proof_after_one_event() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 1, &[("Image", 1, 1)])]);
    let requirement = branch("renamed", vec![leaf("sysmon:1", &["OriginalFileName"])]);
    assert_eq!(verdict(requirement, &inventory), (Verdict::Blind, vec![ReasonCode::SchemaTooOld]));
}

#[test]
fn absence_is_judged_by_rate_and_default() {
    let read = host(SourceStatus::Read, "Security", &[("security:4624", 30, &[])]);
    let of = |event: &str| verdict(branch("b", vec![leaf(event, &[])]), &read);
    assert_eq!(of("security:4688"), (Verdict::Blind, vec![ReasonCode::NeverSeen]), "routine");
    assert_eq!(of("security:4697"), (Verdict::Blind, vec![ReasonCode::NeverSeen]), "act, off by default");
    assert_eq!(of("security:4720"), (Verdict::Unknown, vec![ReasonCode::RareUnproven]), "act, on by default");
    assert_eq!(of("security:1102"), (Verdict::Armed, vec![]), "cannot be switched off");
    assert_eq!(of("security:4648"), (Verdict::Armed, vec![]), "its sibling 4624 was counted");
}

#[test]
fn what_cannot_be_switched_off_is_not_proven_by_a_log_that_nobody_writes() {
    let log = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[])]);
    let of = |from: i64| {
        let window = Window { from: Some(at(from)), to: None };
        verdict_in(branch("b", vec![leaf("sysmon:16", &[])]), &log, window)
    };
    assert_eq!(of(0), (Verdict::Armed, vec![]));
    assert_eq!(of(2 * DAY), (Verdict::Unknown, vec![ReasonCode::RareUnproven]), "Sysmon may be gone");
}

#[test]
fn without_a_counted_leaf_there_is_no_sight_and_dead_parts_beside_armed_ones_are_named() {
    let read = host(SourceStatus::Read, "Security", &[("security:4624", 30, &[])]);
    let parts = Requirement::Parts(vec![
        branch("cleared", vec![leaf("security:1102", &[])]),
        branch("service", vec![leaf("security:4697", &[])]),
    ]);
    assert_eq!(verdict(parts, &read), (Verdict::Armed, vec![ReasonCode::NeverSeen]));
}

#[test]
fn unreadable_is_not_absent() {
    for (status, code) in [
        (SourceStatus::Denied, ReasonCode::PermissionDenied),
        (SourceStatus::Unreadable, ReasonCode::SourceUnreadable),
        (SourceStatus::Lagging, ReasonCode::AgentStale),
    ] {
        let inventory = host(status, SYSMON, &[]);
        let requirement = branch("b", vec![leaf("sysmon:13", &[])]);
        assert_eq!(verdict(requirement, &inventory), (Verdict::Unknown, vec![code]));
    }
    let off = host(SourceStatus::Disabled, SYSMON, &[]);
    let (verdict, codes) = verdict(branch("b", vec![leaf("sysmon:13", &[])]), &off);
    assert_eq!((verdict, codes), (Verdict::Blind, vec![ReasonCode::ChannelDisabled]));
}

#[test]
fn a_role_that_is_not_shown_is_unknown_and_one_that_is_shown_is_judged() {
    let plain = host(SourceStatus::Read, "Security", &[("security:4624", 30, &[])]);
    let requirement = || branch("b", vec![leaf("security:5136", &[])]);
    assert_eq!(verdict(requirement(), &plain), (Verdict::Unknown, vec![ReasonCode::RoleUnknown]));
    let controller = host(SourceStatus::Read, "Security", &[("security:4768", 30, &[])]);
    assert_eq!(verdict(requirement(), &controller), (Verdict::Blind, vec![ReasonCode::NeverSeen]));
}

#[test]
fn a_log_shorter_than_the_window_proves_nothing_and_a_longer_one_shows_silence() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[]), ("sysmon:13", 3, &[])]);
    let since = |second| Window { from: Some(at(second)), to: None };
    let of = |event: &str, window| verdict_in(branch("b", vec![leaf(event, &[])]), &inventory, window);
    assert_eq!(of("sysmon:3", since(-DAY)), (Verdict::Unknown, vec![ReasonCode::LogOverwritten]));
    assert_eq!(of("sysmon:13", since(DAY / 2)), (Verdict::Blind, vec![ReasonCode::Silent]));
    assert_eq!(of("sysmon:13", since(-DAY)), (Verdict::Sighted, vec![]));
}

fn with_exclusion(excluded: FieldExpr) -> Requirement {
    let exclusion = Exclusion { label: "filter".into(), excluded };
    branch("b", vec![Leaf { exclusions: [exclusion].into(), ..leaf("security:4688", &["NewProcessName"]) }])
}

#[test]
fn an_exclusion_without_its_field_makes_noise_and_one_that_always_holds_blinds() {
    let fields: &[_] = &[("NewProcessName", 30, 30), ("CommandLine", 0, 30)];
    let inventory = host(SourceStatus::Read, "Security", &[("security:4688", 30, fields)]);
    let test = |name: &str, test| FieldExpr::Test(need(name), test);
    let plain = with_exclusion(test("CommandLine", FieldTest::Value));
    assert_eq!(verdict(plain, &inventory).0, Verdict::Noisy);
    let absent = with_exclusion(test("CommandLine", FieldTest::Absence));
    assert_eq!(verdict(absent, &inventory), (Verdict::Blind, vec![ReasonCode::ExclusionAlwaysTrue]));
    let both = with_exclusion(FieldExpr::All(vec![
        test("CommandLine", FieldTest::Absence),
        test("NewProcessName", FieldTest::Value),
    ]));
    assert_eq!(verdict(both, &inventory).0, Verdict::Noisy, "the other half still tells events apart");
    let known = with_exclusion(test("NewProcessName", FieldTest::Absence));
    assert_eq!(verdict(known, &inventory).0, Verdict::Sighted);
}

#[test]
fn needed_together_the_worst_decides_and_outside_parts_are_set_aside() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[])]);
    let live = || branch("live", vec![leaf("sysmon:1", &[])]);
    let dead = || branch("dead", vec![leaf("sysmon:13", &[])]);
    let outside = || Requirement::Outside { what: "network sensor".into() };
    let of = |parts| verdict(Requirement::Together(parts), &inventory).0;
    assert_eq!(of(vec![live(), dead()]), Verdict::Blind);
    assert_eq!(of(vec![live(), live(), outside()]), Verdict::Sighted);
    assert_eq!(of(vec![live(), branch("armed", vec![leaf("sysmon:16", &[])])]), Verdict::Sighted);
    assert_eq!(of(vec![outside()]), Verdict::Unsampled);
    let beside = Requirement::Parts(vec![live(), Requirement::Together(vec![live(), dead()])]);
    assert_eq!(verdict(beside, &inventory).0, Verdict::Partial, "a closed part leaves its neighbour open");
}

#[test]
fn a_source_level_reference_is_partial_at_most_and_a_keyword_rule_needs_its_source() {
    let inventory = host(SourceStatus::Read, "System", &[("system[Service Control Manager]:7045", 2, &[])]);
    let on_source = |breadth| {
        let event = LeafEvent::Source(SourceId::Channel("System".into()));
        branch("b", vec![Leaf { event, breadth, ..leaf("sysmon:13", &[]) }])
    };
    assert_eq!(
        verdict(on_source(Breadth::SourceLevel), &inventory),
        (Verdict::Partial, vec![ReasonCode::SourceLevelOnly])
    );
    assert_eq!(verdict(on_source(Breadth::Exact), &inventory).0, Verdict::Sighted);
}

#[test]
fn what_was_not_understood_is_unknown_and_another_platform_is_out_of_scope() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[])]);
    let unmapped =
        Requirement::NotUnderstood { kind: NotUnderstood::UnmappedLogsource, what: "no row".into() };
    assert_eq!(verdict(unmapped, &inventory), (Verdict::Unknown, vec![ReasonCode::UnmappedLogsource]));
    let facts = Facts::embedded();
    let sight = HostSight::new(&inventory, Window::ALL, &facts);
    let mut elsewhere = detection(branch("b", vec![leaf("sysmon:1", &[])]));
    elsewhere.scope = Scope::Hosts(Platform::Linux);
    assert_eq!(judge(&elsewhere, &sight, &facts).verdict, Verdict::OutOfScope);
}

#[test]
fn evidence_says_what_was_counted_and_how_it_is_known() {
    let fields: &[_] = &[("TargetObject", 2, 3)];
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:13", 3, fields)]);
    let facts = Facts::embedded();
    let sight = HostSight::new(&inventory, Window::ALL, &facts);
    let detection = detection(branch("b", vec![leaf("sysmon:13", &["TargetObject"])]));
    let judgement = judge(&detection, &sight, &facts);
    let shown: Vec<_> = judgement
        .evidence
        .iter()
        .map(|e| (e.field.map(|f| f.as_str()), e.count, e.filled, e.of, e.how))
        .collect();
    assert_eq!(shown, [(None, 3, 0, 0, How::Seen), (Some("TargetObject"), 3, 2, 3, How::Seen)]);
    assert_eq!(judgement.sole_source.map(ToString::to_string).as_deref(), Some("sysmon:13"));
}

#[test]
fn an_exclusion_that_the_schema_makes_hold_always_closes_a_branch_that_was_not_seen_either() {
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:12", 3, &[("TargetObject", 3, 3)])]);
    let details = FieldNeed { schema: Schema::Lacks, ..need("Details") };
    let excluded = FieldExpr::Test(details, FieldTest::Absence);
    let exclusions = [Exclusion { label: "filter".into(), excluded }].into();
    let renamed = Leaf { exclusions, ..leaf("sysmon:14", &["TargetObject"]) };
    assert_eq!(
        verdict(branch("b", vec![renamed]), &inventory),
        (Verdict::Blind, vec![ReasonCode::ExclusionAlwaysTrue])
    );
    assert_eq!(
        verdict(branch("b", vec![leaf("sysmon:14", &["TargetObject"])]), &inventory).0,
        Verdict::Armed
    );
}

#[test]
fn a_product_that_is_not_shown_is_no_way_out_for_a_branch_that_the_hosts_own_logs_close() {
    let inventory = host(SourceStatus::Read, "Security", &[("security:4624", 30, &[])]);
    let alternatives = || vec![leaf("powershell:4104", &[]), leaf("powershell-core:4104", &[])];
    let (given, codes) = verdict(branch("b", alternatives()), &inventory);
    assert_eq!((given, codes.first()), (Verdict::Blind, Some(&ReasonCode::SourceMissing)));
    assert_eq!(verdict(branch("b", alternatives().split_off(1)), &inventory).0, Verdict::Unknown);
    let controller = vec![leaf("powershell:4104", &[]), leaf("security:5136", &[])];
    assert_eq!(
        verdict(branch("b", controller), &inventory).0,
        Verdict::Unknown,
        "it may be a domain controller"
    );
}

#[test]
fn a_log_with_much_damage_proves_no_absence() {
    let mut inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[])]);
    let of = |inventory: &Inventory| verdict(branch("b", vec![leaf("sysmon:13", &[])]), inventory);
    (inventory.sources[0].records, inventory.sources[0].damaged) = (100, 5);
    assert_eq!(of(&inventory), (Verdict::Blind, vec![ReasonCode::NeverSeen]));
    inventory.sources[0].damaged = 6;
    assert_eq!(of(&inventory), (Verdict::Unknown, vec![ReasonCode::SourceUnreadable]));
}

#[test]
fn of_a_host_that_was_not_heard_of_nothing_is_claimed() {
    let facts = Facts::embedded();
    let inventory = host(SourceStatus::Read, SYSMON, &[("sysmon:13", 3, &[("TargetObject", 3, 3)])]);
    let mut closed = leaf("sysmon:1", &[]);
    closed.needs = [FieldNeed { schema: Schema::Lacks, ..need("NoSuchField") }].into();
    let stale = HostSight::stale(&inventory);
    for leaf in [leaf("sysmon:13", &["TargetObject"]), closed] {
        let detection = detection(branch("one", vec![leaf]));
        let judgement = judge(&detection, &stale, &facts);
        let codes: Vec<_> = judgement.reasons.iter().map(|reason| reason.code).collect();
        assert_eq!((judgement.verdict, codes), (Verdict::Unknown, vec![ReasonCode::AgentStale]));
    }
    let elsewhere =
        Detection { scope: Scope::Hosts(Platform::Linux), ..detection(branch("one", Vec::new())) };
    assert_eq!(judge(&elsewhere, &stale, &facts).verdict, Verdict::OutOfScope);
    let outside = detection(Requirement::Outside { what: "cloud".into() });
    assert_eq!(judge(&outside, &stale, &facts).verdict, Verdict::Unsampled);
}

/// A policy that has these outcomes of subcategories audited: `2B S`, `15 -`, `15 SF`.
fn policy(inventory: &mut Inventory, audited: &[&str]) {
    let subcategories = audited.iter().map(|text| {
        let (byte, letters) = text.split_once(' ').unwrap();
        let outcomes = Outcomes { success: letters.contains('S'), failure: letters.contains('F') };
        (Subcategory(u8::from_str_radix(byte, 16).unwrap()), outcomes)
    });
    let policy = AuditPolicy { subcategories: subcategories.collect(), not_understood: Vec::new() };
    inventory.settings.windows =
        Some(WindowsSettings { audit_policy: Some(policy), ..WindowsSettings::default() });
}

#[test]
fn the_audit_policy_says_why_nothing_was_written_and_what_would_be() {
    let mut log = host(SourceStatus::Read, "Security", &[("security:4634", 30, &[])]);
    policy(&mut log, &["2B -", "15 S", "17 -", "11 S", "1E S", "42 -", "3F F"]);
    let of = |event: &str| verdict(branch("b", vec![leaf(event, &[])]), &log);
    assert_eq!(of("security:4688"), (Verdict::Blind, vec![ReasonCode::NotConfigured]));
    assert_eq!(of("security:4624"), (Verdict::Blind, vec![ReasonCode::ConfiguredNotObserved]), "routine");
    assert_eq!(of("security:4625"), (Verdict::Blind, vec![ReasonCode::OutcomeMissing]), "a failure");
    assert_eq!(of("security:4697"), (Verdict::Armed, vec![]), "an act that is audited");
    assert_eq!(of("security:4657"), (Verdict::Unknown, vec![ReasonCode::SaclMissing]));
    assert_eq!(of("security:4776"), (Verdict::Unknown, vec![ReasonCode::RareUnproven]), "one outcome of it");
    assert_eq!(
        of("security:4720"),
        (Verdict::Unknown, vec![ReasonCode::RareUnproven]),
        "its setting is unknown"
    );
    assert_eq!(
        of("security:4768"),
        (Verdict::Unknown, vec![ReasonCode::RoleUnknown]),
        "for domain controllers"
    );
    assert_eq!(of("security:1102"), (Verdict::Armed, vec![]), "no policy switches it off");
}

#[test]
fn what_was_counted_stays_seen_whatever_the_audit_policy_says() {
    let mut log = host(SourceStatus::Read, "Security", &[("security:4688", 30, &[("CommandLine", 30, 30)])]);
    policy(&mut log, &["2B -"]);
    let requirement = branch("b", vec![leaf("security:4688", &["CommandLine"])]);
    assert_eq!(verdict(requirement, &log), (Verdict::Sighted, vec![]));
}

#[test]
fn a_policy_arms_nothing_where_the_log_holds_nothing_of_the_window() {
    let mut log = host(SourceStatus::Read, "Security", &[("security:4634", 30, &[])]);
    policy(&mut log, &["11 S"]);
    let window = Window { from: Some(at(2 * DAY)), to: None };
    let judged = verdict_in(branch("b", vec![leaf("security:4697", &[])]), &log, window);
    assert_eq!(judged, (Verdict::Unknown, vec![ReasonCode::RareUnproven]));
}

#[test]
fn a_sysmon_configuration_says_what_is_never_written() {
    let filter = |tag: &str, on_match, conditions| SysmonFilter { tag: tag.to_owned(), on_match, conditions };
    let mut log = host(SourceStatus::Read, SYSMON, &[("sysmon:1", 30, &[])]);
    log.settings.sysmon = Some(SysmonSettings {
        filters: vec![
            filter("RegistryEvent", OnMatch::Include, 0),
            filter("CreateRemoteThread", OnMatch::Exclude, 0),
            filter("DnsQuery", OnMatch::Exclude, 0),
            filter("FileCreate", OnMatch::Include, 4),
        ],
        ..SysmonSettings::default()
    });
    let of = |event: &str| verdict(branch("b", vec![leaf(event, &[])]), &log);
    assert_eq!(of("sysmon:13"), (Verdict::Blind, vec![ReasonCode::FilteredBySysmon]), "an empty include");
    assert_eq!(of("sysmon:7"), (Verdict::Blind, vec![ReasonCode::FilteredBySysmon]), "no element");
    assert_eq!(of("sysmon:8"), (Verdict::Armed, vec![]), "every one of an act");
    assert_eq!(
        of("sysmon:22"),
        (Verdict::Blind, vec![ReasonCode::ConfiguredNotObserved]),
        "every one, routine"
    );
    assert_eq!(of("sysmon:11"), (Verdict::Blind, vec![ReasonCode::NeverSeen]), "its conditions decide");
    assert_eq!(of("sysmon:1"), (Verdict::Sighted, vec![]), "counted");
    assert_eq!(of("sysmon:255"), (Verdict::Armed, vec![]), "no configuration filters it");
}

#[test]
fn a_log_that_is_switched_off_is_the_reason_until_something_of_it_is_counted() {
    let channel = "Microsoft-Windows-TaskScheduler/Operational";
    let off = |recorded: &[Recorded<'_>]| {
        let mut log = host(SourceStatus::Empty, channel, recorded);
        let channels = [(channel.into(), ChannelSettings::default())].into();
        log.settings.windows = Some(WindowsSettings { channels, ..WindowsSettings::default() });
        log
    };
    let of =
        |log: &Inventory, id: u16| verdict(branch("b", vec![leaf(&format!("{channel}:{id}"), &[])]), log);
    assert_eq!(of(&off(&[]), 129), (Verdict::Blind, vec![ReasonCode::ChannelDisabled]));
    let was_on = off(&[(&format!("{channel}:129"), 30, &[])]);
    assert_eq!(of(&was_on, 129), (Verdict::Sighted, vec![]));
    assert_ne!(of(&was_on, 141).1, [ReasonCode::ChannelDisabled], "it was on in the window");
}

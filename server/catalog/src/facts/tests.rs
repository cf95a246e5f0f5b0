//! Tests of the embedded facts and of their overriding.

use super::*;
use blindspot_telemetry::{HostName, Observed, Platform};

fn pattern(text: &str) -> EventTypePattern {
    text.parse().unwrap()
}

fn facts_of<'a>(facts: &'a Facts, text: &str) -> &'a EventFacts {
    facts.row(&pattern(text)).unwrap_or_else(|| panic!("no row for {text}"))
}

fn files(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn host(event_types: &[&str]) -> Inventory {
    let mut inventory = Inventory::new(HostName::new("h"), Platform::Windows);
    for text in event_types {
        let (first, last) = Default::default();
        let hours = BTreeMap::new();
        inventory.observe(
            text.parse().unwrap(),
            Observed { count: 1, first, last, hours, fields: BTreeMap::new() },
        );
    }
    inventory
}

#[test]
fn every_embedded_row_is_understood() {
    let (facts, problems) = Facts::from_files(&BTreeMap::new());
    assert_eq!(problems, []);
    let written = embedded::FILES.iter().filter(|(name, _)| name.starts_with("event-facts"));
    let rows: usize = written.map(|(_, text)| text.lines().count() - 1).sum();
    assert_eq!(facts.event_types().len() + facts.sources().len(), rows, "an event type has two rows");
    for (event_type, facts) in facts.event_types() {
        assert!(!facts.title.is_empty() && !facts.source.is_empty(), "{event_type}");
    }
}

#[test]
fn every_event_type_is_written_as_it_is_printed() {
    for (name, text) in embedded::FILES.iter().filter(|(name, _)| name.starts_with("event-facts")) {
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            let text = record.unwrap()[0].to_owned();
            if !text.ends_with(":*") {
                assert_eq!(pattern(&text).to_string(), text, "{name}");
            }
        }
    }
}

#[test]
fn audit_rows_carry_the_command_with_the_guid_of_their_subcategory() {
    let facts = Facts::embedded();
    let command = |text: &str| facts_of(&facts, text).fixes[0].command.clone().unwrap();
    assert_eq!(
        &*command("security:4688"),
        r#"auditpol /set /subcategory:"{0CCE922B-69AE-11D9-BED3-505054503030}" /success:enable"#
    );
    for (event_type, known) in facts.event_types() {
        for fix in known.fixes.iter().filter(|fix| fix.name.starts_with("audit-")) {
            let command = fix.command.as_deref().unwrap_or_default();
            assert!(command.contains("-69AE-11D9-BED3-505054503030}"), "{event_type}: {command}");
            assert!(command.contains(":enable"), "{event_type}: {command}");
        }
        let needs_fix = known.default == DefaultState::Off && !known.retired;
        let impractical = event_type.to_string().starts_with("auditd:SYSCALL/");
        assert!(
            !needs_fix || !known.fixes.is_empty() || impractical,
            "{event_type} is off and nothing says how to mend it"
        );
    }
}

#[test]
fn the_command_line_of_4688_has_its_own_fix() {
    let facts = Facts::embedded();
    let process = facts_of(&facts, "security:4688");
    let fix = process.fix_of_field(&"CommandLine".into()).unwrap();
    assert!(fix.command.as_deref().unwrap().contains("ProcessCreationIncludeCmdLine_Enabled"));
    assert_eq!(process.fix_of_field(&"NewProcessName".into()), None);
    assert_eq!(process.schema_of(&"OriginalFileName".into()), Schema::Lacks);
    assert_eq!(facts_of(&facts, "security:4696").schema_of(&"Anything".into()), Schema::Unknown);
}

#[test]
fn sysmon_rows_know_their_tag_and_the_age_of_their_fields() {
    let facts = Facts::embedded();
    assert_eq!(facts.sysmon_tag(EventId(13)), Some("RegistryEvent"));
    assert_eq!(facts.sysmon_tag(EventId(16)), None);
    let create = facts_of(&facts, "sysmon:1");
    assert_eq!(create.first_schema_of(&"OriginalFileName".into()), Some("4.21"));
    assert_eq!(create.schema_of(&"ParentUser".into()), Schema::Declares);
    assert!(create.fix_of_field(&"Hashes".into()).is_some());
    assert_eq!(
        &*facts_of(&facts, "sysmon:13").fixes[0].command.clone().unwrap(),
        r#"<RegistryEvent onmatch="exclude"/>"#
    );
    for id in (1..=29).chain([255]) {
        facts_of(&facts, &format!("sysmon:{id}"));
    }
}

#[test]
fn the_ids_that_judgement_rules_name_have_their_rates() {
    let facts = Facts::embedded();
    let is = |text: &str, rate, default| {
        let known = facts_of(&facts, text);
        assert_eq!((known.rate, known.default), (rate, default), "{text}");
    };
    for text in
        ["security:4688", "security:4663", "security:5156", "sysmon:13", "sysmon:3", "powershell:4103"]
    {
        is(text, Rate::Routine, DefaultState::Off);
    }
    for text in ["security:4624", "security:4672", "sysmon:1"] {
        is(text, Rate::Routine, DefaultState::On);
    }
    for text in ["security:4657", "security:4697", "security:4698", "security:5136"] {
        is(text, Rate::Act, DefaultState::Off);
    }
    for text in ["security:4719", "security:4720", "system[Service Control Manager]:7045", "security:4741"] {
        is(text, Rate::Act, DefaultState::On);
    }
    for text in
        ["security:1102", "system[Microsoft-Windows-Eventlog]:104", "sysmon:4", "sysmon:16", "sysmon:255"]
    {
        is(text, Rate::AlwaysOn, DefaultState::On);
    }
    is("security:4625", Rate::Act, DefaultState::Partly);
}

#[test]
fn same_as_goes_both_ways() {
    let facts = Facts::embedded();
    let mut pairs = 0;
    for (event_type, known) in facts.event_types() {
        for other in &known.same_as {
            pairs += 1;
            let back = &facts.row(other).unwrap().same_as;
            assert!(back.contains(event_type), "{other} does not name {event_type}");
        }
    }
    assert_eq!(pairs, 2 * 9, "seven pairs of firewall ids, sshd and cron");
}

#[test]
fn a_provider_may_be_left_out_on_either_side() {
    let facts = Facts::embedded();
    let title = |text: &str| facts.row(&pattern(text)).map(|known| known.title.to_string());
    assert_eq!(title("system:7045").as_deref(), Some("service installed"));
    assert_eq!(
        title("security[Microsoft-Windows-Security-Auditing]:4688").as_deref(),
        Some("process created")
    );
    assert_eq!(title("system[Somebody Else]:7045"), None);
    assert_eq!(title("auditd:SYSCALL/frobnicate"), title("auditd:SYSCALL"));
    let other = facts.get(&pattern("Microsoft-Windows-TaskScheduler/Operational:4242")).unwrap();
    assert_eq!(other.default, DefaultState::Off);
    assert!(facts.get(&pattern("Nobody-Knows/Operational:1")).is_none());
}

#[test]
fn one_switch_for_two_event_types_lets_one_prove_the_other() {
    let facts = Facts::embedded();
    let known = |text: &str| facts.get(&pattern(text)).unwrap();
    let proves = |seen: &str, wanted: &str| {
        let group = known(wanted).sibling_group().filter(|_| seen != wanted);
        group.is_some_and(|group| known(seen).group.as_deref() == Some(group))
    };
    assert!(proves("security:4722", "security:4720"));
    assert!(proves(
        "Microsoft-Windows-TaskScheduler/Operational:4242",
        "Microsoft-Windows-TaskScheduler/Operational:106"
    ));
    assert!(proves("sysmon:13", "sysmon:14"));
    assert!(!proves("security:4624", "security:4625"), "success says nothing of failure");
    assert!(!proves("security:4663", "security:4657"), "another object may have the auditing entry");
    assert!(!proves("sysmon:14", "sysmon:13"), "a routine type speaks for itself");
    assert!(!proves("security:4720", "security:4720"));
}

#[test]
fn roles_are_shown_by_what_only_they_write() {
    let facts = Facts::embedded();
    let roles = |seen: &[&str]| facts.roles_shown(&host(seen)).into_iter().collect::<Vec<_>>();
    assert_eq!(roles(&["security:4768", "Directory Service:1000"]), [Role::DomainController]);
    assert_eq!(roles(&["security:4624", "security:4776"]), []);
    assert_eq!(roles(&["Microsoft-Windows-DNSServer/Audit:541"]), [Role::DnsServer]);
    let products = facts.products_shown(&host(&["OpenSSH/Operational:4", "security:4624"]));
    assert_eq!(products.iter().map(|name| &**name).collect::<Vec<_>>(), ["OpenSSH Server"]);
}

#[test]
fn a_users_row_changes_the_cells_that_it_fills() {
    let own = files(&[
        (
            "event-facts-own.csv",
            "event_type,rate,default,role,fixes,field_fixes\nsecurity:4720,routine,,,,\nsecurity:4688,,,,,-\nOur-App/Log:7,act,off,optional:Our App,our-app,\n",
        ),
        (
            "fixes-own.csv",
            "name,action,command\nour-app,Switch it on,our-app --log\naudit-process-creation,,gpo.ps1\n",
        ),
        ("channels.csv", "not,ours\n1,2\n"),
    ]);
    let (facts, problems) = Facts::from_files(&own);
    assert_eq!(problems, []);
    let user = facts_of(&facts, "security:4720");
    assert_eq!(
        (user.rate, user.default, &*user.title),
        (Rate::Routine, DefaultState::On, "user account created")
    );
    let process = facts_of(&facts, "security:4688");
    assert_eq!(process.fix_of_field(&"CommandLine".into()), None);
    assert_eq!(process.fixes[0].command.as_deref(), Some("gpo.ps1"));
    assert_eq!(&*process.fixes[0].action, "Audit Process Creation (success)");
    let app = facts_of(&facts, "Our-App/Log:7");
    assert_eq!(app.product.as_deref(), Some("Our App"));
    assert_eq!(app.fixes[0].command.as_deref(), Some("our-app --log"));
}

#[test]
fn what_is_wrong_in_a_users_table_is_named_with_its_line() {
    let rows = "event_type,rate,default,role,colour\nsysmon,act,on,any,\nsysmon:13,often,on,any,\nsysmon:12,,,king,\nsysmon:14,act,on,any\nsysmon:11,act,on,any,red\n";
    let (facts, problems) = Facts::from_files(&files(&[("event-facts-own.csv", rows)]));
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 5, "{texts:#?}");
    assert!(texts[0].starts_with("event-facts-own.csv:1: there is no column `colour`"), "{}", texts[0]);
    assert!(texts[1].starts_with("event-facts-own.csv:5:"), "{}", texts[1]);
    assert!(texts[2].starts_with("event-facts-own.csv:2: `sysmon` has no colon"), "{}", texts[2]);
    assert!(texts.iter().any(|text| text == "event-facts-own.csv:3: `often` is no rate; one is routine, act or always_on"));
    assert!(texts.iter().any(|text| text.contains(":4: `king` is no role; one is any, dc,")));
    assert_eq!(facts_of(&facts, "sysmon:11").rate, Rate::Act);
    assert_eq!(
        facts_of(&facts, "sysmon:13").rate,
        Rate::Routine,
        "a row that is not understood changes nothing"
    );
}

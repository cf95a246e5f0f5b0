//! All process rules on hosts that hold only Security 4688, with and without its command line.
//!
//! Each difference from an evaluator that knows nothing of tests for absence is in `exclusion-always-true.csv`, and
//! is shown there to be right: the oracle finds the exclusion true on an event that has all that such a host writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use blindspot_coverage::{HostSight, ReasonCode, Verdict, VerdictCounts, judge};
use blindspot_telemetry::{FieldFill, HostName, Inventory, Observed, Platform, Window};
use jiff::Timestamp;
use rsigma_eval::{JsonEvent, compile_rule, evaluate_rule};
use rsigma_parser::{ConditionExpr, SigmaRule};
use serde_json::{Value, json};

use crate::{oracle::Corpus, simple};

/// Rule fields that 4688 carries, `CommandLine` aside, and a field of the System section that one rule excludes by.
const AVAILABLE: [&str; 8] = [
    "Image",
    "ParentImage",
    "User",
    "ProcessId",
    "ParentProcessId",
    "LogonId",
    "IntegrityLevel",
    "Provider_Name",
];

/// Whether process creation is recorded with its command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CommandLine {
    Recorded,
    Empty,
}

impl CommandLine {
    fn word(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Empty => "empty",
        }
    }

    fn available(self) -> Vec<&'static str> {
        let own = (self == Self::Recorded).then_some("CommandLine");
        AVAILABLE.into_iter().chain(own).collect()
    }

    /// A host that wrote 1,000 events 4688 and nothing else.
    fn host(self) -> Inventory {
        let full = FieldFill { filled: 1000, placeholder: 0, empty: 0 };
        let command_line = match self {
            Self::Recorded => full,
            Self::Empty => FieldFill { filled: 0, placeholder: 0, empty: 1000 },
        };
        let names = [
            "NewProcessName",
            "ParentProcessName",
            "SubjectUserName",
            "NewProcessId",
            "ProcessId",
            "SubjectLogonId",
            "MandatoryLabel",
        ];
        let mut fields: BTreeMap<_, _> = names.into_iter().map(|name| (name.into(), full)).collect();
        fields.insert("CommandLine".into(), command_line);
        let time = Timestamp::UNIX_EPOCH;
        let observed = Observed { count: 1000, first: time, last: time, hours: BTreeMap::new(), fields };
        let mut host = Inventory::new(HostName::new("H"), Platform::Windows);
        host.observe("security:4688".parse().expect("an event type"), observed);
        host
    }

    /// What such a host writes, in the names of process rules and with values that no rule knows.
    fn event(self) -> Value {
        self.available().into_iter().map(|name| (name.to_owned(), json!("unlike any value"))).collect()
    }
}

/// What became of one rule.
struct Outcome<'a> {
    rule: &'a SigmaRule,
    simple: &'static str,
    verdict: Verdict,
    /// Exclusions that hold on every event, by name.
    always_true: BTreeSet<String>,
}

fn outcomes<'a>(corpus: &'a Corpus, command_line: CommandLine) -> Vec<Outcome<'a>> {
    let host = command_line.host();
    let sight = HostSight::new(&host, Window::ALL, &corpus.facts);
    let detections: BTreeMap<&str, _> =
        corpus.detections.iter().map(|detection| (detection.id.as_str(), detection)).collect();
    let is_process = |rule: &&SigmaRule| {
        rule.logsource.product.as_deref() == Some("windows")
            && rule.logsource.category.as_deref() == Some("process_creation")
    };
    let outcome = |rule: &'a SigmaRule| {
        let judgement = judge(detections[rule.id.as_deref().expect("an id")], &sight, &corpus.facts);
        let exclusions =
            judgement.reasons.iter().filter(|reason| reason.code == ReasonCode::ExclusionAlwaysTrue);
        let always_true = exclusions.filter_map(|reason| reason.note.map(str::to_owned)).collect();
        let simple = simple::verdict(rule, &command_line.available());
        Outcome { rule, simple, verdict: judgement.verdict, always_true }
    };
    corpus.rules.iter().filter(is_process).map(outcome).collect()
}

fn id(rule: &SigmaRule) -> &str {
    rule.id.as_deref().unwrap_or_default()
}

/// sighted, partial, noisy, blind, and nothing else.
fn counted(verdicts: impl Iterator<Item = Verdict>) -> [usize; 4] {
    let mut counts = VerdictCounts::default();
    let mut all = 0;
    for verdict in verdicts {
        counts.add(verdict);
        all += 1;
    }
    let four = [Verdict::Sighted, Verdict::Partial, Verdict::Noisy, Verdict::Blind]
        .map(|verdict| counts.of(verdict));
    assert_eq!(four.iter().sum::<usize>(), all, "a verdict beside the four");
    four
}

/// The same of the simple evaluator.
fn simply_counted(outcomes: &[Outcome<'_>]) -> [usize; 4] {
    ["sighted", "partial", "noisy", "blind"]
        .map(|word| outcomes.iter().filter(|outcome| outcome.simple == word).count())
}

#[test]
fn process_rules_on_4688_alone_have_the_known_verdicts() {
    let Some(corpus) = Corpus::load() else { return };
    for (command_line, simple, ours) in [
        (CommandLine::Recorded, [641, 655, 20, 99], [641, 653, 17, 104]),
        (CommandLine::Empty, [136, 202, 32, 1045], [136, 194, 27, 1058]),
    ] {
        let outcomes = outcomes(&corpus, command_line);
        assert_eq!(simply_counted(&outcomes), simple, "{command_line:?}, ignoring tests for absence");
        assert_eq!(counted(outcomes.iter().map(|outcome| outcome.verdict)), ours, "{command_line:?}");
    }
}

/// A line of the table: command line, rule, exclusions that always hold, what the simple evaluator says, what we say.
type Line = [String; 5];

fn table() -> BTreeSet<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("judgement/exclusion-always-true.csv");
    let text = fs::read_to_string(path).expect("the table");
    let lines = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let [command_line, rule, always_true, simple, judged, why] = cells[..] else { panic!("{line}") };
        assert!(why.len() > 20, "{line} explains nothing");
        [command_line, rule, always_true, simple, judged].map(str::to_owned)
    });
    lines.collect()
}

#[test]
fn every_difference_from_an_evaluator_that_ignores_absence_is_listed_and_right() {
    let Some(corpus) = Corpus::load() else { return };
    let (mut found, mut others) = (BTreeSet::new(), Vec::new());
    for command_line in [CommandLine::Recorded, CommandLine::Empty] {
        for outcome in outcomes(&corpus, command_line) {
            let (rule, simple, judged) = (id(outcome.rule), outcome.simple, outcome.verdict.as_str());
            if outcome.always_true.is_empty() {
                if simple != judged {
                    others.push((command_line.word(), rule, simple, judged));
                }
                continue;
            }
            let event = command_line.event();
            let proven = outcome.always_true.iter().any(|exclusion| holds(outcome.rule, exclusion, &event));
            assert!(
                proven,
                "the oracle finds none of {:?} of {rule} true on such a host",
                outcome.always_true
            );
            let exclusions = outcome.always_true.into_iter().collect::<Vec<_>>().join(" ");
            found.insert([command_line.word(), rule, &exclusions, simple, judged].map(str::to_owned));
        }
    }
    let table = table();
    let missing: Vec<_> = found.difference(&table).collect();
    let stale: Vec<_> = table.difference(&found).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not in the table: {missing:#?}\nonly there: {stale:#?}");
    // One way of this rule asks for an empty command line, which such a host writes on every event.
    assert_eq!(others, [("empty", "9be34ad0-b6a7-4fbd-91cf-fc7ec1047f5f", "blind", "partial")]);
}

/// True where the oracle finds a selection of a rule true on the event.
fn holds(rule: &SigmaRule, selection: &str, event: &Value) -> bool {
    let mut alone = rule.clone();
    alone.detection.conditions = vec![ConditionExpr::Identifier(selection.to_owned())];
    let compiled = compile_rule(&alone).expect("a rule that compiles");
    evaluate_rule(&compiled, &JsonEvent::borrow(event)).is_some()
}

/// The exclusions of the table hold on hosts without the field only: they are not true of just any event.
#[test]
fn the_listed_exclusions_do_not_hold_where_the_field_is_filled() {
    let Some(corpus) = Corpus::load() else { return };
    let rules: BTreeMap<&str, &SigmaRule> = corpus.rules.iter().map(|rule| (id(rule), rule)).collect();
    let mut event = CommandLine::Recorded.event();
    for name in
        ["OriginalFileName", "CurrentDirectory", "ParentUser", "Company", "Product", "ParentCommandLine"]
    {
        event[name] = json!("like no other");
    }
    for [_, rule, always_true, ..] in table() {
        for exclusion in always_true.split(' ') {
            assert!(!holds(rules[rule.as_str()], exclusion, &event), "{exclusion} of {rule} always holds");
        }
    }
}

/// The one rule whose way to fire is an empty command line does fire on such a host, says the oracle.
#[test]
fn a_rule_that_asks_for_an_empty_command_line_fires_without_command_lines() {
    let Some(corpus) = Corpus::load() else { return };
    let rule = corpus.rules.iter().find(|rule| id(rule) == "9be34ad0-b6a7-4fbd-91cf-fc7ec1047f5f");
    let event = json!({
        "ParentImage": r"C:\Windows\System32\rundll32.exe",
        "Image": r"C:\Windows\System32\dllhost.exe",
        "CommandLine": "",
    });
    let compiled = compile_rule(rule.expect("the rule")).expect("a rule that compiles");
    assert!(evaluate_rule(&compiled, &JsonEvent::borrow(&event)).is_some());
}

/// An empty text is read as absent. Shippers that send it as it is make `null` false there, and four rules would
/// then not be excluded; two of them are blind for want of a command line anyway.
#[test]
fn four_rules_rest_on_reading_an_empty_command_line_as_none() {
    let Some(corpus) = Corpus::load() else { return };
    let rules: BTreeMap<&str, &SigmaRule> = corpus.rules.iter().map(|rule| (id(rule), rule)).collect();
    let mut event = CommandLine::Empty.event();
    event["CommandLine"] = json!("");
    let rest = |[_, rule, always_true, ..]: &Line| {
        !always_true.split(' ').any(|exclusion| holds(rules[rule.as_str()], exclusion, &event))
    };
    let found: Vec<_> = table().into_iter().filter(rest).map(|[_, rule, _, _, _]| rule).collect();
    let expected = [
        "16c37b52-b141-42a5-a3ea-bbe098444397",
        "9a4ccd1a-3526-4d99-b980-9f9c5d3a6ee3",
        "d65aee4d-2292-4cea-b832-83accd6cfa43",
        "e7888eb1-13b0-4616-bd99-4bc0c2b054b9",
    ];
    assert_eq!(found, expected);
}

//! Agents and their reports, made up.

use std::{collections::BTreeMap, sync::Arc};

use blindspot_store::{Arrival, EnrolmentToken, Store};
use blindspot_telemetry::{
    EventType, FieldFill, HostName, Hour, Source, SourceId, SourceKind, SourceStatus,
    census::{ComputerCensus, LogCensus, Tally},
    wire::{
        AgentId, Claim, Envelope, Epoch, Report, ReportKind, Seq, ServerEpoch, envelope, report::Footprint,
    },
};
use jiff::Timestamp;

/// 2026-01-01, an hour in whose middle reports come.
pub(crate) const NOW_HOUR: i64 = 490_896;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW_HOUR * 3600 + 1800 + second).unwrap()
}

pub(crate) fn claim(boot: &str) -> Claim {
    Claim {
        name: "host-1".to_owned(),
        platform: "windows".to_owned(),
        machine: "m1".to_owned(),
        boot: boot.to_owned(),
        version: "0.1.0".to_owned(),
    }
}

/// A token of this secret's hash, good for an hour.
pub(crate) fn token(hash: u8, uses_left: Option<u32>) -> EnrolmentToken {
    EnrolmentToken {
        hash: [hash; 32],
        label: "servers".to_owned(),
        group: "servers".to_owned(),
        uses_left,
        expires: at(3600),
        created_by: "admin".to_owned(),
    }
}

/// Enrols an agent with a key of its own.
pub(crate) async fn agent(store: &Store, key: u8) -> AgentId {
    let given = token(200, None);
    if store.tokens().await.unwrap().is_empty() {
        store.create_token(&given, at(0)).await.unwrap();
    }
    store.enrol(given.hash, [key; 32], &claim("b1"), at(0)).await.unwrap().agent
}

pub(crate) fn tally(hours: &[(i64, u64)]) -> Tally {
    let count = hours.iter().map(|(_, count)| count).sum();
    let start = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
    let span = hours.first().zip(hours.last()).map(|(first, last)| (start(first.0), start(last.0 + 1)));
    let fill = FieldFill { filled: count, placeholder: 0, empty: 0 };
    Tally {
        count,
        span,
        hours: hours.iter().map(|(hour, count)| (Hour(*hour), *count)).collect(),
        fields: BTreeMap::from([
            ("SubjectUserName".into(), fill),
            ("Status".into(), FieldFill { empty: 1, ..fill }),
        ]),
        undated: 0,
    }
}

pub(crate) fn event_type(event_id: u16) -> EventType {
    format!("windows:Security/{event_id}").parse().unwrap_or_else(|_| EventType::Windows {
        channel: "Security".into(),
        provider: "Microsoft-Windows-Security-Auditing".into(),
        event_id: blindspot_telemetry::EventId(event_id),
    })
}

pub(crate) const LOG: &str = r"C:\Windows\System32\winevt\Logs\Security.evtx";

pub(crate) fn log(path: &str, types: Vec<(EventType, Tally)>) -> LogCensus {
    let records = types.iter().map(|(_, tally)| tally.count).sum();
    LogCensus {
        source: Source {
            path: path.to_owned(),
            kind: SourceKind::Evtx,
            status: SourceStatus::Read,
            holds: vec![SourceId::Channel("Security".into())],
            records,
            damaged: 0,
            oldest: None,
            newest: Some(at(0)),
            size_bytes: Some(1 << 20),
        },
        stream: None,
        relay: false,
        caught_up_until: Some(at(0)),
        computers: vec![ComputerCensus {
            name: Some(HostName::new("host-1")),
            event_types: types.into_iter().collect(),
        }],
    }
}

/// A report that counts this often in these hours of one event type.
pub(crate) fn report(hours: &[(i64, u64)]) -> Report {
    Report {
        kind: ReportKind::Changes,
        claim: claim("b1"),
        interval_s: 300,
        coverage: None,
        logs: vec![log(LOG, vec![(event_type(4624), tally(hours))])],
        settings: None,
        findings: Vec::new(),
        footprint: Footprint::default(),
    }
}

/// The report with this number of this epoch, sent and received at this second.
pub(crate) fn arrival(agent: AgentId, (epoch, seq, second): (u8, u64, i64), report: Report) -> Arrival {
    let body = report.to_json().unwrap();
    Arrival {
        envelope: Envelope {
            agent,
            epoch: Epoch([epoch; 16]),
            seq: Seq(seq),
            server_epoch: ServerEpoch([0; 16]),
            sent_ms: at(second).as_millisecond() - 250,
        },
        body_hash: envelope::body_hash(&body),
        received: at(second),
        report: Arc::new(report),
    }
}

//! Every event id that a public Sigma rule names has facts. Reads the corpus that `BLINDSPOT_CORPUS` names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use blindspot_catalog::Facts;
use blindspot_telemetry::EventTypePattern;
use blindspot_tests::corpus::{corpus, files_below};
use yaml_serde::Value;

/// The channels of the services that rules name ids of; AppLocker's four and PowerShell's two stand for themselves.
const CHANNELS: [(&str, &[&str]); 29] = [
    ("security", &["security"]),
    ("system", &["system"]),
    ("application", &["application"]),
    ("sysmon", &["sysmon"]),
    ("powershell-classic", &["powershell-classic"]),
    ("powershell", &["powershell", "powershell-core"]),
    ("windefend", &["defender"]),
    ("wmi", &["Microsoft-Windows-WMI-Activity/Operational"]),
    ("taskscheduler", &["Microsoft-Windows-TaskScheduler/Operational"]),
    ("firewall-as", &["Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"]),
    ("bits-client", &["Microsoft-Windows-Bits-Client/Operational"]),
    ("codeintegrity-operational", &["Microsoft-Windows-CodeIntegrity/Operational"]),
    ("appxdeployment-server", &["Microsoft-Windows-AppXDeploymentServer/Operational"]),
    ("appmodel-runtime", &["Microsoft-Windows-AppModel-Runtime/Admin"]),
    ("capi2", &["Microsoft-Windows-CAPI2/Operational"]),
    ("dns-client", &["Microsoft-Windows-DNS-Client/Operational"]),
    ("dns-server", &["DNS Server"]),
    ("dns-server-analytic", &["Microsoft-Windows-DNSServer/Analytical"]),
    ("driver-framework", &["Microsoft-Windows-DriverFrameworks-UserMode/Operational"]),
    ("iis-configuration", &["Microsoft-IIS-Configuration/Operational"]),
    ("ldap", &["Microsoft-Windows-LDAP-Client/Debug"]),
    ("lsa-server", &["Microsoft-Windows-LSA/Operational"]),
    ("msexchange-management", &["MSExchange Management"]),
    ("ntlm", &["Microsoft-Windows-NTLM/Operational"]),
    ("openssh", &["OpenSSH/Operational"]),
    ("printservice-admin", &["Microsoft-Windows-PrintService/Admin"]),
    ("printservice-operational", &["Microsoft-Windows-PrintService/Operational"]),
    ("smbclient-security", &["Microsoft-Windows-SmbClient/Security"]),
    (
        "terminalservices-localsessionmanager",
        &["Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"],
    ),
];

#[test]
fn every_id_that_a_sigma_rule_names_has_facts() {
    let Some(corpus) = corpus() else { return };
    let files = files_below(&corpus.join("sigma-rules-2026-08"), ".yml");
    let channels: BTreeMap<&str, &[&str]> = CHANNELS.into_iter().collect();
    let mut named = BTreeSet::new();
    for file in &files {
        let rule: Value = yaml_serde::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let (logsource, detection) = (&rule["logsource"], &rule["detection"]);
        let service = logsource["service"].as_str().unwrap_or_default();
        if logsource["product"].as_str() == Some("windows")
            && let Some(channels) = channels.get(service)
        {
            let mut ids = BTreeSet::new();
            event_ids(detection, &mut ids);
            named.extend(
                ids.iter().flat_map(|id| channels.iter().map(move |channel| format!("{channel}:{id}"))),
            );
        }
    }
    assert!(files.len() > 3000 && named.len() > 200, "{} rules, {} event types", files.len(), named.len());

    let facts = Facts::embedded();
    let missing: Vec<_> = named
        .iter()
        .filter(|text| {
            let pattern: EventTypePattern = text.parse().unwrap();
            // The Windows logs of many writers have no row for each id: their own row speaks for the rest.
            let shared = text.starts_with("system:") || text.starts_with("application:");
            if shared { facts.get(&pattern).is_none() } else { facts.row(&pattern).is_none() }
        })
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// The numbers that stand behind a plain `EventID` anywhere in the detection.
fn event_ids(value: &Value, ids: &mut BTreeSet<u64>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    (Some("EventID"), Value::Sequence(list)) => {
                        ids.extend(list.iter().filter_map(Value::as_u64))
                    }
                    (Some("EventID"), one) => ids.extend(one.as_u64()),
                    _ => event_ids(value, ids),
                }
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| event_ids(value, ids)),
        _ => (),
    }
}

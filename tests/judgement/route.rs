//! Which events a Sigma log source means, after the taxonomy of the Sigma specification and not after the catalogue.

use rsigma_parser::LogSource;
use serde_json::Value;

use crate::event::Flat;

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
const SECURITY: &str = "Security";
const POWERSHELL: &str = "Microsoft-Windows-PowerShell/Operational";
const POWERSHELL_CORE: &str = "PowerShellCore/Operational";
const WINDOWS_POWERSHELL: &str = "Windows PowerShell";

/// How an event's fields are renamed to those of the log source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    AsWritten,
    /// From the event's name to the rule's; the event's own name stays where no other takes it.
    Renamed(&'static [(&'static str, &'static str)]),
    /// Names with blanks are written without.
    WithoutBlanks,
    /// `Name=Value` lines of the unnamed text are fields.
    TextLines,
    /// The value's name belongs to the key's, hives have Sysmon's names.
    Registry4657,
}

/// Events that a log source means.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `None` is any.
    pub channel: Option<&'static str>,
    /// Empty is any.
    pub ids: &'static [u64],
    pub shape: Shape,
}

const PROCESS_4688: Shape = Shape::Renamed(&[
    ("NewProcessName", "Image"),
    ("ParentProcessName", "ParentImage"),
    ("ProcessId", "ParentProcessId"),
    ("NewProcessId", "ProcessId"),
    ("SubjectUserName", "User"),
    ("SubjectLogonId", "LogonId"),
    ("MandatoryLabel", "IntegrityLevel"),
]);
const END_4689: Shape =
    Shape::Renamed(&[("ProcessName", "Image"), ("SubjectUserName", "User"), ("SubjectLogonId", "LogonId")]);
const CONNECTION_5156: Shape = Shape::Renamed(&[
    ("Application", "Image"),
    ("ProcessID", "ProcessId"),
    ("SourceAddress", "SourceIp"),
    ("DestAddress", "DestinationIp"),
    ("DestPort", "DestinationPort"),
]);
const FILE_4663: Shape = Shape::Renamed(&[
    ("ProcessName", "Image"),
    ("ObjectName", "TargetFilename"),
    ("SubjectUserName", "User"),
]);
const ACCESS_4656: Shape = Shape::Renamed(&[
    ("ProcessName", "SourceImage"),
    ("ObjectName", "TargetImage"),
    ("AccessMask", "GrantedAccess"),
    ("SubjectUserName", "SourceUser"),
]);

/// A category, its Sysmon ids, and the Security ids that can stand in, with the shape of their fields.
type Category = (&'static str, &'static [u64], &'static [(u64, Shape)]);

/// Sysmon's event ids by category, and what Windows itself writes instead.
const CATEGORIES: [Category; 28] = [
    ("process_creation", &[1], &[(4688, PROCESS_4688)]),
    ("file_change", &[2], &[]),
    ("network_connection", &[3], &[(5156, CONNECTION_5156)]),
    ("sysmon_status", &[4, 16], &[]),
    ("process_termination", &[5], &[(4689, END_4689)]),
    ("driver_load", &[6], &[]),
    ("image_load", &[7], &[]),
    ("create_remote_thread", &[8], &[]),
    ("raw_access_thread", &[9], &[]),
    ("process_access", &[10], &[(4656, ACCESS_4656), (4663, ACCESS_4656)]),
    ("file_event", &[11], &[(4663, FILE_4663)]),
    ("registry_add", &[12], &[(4657, Shape::Registry4657)]),
    ("registry_delete", &[12], &[(4657, Shape::Registry4657)]),
    ("registry_set", &[13], &[(4657, Shape::Registry4657)]),
    ("registry_rename", &[14], &[]),
    ("registry_event", &[12, 13, 14], &[(4657, Shape::Registry4657)]),
    ("create_stream_hash", &[15], &[]),
    ("pipe_created", &[17, 18], &[]),
    ("wmi_event", &[19, 20, 21], &[]),
    ("dns_query", &[22], &[]),
    ("file_delete", &[23, 26], &[(4663, FILE_4663)]),
    ("clipboard_change", &[24], &[]),
    ("process_tampering", &[25], &[]),
    ("file_delete_detected", &[26], &[]),
    ("file_block_executable", &[27], &[]),
    ("file_block_shredding", &[28], &[]),
    ("file_executable_detected", &[29], &[]),
    ("sysmon_error", &[255], &[]),
];

/// Categories of other logs.
const OTHER_CATEGORIES: [(&str, &str, &[u64], Shape); 8] = [
    ("ps_module", POWERSHELL, &[4103], Shape::AsWritten),
    ("ps_module", POWERSHELL_CORE, &[4103], Shape::AsWritten),
    ("ps_script", POWERSHELL, &[4104], Shape::AsWritten),
    ("ps_script", POWERSHELL_CORE, &[4104], Shape::AsWritten),
    ("ps_classic_start", WINDOWS_POWERSHELL, &[400], Shape::TextLines),
    ("ps_classic_provider_start", WINDOWS_POWERSHELL, &[600], Shape::TextLines),
    ("ps_classic_script", WINDOWS_POWERSHELL, &[800], Shape::TextLines),
    ("dns_query", "Microsoft-Windows-DNS-Client/Operational", &[3006, 3008], Shape::AsWritten),
];

const SERVICES: [(&str, &[&str]); 41] = [
    ("application", &["Application"]),
    ("security", &[SECURITY]),
    ("system", &["System"]),
    ("sysmon", &[SYSMON]),
    ("powershell", &[POWERSHELL, POWERSHELL_CORE]),
    ("powershell-classic", &[WINDOWS_POWERSHELL]),
    ("taskscheduler", &["Microsoft-Windows-TaskScheduler/Operational"]),
    ("wmi", &["Microsoft-Windows-WMI-Activity/Operational"]),
    ("windefend", &["Microsoft-Windows-Windows Defender/Operational"]),
    ("bits-client", &["Microsoft-Windows-Bits-Client/Operational"]),
    ("firewall-as", &["Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"]),
    ("dns-server", &["DNS Server"]),
    ("dns-server-audit", &["Microsoft-Windows-DNSServer/Audit"]),
    ("dns-server-analytic", &["Microsoft-Windows-DNSServer/Analytical"]),
    ("dns-client", &["Microsoft-Windows-DNS-Client/Operational"]),
    ("driver-framework", &["Microsoft-Windows-DriverFrameworks-UserMode/Operational"]),
    ("ntlm", &["Microsoft-Windows-NTLM/Operational"]),
    ("openssh", &["OpenSSH/Operational"]),
    ("ldap", &["Microsoft-Windows-LDAP-Client/Debug"]),
    ("lsa-server", &["Microsoft-Windows-LSA/Operational"]),
    ("msexchange-management", &["MSExchange Management"]),
    ("printservice-admin", &["Microsoft-Windows-PrintService/Admin"]),
    ("printservice-operational", &["Microsoft-Windows-PrintService/Operational"]),
    ("codeintegrity-operational", &["Microsoft-Windows-CodeIntegrity/Operational"]),
    ("smbclient-security", &["Microsoft-Windows-SmbClient/Security"]),
    ("smbclient-connectivity", &["Microsoft-Windows-SmbClient/Connectivity"]),
    ("smbserver-connectivity", &["Microsoft-Windows-SMBServer/Connectivity"]),
    ("shell-core", &["Microsoft-Windows-Shell-Core/Operational"]),
    ("capi2", &["Microsoft-Windows-CAPI2/Operational"]),
    ("appmodel-runtime", &["Microsoft-Windows-AppModel-Runtime/Admin"]),
    ("appxdeployment-server", &["Microsoft-Windows-AppXDeploymentServer/Operational"]),
    ("appxpackaging-om", &["Microsoft-Windows-AppxPackaging/Operational"]),
    ("diagnosis-scripted", &["Microsoft-Windows-Diagnosis-Scripted/Operational"]),
    ("iis-configuration", &["Microsoft-IIS-Configuration/Operational"]),
    (
        "certificateservicesclient-lifecycle-system",
        &["Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"],
    ),
    (
        "terminalservices-localsessionmanager",
        &["Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"],
    ),
    ("kernel-event-tracing", &["Microsoft-Windows-Kernel-EventTracing/Admin"]),
    (
        "kernel-shimengine",
        &[
            "Microsoft-Windows-Kernel-ShimEngine/Operational",
            "Microsoft-Windows-Kernel-ShimEngine/Diagnostic",
        ],
    ),
    (
        "security-mitigations",
        &[
            "Microsoft-Windows-Security-Mitigations/KernelMode",
            "Microsoft-Windows-Security-Mitigations/UserMode",
        ],
    ),
    (
        "microsoft-servicebus-client",
        &["Microsoft-ServiceBus-Client/Admin", "Microsoft-ServiceBus-Client/Operational"],
    ),
    (
        "applocker",
        &[
            "Microsoft-Windows-AppLocker/EXE and DLL",
            "Microsoft-Windows-AppLocker/MSI and Script",
            "Microsoft-Windows-AppLocker/Packaged app-Deployment",
            "Microsoft-Windows-AppLocker/Packaged app-Execution",
        ],
    ),
];

/// What a Windows log source means; empty where no event log holds it.
pub fn routes(logsource: &LogSource) -> Vec<Route> {
    match (logsource.category.as_deref(), logsource.service.as_deref()) {
        (None, None) => vec![Route { channel: None, ids: &[], shape: Shape::AsWritten }],
        (Some(category), _) => of_category(category),
        (None, Some(service)) => of_service(service),
    }
}

fn of_category(category: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    for (_, ids, instead) in CATEGORIES.iter().filter(|(name, ..)| *name == category) {
        routes.push(Route { channel: Some(SYSMON), ids, shape: Shape::AsWritten });
        for (id, shape) in *instead {
            routes.push(Route { channel: Some(SECURITY), ids: std::slice::from_ref(id), shape: *shape });
        }
    }
    for (_, channel, ids, shape) in OTHER_CATEGORIES.iter().filter(|(name, ..)| *name == category) {
        routes.push(Route { channel: Some(channel), ids, shape: *shape });
    }
    routes
}

fn of_service(service: &str) -> Vec<Route> {
    let shape = match service {
        "windefend" => Shape::WithoutBlanks,
        "powershell-classic" => Shape::TextLines,
        _ => Shape::AsWritten,
    };
    let channels =
        SERVICES.iter().filter(|(name, _)| *name == service).flat_map(|(_, channels)| channels.iter());
    channels.map(|channel| Route { channel: Some(channel), ids: &[], shape }).collect()
}

impl Route {
    pub fn takes(&self, channel: &str, id: u64) -> bool {
        self.channel.is_none_or(|mine| mine.eq_ignore_ascii_case(channel))
            && (self.ids.is_empty() || self.ids.contains(&id))
    }
}

/// The event in the words of the log source.
pub fn shaped(fields: &Flat, shape: Shape) -> Flat {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut shaped = fields.clone();
    match shape {
        Shape::AsWritten => {}
        Shape::Renamed(names) => {
            for (from, to) in names {
                if let Some(value) = fields.get(*from) {
                    shaped.insert((*to).to_owned(), value.clone());
                }
            }
        }
        Shape::WithoutBlanks => {
            shaped.extend(fields.iter().map(|(name, value)| (name.replace(' ', ""), value.clone())));
            shaped.extend(fields.iter().map(|(name, value)| (name.replace(' ', "_"), value.clone())));
        }
        Shape::TextLines => {
            let texts = match fields.get("Data") {
                Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
                Some(Value::String(text)) => vec![text.as_str()],
                _ => Vec::new(),
            };
            for (name, value) in
                texts.iter().flat_map(|text| text.lines()).filter_map(|line| line.trim().split_once('='))
            {
                shaped.insert(name.to_owned(), value.into());
            }
        }
        Shape::Registry4657 => {
            let key =
                text("ObjectName").replace(r"\REGISTRY\MACHINE", "HKLM").replace(r"\REGISTRY\USER", "HKU");
            let operation = match text("OperationType") {
                "%%1904" => "CreateValue",
                "%%1905" => "SetValue",
                "%%1906" => "DeleteValue",
                other => other,
            };
            shaped.insert("TargetObject".into(), format!("{key}\\{}", text("ObjectValueName")).into());
            shaped.insert("Details".into(), text("NewValue").into());
            shaped.insert("EventType".into(), operation.into());
            shaped.insert("Image".into(), text("ProcessName").into());
            shaped.insert("User".into(), text("SubjectUserName").into());
        }
    }
    shaped
}

//! What Windows is set to record.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::WindowsChannel;

/// What is known of the settings of a Windows host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowsSettings {
    /// The advanced audit policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_policy: Option<AuditPolicy>,
    /// Event logs. One that is not here is not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<WindowsChannel, ChannelSettings>,
}

/// How one event log is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSettings {
    /// True where events are written to it.
    pub enabled: bool,
    /// Bytes at which it wraps or is full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// True where a full log keeps its oldest records and takes no new ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retains_oldest: Option<bool>,
}

/// The audit policy of the machine, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPolicy {
    /// What is audited of each subcategory. One that is not here is not known.
    pub subcategories: BTreeMap<Subcategory, Outcomes>,
    /// What of the text was not understood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
}

/// Which outcomes are audited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outcomes {
    /// What succeeds.
    pub success: bool,
    /// What fails.
    pub failure: bool,
}

impl Outcomes {
    /// True where anything is audited.
    #[must_use]
    pub fn any(self) -> bool {
        self.success || self.failure
    }

    /// True where both are audited.
    #[must_use]
    pub fn both(self) -> bool {
        self.success && self.failure
    }
}

/// A subcategory of the audit policy, by its GUID, which is the same in every language (MS-GPAC 2.2.1.2): its last byte
/// before the first hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subcategory(pub u8);

const BEFORE: &str = "{0CCE92";
const AFTER: &str = "-69AE-11D9-BED3-505054503030}";

/// Their English names (MS-GPAC 2.2.1.2, `auditpol /list /subcategory:*`).
const NAMES: [(u8, &str); 59] = [
    (0x10, "Security State Change"),
    (0x11, "Security System Extension"),
    (0x12, "System Integrity"),
    (0x13, "IPsec Driver"),
    (0x14, "Other System Events"),
    (0x15, "Logon"),
    (0x16, "Logoff"),
    (0x17, "Account Lockout"),
    (0x18, "IPsec Main Mode"),
    (0x19, "IPsec Quick Mode"),
    (0x1A, "IPsec Extended Mode"),
    (0x1B, "Special Logon"),
    (0x1C, "Other Logon/Logoff Events"),
    (0x1D, "File System"),
    (0x1E, "Registry"),
    (0x1F, "Kernel Object"),
    (0x20, "SAM"),
    (0x21, "Certification Services"),
    (0x22, "Application Generated"),
    (0x23, "Handle Manipulation"),
    (0x24, "File Share"),
    (0x25, "Filtering Platform Packet Drop"),
    (0x26, "Filtering Platform Connection"),
    (0x27, "Other Object Access Events"),
    (0x28, "Sensitive Privilege Use"),
    (0x29, "Non Sensitive Privilege Use"),
    (0x2A, "Other Privilege Use Events"),
    (0x2B, "Process Creation"),
    (0x2C, "Process Termination"),
    (0x2D, "DPAPI Activity"),
    (0x2E, "RPC Events"),
    (0x2F, "Audit Policy Change"),
    (0x30, "Authentication Policy Change"),
    (0x31, "Authorization Policy Change"),
    (0x32, "MPSSVC Rule-Level Policy Change"),
    (0x33, "Filtering Platform Policy Change"),
    (0x34, "Other Policy Change Events"),
    (0x35, "User Account Management"),
    (0x36, "Computer Account Management"),
    (0x37, "Security Group Management"),
    (0x38, "Distribution Group Management"),
    (0x39, "Application Group Management"),
    (0x3A, "Other Account Management Events"),
    (0x3B, "Directory Service Access"),
    (0x3C, "Directory Service Changes"),
    (0x3D, "Directory Service Replication"),
    (0x3E, "Detailed Directory Service Replication"),
    (0x3F, "Credential Validation"),
    (0x40, "Kerberos Service Ticket Operations"),
    (0x41, "Other Account Logon Events"),
    (0x42, "Kerberos Authentication Service"),
    (0x43, "Network Policy Server"),
    (0x44, "Detailed File Share"),
    (0x45, "Removable Storage"),
    (0x46, "Central Policy Staging"),
    (0x47, "User / Device Claims"),
    (0x48, "Plug and Play Events"),
    (0x49, "Group Membership"),
    (0x4A, "Token Right Adjusted Events"),
];

impl Subcategory {
    /// Its English name; the GUID of one that is not known by name.
    #[must_use]
    pub fn name(self) -> String {
        let known = NAMES.iter().find(|(byte, _)| *byte == self.0);
        known.map_or_else(|| self.to_string(), |(_, name)| (*name).to_owned())
    }
}

/// A text that is no GUID of a subcategory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no subcategory of the audit policy; one reads like {{0CCE922B-69AE-11D9-BED3-505054503030}}"
)]
pub struct ParseSubcategoryError(String);

impl FromStr for Subcategory {
    type Err = ParseSubcategoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let byte = upper.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
        byte.filter(|byte| byte.len() == 2)
            .and_then(|byte| u8::from_str_radix(byte, 16).ok())
            .map(Self)
            .ok_or_else(|| ParseSubcategoryError(text.to_owned()))
    }
}

impl fmt::Display for Subcategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEFORE}{:02X}{AFTER}", self.0)
    }
}

impl TryFrom<String> for Subcategory {
    type Error = ParseSubcategoryError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Subcategory> for String {
    fn from(subcategory: Subcategory) -> Self {
        subcategory.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subcategory_is_its_guid_in_any_case() {
        let creation: Subcategory = "{0cce922b-69ae-11d9-bed3-505054503030}".parse().unwrap();
        assert_eq!(creation, Subcategory(0x2B));
        assert_eq!(creation.to_string(), "{0CCE922B-69AE-11D9-BED3-505054503030}");
        assert_eq!(creation.name(), "Process Creation");
        assert_eq!(Subcategory(0).name(), "{0CCE9200-69AE-11D9-BED3-505054503030}");
        for text in
            ["{0CCE9B-69AE-11D9-BED3-505054503030}", "0CCE922B", "{0CCE92éB-69AE-11D9-BED3-505054503030}"]
        {
            assert!(text.parse::<Subcategory>().is_err(), "{text}");
        }
    }

    /// As first written. Never edit it: what was written must stay readable.
    const PINNED: &str = r#"{"audit_policy":{"subcategories":{"{0CCE922B-69AE-11D9-BED3-505054503030}":{"success":true,"failure":false}}}}"#;

    #[test]
    fn a_policy_is_written_and_read_as_pinned() {
        let outcomes = Outcomes { success: true, failure: false };
        let policy =
            AuditPolicy { subcategories: [(Subcategory(0x2B), outcomes)].into(), not_understood: Vec::new() };
        let settings = WindowsSettings { audit_policy: Some(policy), ..WindowsSettings::default() };
        assert_eq!(serde_json::to_string(&settings).unwrap(), PINNED);
        assert_eq!(serde_json::from_str::<WindowsSettings>(PINNED).unwrap(), settings);
    }
}

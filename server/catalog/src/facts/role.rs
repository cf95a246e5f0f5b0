//! Which hosts can write an event type, and what shows that a host is one of them.

use std::sync::Arc;

use blindspot_telemetry::{EventTypePattern, Inventory, SourceId, SourceStatus};

/// Which hosts can write an event type at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Any host of the platform.
    Any,
    /// Active Directory domain controllers.
    DomainController,
    /// Certificate services.
    CertificateServices,
    /// Federation services.
    FederationServices,
    /// Microsoft DNS servers.
    DnsServer,
    /// Exchange servers.
    Exchange,
    /// Internet Information Services.
    Iis,
    /// Hyper-V hosts.
    HyperV,
    /// Network policy (RADIUS) servers.
    NetworkPolicyServer,
    /// SQL Server.
    SqlServer,
    /// Windows event collectors.
    EventCollector,
    /// Hosts on which a named optional product or feature runs.
    OptionalProduct,
}

impl Role {
    /// All, in the order of the catalogue's documentation.
    pub const ALL: [Self; 12] = [
        Self::Any,
        Self::DomainController,
        Self::CertificateServices,
        Self::FederationServices,
        Self::DnsServer,
        Self::Exchange,
        Self::Iis,
        Self::HyperV,
        Self::NetworkPolicyServer,
        Self::SqlServer,
        Self::EventCollector,
        Self::OptionalProduct,
    ];

    /// The word in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::DomainController => "dc",
            Self::CertificateServices => "adcs",
            Self::FederationServices => "adfs",
            Self::DnsServer => "dns_server",
            Self::Exchange => "exchange",
            Self::Iis => "iis",
            Self::HyperV => "hyperv",
            Self::NetworkPolicyServer => "nps",
            Self::SqlServer => "mssql",
            Self::EventCollector => "wec",
            Self::OptionalProduct => "optional",
        }
    }

    /// The role that a table's cell means, with the product of `optional:PRODUCT`.
    pub(super) fn parse(text: &str) -> Result<(Self, Option<Arc<str>>), String> {
        if let Some(product) = text.strip_prefix("optional:").map(str::trim).filter(|name| !name.is_empty()) {
            return Ok((Self::OptionalProduct, Some(product.into())));
        }
        let plain = Self::ALL.into_iter().filter(|role| *role != Self::OptionalProduct);
        plain.clone().find(|role| role.as_str() == text).map(|role| (role, None)).ok_or_else(|| {
            let known: Vec<_> = plain.map(Self::as_str).collect();
            format!("`{text}` is no role; one is {} or optional:PRODUCT", known.join(", "))
        })
    }
}

/// What shows that a host has a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Events of this type.
    Event(EventTypePattern),
    /// Any event of this source.
    Source(SourceId),
}

impl Evidence {
    /// True where the inventory holds it.
    pub(super) fn is_in(&self, inventory: &Inventory) -> bool {
        match self {
            Self::Event(pattern) => inventory.event_types.keys().any(|seen| pattern.matches(seen)),
            Self::Source(id) => {
                let read = inventory.sources.iter().filter(|source| source.status == SourceStatus::Read);
                read.flat_map(|source| &source.holds).any(|held| held == id)
                    || inventory.event_types.keys().any(|seen| SourceId::of(seen) == *id)
            }
        }
    }
}

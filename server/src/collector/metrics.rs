//! What the collector counts of itself, for Prometheus. Never a label that strangers choose, never one per host.

use blindspot_telemetry::wire::RefusalCode;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Counters and gauges of one collector.
pub struct Metrics {
    registry: Registry,
    stored: Counter,
    refused: Family<Refused, Counter>,
    failures: Counter,
    batches: Histogram,
    bytes: Counter,
    agents: Gauge,
    hosts: Family<Standing, Gauge>,
    detections: Gauge,
    connections: Gauge,
    evaluated: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Reason(RefusalCode);

impl EncodeLabelValue for Reason {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let word = serde_json::to_value(self.0).map_err(|_| std::fmt::Error)?;
        word.as_str().unwrap_or_default().encode(encoder)
    }
}

/// Whether hosts report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Standing {
    state: HostState,
}

/// How a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum HostState {
    /// It reported lately.
    Reporting,
    /// It did not for so long that nothing is claimed of it.
    Stale,
}

impl Default for Metrics {
    fn default() -> Self {
        // Reports of one transaction: from one to the most.
        let batches = Histogram::new([1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]);
        let mut metrics = Self {
            registry: Registry::with_prefix("blindspot"),
            stored: Counter::default(),
            refused: Family::default(),
            failures: Counter::default(),
            batches,
            bytes: Counter::default(),
            agents: Gauge::default(),
            hosts: Family::default(),
            detections: Gauge::default(),
            connections: Gauge::default(),
            evaluated: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let it = &mut self.registry;
        it.register("reports_stored", "Reports that were acknowledged", self.stored.clone());
        it.register("reports_rejected", "Reports that were refused, by reason", self.refused.clone());
        it.register("store_failures", "Transactions that failed", self.failures.clone());
        it.register("reports_per_transaction", "Reports stored together", self.batches.clone());
        it.register("report_bytes", "Compressed bytes of signed reports", self.bytes.clone());
        it.register("agents", "Agents that enrolled", self.agents.clone());
        it.register("hosts", "Hosts by whether they report", self.hosts.clone());
        it.register("detections", "Detections that are judged", self.detections.clone());
        it.register("connections", "Open connections", self.connections.clone());
        it.register(
            "evaluator_last_success_timestamp_seconds",
            "When verdicts were last brought up to date",
            self.evaluated.clone(),
        );
    }

    /// The text that Prometheus scrapes.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _infallible = encode(&mut text, &self.registry);
        text
    }

    /// One transaction stored so many reports, or tried to.
    pub fn batch(&self, reports: usize) {
        self.batches.observe(f64::from(u32::try_from(reports).unwrap_or(u32::MAX)));
    }

    /// One report was acknowledged.
    pub fn stored(&self) {
        self.stored.inc();
    }

    /// One report was refused.
    pub fn refused(&self, code: RefusalCode) {
        self.refused.get_or_create(&Refused { reason: Reason(code) }).inc();
    }

    /// A transaction failed.
    pub fn store_failed(&self) {
        self.failures.inc();
    }

    /// A signed body of this size came.
    pub fn report_bytes(&self, bytes: usize) {
        self.bytes.inc_by(bytes as u64);
    }

    /// How many agents enrolled and detections are judged, and which connections are open.
    pub fn sizes(&self, agents: usize, detections: usize, connections: usize) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.agents.set(number(agents));
        self.detections.set(number(detections));
        self.connections.set(number(connections));
    }

    /// So many hosts stand so.
    pub fn hosts(&self, state: HostState, count: usize) {
        self.hosts.get_or_create(&Standing { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Verdicts are up to date as of this second since 1970.
    pub fn evaluated(&self, second: i64) {
        self.evaluated.set(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_by_their_word() {
        let metrics = Metrics::default();
        metrics.refused(RefusalCode::TooOften);
        metrics.refused(RefusalCode::TooOften);
        metrics.hosts(HostState::Stale, 3);
        let text = metrics.render();
        assert!(text.contains("blindspot_reports_rejected_total{reason=\"too_often\"} 2"), "{text}");
        assert!(text.contains("blindspot_hosts{state=\"Stale\"} 3"), "{text}");
    }
}

//! The tables and columns of a backup. Names of others are not taken from a file.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number.
    Number,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// One table.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
}

use Kind::{Bytes, Number, Text};

/// All tables whose rows are part of a backup.
pub(super) const TABLES: &[Table] = &[
    Table { name: "meta", columns: &[("name", Text), ("value", Text)] },
    Table {
        name: "tokens",
        columns: &[
            ("hash", Bytes),
            ("label", Text),
            ("grp", Text),
            ("uses_left", Number),
            ("expires_ms", Number),
            ("created_by", Text),
            ("created_ms", Number),
            ("revoked", Number),
        ],
    },
    Table {
        name: "agents",
        columns: &[
            ("agent", Bytes),
            ("public_key", Bytes),
            ("token", Bytes),
            ("machine", Text),
            ("name", Text),
            ("platform", Text),
            ("version", Text),
            ("grp", Text),
            ("labels", Text),
            ("state", Text),
            ("enrolled_ms", Number),
            ("last_report_ms", Number),
            ("clock_offset_ms", Number),
            ("progress", Bytes),
        ],
    },
    Table { name: "hosts", columns: &[("agent", Bytes), ("packed", Bytes)] },
    Table { name: "host_days", columns: &[("agent", Bytes), ("day", Number), ("packed", Bytes)] },
    Table { name: "settings_history", columns: &[("agent", Bytes), ("at_ms", Number), ("packed", Bytes)] },
    Table {
        name: "findings",
        columns: &[
            ("agent", Bytes),
            ("n", Number),
            ("at_ms", Number),
            ("code", Text),
            ("log", Text),
            ("text", Text),
        ],
    },
    Table { name: "detection_sets", columns: &[("hash", Bytes), ("packed", Bytes)] },
    Table { name: "verdict_sets", columns: &[("hash", Bytes), ("detection_set", Bytes), ("packed", Bytes)] },
    Table {
        name: "verdict_history",
        columns: &[("agent", Bytes), ("subject", Text), ("from_ms", Number), ("verdict_set", Bytes)],
    },
    Table {
        name: "rollup_detections",
        columns: &[
            ("day_s", Number),
            ("grp", Text),
            ("detection", Text),
            ("title", Text),
            ("level", Text),
            ("sighted", Number),
            ("noisy", Number),
            ("partial", Number),
            ("armed", Number),
            ("unknown", Number),
            ("blind", Number),
            ("unsampled", Number),
            ("out_of_scope", Number),
        ],
    },
    Table {
        name: "rollup_event_types",
        columns: &[
            ("day_s", Number),
            ("grp", Text),
            ("event_type", Text),
            ("hosts_flowing", Number),
            ("hosts_silent", Number),
        ],
    },
    Table {
        name: "rollup_hosts",
        columns: &[
            ("day_s", Number),
            ("grp", Text),
            ("hosts", Number),
            ("reporting", Number),
            ("stale", Number),
        ],
    },
    Table {
        name: "users",
        columns: &[
            ("name", Text),
            ("password_hash", Text),
            ("role", Text),
            ("disabled", Number),
            ("created_ms", Number),
        ],
    },
    Table {
        name: "api_tokens",
        columns: &[
            ("hash", Bytes),
            ("label", Text),
            ("owner", Text),
            ("role", Text),
            ("created_ms", Number),
            ("expires_ms", Number),
            ("last_used_ms", Number),
        ],
    },
    Table {
        name: "audit_log",
        columns: &[
            ("n", Number),
            ("at_ms", Number),
            ("who", Text),
            ("action", Text),
            ("subject", Text),
            ("detail", Text),
            ("hash", Bytes),
        ],
    },
    Table {
        name: "exceptions",
        columns: &[
            ("id", Bytes),
            ("detection", Text),
            ("grp", Text),
            ("agent", Bytes),
            ("reason", Text),
            ("who", Text),
            ("created_ms", Number),
            ("expires_ms", Number),
        ],
    },
];

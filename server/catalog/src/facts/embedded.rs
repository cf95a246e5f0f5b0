//! The tables that come with the program.

/// A table's file name in `config/catalog/`, and its text.
pub(super) const FILES: [(&str, &str); 5] = [
    ("fixes.csv", include_str!("../../../../config/catalog/fixes.csv")),
    ("event-facts-windows.csv", include_str!("../../../../config/catalog/event-facts-windows.csv")),
    ("event-facts-sysmon.csv", include_str!("../../../../config/catalog/event-facts-sysmon.csv")),
    ("event-facts-linux.csv", include_str!("../../../../config/catalog/event-facts-linux.csv")),
    ("roles.csv", include_str!("../../../../config/catalog/roles.csv")),
];

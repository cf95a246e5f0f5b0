//! The vocabulary that agent and collector share. No I/O: time is handed in, bytes are read elsewhere.
//!
//! - [`event_type`]: the unit that is counted, and the pattern by which a rule or a person names one.
//! - [`field`]: field names and how often they were filled.
//! - [`source`]: one log on one host, and the state of reading it.
//! - [`inventory`]: what one host records: its sources and its event types, hour by hour.
//! - [`settings`]: what a host is set to record.
//! - [`report`]: the written form of an inventory, versioned and pinned by tests.
//! - [`census`]: what an agent has counted, log by log, and how two reports of it are merged.
//! - [`wire`]: what agent and collector say to each other.
//! - [`clock`]: the only place that reads real time.

pub mod census;
pub mod clock;
pub mod event_type;
pub mod field;
pub mod inventory;
pub mod name;
pub mod report;
pub mod settings;
pub mod source;
pub mod window;
pub mod wire;

pub use clock::Clock;
pub use event_type::{EventId, EventType, EventTypePattern};
pub use field::{FieldFill, FieldName};
pub use inventory::{Hour, Inventory, Observed, Platform};
pub use name::{HostName, Program, Provider, RecordType, Syscall, WindowsChannel};
pub use settings::Settings;
pub use source::{Source, SourceId, SourceKind, SourceStatus};
pub use window::Window;

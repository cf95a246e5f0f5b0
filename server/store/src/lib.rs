//! What the collector keeps: SQLite and PostgreSQL behind one storage interface. All SQL of the project is here.
//!
//! - [`merge`]: which place a report has among those of its agent. Pure.
//! - [`record`]: what is kept of one host, and how a report changes it. Pure.
//! - [`days`]: hourly counts by day. Pure.
//! - [`Store`]: the database. Its methods stand by subject in files of the same name: agents, enrolment, reports, hosts,
//!   people, audit log, exceptions, leases, verdicts, roll-ups, retention, backup.
//!
//! One statement serves both databases wherever their SQL agrees, and every value is a bound parameter. Rows that are
//! rewritten with every report are packed (`pack`): one row per agent, and one per agent and day.

mod agents;
mod audit;
mod backup;
mod database;
pub mod days;
mod enrol;
mod error;
mod exceptions;
mod expire;
mod findings;
mod hosts;
mod leases;
pub mod merge;
mod pack;
mod people;
pub mod record;
mod reports;
mod rollups;
mod row;
mod url;
mod verdicts;

pub use agents::{AgentRow, AgentState};
pub use audit::{AuditCheck, AuditEntry, AuditRow};
pub use backup::BACKUP_SCHEMA;
pub use database::Store;
pub use enrol::{EnrolError, EnrolRefusal, Enrolment, EnrolmentToken, TokenRow};
pub use error::StoreError;
pub use exceptions::{ExceptionRow, NewException, Scope};
pub use expire::{Expired, Retention};
pub use findings::HostFinding;
pub use hosts::{Changes, Cursor};
pub use merge::{Decision, Progress, decide};
pub use people::{ApiToken, Role, User};
pub use record::HostRecord;
pub use reports::{Arrival, Stored};
pub use rollups::{RollupDetection, RollupEventType, RollupHosts};
pub use url::{DatabaseUrl, ParseDatabaseUrlError};
pub use verdicts::{VerdictChange, VerdictsAt};

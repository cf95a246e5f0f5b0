//! Sigma rules: read whole, kept as a small tree of our own, and turned into requirements.
//!
//! To see what becomes of a rule, follow it: [`parse_file`] reads YAML to [`Document`]s; [`assemble`] applies filters
//! and lets correlations find their rules; [`requirement`] rewrites a condition to its ways to fire and lays each on
//! the event types that [`Logsources`] gives for the rule's log source.
//!
//! Decisions that rules leave open:
//! - A positive `|contains: ''` and a lone `*` need the field and take any content of it, a stand-in too.
//! - A way without event id on a log that the table does not bind to ids is a leaf on the source. Words are looked for
//!   in any event, so that leaf is exact; tests of fields cannot be judged there, so that leaf is `SourceLevel`.
//! - Field names are compared without regard to case: some backends do, and a rule must not be called blind that fires.

mod analysis;
mod auditd;
mod collection;
mod constraint;
mod convert;
mod correlation;
mod explain;
mod expr;
mod guard;
mod known;
mod leaf;
mod logsource;
mod parse;
mod paths;
mod rule;
mod sysmon;
mod ways;

pub use analysis::requirement;
pub use collection::{Rules, assemble, load};
pub use explain::{Explained, ExplainedAlternative, ExplainedEvent, explain};
pub use expr::{Asks, Expr, Link, Op, Piece, Test, Value};
pub use logsource::{Alternative, Carrier, Fields, Logsources, Mapping, Others};
pub use parse::parse_file;
pub use rule::{Broken, Correlation, CorrelationKind, Document, Filter, Logsource, Meta, SigmaRule, Wanted};
pub use sysmon::sysmon_lines;

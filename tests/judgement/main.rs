//! The rules of judgement over real logs and real rules, with an independent Sigma evaluator as oracle.
//!
//! - [`event`]: a log record as the flat event that rules are written for.
//! - [`route`]: which events a log source means, worked out here and not taken from the catalogue.
//! - [`oracle`]: every log of the corpus, and which rules really fire on it.
//! - [`rules`]: what fires is seen, and what cannot have fired is not.
//! - [`simple`]: whether a rule can still fire without some fields, by walking its condition.
//! - [`field_logic`]: all process rules on hosts that hold only Security 4688.
//! - [`run_key`]: one rule on built logs, to its reasons, fixes and exit codes.
//! - [`audit_policy`]: a Windows log with the table of its audit policy beside it.
//! - [`linux_settings`]: rules for the audit log on hosts whose audit rules are known.

mod audit_policy;
mod event;
mod field_logic;
mod linux_settings;
mod oracle;
mod route;
mod rules;
mod run_key;
mod simple;

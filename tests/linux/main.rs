//! Logs of Linux: against the daemons and programs that write and read them, and on every such file of the corpus.

mod auditd;
mod auditd_corpus;
mod journal;
mod journald;
mod live;
mod own_machine;
mod support;
mod syslog;

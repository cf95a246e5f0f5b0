//! Logs of Linux: against the daemons and programs that write and read them, and on every such file of the corpus.

mod journal;
mod journald;
mod own_machine;
mod syslog;

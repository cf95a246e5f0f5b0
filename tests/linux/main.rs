//! Logs of Linux: against the daemons that write them, and on every such file of the corpus.

mod own_machine;
mod syslog;

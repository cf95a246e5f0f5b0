//! What the tests, benches and the first look share: an EVTX builder, sample logs, the corpus of real ones.

pub mod audit_daemon;
pub mod chaos_proxy;
pub mod corpus;
pub mod evtx_builder;
pub mod limits;
pub mod machine;
pub mod postgres;
pub mod processor_time;
pub mod program;
pub mod puppet;
pub mod random_fleet;
pub mod sample_logs;
pub mod stage;

//! What the tests, benches and the first look share: an EVTX builder, sample logs, the corpus of real ones.

pub mod corpus;
pub mod evtx_builder;
pub mod limits;
pub mod machine;
pub mod processor_time;
pub mod program;
pub mod sample_logs;
